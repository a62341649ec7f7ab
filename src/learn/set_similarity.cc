#include "learn/set_similarity.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "learn/set_similarity.cc"
#include <hwy/foreach_target.h>  // NOLINT: must come before highway.h
#include <hwy/highway.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/check.h"

HWY_BEFORE_NAMESPACE();
namespace klieg::learn {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Similarities of sets [begin, end) to one set, summed in units; end − begin at most 1024 and a
/// multiple of 16.
int32_t SumSimilarities(const uint32_t* HWY_RESTRICT one, int32_t one_count, size_t words,
                        const std::vector<uint32_t>* many, const int32_t* HWY_RESTRICT counts,
                        size_t begin, size_t end) {
  const hn::CappedTag<float, 16> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::RebindToUnsigned<decltype(d)> du;
  const size_t lanes = hn::Lanes(d);
  auto sum = hn::Zero(di);
  for (size_t i = begin; i < end; i += lanes) {
    auto common = hn::Zero(du);
    for (size_t w = 0; w < words; ++w) {
      const auto both = hn::And(hn::LoadU(du, many[w].data() + i), hn::Set(du, one[w]));
      common = hn::Add(common, hn::PopulationCount(both));
    }
    const auto shared = hn::BitCast(di, common);
    const auto either = hn::Sub(hn::Add(hn::LoadU(di, counts + i), hn::Set(di, one_count)), shared);
    const auto similarity = hn::Div(hn::ConvertTo(d, shared), hn::ConvertTo(d, either));
    sum = hn::Add(sum, hn::NearestInt(hn::Mul(
                           similarity, hn::Set(d, static_cast<float>(1 / kSimilarityUnit)))));
  }
  return hn::GetLane(hn::SumOfLanes(di, sum));
}

}  // namespace HWY_NAMESPACE
}  // namespace klieg::learn
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace klieg::learn {
HWY_EXPORT(SumSimilarities);
namespace {

constexpr size_t kPadding = 16;
/// So many similarities of at most 2^20 units each fit a lane of 32 bits.
constexpr size_t kSumAtOnce = 1024;

int32_t CountBits(std::span<const uint32_t> bits) {
  int count = 0;
  for (const uint32_t word : bits) count += std::popcount(word);
  return count;
}

}  // namespace

void SetList::Clear() {
  size_ = 0;
  for (std::vector<uint32_t>& word : bits_) word.clear();
  counts_.clear();
}

void SetList::Add(std::span<const uint32_t> bits) {
  const int32_t count = CountBits(bits);
  KLIEG_CHECK(bits.size() == words_ && count > 0, "a set of {} words and {} elements", bits.size(),
              count);
  if (size_ == counts_.size()) {
    counts_.resize(size_ + kPadding, 1);
    for (std::vector<uint32_t>& word : bits_) word.resize(size_ + kPadding, 0);
  }
  for (size_t w = 0; w < words_; ++w) bits_[w][size_] = bits[w];
  counts_[size_] = count;
  ++size_;
}

uint64_t SetList::SimilaritySum(std::span<const uint32_t> bits) const {
  uint64_t sum = 0;
  for (size_t begin = 0; begin < counts_.size(); begin += kSumAtOnce) {
    const size_t end = std::min(begin + kSumAtOnce, counts_.size());
    sum += static_cast<uint64_t>(HWY_DYNAMIC_DISPATCH(SumSimilarities)(
        bits.data(), CountBits(bits), words_, bits_.data(), counts_.data(), begin, end));
  }
  return sum;
}

uint64_t SetList::SimilaritySumPlain(std::span<const uint32_t> bits) const {
  uint64_t sum = 0;
  for (size_t i = 0; i < size_; ++i) {
    int32_t common = 0;
    for (size_t w = 0; w < words_; ++w) common += std::popcount(bits_[w][i] & bits[w]);
    const float similarity =
        static_cast<float>(common) / static_cast<float>(counts_[i] + CountBits(bits) - common);
    sum +=
        static_cast<uint64_t>(std::nearbyint(similarity * static_cast<float>(1 / kSimilarityUnit)));
  }
  return sum;
}

}  // namespace klieg::learn
#endif  // HWY_ONCE
