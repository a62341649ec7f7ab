#include "personalize/removal.h"

#include "personalize/ease.h"
#include "personalize/ials.h"
#include "personalize/item_knn.h"
#include "personalize/item_model_checks.h"
#include "personalize/popularity.h"

namespace klieg::personalize {
namespace {

using ::testing::HasSubstr;

/// The error of a removal from popularity: the checks are those of every learner.
std::string ErrorOf(const RemovalData& data) {
  const auto model = TrainWith(PopularityLearner(), PlantedInteractions(50, 20, 1), {});
  const auto removal = RemoveWith(PopularityLearner(), **model, data, {});
  EXPECT_FALSE(removal.has_value());
  if (removal) return "";
  EXPECT_EQ(removal.error().code, core::ErrorCode::kInvalidArgument);
  return removal.error().message;
}

learn::SparseMatrix Histories(uint32_t titles, const std::vector<uint32_t>& one) {
  learn::SparseMatrix histories;
  histories.column_count = titles;
  histories.row_count = 1;
  histories.columns = one;
  histories.row_begin = {0, one.size()};
  return histories;
}

TEST(RemovalTest, RefusesATitleBeyondTheCatalogue) {
  const Interactions rest = PlantedInteractions(50, 19, 1);
  EXPECT_THAT(ErrorOf({.remaining = rest, .removed = {}, .removed_titles = {20}}),
              HasSubstr("has 20 titles"));
}

TEST(RemovalTest, RefusesTitlesThatAreUnsortedOrRepeated) {
  const Interactions rest = PlantedInteractions(50, 18, 1);
  EXPECT_THAT(ErrorOf({.remaining = rest, .removed = {}, .removed_titles = {5, 3}}),
              HasSubstr("strictly ascending"));
  EXPECT_THAT(ErrorOf({.remaining = rest, .removed = {}, .removed_titles = {5, 5}}),
              HasSubstr("strictly ascending"));
}

TEST(RemovalTest, RefusesHistoriesOverAnotherCatalogue) {
  const Interactions rest = PlantedInteractions(50, 20, 1);
  EXPECT_THAT(ErrorOf({.remaining = rest, .removed = Histories(21, {2}), .removed_titles = {}}),
              HasSubstr("over 21 titles"));
}

TEST(RemovalTest, RefusesHistoriesWithTitlesBeyondTheirWidthOrUnsorted) {
  const Interactions rest = PlantedInteractions(50, 20, 1);
  EXPECT_THAT(ErrorOf({.remaining = rest, .removed = Histories(20, {2, 20}), .removed_titles = {}}),
              HasSubstr("histories of removed members"));
  EXPECT_THAT(ErrorOf({.remaining = rest, .removed = Histories(20, {9, 2}), .removed_titles = {}}),
              HasSubstr("histories of removed members"));
}

TEST(RemovalTest, RefusesARestOfTheWrongWidth) {
  const Interactions rest = PlantedInteractions(50, 20, 1);
  EXPECT_THAT(ErrorOf({.remaining = rest, .removed = {}, .removed_titles = {4}}),
              HasSubstr("expected 19"));
}

TEST(RemovalTest, RefusesToLeaveNothing) {
  Interactions nobody;
  nobody.matrix.column_count = 20;
  EXPECT_THAT(ErrorOf({.remaining = nobody, .removed = {}, .removed_titles = {}}),
              HasSubstr("nothing remains"));
}

TEST(RemovalTest, RefusesAModelOfAnotherLearner) {
  const Interactions all = PlantedInteractions(50, 20, 1);
  const auto model = TrainWith(PopularityLearner(), all, {});
  const auto removal = RemoveWith(EaseLearner(), **model,
                                  {.remaining = all, .removed = {}, .removed_titles = {}}, {});
  ASSERT_FALSE(removal.has_value());
  EXPECT_THAT(removal.error().message, HasSubstr("kind 'popularity'"));
}

TEST(RemovalTest, LearnersWithoutADownDateTrainAgain) {
  const Interactions all = PlantedInteractions(60, 20, 2);
  const RemovalCase split(all, {3}, {4});
  const std::map<std::string, std::string> set = {{"dimensions", "4"}, {"epochs", "2"}};
  const auto model = TrainWith(IalsLearner(), all, set);
  ASSERT_TRUE(model.has_value()) << model.error().message;
  const auto removal = RemoveWith(IalsLearner(), **model, split.data, set);
  ASSERT_TRUE(removal.has_value()) << removal.error().message;
  EXPECT_EQ(removal->method, "retrain");
  EXPECT_EQ(removal->bound, 0);
  EXPECT_TRUE(HaveEqualArrays(*removal->ranker, **TrainWith(IalsLearner(), split.remaining, set)));
}

TEST(CompareRankersTest, FindsTheLargestDifferenceAndWhereItIs) {
  const Interactions all = PlantedInteractions(60, 20, 2);
  Interactions other = all;
  other.matrix.AppendRow(std::vector<uint32_t>{0, 3, 5});
  const auto a = TrainWith(PopularityLearner(), all, {});
  const auto b = TrainWith(PopularityLearner(), other, {});
  const auto same = CompareRankers(**a, **a);
  ASSERT_TRUE(same.has_value());
  EXPECT_TRUE(same->equal);
  EXPECT_EQ(same->absolute, 0);
  const auto apart = CompareRankers(**a, **b);
  ASSERT_TRUE(apart.has_value());
  EXPECT_FALSE(apart->equal);
  EXPECT_EQ(apart->absolute, 1);
  EXPECT_EQ(apart->differing, 3U);
  EXPECT_THAT(apart->largest_name, HasSubstr("title_counts"));
}

TEST(CompareRankersTest, RefusesRankersOfOtherKindsOrCatalogues) {
  const auto a = TrainWith(PopularityLearner(), PlantedInteractions(60, 20, 2), {});
  const auto b = TrainWith(PopularityLearner(), PlantedInteractions(60, 21, 2), {});
  const auto c = TrainWith(EaseLearner(), PlantedInteractions(60, 20, 2), {});
  EXPECT_FALSE(CompareRankers(**a, **b).has_value());
  EXPECT_FALSE(CompareRankers(**a, **c).has_value());
}

}  // namespace
}  // namespace klieg::personalize
