#include "personalize/evaluate.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "core/random.h"

namespace klieg::personalize {
namespace {

using core::ErrorCode;
using ::testing::HasSubstr;

/// Scores that were written down: row e of a table for member e, whatever the history.
class TableRanker : public Ranker {
 public:
  explicit TableRanker(core::Matrix<float> scores) : scores_(std::move(scores)) {}
  std::string_view kind() const override { return "table"; }
  uint32_t title_count() const override { return static_cast<uint32_t>(scores_.columns()); }
  void Score(const learn::SparseMatrix&, size_t first, size_t count,
             core::MatrixView<float> scores) const override {
    for (size_t i = 0; i < count; ++i)
      std::ranges::copy(scores_.Row(first + i), scores.Row(i).begin());
  }
  Explanation Explain(std::span<const uint32_t>, std::span<const float>,
                      TitleIndex) const override {
    return {};
  }
  void Save(const std::string&, learn::TensorFileWriter&) const override {}
  uint64_t bytes() const override { return 0; }

 private:
  core::Matrix<float> scores_;
};

TableRanker RankerOf(const std::vector<std::vector<float>>& rows) {
  core::Matrix<float> scores(rows.size(), rows.front().size());
  for (size_t e = 0; e < rows.size(); ++e) std::ranges::copy(rows[e], scores.Row(e).begin());
  return TableRanker(std::move(scores));
}

Split SplitOf(uint32_t titles, const std::vector<std::vector<uint32_t>>& fold_in,
              const std::vector<std::vector<uint32_t>>& target) {
  Split split;
  split.fold_in.column_count = titles;
  split.target.column_count = titles;
  for (size_t e = 0; e < target.size(); ++e) {
    split.fold_in.AppendRow(fold_in[e]);
    split.target.AppendRow(target[e]);
    split.member_names.push_back(fmt::format("m{}", e));
  }
  return split;
}

/// Many members with random histories, targets and scores with ties.
struct World {
  Split split;
  core::Matrix<float> scores;
  TitleFacts facts;
};

World RandomWorld(uint32_t members, uint32_t titles, uint64_t seed) {
  core::Random random(seed);
  World world;
  std::vector<std::vector<uint32_t>> fold_in(members);
  std::vector<std::vector<uint32_t>> target(members);
  world.scores = core::Matrix<float>(members, titles);
  for (uint32_t e = 0; e < members; ++e) {
    while (target[e].empty()) {
      fold_in[e].clear();
      for (uint32_t t = 0; t < titles; ++t) {
        const double place = random.Uniform();
        if (place < 0.2) fold_in[e].push_back(t);
        if (place > 0.95) target[e].push_back(t);
      }
    }
    for (uint32_t t = 0; t < titles; ++t) world.scores(e, t) = static_cast<float>(random.Below(50));
  }
  world.split = SplitOf(titles, fold_in, target);
  for (uint32_t t = 0; t < titles; ++t) {
    world.facts.train_counts.push_back(static_cast<uint32_t>(random.Below(100)));
    std::vector<std::string> genres;
    for (const char* genre : {"noir", "farce", "saga"}) {
      if (random.Uniform() < 0.4) genres.emplace_back(genre);
    }
    world.facts.genres.push_back(genres);
  }
  return world;
}

core::Result<Evaluation> Judge(const Ranker& ranker, const Split& split,
                               const TitleFacts& facts = {}, EvaluateOptions options = {},
                               size_t threads = 2) {
  core::ThreadPool pool(threads);
  if (options.bootstrap_samples == 2000) options.bootstrap_samples = 100;
  return Evaluate(ranker, split, facts, options, pool, core::SilentProgress());
}

MetricValue Metric(const Evaluation& evaluation, std::string_view name) {
  const auto place = std::ranges::find(evaluation.metrics, name, &MetricValue::name);
  EXPECT_NE(place, evaluation.metrics.end()) << name;
  return place == evaluation.metrics.end() ? MetricValue() : *place;
}

TEST(EvaluateTest, WorkedOutByHand) {
  // Member 0 lists 3, 1, 4 (0 and 2 were watched), wants 1; member 1 lists 0, 1, 2 (ties by index),
  // wants 2 and 4.
  const TableRanker ranker = RankerOf({{9, 5, 8, 7, 1}, {3, 3, 3, 3, 0}});
  const Split split = SplitOf(5, {{0, 2}, {3}}, {{1}, {2, 4}});
  const Evaluation evaluation = Judge(ranker, split, {}, {.cutoffs = {3, 1}}).value();
  EXPECT_EQ(evaluation.members, 2U);
  EXPECT_DOUBLE_EQ(Metric(evaluation, "recall@1").value, 0);
  EXPECT_DOUBLE_EQ(Metric(evaluation, "recall@3").value, (1 + 0.5) / 2);
  EXPECT_DOUBLE_EQ(Metric(evaluation, "recall_full@3").value, (1 + 0.5) / 2);
  EXPECT_NEAR(Metric(evaluation, "mrr@3").value, (1.0 / 2 + 1.0 / 3) / 2, 1e-7);
  EXPECT_DOUBLE_EQ(Metric(evaluation, "hit_rate@3").value, 1);
  EXPECT_NEAR(Metric(evaluation, "map@3").value, (1.0 / 2 + (1.0 / 3) / 2) / 2, 1e-7);
  const double first = 1 / std::log2(3.0);
  const double second = 0.5 / (1 + 1 / std::log2(3.0));
  EXPECT_NEAR(Metric(evaluation, "ndcg@3").value, (first + second) / 2, 1e-7);
  // Listed: 3 1 4 and 0 1 2: all five titles, title 1 twice.
  EXPECT_DOUBLE_EQ(Metric(evaluation, "coverage@3").value, 1);
  EXPECT_DOUBLE_EQ(Metric(evaluation, "coverage@1").value, 0.4);
  EXPECT_NEAR(Metric(evaluation, "gini@3").value, (-4.0 * 1 - 2 * 1 + 0 + 2 * 1 + 4 * 2) / (5 * 6),
              1e-12);
}

TEST(EvaluateTest, AgreesWithAnotherImplementationOnRandomData) {
  World world = RandomWorld(300, 400, 17);
  const TableRanker ranker(world.scores.Clone());
  const Evaluation evaluation = Judge(ranker, world.split, world.facts, {.cutoffs = {20}}).value();
  double recall = 0;
  double ndcg = 0;
  double novelty = 0;
  const double watched =
      std::accumulate(world.facts.train_counts.begin(), world.facts.train_counts.end(), 0.0);
  for (uint32_t e = 0; e < 300; ++e) {
    std::vector<uint32_t> list;
    for (uint32_t t = 0; t < 400; ++t) {
      if (!std::ranges::binary_search(world.split.fold_in.RowColumns(e), t)) list.push_back(t);
    }
    std::ranges::sort(list, [&](uint32_t a, uint32_t b) {
      return std::pair(-world.scores(e, a), a) < std::pair(-world.scores(e, b), b);
    });
    const auto target = world.split.target.RowColumns(e);
    const size_t possible = std::min<size_t>(20, target.size());
    double hits = 0;
    double gain = 0;
    double ideal = 0;
    double bits = 0;
    for (size_t i = 0; i < 20; ++i) {
      const double discount = 1 / std::log2(static_cast<double>(i) + 2);
      const bool hit = std::ranges::binary_search(target, list[i]);
      hits += hit ? 1 : 0;
      gain += hit ? discount : 0;
      ideal += i < possible ? discount : 0;
      bits -= std::log2(std::max(1U, world.facts.train_counts[list[i]]) / watched);
    }
    recall += hits / static_cast<double>(possible) / 300;
    ndcg += gain / ideal / 300;
    novelty += bits / 20 / 300;
  }
  EXPECT_NEAR(Metric(evaluation, "recall@20").value, recall, 1e-6);
  EXPECT_NEAR(Metric(evaluation, "ndcg@20").value, ndcg, 1e-6);
  EXPECT_NEAR(Metric(evaluation, "novelty@20").value, novelty, 1e-5);
}

TEST(EvaluateTest, SameBytesForAnyNumberOfThreads) {
  World world = RandomWorld(700, 90, 3);
  const TableRanker ranker(world.scores.Clone());
  const Evaluation one = Judge(ranker, world.split, world.facts, {}, 1).value();
  const Evaluation three = Judge(ranker, world.split, world.facts, {}, 3).value();
  ASSERT_EQ(one.metrics.size(), three.metrics.size());
  for (size_t i = 0; i < one.metrics.size(); ++i) {
    EXPECT_EQ(one.metrics[i].name, three.metrics[i].name);
    for (const auto field : {&MetricValue::value, &MetricValue::low, &MetricValue::high}) {
      const double a = one.metrics[i].*field;
      const double b = three.metrics[i].*field;
      EXPECT_EQ(std::memcmp(&a, &b, sizeof(double)), 0) << one.metrics[i].name;
    }
  }
  EXPECT_EQ(std::memcmp(one.member_metrics.data(), three.member_metrics.data(),
                        one.member_metrics.rows() * one.member_metrics.columns() * sizeof(float)),
            0);
}

TEST(EvaluateTest, EveryMetricHasAnIntervalAroundItAndItsMethod) {
  World world = RandomWorld(400, 120, 5);
  const TableRanker ranker(std::move(world.scores));
  const Evaluation evaluation =
      Judge(ranker, world.split, world.facts, {.cutoffs = {10, 50}}).value();
  EXPECT_EQ(evaluation.metrics.size(), 22U) << "eleven metrics at two cutoffs";
  for (const MetricValue& metric : evaluation.metrics) {
    EXPECT_LE(metric.low, metric.value) << metric.name;
    EXPECT_GE(metric.high, metric.value) << metric.name;
    EXPECT_FALSE(metric.method.empty());
  }
  EXPECT_EQ(Metric(evaluation, "ndcg@10").method, "percentile bootstrap over members, 100 samples");
  EXPECT_LT(Metric(evaluation, "ndcg@10").low, Metric(evaluation, "ndcg@10").high);
  EXPECT_LT(Metric(evaluation, "gini@10").low, Metric(evaluation, "gini@10").high);
}

TEST(EvaluateTest, WithoutFactsTheirMetricsAreAbsent) {
  World world = RandomWorld(20, 40, 5);
  const TableRanker ranker(std::move(world.scores));
  const Evaluation evaluation = Judge(ranker, world.split, {}, {.cutoffs = {10}}).value();
  for (const MetricValue& metric : evaluation.metrics) {
    EXPECT_THAT(metric.name,
                ::testing::Not(::testing::AnyOf(HasSubstr("novelty"), HasSubstr("diversity"),
                                                HasSubstr("calibration"))));
  }
}

TEST(EvaluateTest, UndefinedForSomeMembersLeavesThemOut) {
  // Member 0 has a history without genres: calibration is not defined for it.
  const TableRanker ranker = RankerOf({{3, 2, 1, 0}, {3, 2, 1, 0}});
  const Split split = SplitOf(4, {{3}, {0}}, {{1}, {2}});
  const TitleFacts facts{.genres = {{"noir"}, {"noir"}, {"noir"}, {}}, .train_counts = {}};
  const Evaluation evaluation = Judge(ranker, split, facts, {.cutoffs = {2}}).value();
  EXPECT_NEAR(Metric(evaluation, "calibration@2").value, 0, 1e-9);
  const auto column =
      static_cast<size_t>(std::ranges::find(evaluation.member_metric_names, "calibration@2") -
                          evaluation.member_metric_names.begin());
  EXPECT_TRUE(std::isnan(evaluation.member_metrics(0, column)));
  EXPECT_FALSE(std::isnan(evaluation.member_metrics(1, column)));
}

TEST(EvaluateTest, ListsAreShorterWhenTheCatalogueIs) {
  const TableRanker ranker = RankerOf({{1, 2, 3}});
  const Split split = SplitOf(3, {{2}}, {{0}});
  const Evaluation evaluation = Judge(ranker, split, {}, {.cutoffs = {100}}).value();
  EXPECT_DOUBLE_EQ(Metric(evaluation, "recall@100").value, 1);
  EXPECT_NEAR(Metric(evaluation, "ndcg@100").value, 1 / std::log2(3.0), 1e-7);
  EXPECT_NEAR(Metric(evaluation, "coverage@100").value, 2.0 / 3, 1e-12);
  EXPECT_EQ(Metric(evaluation, "coverage@100").method, "one member: no interval");
}

TEST(EvaluateTest, ScoresThatAreNotFiniteAreAnErrorThatNamesTheMember) {
  World world = RandomWorld(300, 60, 5);
  const uint32_t title = world.split.target.RowColumns(222)[0];
  world.scores(222, title) = std::nanf("");
  const TableRanker ranker(std::move(world.scores));
  const auto result = Judge(ranker, world.split);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kInternal);
  EXPECT_THAT(result.error().message, HasSubstr("'m222'"));
}

TEST(EvaluateTest, ARankerOfAnotherCatalogueFails) {
  const auto result = Judge(RankerOf({{1, 2}}), SplitOf(3, {{2}}, {{0}}));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
}

TEST(EvaluateTest, FactsOfAnotherCatalogueFail) {
  EXPECT_FALSE(Judge(RankerOf({{1, 2, 3}}), SplitOf(3, {{2}}, {{0}}),
                     {.genres = {}, .train_counts = {1, 2}}));
}

TEST(EvaluateTest, OptionsOutOfRangeFail) {
  const TableRanker ranker = RankerOf({{1, 2, 3}});
  const Split split = SplitOf(3, {{2}}, {{0}});
  EXPECT_FALSE(Judge(ranker, split, {}, {.cutoffs = {}}));
  EXPECT_FALSE(Judge(ranker, split, {}, {.cutoffs = {10, 0}}));
  EXPECT_FALSE(Judge(ranker, split, {}, {.bootstrap_samples = 0}));
  EXPECT_FALSE(Judge(ranker, split, {}, {.confidence = 1}));
  EXPECT_FALSE(Judge(ranker, split, {}, {.confidence = std::nan("")}));
}

TEST(EvaluateTest, ASplitWithoutMembersFails) {
  EXPECT_FALSE(Judge(RankerOf({{1, 2, 3}}), SplitOf(3, {}, {})));
}

/// b is a with `lift` added to the scores of the targets.
std::pair<Evaluation, Evaluation> Pair(float lift, uint64_t seed) {
  World world = RandomWorld(500, 100, seed);
  const TableRanker a(world.scores.Clone());
  for (uint32_t e = 0; e < 500; ++e) {
    for (const uint32_t t : world.split.target.RowColumns(e)) world.scores(e, t) += lift;
  }
  const TableRanker b(std::move(world.scores));
  return {Judge(a, world.split).value(), Judge(b, world.split).value()};
}

TEST(CompareTest, ABetterRankerIsFoundBetterAndTheSignTurnsWithTheOrder) {
  const auto [a, b] = Pair(5, 1);
  const Comparison forward = Compare(a, b, "ndcg@10", {}).value();
  EXPECT_GT(forward.difference, 0);
  EXPECT_TRUE(forward.real);
  EXPECT_LT(forward.p_value, 0.01);
  EXPECT_GE(forward.p_value, 1.0 / 2001);
  EXPECT_EQ(forward.members, 500U);
  EXPECT_NEAR(forward.difference, Metric(b, "ndcg@10").value - Metric(a, "ndcg@10").value, 1e-6);
  const Comparison backward = Compare(b, a, "ndcg@10", {}).value();
  EXPECT_DOUBLE_EQ(backward.difference, -forward.difference);
  EXPECT_DOUBLE_EQ(backward.p_value, forward.p_value);
}

TEST(CompareTest, PairingSeesWhatTheIntervalsOfTheTwoDoNot) {
  const auto [a, b] = Pair(0.5F, 2);
  EXPECT_GT(Metric(a, "ndcg@50").high, Metric(b, "ndcg@50").low) << "the intervals overlap";
  EXPECT_TRUE(Compare(a, b, "ndcg@50", {})->real);
}

TEST(CompareTest, TheSameRankerTwiceDoesNotDiffer) {
  const auto [a, b] = Pair(0, 3);
  const Comparison comparison = Compare(a, b, "recall@20", {}).value();
  EXPECT_EQ(comparison.difference, 0);
  EXPECT_EQ(comparison.p_value, 1);
  EXPECT_FALSE(comparison.real);
}

// Of two rankers that guess, a real difference must be claimed about as rarely as the confidence
// says.
TEST(CompareTest, GuessersAreRarelyCalledDifferent) {
  int called = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    World world = RandomWorld(60, 80, 100 + seed);
    const TableRanker a(RandomWorld(60, 80, 5000 + seed).scores);
    const TableRanker b(std::move(world.scores));
    EvaluateOptions options{.cutoffs = {20}, .bootstrap_samples = 300, .seed = seed};
    called += Compare(Judge(a, world.split, {}, options).value(),
                      Judge(b, world.split, {}, options).value(), "ndcg@20", options)
                  ->real;
  }
  EXPECT_LE(called, 13) << "5 expected; more than 13 has a chance of 3 in 10,000";
}

TEST(CompareTest, EvaluationsOfOtherMembersCannotBeCompared) {
  const auto [a, b] = Pair(0, 3);
  const auto [c, d] = Pair(0, 4);
  const auto result = Compare(a, c, "ndcg@10", {});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("same split"));
}

TEST(CompareTest, UnknownMetricsListTheChoices) {
  const auto [a, b] = Pair(0, 3);
  const auto result = Compare(a, b, "coverage@10", {});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("ndcg@100"));
}

}  // namespace
}  // namespace klieg::personalize
