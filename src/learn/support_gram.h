/// Pieces of a Gram matrix: the weighted counts of common rows among a few columns, without the
/// whole matrix.
///
///     learn::SupportGram gram(by_column, row_weights);     // one per thread
///     gram.Compute(columns, piece.view());                 // lower triangle
///
/// Letters: R rows (members), C columns (titles), K columns of the piece.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/matrix.h"
#include "learn/sparse_matrix.h"

namespace klieg::learn {

/// Scratch space and method. Not thread-safe; keeps 8 R bytes and 8 bytes for each entry of the
/// columns last asked for.
class SupportGram {
 public:
  /// `by_column` is the transpose (C × R) of the matrix; its values are not looked at. row_weights:
  /// [R], empty: ones. Both must outlive this.
  SupportGram(const SparseMatrix& by_column, std::span<const float> row_weights);

  /// gram(p, q), q <= p: Σ of row weights over the rows that hold both columns[p] and columns[q].
  /// gram is K × K; what stands above its diagonal is left as it was. Columns are distinct. The
  /// sums are made in a fixed order. Time: the entries of the columns, and the pairs of columns
  /// that rows hold.
  void Compute(std::span<const uint32_t> columns, core::MatrixView<double> gram);

 private:
  /// Lists, for each row that any of `columns` holds, which of them it holds.
  void GroupByRow(std::span<const uint32_t> columns);

  const SparseMatrix& by_column_;
  std::span<const float> row_weights_;
  std::vector<uint64_t> next_;  // [R] entries of a row, then the end of its places; 0 between calls
  std::vector<uint32_t> rows_;  // rows touched
  std::vector<uint32_t>
      places_;  // positions in `columns`, ascending, grouped by row in the order of rows_
};

}  // namespace klieg::learn
