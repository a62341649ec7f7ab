#include "learn/sparse_matrix.h"

#include <algorithm>

#include "core/check.h"

namespace klieg::learn {

void SparseMatrix::AppendRow(std::span<const uint32_t> row_columns,
                             std::span<const float> row_values) {
  KLIEG_CHECK(row_values.empty() || row_values.size() == row_columns.size(),
              "row of {} columns, {} values", row_columns.size(), row_values.size());
  if (!row_values.empty() && values.empty()) values.assign(columns.size(), 1.0F);
  columns.insert(columns.end(), row_columns.begin(), row_columns.end());
  if (!row_values.empty()) {
    values.insert(values.end(), row_values.begin(), row_values.end());
  } else if (!values.empty()) {
    values.resize(columns.size(), 1.0F);
  }
  ++row_count;
  row_begin.push_back(columns.size());
}

core::Status SparseMatrix::Validate() const {
  using core::ErrorCode;
  if (row_begin.size() != static_cast<size_t>(row_count) + 1 || row_begin.front() != 0 ||
      row_begin.back() != columns.size()) {
    return core::Fail(ErrorCode::kInvalidArgument,
                      "sparse matrix of {} rows and {} entries has {} row offsets that end at {}",
                      row_count, columns.size(), row_begin.size(),
                      row_begin.empty() ? 0 : row_begin.back());
  }
  if (!values.empty() && values.size() != columns.size()) {
    return core::Fail(ErrorCode::kInvalidArgument, "sparse matrix has {} entries but {} values",
                      columns.size(), values.size());
  }
  for (uint32_t row = 0; row < row_count; ++row) {
    if (row_begin[row + 1] < row_begin[row] || row_begin[row + 1] > columns.size()) {
      return core::Fail(ErrorCode::kInvalidArgument,
                        "row offsets of a sparse matrix fall at row {}", row);
    }
    const std::span<const uint32_t> row_columns = RowColumns(row);
    for (size_t i = 0; i < row_columns.size(); ++i) {
      if (row_columns[i] >= column_count || (i > 0 && row_columns[i] <= row_columns[i - 1])) {
        return core::Fail(ErrorCode::kInvalidArgument,
                          "row {} of a sparse matrix with {} columns has column {} at place {}",
                          row, column_count, row_columns[i], i);
      }
    }
  }
  return {};
}

SparseMatrix FromTriplets(uint32_t row_count, uint32_t column_count,
                          std::vector<Triplet> triplets) {
  std::stable_sort(triplets.begin(), triplets.end(), [](const Triplet& a, const Triplet& b) {
    return a.row != b.row ? a.row < b.row : a.column < b.column;
  });
  SparseMatrix matrix;
  matrix.row_count = row_count;
  matrix.column_count = column_count;
  matrix.row_begin.assign(static_cast<size_t>(row_count) + 1, 0);
  bool all_ones = true;
  for (size_t i = 0; i < triplets.size(); ++i) {
    const Triplet& entry = triplets[i];
    KLIEG_CHECK(entry.row < row_count && entry.column < column_count, "({}, {}) in {} x {}",
                entry.row, entry.column, row_count, column_count);
    const bool repeated = i + 1 < triplets.size() && triplets[i + 1].row == entry.row &&
                          triplets[i + 1].column == entry.column;
    if (repeated) continue;
    matrix.columns.push_back(entry.column);
    matrix.values.push_back(entry.value);
    all_ones = all_ones && entry.value == 1.0F;
    ++matrix.row_begin[entry.row + 1];
  }
  for (size_t row = 0; row < row_count; ++row) matrix.row_begin[row + 1] += matrix.row_begin[row];
  if (all_ones) matrix.values = {};
  return matrix;
}

SparseMatrix Transpose(const SparseMatrix& matrix, std::vector<uint64_t>* entry_order) {
  SparseMatrix result;
  result.row_count = matrix.column_count;
  result.column_count = matrix.row_count;
  result.row_begin.assign(static_cast<size_t>(matrix.column_count) + 1, 0);
  for (const uint32_t column : matrix.columns) ++result.row_begin[column + 1];
  for (size_t row = 0; row < result.row_count; ++row)
    result.row_begin[row + 1] += result.row_begin[row];
  result.columns.resize(matrix.columns.size());
  result.values.resize(matrix.values.size());
  if (entry_order != nullptr) entry_order->resize(matrix.columns.size());
  std::vector<uint64_t> next(result.row_begin.begin(), result.row_begin.end() - 1);
  for (uint32_t row = 0; row < matrix.row_count; ++row) {
    for (uint64_t entry = matrix.row_begin[row]; entry < matrix.row_begin[row + 1]; ++entry) {
      const uint64_t place = next[matrix.columns[entry]]++;
      result.columns[place] = row;
      if (!matrix.values.empty()) result.values[place] = matrix.values[entry];
      if (entry_order != nullptr) (*entry_order)[place] = entry;
    }
  }
  return result;
}

SparseMatrix SelectRows(const SparseMatrix& matrix, std::span<const uint32_t> rows) {
  SparseMatrix result;
  result.column_count = matrix.column_count;
  for (const uint32_t row : rows) result.AppendRow(matrix.RowColumns(row), matrix.RowValues(row));
  return result;
}

std::vector<uint32_t> ColumnCounts(const SparseMatrix& matrix) {
  std::vector<uint32_t> counts(matrix.column_count, 0);
  for (const uint32_t column : matrix.columns) ++counts[column];
  return counts;
}

}  // namespace klieg::learn
