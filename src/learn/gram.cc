#include "learn/gram.h"

#include <algorithm>

#include "core/check.h"

namespace klieg::learn {
namespace {

/// Rows handed out together: enough to pay for the call, few enough to balance popular titles.
constexpr size_t kRowsPerTask = 8;

/// A member's row is a few cache lines somewhere in memory; asking for it this many members early
/// hides the way.
constexpr size_t kPrefetchDistance = 8;

/// Everything a row of the result is made from. Index is the narrowest type that holds a column:
/// what limits the speed is how much of the matrix stays in the caches.
template <class Index>
struct GramInput {
  const SparseMatrix& by_row;                // X, R × C
  std::span<const Index> columns;            // [N] columns of X
  const SparseMatrix& by_column;             // X', C × R
  std::span<const uint64_t> entry_of_place;  // [N] entry of by_row behind each entry of by_column
  const GramOptions& options;
};

/// Adds column i of X against columns 0 … i: `sums` is row i of the lower triangle, zeroed before.
template <bool kHasValues, class Index>
void AccumulateRow(const GramInput<Index>& input, size_t i, float* sums) {
  const SparseMatrix& by_row = input.by_row;
  const std::span<const uint32_t> members = input.by_column.RowColumns(i);
  const uint64_t* entries = input.entry_of_place.data() + input.by_column.row_begin[i];
  const Index* columns = input.columns.data();
  for (size_t m = 0; m < members.size(); ++m) {
    if (m + kPrefetchDistance < members.size()) {
      const Index* ahead = columns + by_row.row_begin[members[m + kPrefetchDistance]];
      const Index* last = columns + entries[m + kPrefetchDistance];
      __builtin_prefetch(ahead);
      __builtin_prefetch(std::min(ahead + 64 / sizeof(Index), last));
    }
    float weight = input.options.row_weights.empty() ? 1.0F : input.options.row_weights[members[m]];
    if constexpr (kHasValues) weight *= by_row.values[entries[m]];
    // Columns of a row increase, so those up to i end at the entry of i itself.
    const uint64_t end = entries[m] + 1;
    uint64_t entry = by_row.row_begin[members[m]];
    if constexpr (kHasValues) {
      for (; entry < end; ++entry) sums[columns[entry]] += weight * by_row.values[entry];
    } else {
      for (; entry + 4 <= end; entry += 4) {
        sums[columns[entry]] += weight;
        sums[columns[entry + 1]] += weight;
        sums[columns[entry + 2]] += weight;
        sums[columns[entry + 3]] += weight;
      }
      for (; entry < end; ++entry) sums[columns[entry]] += weight;
    }
  }
}

void ScaleRow(std::span<const float> scales, size_t i, float* sums) {
  for (size_t j = 0; j <= i; ++j) sums[j] *= scales[i] * scales[j];
}

template <class Index>
void ComputeRows(const GramInput<Index>& input, core::MatrixView<float> gram,
                 core::ThreadPool& pool) {
  const size_t titles = input.by_row.column_count;
  const bool has_values = !input.by_row.values.empty() && !input.options.binary;
  pool.ParallelFor((titles + kRowsPerTask - 1) / kRowsPerTask, [&](size_t task, size_t) {
    const size_t end = std::min(titles, (task + 1) * kRowsPerTask);
    for (size_t i = task * kRowsPerTask; i < end; ++i) {
      float* sums = gram.Row(i).data();
      std::fill_n(sums, i + 1, 0.0F);
      if (has_values) {
        AccumulateRow<true>(input, i, sums);
      } else {
        AccumulateRow<false>(input, i, sums);
      }
      if (!input.options.column_scales.empty()) ScaleRow(input.options.column_scales, i, sums);
    }
  });
}

}  // namespace

void ComputeGram(const SparseMatrix& matrix, const GramOptions& options,
                 core::MatrixView<float> gram, core::ThreadPool& pool) {
  const size_t titles = matrix.column_count;
  KLIEG_CHECK(gram.rows() == titles && gram.columns() == titles, "Gram of {} x {} for {} columns",
              gram.rows(), gram.columns(), titles);
  KLIEG_CHECK(options.row_weights.empty() || options.row_weights.size() == matrix.row_count);
  KLIEG_CHECK(options.column_scales.empty() || options.column_scales.size() == titles);
  std::vector<uint64_t> entry_of_place;
  const SparseMatrix by_column = Transpose(matrix, &entry_of_place);
  if (titles <= 65536) {
    const std::vector<uint16_t> narrow(matrix.columns.begin(), matrix.columns.end());
    ComputeRows<uint16_t>({matrix, narrow, by_column, entry_of_place, options}, gram, pool);
  } else {
    ComputeRows<uint32_t>({matrix, matrix.columns, by_column, entry_of_place, options}, gram, pool);
  }
}

}  // namespace klieg::learn
