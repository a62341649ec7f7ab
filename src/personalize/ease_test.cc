#include "personalize/ease.h"

#include <algorithm>
#include <cstring>

#include "personalize/item_model_checks.h"

namespace klieg::personalize {
namespace {

using ::testing::HasSubstr;

/// The formula's letters, as a test gives them.
struct Setting {
  double lambda = 1;
  double dropout = 0;
  double popularity_lambda = 0;
  double popularity_exponent = 0;
  double diagonal_exponent = 1;
  double member = 0;
  double title = 0;
  double output = 0;
};

/// The weights straight from the definition: scaled X, then column by column the ridge regression
/// of a title on all others (e = 1) or on all titles (e = 0), in double precision and without an
/// inverse.
std::vector<std::vector<double>> NaiveWeights(const learn::SparseMatrix& matrix,
                                              const Setting& setting) {
  std::vector<std::vector<double>> x = Dense(matrix);
  const size_t titles = matrix.column_count;
  std::vector<double> popularity(titles, 0);
  for (const auto& row : x) {
    for (size_t i = 0; i < titles; ++i) popularity[i] += row[i];
  }
  for (double& count : popularity) count = std::max(count, 1.0);
  for (auto& row : x) {
    double activity = 0;
    for (const double value : row) activity += value;
    for (size_t i = 0; i < titles; ++i) {
      row[i] *= std::pow(std::max(activity, 1.0), -setting.member) *
                std::pow(popularity[i], -setting.title);
    }
  }
  std::vector<std::vector<double>> gram(titles, std::vector<double>(titles, 0));
  for (const auto& row : x) {
    for (size_t i = 0; i < titles; ++i) {
      for (size_t j = 0; j < titles; ++j) gram[i][j] += row[i] * row[j];
    }
  }
  std::vector<double> regulariser(titles);
  for (size_t i = 0; i < titles; ++i) {
    regulariser[i] = setting.lambda + setting.dropout / (1 - setting.dropout) * gram[i][i];
    if (gram[i][i] > 0) {
      regulariser[i] +=
          setting.popularity_lambda * std::pow(gram[i][i], setting.popularity_exponent);
    }
  }
  std::vector<std::vector<double>> weights(titles, std::vector<double>(titles, 0));
  for (size_t j = 0; j < titles; ++j) {
    std::vector<size_t> inputs;
    for (size_t i = 0; i < titles; ++i) {
      if (i != j || setting.diagonal_exponent == 0) inputs.push_back(i);
    }
    std::vector<std::vector<double>> system;
    std::vector<double> right;
    for (const size_t r : inputs) {
      system.emplace_back();
      for (const size_t c : inputs)
        system.back().push_back(gram[r][c] + (r == c ? regulariser[r] : 0));
      right.push_back(gram[r][j]);
    }
    const std::vector<double> solution = SolveNaively(system, right);
    for (size_t r = 0; r < inputs.size(); ++r) {
      if (inputs[r] == j) continue;
      weights[inputs[r]][j] = std::pow(popularity[inputs[r]], -setting.title) * solution[r] *
                              std::pow(popularity[j], setting.output);
    }
  }
  return weights;
}

void ExpectWeightsAreNaive(const Learner& learner, const std::map<std::string, std::string>& set,
                           const Setting& setting) {
  // More titles than one block of the inverse (64), and not a multiple of it.
  const Interactions data = PlantedInteractions(150, 83, 5);
  const auto ranker = TrainWith(learner, data, set);
  ASSERT_TRUE(ranker.has_value()) << ranker.error().message;
  const std::vector<std::vector<double>> expected = NaiveWeights(data.matrix, setting);
  for (uint32_t i = 0; i < 83; ++i) {
    for (uint32_t j = 0; j < 83; ++j) {
      const std::vector<uint32_t> history = {i};
      EXPECT_NEAR((*ranker)->Explain(history, {}, TitleIndex(j)).score, expected[i][j],
                  1e-4 * (1 + std::abs(expected[i][j])))
          << i << ", " << j;
    }
  }
}

TEST(Ease, EqualsRidgeRegressionOfEveryTitleOnAllOthers) {
  ExpectWeightsAreNaive(EaseLearner(), {{"lambda", "10"}}, {.lambda = 10});
}

TEST(Ease, WithDegreeExponentsEqualsTheNaiveScaledModel) {
  ExpectWeightsAreNaive(EaseLearner(),
                        {{"lambda", "1"},
                         {"member_exponent", "0.5"},
                         {"title_exponent", "0.5"},
                         {"output_exponent", "0.5"}},
                        {.lambda = 1, .member = 0.5, .title = 0.5, .output = 0.5});
}

TEST(Ease, WithUnequalExponentsKeepsThemApart) {
  ExpectWeightsAreNaive(EaseLearner(),
                        {{"lambda", "0.7"},
                         {"member_exponent", "0.3"},
                         {"title_exponent", "-0.2"},
                         {"output_exponent", "0.1"}},
                        {.lambda = 0.7, .member = 0.3, .title = -0.2, .output = 0.1});
}

TEST(Edlae, RegularisesByTheDiagonalOfTheGramMatrix) {
  ExpectWeightsAreNaive(EdlaeLearner(), {{"lambda", "3"}, {"dropout", "0.4"}},
                        {.lambda = 3, .dropout = 0.4});
}

TEST(Edlae, CombinesEveryTermOfTheRegulariserWithEveryExponent) {
  ExpectWeightsAreNaive(EdlaeLearner(),
                        {{"lambda", "0.2"},
                         {"dropout", "0.3"},
                         {"popularity_lambda", "1.5"},
                         {"popularity_exponent", "0.5"},
                         {"member_exponent", "0.2"},
                         {"title_exponent", "0.3"},
                         {"output_exponent", "0.4"}},
                        {.lambda = 0.2,
                         .dropout = 0.3,
                         .popularity_lambda = 1.5,
                         .popularity_exponent = 0.5,
                         .member = 0.2,
                         .title = 0.3,
                         .output = 0.4});
}

TEST(Edlae, WithDiagonalExponentZeroIsRidgeRegressionWithTheDiagonalRemoved) {
  ExpectWeightsAreNaive(EdlaeLearner(),
                        {{"lambda", "5"}, {"dropout", "0.5"}, {"diagonal_exponent", "0"}},
                        {.lambda = 5, .dropout = 0.5, .diagonal_exponent = 0});
}

TEST(Edlae, WithoutDropoutIsEase) {
  const Interactions data = PlantedInteractions(100, 40, 6);
  const auto ease = TrainWith(EaseLearner(), data, {{"lambda", "10"}});
  const auto edlae = TrainWith(EdlaeLearner(), data, {{"lambda", "10"}, {"dropout", "0"}});
  ASSERT_TRUE(ease.has_value() && edlae.has_value());
  EXPECT_EQ(SavedDigest(**ease), SavedDigest(**edlae));
}

/// The claim behind EDLAE, by brute force: the closed form minimises the expected squared error of
/// a hidden title predicted from randomly dropped others. With three titles all masks can be
/// enumerated.
TEST(Edlae, MinimisesTheErrorOfHiddenTitlesUnderDropout) {
  const double p = 0.3;
  Interactions data = PlantedInteractions(60, 4, 9);
  const auto ranker = TrainWith(EdlaeLearner(), data, {{"lambda", "0.000001"}, {"dropout", "0.3"}});
  ASSERT_TRUE(ranker.has_value()) << ranker.error().message;
  const auto x = Dense(data.matrix);
  const auto weight = [&](uint32_t from) {
    // The paper's autoencoder sees inputs that survived; (1 - p) undoes the expectation.
    return (*ranker)->Explain(std::vector<uint32_t>{from}, {}, TitleIndex(0)).score / (1 - p);
  };
  const auto expected_error = [&](double b1, double b2) {
    double error = 0;
    for (int mask = 0; mask < 4; ++mask) {
      const double keeps1 = mask & 1 ? 1 : 0;
      const double keeps2 = mask & 2 ? 1 : 0;
      const double chance = (keeps1 > 0 ? 1 - p : p) * (keeps2 > 0 ? 1 - p : p);
      for (const auto& row : x) {
        error += chance * std::pow(row[0] - keeps1 * row[1] * b1 - keeps2 * row[2] * b2, 2);
      }
    }
    return error;
  };
  const double b1 = weight(1);
  const double b2 = weight(2);
  const double best = expected_error(b1, b2);
  EXPECT_GT(std::abs(b1) + std::abs(b2), 0.01);
  for (const double step : {-0.02, 0.02}) {
    EXPECT_LT(best, expected_error(b1 + step, b2));
    EXPECT_LT(best, expected_error(b1, b2 + step));
  }
}

TEST(Ease, PutsTitlesOfOneTasteTogether) {
  const Interactions data = PlantedInteractions(600, 41, 8);
  const auto ranker = TrainWith(EaseLearner(), data, {{"lambda", "50"}});
  ASSERT_TRUE(ranker.has_value());
  learn::SparseMatrix history;
  history.column_count = 41;
  history.AppendRow(std::vector<uint32_t>{1, 5, 9, 13});  // Taste 1.
  const core::Matrix<float> scores = ScoresOf(**ranker, history);
  double own = 0;
  double other = 0;
  for (uint32_t title = 17; title < 40; ++title) (title % 4 == 1 ? own : other) += scores(0, title);
  EXPECT_GT(own / 6, 3 * other / 17);
}

TEST(Ease, KeepsTheRankerPromises) {
  ExpectRankerPromises(EaseLearner(), {{"lambda", "10"}});
  ExpectRankerPromises(EaseLearner(), {{"lambda", "1"},
                                       {"member_exponent", "0.5"},
                                       {"title_exponent", "0.5"},
                                       {"output_exponent", "0.5"}});
}

TEST(Edlae, KeepsTheRankerPromises) { ExpectRankerPromises(EdlaeLearner(), {}); }

TEST(Ease, TrainsOnCataloguesOfOneAndTwoTitles) {
  ExpectTrainsOnDegenerateData(EaseLearner());
  ExpectTrainsOnDegenerateData(EdlaeLearner());
}

TEST(Ease, GivesEqualScoresToEverythingForAnEmptyHistory) {
  const Interactions data = PlantedInteractions(100, 30, 10);
  const auto ranker = TrainWith(EaseLearner(), data, {});
  ASSERT_TRUE(ranker.has_value());
  learn::SparseMatrix history;
  history.column_count = 30;
  history.AppendRow({});
  const core::Matrix<float> scores = ScoresOf(**ranker, history);
  for (const float score : scores.Row(0)) EXPECT_EQ(score, 0);
}

TEST(Ease, DoesNotLookAtValues) {
  Interactions data = PlantedInteractions(100, 30, 10);
  const auto expected = TrainWith(EaseLearner(), data, {});
  data.matrix.values.assign(data.matrix.columns.size(), 3.5F);
  const auto ranker = TrainWith(EaseLearner(), data, {});
  ASSERT_TRUE(expected.has_value() && ranker.has_value());
  EXPECT_EQ(SavedDigest(**ranker), SavedDigest(**expected));
}

TEST(Ease, RefusesALambdaOutOfRange) {
  const Interactions data = PlantedInteractions(10, 5, 1);
  for (const char* lambda : {"0", "-1", "1e12", "nan", "many"}) {
    const auto ranker = TrainWith(EaseLearner(), data, {{"lambda", lambda}});
    ASSERT_FALSE(ranker.has_value()) << lambda;
    EXPECT_EQ(ranker.error().code, core::ErrorCode::kInvalidArgument);
    EXPECT_THAT(ranker.error().message, HasSubstr("lambda"));
  }
  EXPECT_FALSE(TrainWith(EdlaeLearner(), data, {{"dropout", "1"}}).has_value());
}

TEST(Ease, AdvisesALargerLambdaWhenRoundingMakesTheGramMatrixSingular) {
  Interactions data;
  data.matrix.column_count = 2;
  // Two titles always watched together: lambda vanishes beside 3e5 members in single precision.
  for (int member = 0; member < 300000; ++member)
    data.matrix.AppendRow(std::vector<uint32_t>{0, 1});
  const auto ranker = TrainWith(EaseLearner(), data, {{"lambda", "0.00001"}});
  ASSERT_FALSE(ranker.has_value());
  EXPECT_EQ(ranker.error().code, core::ErrorCode::kInvalidArgument);
  EXPECT_THAT(ranker.error().message, HasSubstr("larger lambda"));
}

TEST(Ease, RefusesACatalogueThatDoesNotFitTheMemoryAndNamesTheSparseRanker) {
  const Interactions data = PlantedInteractions(10, 500, 1);
  const auto ranker = TrainWith(EaseLearner(), data, {}, 1, 999999);
  ASSERT_FALSE(ranker.has_value());
  EXPECT_EQ(ranker.error().code, core::ErrorCode::kOutOfMemory);
  EXPECT_THAT(ranker.error().message, HasSubstr("500 titles"));
  EXPECT_THAT(ranker.error().message, HasSubstr("ease-sparse"));
  EXPECT_THAT(ranker.error().message, HasSubstr(core::FormatBytes(999999)));
}

TEST(Ease, RefusesAHugeCatalogueWithoutOverflow) {
  Interactions data;
  data.matrix.column_count = 4000000000U;
  const auto ranker = TrainWith(EaseLearner(), data, {}, 1);
  ASSERT_FALSE(ranker.has_value());
  EXPECT_EQ(ranker.error().code, core::ErrorCode::kOutOfMemory);
}

TEST(Ease, RefusesAModelFileWithoutItsMatrix) {
  const auto folder = core::TemporaryFolder::Make();
  ASSERT_TRUE(folder.has_value());
  const std::vector<float> row = {1, 2, 3};
  learn::TensorFileWriter writer;
  writer.Add("part.weights", core::MatrixView<const float>(row.data(), 1, 3));
  ASSERT_TRUE(writer.Write(folder->path() / "model").has_value());
  auto opened = learn::TensorFile::Open(folder->path() / "model");
  ASSERT_TRUE(opened.has_value());
  const auto file = std::make_shared<const learn::TensorFile>(std::move(*opened));
  const auto not_square = EaseLearner().load("part", file);
  ASSERT_FALSE(not_square.has_value());
  EXPECT_EQ(not_square.error().code, core::ErrorCode::kCorrupt);
  EXPECT_FALSE(EaseLearner().load("other", file).has_value());
}

}  // namespace
}  // namespace klieg::personalize
