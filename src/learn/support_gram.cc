#include "learn/support_gram.h"

#include <algorithm>
#include <utility>

#include "core/check.h"

namespace klieg::learn {

SupportGram::SupportGram(const SparseMatrix& by_column, std::span<const float> row_weights)
    : by_column_(by_column), row_weights_(row_weights), next_(by_column.column_count, 0) {
  KLIEG_CHECK(row_weights.empty() || row_weights.size() == by_column.column_count,
              "{} weights for {} rows", row_weights.size(), by_column.column_count);
}

void SupportGram::GroupByRow(std::span<const uint32_t> columns) {
  rows_.clear();
  size_t entries = 0;
  for (const uint32_t column : columns) {
    for (const uint32_t row : by_column_.RowColumns(column)) {
      if (next_[row]++ == 0) rows_.push_back(row);
    }
    entries += by_column_.RowSize(column);
  }
  uint64_t begin = 0;
  for (const uint32_t row : rows_) begin += std::exchange(next_[row], begin);
  places_.resize(entries);
  for (uint32_t place = 0; place < columns.size(); ++place) {
    for (const uint32_t row : by_column_.RowColumns(columns[place])) places_[next_[row]++] = place;
  }
}

void SupportGram::Compute(std::span<const uint32_t> columns, core::MatrixView<double> gram) {
  KLIEG_CHECK(gram.rows() == columns.size() && gram.columns() == columns.size());
  GroupByRow(columns);
  for (size_t p = 0; p < columns.size(); ++p) std::fill_n(gram.Row(p).data(), p + 1, 0.0);
  uint64_t begin = 0;
  for (const uint32_t row : rows_) {
    const uint64_t end = std::exchange(next_[row], 0);
    const double weight = row_weights_.empty() ? 1.0 : row_weights_[row];
    for (uint64_t p = begin; p < end; ++p) {
      double* sums = gram.Row(places_[p]).data();
      for (uint64_t q = begin; q <= p; ++q) sums[places_[q]] += weight;
    }
    begin = end;
  }
}

}  // namespace klieg::learn
