#include "personalize/popularity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "personalize/item_model_checks.h"

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

/// Removes and compares with training on what remains, to the bit.
void ExpectRemovalEqualsTraining(const Interactions& all, const std::vector<uint32_t>& members,
                                 const std::vector<uint32_t>& titles, const char* window) {
  const std::map<std::string, std::string> set = {{"window_days", window}};
  const RemovalCase split(all, members, titles);
  const auto model = TrainWith(PopularityLearner(), all, set);
  const auto retrained = TrainWith(PopularityLearner(), split.remaining, set);
  ASSERT_TRUE(model.has_value() && retrained.has_value());
  const auto removal = RemoveWith(PopularityLearner(), **model, split.data, set);
  ASSERT_TRUE(removal.has_value()) << removal.error().message;
  EXPECT_EQ(removal->method, "recount");
  EXPECT_EQ(removal->bound, 0);
  EXPECT_TRUE(HaveEqualArrays(*removal->ranker, **retrained));
}

TEST(PopularityRemovalTest, MembersAndTitlesEqualTrainingFromScratchToTheBit) {
  Interactions all = PlantedInteractions(80, 30, 3);
  core::Random random(5);
  for (size_t entry = 0; entry < all.matrix.entry_count(); ++entry)
    all.times.push_back(static_cast<int64_t>(random.Below(200)) * kDay);
  std::vector<uint32_t> most;
  for (uint32_t member = 0; member < 78; ++member) most.push_back(member);
  for (const char* window : {"0", "20"}) {
    for (const std::vector<uint32_t>& titles : {std::vector<uint32_t>{}, {0, 7}}) {
      ExpectRemovalEqualsTraining(all, {3}, titles, window);
      ExpectRemovalEqualsTraining(all, {0, 10, 79}, titles, window);
      ExpectRemovalEqualsTraining(all, most, titles, window);
      ExpectRemovalEqualsTraining(all, {}, titles, window);
    }
  }
}

TEST(PopularityRemovalTest, TheWindowMovesWhenTheLatestInteractionGoes) {
  Interactions all = MakeData(true);
  all.member_names = {"a", "b", "c"};
  all.title_names = {"x", "y", "z"};
  const std::map<std::string, std::string> set = {{"window_days", "7"}};
  const RemovalCase split(all, {0}, {});
  const auto model = TrainWith(PopularityLearner(), all, set);
  const auto removal = RemoveWith(PopularityLearner(), **model, split.data, set);
  ASSERT_TRUE(removal.has_value());
  EXPECT_THAT(ScoreEmptyHistory(**model), testing::ElementsAre(0, 0, 2));
  EXPECT_THAT(ScoreEmptyHistory(*removal->ranker), testing::ElementsAre(0, 0, 1));
}

}  // namespace
}  // namespace klieg::personalize
