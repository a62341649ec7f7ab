/// For every column of a sparse matrix of ones, the columns most like it.
///
///     learn::NeighbourOptions options{.count = 100, .column_scales = inverse_norms};     // cosine
///     const learn::SparseMatrix nearest = learn::NearestColumns(matrix, options, pool);
///     nearest.RowColumns(j)                                     // the neighbours of column j,
///     ascending
///
/// The usual similarities are all of one shape, a weighted count of common rows with a factor for
/// either side, which is what this computes without ever holding the similarities of all pairs.
///
/// Letters: R rows (members), C columns (titles), N stored entries, n_r entries of row r, K
/// neighbours.
#pragma once

#include <cstdint>
#include <span>

#include "core/progress.h"
#include "core/thread_pool.h"
#include "learn/sparse_matrix.h"

namespace klieg::learn {

/// similarity(i, j) = column_scales[i] · column_scales[j] · Σ_r row_weights[r] [i and j in r] · c /
/// (c + shrinkage) with c the number of rows that hold both. Spans that are empty stand for ones;
/// scales and weights are not negative.
struct NeighbourOptions {
  uint32_t count = 100;  ///< K
  double shrinkage =
      0;  ///< Rows in common at which a similarity counts half (Herlocker et al. 1999).
  std::span<const float> row_weights = {};    ///< [R]
  std::span<const float> column_scales = {};  ///< [C]
  /// Columns to find neighbours for, ascending; rows of others are empty. Empty: all columns.
  std::span<const uint32_t> only = {};
};

/// C × C; row j holds the at most K columns i ≠ j of largest positive similarity to j, and the
/// similarities. Of equally similar columns the lower index goes first. Stored values of `matrix`
/// are not looked at.
///
/// Same bytes for any number of threads. Time Σ n_r² additions and C selections; memory 20 C bytes
/// a thread, 8 N for the transpose and 16 C K for the result. `progress`, when given, is advanced
/// by C in all.
SparseMatrix NearestColumns(const SparseMatrix& matrix, const NeighbourOptions& options,
                            core::ThreadPool& pool, core::ProgressTask* progress = nullptr);

/// Bytes at the peak of NearestColumns, without its input.
uint64_t NearestColumnsBytes(const SparseMatrix& matrix, uint64_t count, size_t threads);

}  // namespace klieg::learn
