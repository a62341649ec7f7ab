#include "personalize/tune.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/random.h"

namespace klieg::personalize {
namespace {

using core::ErrorCode;
using ::testing::HasSubstr;

constexpr uint32_t kTitles = 200;

/// Likes titles near a place of the catalogue, whatever the history.
class PlaceRanker : public Ranker {
 public:
  explicit PlaceRanker(double place) : place_(place) {}
  std::string_view kind() const override { return "place"; }
  uint32_t title_count() const override { return kTitles; }
  void Score(const learn::SparseMatrix&, size_t, size_t count,
             core::MatrixView<float> scores) const override {
    for (size_t i = 0; i < count; ++i) {
      for (uint32_t t = 0; t < kTitles; ++t)
        scores(i, t) = static_cast<float>(-std::abs(t - place_));
    }
  }
  Explanation Explain(std::span<const uint32_t>, std::span<const float>,
                      TitleIndex) const override {
    return {};
  }
  void Save(const std::string&, learn::TensorFileWriter&) const override {}
  uint64_t bytes() const override { return 0; }

 private:
  double place_;
};

const HyperParameter kDeclared[] = {
    {.name = "place",
     .default_value = "10",
     .low = 0,
     .high = 200,
     .tune_low = 0,
     .tune_high = 200,
     .meaning = "Where."},
    {.name = "fails_above",
     .default_value = "1000",
     .low = 0,
     .high = 1000,
     .meaning = "Training fails beyond."},
};

/// What the learner was given to train on, for the tests that ask whether that was right. Learners
/// are plain functions.
std::vector<Interactions>& TrainedOn() {
  static std::vector<Interactions> seen;
  return seen;
}

core::Result<std::unique_ptr<Ranker>> TrainPlace(const Interactions& data,
                                                 const HyperParameters& values,
                                                 const TrainContext&) {
  TrainedOn().push_back(data);
  if (values.Real("place") > values.Real("fails_above")) {
    return core::Fail(ErrorCode::kOutOfMemory, "place {} is too far", values.Real("place"));
  }
  return std::make_unique<PlaceRanker>(values.Real("place"));
}

Learner PlaceLearner() {
  return {.name = "place",
          .summary = "",
          .source = "",
          .hyper_parameters = kDeclared,
          .train = &TrainPlace,
          .load = nullptr};
}

/// Members who watch titles around the 120th, each some of them, at rising times.
Interactions AroundPlace(uint64_t seed) {
  core::Random random(seed);
  Interactions data;
  data.matrix.column_count = kTitles;
  for (uint32_t t = 0; t < kTitles; ++t) data.title_names.push_back(fmt::format("t{:03}", t));
  for (uint32_t member = 0; member < 200; ++member) {
    std::set<uint32_t> titles;
    while (titles.size() < 12) {
      titles.insert(
          static_cast<uint32_t>(std::clamp(120 + 12 * random.Normal(), 0.0, kTitles - 1.0)));
    }
    data.matrix.AppendRow(std::vector<uint32_t>(titles.begin(), titles.end()));
    for (size_t i = 0; i < titles.size(); ++i)
      data.times.push_back(static_cast<int64_t>(random.Below(1000)));
    data.member_names.push_back(fmt::format("m{:03}", member));
  }
  return data;
}

class TuneTest : public ::testing::Test {
 protected:
  void SetUp() override { TrainedOn().clear(); }

  core::Result<Tuning> Search(const Interactions& data, TuneOptions options = {.trials = 15},
                              const std::map<std::string, std::string>& fixed = {},
                              const OnTrial& on_trial = {}, std::vector<Trial> completed = {}) {
    options.evaluate.bootstrap_samples = 50;
    return Tune(learner_, data, fixed, options, context_, on_trial, std::move(completed));
  }

  core::ThreadPool pool_{2};
  TrainContext context_{
      .pool = pool_, .progress = core::SilentProgress(), .seed = 1, .memory_limit_bytes = 0};
  Learner learner_ = PlaceLearner();
};

TEST_F(TuneTest, FindsThePlantedPlaceAndBeatsTheDefault) {
  const Tuning tuning = Search(AroundPlace(1), {.trials = 25, .metric = "ndcg@10"}).value();
  ASSERT_EQ(tuning.trials.size(), 25U);
  const Trial& best = tuning.trials[tuning.best];
  EXPECT_NEAR(std::stod(best.values.at("place")), 120, 15) << "planted with a spread of 12";
  EXPECT_TRUE(tuning.trials[0].values.empty()) << "the first trial is the defaults";
  EXPECT_GT(best.metric.value, tuning.trials[0].metric.value);
  EXPECT_EQ(best.metric.name, "ndcg@10");
  EXPECT_LT(best.metric.low, best.metric.high);
  for (const Trial& trial : tuning.trials) EXPECT_LE(trial.metric.value, best.metric.value);
}

TEST_F(TuneTest, ValidationMembersDecide) {
  const Interactions data = AroundPlace(2);
  const Tuning tuning = Search(data, {.trials = 1}).value();
  const Split validation = MakeSplit(data, SplitKind::kStrong, SplitPart::kValidation, {}).value();
  const Evaluation evaluation =
      Evaluate(PlaceRanker(10), validation, {}, {.cutoffs = {100}, .bootstrap_samples = 50}, pool_,
               core::SilentProgress())
          .value();
  const auto metric = std::ranges::find(evaluation.metrics, "ndcg@100", &MetricValue::name);
  EXPECT_EQ(tuning.trials[0].metric.value, metric->value);
  EXPECT_EQ(tuning.description, validation.description);
}

// Whatever test members did, and whatever is a test target, the search must come out the same.
TEST_F(TuneTest, TestMembersAreNeverSeen) {
  const Interactions data = AroundPlace(3);
  const Split test = MakeSplit(data, SplitKind::kStrong, SplitPart::kTest, {}).value();
  const std::set<std::string> test_members(test.member_names.begin(), test.member_names.end());
  Interactions other = data;
  for (uint32_t member = 0; member < data.member_count(); ++member) {
    if (!test_members.contains(data.member_names[member])) continue;
    for (uint64_t i = 0; i < other.matrix.RowSize(member); ++i) {
      other.matrix.columns[other.matrix.row_begin[member] + i] = static_cast<uint32_t>(i);
    }
  }
  ASSERT_NE(data.matrix, other.matrix);
  const Tuning a = Search(data).value();
  const Tuning b = Search(other).value();
  for (size_t i = 0; i < a.trials.size(); ++i) {
    EXPECT_EQ(a.trials[i].values, b.trials[i].values);
    EXPECT_EQ(a.trials[i].metric.value, b.trials[i].metric.value);
    EXPECT_EQ(a.trials[i].metric.low, b.trials[i].metric.low);
  }
  for (const Interactions& seen : TrainedOn()) {
    for (const std::string& member : seen.member_names)
      EXPECT_FALSE(test_members.contains(member)) << member;
  }
}

TEST_F(TuneTest, TestTargetsOfTheSplitLastAreNeverSeen) {
  const Interactions data = AroundPlace(4);
  const Split test = MakeSplit(data, SplitKind::kLast, SplitPart::kTest, {}).value();
  ASSERT_TRUE(Search(data, {.trials = 2, .split = SplitKind::kLast}));
  ASSERT_EQ(TrainedOn().size(), 2U);
  for (const Interactions& seen : TrainedOn()) {
    ASSERT_EQ(seen.member_names, test.member_names);
    for (uint32_t member = 0; member < seen.member_count(); ++member) {
      const uint32_t target = test.target.RowColumns(member)[0];
      EXPECT_FALSE(std::ranges::binary_search(seen.matrix.RowColumns(member), target));
    }
  }
}

TEST_F(TuneTest, GoesOnWhereItWasInterrupted) {
  const Interactions data = AroundPlace(5);
  const Tuning whole = Search(data).value();
  std::vector<Trial> recorded(whole.trials.begin(), whole.trials.begin() + 7);
  TrainedOn().clear();
  std::vector<uint32_t> reported;
  const Tuning resumed =
      Search(
          data, {.trials = 15}, {}, [&](const Trial& trial) { reported.push_back(trial.number); },
          recorded)
          .value();
  EXPECT_EQ(TrainedOn().size(), 8U) << "completed trials are not trained again";
  EXPECT_EQ(reported, (std::vector<uint32_t>{7, 8, 9, 10, 11, 12, 13, 14}));
  ASSERT_EQ(resumed.trials.size(), whole.trials.size());
  for (size_t i = 0; i < whole.trials.size(); ++i) {
    EXPECT_EQ(resumed.trials[i].values, whole.trials[i].values);
    EXPECT_EQ(resumed.trials[i].metric.value, whole.trials[i].metric.value);
  }
  EXPECT_EQ(resumed.best, whole.best);
}

TEST_F(TuneTest, AFailedTrialIsRecordedAndTheSearchGoesOn) {
  const Tuning tuning = Search(AroundPlace(6), {.trials = 15}, {{"fails_above", "100"}}).value();
  size_t failed = 0;
  for (const Trial& trial : tuning.trials) {
    EXPECT_EQ(trial.values.at("fails_above"), "100");
    const bool too_far = trial.number > 0 && std::stod(trial.values.at("place")) > 100;
    EXPECT_EQ(!trial.error.empty(), too_far);
    failed += too_far ? 1 : 0;
  }
  EXPECT_GT(failed, 0U);
  EXPECT_TRUE(tuning.trials[tuning.best].error.empty());
}

TEST_F(TuneTest, WhenEveryTrialFailsSoDoesTheSearch) {
  const auto result =
      Search(AroundPlace(6), {.trials = 3}, {{"fails_above", "0"}, {"place", "50"}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kOutOfMemory);
  EXPECT_THAT(result.error().message, HasSubstr("too far"));
}

TEST_F(TuneTest, WithNothingToTuneOneTrialIsEnough) {
  const Tuning tuning = Search(AroundPlace(7), {.trials = 9}, {{"place", "120"}}).value();
  EXPECT_EQ(tuning.trials.size(), 1U);
}

TEST_F(TuneTest, BadRequestsFailBeforeAnythingIsTrained) {
  const Interactions data = AroundPlace(8);
  EXPECT_FALSE(Search(data, {.trials = 0}));
  for (const char* metric : {"ndcg", "ndcg@0", "ndcg@ten", "gini@10", "@10", ""}) {
    const auto result = Search(data, {.trials = 2, .metric = metric});
    ASSERT_FALSE(result) << metric;
    EXPECT_THAT(result.error().message, HasSubstr("hit_rate"));
  }
  EXPECT_FALSE(Search(data, {.trials = 2}, {{"plaice", "3"}}));
  EXPECT_FALSE(Search(data, {.trials = 2}, {{"place", "-3"}}));
  EXPECT_FALSE(Search(data, {.trials = 2, .split = SplitKind::kFiles}));
  Trial third;
  third.number = 2;
  EXPECT_FALSE(Search(data, {.trials = 5}, {}, {}, {third}));
  EXPECT_TRUE(TrainedOn().empty());
}

}  // namespace
}  // namespace klieg::personalize
