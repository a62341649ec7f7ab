#include "learn/ridge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/random.h"

namespace klieg::learn {
namespace {

using ::testing::HasSubstr;

struct Rows {
  Rows(size_t n, size_t p, core::Random& random, double offset = 0) : features(n, p), targets(n) {
    for (size_t row = 0; row < n; ++row) {
      targets[row] = random.Normal() / 10 + 3;
      for (size_t i = 0; i < p; ++i) {
        features(row, i) = offset + random.Normal();
        targets[row] += static_cast<double>(i) * features(row, i);
      }
    }
  }
  core::MatrixView<const double> Part(size_t first, size_t count) const {
    return features.view().Rows(first, count);
  }
  std::span<const double> Targets(size_t first, size_t count) const {
    return std::span(targets).subspan(first, count);
  }
  core::Matrix<double> features;
  std::vector<double> targets;
};

double Distance(const Ridge& a, const Ridge& b) {
  double distance = std::abs(a.intercept() - b.intercept());
  for (size_t i = 0; i < a.weights().size(); ++i)
    distance = std::max(distance, std::abs(a.weights()[i] - b.weights()[i]));
  return distance;
}

/// The gradient of the objective is zero at the solution: the definition, without a solver.
TEST(RidgeTest, SolutionMakesTheGradientZero) {
  core::Random random(1);
  for (const bool has_intercept : {true, false}) {
    const Rows rows(40, 5, random, 2);
    const auto ridge = Ridge::Fit(rows.features.view(), rows.targets,
                                  {.lambda = 3, .has_intercept = has_intercept});
    ASSERT_TRUE(ridge.has_value()) << ridge.error().message;
    double intercept_gradient = 0;
    std::vector<double> gradient(5, 0);
    for (size_t row = 0; row < 40; ++row) {
      const double residual = ridge->Predict(rows.features.Row(row)) - rows.targets[row];
      intercept_gradient += residual;
      for (size_t i = 0; i < 5; ++i) gradient[i] += residual * rows.features(row, i);
    }
    for (size_t i = 0; i < 5; ++i) EXPECT_NEAR(gradient[i] + 3 * ridge->weights()[i], 0, 1e-9);
    if (has_intercept) {
      EXPECT_NEAR(intercept_gradient, 0, 1e-9);
    } else {
      EXPECT_EQ(ridge->intercept(), 0);
    }
  }
}

TEST(RidgeTest, RemovalEqualsRefittingWithinTheBoundAndTheBoundIsSmall) {
  core::Random random(2);
  std::vector<double> bounds;
  for (int round = 0; round < 60; ++round) {
    const size_t n = 20 + random.Below(300);
    const size_t p = 1 + random.Below(8);
    const size_t removed = 1 + random.Below(n - 2);
    const Rows rows(n, p, random, round % 3 == 0 ? 2000 : 1);
    const RidgeOptions options{.lambda = std::pow(10, -3 + 5 * random.Uniform()),
                               .has_intercept = round % 2 == 0 || round % 3 == 0};
    const auto all = Ridge::Fit(rows.features.view(), rows.targets, options);
    ASSERT_TRUE(all.has_value());
    const auto removal = all->Remove(rows.Part(0, removed), rows.Targets(0, removed));
    ASSERT_TRUE(removal.has_value()) << removal.error().message;
    const auto refit =
        Ridge::Fit(rows.Part(removed, n - removed), rows.Targets(removed, n - removed), options);
    ASSERT_TRUE(refit.has_value());
    EXPECT_EQ(removal->ridge.row_count(), n - removed);
    EXPECT_LE(Distance(removal->ridge, *refit), removal->bound) << "round " << round;
    bounds.push_back(removal->bound);
  }
  std::ranges::sort(bounds);
  EXPECT_LT(bounds[30], 1e-7);
  EXPECT_LT(bounds[54], 1e-3);  // Features near 2000 move the intercept by 2000 times a weight.
}

TEST(RidgeTest, RemovalsOneAfterAnotherEqualRefittingWithinTheLastBound) {
  core::Random random(3);
  const Rows rows(100, 4, random, 5);
  const auto all = Ridge::Fit(rows.features.view(), rows.targets, {});
  const auto first = all->Remove(rows.Part(0, 30), rows.Targets(0, 30));
  const auto second = first->ridge.Remove(rows.Part(30, 50), rows.Targets(30, 50));
  ASSERT_TRUE(second.has_value());
  const auto refit = Ridge::Fit(rows.Part(80, 20), rows.Targets(80, 20), {});
  EXPECT_LE(Distance(second->ridge, *refit), second->bound);
  EXPECT_GT(second->bound, first->bound / 100);
}

TEST(RidgeTest, RemovingNothingChangesNoBit) {
  core::Random random(4);
  const Rows rows(10, 3, random);
  const auto all = Ridge::Fit(rows.features.view(), rows.targets, {});
  const auto removal = all->Remove({}, {});
  ASSERT_TRUE(removal.has_value());
  EXPECT_EQ(Distance(removal->ridge, *all), 0);
  EXPECT_EQ(removal->bound, 0);
}

TEST(RidgeTest, RefusesLambdaThatIsNotPositive) {
  core::Random random(5);
  const Rows rows(5, 2, random);
  for (const double lambda : {0.0, -1.0, std::nan(""), HUGE_VAL}) {
    const auto ridge = Ridge::Fit(rows.features.view(), rows.targets, {.lambda = lambda});
    ASSERT_FALSE(ridge.has_value());
    EXPECT_THAT(ridge.error().message, HasSubstr("lambda"));
  }
}

TEST(RidgeTest, RefusesRowsThatDoNotFit) {
  core::Random random(6);
  const Rows rows(5, 2, random);
  EXPECT_FALSE(Ridge::Fit(rows.features.view(), rows.Targets(0, 4), {}).has_value());
  EXPECT_FALSE(Ridge::Fit(rows.Part(0, 0), {}, {}).has_value());
  Rows broken(5, 2, random);
  broken.features(3, 1) = std::nan("");
  const auto not_finite = Ridge::Fit(broken.features.view(), broken.targets, {});
  ASSERT_FALSE(not_finite.has_value());
  EXPECT_THAT(not_finite.error().message, HasSubstr("row 3"));
  const auto ridge = Ridge::Fit(rows.features.view(), rows.targets, {});
  const Rows wide(1, 3, random);
  EXPECT_FALSE(ridge->Remove(wide.features.view(), wide.targets).has_value());
  EXPECT_FALSE(ridge->Remove(rows.features.view(), rows.targets).has_value());
  EXPECT_FALSE(ridge->Remove(rows.Part(0, 2), rows.Targets(0, 1)).has_value());
}

TEST(RidgeTest, RefusesRowsThatWereNotFitted) {
  core::Random random(7);
  const Rows rows(5, 2, random);
  const Rows large(1, 2, random, 1e6);
  const auto ridge = Ridge::Fit(rows.features.view(), rows.targets, {});
  const auto removal = ridge->Remove(large.features.view(), large.targets);
  ASSERT_FALSE(removal.has_value());
  EXPECT_THAT(removal.error().message, HasSubstr("not all among"));
}

}  // namespace
}  // namespace klieg::learn
