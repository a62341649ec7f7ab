#include "learn/list_metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "core/random.h"

namespace klieg::learn {
namespace {

TEST(ListMetricsTest, CoverageIsTheShareOfTitlesListed) {
  EXPECT_DOUBLE_EQ(Coverage(std::vector<uint32_t>{0, 3, 1, 0}), 0.5);
  EXPECT_DOUBLE_EQ(Coverage({}), 0);
}

TEST(ListMetricsTest, GiniWorkedOutByHand) {
  EXPECT_DOUBLE_EQ(Gini(std::vector<uint32_t>{5, 5, 5}), 0);
  EXPECT_DOUBLE_EQ(Gini(std::vector<uint32_t>{0, 0, 0, 8}),
                   0.75);  // 1 - 1/T when one title takes all.
  EXPECT_DOUBLE_EQ(Gini(std::vector<uint32_t>{1, 2, 3, 4}), 0.25);
  EXPECT_DOUBLE_EQ(Gini(std::vector<uint32_t>{0, 0}), 0);
  EXPECT_DOUBLE_EQ(Gini({}), 0);
}

TEST(ListMetricsTest, GiniIsHalfTheRelativeMeanDifference) {
  core::Random random(9);
  std::vector<uint32_t> counts(120);
  for (uint32_t& count : counts) count = static_cast<uint32_t>(random.Below(30) * random.Below(3));
  double differences = 0;
  double total = 0;
  for (const uint32_t a : counts) {
    total += a;
    for (const uint32_t b : counts)
      differences += std::abs(static_cast<double>(a) - static_cast<double>(b));
  }
  const auto titles = static_cast<double>(counts.size());
  EXPECT_NEAR(Gini(counts), differences / (2 * titles * total), 1e-12);
}

TEST(ListMetricsTest, RareTitlesCarryMoreInformation) {
  const std::vector<float> bits = SelfInformation(std::vector<uint32_t>{8, 4, 3, 1, 0});
  ASSERT_EQ(bits.size(), 5U);
  EXPECT_FLOAT_EQ(bits[0], 1);
  EXPECT_FLOAT_EQ(bits[1], 2);
  EXPECT_FLOAT_EQ(bits[3], 4);
  EXPECT_FLOAT_EQ(bits[4], 4);  // Never watched counts as watched once.
  EXPECT_TRUE(SelfInformation(std::vector<uint32_t>{0, 0}).empty());
}

TEST(ListMetricsTest, DiversityWorkedOutByHand) {
  const GenreSets genres({{0, 1}, {1, 0, 1}, {1, 2}, {}, {3}}, 4);
  const std::vector<uint32_t> list = {0, 1, 2, 3, 4};
  const std::vector<uint32_t> cutoffs = {1, 2, 3, 5};
  std::vector<float> result(4);
  genres.Diversity(list, cutoffs, result);
  EXPECT_TRUE(std::isnan(result[0]));
  EXPECT_FLOAT_EQ(result[1], 0);
  EXPECT_NEAR(result[2], (0 + 2.0 / 3 + 2.0 / 3) / 3, 1e-6);
  EXPECT_NEAR(result[3], (0 + 2.0 / 3 + 2.0 / 3 + 3) / 6, 1e-6);
}

TEST(ListMetricsTest, CalibrationWorkedOutByHand) {
  const GenreSets genres({{0}, {1}, {0, 1}, {}}, 2);
  std::vector<float> result(2);
  const std::vector<uint32_t> cutoffs = {1, 2};
  // History: half of each. The first title shows genre 0 only, both together show half of each.
  genres.Calibration(std::vector<uint32_t>{2, 3}, std::vector<uint32_t>{0, 1}, cutoffs, result);
  const double q_0 = 0.99 + 0.01 * 0.5;
  const double q_1 = 0.01 * 0.5;
  EXPECT_NEAR(result[0], 0.5 * std::log(0.5 / q_0) + 0.5 * std::log(0.5 / q_1), 1e-6);
  EXPECT_NEAR(result[1], 0, 1e-9);
}

TEST(ListMetricsTest, CalibrationWithoutGenresIsUndefined) {
  const GenreSets genres({{0}, {}}, 1);
  std::vector<float> result(1);
  const std::vector<uint32_t> cutoffs = {1};
  genres.Calibration(std::vector<uint32_t>{1}, std::vector<uint32_t>{0}, cutoffs, result);
  EXPECT_TRUE(std::isnan(result[0]));
  genres.Calibration(std::vector<uint32_t>{0}, std::vector<uint32_t>{1}, cutoffs, result);
  EXPECT_TRUE(std::isnan(result[0]));
}

TEST(ListMetricsTest, DiversityAgreesWithTheDefinitionForFewAndManyGenres) {
  core::Random random(31);
  for (const uint32_t genre_count : {6U, 200U}) {
    std::vector<std::vector<uint32_t>> genres_of_title(3000);
    for (auto& genres : genres_of_title) {
      const uint64_t size = random.Below(4);
      for (uint64_t i = 0; i < size; ++i)
        genres.push_back(static_cast<uint32_t>(random.Below(genre_count)));
    }
    const GenreSets sets(genres_of_title, genre_count);
    const std::vector<uint32_t> order = random.Permutation(3000);
    const std::span<const uint32_t> list = std::span(order).first(25);
    double sum = 0;
    int pairs = 0;
    for (size_t i = 0; i < list.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        const std::set<uint32_t> a(genres_of_title[list[i]].begin(),
                                   genres_of_title[list[i]].end());
        const std::set<uint32_t> b(genres_of_title[list[j]].begin(),
                                   genres_of_title[list[j]].end());
        if (a.empty() || b.empty()) continue;
        std::set<uint32_t> either = a;
        either.insert(b.begin(), b.end());
        const auto common = static_cast<double>(a.size() + b.size() - either.size());
        sum += 1 - common / static_cast<double>(either.size());
        ++pairs;
      }
    }
    std::vector<float> result(1);
    sets.Diversity(list, std::vector<uint32_t>{25}, result);
    EXPECT_NEAR(result[0], sum / pairs, 1e-6) << genre_count << " genres";
  }
}

}  // namespace
}  // namespace klieg::learn
