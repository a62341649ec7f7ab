#include "learn/als_problem.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/check.h"
#include "learn/factor_gram.h"

namespace klieg::learn {
namespace {

constexpr size_t kRowsPerTile = 256;

double Dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (size_t k = 0; k < a.size(); ++k) sum += static_cast<double>(a[k]) * b[k];
  return sum;
}

}  // namespace

double AlsProblem::Regularization(size_t entries, size_t choices) const {
  return lambda *
         std::pow(static_cast<double>(entries) + unobserved_weight * static_cast<double>(choices),
                  regularization_exponent);
}

double AlsObjective(const AlsProblem& problem, const SparseMatrix& entries,
                    core::MatrixView<const float> row_factors,
                    core::MatrixView<const float> column_factors, core::ThreadPool& pool) {
  KLIEG_CHECK(row_factors.rows() == entries.row_count &&
                  column_factors.rows() == entries.column_count &&
                  row_factors.columns() == column_factors.columns(),
              "factors of {} and {} rows for {} x {} entries", row_factors.rows(),
              column_factors.rows(), entries.row_count, entries.column_count);
  const size_t tiles = (entries.row_count + kRowsPerTile - 1) / kRowsPerTile;
  std::vector<double> parts(tiles, 0.0);
  pool.ParallelFor(tiles, [&](size_t tile, size_t) {
    const size_t last = std::min<size_t>(entries.row_count, (tile + 1) * kRowsPerTile);
    for (size_t row = tile * kRowsPerTile; row < last; ++row) {
      const std::span<const float> factor = row_factors.Row(row);
      for (const uint32_t column : entries.RowColumns(row)) {
        const double miss = 1 - Dot(factor, column_factors.Row(column));
        parts[tile] += miss * miss;
      }
      parts[tile] +=
          problem.Regularization(entries.RowSize(row), entries.column_count) * Dot(factor, factor);
    }
  });
  double total = 0;
  for (const double part : parts) total += part;

  const std::vector<uint32_t> counts = ColumnCounts(entries);
  for (size_t column = 0; column < counts.size(); ++column) {
    const std::span<const float> factor = column_factors.Row(column);
    total += problem.Regularization(counts[column], entries.row_count) * Dot(factor, factor);
  }

  // Σ over all pairs of (u · v)² is the sum of the products of the two Gram matrices, element by
  // element.
  const core::Matrix<double> rows = FactorGram(row_factors, pool);
  const core::Matrix<double> columns = FactorGram(column_factors, pool);
  double all = 0;
  for (size_t k = 0; k < rows.rows() * rows.columns(); ++k)
    all += rows.data()[k] * columns.data()[k];
  return total + problem.unobserved_weight * all;
}

}  // namespace klieg::learn
