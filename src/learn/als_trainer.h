/// Implicit alternating least squares: factors of members and titles from who watched what.
///
///     KLIEG_ASSIGN(learn::AlsTrainer trainer, learn::AlsTrainer::Create(entries, options, pool));
///     for (uint32_t epoch = 0; epoch < options.epochs; ++epoch) KLIEG_ASSIGN(double objective,
///     trainer.RunEpoch(pool)); KLIEG_ASSIGN(learn::AlsColumns titles,
///     std::move(trainer).Finish(pool));
///
/// An epoch solves all rows with the columns fixed, then all columns with the rows fixed (Hu,
/// Koren, Volinsky 2008; the objective is that of als_problem.h). Same entries, options and seed
/// give the same bytes for any number of threads.
///
/// Letters: R rows (members), C columns (titles), N entries, d dimensions, D = d padded to a
/// multiple of 16. Memory: 4 D (R + C) bytes of factors, 8 N + 12 (R + C) bytes for the entries by
/// column, scratch of O(D²) a thread.
#pragma once

#include <cstdint>
#include <vector>

#include "core/error.h"
#include "core/matrix.h"
#include "core/thread_pool.h"
#include "learn/als_problem.h"
#include "learn/als_row.h"
#include "learn/sparse_matrix.h"

namespace klieg::learn {

struct AlsOptions {
  AlsProblem problem;
  AlsSolverOptions solver;
  uint32_t dimensions = 128;
  double initial_deviation =
      0.1;  ///< Column factors begin as normal numbers of this deviation / sqrt(d).
  uint64_t seed = 1;
};

/// All that is needed to score any history: factors rotated so that their Gram matrix is diagonal.
struct AlsColumns {
  core::Matrix<float> factors;  ///< C × D
  std::vector<float> spectrum;  ///< [D] w times the diagonal of factors'factors; 1 in padding.
};

/// Bytes that training takes at its peak, the entries themselves apart.
uint64_t AlsTrainingBytes(uint64_t rows, uint64_t columns, uint64_t entries, uint32_t dimensions,
                          size_t threads);

/// The rows of one side in an order of work: large ones first, in portions of about equal cost.
struct AlsSchedule {
  std::vector<uint32_t> order;     ///< Rows by falling number of entries.
  std::vector<size_t> task_begin;  ///< Task t is order[task_begin[t]] to order[task_begin[t + 1]].
};
AlsSchedule MakeAlsSchedule(const SparseMatrix& entries);

class AlsTrainer {
 public:
  /// `entries` must outlive the trainer. kInvalidArgument when there are none.
  static core::Result<AlsTrainer> Create(const SparseMatrix& entries, const AlsOptions& options,
                                         core::ThreadPool& pool);

  /// Solves both sides once; returns the objective afterwards, which the row solutions yield at no
  /// cost. kInvalidArgument when it is not finite, with what to change.
  core::Result<double> RunEpoch(core::ThreadPool& pool);

  /// Factors of both sides in one basis, as they stand. Rows without entries are zero.
  core::MatrixView<const float> row_factors() const { return row_factors_.view(); }
  core::MatrixView<const float> column_factors() const { return column_factors_.view(); }

  /// Ends training; the trainer is empty afterwards.
  core::Result<AlsColumns> Finish(core::ThreadPool& pool) &&;

 private:
  struct Sums {
    double value = 0;    ///< Σ over rows of the row's objective.
    double penalty = 0;  ///< Σ over rows of λ_r |x_r|².
  };
  AlsTrainer(const SparseMatrix& entries, const AlsOptions& options);
  core::Result<Sums> SolveSide(const SparseMatrix& entries, const AlsSchedule& schedule,
                               core::Matrix<float>& fixed, core::Matrix<float>& solved,
                               core::ThreadPool& pool);

  const SparseMatrix* by_row_;
  SparseMatrix by_column_;
  AlsSchedule row_schedule_;
  AlsSchedule column_schedule_;
  AlsOptions options_;
  core::Matrix<float> row_factors_;     // R × D
  core::Matrix<float> column_factors_;  // C × D
};

}  // namespace klieg::learn
