#include "learn/exact_search.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "learn/exact_search.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>  // NOLINT: must come before highway.h
#include <hwy/highway.h>

#include <algorithm>
#include <utility>

HWY_BEFORE_NAMESPACE();
namespace klieg::learn {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Inner products of the query with chosen rows, each in the same order of operations whichever
/// rows are chosen. `chosen` null: rows 0 … count − 1.
void Products(const float* HWY_RESTRICT query, size_t dimensions, const float* HWY_RESTRICT rows,
              size_t stride, const uint32_t* HWY_RESTRICT chosen, size_t count,
              float* HWY_RESTRICT products) {
  const hn::CappedTag<float, 16> d;
  const size_t lanes = hn::Lanes(d);
  constexpr size_t kAhead = 4;  // Rows lie anywhere in memory: ask for them before they are needed.
  for (size_t i = 0; i < count; ++i) {
    if (chosen != nullptr && i + kAhead < count) {
      const float* HWY_RESTRICT next = rows + chosen[i + kAhead] * stride;
      for (size_t j = 0; j < dimensions; j += 64 / sizeof(float)) hwy::Prefetch(next + j);
    }
    const float* HWY_RESTRICT row = rows + (chosen != nullptr ? chosen[i] : i) * stride;
    auto sum_0 = hn::Zero(d);
    auto sum_1 = hn::Zero(d);
    auto sum_2 = hn::Zero(d);
    auto sum_3 = hn::Zero(d);
    size_t j = 0;
    for (; j + 4 * lanes <= dimensions; j += 4 * lanes) {
      sum_0 = hn::MulAdd(hn::LoadU(d, query + j), hn::LoadU(d, row + j), sum_0);
      sum_1 = hn::MulAdd(hn::LoadU(d, query + j + lanes), hn::LoadU(d, row + j + lanes), sum_1);
      sum_2 =
          hn::MulAdd(hn::LoadU(d, query + j + 2 * lanes), hn::LoadU(d, row + j + 2 * lanes), sum_2);
      sum_3 =
          hn::MulAdd(hn::LoadU(d, query + j + 3 * lanes), hn::LoadU(d, row + j + 3 * lanes), sum_3);
    }
    for (; j + lanes <= dimensions; j += lanes) {
      sum_0 = hn::MulAdd(hn::LoadU(d, query + j), hn::LoadU(d, row + j), sum_0);
    }
    const auto sum = hn::Add(hn::Add(sum_0, sum_1), hn::Add(sum_2, sum_3));
    float product = hn::GetLane(hn::SumOfLanes(d, sum));
    for (; j < dimensions; ++j) product += query[j] * row[j];
    products[i] = product;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace klieg::learn
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace klieg::learn {
HWY_EXPORT(Products);

ExactSearch::ExactSearch(core::MatrixView<const float> factors, Int8Rows codes)
    : factors_(factors), codes_(std::move(codes)), kernel_(AvailableScanKernels().back()) {}

core::Result<ExactSearch> ExactSearch::Build(core::MatrixView<const float> factors) {
  KLIEG_ASSIGN(Int8Rows codes, Int8Rows::Build(factors));
  return ExactSearch(factors, std::move(codes));
}

core::Status ExactSearch::CheckLeftOut(const SearchOptions& options) const {
  for (const uint32_t title : options.left_out) {
    if (title < factors_.rows()) continue;
    return core::Fail(core::ErrorCode::kInvalidArgument,
                      "title {} cannot be left out: there are {}", title, factors_.rows());
  }
  return {};
}

core::Result<std::span<const ScoredIndex>> ExactSearch::Find(std::span<const float> query,
                                                             const SearchOptions& options,
                                                             SearchScratch& scratch) const {
  KLIEG_TRY(CheckLeftOut(options));
  scratch.lower_.resize(codes_.padded_rows());
  scratch.upper_.resize(codes_.padded_rows());
  KLIEG_TRY(codes_.Bounds(query, kernel_, scratch.lower_, scratch.upper_));
  for (const uint32_t title : options.left_out)
    scratch.lower_[title] = scratch.upper_[title] = kLeftOut;
  const size_t titles = factors_.rows();
  const float reached =
      scratch.top_k_.BoundOfBest(std::span(scratch.lower_).first(titles), options.k);
  const auto possible = scratch.top_k_.NotBelow(std::span(scratch.upper_).first(titles), reached);
  scratch.candidates_.assign(possible.begin(), possible.end());
  // Without a bound the titles left out are still among the candidates.
  if (reached == kLeftOut) {
    std::erase_if(scratch.candidates_,
                  [&](uint32_t title) { return scratch.upper_[title] == kLeftOut; });
  }
  scratch.rescored_ = scratch.candidates_.size();
  scratch.exact_.resize(scratch.candidates_.size());
  HWY_DYNAMIC_DISPATCH(Products)(query.data(), query.size(), factors_.data(), factors_.stride(),
                                 scratch.candidates_.data(), scratch.candidates_.size(),
                                 scratch.exact_.data());
  // Candidates are in increasing order, so that ties by place are ties by title.
  const TopKResult result = scratch.top_k_.Select(scratch.exact_, options.k);
  scratch.best_.assign(result.best.begin(), result.best.end());
  for (ScoredIndex& entry : scratch.best_) entry.index = scratch.candidates_[entry.index];
  return std::span<const ScoredIndex>(scratch.best_);
}

core::Result<std::vector<ScoredIndex>> ExactSearch::FindPlain(std::span<const float> query,
                                                              const SearchOptions& options) const {
  KLIEG_TRY(CheckLeftOut(options));
  if (query.size() != factors_.columns()) {
    return core::Fail(core::ErrorCode::kInvalidArgument,
                      "a query of {} dimensions for vectors of {}", query.size(),
                      factors_.columns());
  }
  std::vector<float> products(factors_.rows());
  HWY_DYNAMIC_DISPATCH(Products)(query.data(), query.size(), factors_.data(), factors_.stride(),
                                 nullptr, products.size(), products.data());
  for (const uint32_t title : options.left_out) products[title] = kLeftOut;
  std::vector<ScoredIndex> best;
  SelectTopKPlain(products, options.k, best);
  return best;
}

}  // namespace klieg::learn
#endif  // HWY_ONCE
