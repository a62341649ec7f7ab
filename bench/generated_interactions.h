/// Interactions with the shape of a public data set, from a seed: for benchmarks, which may not
/// depend on downloads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/random.h"
#include "learn/sparse_matrix.h"

namespace klieg::bench {

/// Defaults are MovieLens 20M's shape in members and titles, with 10 million interactions.
struct GeneratedShape {
  uint32_t members = 136677;
  uint32_t titles = 20108;
  uint64_t interactions = 10000000;  ///< About: repeated draws of a member are dropped.
  double title_exponent = 1.0;  ///< Popularity of the r-th title falls like (r + 50)^-exponent.
  double member_spread = 1.1;   ///< Standard deviation of the logarithm of a member's activity.
};

/// Members have log-normal activity and draw titles by popularity (a shifted power law); titles are
/// numbered at random, as in real files. Same seed, same matrix. All values 1.
inline learn::SparseMatrix GenerateInteractions(const GeneratedShape& shape, uint64_t seed) {
  core::Random random(seed);
  std::vector<double> cumulative(shape.titles);
  double total = 0;
  for (uint32_t rank = 0; rank < shape.titles; ++rank) {
    total += std::pow(rank + 50.0, -shape.title_exponent);
    cumulative[rank] = total;
  }
  const std::vector<uint32_t> name_of_rank = random.Permutation(shape.titles);
  std::vector<double> activity(shape.members);
  double activity_total = 0;
  for (double& one : activity) {
    one = std::exp(shape.member_spread * random.Normal());
    activity_total += one;
  }
  learn::SparseMatrix matrix;
  matrix.column_count = shape.titles;
  std::vector<uint32_t> row;
  for (const double one : activity) {
    const double wanted =
        5 + one / activity_total * (static_cast<double>(shape.interactions) - 5.0 * shape.members);
    const auto draws = static_cast<size_t>(std::min(wanted * 1.08, 0.5 * shape.titles));
    row.clear();
    for (size_t draw = 0; draw < draws; ++draw) {
      const auto rank =
          std::ranges::upper_bound(cumulative, random.Uniform() * total) - cumulative.begin();
      row.push_back(name_of_rank[static_cast<size_t>(std::min<ptrdiff_t>(rank, shape.titles - 1))]);
    }
    std::ranges::sort(row);
    row.erase(std::ranges::unique(row).begin(), row.end());
    matrix.AppendRow(row);
  }
  return matrix;
}

}  // namespace klieg::bench
