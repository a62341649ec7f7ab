#include "learn/gram.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "core/random.h"

namespace klieg::learn {
namespace {

SparseMatrix RandomMatrix(uint32_t rows, uint32_t columns, double density, bool with_values,
                          uint64_t seed) {
  core::Random random(seed);
  SparseMatrix matrix;
  matrix.column_count = columns;
  for (uint32_t row = 0; row < rows; ++row) {
    std::vector<uint32_t> row_columns;
    std::vector<float> row_values;
    for (uint32_t column = 0; column < columns; ++column) {
      if (random.Uniform() >= density) continue;
      row_columns.push_back(column);
      if (with_values) row_values.push_back(static_cast<float>(random.Uniform() * 4 - 2));
    }
    matrix.AppendRow(row_columns, row_values);
  }
  return matrix;
}

std::vector<float> RandomScales(size_t count, uint64_t seed) {
  core::Random random(seed);
  std::vector<float> scales(count);
  for (float& scale : scales) scale = static_cast<float>(0.1 + random.Uniform());
  return scales;
}

/// The definition, entry by entry, in double precision.
double NaiveEntry(const SparseMatrix& matrix, const GramOptions& options, uint32_t i, uint32_t j) {
  double sum = 0;
  for (uint32_t row = 0; row < matrix.row_count; ++row) {
    double at_i = 0;
    double at_j = 0;
    for (uint64_t entry = matrix.row_begin[row]; entry < matrix.row_begin[row + 1]; ++entry) {
      if (matrix.columns[entry] == i) at_i = matrix.Value(entry);
      if (matrix.columns[entry] == j) at_j = matrix.Value(entry);
    }
    if (options.binary) {
      at_i = at_i != 0 ? 1 : 0;
      at_j = at_j != 0 ? 1 : 0;
    }
    sum += at_i * at_j * (options.row_weights.empty() ? 1.0 : options.row_weights[row]);
  }
  if (options.column_scales.empty()) return sum;
  return sum * options.column_scales[i] * options.column_scales[j];
}

void ExpectGramIsNaive(const SparseMatrix& matrix, const GramOptions& options) {
  core::ThreadPool pool(2);
  core::Matrix<float> gram(matrix.column_count, matrix.column_count);
  ComputeGram(matrix, options, gram.view(), pool);
  for (uint32_t i = 0; i < matrix.column_count; ++i) {
    for (uint32_t j = 0; j <= i; ++j) {
      EXPECT_NEAR(gram(i, j), NaiveEntry(matrix, options, i, j), 1e-4) << i << ", " << j;
    }
  }
}

TEST(Gram, CountsMembersInCommonWhenAllValuesAreOne) {
  ExpectGramIsNaive(RandomMatrix(60, 37, 0.2, false, 1), {});
}

TEST(Gram, MultipliesStoredValues) { ExpectGramIsNaive(RandomMatrix(60, 37, 0.2, true, 2), {}); }

TEST(Gram, TakesStoredValuesForOnesWhenAsked) {
  ExpectGramIsNaive(RandomMatrix(60, 37, 0.2, true, 2), {{}, {}, true});
}

TEST(Gram, AppliesMemberWeightsAndTitleScales) {
  const std::vector<float> weights = RandomScales(60, 3);
  const std::vector<float> scales = RandomScales(37, 4);
  ExpectGramIsNaive(RandomMatrix(60, 37, 0.2, false, 5), {weights, scales, false});
  ExpectGramIsNaive(RandomMatrix(60, 37, 0.2, true, 6), {weights, scales, false});
}

TEST(Gram, IsZeroForTitlesNobodyWatchedAndOverwritesWhatWasThere) {
  SparseMatrix matrix;
  matrix.column_count = 3;
  matrix.AppendRow(std::vector<uint32_t>{0});
  matrix.AppendRow({});
  core::ThreadPool pool(1);
  core::Matrix<float> gram(3, 3);
  for (size_t i = 0; i < 9; ++i) gram.data()[i] = 7;
  ComputeGram(matrix, {}, gram.view(), pool);
  EXPECT_EQ(gram(0, 0), 1);
  EXPECT_EQ(gram(1, 0), 0);
  EXPECT_EQ(gram(1, 1), 0);
  EXPECT_EQ(gram(2, 2), 0);
  EXPECT_EQ(gram(0, 2), 7) << "what stands above the diagonal is nobody's business";
}

TEST(Gram, HasTheSameBytesForOneTwoAndThreeThreads) {
  const SparseMatrix matrix = RandomMatrix(300, 101, 0.1, true, 7);
  const std::vector<float> weights = RandomScales(300, 8);
  core::Matrix<float> expected(101, 101);
  core::ThreadPool one(1);
  ComputeGram(matrix, {weights, {}, false}, expected.view(), one);
  for (const size_t threads : {2, 3}) {
    core::ThreadPool pool(threads);
    core::Matrix<float> gram(101, 101);
    ComputeGram(matrix, {weights, {}, false}, gram.view(), pool);
    EXPECT_EQ(std::memcmp(gram.data(), expected.data(), 101 * 101 * sizeof(float)), 0) << threads;
  }
}

}  // namespace
}  // namespace klieg::learn
