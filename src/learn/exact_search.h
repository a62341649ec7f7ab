/// The k titles with the largest inner product with a query: exactly, for one query at a time, many
/// times faster than computing every product. For many queries at once a matrix product is faster
/// still (learn/blas.h).
///
///     KLIEG_ASSIGN(const learn::ExactSearch search, learn::ExactSearch::Build(factors));
///     learn::SearchScratch scratch;                                         // one a thread
///     KLIEG_ASSIGN(const auto best, search.Find(query, {.k = 100, .left_out = history}, scratch));
///
/// 8-bit codes give bounds of all products (int8_scan.h). At least k lower bounds reach some value;
/// a title whose upper bound does not cannot be among the k best. The few others are computed in
/// single precision, so that scores, order and ties are bit for bit those of a plain scan. How few
/// depends on the data: nearly equal vectors make many; then it is slower, never wrong.
///
/// Letters: T titles, d dimensions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/error.h"
#include "core/matrix.h"
#include "learn/int8_scan.h"
#include "learn/top_k.h"

namespace klieg::learn {

struct SearchOptions {
  uint32_t k = 10;
  std::span<const uint32_t> left_out =
      {};  ///< Titles that may not be found (watched, out of rights), in any order; each below T.
};

/// Space that searches of one thread reuse, and what the last of them did.
class SearchScratch {
 public:
  /// Products that the last search computed in single precision.
  size_t rescored() const { return rescored_; }

 private:
  friend class ExactSearch;
  std::vector<float> lower_;
  std::vector<float> upper_;
  std::vector<float> exact_;
  std::vector<uint32_t> candidates_;
  std::vector<ScoredIndex> best_;
  TopK top_k_;
  size_t rescored_ = 0;
};

/// Immutable; thread-safe with a scratch a thread.
class ExactSearch {
 public:
  /// Does not copy the T × d factors: they must outlive the search. Takes T · (d + 16) bytes more
  /// and O(T d) time. kInvalidArgument as Int8Rows::Build.
  static core::Result<ExactSearch> Build(core::MatrixView<const float> factors);

  /// The best k, best first, equal products by lowest index; fewer when fewer are not left out.
  /// Valid until the scratch is used again. kInvalidArgument: a query of other dimensions or not
  /// finite, a title left out that does not exist.
  core::Result<std::span<const ScoredIndex>> Find(std::span<const float> query,
                                                  const SearchOptions& options,
                                                  SearchScratch& scratch) const;

  /// The same by computing and sorting all products: what Find is compared with for ever.
  core::Result<std::vector<ScoredIndex>> FindPlain(std::span<const float> query,
                                                   const SearchOptions& options) const;

  /// Which kernel scans; the fastest there is unless a test sets another.
  ScanKernel kernel() const { return kernel_; }
  void set_kernel(ScanKernel kernel) { kernel_ = kernel; }

  /// Bytes beside the factors.
  uint64_t bytes() const { return codes_.bytes(); }

 private:
  ExactSearch(core::MatrixView<const float> factors, Int8Rows codes);
  core::Status CheckLeftOut(const SearchOptions& options) const;

  core::MatrixView<const float> factors_;
  Int8Rows codes_;
  ScanKernel kernel_;
};

}  // namespace klieg::learn
