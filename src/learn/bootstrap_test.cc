#include "learn/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "core/random.h"

namespace klieg::learn {
namespace {

std::vector<double> Column(const core::Matrix<double>& matrix, size_t column) {
  std::vector<double> values(matrix.rows());
  for (size_t row = 0; row < matrix.rows(); ++row) values[row] = matrix(row, column);
  return values;
}

core::Matrix<float> NormalValues(size_t rows, size_t columns, uint64_t seed) {
  core::Random random(seed);
  core::Matrix<float> values(rows, columns);
  for (size_t i = 0; i < rows * columns; ++i)
    values.data()[i] = static_cast<float>(random.Normal());
  return values;
}

TEST(BootstrapTest, BlockedMeansAgreeWithDrawingOneByOne) {
  core::Matrix<float> values = NormalValues(5000, 5, 3);
  for (size_t e = 0; e < 5000; e += 3) values(e, 1) = std::numeric_limits<float>::quiet_NaN();
  for (size_t e = 0; e < 5000; ++e) values(e, 4) = std::numeric_limits<float>::quiet_NaN();
  core::ThreadPool pool(2);
  const BootstrapOptions options{.samples = 45, .seed = 11};
  const core::Matrix<double> fast = BootstrapMeans(values.view(), options, pool);
  const core::Matrix<double> plain = BootstrapMeansPlain(values.view(), options);
  for (size_t s = 0; s < 45; ++s) {
    for (size_t c = 0; c < 4; ++c) EXPECT_NEAR(fast(s, c), plain(s, c), 1e-10);
    EXPECT_TRUE(std::isnan(fast(s, 4)) && std::isnan(plain(s, 4)));
  }
}

TEST(BootstrapTest, SameBytesForAnyNumberOfThreads) {
  const core::Matrix<float> values = NormalValues(700, 3, 4);
  core::ThreadPool one(1);
  core::ThreadPool three(3);
  const BootstrapOptions options{.samples = 200, .seed = 2};
  const core::Matrix<double> a = BootstrapMeans(values.view(), options, one);
  const core::Matrix<double> b = BootstrapMeans(values.view(), options, three);
  EXPECT_EQ(std::memcmp(a.data(), b.data(), 200 * 3 * sizeof(double)), 0);
}

TEST(BootstrapTest, EverySampleDrawsTheSameMembersForEveryColumn) {
  core::Matrix<float> values = NormalValues(100, 2, 8);
  for (size_t e = 0; e < 100; ++e) values(e, 1) = values(e, 0) + 1;
  core::ThreadPool pool(1);
  const core::Matrix<double> means =
      BootstrapMeans(values.view(), {.samples = 50, .seed = 1}, pool);
  for (size_t s = 0; s < 50; ++s) EXPECT_NEAR(means(s, 1) - means(s, 0), 1, 1e-6);
}

TEST(BootstrapTest, NoMembersGiveNoMeans) {
  const core::Matrix<float> values(0, 2);
  core::ThreadPool pool(1);
  const core::Matrix<double> means = BootstrapMeans(values.view(), {.samples = 3, .seed = 1}, pool);
  EXPECT_TRUE(std::isnan(means(2, 1)));
  EXPECT_TRUE(std::isnan(PercentileInterval(Column(means, 0), 0.95).low));
}

// The standard deviation of bootstrap means must be that of the textbook, s / sqrt(E).
TEST(BootstrapTest, IntervalHasTheWidthOfTheNormalOne) {
  const core::Matrix<float> values = NormalValues(2000, 1, 12);
  double sum = 0;
  double squares = 0;
  for (size_t e = 0; e < 2000; ++e) {
    sum += values(e, 0);
    squares += values(e, 0) * values(e, 0);
  }
  const double mean = sum / 2000;
  const double standard_error = std::sqrt((squares / 2000 - mean * mean) / 2000);
  core::ThreadPool pool(2);
  const core::Matrix<double> means =
      BootstrapMeans(values.view(), {.samples = 4000, .seed = 5}, pool);
  const Interval interval = PercentileInterval(Column(means, 0), 0.95);
  EXPECT_NEAR((interval.high - interval.low) / (2 * 1.959964 * standard_error), 1, 0.05);
  EXPECT_NEAR((interval.high + interval.low) / 2, mean, 0.2 * standard_error);
}

TEST(BootstrapTest, IntervalsCoverTheTruthAboutAsOftenAsTheySay) {
  core::ThreadPool pool(1);
  int covered = 0;
  for (uint64_t round = 0; round < 300; ++round) {
    const core::Matrix<float> values = NormalValues(60, 1, 1000 + round);
    const core::Matrix<double> means =
        BootstrapMeans(values.view(), {.samples = 300, .seed = round}, pool);
    const Interval interval = PercentileInterval(Column(means, 0), 0.9);
    covered += interval.low <= 0 && interval.high >= 0 ? 1 : 0;
  }
  // 270 expected; the standard deviation of the count is 5.
  EXPECT_GT(covered, 250);
  EXPECT_LT(covered, 290);
}

TEST(BootstrapTest, PercentilesBetweenOrderStatistics) {
  const Interval interval =
      PercentileInterval({4, 0, 2, 1, 3, std::numeric_limits<double>::quiet_NaN()}, 0.75);
  EXPECT_DOUBLE_EQ(interval.low, 0.5);
  EXPECT_DOUBLE_EQ(interval.high, 3.5);
}

TEST(BootstrapTest, PValueIsNeverZeroAndNeverAboveOne) {
  EXPECT_DOUBLE_EQ(BootstrapPValue(std::vector<double>(99, 0.5)), 2.0 / 100);
  EXPECT_DOUBLE_EQ(BootstrapPValue(std::vector<double>(99, -0.5)), 2.0 / 100);
  EXPECT_DOUBLE_EQ(BootstrapPValue(std::vector<double>(99, 0.0)), 1);
  EXPECT_DOUBLE_EQ(BootstrapPValue({}), 1);
  EXPECT_DOUBLE_EQ(BootstrapPValue(std::vector<double>{1, 2, -1, 3}), 2.0 * 2 / 5);
}

// Of a mean the jackknife gives exactly the textbook standard error when every group is one member.
TEST(BootstrapTest, JackknifeOfAMeanIsTheStandardError) {
  const std::vector<double> values = {1, 4, 2, 8, 5};
  double mean = 0;
  for (const double value : values) mean += value / 5;
  double variance = 0;
  std::vector<double> left_out;
  for (const double value : values) {
    variance += (value - mean) * (value - mean) / 4;
    left_out.push_back((mean * 5 - value) / 4);
  }
  const Interval interval = JackknifeInterval(mean, left_out, 0.95);
  EXPECT_NEAR(interval.high - mean, 1.959963985 * std::sqrt(variance / 5), 1e-8);
  EXPECT_NEAR(mean - interval.low, interval.high - mean, 1e-12);
}

}  // namespace
}  // namespace klieg::learn
