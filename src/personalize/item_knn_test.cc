#include "personalize/item_knn.h"

#include <algorithm>

#include "personalize/item_model_checks.h"

namespace klieg::personalize {
namespace {

using ::testing::HasSubstr;

/// n_u, n_i, M and T of the formulas.
struct Counts {
  std::vector<double> member;
  std::vector<double> title;
};

Counts CountsOf(const std::vector<std::vector<double>>& x) {
  Counts counts{std::vector<double>(x.size(), 0), std::vector<double>(x[0].size(), 0)};
  for (size_t u = 0; u < x.size(); ++u) {
    for (size_t i = 0; i < x[u].size(); ++i) {
      counts.member[u] += x[u][i];
      counts.title[i] += x[u][i];
    }
  }
  return counts;
}

/// The columns of a weighted matrix, multiplied; divided by their norms when `normalise`.
double Product(const std::vector<std::vector<double>>& y, size_t i, size_t j, bool normalise) {
  double dot = 0;
  double squares_i = 0;
  double squares_j = 0;
  for (const auto& row : y) {
    dot += row[i] * row[j];
    squares_i += row[i] * row[i];
    squares_j += row[j] * row[j];
  }
  return dot == 0 || !normalise ? dot : dot / std::sqrt(squares_i * squares_j);
}

/// Similarities of all pairs must be those of the weighted matrix y(x), entry by entry.
template <class Entry>
void ExpectSimilarities(const std::map<std::string, std::string>& set, bool normalise,
                        Entry entry) {
  const Interactions data = PlantedInteractions(80, 30, 3);
  const auto ranker = TrainWith(ItemKnnLearner(), data, set);
  ASSERT_TRUE(ranker.has_value()) << ranker.error().message;
  std::vector<std::vector<double>> y = Dense(data.matrix);
  const Counts counts = CountsOf(y);
  for (size_t u = 0; u < y.size(); ++u) {
    for (size_t i = 0; i < y[u].size(); ++i) {
      if (y[u][i] != 0) y[u][i] = entry(counts, u, i);
    }
  }
  for (uint32_t i = 0; i < 30; ++i) {
    for (uint32_t j = 0; j < 30; ++j) {
      const double expected = i == j ? 0 : Product(y, i, j, normalise);
      EXPECT_NEAR((*ranker)->Explain(std::vector<uint32_t>{i}, {}, TitleIndex(j)).score, expected,
                  1e-5 * (1 + expected))
          << i << ", " << j;
    }
  }
}

TEST(ItemKnn, CosineIsTheAngleBetweenTitles) {
  ExpectSimilarities({{"weighting", "cosine"}}, true,
                     [](const Counts&, size_t, size_t) { return 1.0; });
}

TEST(ItemKnn, TfIdfIsTheAngleBetweenTitlesOfWeightedMembers) {
  ExpectSimilarities({{"weighting", "tf-idf"}}, true, [](const Counts& counts, size_t u, size_t) {
    return std::log(1 + 30 / counts.member[u]);
  });
}

TEST(ItemKnn, Bm25MultipliesWeightsByItsFormula) {
  ExpectSimilarities({{"weighting", "bm25"}, {"k1", "2"}, {"b", "0.6"}}, false,
                     [](const Counts& counts, size_t u, size_t i) {
                       double total = 0;
                       for (const double count : counts.title) total += count;
                       const double n = counts.member[u];
                       const double idf = std::log(1 + (30 - n + 0.5) / (n + 0.5));
                       return idf * 3 / (1 + 2 * (1 - 0.6 + 0.6 * counts.title[i] / (total / 30)));
                     });
}

TEST(ItemKnn, RandomWalkStepsToAMemberAndBack) {
  ExpectSimilarities({{"weighting", "random-walk"}}, false,
                     [](const Counts& counts, size_t u, size_t i) {
                       return 1 / std::sqrt(counts.member[u] * std::max(counts.title[i], 1.0));
                     });
}

TEST(ItemKnn, KeepsOnlyTheNearestNeighboursOfTheTitleThatIsScored) {
  const Interactions data = PlantedInteractions(80, 30, 3);
  const auto all = TrainWith(ItemKnnLearner(), data, {{"weighting", "cosine"}});
  const auto few =
      TrainWith(ItemKnnLearner(), data, {{"weighting", "cosine"}, {"neighbours", "3"}});
  ASSERT_TRUE(all.has_value() && few.has_value());
  const auto similarity = [](const Ranker& ranker, uint32_t i, uint32_t j) {
    return ranker.Explain(std::vector<uint32_t>{i}, {}, TitleIndex(j)).score;
  };
  for (uint32_t j = 0; j < 29; ++j) {
    double smallest_kept = 1e9;
    double largest_left = 0;
    int kept = 0;
    int similar = 0;
    for (uint32_t i = 0; i < 30; ++i) {
      const double value = similarity(**few, i, j);
      if (similarity(**all, i, j) > 0) ++similar;
      if (value > 0) {
        EXPECT_EQ(value, similarity(**all, i, j));
        smallest_kept = std::min(smallest_kept, value);
        ++kept;
      } else {
        largest_left = std::max(largest_left, similarity(**all, i, j));
      }
    }
    EXPECT_EQ(kept, std::min(similar, 3)) << j;
    EXPECT_GE(smallest_kept, largest_left);
  }
}

TEST(ItemKnn, ShrinksSimilaritiesThatFewMembersSupport) {
  Interactions data;
  data.matrix.column_count = 4;
  data.matrix.AppendRow(std::vector<uint32_t>{0, 1});  // One member in common: cosine 1.
  for (int member = 0; member < 20; ++member) data.matrix.AppendRow(std::vector<uint32_t>{2, 3});
  const auto ranker =
      TrainWith(ItemKnnLearner(), data, {{"weighting", "cosine"}, {"shrinkage", "5"}});
  ASSERT_TRUE(ranker.has_value());
  EXPECT_NEAR((*ranker)->Explain(std::vector<uint32_t>{0}, {}, TitleIndex(1)).score, 1.0 / 6, 1e-6);
  EXPECT_NEAR((*ranker)->Explain(std::vector<uint32_t>{2}, {}, TitleIndex(3)).score, 20.0 / 25,
              1e-6);
}

TEST(ItemKnn, DividesByPopularityWhenAsked) {
  const Interactions data = PlantedInteractions(80, 30, 3);
  const auto plain = TrainWith(ItemKnnLearner(), data, {});
  const auto penalised = TrainWith(ItemKnnLearner(), data, {{"popularity_penalty", "0.5"}});
  ASSERT_TRUE(plain.has_value() && penalised.has_value());
  const std::vector<uint32_t> counts = learn::ColumnCounts(data.matrix);
  const std::vector<uint32_t> history = {1, 5};
  for (uint32_t j = 0; j < 29; ++j) {
    const double expected =
        (*plain)->Explain(history, {}, TitleIndex(j)).score / std::sqrt(std::max(counts[j], 1U));
    EXPECT_NEAR((*penalised)->Explain(history, {}, TitleIndex(j)).score, expected,
                1e-5 * (1 + expected));
  }
}

TEST(ItemKnn, KeepsTheRankerPromises) {
  for (const char* weighting : {"cosine", "tf-idf", "bm25", "random-walk"}) {
    ExpectRankerPromises(ItemKnnLearner(), {{"weighting", weighting}, {"neighbours", "10"}});
  }
}

TEST(ItemKnn, TrainsOnCataloguesOfOneAndTwoTitles) {
  ExpectTrainsOnDegenerateData(ItemKnnLearner());
}

TEST(ItemKnn, RefusesMoreNeighboursThanTheMemoryHolds) {
  const Interactions data = PlantedInteractions(10, 500, 1);
  const auto ranker = TrainWith(ItemKnnLearner(), data, {}, 1, 10000);
  ASSERT_FALSE(ranker.has_value());
  EXPECT_EQ(ranker.error().code, core::ErrorCode::kOutOfMemory);
  EXPECT_THAT(ranker.error().message, HasSubstr("fewer neighbours"));
}

TEST(ItemKnn, RefusesAnUnknownWeighting) {
  const auto ranker =
      TrainWith(ItemKnnLearner(), PlantedInteractions(10, 5, 1), {{"weighting", "jaccard"}});
  ASSERT_FALSE(ranker.has_value());
  EXPECT_THAT(ranker.error().message, HasSubstr("bm25"));
}

TEST(ItemKnn, RefusesAModelFileWhoseArraysDoNotFitTogether) {
  const auto folder = core::TemporaryFolder::Make();
  ASSERT_TRUE(folder.has_value());
  const std::vector<uint64_t> row_begin = {0, 1, 2};
  const std::vector<uint32_t> columns = {1, 2};  // Title 2 of two titles.
  const std::vector<float> values = {1, 1};
  learn::TensorFileWriter writer;
  writer.Add("part.row_begin", std::span<const uint64_t>(row_begin));
  writer.Add("part.columns", std::span<const uint32_t>(columns));
  writer.Add("part.values", std::span<const float>(values));
  ASSERT_TRUE(writer.Write(folder->path() / "model").has_value());
  auto opened = learn::TensorFile::Open(folder->path() / "model");
  ASSERT_TRUE(opened.has_value());
  const auto ranker =
      ItemKnnLearner().load("part", std::make_shared<const learn::TensorFile>(std::move(*opened)));
  ASSERT_FALSE(ranker.has_value());
  EXPECT_EQ(ranker.error().code, core::ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace klieg::personalize
