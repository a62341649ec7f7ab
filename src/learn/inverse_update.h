/// Follows a small change of a symmetric positive definite matrix in its inverse, instead of
/// inverting again.
///
///     N' = N - E F E'  ⟹  Q' = Q + Q_H W Q_H',  W = (I - F Q_HH)^-1 F       (Woodbury)
///     N' = N - V V'    ⟹  Q' = Q + Z (I - V'Z)^-1 Z',  Z = Q V              (r = 1: Sherman-Morrison)
///     N' = N without rows and columns T ⟹ Q' = Q - Q_T Q_TT^-1 Q_T'          (Schur complement)
///
/// with Q = N^-1, E the columns of the identity for the rows H that change, and F = F' the change.
/// All three are Q' = Q + panel · core · panel': the functions ending in Core give the small core,
/// MultiplyPanel the tall product, and AddLowRank makes the pass over the large matrix. Golub and
/// Van Loan, Matrix Computations, section 2.1.4.
///
/// Letters: n rows of the inverse, r rank of the change (columns of the panel).
#pragma once

#include <cstdint>
#include <span>

#include "core/error.h"
#include "core/matrix.h"
#include "core/thread_pool.h"

namespace klieg::learn {

/// (I - block)^-1 for block = V'QV, r × r, symmetric. kInvalidArgument when I - block is not
/// positive definite: then N - V V' is not either.
core::Result<core::Matrix<double>> OuterProductCore(core::MatrixView<const double> block);

/// W = (I - change · block)^-1 change for block = Q_HH and change = F, both r × r and symmetric.
/// kInvalidArgument when I - F Q_HH is singular.
core::Result<core::Matrix<double>> BlockCore(core::MatrixView<const double> block,
                                             core::MatrixView<const double> change);

/// -block^-1 for block = Q_TT. kInvalidArgument when it is not positive definite.
core::Result<core::Matrix<double>> EliminationCore(core::MatrixView<const double> block);

/// panel · core, for a panel of n × r and a core of r × c. Same bytes for any number of threads.
core::Matrix<double> MultiplyPanel(core::MatrixView<const double> panel,
                                   core::MatrixView<const double> core, core::ThreadPool& pool);

/// A large matrix with its columns rescaled and a product of low rank added.
struct LowRankChange {
  core::MatrixView<const float> source;   ///< m × m, m >= n
  std::span<const uint32_t> kept;         ///< [n] rows and columns of `source`, ascending
  std::span<const float> column_factors;  ///< [n]
  core::MatrixView<const float> left;     ///< n × r
  core::MatrixView<const float> right;    ///< r × n
};

/// target(i, j) = source(kept[i], kept[j]) · column_factors[j] + Σ_k left(i, k) · right(k, j) for rows
/// i in [first, first + squares.size()) of the target (n × n), and squares[i - first] =
/// Σ_j weights[j] · target(i, j)², which costs nothing while the row is at hand (in single precision
/// by lanes, within 1e-5: for error bounds, not for models).
///
/// Runs in the calling thread. The bytes of a row may depend on which rows it was made with: callers
/// use fixed strips of kRowsPerStrip. Rank 1 reads and writes every element once, past the caches.
void AddLowRank(const LowRankChange& change, size_t first, std::span<const float> weights,
                core::MatrixView<float> target, std::span<double> squares);

/// The plain version of AddLowRank: the second opinion of the tests.
void AddLowRankPlain(const LowRankChange& change, size_t first, std::span<const float> weights,
                     core::MatrixView<float> target, std::span<double> squares);

/// Rows that one call of AddLowRank should take.
inline constexpr size_t kRowsPerStrip = 64;

/// Σ_j weights[j] · row[j]², in single precision by lanes.
double WeightedSquares(std::span<const float> row, std::span<const float> weights);

}  // namespace klieg::learn
