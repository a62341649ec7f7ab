#include "personalize/ease_sparse.h"

#include "personalize/ease.h"
#include "personalize/item_model_checks.h"

namespace klieg::personalize {
namespace {

using ::testing::HasSubstr;

void ExpectEqualToDenseEase(std::map<std::string, std::string> set) {
  const Interactions data = PlantedInteractions(200, 61, 4);
  const auto dense = TrainWith(EaseLearner(), data, set);
  set["neighbours"] = "60";
  const auto sparse = TrainWith(EaseSparseLearner(), data, set);
  ASSERT_TRUE(dense.has_value() && sparse.has_value());
  for (uint32_t i = 0; i < 61; ++i) {
    const std::vector<uint32_t> history = {i};
    for (uint32_t j = 0; j < 61; ++j) {
      const double expected = (*dense)->Explain(history, {}, TitleIndex(j)).score;
      const double found = (*sparse)->Explain(history, {}, TitleIndex(j)).score;
      EXPECT_NEAR(found, expected, 1e-4 * (1 + std::abs(expected))) << i << ", " << j;
    }
  }
}

TEST(EaseSparse, WithAllNeighboursIsEase) { ExpectEqualToDenseEase({{"lambda", "10"}}); }

TEST(EaseSparse, WithAllNeighboursAndExponentsIsEaseWithExponents) {
  ExpectEqualToDenseEase({{"lambda", "1"},
                          {"member_exponent", "0.5"},
                          {"title_exponent", "0.5"},
                          {"output_exponent", "0.5"}});
}

TEST(EaseSparse, SolvesEveryColumnWithinItsNeighbours) {
  const Interactions data = PlantedInteractions(200, 41, 5);
  const auto ranker = TrainWith(EaseSparseLearner(), data, {{"lambda", "7"}, {"neighbours", "6"}});
  ASSERT_TRUE(ranker.has_value());
  const auto x = Dense(data.matrix);
  const auto gram = [&](uint32_t i, uint32_t j) {
    double sum = 0;
    for (const auto& row : x) sum += row[i] * row[j];
    return sum;
  };
  for (uint32_t j = 0; j < 40; ++j) {
    // The support by the stated rule.
    std::vector<std::pair<double, uint32_t>> order;
    for (uint32_t i = 0; i < 41; ++i) {
      if (i == j) continue;
      order.emplace_back(-gram(i, j) / std::sqrt((gram(i, i) + 7) * (gram(j, j) + 7)), i);
    }
    std::ranges::sort(order);
    std::vector<std::vector<double>> system;
    std::vector<double> right;
    for (int r = 0; r < 6; ++r) {
      system.emplace_back();
      for (int c = 0; c < 6; ++c) {
        system.back().push_back(gram(order[r].second, order[c].second) + (r == c ? 7 : 0));
      }
      right.push_back(gram(order[r].second, j));
    }
    const std::vector<double> expected = SolveNaively(system, right);
    for (int r = 0; r < 6; ++r) {
      EXPECT_NEAR(
          (*ranker)->Explain(std::vector<uint32_t>{order[r].second}, {}, TitleIndex(j)).score,
          expected[r], 1e-5)
          << j;
    }
  }
}

TEST(EaseSparse, KeepsTheRankerPromises) {
  ExpectRankerPromises(EaseSparseLearner(),
                       {{"lambda", "10"}, {"neighbours", "8"}, {"member_exponent", "0.3"}});
}

TEST(EaseSparse, TrainsOnCataloguesOfOneAndTwoTitles) {
  ExpectTrainsOnDegenerateData(EaseSparseLearner());
}

TEST(EaseSparse, TrainsInMemoryThatIsTooSmallForTheDenseModel) {
  const Interactions data = PlantedInteractions(50, 1500, 6);
  const uint64_t limit = 4000000;
  const auto dense = TrainWith(EaseLearner(), data, {}, 1, limit);
  ASSERT_FALSE(dense.has_value());
  EXPECT_THAT(dense.error().message, HasSubstr("ease-sparse"));
  const auto sparse = TrainWith(EaseSparseLearner(), data, {{"neighbours", "20"}}, 1, limit);
  ASSERT_TRUE(sparse.has_value()) << sparse.error().message;
  EXPECT_LE((*sparse)->bytes(), 1500U * 20 * 8 + 1501 * 8);
}

TEST(EaseSparse, RefusesMoreNeighboursThanTheMemoryHolds) {
  const auto ranker = TrainWith(EaseSparseLearner(), PlantedInteractions(10, 500, 1), {}, 1, 10000);
  ASSERT_FALSE(ranker.has_value());
  EXPECT_EQ(ranker.error().code, core::ErrorCode::kOutOfMemory);
  EXPECT_THAT(ranker.error().message, HasSubstr("fewer neighbours"));
}

TEST(EaseSparse, RefusesALambdaOutOfRange) {
  EXPECT_FALSE(
      TrainWith(EaseSparseLearner(), PlantedInteractions(10, 5, 1), {{"lambda", "0"}}).has_value());
}

}  // namespace
}  // namespace klieg::personalize
