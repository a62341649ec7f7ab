#include "learn/sparse_matrix.h"

#include <gtest/gtest.h>

#include "core/random.h"

namespace klieg::learn {
namespace {

TEST(SparseMatrix, TripletsInAnyOrderGiveSortedRows) {
  const SparseMatrix matrix = FromTriplets(2, 3, {{1, 2, 1}, {0, 1, 1}, {1, 0, 1}});
  EXPECT_TRUE(matrix.Validate().has_value());
  EXPECT_EQ(matrix.columns, (std::vector<uint32_t>{1, 0, 2}));
  EXPECT_TRUE(matrix.values.empty()) << "all ones need no values";
}

TEST(SparseMatrix, OfRepeatedCellsTheLastCounts) {
  const SparseMatrix matrix = FromTriplets(1, 1, {{0, 0, 2}, {0, 0, 5}});
  EXPECT_EQ(matrix.entry_count(), 1U);
  EXPECT_EQ(matrix.Value(0), 5);
}

TEST(SparseMatrix, TransposingTwiceGivesTheMatrixBack) {
  core::Random random(3);
  std::vector<Triplet> triplets;
  for (int i = 0; i < 300; ++i) {
    triplets.push_back({static_cast<uint32_t>(random.Below(20)),
                        static_cast<uint32_t>(random.Below(30)),
                        static_cast<float>(1 + random.Below(5))});
  }
  const SparseMatrix matrix = FromTriplets(20, 30, triplets);
  std::vector<uint64_t> order;
  const SparseMatrix transposed = Transpose(matrix, &order);
  EXPECT_TRUE(transposed.Validate().has_value());
  EXPECT_EQ(Transpose(transposed), matrix);
  for (size_t i = 0; i < order.size(); ++i)
    EXPECT_EQ(transposed.values[i], matrix.values[order[i]]);
}

TEST(SparseMatrix, RowsWithAndWithoutValuesMix) {
  SparseMatrix matrix;
  matrix.column_count = 4;
  const std::vector<uint32_t> a = {0, 3};
  const std::vector<uint32_t> b = {1};
  const std::vector<float> value = {2.5F};
  matrix.AppendRow(a);
  matrix.AppendRow(b, value);
  matrix.AppendRow(a);
  EXPECT_TRUE(matrix.Validate().has_value());
  EXPECT_EQ(matrix.values, (std::vector<float>{1, 1, 2.5F, 1, 1}));
}

TEST(SparseMatrix, BrokenInvariantsAreNamed) {
  SparseMatrix matrix = FromTriplets(2, 3, {{0, 1, 1}, {1, 0, 1}, {1, 2, 1}});
  matrix.columns[2] = 0;
  EXPECT_FALSE(matrix.Validate().has_value());
  matrix.columns[2] = 3;
  EXPECT_FALSE(matrix.Validate().has_value());
  matrix.columns[2] = 2;
  EXPECT_TRUE(matrix.Validate().has_value());
  matrix.row_begin.back() = 9;
  EXPECT_FALSE(matrix.Validate().has_value());
}

}  // namespace
}  // namespace klieg::learn
