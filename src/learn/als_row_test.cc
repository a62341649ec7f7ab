#include "learn/als_row.h"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <numeric>
#include <vector>

#include "core/random.h"
#include "learn/als_contributions.h"
#include "learn/factor_gram.h"
#include "learn/packed_triangle.h"

namespace klieg::learn {
namespace {

constexpr size_t kTitles = 400;
constexpr double kWeight = 0.1;

/// Factors whose Gram matrix is diagonal, as AlsRowSolver asks, and that diagonal times w.
struct FixedSide {
  core::Matrix<float> factors;
  std::vector<float> spectrum;

  explicit FixedSide(size_t d, size_t titles = kTitles) : factors(titles, PaddedColumns(d)) {
    core::Random random(d);
    for (size_t row = 0; row < titles; ++row) {
      for (float& value : factors.Row(row).first(d)) {
        value = 0.3F + 0.5F * static_cast<float>(random.Normal());
      }
    }
    core::ThreadPool pool(1);
    spectrum = DiagonalizeGram(d, factors.view(), {}, pool).value();
    for (float& value : spectrum) value *= static_cast<float>(kWeight);
  }
};

/// The stranger's solution: normal equations formed from the definition, w V'V and all, in double.
struct DenseSolution {
  Eigen::VectorXd x;
  double objective = 0;

  DenseSolution(const FixedSide& side, std::span<const uint32_t> rows, double regularization) {
    const auto width = static_cast<Eigen::Index>(side.factors.columns());
    const Eigen::MatrixXd v =
        Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
            side.factors.data(), static_cast<Eigen::Index>(side.factors.rows()), width)
            .cast<double>();
    Eigen::MatrixXd system = kWeight * v.transpose() * v;
    system.diagonal().array() += regularization;
    Eigen::VectorXd right = Eigen::VectorXd::Zero(width);
    for (const uint32_t row : rows) {
      system += v.row(row).transpose() * v.row(row);
      right += v.row(row).transpose();
    }
    x = system.ldlt().solve(right);
    objective = kWeight * (v * x).squaredNorm() + regularization * x.squaredNorm();
    for (const uint32_t row : rows) objective += std::pow(1 - v.row(row).dot(x), 2);
  }
};

std::vector<uint32_t> FirstRows(size_t n) {
  // Spread over the titles, strictly increasing.
  std::vector<uint32_t> rows(n);
  for (size_t i = 0; i < n; ++i) rows[i] = static_cast<uint32_t>(i * kTitles / n);
  return rows;
}

void ExpectSolved(const FixedSide& side, AlsRowSolver& solver, std::span<const uint32_t> rows,
                  double regularization, double tolerance) {
  const DenseSolution expected(side, rows, regularization);
  core::Matrix<float> x(1, side.factors.columns());
  const double objective = solver.Solve(rows, {}, regularization, x.Row(0));
  for (size_t k = 0; k < x.columns(); ++k) {
    ASSERT_NEAR(x(0, k), expected.x[static_cast<Eigen::Index>(k)], tolerance * expected.x.norm())
        << "n " << rows.size() << ", k " << k;
  }
  EXPECT_NEAR(objective, expected.objective, tolerance * static_cast<double>(rows.size() + 1));
}

TEST(AlsRowTest, PrimalAndDualAgreeWithADenseSolveInDouble) {
  for (const size_t d : {5, 16, 40, 128}) {
    const FixedSide side(d);
    for (const AlsExactForm form : {AlsExactForm::kPrimal, AlsExactForm::kDual}) {
      AlsRowSolver solver(side.factors.view(), side.spectrum, {}, form);
      for (const size_t n : {1, 3, 15, 16, 17, 100, 128, 400}) {
        ExpectSolved(side, solver, FirstRows(n), 0.5, 2e-5);
      }
    }
  }
}

TEST(AlsRowTest, WeakRegularisationKeepsThreeDigits) {
  const FixedSide side(64);
  for (const AlsExactForm form : {AlsExactForm::kPrimal, AlsExactForm::kDual}) {
    AlsRowSolver solver(side.factors.view(), side.spectrum, {}, form);
    for (const size_t n : {2, 30, 60}) ExpectSolved(side, solver, FirstRows(n), 1e-4, 1e-3);
  }
}

TEST(AlsRowTest, SystemTooNearSingularForSinglePrecisionIsSolvedInDouble) {
  // Few titles, all alike but for one: w V'V has one eigenvalue of note, the rest is up to a tiny
  // lambda.
  FixedSide side(32, 4);
  std::ranges::fill(side.spectrum, 0.0F);
  AlsRowSolver solver(side.factors.view(), side.spectrum, {});
  const std::vector<uint32_t> rows = {0, 1, 2, 3};
  core::Matrix<float> x(1, 32);
  const double objective = solver.Solve(rows, {}, 1e-9, x.Row(0));
  EXPECT_TRUE(std::isfinite(objective));
  for (const float value : x.Row(0)) EXPECT_TRUE(std::isfinite(value));
  for (const uint32_t row : rows) {
    const std::span<const float> v = side.factors.Row(row);
    EXPECT_NEAR(std::inner_product(v.begin(), v.end(), x.Row(0).begin(), 0.0), 1, 1e-2);
  }
}

TEST(AlsRowTest, ConjugateGradientsReachTheExactSolution) {
  const FixedSide side(40);
  AlsRowSolver solver(side.factors.view(), side.spectrum,
                      {.solver = AlsSolver::kConjugateGradients, .cg_steps = 60});
  for (const size_t n : {1, 7, 100}) ExpectSolved(side, solver, FirstRows(n), 0.5, 1e-4);
}

TEST(AlsRowTest, SweepsOfBlocksReachTheExactSolution) {
  const FixedSide side(40);
  AlsRowSolver solver(side.factors.view(), side.spectrum,
                      {.solver = AlsSolver::kBlock, .block_size = 16});
  const std::vector<uint32_t> rows = FirstRows(30);
  const DenseSolution expected(side, rows, 0.5);
  core::Matrix<float> x(1, side.factors.columns());
  double objective = 1e300;
  for (int sweep = 0; sweep < 100; ++sweep) {
    const double lower = solver.Solve(rows, {}, 0.5, x.Row(0));
    EXPECT_LE(lower, objective + 1e-4) << "sweep " << sweep;
    objective = lower;
  }
  EXPECT_NEAR(objective, expected.objective, 1e-4);
  for (size_t k = 0; k < x.columns(); ++k) {
    EXPECT_NEAR(x(0, k), expected.x[static_cast<Eigen::Index>(k)], 1e-3 * expected.x.norm());
  }
}

TEST(AlsRowTest, OneBlockOfAllColumnsIsTheExactSolution) {
  const FixedSide side(40);
  AlsRowSolver solver(side.factors.view(), side.spectrum,
                      {.solver = AlsSolver::kBlock, .block_size = 4096});
  ExpectSolved(side, solver, FirstRows(70), 0.5, 2e-5);
}

TEST(AlsRowTest, RowWithoutEntriesIsZero) {
  const FixedSide side(16);
  for (const AlsSolver kind :
       {AlsSolver::kExact, AlsSolver::kBlock, AlsSolver::kConjugateGradients}) {
    AlsRowSolver solver(side.factors.view(), side.spectrum, {.solver = kind});
    core::Matrix<float> x(1, 16);
    std::ranges::fill(x.Row(0), 5.0F);
    EXPECT_EQ(solver.Solve({}, {}, 0.5, x.Row(0)), 0);
    for (const float value : x.Row(0)) EXPECT_EQ(value, 0);
  }
}

TEST(AlsRowTest, SolutionDoesNotDependOnWhatWasSolvedBefore) {
  const FixedSide side(48);
  AlsRowSolver used(side.factors.view(), side.spectrum, {});
  core::Matrix<float> x(2, 48);
  used.Solve(FirstRows(390), {}, 2, x.Row(0));
  used.Solve(FirstRows(40), {}, 0.5, x.Row(0));
  AlsRowSolver fresh(side.factors.view(), side.spectrum, {});
  fresh.Solve(FirstRows(40), FirstRows(13), 0.5, x.Row(1));
  EXPECT_TRUE(std::ranges::equal(x.Row(0), x.Row(1)));
}

TEST(AlsRowTest, DualIsTakenForShortRowsOnly) {
  EXPECT_TRUE(DualIsCheaper(10, 128));
  EXPECT_TRUE(DualIsCheaper(38, 128));
  EXPECT_FALSE(DualIsCheaper(128, 128));
  EXPECT_FALSE(DualIsCheaper(5000, 128));
}

TEST(AlsRowTest, ContributionsSumToTheScoreInBothForms) {
  const FixedSide side(24);
  for (const size_t n : {1, 10, 31, 32, 33, 200}) {
    const std::vector<uint32_t> rows = FirstRows(n);
    const DenseSolution expected(side, rows, 0.5);
    const std::vector<double> terms =
        AlsContributions(side.factors.view(), side.spectrum, rows, 0.5, 7);
    ASSERT_EQ(terms.size(), n);
    double score = 0;
    for (size_t k = 0; k < side.factors.columns(); ++k) {
      score += side.factors(7, k) * expected.x[static_cast<Eigen::Index>(k)];
    }
    EXPECT_NEAR(std::accumulate(terms.begin(), terms.end(), 0.0), score, 1e-5) << n;
  }
}

}  // namespace
}  // namespace klieg::learn
