#include "learn/row_sum.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "core/random.h"

namespace klieg::learn {
namespace {

TEST(RowSum, EqualsThePlainSumToTheBitForAnyNumberOfRowsAndColumns) {
  core::Random random(1);
  core::Matrix<float> matrix(20, 77);
  for (size_t i = 0; i < 20 * 77; ++i) matrix.data()[i] = static_cast<float>(random.Normal());
  for (const size_t columns : {1, 15, 16, 33, 70}) {
    const core::MatrixView<const float> view(matrix.data() + 3, 20, columns, 77);
    for (size_t count = 0; count <= 11; ++count) {
      std::vector<uint32_t> rows(count);
      for (uint32_t& row : rows) row = static_cast<uint32_t>(random.Below(20));
      std::vector<float> sum(columns, 5);
      std::vector<float> expected(columns, 6);
      SumRows(view, rows, sum);
      SumRowsPlain(view, rows, expected);
      EXPECT_EQ(std::memcmp(sum.data(), expected.data(), columns * sizeof(float)), 0)
          << columns << " columns, " << count << " rows";
    }
  }
}

TEST(RowSum, OfNoRowsIsZero) {
  const core::Matrix<float> matrix(2, 3);
  std::vector<float> sum(3, 5);
  SumRows(matrix.view(), {}, sum);
  EXPECT_EQ(sum, std::vector<float>(3, 0.0F));
}

}  // namespace
}  // namespace klieg::learn
