/// One row of alternating least squares: given the other side's factors, the best factor of a
/// member or a title.
///
/// The other side has been rotated so that its Gram matrix is diagonal (factor_gram.h). With P the
/// rows of the n observed titles (n × d), D = w Λ + λ_u I, the row's problem is (D + P'P) x = P'1.
/// Four ways to the same x:
///
///     exact, primal   Cholesky of D + P'P, d × d                          n d² + d³ / 3 flops
///     exact, dual     x = D^-1 P' (I + P D^-1 P')^-1 1, n × n (Woodbury)   n² d + n³ / 3 flops
///     block           one Newton step in each group of columns in turn (Rendle et al. 2021,
///     "iALS++", algorithm 2; our groups
///                     are eigenspaces of the Gram matrix, theirs coordinates)
///     conjugate gradients, preconditioned by D, warm-started
///
/// Without the rotation D would be a full matrix, different for every row under frequency-scaled
/// regularisation, and the dual form would cost a d³ of its own.
///
/// Letters: n observed entries of the row, d columns (padded to a multiple of 16; padding is zero
/// and stays zero).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/matrix.h"

namespace klieg::learn {

enum class AlsSolver { kExact, kBlock, kConjugateGradients };

struct AlsSolverOptions {
  AlsSolver solver = AlsSolver::kExact;
  uint32_t block_size = 64;  ///< Columns solved together by kBlock; rounded up to a multiple of 16.
  uint32_t cg_steps = 3;     ///< Steps a row and half epoch of kConjugateGradients.
};

/// How the exact solver goes about a row; kCheaper chooses by a count of operations, the others are
/// for tests.
enum class AlsExactForm { kCheaper, kPrimal, kDual };

/// Solves rows against one fixed side. Holds scratch space (O(d² + n_max)): one for each thread.
class AlsRowSolver {
 public:
  /// `fixed`: rows 64-byte aligned, columns a multiple of 16, fixed'fixed diagonal; `spectrum`:
  /// that diagonal times w, 1 in padding. Both must outlive the solver.
  AlsRowSolver(core::MatrixView<const float> fixed, std::span<const float> spectrum,
               const AlsSolverOptions& options, AlsExactForm form = AlsExactForm::kCheaper);

  /// Solves for the observed `rows` of the fixed side with regularisation λ_u > 0. `x` (d, 64-byte
  /// aligned) holds the start (used by block and conjugate gradients) and receives the solution;
  /// all zeros when `rows` is empty. `next` is what the next call will bring, to fetch it
  /// meanwhile. Returns the row's objective at x, Σ (1 - v · x)² + x' D x, or NaN when a system
  /// cannot be solved even in double precision.
  double Solve(std::span<const uint32_t> rows, std::span<const uint32_t> next,
               double regularization, std::span<float> x);

 private:
  double SolvePrimal(std::span<const uint32_t> rows, std::span<const uint32_t> next,
                     std::span<float> x);
  double SolveDual(std::span<const uint32_t> rows, std::span<const uint32_t> next,
                   std::span<float> x);
  double SolveBlocks(std::span<const uint32_t> rows, std::span<float> x);
  bool SolveBlock(std::span<const uint32_t> rows, size_t first, size_t count, std::span<float> x);
  double SolveGradients(std::span<const uint32_t> rows, std::span<float> x);
  double SolveInDouble(std::span<const uint32_t> rows, std::span<float> x) const;
  double RowObjective(std::span<const float> fits, std::span<const float> x) const;

  core::MatrixView<const float> fixed_;
  std::span<const float> spectrum_;
  AlsSolverOptions options_;
  AlsExactForm form_;
  core::Matrix<float> vectors_;  // Named rows of d floats: see the .cc
  core::Matrix<float> panel_;
  core::Matrix<float> triangle_;
  core::Matrix<float> fits_;  // 2 × n_max, grown as needed
};

/// Would the dual form take fewer operations for n entries and d columns?
bool DualIsCheaper(size_t n, size_t d);

}  // namespace klieg::learn
