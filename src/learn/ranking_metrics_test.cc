#include "learn/ranking_metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "core/random.h"

namespace klieg::learn {
namespace {

// List: hit, miss, miss, hit, hit, …; six targets, worked out by hand.
const std::vector<uint32_t> kPlaces = {0, 3, 4};

TEST(RankingMetricsTest, TruncatedRecallDividesByWhatFits) {
  EXPECT_DOUBLE_EQ(RecallTruncated(kPlaces, 6, 4), 2.0 / 4);
  EXPECT_DOUBLE_EQ(RecallTruncated(kPlaces, 6, 10), 3.0 / 6);
  EXPECT_DOUBLE_EQ(RecallTruncated({}, 6, 10), 0);
}

TEST(RankingMetricsTest, FullRecallDividesByAllTargets) {
  EXPECT_DOUBLE_EQ(RecallFull(kPlaces, 6, 4), 2.0 / 6);
  EXPECT_DOUBLE_EQ(RecallFull(kPlaces, 6, 10), 3.0 / 6);
}

TEST(RankingMetricsTest, NdcgWorkedOutByHand) {
  const Ndcg ndcg(10);
  const double gain = 1 + 1 / std::log2(5.0) + 1 / std::log2(6.0);
  const double ideal_4 = 1 + 1 / std::log2(3.0) + 0.5 + 1 / std::log2(5.0);
  EXPECT_NEAR(ndcg.At(kPlaces, 6, 4), (1 + 1 / std::log2(5.0)) / ideal_4, 1e-15);
  EXPECT_NEAR(ndcg.At(kPlaces, 3, 10), gain / (1 + 1 / std::log2(3.0) + 0.5), 1e-15);
  EXPECT_DOUBLE_EQ(ndcg.At({}, 3, 10), 0);
  EXPECT_DOUBLE_EQ(ndcg.At(std::vector<uint32_t>{0, 1, 2}, 3, 10), 1);
}

TEST(RankingMetricsTest, AveragePrecisionWorkedOutByHand) {
  EXPECT_DOUBLE_EQ(AveragePrecision(kPlaces, 6, 10), (1.0 + 2.0 / 4 + 3.0 / 5) / 6);
  EXPECT_DOUBLE_EQ(AveragePrecision(kPlaces, 6, 4), (1.0 + 2.0 / 4) / 4);
}

TEST(RankingMetricsTest, FirstHitDecidesReciprocalRankAndHitRate) {
  const std::vector<uint32_t> third = {2, 7};
  EXPECT_DOUBLE_EQ(ReciprocalRank(third, 3), 1.0 / 3);
  EXPECT_DOUBLE_EQ(ReciprocalRank(third, 2), 0);
  EXPECT_DOUBLE_EQ(ReciprocalRank({}, 2), 0);
  EXPECT_DOUBLE_EQ(HitRate(third, 3), 1);
  EXPECT_DOUBLE_EQ(HitRate(third, 2), 0);
}

// The definitions once more, from the list itself and as slowly as they read.
TEST(RankingMetricsTest, AgreesWithTheDefinitionsOnRandomLists) {
  core::Random random(5);
  const Ndcg ndcg(60);
  for (int round = 0; round < 300; ++round) {
    const std::vector<uint32_t> order = random.Permutation(50);
    const size_t length = 1 + random.Below(50);
    const std::vector<uint32_t> list(order.begin(), order.begin() + static_cast<ptrdiff_t>(length));
    std::set<uint32_t> target;
    while (target.empty()) {
      for (uint32_t title = 0; title < 50; ++title) {
        if (random.Uniform() < 0.2) target.insert(title);
      }
    }
    std::vector<uint32_t> places;
    for (uint32_t i = 0; i < length; ++i) {
      if (target.contains(list[i])) places.push_back(i);
    }
    const auto k = static_cast<uint32_t>(1 + random.Below(60));
    double hits = 0;
    double precision_sum = 0;
    double gain = 0;
    double ideal = 0;
    double first = 0;
    for (size_t i = 0; i < std::min<size_t>(k, length); ++i) {
      if (!target.contains(list[i])) continue;
      hits += 1;
      precision_sum += hits / static_cast<double>(i + 1);
      gain += std::log(2.0) / std::log(static_cast<double>(i) + 2);
      if (first == 0) first = 1.0 / static_cast<double>(i + 1);
    }
    const size_t possible = std::min<size_t>(k, target.size());
    for (size_t i = 0; i < possible; ++i)
      ideal += std::log(2.0) / std::log(static_cast<double>(i) + 2);
    const auto n = target.size();
    EXPECT_NEAR(RecallTruncated(places, n, k), hits / static_cast<double>(possible), 1e-12);
    EXPECT_NEAR(RecallFull(places, n, k), hits / static_cast<double>(n), 1e-12);
    EXPECT_NEAR(AveragePrecision(places, n, k), precision_sum / static_cast<double>(possible),
                1e-12);
    EXPECT_NEAR(ndcg.At(places, n, k), gain / ideal, 1e-12);
    EXPECT_NEAR(ReciprocalRank(places, k), first, 1e-12);
    EXPECT_EQ(HitRate(places, k), hits > 0 ? 1 : 0);
  }
}

}  // namespace
}  // namespace klieg::learn
