#include "learn/small_cholesky.h"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>
#include <limits>

#include "core/matrix.h"
#include "core/random.h"
#include "learn/packed_triangle.h"

namespace klieg::learn {
namespace {

class SmallCholeskyTest : public testing::TestWithParam<size_t> {
 protected:
  size_t n() const { return GetParam() * kBlockColumns; }

  /// X'X + I for a random X: eigenvalues from 1 to about 2 n.
  Eigen::MatrixXd RandomMatrix() const {
    core::Random random(n());
    const auto size = static_cast<Eigen::Index>(n());
    const Eigen::MatrixXd x =
        Eigen::MatrixXd::NullaryExpr(size / 2, size, [&] { return random.Normal(); });
    return x.transpose() * x + Eigen::MatrixXd::Identity(size, size);
  }

  core::Matrix<float> Pack(const Eigen::MatrixXd& matrix) const {
    core::Matrix<float> triangle(1, SlabBegin(GetParam()));
    for (size_t i = 0; i < n(); ++i) {
      for (size_t j = 0; j <= i; ++j) {
        triangle.data()[PackedPlace(i, j)] =
            static_cast<float>(matrix(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)));
      }
    }
    return triangle;
  }
};

TEST_P(SmallCholeskyTest, FactorAgreesWithDoublePrecision) {
  const Eigen::MatrixXd matrix = RandomMatrix();
  core::Matrix<float> triangle = Pack(matrix);
  ASSERT_TRUE(FactorizePacked(triangle.data(), GetParam()));
  const Eigen::MatrixXd factor = matrix.llt().matrixL();
  for (size_t i = 0; i < n(); ++i) {
    for (size_t j = 0; j <= i; ++j) {
      const double expected = factor(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j));
      const double found = triangle.data()[PackedPlace(i, j)];
      EXPECT_NEAR(i == j ? 1 / found : found, expected, 2e-4 * std::sqrt(n())) << i << " " << j;
    }
  }
}

TEST_P(SmallCholeskyTest, SolutionAgreesWithDoublePrecision) {
  const Eigen::MatrixXd matrix = RandomMatrix();
  core::Matrix<float> triangle = Pack(matrix);
  ASSERT_TRUE(FactorizePacked(triangle.data(), GetParam()));
  core::Matrix<float> x(1, n());
  Eigen::VectorXd right(static_cast<Eigen::Index>(n()));
  for (size_t i = 0; i < n(); ++i) {
    x.data()[i] = static_cast<float>(i % 7) - 3;
    right[static_cast<Eigen::Index>(i)] = x.data()[i];
  }
  SolvePacked(triangle.data(), GetParam(), x.data());
  const Eigen::VectorXd expected = matrix.llt().solve(right);
  for (size_t i = 0; i < n(); ++i) {
    EXPECT_NEAR(x.data()[i], expected[static_cast<Eigen::Index>(i)], 1e-4 * expected.norm()) << i;
  }
}

TEST_P(SmallCholeskyTest, LastPivotOfZeroOrNotANumberIsRefused) {
  for (const float pivot : {0.0F, -1.0F, std::numeric_limits<float>::quiet_NaN(),
                            std::numeric_limits<float>::infinity()}) {
    const auto size = static_cast<Eigen::Index>(n());
    core::Matrix<float> triangle = Pack(Eigen::MatrixXd::Identity(size, size));
    triangle.data()[PackedPlace(n() - 1, n() - 1)] = pivot;
    EXPECT_FALSE(FactorizePacked(triangle.data(), GetParam())) << pivot;
  }
}

INSTANTIATE_TEST_SUITE_P(Blocks, SmallCholeskyTest, testing::Values(1, 2, 3, 8));

}  // namespace
}  // namespace klieg::learn
