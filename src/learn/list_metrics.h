/// Figures of lists beyond hits: how much of the catalogue is shown, how evenly, how unexpected,
/// how varied and how true to a member's tastes. docs/reference/metrics.md gives the formulas.
///
/// Letters: T titles, G genres, L titles of a list. NaN means: not defined for this member.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace klieg::learn {

/// Share of the T titles that are on at least one list; `times_listed` has T elements. 0 for an
/// empty catalogue.
double Coverage(std::span<const uint32_t> times_listed);

/// Gini coefficient of how often titles are listed: 0 when all equally often, towards 1 when few
/// titles take all places. 0 when nothing is listed. O(T + largest count).
double Gini(std::span<const uint32_t> times_listed);

/// −log2 of each title's share of the interactions, in bits; a title that nobody watched counts as
/// watched once. Empty when there are no interactions at all. (Vargas and Castells, RecSys 2011:
/// popularity-based novelty without discount.)
std::vector<float> SelfInformation(std::span<const uint32_t> interactions);

/// Which genres titles have, made for comparing many pairs quickly. Immutable.
class GenreSets {
 public:
  /// `genres_of_title` [T]: numbers below `genre_count`, in any order, repeats ignored (CHECKed).
  GenreSets(const std::vector<std::vector<uint32_t>>& genres_of_title, uint32_t genre_count);

  /// Mean of 1 − Jaccard similarity over the pairs of the first `cutoffs[c]` titles of the list
  /// that have genres, for each c (increasing cutoffs); NaN when fewer than two have. O(L²) once
  /// for all cutoffs.
  void Diversity(std::span<const uint32_t> list, std::span<const uint32_t> cutoffs,
                 std::span<float> result) const;

  /// Σ_g p(g) ln(p(g) / q̃(g)) of the genres of a history (p) and of the first `cutoffs[c]` titles
  /// of a list (q), with q̃ = 0.99 q + 0.01 p: 0 when the list has the proportions of the history
  /// (Steck, RecSys 2018, eq. 6–7). A title counts in equal parts for its genres; titles without
  /// genres do not count. NaN when history or list has no genres.
  void Calibration(std::span<const uint32_t> history, std::span<const uint32_t> list,
                   std::span<const uint32_t> cutoffs, std::span<float> result) const;

  size_t title_count() const { return counts_.size(); }

 private:
  std::span<const uint32_t> Bits(uint32_t title) const {
    return std::span(bits_).subspan(title * words_, words_);
  }
  /// Adds a title's parts to a distribution; returns whether it has genres.
  bool Add(uint32_t title, std::span<double> distribution) const;

  uint32_t genre_count_;
  size_t words_;                  // of 32 genres
  std::vector<uint32_t> bits_;    // [T × words]
  std::vector<uint32_t> counts_;  // [T] genres of a title
};

}  // namespace klieg::learn
