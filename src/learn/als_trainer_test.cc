#include "learn/als_trainer.h"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

#include "core/random.h"

namespace klieg::learn {
namespace {

/// Members of `tastes` groups watch mostly titles of their own group.
SparseMatrix PlantedTastes(uint32_t members, uint32_t titles, uint32_t tastes, uint64_t seed) {
  core::Random random(seed);
  SparseMatrix matrix;
  matrix.column_count = titles;
  for (uint32_t member = 0; member < members; ++member) {
    std::vector<uint32_t> row;
    const double appetite = 0.1 + 0.6 * random.Uniform();
    for (uint32_t title = 0; title < titles; ++title) {
      const bool own = title % tastes == member % tastes;
      if (random.Uniform() < (own ? appetite : 0.02)) row.push_back(title);
    }
    matrix.AppendRow(row);
  }
  return matrix;
}

AlsOptions SmallOptions(AlsSolver solver) {
  AlsOptions options;
  options.dimensions = 20;
  options.problem = {.unobserved_weight = 0.2, .lambda = 0.05, .regularization_exponent = 0.8};
  options.solver = {.solver = solver, .block_size = 16, .cg_steps = 3};
  options.seed = 7;
  return options;
}

double Train(const SparseMatrix& data, const AlsOptions& options, int epochs, size_t threads = 2) {
  core::ThreadPool pool(threads);
  AlsTrainer trainer = AlsTrainer::Create(data, options, pool).value();
  double objective = 0;
  for (int epoch = 0; epoch < epochs; ++epoch) objective = trainer.RunEpoch(pool).value();
  return objective;
}

/// All four terms from their definition, over every pair, with no Gram matrix.
double BruteForceObjective(const AlsProblem& problem, const SparseMatrix& data,
                           core::MatrixView<const float> rows,
                           core::MatrixView<const float> columns) {
  const std::vector<uint32_t> counts = ColumnCounts(data);
  double total = 0;
  for (size_t r = 0; r < rows.rows(); ++r) {
    double norm = 0;
    for (const float value : rows.Row(r)) norm += double{value} * value;
    total += norm * problem.lambda *
             std::pow(static_cast<double>(data.RowSize(r)) +
                          problem.unobserved_weight * data.column_count,
                      problem.regularization_exponent);
    const std::span<const uint32_t> watched = data.RowColumns(r);
    for (size_t c = 0; c < columns.rows(); ++c) {
      double score = 0;
      for (size_t k = 0; k < rows.columns(); ++k) score += double{rows(r, k)} * columns(c, k);
      total += problem.unobserved_weight * score * score;
      if (std::ranges::binary_search(watched, c)) total += (1 - score) * (1 - score);
    }
  }
  for (size_t c = 0; c < columns.rows(); ++c) {
    double norm = 0;
    for (const float value : columns.Row(c)) norm += double{value} * value;
    total += norm * problem.lambda *
             std::pow(counts[c] + problem.unobserved_weight * data.row_count,
                      problem.regularization_exponent);
  }
  return total;
}

TEST(AlsTrainerTest, ReportedObjectiveIsTheOneOfTheDefinition) {
  const SparseMatrix data = PlantedTastes(90, 60, 5, 1);
  for (const AlsSolver solver :
       {AlsSolver::kExact, AlsSolver::kBlock, AlsSolver::kConjugateGradients}) {
    const AlsOptions options = SmallOptions(solver);
    core::ThreadPool pool(2);
    AlsTrainer trainer = AlsTrainer::Create(data, options, pool).value();
    trainer.RunEpoch(pool).value();
    const double reported = trainer.RunEpoch(pool).value();
    const double expected =
        BruteForceObjective(options.problem, data, trainer.row_factors(), trainer.column_factors());
    EXPECT_NEAR(reported, expected, 1e-5 * expected);
    EXPECT_NEAR(
        AlsObjective(options.problem, data, trainer.row_factors(), trainer.column_factors(), pool),
        expected, 1e-7 * expected);
  }
}

TEST(AlsTrainerTest, ObjectiveOfTheExactSolverNeverRises) {
  const SparseMatrix data = PlantedTastes(120, 80, 6, 2);
  core::ThreadPool pool(2);
  AlsTrainer trainer = AlsTrainer::Create(data, SmallOptions(AlsSolver::kExact), pool).value();
  double last = trainer.RunEpoch(pool).value();
  for (int epoch = 0; epoch < 20; ++epoch) {
    const double now = trainer.RunEpoch(pool).value();
    EXPECT_LE(now, last * (1 + 1e-6)) << "epoch " << epoch;
    last = now;
  }
}

TEST(AlsTrainerTest, ThreeSolversReachTheSameObjective) {
  const SparseMatrix data = PlantedTastes(120, 80, 6, 3);
  const double exact = Train(data, SmallOptions(AlsSolver::kExact), 150);
  EXPECT_NEAR(Train(data, SmallOptions(AlsSolver::kBlock), 150), exact, 1e-3 * exact);
  EXPECT_NEAR(Train(data, SmallOptions(AlsSolver::kConjugateGradients), 150), exact, 1e-3 * exact);
}

TEST(AlsTrainerTest, PlainAlternatingSolvesInDoubleGiveTheSameObjective) {
  // A second implementation with nothing in common but the definition and the first factors.
  const SparseMatrix data = PlantedTastes(60, 40, 4, 4);
  const SparseMatrix by_title = Transpose(data);
  const AlsOptions options = SmallOptions(AlsSolver::kExact);
  core::ThreadPool pool(1);
  AlsTrainer trainer = AlsTrainer::Create(data, options, pool).value();
  const auto to_eigen = [](core::MatrixView<const float> matrix) {
    return Eigen::MatrixXd(
        Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
            matrix.data(), static_cast<Eigen::Index>(matrix.rows()),
            static_cast<Eigen::Index>(matrix.columns()))
            .cast<double>());
  };
  Eigen::MatrixXd titles = to_eigen(trainer.column_factors());
  Eigen::MatrixXd members = Eigen::MatrixXd::Zero(data.row_count, titles.cols());
  const auto step = [&](const SparseMatrix& entries, const Eigen::MatrixXd& fixed,
                        Eigen::MatrixXd& solved) {
    for (uint32_t row = 0; row < entries.row_count; ++row) {
      Eigen::MatrixXd system = options.problem.unobserved_weight * fixed.transpose() * fixed;
      system.diagonal().array() +=
          options.problem.Regularization(entries.RowSize(row), entries.column_count);
      Eigen::VectorXd right = Eigen::VectorXd::Zero(fixed.cols());
      for (const uint32_t column : entries.RowColumns(row)) {
        system += fixed.row(column).transpose() * fixed.row(column);
        right += fixed.row(column).transpose();
      }
      solved.row(row) = system.ldlt().solve(right).transpose();
    }
  };
  for (int epoch = 0; epoch < 8; ++epoch) {
    step(data, titles, members);
    step(by_title, members, titles);
    const double reported = trainer.RunEpoch(pool).value();
    const core::MatrixView<const float> u = trainer.row_factors();
    const core::MatrixView<const float> v = trainer.column_factors();
    // Bases differ by a rotation, scores must not.
    const Eigen::MatrixXd difference =
        members * titles.transpose() - to_eigen(u) * to_eigen(v).transpose();
    EXPECT_LT(difference.cwiseAbs().maxCoeff(), 2e-3) << "epoch " << epoch;
    EXPECT_GT(reported, 0);
  }
}

TEST(AlsTrainerTest, PlantedTastesAreRecovered) {
  const uint32_t tastes = 5;
  const SparseMatrix data = PlantedTastes(200, 100, tastes, 5);
  AlsOptions options = SmallOptions(AlsSolver::kExact);
  options.dimensions = 8;
  core::ThreadPool pool(2);
  AlsTrainer trainer = AlsTrainer::Create(data, options, pool).value();
  for (int epoch = 0; epoch < 15; ++epoch) trainer.RunEpoch(pool).value();
  // Of the titles that a member has not watched, those of the own taste must stand first.
  size_t right = 0;
  size_t pairs = 0;
  for (uint32_t member = 0; member < data.row_count; ++member) {
    double own = 0;
    double other = 0;
    size_t own_count = 0;
    size_t other_count = 0;
    for (uint32_t title = 0; title < data.column_count; ++title) {
      if (std::ranges::binary_search(data.RowColumns(member), title)) continue;
      const std::span<const float> u = trainer.row_factors().Row(member);
      const double score =
          std::inner_product(u.begin(), u.end(), trainer.column_factors().Row(title).begin(), 0.0);
      (title % tastes == member % tastes ? own : other) += score;
      ++(title % tastes == member % tastes ? own_count : other_count);
    }
    if (own_count == 0) continue;
    ++pairs;
    if (own / static_cast<double>(own_count) > other / static_cast<double>(other_count)) ++right;
  }
  EXPECT_GE(static_cast<double>(right), 0.97 * static_cast<double>(pairs));
}

TEST(AlsTrainerTest, OneTwoAndThreeThreadsGiveTheSameBytes) {
  const SparseMatrix data = PlantedTastes(300, 150, 6, 6);
  for (const AlsSolver solver :
       {AlsSolver::kExact, AlsSolver::kBlock, AlsSolver::kConjugateGradients}) {
    AlsColumns first;
    for (const size_t threads : {1, 2, 3}) {
      core::ThreadPool pool(threads);
      AlsTrainer trainer = AlsTrainer::Create(data, SmallOptions(solver), pool).value();
      for (int epoch = 0; epoch < 3; ++epoch) trainer.RunEpoch(pool).value();
      AlsColumns result = std::move(trainer).Finish(pool).value();
      if (threads == 1) {
        first = std::move(result);
        continue;
      }
      EXPECT_EQ(std::memcmp(first.factors.data(), result.factors.data(),
                            first.factors.rows() * first.factors.columns() * sizeof(float)),
                0);
      EXPECT_EQ(first.spectrum, result.spectrum);
    }
  }
}

TEST(AlsTrainerTest, DifferentSeedsGiveDifferentFactors) {
  const SparseMatrix data = PlantedTastes(30, 20, 3, 7);
  AlsOptions options = SmallOptions(AlsSolver::kExact);
  core::ThreadPool pool(1);
  const AlsTrainer a = AlsTrainer::Create(data, options, pool).value();
  options.seed = 8;
  const AlsTrainer b = AlsTrainer::Create(data, options, pool).value();
  EXPECT_NE(a.column_factors()(0, 0), b.column_factors()(0, 0));
}

TEST(AlsTrainerTest, RowsAndColumnsWithoutEntriesBecomeZero) {
  SparseMatrix data = PlantedTastes(30, 20, 3, 8);
  data.column_count = 22;
  data.AppendRow({});
  core::ThreadPool pool(2);
  for (const AlsSolver solver :
       {AlsSolver::kExact, AlsSolver::kBlock, AlsSolver::kConjugateGradients}) {
    AlsTrainer trainer = AlsTrainer::Create(data, SmallOptions(solver), pool).value();
    trainer.RunEpoch(pool).value();
    for (const float value : trainer.row_factors().Row(30)) EXPECT_EQ(value, 0);
    for (const float value : trainer.column_factors().Row(21)) EXPECT_EQ(value, 0);
  }
}

TEST(AlsTrainerTest, NoInteractionsAreRefused) {
  SparseMatrix data;
  data.column_count = 5;
  data.AppendRow({});
  core::ThreadPool pool(1);
  const auto trainer = AlsTrainer::Create(data, {}, pool);
  ASSERT_FALSE(trainer.has_value());
  EXPECT_EQ(trainer.error().code, core::ErrorCode::kInvalidArgument);
}

TEST(AlsTrainerTest, ScheduleVisitsEveryRowOnceLargestFirst) {
  const SparseMatrix data = PlantedTastes(1000, 50, 5, 9);
  const AlsSchedule schedule = MakeAlsSchedule(data);
  std::vector<uint32_t> sorted = schedule.order;
  std::ranges::sort(sorted);
  for (uint32_t row = 0; row < 1000; ++row) ASSERT_EQ(sorted[row], row);
  for (size_t i = 1; i < 1000; ++i) {
    EXPECT_GE(data.RowSize(schedule.order[i - 1]), data.RowSize(schedule.order[i]));
  }
  EXPECT_EQ(schedule.task_begin.front(), 0U);
  EXPECT_EQ(schedule.task_begin.back(), 1000U);
  EXPECT_TRUE(std::ranges::is_sorted(schedule.task_begin));
}

}  // namespace
}  // namespace klieg::learn
