#include "learn/top_k.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "core/random.h"

namespace klieg::learn {
namespace {

std::vector<ScoredIndex> Select(std::span<const float> scores, uint32_t k) {
  TopK top_k;
  const TopKResult result = top_k.Select(scores, k);
  EXPECT_TRUE(result.finite);
  return {result.best.begin(), result.best.end()};
}

TEST(TopKTest, EqualScoresRankByLowestIndex) {
  const std::vector<float> scores = {1, 3, 2, 3, -1, 2, 3};
  const std::vector<ScoredIndex> expected = {{3, 1}, {3, 3}, {3, 6}, {2, 2}};
  EXPECT_EQ(Select(scores, 4), expected);
}

TEST(TopKTest, MinusZeroTiesWithZero) {
  const std::vector<float> scores = {-0.0F, 0.0F, -0.0F, -1.0F};
  const std::vector<ScoredIndex> best = Select(scores, 3);
  ASSERT_EQ(best.size(), 3U);
  for (uint32_t i = 0; i < 3; ++i) EXPECT_EQ(best[i].index, i);
}

TEST(TopKTest, ListIsShorterWhenLittleIsLeft) {
  std::vector<float> scores(1000, kLeftOut);
  scores[700] = -5;
  scores[3] = -7;
  const std::vector<ScoredIndex> expected = {{-5, 700}, {-7, 3}};
  EXPECT_EQ(Select(scores, 10), expected);
  EXPECT_TRUE(Select(std::vector<float>(100, kLeftOut), 5).empty());
  EXPECT_TRUE(Select({}, 5).empty());
  EXPECT_TRUE(Select(scores, 0).empty());
}

TEST(TopKTest, ABrokenRankerIsSeen) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    for (const size_t place : {size_t{0}, size_t{777}, size_t{4999}}) {
      std::vector<float> scores(5000);
      for (size_t i = 0; i < scores.size(); ++i) scores[i] = static_cast<float>(i % 97);
      scores[place] = bad;
      TopK top_k;
      const TopKResult result = top_k.Select(scores, 20);
      EXPECT_FALSE(result.finite) << bad << " at " << place;
      std::vector<ScoredIndex> plain;
      EXPECT_FALSE(SelectTopKPlain(scores, 20, plain));
      ASSERT_EQ(result.best.size(), plain.size());
      for (size_t i = 0; i < plain.size(); ++i) EXPECT_EQ(result.best[i], plain[i]);
    }
  }
}

TEST(TopKTest, AgreesWithSortingForEveryShapeAndManyTies) {
  core::Random random(20240607);
  TopK top_k;
  std::vector<ScoredIndex> plain;
  for (int round = 0; round < 600; ++round) {
    const size_t size = random.Below(round % 10 == 0 ? 20000 : 700);
    const auto k = static_cast<uint32_t>(1 + random.Below(round % 3 == 0 ? 700 : 40));
    const uint64_t levels = 1 + random.Below(round % 2 == 0 ? 8 : 100000);
    const double left_out = random.Uniform() < 0.5 ? 0.0 : random.Uniform();
    std::vector<float> scores(size);
    for (float& score : scores) {
      score = static_cast<float>(random.Below(levels)) - static_cast<float>(levels / 2);
      if (random.Uniform() < left_out) score = kLeftOut;
    }
    EXPECT_TRUE(SelectTopKPlain(scores, k, plain));
    const TopKResult result = top_k.Select(scores, k);
    EXPECT_TRUE(result.finite);
    ASSERT_EQ(std::vector<ScoredIndex>(result.best.begin(), result.best.end()), plain)
        << "round " << round << ", " << size << " scores, k " << k << ", " << levels << " levels";
  }
}

TEST(TopKTest, SortedScoresUpAndDown) {
  std::vector<float> up(9000);
  for (size_t i = 0; i < up.size(); ++i) up[i] = static_cast<float>(i);
  EXPECT_EQ(Select(up, 2), (std::vector<ScoredIndex>{{8999, 8999}, {8998, 8998}}));
  const std::vector<float> down(up.rbegin(), up.rend());
  EXPECT_EQ(Select(down, 2), (std::vector<ScoredIndex>{{8999, 0}, {8998, 1}}));
}

}  // namespace
}  // namespace klieg::learn
