#include "personalize/popularity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace klieg::personalize {
namespace {

constexpr int64_t kDay = 86400;

/// Three members, three titles: title 0 watched by all long ago, title 2 by two of them in the last
/// days.
Interactions MakeData(bool with_times) {
  Interactions data;
  data.matrix.column_count = 3;
  data.matrix.AppendRow(std::vector<uint32_t>{0, 2});
  data.matrix.AppendRow(std::vector<uint32_t>{0, 2});
  data.matrix.AppendRow(std::vector<uint32_t>{0});
  if (with_times) data.times = {0, 100 * kDay, 0, 93 * kDay, kDay};
  return data;
}

std::vector<float> ScoreEmptyHistory(const Ranker& ranker) {
  learn::SparseMatrix histories;
  histories.column_count = ranker.title_count();
  histories.AppendRow({});
  core::Matrix<float> scores(1, ranker.title_count());
  ranker.Score(histories, 0, 1, scores.view());
  return {scores.Row(0).begin(), scores.Row(0).end()};
}

TEST(PopularityTest, CountsMembersPerTitle) {
  const auto ranker = TrainPopularity(MakeData(false), {});
  ASSERT_TRUE(ranker.has_value());
  EXPECT_THAT(ScoreEmptyHistory(**ranker), testing::ElementsAre(3, 0, 2));
}

TEST(PopularityTest, WindowIsMeasuredFromTheLatestInteractionAndIncludesItsEdge) {
  const auto ranker = TrainPopularity(MakeData(true), {.window_days = 7});
  ASSERT_TRUE(ranker.has_value());
  EXPECT_THAT(ScoreEmptyHistory(**ranker), testing::ElementsAre(0, 0, 2));
  const auto shorter = TrainPopularity(MakeData(true), {.window_days = 6.99});
  ASSERT_TRUE(shorter.has_value());
  EXPECT_THAT(ScoreEmptyHistory(**shorter), testing::ElementsAre(0, 0, 1));
}

TEST(PopularityTest, WindowWithoutTimesFailsAndSaysWhatToDo) {
  const auto ranker = TrainPopularity(MakeData(false), {.window_days = 7});
  ASSERT_FALSE(ranker.has_value());
  EXPECT_EQ(ranker.error().code, core::ErrorCode::kInvalidArgument);
  EXPECT_THAT(ranker.error().message, testing::HasSubstr("--time"));
}

TEST(PopularityTest, WindowLongerThanTheDataCountsAll) {
  const auto ranker = TrainPopularity(MakeData(true), {.window_days = 36500});
  ASSERT_TRUE(ranker.has_value());
  EXPECT_THAT(ScoreEmptyHistory(**ranker), testing::ElementsAre(3, 0, 2));
}

TEST(PopularityTest, OneTitleCatalogueIsRanked) {
  Interactions data;
  data.matrix.column_count = 1;
  data.matrix.AppendRow(std::vector<uint32_t>{0});
  const auto ranker = TrainPopularity(data, {});
  ASSERT_TRUE(ranker.has_value());
  EXPECT_THAT(ScoreEmptyHistory(**ranker), testing::ElementsAre(1));
}

TEST(PopularityTest, ExplanationIsAllBaseAndListsTheHistory) {
  const auto ranker = TrainPopularity(MakeData(false), {});
  ASSERT_TRUE(ranker.has_value());
  const std::vector<uint32_t> history = {1, 2};
  const Explanation explanation = (*ranker)->Explain(history, {}, TitleIndex(0));
  EXPECT_EQ(explanation.score, 3);
  EXPECT_EQ(explanation.base, 3);
  ASSERT_EQ(explanation.contributions.size(), 2U);
  EXPECT_EQ(explanation.contributions[1].title, TitleIndex(2));
  EXPECT_EQ(explanation.contributions[1].amount, 0);
}

}  // namespace
}  // namespace klieg::personalize
