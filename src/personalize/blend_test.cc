#include "personalize/blend.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <numeric>

#include "core/file.h"
#include "personalize/ease.h"

namespace klieg::personalize {
namespace {

/// Scores a title by a fixed amount plus so much for each title of the history.
class FixedRanker : public Ranker {
 public:
  FixedRanker(std::vector<float> base, float per_title)
      : base_(std::move(base)), per_title_(per_title) {}
  std::string_view kind() const override { return "fixed"; }
  uint32_t title_count() const override { return static_cast<uint32_t>(base_.size()); }
  void Score(const learn::SparseMatrix& histories, size_t first, size_t count,
             core::MatrixView<float> scores) const override {
    for (size_t row = 0; row < count; ++row) {
      for (size_t t = 0; t < base_.size(); ++t) {
        scores(row, t) = base_[t] + per_title_ * static_cast<float>(histories.RowSize(first + row));
      }
    }
  }
  Explanation Explain(std::span<const uint32_t> history, std::span<const float>,
                      TitleIndex title) const override {
    Explanation explanation{
        .score = base_[title.value()], .base = base_[title.value()], .contributions = {}};
    for (const uint32_t one : history) {
      explanation.contributions.push_back({TitleIndex(one), per_title_});
      explanation.score += per_title_;
    }
    return explanation;
  }
  void Save(const std::string&, learn::TensorFileWriter&) const override {}
  uint64_t bytes() const override { return base_.size() * sizeof(float); }

 private:
  std::vector<float> base_;
  float per_title_;
};

learn::SparseMatrix Rows(const std::vector<std::vector<uint32_t>>& rows, uint32_t titles) {
  learn::SparseMatrix matrix;
  matrix.column_count = titles;
  for (const auto& row : rows) matrix.AppendRow(row);
  return matrix;
}

TEST(Blend, ScoresAreTheWeightedSumAndReasonsAddUp) {
  std::vector<BlendComponent> components;
  components.push_back(
      {"a", 0.75, 2, std::make_unique<FixedRanker>(std::vector<float>{1, 2, 3}, 1.0F)});
  components.push_back(
      {"b", 0.25, 0.5, std::make_unique<FixedRanker>(std::vector<float>{9, 0, 3}, -2.0F)});
  const auto blend = MakeBlend(std::move(components));
  const learn::SparseMatrix history = Rows({{0, 2}}, 3);
  core::Matrix<float> scores(1, 3);
  blend->Score(history, 0, 1, scores.view());
  EXPECT_FLOAT_EQ(scores(0, 0), 0.375F * 3 + 0.5F * 5);
  const Explanation why = blend->Explain(history.RowColumns(0), {}, TitleIndex(0));
  double sum = why.base;
  for (const Contribution& one : why.contributions) sum += one.amount;
  EXPECT_NEAR(sum, scores(0, 0), 1e-6);
  EXPECT_NEAR(why.score, scores(0, 0), 1e-6);
  EXPECT_EQ(why.contributions.size(), 2U);
}

TEST(Blend, TheGridHoldsEveryMultipleOnce) {
  const auto grid = SimplexGrid(3, 4);
  EXPECT_EQ(grid.size(), 15U);  // C(4 + 2, 2)
  for (const auto& weights : grid)
    EXPECT_NEAR(std::accumulate(weights.begin(), weights.end(), 0.0), 1, 1e-12);
}

TEST(Blend, TheComponentThatIsRightGetsTheWeight) {
  const FixedRanker right({0, 1, 5, 0}, 0);
  const FixedRanker wrong({0, 5, 1, 7}, 0);
  const learn::SparseMatrix fold_in = Rows({{0}, {0}}, 4);
  const learn::SparseMatrix target = Rows({{2}, {2}}, 4);
  core::ThreadPool pool(2);
  const WeightSearch found = ChooseWeights({&wrong, &right}, {1, 1}, fold_in, target, 2, pool);
  EXPECT_DOUBLE_EQ(found.ndcg, 1);
  EXPECT_GT(found.weights[1], found.weights[0]);
}

TEST(Blend, ARankerThatSaysNothingHasScaleOne) {
  const FixedRanker flat({3, 3, 3}, 0);
  core::ThreadPool pool(1);
  EXPECT_EQ(ScoreDeviation(flat, Rows({{0}}, 3), 10, pool), 1);
  const FixedRanker steps({0, 3}, 0);
  EXPECT_NEAR(ScoreDeviation(steps, Rows({{0}, {1}, {}}, 2), 2, pool), 1.5, 1e-6);
}

/// Two tastes of ten titles each; every member watches within one of them.
Interactions TwoTastes(uint32_t members) {
  Interactions data;
  data.matrix.column_count = 20;
  core::Random random(11);
  for (uint32_t m = 0; m < members; ++m) {
    std::vector<uint32_t> row;
    for (uint32_t t = 0; t < 10; ++t) {
      if (random.Uniform() < 0.6) row.push_back((m % 2) * 10 + t);
    }
    data.matrix.AppendRow(row);
    data.member_names.push_back(fmt::format("{}", m));
  }
  for (int t = 0; t < 20; ++t) data.title_names.push_back(fmt::format("{}", t));
  return data;
}

class BlendTraining : public testing::Test {
 protected:
  core::Result<std::unique_ptr<Ranker>> Train(const std::map<std::string, std::string>& set,
                                              size_t threads = 2) {
    KLIEG_ASSIGN(const HyperParameters values,
                 HyperParameters::Make(BlendLearner().hyper_parameters, set));
    core::ThreadPool pool(threads);
    return BlendLearner().train(data_, values,
                                {.pool = pool, .progress = core::SilentProgress(), .seed = 4});
  }
  Interactions data_ = TwoTastes(200);
};

TEST_F(BlendTraining, ATrainedBlendIsSavedAndLoadedToTheBit) {
  const auto trained = Train({{"of", "ease,popularity"}, {"ease.lambda", "5"}});
  ASSERT_TRUE(trained.has_value()) << trained.error().message;
  const core::TemporaryFolder folder = core::TemporaryFolder::Make().value();
  learn::TensorFileWriter writer;
  (*trained)->Save("r", writer);
  ASSERT_TRUE(writer.Write(folder.path() / "m").has_value());
  auto file = std::make_shared<const learn::TensorFile>(
      learn::TensorFile::Open(folder.path() / "m").value());
  const auto loaded = BlendLearner().load("r", file);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  core::Matrix<float> before(1, 20);
  core::Matrix<float> after(1, 20);
  (*trained)->Score(data_.matrix, 3, 1, before.view());
  (*loaded)->Score(data_.matrix, 3, 1, after.view());
  for (size_t t = 0; t < 20; ++t) EXPECT_EQ(before(0, t), after(0, t));
}

TEST_F(BlendTraining, ThreadsDoNotChangeWeights) {
  const auto one = Train({{"of", "ease,popularity"}}, 1);
  const auto three = Train({{"of", "ease,popularity"}}, 3);
  ASSERT_TRUE(one.has_value() && three.has_value());
  core::Matrix<float> a(1, 20);
  core::Matrix<float> b(1, 20);
  (*one)->Score(data_.matrix, 0, 1, a.view());
  (*three)->Score(data_.matrix, 0, 1, b.view());
  for (size_t t = 0; t < 20; ++t) EXPECT_EQ(a(0, t), b(0, t));
}

TEST_F(BlendTraining, WhatCannotBeBlendedIsRefused) {
  for (const std::map<std::string, std::string>& set :
       std::vector<std::map<std::string, std::string>>{
           {{"of", "ease,nothing"}},
           {{"of", "ease,ease"}},
           {{"of", "blend,ease"}},
           {{"of", "ease,popularity"}, {"weights", "1"}},
           {{"of", "ease,popularity"}, {"weights", "a,b"}},
           {{"of", "ease,popularity"}, {"ials.epochs", "3"}},
           {{"of", "ease,popularity"}, {"ease.lamda", "3"}}}) {
    const auto refused = Train(set);
    ASSERT_FALSE(refused.has_value()) << set.begin()->second;
    EXPECT_EQ(refused.error().code, core::ErrorCode::kInvalidArgument) << refused.error().message;
  }
}

}  // namespace
}  // namespace klieg::personalize
