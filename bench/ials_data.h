/// Data for ials_quality_bench: planted tastes in the size of MovieLens 1M, and adjacency files.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include "core/random.h"
#include "learn/sparse_matrix.h"

namespace klieg::bench {

/// Members with log-normal numbers of titles and titles of falling popularity; a member draws most
/// titles from one of `tastes` groups.
struct PlantedShape {
  uint32_t members = 6040;
  uint32_t titles = 3706;
  double interactions = 1e6;
  uint32_t tastes = 20;
};

inline learn::SparseMatrix GeneratePlanted(const PlantedShape& shape, uint64_t seed) {
  constexpr double kDeviation = 1.05;
  constexpr double kOwnTaste = 0.6;
  core::Random random(seed);
  const double log_mean =
      std::log(shape.interactions / shape.members) - kDeviation * kDeviation / 2;
  std::vector<double> popularity(shape.titles);
  std::vector<std::vector<uint32_t>> titles_of(shape.tastes);
  std::vector<std::vector<double>> sums_of(shape.tastes);
  double sum = 0;
  for (uint32_t title = 0; title < shape.titles; ++title) {
    const double weight = 1 / std::pow(title + 60.0, 1.15);
    popularity[title] = sum += weight;
    const uint32_t taste = static_cast<uint32_t>(random.Below(shape.tastes));
    titles_of[taste].push_back(title);
    sums_of[taste].push_back((sums_of[taste].empty() ? 0 : sums_of[taste].back()) + weight);
  }
  const auto draw = [&](const std::vector<double>& sums) {
    const double point = random.Uniform() * sums.back();
    return static_cast<size_t>(std::ranges::upper_bound(sums, point) - sums.begin());
  };

  learn::SparseMatrix matrix;
  matrix.column_count = shape.titles;
  std::vector<uint32_t> last_seen(shape.titles, 0);
  std::vector<uint32_t> row;
  for (uint32_t member = 1; member <= shape.members; ++member) {
    const double wanted = std::exp(log_mean + kDeviation * random.Normal());
    const auto count = static_cast<size_t>(std::clamp(wanted, 5.0, shape.titles / 3.0));
    const auto taste = static_cast<size_t>(random.Below(shape.tastes));
    row.clear();
    // Titles drawn twice are drawn again, a bounded number of times.
    for (size_t tries = 0; row.size() < count && tries < 20 * count; ++tries) {
      const bool own = random.Uniform() < kOwnTaste && !titles_of[taste].empty();
      const uint32_t title =
          own ? titles_of[taste][draw(sums_of[taste])] : static_cast<uint32_t>(draw(popularity));
      if (last_seen[title] == member) continue;
      last_seen[title] = member;
      row.push_back(title);
    }
    std::ranges::sort(row);
    matrix.AppendRow(row);
  }
  return matrix;
}

/// Pairs of "member title title …" lines of all files together.
inline learn::SparseMatrix ReadAdjacency(const std::vector<std::string>& files) {
  std::vector<learn::Triplet> pairs;
  uint32_t members = 0;
  uint32_t titles = 0;
  for (const std::string& file : files) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
      std::istringstream numbers(line);
      uint32_t member = 0;
      if (!(numbers >> member)) continue;
      members = std::max(members, member + 1);
      for (uint32_t title = 0; numbers >> title;) {
        titles = std::max(titles, title + 1);
        pairs.push_back({member, title, 1});
      }
    }
  }
  return learn::FromTriplets(members, titles, std::move(pairs));
}

}  // namespace klieg::bench
