/// The Gram matrix of a sparse matrix: how often two titles were watched by one member, weighted.
///
///     learn::GramOptions options;                               // plain counts
///     core::Matrix<float> gram(titles, titles);
///     learn::ComputeGram(matrix, options, gram.view(), pool);   // lower triangle
///
/// Letters: R rows (members), C columns (titles), N stored entries, n_r entries of row r.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/matrix.h"
#include "core/thread_pool.h"
#include "learn/sparse_matrix.h"

namespace klieg::learn {

/// Factors of the Gram matrix. An empty span stands for ones.
struct GramOptions {
  std::span<const float> row_weights = {};    ///< [R] the diagonal of W
  std::span<const float> column_scales = {};  ///< [C] the diagonal of S
  bool binary = false;  ///< Every stored entry counts as 1, whatever its value.
};

/// Writes the lower triangle, diagonal included, of S X' W X S into `gram` (C × C); what stands
/// above the diagonal is left as it was.
///
/// Row i of the result is made by one thread, members in ascending order, so that the bytes do not
/// depend on the number of threads. Sums are in single precision: exact for unweighted counts up to
/// 2^24. Time Σ n_r² / 2 additions; memory besides the result 14 N + 8 C bytes.
void ComputeGram(const SparseMatrix& matrix, const GramOptions& options,
                 core::MatrixView<float> gram, core::ThreadPool& pool);

}  // namespace klieg::learn
