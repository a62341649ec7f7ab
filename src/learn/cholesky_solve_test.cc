#include "learn/cholesky_solve.h"

#include <gtest/gtest.h>

#include <vector>

namespace klieg::learn {
namespace {

TEST(CholeskySolve, SolvesTheSystemOfTheLowerTriangle) {
  // A = [4 2; 2 3], b = [10, 11]: x = [1, 3]. What stands above the diagonal and beyond the view is
  // not read.
  std::vector<double> matrix = {4, 99, 99, 2, 3, 99};
  std::vector<double> right = {10, 11};
  ASSERT_TRUE(SolveSpd(core::MatrixView<double>(matrix.data(), 2, 2, 3), right));
  EXPECT_NEAR(right[0], 1, 1e-12);
  EXPECT_NEAR(right[1], 3, 1e-12);
}

TEST(CholeskySolve, SaysWhenTheMatrixIsNotPositiveDefinite) {
  std::vector<double> matrix = {1, 0, 2, 1};
  std::vector<double> right = {1, 1};
  EXPECT_FALSE(SolveSpd(core::MatrixView<double>(matrix.data(), 2, 2), right));
}

TEST(CholeskySolve, OfNothingIsNothing) { EXPECT_TRUE(SolveSpd(core::MatrixView<double>(), {})); }

}  // namespace
}  // namespace klieg::learn
