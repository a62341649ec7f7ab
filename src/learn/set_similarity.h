/// Jaccard similarities of one small set with many, summed: |a ∩ b| / |a ∪ b| for sets of a few
/// dozen possible elements (the genres of titles), as bits of words.
///
/// Sums are integers in units of 2^-20, so that no order of summing and no width of vectors changes
/// a bit.
///
/// Letters: W words of 32 bits a set, n sets compared with.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace klieg::learn {

/// The unit of sums of similarities; each similarity is rounded to it.
inline constexpr double kSimilarityUnit = 0x1.0p-20;

/// A growing list of sets, word by word, that one set is compared with. Keeps its space when
/// cleared. Not thread-safe.
class SetList {
 public:
  explicit SetList(size_t words) : words_(words), bits_(words) {}
  void Clear();
  /// `bits` has W words and at least one bit set (CHECKed): an empty set is similar to nothing.
  void Add(std::span<const uint32_t> bits);
  size_t size() const { return size_; }

  /// Σ over the sets added of their similarity to `bits` (not empty), in units of kSimilarityUnit.
  /// O(n W), vectorised.
  uint64_t SimilaritySum(std::span<const uint32_t> bits) const;
  /// The same, set by set: what SimilaritySum is compared with.
  uint64_t SimilaritySumPlain(std::span<const uint32_t> bits) const;

 private:
  size_t words_;
  size_t size_ = 0;
  // Padded with empty sets of one element, which are similar to nothing, to whole vectors.
  std::vector<std::vector<uint32_t>> bits_;  // [W][padded n]
  std::vector<int32_t> counts_;              // [padded n] bits set
};

}  // namespace klieg::learn
