#include "personalize/removal_item_knn.h"

#include <algorithm>
#include <numeric>

#include "personalize/item_knn.h"
#include "personalize/item_model_checks.h"

namespace klieg::personalize {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Settings = std::map<std::string, std::string>;

/// Removes and compares with training on what remains, to the bit. Returns the basis.
std::string ExpectEqualsTraining(const Interactions& all, const std::vector<uint32_t>& members,
                                 const std::vector<uint32_t>& titles, const Settings& set) {
  const RemovalCase split(all, members, titles);
  const auto model = TrainWith(ItemKnnLearner(), all, set);
  const auto retrained = TrainWith(ItemKnnLearner(), split.remaining, set);
  EXPECT_TRUE(model.has_value() && retrained.has_value());
  std::string basis;
  for (const size_t threads : {1, 3}) {
    const auto removal = RemoveWith(ItemKnnLearner(), **model, split.data, set, threads);
    EXPECT_TRUE(removal.has_value()) << removal.error().message;
    if (!removal) return "";
    EXPECT_EQ(removal->method, "recount");
    EXPECT_EQ(removal->bound, 0);
    EXPECT_TRUE(HaveEqualArrays(*removal->ranker, **retrained)) << removal->bound_basis;
    basis = removal->bound_basis;
  }
  return basis;
}

/// Members watch titles near their own taste only: most rows cannot change with one member.
Interactions Neighbourhoods(uint32_t members, uint32_t titles, uint64_t seed) {
  core::Random random(seed);
  Interactions data;
  data.matrix.column_count = titles;
  for (uint32_t member = 0; member < members; ++member) {
    std::vector<uint32_t> row;
    const auto centre = static_cast<uint32_t>(random.Below(titles));
    for (uint32_t near = 0; near < 12; ++near) {
      if (random.Below(3) == 0) row.push_back((centre + near * near) % titles);
    }
    row.push_back(centre);
    std::ranges::sort(row);
    row.erase(std::ranges::unique(row).begin(), row.end());
    data.matrix.AppendRow(row);
    data.member_names.push_back(std::to_string(member));
  }
  for (uint32_t title = 0; title < titles; ++title)
    data.title_names.push_back(std::to_string(title));
  return data;
}

class RemovalFromItemKnn : public testing::TestWithParam<const char*> {};

TEST_P(RemovalFromItemKnn, EqualsTrainingFromScratchToTheBit) {
  const Interactions all = Neighbourhoods(150, 70, 3);
  std::vector<uint32_t> most(148);
  std::iota(most.begin(), most.end(), 0);
  for (const char* neighbours : {"1", "5", "200"}) {
    for (const char* shrinkage : {"0", "3"}) {
      const Settings set = {
          {"weighting", GetParam()}, {"neighbours", neighbours}, {"shrinkage", shrinkage}};
      for (const std::vector<uint32_t>& titles : {std::vector<uint32_t>{}, {4}, {0, 40, 69}}) {
        ExpectEqualsTraining(all, {7}, titles, set);
        ExpectEqualsTraining(all, {0, 75, 149}, titles, set);
        ExpectEqualsTraining(all, most, titles, set);
        ExpectEqualsTraining(all, {}, titles, set);
      }
    }
  }
}

TEST_P(RemovalFromItemKnn, EqualsTrainingWithPopularityPenaltiesAndTiesAtTheEdge) {
  const Interactions all = Neighbourhoods(200, 60, 4);
  for (const char* penalty : {"-0.7", "0.6", "2"}) {
    for (const char* neighbours : {"1", "2", "4"}) {
      const Settings set = {
          {"weighting", GetParam()}, {"popularity_penalty", penalty}, {"neighbours", neighbours}};
      ExpectEqualsTraining(all, {7}, {}, set);
      ExpectEqualsTraining(all, {7, 8, 90}, {3, 30}, set);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Weightings, RemovalFromItemKnn,
                         testing::Values("cosine", "tf-idf", "bm25", "random-walk"));

TEST(RemovalFromItemKnnRows, OnlyThoseThatCanChangeAreCountedAgain) {
  const Interactions all = Neighbourhoods(300, 90, 3);
  const auto history = static_cast<size_t>(all.matrix.RowSize(7));
  for (const char* weighting : {"cosine", "tf-idf", "random-walk"}) {
    EXPECT_THAT(ExpectEqualsTraining(all, {7}, {}, {{"weighting", weighting}}),
                StartsWith(fmt::format("{} of 90 rows", history)));
  }
  EXPECT_THAT(ExpectEqualsTraining(all, {7}, {}, {{"weighting", "bm25"}}), HasSubstr("every row"));
  EXPECT_THAT(ExpectEqualsTraining(all, {7}, {}, {{"weighting", "bm25"}, {"b", "0"}}),
              StartsWith(fmt::format("{} of 90 rows", history)));
  EXPECT_THAT(ExpectEqualsTraining(all, {}, {5}, {{"weighting", "tf-idf"}}),
              HasSubstr("every row"));
  EXPECT_THAT(ExpectEqualsTraining(all, {}, {5}, {{"weighting", "cosine"}}),
              HasSubstr("0 of 89 rows"));
}

TEST(RemovalFromItemKnnRows, RemovingNobodyChangesNoByte) {
  const Interactions all = Neighbourhoods(100, 40, 5);
  for (const char* weighting : {"cosine", "tf-idf", "bm25", "random-walk"}) {
    const Settings set = {{"weighting", weighting}, {"neighbours", "6"}};
    const auto model = TrainWith(ItemKnnLearner(), all, set);
    ASSERT_TRUE(model.has_value());
    learn::SparseMatrix nobody;
    nobody.column_count = 40;
    nobody.AppendRow({});
    learn::SparseMatrix stranger;
    stranger.column_count = 40;
    stranger.AppendRow(std::vector<uint32_t>{1, 2, 3});
    for (const learn::SparseMatrix& removed : {nobody, stranger}) {
      const RemovalData data{.remaining = all, .removed = removed, .removed_titles = {}};
      const auto removal = RemoveWith(ItemKnnLearner(), **model, data, set);
      ASSERT_TRUE(removal.has_value());
      EXPECT_TRUE(HaveEqualArrays(*removal->ranker, **model));
    }
  }
}

TEST(RemovalFromItemKnnRows, AModelFromAFileIsAsGoodAsOneInMemory) {
  const Interactions all = Neighbourhoods(200, 60, 6);
  const Settings set = {{"weighting", "cosine"}, {"neighbours", "4"}};
  const RemovalCase split(all, {3, 9}, {11});
  const auto model = TrainWith(ItemKnnLearner(), all, set);
  const auto loaded = Reloaded(ItemKnnLearner(), **model);
  const auto removal = RemoveWith(ItemKnnLearner(), *loaded, split.data, set);
  ASSERT_TRUE(removal.has_value());
  const auto retrained = TrainWith(ItemKnnLearner(), split.remaining, set);
  EXPECT_EQ(SavedDigest(*removal->ranker), SavedDigest(**retrained));
}

TEST(RemovalFromItemKnnRows, RemovalsOneAfterAnotherEqualOneOfAll) {
  const Interactions all = Neighbourhoods(200, 60, 6);
  const Settings set = {{"weighting", "cosine"}, {"neighbours", "4"}};
  const RemovalCase first(all, {3}, {});
  const RemovalCase second(first.remaining, {100}, {20});
  const auto model = TrainWith(ItemKnnLearner(), all, set);
  const auto once = RemoveWith(ItemKnnLearner(), **model, first.data, set);
  ASSERT_TRUE(once.has_value());
  const auto twice = RemoveWith(ItemKnnLearner(), *once->ranker, second.data, set);
  ASSERT_TRUE(twice.has_value());
  const auto retrained = TrainWith(ItemKnnLearner(), second.remaining, set);
  EXPECT_TRUE(HaveEqualArrays(*twice->ranker, **retrained));
}

}  // namespace
}  // namespace klieg::personalize
