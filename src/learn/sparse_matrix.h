/// Sparse matrices by rows (CSR): who watched what.
///
/// Letters: R rows, C columns, N stored entries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/error.h"

namespace klieg::learn {

/// Columns of a row strictly increase. `values` is empty when every stored entry is 1, else it has
/// N elements.
struct SparseMatrix {
  uint32_t row_count = 0;
  uint32_t column_count = 0;
  std::vector<uint64_t> row_begin = {0};  ///< [R + 1], row r is [row_begin[r], row_begin[r + 1])
  std::vector<uint32_t> columns;          ///< [N]
  std::vector<float> values;              ///< [N] or empty

  size_t entry_count() const { return columns.size(); }
  size_t RowSize(size_t row) const { return row_begin[row + 1] - row_begin[row]; }
  std::span<const uint32_t> RowColumns(size_t row) const {
    return std::span(columns).subspan(row_begin[row], RowSize(row));
  }
  /// Empty when all values are 1.
  std::span<const float> RowValues(size_t row) const {
    return values.empty() ? std::span<const float>()
                          : std::span(values).subspan(row_begin[row], RowSize(row));
  }
  float Value(size_t entry) const { return values.empty() ? 1.0F : values[entry]; }

  /// Adds a row of strictly increasing columns (all below column_count), all values 1 if
  /// `row_values` is empty.
  void AppendRow(std::span<const uint32_t> row_columns, std::span<const float> row_values = {});

  /// The invariants above; kInvalidArgument says which is broken where. O(N).
  core::Status Validate() const;
  bool operator==(const SparseMatrix&) const = default;
};

struct Triplet {
  uint32_t row = 0;
  uint32_t column = 0;
  float value = 1;
};

/// From entries in any order; of entries for one cell the last given counts. Values are dropped
/// when all are 1. O(N log N). Rows and columns must be below the counts (CHECKed).
SparseMatrix FromTriplets(uint32_t row_count, uint32_t column_count, std::vector<Triplet> triplets);

/// Columns become rows. O(N + R + C); `entry_order`, when given, receives for each entry of the
/// result the index of the entry of `matrix` it came from.
SparseMatrix Transpose(const SparseMatrix& matrix, std::vector<uint64_t>* entry_order = nullptr);

/// The rows named, in that order.
SparseMatrix SelectRows(const SparseMatrix& matrix, std::span<const uint32_t> rows);

/// Entries per column. [C]
std::vector<uint32_t> ColumnCounts(const SparseMatrix& matrix);

}  // namespace klieg::learn
