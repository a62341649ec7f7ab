#include "learn/panel_scores.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "core/random.h"

namespace klieg::learn {
namespace {

core::Matrix<float> RandomRows(size_t rows, size_t columns) {
  core::Random random(rows * 1000 + columns);
  core::Matrix<float> matrix(rows, columns);
  for (size_t row = 0; row < rows; ++row) {
    for (float& value : matrix.Row(row)) value = static_cast<float>(random.Normal());
  }
  return matrix;
}

TEST(PanelScoresTest, ScoresAreDotProductsWhateverTheShape) {
  for (const size_t columns : {1, 15, 16, 17, 64, 100}) {
    for (const size_t count : {1, 4, 5, 16}) {
      const core::Matrix<float> factors = RandomRows(columns, 32);
      const core::Matrix<float> rows = RandomRows(count, 32);
      const core::Matrix<float> panels = PackScorePanels(factors.view());
      core::Matrix<float> scratch(kScoreRows, 32);
      core::Matrix<float> scores(count, columns);
      ScoreRows(panels, rows.view(), {scratch.data(), kScoreRows * 32}, scores.view());
      for (size_t row = 0; row < count; ++row) {
        for (size_t column = 0; column < columns; ++column) {
          double expected = 0;
          for (size_t k = 0; k < 32; ++k) expected += double{rows(row, k)} * factors(column, k);
          ASSERT_NEAR(scores(row, column), expected, 1e-4) << columns << " " << count;
        }
      }
    }
  }
}

TEST(PanelScoresTest, RowScoredAloneHasTheBitsItHasAmongOthers) {
  const core::Matrix<float> factors = RandomRows(77, 48);
  const core::Matrix<float> rows = RandomRows(16, 48);
  const core::Matrix<float> panels = PackScorePanels(factors.view());
  core::Matrix<float> scratch(kScoreRows, 48);
  core::Matrix<float> together(16, 77);
  ScoreRows(panels, rows.view(), {scratch.data(), kScoreRows * 48}, together.view());
  for (size_t row = 0; row < 16; ++row) {
    core::Matrix<float> alone(1, 77);
    ScoreRows(panels, rows.view().Rows(row, 1), {scratch.data(), kScoreRows * 48}, alone.view());
    EXPECT_TRUE(std::ranges::equal(alone.Row(0), together.Row(row))) << row;
  }
}

}  // namespace
}  // namespace klieg::learn
