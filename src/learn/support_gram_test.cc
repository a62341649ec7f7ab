#include "learn/support_gram.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/random.h"
#include "learn/gram.h"

namespace klieg::learn {
namespace {

TEST(SupportGram, IsTheNamedRowsAndColumnsOfTheWholeGramMatrix) {
  core::Random random(1);
  SparseMatrix matrix;
  matrix.column_count = 30;
  std::vector<float> weights;
  for (int row = 0; row < 100; ++row) {
    std::vector<uint32_t> columns;
    for (uint32_t column = 0; column < 30; ++column) {
      if (random.Uniform() < 0.2) columns.push_back(column);
    }
    matrix.AppendRow(columns);
    weights.push_back(static_cast<float>(random.Uniform()));
  }
  core::ThreadPool pool(1);
  core::Matrix<float> whole(30, 30);
  ComputeGram(matrix, {weights, {}, true}, whole.view(), pool);
  const SparseMatrix by_column = Transpose(matrix);
  SupportGram gram(by_column, weights);
  // Twice and in different sizes: what one call leaves in the scratch space must not reach the
  // next.
  for (const std::vector<uint32_t>& columns :
       {std::vector<uint32_t>{3, 7, 8, 29}, {0, 1, 2, 3, 4, 5, 6, 7}, {11}, {}}) {
    core::Matrix<double> piece(columns.size(), columns.size());
    gram.Compute(columns, piece.view());
    for (size_t p = 0; p < columns.size(); ++p) {
      for (size_t q = 0; q <= p; ++q) EXPECT_NEAR(piece(p, q), whole(columns[p], columns[q]), 1e-5);
    }
  }
}

}  // namespace
}  // namespace klieg::learn
