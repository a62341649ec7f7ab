#include "personalize/ials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "core/random.h"
#include "learn/als_trainer.h"
#include "learn/tensor_file.h"
#include "personalize/ials_ranker.h"

namespace klieg::personalize {
namespace {

using Settings = std::map<std::string, std::string>;

Interactions MakeData(uint32_t members, uint32_t titles, uint64_t seed) {
  core::Random random(seed);
  Interactions data;
  data.matrix.column_count = titles;
  for (uint32_t member = 0; member < members; ++member) {
    std::vector<uint32_t> row = {member % titles};
    for (uint32_t title = row[0] + 1; title < titles; ++title) {
      if (random.Uniform() < (title % 4 == member % 4 ? 0.5 : 0.05)) row.push_back(title);
    }
    data.matrix.AppendRow(row);
    data.member_names.push_back("m" + std::to_string(member));
  }
  for (uint32_t title = 0; title < titles; ++title)
    data.title_names.push_back("t" + std::to_string(title));
  return data;
}

core::Result<std::unique_ptr<Ranker>> Train(const Interactions& data, Settings settings,
                                            size_t threads = 2, uint64_t memory_limit = 0) {
  settings.try_emplace("dimensions", "20");
  settings.try_emplace("epochs", "5");
  settings.try_emplace("lambda", "0.05");
  KLIEG_ASSIGN(const HyperParameters values,
               HyperParameters::Make(IalsLearner().hyper_parameters, settings));
  core::ThreadPool pool(threads);
  return IalsLearner().train(data, values,
                             {.pool = pool,
                              .progress = core::SilentProgress(),
                              .seed = 3,
                              .memory_limit_bytes = memory_limit});
}

core::Matrix<float> ScoreAll(const Ranker& ranker, const learn::SparseMatrix& histories) {
  core::Matrix<float> scores(histories.row_count, ranker.title_count());
  ranker.Score(histories, 0, histories.row_count, scores.view());
  return scores;
}

bool SameBytes(const core::Matrix<float>& a, const core::Matrix<float>& b) {
  return a.rows() == b.rows() && a.columns() == b.columns() &&
         std::memcmp(a.data(), b.data(), a.rows() * a.columns() * sizeof(float)) == 0;
}

/// Writes the ranker's arrays to a file of this test and returns its path.
std::filesystem::path SaveRanker(const Ranker& ranker, const std::string& name) {
  learn::TensorFileWriter writer;
  ranker.Save("ials.", writer);
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / name;
  EXPECT_TRUE(writer.Write(path).has_value());
  return path;
}

TEST(IalsTest, UnwatchedTitlesOfTheOwnTasteComeFirst) {
  const Interactions data = MakeData(80, 40, 1);
  for (const char* solver : {"exact", "block", "cg"}) {
    const auto ranker = Train(data, {{"solver", solver}});
    ASSERT_TRUE(ranker.has_value()) << ranker.error().message;
    learn::SparseMatrix history;
    history.column_count = 40;
    history.AppendRow(std::vector<uint32_t>{2, 6, 10, 14, 18});
    const core::Matrix<float> scores = ScoreAll(**ranker, history);
    double own = 0;
    double other = 0;
    for (uint32_t title = 20; title < 40; ++title)
      (title % 4 == 2 ? own : other) += scores(0, title);
    EXPECT_GT(own / 5, 2 * other / 15) << solver;
  }
}

TEST(IalsTest, FoldInOfATrainingMemberEqualsAFreshSolve) {
  const Interactions data = MakeData(60, 30, 2);
  learn::AlsOptions options;
  options.dimensions = 12;
  options.problem = {.unobserved_weight = 0.25, .lambda = 0.0625, .regularization_exponent = 1};
  core::ThreadPool pool(1);
  learn::AlsTrainer trainer = learn::AlsTrainer::Create(data.matrix, options, pool).value();
  for (int epoch = 0; epoch < 3; ++epoch) trainer.RunEpoch(pool).value();
  learn::AlsColumns columns = std::move(trainer).Finish(pool).value();
  learn::AlsColumns copy = {.factors = columns.factors.Clone(), .spectrum = columns.spectrum};
  const IalsRanker ranker(std::move(columns), options.problem);
  const core::Matrix<float> scores = ScoreAll(ranker, data.matrix);

  learn::AlsRowSolver solver(copy.factors.view(), copy.spectrum, {}, learn::AlsExactForm::kPrimal);
  core::Matrix<float> x(1, copy.factors.columns());
  for (uint32_t member = 0; member < 60; ++member) {
    const std::span<const uint32_t> history = data.matrix.RowColumns(member);
    solver.Solve(history, {}, options.problem.Regularization(history.size(), 30), x.Row(0));
    for (uint32_t title = 0; title < 30; ++title) {
      const double expected = std::inner_product(x.Row(0).begin(), x.Row(0).end(),
                                                 copy.factors.Row(title).begin(), 0.0);
      EXPECT_NEAR(scores(member, title), expected, 1e-5) << member << " " << title;
    }
  }
}

TEST(IalsTest, ExplanationSumsToTheScore) {
  const Interactions data = MakeData(60, 50, 3);
  const auto ranker = Train(data, {});
  ASSERT_TRUE(ranker.has_value());
  const core::Matrix<float> scores = ScoreAll(**ranker, data.matrix);
  for (const uint32_t member : {0, 17, 59}) {
    const std::span<const uint32_t> history = data.matrix.RowColumns(member);
    for (uint32_t title = 0; title < 50; title += 7) {
      const Explanation explanation = (*ranker)->Explain(history, {}, TitleIndex(title));
      EXPECT_NEAR(explanation.score, scores(member, title), 2e-5);
      EXPECT_EQ(explanation.base, 0);
      double sum = 0;
      ASSERT_EQ(explanation.contributions.size(), history.size());
      for (size_t i = 0; i < history.size(); ++i) {
        EXPECT_EQ(explanation.contributions[i].title, TitleIndex(history[i]));
        sum += explanation.contributions[i].amount;
      }
      EXPECT_NEAR(sum, explanation.score, 1e-12);
    }
  }
}

TEST(IalsTest, RowIsScoredAlikeAloneAndAmongOthers) {
  const Interactions data = MakeData(45, 37, 4);
  const auto ranker = Train(data, {});
  ASSERT_TRUE(ranker.has_value());
  const core::Matrix<float> together = ScoreAll(**ranker, data.matrix);
  for (uint32_t member = 0; member < 45; ++member) {
    core::Matrix<float> alone(1, 37);
    (*ranker)->Score(data.matrix, member, 1, alone.view());
    EXPECT_TRUE(std::ranges::equal(alone.Row(0), together.Row(member))) << member;
  }
}

TEST(IalsTest, OneTwoAndThreeThreadsScoreWithTheSameBytes) {
  const Interactions data = MakeData(90, 60, 5);
  for (const char* solver : {"exact", "block", "cg"}) {
    const core::Matrix<float> one = ScoreAll(**Train(data, {{"solver", solver}}, 1), data.matrix);
    EXPECT_TRUE(SameBytes(one, ScoreAll(**Train(data, {{"solver", solver}}, 2), data.matrix)));
    EXPECT_TRUE(SameBytes(one, ScoreAll(**Train(data, {{"solver", solver}}, 3), data.matrix)));
  }
}

TEST(IalsTest, EmptyHistoryScoresZero) {
  const auto ranker = Train(MakeData(30, 20, 6), {});
  ASSERT_TRUE(ranker.has_value());
  learn::SparseMatrix histories;
  histories.column_count = 20;
  histories.AppendRow({});
  const core::Matrix<float> scores = ScoreAll(**ranker, histories);
  for (const float score : scores.Row(0)) EXPECT_EQ(score, 0);
  EXPECT_TRUE((*ranker)->Explain({}, {}, TitleIndex(3)).contributions.empty());
}

TEST(IalsTest, HistoryOfTheWholeCatalogueIsScored) {
  const auto ranker = Train(MakeData(30, 50, 7), {});
  ASSERT_TRUE(ranker.has_value());
  learn::SparseMatrix histories;
  histories.column_count = 50;
  std::vector<uint32_t> all(50);
  std::iota(all.begin(), all.end(), 0U);
  histories.AppendRow(all);
  const core::Matrix<float> scores = ScoreAll(**ranker, histories);
  for (const float score : scores.Row(0)) EXPECT_TRUE(std::isfinite(score));
  EXPECT_NEAR((*ranker)->Explain(all, {}, TitleIndex(9)).score, scores(0, 9), 2e-5);
}

TEST(IalsTest, CatalogueOfOneTitleAndOneMemberIsLearned) {
  Interactions data;
  data.matrix.column_count = 1;
  data.matrix.AppendRow(std::vector<uint32_t>{0});
  for (const char* solver : {"exact", "block", "cg"}) {
    const auto ranker = Train(data, {{"solver", solver}, {"stddev", "1"}});
    ASSERT_TRUE(ranker.has_value()) << ranker.error().message;
    const core::Matrix<float> scores = ScoreAll(**ranker, data.matrix);
    EXPECT_GT(scores(0, 0), 0.5) << solver;
    EXPECT_LT(scores(0, 0), 1) << solver;
  }
}

TEST(IalsTest, SavedAndLoadedRankerScoresWithTheSameBytes) {
  const Interactions data = MakeData(40, 30, 8);
  const auto ranker = Train(data, {{"lambda", "0.0123456789"}, {"regularization_exponent", "0.7"}});
  ASSERT_TRUE(ranker.has_value());
  const std::filesystem::path path = SaveRanker(**ranker, "ials_same.klt");
  auto file = std::make_shared<const learn::TensorFile>(learn::TensorFile::Open(path).value());
  const auto loaded = IalsLearner().load("ials.", file);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  EXPECT_TRUE(SameBytes(ScoreAll(**ranker, data.matrix), ScoreAll(**loaded, data.matrix)));
  EXPECT_EQ((*loaded)->bytes(), (*ranker)->bytes());
  std::filesystem::remove(path);
}

TEST(IalsTest, ModelFileWithNumbersOutOfRangeIsCorrupt) {
  const core::Matrix<float> factors(3, 16);
  const std::vector<float> spectrum(16, 1.0F);
  const auto load = [&](core::MatrixView<const float> matrix, std::vector<float> diagonal,
                        std::vector<float> settings) {
    learn::TensorFileWriter writer;
    writer.Add("title_factors", matrix);
    writer.Add("spectrum", std::span<const float>(diagonal));
    writer.Add("settings", std::span<const float>(settings));
    const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "ials_bad.klt";
    EXPECT_TRUE(writer.Write(path).has_value());
    return IalsLearner().load(
        "", std::make_shared<const learn::TensorFile>(learn::TensorFile::Open(path).value()));
  };
  EXPECT_TRUE(load(factors.view(), spectrum, {0.1F, 0.1F, 1.0F}).has_value());
  const auto expect_corrupt = [](const auto& result) {
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, core::ErrorCode::kCorrupt);
  };
  expect_corrupt(load(factors.view(), spectrum, {0.0F, 0.1F, 1.0F}));
  expect_corrupt(load(factors.view(), spectrum, {0.1F, 0.1F}));
  expect_corrupt(load(factors.view(), std::vector<float>(15, 1.0F), {0.1F, 0.1F, 1.0F}));
  expect_corrupt(load(factors.view(), std::vector<float>(16, NAN), {0.1F, 0.1F, 1.0F}));
  core::Matrix<float> infinite(3, 16);
  infinite(2, 3) = INFINITY;
  expect_corrupt(load(infinite.view(), spectrum, {0.1F, 0.1F, 1.0F}));
}

TEST(IalsTest, SettingsOutOfRangeAreRefusedByName) {
  const Interactions data = MakeData(10, 10, 9);
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"lambda", "0"},
                                                        {"lambda", "-1"},
                                                        {"dimensions", "0"},
                                                        {"dimensions", "5000"},
                                                        {"unobserved_weight", "0"},
                                                        {"stddev", "0"},
                                                        {"solver", "magic"},
                                                        {"cg_steps", "0"},
                                                        {"epochs", "0"}}) {
    const auto ranker = Train(data, {{name, value}});
    ASSERT_FALSE(ranker.has_value()) << name << "=" << value;
    EXPECT_EQ(ranker.error().code, core::ErrorCode::kInvalidArgument);
    EXPECT_THAT(ranker.error().message, testing::HasSubstr(name));
  }
}

TEST(IalsTest, ExtremeSettingsGiveFiniteScoresOrAClearError) {
  const Interactions data = MakeData(30, 12, 10);
  for (const char* solver : {"exact", "block", "cg"}) {
    for (const Settings& extreme :
         {Settings{{"lambda", "0.000001"}, {"unobserved_weight", "0.000001"}},
          Settings{{"lambda", "1000000"}, {"unobserved_weight", "1000"}},
          Settings{{"stddev", "100"}, {"lambda", "0.000001"}, {"regularization_exponent", "-2"}},
          Settings{{"stddev", "0.000001"}}}) {
      Settings settings = extreme;
      settings["solver"] = solver;
      settings["dimensions"] = "40";
      const auto ranker = Train(data, settings);
      if (!ranker.has_value()) {
        EXPECT_THAT(ranker.error().message, testing::HasSubstr("raise lambda"));
        continue;
      }
      const core::Matrix<float> scores = ScoreAll(**ranker, data.matrix);
      for (size_t row = 0; row < scores.rows(); ++row) {
        for (const float score : scores.Row(row)) ASSERT_TRUE(std::isfinite(score)) << solver;
      }
    }
  }
}

TEST(IalsTest, MemoryThatIsNotThereIsRefusedWithAdvice) {
  const auto ranker = Train(MakeData(30, 20, 11), {}, 2, 1000);
  ASSERT_FALSE(ranker.has_value());
  EXPECT_EQ(ranker.error().code, core::ErrorCode::kOutOfMemory);
  EXPECT_THAT(ranker.error().message, testing::HasSubstr("fewer dimensions"));
}

TEST(IalsTest, DataWithoutInteractionsAreRefused) {
  Interactions data;
  data.matrix.column_count = 3;
  data.matrix.AppendRow({});
  const auto ranker = Train(data, {});
  ASSERT_FALSE(ranker.has_value());
  EXPECT_EQ(ranker.error().code, core::ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace klieg::personalize
