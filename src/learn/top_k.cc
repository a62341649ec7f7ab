#include "learn/top_k.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "learn/top_k.cc"
#include <hwy/foreach_target.h>  // NOLINT: must come before highway.h
#include <hwy/highway.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>

#include "core/check.h"

HWY_BEFORE_NAMESPACE();
namespace klieg::learn {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// maxima[c] = the largest of scores[c · chunk … (c + 1) · chunk). `chunk` is a multiple of 64 or
/// 16; returns whether a score was NaN, and then the maxima mean nothing.
bool ChunkMaxima(const float* HWY_RESTRICT scores, size_t chunk_count, size_t chunk,
                 float* HWY_RESTRICT maxima) {
  const hn::CappedTag<float, 16> d;
  const size_t lanes = hn::Lanes(d);
  auto any_nan = hn::FirstN(d, 0);
  for (size_t c = 0; c < chunk_count; ++c) {
    const float* HWY_RESTRICT begin = scores + c * chunk;
    auto first = hn::LoadU(d, begin);
    any_nan = hn::Or(any_nan, hn::IsNaN(first));
    for (size_t i = lanes; i < chunk; i += lanes) {
      const auto next = hn::LoadU(d, begin + i);
      any_nan = hn::Or(any_nan, hn::IsNaN(next));
      first = hn::Max(first, next);
    }
    maxima[c] = hn::GetLane(hn::MaxOfLanes(d, first));
  }
  return !hn::AllFalse(d, any_nan);
}

/// Writes the indices of scores >= bound in order to `found`, from the chunks whose maximum reaches
/// it and from the `rest` scores behind the last chunk. `found` has room for 16 more than all
/// scores. Returns how many.
size_t IndicesNotBelow(const float* HWY_RESTRICT scores, const float* HWY_RESTRICT maxima,
                       size_t chunk_count, size_t chunk, size_t rest, float bound,
                       uint32_t* HWY_RESTRICT found) {
  const hn::CappedTag<float, 16> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const size_t lanes = hn::Lanes(d);
  const auto limit = hn::Set(d, bound);
  size_t written = 0;
  for (size_t c = 0; c < chunk_count; ++c) {
    if (maxima[c] < bound) continue;
    for (size_t i = c * chunk; i < (c + 1) * chunk; i += lanes) {
      const auto reached = hn::Ge(hn::LoadU(d, scores + i), limit);
      if (hn::AllFalse(d, reached)) continue;
      // Compress and a full store: compressing stores are microcoded on Zen 4.
      const auto indices = hn::Iota(du, static_cast<uint32_t>(i));
      hn::StoreU(hn::Compress(indices, hn::RebindMask(du, reached)), du, found + written);
      written += hn::CountTrue(d, reached);
    }
  }
  for (size_t i = chunk_count * chunk; i < chunk_count * chunk + rest; ++i) {
    if (scores[i] >= bound) found[written++] = static_cast<uint32_t>(i);
  }
  return written;
}

}  // namespace HWY_NAMESPACE
}  // namespace klieg::learn
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace klieg::learn {
HWY_EXPORT(ChunkMaxima);
HWY_EXPORT(IndicesNotBelow);
namespace {

/// Chunks must clearly outnumber k for their maxima to give a tight bound.
constexpr size_t kLongChunk = 64;
constexpr size_t kShortChunk = 16;

/// Rank order as one integer: a larger key ranks earlier. The score must not be NaN.
uint64_t RankKey(float score, uint32_t index) {
  const auto bits = std::bit_cast<uint32_t>(score + 0.0F);  // -0 becomes 0.
  const uint32_t ordered = (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
  return (static_cast<uint64_t>(ordered) << 32) | ~index;
}

bool IsListable(float score) { return !std::isnan(score) && score != kLeftOut; }

ScoredIndex FromRankKey(uint64_t key, std::span<const float> scores) {
  const auto index = ~static_cast<uint32_t>(key);
  return {scores[index], index};
}

}  // namespace

/// Fills chunk_maxima_; returns whether no score is NaN.
bool TopK::FindChunkMaxima(std::span<const float> scores, uint32_t k) {
  chunk_ = scores.size() / kLongChunk >= 2 * size_t{k} ? kLongChunk : kShortChunk;
  chunk_maxima_.resize(scores.size() / chunk_);
  const bool any_nan = HWY_DYNAMIC_DISPATCH(ChunkMaxima)(scores.data(), chunk_maxima_.size(),
                                                         chunk_, chunk_maxima_.data());
  const std::span<const float> rest = scores.subspan(chunk_maxima_.size() * chunk_);
  return !any_nan && std::ranges::none_of(rest, [](float score) { return std::isnan(score); });
}

/// k chunks reach the k-th largest maximum, so at least k scores do.
float TopK::BoundFromMaxima(uint32_t k) {
  if (chunk_maxima_.size() < k) return kLeftOut;
  sorted_maxima_ = chunk_maxima_;
  const auto kth = sorted_maxima_.begin() + (k - 1);
  std::nth_element(sorted_maxima_.begin(), kth, sorted_maxima_.end(), std::greater<>());
  return *kth;
}

TopKResult TopK::Select(std::span<const float> scores, uint32_t k) {
  KLIEG_CHECK(scores.size() < (1ULL << 32), "{} scores in a row", scores.size());
  if (k == 0 || scores.empty()) return {};
  if (!FindChunkMaxima(scores, k)) {
    SelectTopKPlain(scores, k, best_);
    return {.best = best_, .finite = false};
  }
  CollectCandidates(scores, BoundFromMaxima(k));
  const size_t count = std::min<size_t>(k, candidates_.size());
  const auto end = candidates_.begin() + static_cast<ptrdiff_t>(count);
  if (count < candidates_.size()) {
    std::nth_element(candidates_.begin(), end - 1, candidates_.end(), std::greater<>());
  }
  std::sort(candidates_.begin(), end, std::greater<>());
  best_.resize(count);
  for (size_t i = 0; i < count; ++i) best_[i] = FromRankKey(candidates_[i], scores);
  return {.best = best_, .finite = best_.empty() || !std::isinf(best_.front().score)};
}

float TopK::BoundOfBest(std::span<const float> scores, uint32_t k) {
  if (k == 0 || scores.empty()) return kLeftOut;
  KLIEG_CHECK(FindChunkMaxima(scores, k), "a score is NaN");
  return BoundFromMaxima(k);
}

std::span<const uint32_t> TopK::NotBelow(std::span<const float> scores, float bound) {
  found_.resize(scores.size() + kShortChunk);
  // One long chunk whose maximum reaches every bound: nothing is skipped.
  const float reaches_all = std::numeric_limits<float>::infinity();
  const size_t chunk = scores.size() / kShortChunk * kShortChunk;
  const size_t count = HWY_DYNAMIC_DISPATCH(IndicesNotBelow)(
      scores.data(), &reaches_all, 1, chunk, scores.size() - chunk, bound, found_.data());
  return std::span(found_).first(count);
}

void TopK::CollectCandidates(std::span<const float> scores, float bound) {
  found_.resize(scores.size() + kShortChunk);
  const size_t chunk_count = chunk_maxima_.size();
  const size_t count = HWY_DYNAMIC_DISPATCH(IndicesNotBelow)(
      scores.data(), chunk_maxima_.data(), chunk_count, chunk_,
      scores.size() - chunk_count * chunk_, bound, found_.data());
  candidates_.clear();
  for (const uint32_t index : std::span(found_).first(count)) {
    if (scores[index] != kLeftOut) candidates_.push_back(RankKey(scores[index], index));
  }
}

bool SelectTopKPlain(std::span<const float> scores, uint32_t k, std::vector<ScoredIndex>& best) {
  best.clear();
  bool finite = true;
  for (size_t i = 0; i < scores.size(); ++i) {
    finite = finite && (scores[i] == kLeftOut || std::isfinite(scores[i]));
    if (IsListable(scores[i])) best.push_back({scores[i], static_cast<uint32_t>(i)});
  }
  std::sort(best.begin(), best.end(), [](const ScoredIndex& a, const ScoredIndex& b) {
    return a.score != b.score ? a.score > b.score : a.index < b.index;
  });
  if (best.size() > k) best.resize(k);
  return finite;
}

}  // namespace klieg::learn
#endif  // HWY_ONCE
