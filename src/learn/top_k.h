/// The k best of a row of scores, exactly, at the speed of reading the row twice.
///
///     learn::TopK top_k;                                  // scratch space, one a thread
///     for (each member) {
///       ... scores[t] = learn::kLeftOut for what may not be listed ...
///       const learn::TopKResult result = top_k.Select(scores, 100);
///       for (const learn::ScoredIndex& entry : result.best) ...
///     }
///
/// Order: higher scores first, equal scores (0 and -0 are equal) by lowest index first: the rule of
/// ties of all Klieg.
///
/// Letters: T scores, k wanted.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace klieg::learn {

/// The score of a title that may not be listed.
inline constexpr float kLeftOut = -std::numeric_limits<float>::infinity();

struct ScoredIndex {
  float score = 0;
  uint32_t index = 0;
  bool operator==(const ScoredIndex&) const = default;
};

struct TopKResult {
  std::span<const ScoredIndex>
      best;  ///< At most k, best first; fewer when fewer scores are not kLeftOut.
  bool finite =
      true;  ///< False when a score is NaN or +infinity: the ranker is broken. NaN is never listed.
};

/// Selects with vector instructions: the maxima of short chunks give a bound that at least k scores
/// reach; only chunks whose maximum reaches it are looked at again, and what is found there (hardly
/// more than k) is sorted. O(T + k log k). Not thread-safe: one object a thread. Keeps its scratch
/// space between calls.
class TopK {
 public:
  /// The result's span is valid until the next call. T must be below 2^32 (CHECKed); k = 0 gives
  /// nothing.
  TopKResult Select(std::span<const float> scores, uint32_t k);

  /// A value that at least k of the scores reach, hardly below the k-th best; kLeftOut when there
  /// is no such bound to be had cheaply (k not far below T). No score may be NaN.
  float BoundOfBest(std::span<const float> scores, uint32_t k);

  /// Indices of the scores >= bound in increasing order. No score may be NaN. Valid until the next
  /// call.
  std::span<const uint32_t> NotBelow(std::span<const float> scores, float bound);

 private:
  bool FindChunkMaxima(std::span<const float> scores, uint32_t k);
  float BoundFromMaxima(uint32_t k);
  void CollectCandidates(std::span<const float> scores, float bound);

  size_t chunk_ = 0;

  std::vector<float> chunk_maxima_;
  std::vector<float> sorted_maxima_;
  std::vector<uint32_t> found_;
  std::vector<uint64_t> candidates_;  // Score and index as one integer in the order of ranks.
  std::vector<ScoredIndex> best_;
};

/// The same by sorting everything: what Select is compared with for ever. O(T log T).
/// Returns `finite`; `best` receives the list.
bool SelectTopKPlain(std::span<const float> scores, uint32_t k, std::vector<ScoredIndex>& best);

}  // namespace klieg::learn
