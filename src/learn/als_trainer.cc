#include "learn/als_trainer.h"

#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

#include "core/random.h"
#include "learn/factor_gram.h"
#include "learn/gather_syrk.h"
#include "learn/packed_triangle.h"

namespace klieg::learn {
namespace {

/// Rows of initial factors filled by one task.
constexpr size_t kRowsPerFill = 256;
/// Enough tasks that the last ones, which are small, even out the load of any number of threads.
constexpr size_t kTasksWanted = 512;

/// Asks for large pages before the first touch: rows are read here and there, and with pages of 4 KiB each would cost a
/// walk through the page tables as well. Where the system refuses nothing but speed is lost.
void AskForLargePages(core::Matrix<float>& factors) {
  constexpr size_t kLargePage = size_t{2} << 20;
  const auto begin = reinterpret_cast<uintptr_t>(factors.data());
  const uintptr_t end = begin + factors.rows() * factors.columns() * sizeof(float);
  const uintptr_t first = (begin + kLargePage - 1) / kLargePage * kLargePage;
  const uintptr_t last = end / kLargePage * kLargePage;
  if (first >= last) return;
  static_cast<void>(madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE));
}

void FillRandom(const AlsOptions& options, core::Matrix<float>& factors, core::ThreadPool& pool) {
  const core::Random random(options.seed);
  const double deviation =
      options.initial_deviation / std::sqrt(static_cast<double>(options.dimensions));
  const size_t tasks = (factors.rows() + kRowsPerFill - 1) / kRowsPerFill;
  pool.ParallelFor(tasks, [&](size_t task, size_t) {
    const size_t last = std::min(factors.rows(), (task + 1) * kRowsPerFill);
    for (size_t row = task * kRowsPerFill; row < last; ++row) {
      core::Random numbers = random.Fork(row);
      for (float& value : factors.Row(row).first(options.dimensions)) {
        value = static_cast<float>(deviation * numbers.Normal());
      }
    }
  });
}

/// The columns of row `position` of a task's part of the order, or nothing beyond its end.
std::span<const uint32_t> RowAt(const SparseMatrix& entries, std::span<const uint32_t> order,
                                size_t position) {
  return position < order.size() ? entries.RowColumns(order[position])
                                 : std::span<const uint32_t>();
}

}  // namespace

uint64_t AlsTrainingBytes(uint64_t rows, uint64_t columns, uint64_t entries, uint32_t dimensions,
                          size_t threads) {
  const uint64_t width = PaddedColumns(dimensions);
  const uint64_t factors = (rows + columns) * width * sizeof(float);
  const uint64_t by_column = entries * 12 + (rows + columns) * 40;
  // Per thread a panel and a triangle; Gram partial sums, LAPACK's workspace and the rotation
  // besides.
  const uint64_t scratch = width * width * (threads * 8 + 96) + threads * kGatherDepth * width * 8;
  return factors + by_column + scratch;
}

AlsSchedule MakeAlsSchedule(const SparseMatrix& entries) {
  AlsSchedule schedule;
  schedule.order.resize(entries.row_count);
  std::iota(schedule.order.begin(), schedule.order.end(), 0U);
  std::ranges::stable_sort(schedule.order, [&](uint32_t a, uint32_t b) {
    return entries.RowSize(a) > entries.RowSize(b);
  });
  // A row costs about its entries and a constant for its factorization.
  constexpr size_t kRowCost = 32;
  const size_t total = entries.entry_count() + kRowCost * entries.row_count;
  const size_t portion = total / kTasksWanted + 1;
  schedule.task_begin = {0};
  size_t cost = 0;
  for (size_t position = 0; position < schedule.order.size(); ++position) {
    cost += entries.RowSize(schedule.order[position]) + kRowCost;
    if (cost < portion && position + 1 < schedule.order.size()) continue;
    schedule.task_begin.push_back(position + 1);
    cost = 0;
  }
  return schedule;
}

AlsTrainer::AlsTrainer(const SparseMatrix& entries, const AlsOptions& options)
    : by_row_(&entries),
      by_column_(Transpose(entries)),
      row_schedule_(MakeAlsSchedule(entries)),
      column_schedule_(MakeAlsSchedule(by_column_)),
      options_(options),
      row_factors_(entries.row_count, PaddedColumns(options.dimensions)),
      column_factors_(entries.column_count, PaddedColumns(options.dimensions)) {
  AskForLargePages(row_factors_);
  AskForLargePages(column_factors_);
}

core::Result<AlsTrainer> AlsTrainer::Create(const SparseMatrix& entries, const AlsOptions& options,
                                            core::ThreadPool& pool) {
  if (entries.entry_count() == 0) {
    return core::Fail(
        core::ErrorCode::kInvalidArgument,
        "alternating least squares needs at least one interaction; the data of {} members and "
        "{} titles have none",
        entries.row_count, entries.column_count);
  }
  AlsTrainer trainer(entries, options);
  FillRandom(options, trainer.column_factors_, pool);
  return trainer;
}

core::Result<AlsTrainer::Sums> AlsTrainer::SolveSide(const SparseMatrix& entries,
                                                     const AlsSchedule& schedule,
                                                     core::Matrix<float>& fixed,
                                                     core::Matrix<float>& solved,
                                                     core::ThreadPool& pool) {
  // Only a warm start needs the old solution in the new basis.
  const bool warm = options_.solver.solver != AlsSolver::kExact;
  KLIEG_ASSIGN(std::vector<float> spectrum,
               DiagonalizeGram(options_.dimensions, fixed.view(),
                               warm ? solved.view() : core::MatrixView<float>(), pool));
  for (float& value : spectrum) value *= static_cast<float>(options_.problem.unobserved_weight);

  std::vector<double> values(entries.row_count);
  std::vector<double> penalties(entries.row_count);
  std::vector<std::optional<AlsRowSolver>> solvers(pool.threads());
  pool.ParallelFor(schedule.task_begin.size() - 1, [&](size_t task, size_t worker) {
    if (!solvers[worker]) solvers[worker].emplace(fixed.view(), spectrum, options_.solver);
    const size_t first = schedule.task_begin[task];
    const std::span<const uint32_t> order =
        std::span(schedule.order).subspan(first, schedule.task_begin[task + 1] - first);
    for (size_t i = 0; i < order.size(); ++i) {
      const uint32_t row = order[i];
      const std::span<float> x = solved.Row(row);
      const double regularization =
          options_.problem.Regularization(entries.RowSize(row), entries.column_count);
      values[row] = solvers[worker]->Solve(RowAt(entries, order, i), RowAt(entries, order, i + 1),
                                           regularization, x);
      float norm = 0;
      for (const float value : x) norm += value * value;
      penalties[row] = regularization * norm;
    }
  });
  return Sums{std::accumulate(values.begin(), values.end(), 0.0),
              std::accumulate(penalties.begin(), penalties.end(), 0.0)};
}

core::Result<double> AlsTrainer::RunEpoch(core::ThreadPool& pool) {
  KLIEG_ASSIGN(const Sums rows,
               SolveSide(*by_row_, row_schedule_, column_factors_, row_factors_, pool));
  KLIEG_ASSIGN(const Sums columns,
               SolveSide(by_column_, column_schedule_, row_factors_, column_factors_, pool));
  const double objective = columns.value + rows.penalty;
  if (!std::isfinite(objective)) {
    return core::Fail(
        core::ErrorCode::kInvalidArgument,
        "alternating least squares left the range of numbers (lambda {}, unobserved weight {}, "
        "exponent {}): raise lambda or the unobserved weight",
        options_.problem.lambda, options_.problem.unobserved_weight,
        options_.problem.regularization_exponent);
  }
  return objective;
}

core::Result<AlsColumns> AlsTrainer::Finish(core::ThreadPool& pool) && {
  row_factors_ = {};
  AlsColumns result;
  result.factors = std::move(column_factors_);
  KLIEG_ASSIGN(result.spectrum,
               DiagonalizeGram(options_.dimensions, result.factors.view(), {}, pool));
  for (float& value : result.spectrum) {
    value *= static_cast<float>(options_.problem.unobserved_weight);
  }
  return result;
}

}  // namespace klieg::learn
