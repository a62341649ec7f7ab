/// Figures of one member's ranked list, from nothing but where the hits are.
/// docs/reference/metrics.md gives the formulas.
///
///     const std::vector<uint32_t> hits = {0, 3};     // the first and the fourth title of the list
///     are targets learn::RecallTruncated(hits, 5, 4)             // 2 of min(4, 5) = 0.5
///
/// Letters: P the 0-based places of the hits in the list, strictly increasing; n targets (> 0); k
/// the cutoff (> 0). A list shorter than k has no hits beyond its end: nothing else changes.
/// O(hits) each.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace klieg::learn {

/// |P < k| / min(k, n): 1 when everything that fits is a hit (Liang et al., WWW 2018).
double RecallTruncated(std::span<const uint32_t> hit_places, uint64_t targets, uint32_t k);

/// |P < k| / n (He et al., LightGCN, SIGIR 2020). At most k / n.
double RecallFull(std::span<const uint32_t> hit_places, uint64_t targets, uint32_t k);

/// Σ_{i: P_i < k} (i + 1) / (P_i + 1) / min(k, n): precision at the places of the hits, averaged
/// over the hits possible.
double AveragePrecision(std::span<const uint32_t> hit_places, uint64_t targets, uint32_t k);

/// 1 / (P_0 + 1), or 0 when there is no hit before k.
double ReciprocalRank(std::span<const uint32_t> hit_places, uint32_t k);

/// 1 when there is a hit before k, else 0.
double HitRate(std::span<const uint32_t> hit_places, uint32_t k);

/// Normalised discounted cumulative gain with gains of 0 and 1 (Järvelin and Kekäläinen 2002), for
/// cutoffs up to the one it was made for. Holds the discounts 1 / log2(i + 2). Immutable.
class Ndcg {
 public:
  explicit Ndcg(uint32_t k_max);
  /// Σ_{p in P, p < k} discount(p) / Σ_{i < min(k, n)} discount(i). k must not exceed k_max
  /// (CHECKed).
  double At(std::span<const uint32_t> hit_places, uint64_t targets, uint32_t k) const;

 private:
  std::vector<double> discount_;  // [k_max]
  std::vector<double> ideal_;     // [k_max + 1] sums of the first i discounts
};

}  // namespace klieg::learn
