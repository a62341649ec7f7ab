#include "learn/gather_syrk.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/random.h"
#include "learn/packed_triangle.h"

namespace klieg::learn {
namespace {

core::Matrix<float> RandomRows(size_t rows, size_t columns) {
  core::Random random(rows + columns);
  core::Matrix<float> matrix(rows, columns);
  for (size_t row = 0; row < rows; ++row) {
    for (float& value : matrix.Row(row)) value = static_cast<float>(random.Normal());
  }
  return matrix;
}

std::vector<uint32_t> RandomChoice(size_t count, size_t rows) {
  core::Random random(count);
  std::vector<uint32_t> chosen(count);
  for (uint32_t& row : chosen) row = static_cast<uint32_t>(random.Below(rows));
  return chosen;
}

TEST(GatherSyrkTest, SumOfOuterProductsAgreesWithThePlainSum) {
  for (const size_t d : {16, 48, 128}) {
    for (const size_t n : {0, 1, 127, 128, 129, 300}) {
      const core::Matrix<float> source = RandomRows(50, d);
      const std::vector<uint32_t> rows = RandomChoice(n, 50);
      core::Matrix<float> panel(kGatherDepth, d);
      core::Matrix<float> triangle(1, SlabBegin(d / kBlockColumns));
      for (size_t i = 0; i < d; ++i) triangle.data()[PackedPlace(i, i)] = 3.0F;
      GatherSyrk(source.view(), rows, rows, panel.data(), triangle.data());
      for (size_t i = 0; i < d; ++i) {
        for (size_t j = 0; j <= i; ++j) {
          double expected = i == j ? 3 : 0;
          for (const uint32_t row : rows) expected += double{source(row, i)} * source(row, j);
          ASSERT_NEAR(triangle.data()[PackedPlace(i, j)], expected,
                      1e-5 * static_cast<double>(n + 1))
              << d << " " << n << " " << i << " " << j;
        }
      }
    }
  }
}

TEST(GatherSyrkTest, TransposedPanelGivesScaledDotProducts) {
  const size_t d = 48;
  for (const size_t n : {1, 5, 16, 33}) {
    const core::Matrix<float> source = RandomRows(50, d);
    const std::vector<uint32_t> rows = RandomChoice(n, 50);
    std::vector<float> scale(d);
    for (size_t k = 0; k < d; ++k) scale[k] = 0.5F + static_cast<float>(k % 3);
    const size_t blocks = BlockCount(n);
    core::Matrix<float> panel(blocks * kBlockColumns, d);
    core::Matrix<float> triangle(1, SlabBegin(blocks));
    GatherTransposed(source.view(), rows, scale, panel.data());
    PanelSyrk(panel.data(), d, blocks, source.view(), {}, triangle.data());
    for (size_t i = 0; i < blocks * kBlockColumns; ++i) {
      for (size_t j = 0; j <= i; ++j) {
        double expected = 0;
        for (size_t k = 0; k < d && i < n && j < n; ++k) {
          expected += double{source(rows[i], k)} * source(rows[j], k) * scale[k] * scale[k];
        }
        ASSERT_NEAR(triangle.data()[PackedPlace(i, j)], expected, 1e-3)
            << n << " " << i << " " << j;
      }
    }
  }
}

}  // namespace
}  // namespace klieg::learn
