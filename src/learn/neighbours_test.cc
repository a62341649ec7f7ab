#include "learn/neighbours.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "core/random.h"

namespace klieg::learn {
namespace {

SparseMatrix RandomOnes(uint32_t rows, uint32_t columns, uint64_t seed) {
  core::Random random(seed);
  SparseMatrix matrix;
  matrix.column_count = columns;
  for (uint32_t row = 0; row < rows; ++row) {
    std::vector<uint32_t> row_columns;
    for (uint32_t column = 0; column < columns; ++column) {
      if (random.Uniform() < 0.15) row_columns.push_back(column);
    }
    matrix.AppendRow(row_columns);
  }
  return matrix;
}

/// Every pair by the formula of the header, sorted in full.
std::vector<std::pair<double, uint32_t>> NaiveNeighbours(const SparseMatrix& matrix,
                                                         const NeighbourOptions& options,
                                                         uint32_t j) {
  std::vector<std::pair<double, uint32_t>> all;
  for (uint32_t i = 0; i < matrix.column_count; ++i) {
    double weight = 0;
    double count = 0;
    for (uint32_t row = 0; row < matrix.row_count; ++row) {
      const auto columns = matrix.RowColumns(row);
      if (std::ranges::find(columns, i) == columns.end() ||
          std::ranges::find(columns, j) == columns.end())
        continue;
      weight += options.row_weights.empty() ? 1 : options.row_weights[row];
      ++count;
    }
    if (i == j || count == 0) continue;
    double similarity = weight * count / (count + options.shrinkage);
    if (!options.column_scales.empty())
      similarity *= options.column_scales[i] * options.column_scales[j];
    all.emplace_back(similarity, i);
  }
  std::ranges::sort(all, [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  if (all.size() > options.count) all.resize(options.count);
  std::ranges::sort(all, {}, [](const auto& one) { return one.second; });
  return all;
}

TEST(Neighbours, AreTheMostSimilarColumnsByTheFormula) {
  const SparseMatrix matrix = RandomOnes(80, 40, 1);
  core::Random random(2);
  std::vector<float> weights(80);
  std::vector<float> scales(40);
  for (float& weight : weights) weight = static_cast<float>(0.5 + random.Uniform());
  for (float& scale : scales) scale = static_cast<float>(0.5 + random.Uniform());
  core::ThreadPool pool(2);
  const NeighbourOptions options{
      .count = 7, .shrinkage = 2, .row_weights = weights, .column_scales = scales};
  const SparseMatrix nearest = NearestColumns(matrix, options, pool);
  ASSERT_TRUE(nearest.Validate().has_value());
  ASSERT_EQ(nearest.row_count, 40U);
  for (uint32_t j = 0; j < 40; ++j) {
    const auto expected = NaiveNeighbours(matrix, options, j);
    ASSERT_EQ(nearest.RowSize(j), expected.size());
    for (size_t n = 0; n < expected.size(); ++n) {
      EXPECT_EQ(nearest.RowColumns(j)[n], expected[n].second) << j;
      EXPECT_NEAR(nearest.RowValues(j)[n], expected[n].first, 1e-5) << j;
    }
  }
}

TEST(Neighbours, OfEqualSimilarityAreTakenInTheOrderOfTheirIndex) {
  SparseMatrix matrix;
  matrix.column_count = 6;
  matrix.AppendRow(std::vector<uint32_t>{0, 1, 2, 3, 4, 5});
  core::ThreadPool pool(1);
  const SparseMatrix nearest = NearestColumns(matrix, {.count = 2}, pool);
  EXPECT_EQ(std::vector(nearest.RowColumns(0).begin(), nearest.RowColumns(0).end()),
            (std::vector<uint32_t>{1, 2}));
  EXPECT_EQ(std::vector(nearest.RowColumns(5).begin(), nearest.RowColumns(5).end()),
            (std::vector<uint32_t>{0, 1}));
}

TEST(Neighbours, NeverContainTheColumnItselfOrAStranger) {
  SparseMatrix matrix;
  matrix.column_count = 4;
  matrix.AppendRow(std::vector<uint32_t>{0, 1});
  matrix.AppendRow(std::vector<uint32_t>{2});
  core::ThreadPool pool(1);
  const SparseMatrix nearest = NearestColumns(matrix, {.count = 10}, pool);
  EXPECT_EQ(nearest.RowSize(0), 1U);
  EXPECT_EQ(nearest.RowColumns(0)[0], 1U);
  EXPECT_EQ(nearest.RowSize(2), 0U);
  EXPECT_EQ(nearest.RowSize(3), 0U);
}

TEST(Neighbours, AreTheSameForOneTwoAndThreeThreads) {
  const SparseMatrix matrix = RandomOnes(200, 90, 3);
  core::ThreadPool one(1);
  const SparseMatrix expected = NearestColumns(matrix, {.count = 11}, one);
  for (const size_t threads : {2, 3}) {
    core::ThreadPool pool(threads);
    EXPECT_EQ(NearestColumns(matrix, {.count = 11}, pool), expected);
  }
}

}  // namespace
}  // namespace klieg::learn
