#include "learn/inverse_update.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "core/random.h"

namespace klieg::learn {
namespace {

using core::Matrix;

/// The inverse by Gauss-Jordan with pivots: shares nothing with the code under test.
Matrix<double> InverseNaively(const Matrix<double>& matrix) {
  const size_t n = matrix.rows();
  Matrix<double> a = matrix.Clone();
  Matrix<double> inverse(n, n);
  for (size_t i = 0; i < n; ++i) inverse(i, i) = 1;
  for (size_t column = 0; column < n; ++column) {
    size_t pivot = column;
    for (size_t row = column; row < n; ++row) {
      if (std::abs(a(row, column)) > std::abs(a(pivot, column))) pivot = row;
    }
    for (size_t c = 0; c < n; ++c) {
      std::swap(a(column, c), a(pivot, c));
      std::swap(inverse(column, c), inverse(pivot, c));
    }
    const double scale = 1 / a(column, column);
    for (size_t c = 0; c < n; ++c) {
      a(column, c) *= scale;
      inverse(column, c) *= scale;
    }
    for (size_t row = 0; row < n; ++row) {
      if (row == column) continue;
      const double factor = a(row, column);
      for (size_t c = 0; c < n; ++c) {
        a(row, c) -= factor * a(column, c);
        inverse(row, c) -= factor * inverse(column, c);
      }
    }
  }
  return inverse;
}

/// V V' + 2 I with V of `rank` random columns: positive definite.
Matrix<double> RandomMatrix(size_t n, core::Random& random) {
  Matrix<double> v(n, n);
  for (size_t i = 0; i < n * n; ++i) v.data()[i] = random.Normal();
  Matrix<double> matrix(n, n);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) {
      for (size_t k = 0; k < n; ++k) matrix(i, j) += v(i, k) * v(j, k);
    }
    matrix(i, i) += 2;
  }
  return matrix;
}

/// Q + panel · core · panel'.
Matrix<double> Changed(const Matrix<double>& inverse, const Matrix<double>& panel,
                       const Matrix<double>& core, core::ThreadPool& pool) {
  const Matrix<double> left = MultiplyPanel(panel.view(), core.view(), pool);
  Matrix<double> changed = inverse.Clone();
  for (size_t i = 0; i < inverse.rows(); ++i) {
    for (size_t j = 0; j < inverse.rows(); ++j) {
      for (size_t k = 0; k < panel.columns(); ++k) changed(i, j) += left(i, k) * panel(j, k);
    }
  }
  return changed;
}

void ExpectNear(const Matrix<double>& a, const Matrix<double>& b) {
  for (size_t i = 0; i < a.rows(); ++i) {
    for (size_t j = 0; j < a.columns(); ++j) EXPECT_NEAR(a(i, j), b(i, j), 1e-9) << i << ", " << j;
  }
}

TEST(InverseUpdateTest, RemovingOuterProductsEqualsInvertingAgain) {
  core::Random random(1);
  core::ThreadPool pool(2);
  for (const size_t rank : {1, 2, 5}) {
    const size_t n = 20;
    Matrix<double> matrix = RandomMatrix(n, random);
    Matrix<double> v(n, rank);
    for (size_t i = 0; i < n * rank; ++i) v.data()[i] = random.Normal() / 10;
    const Matrix<double> inverse = InverseNaively(matrix);
    Matrix<double> panel(n, rank);
    Matrix<double> block(rank, rank);
    for (size_t i = 0; i < n; ++i) {
      for (size_t k = 0; k < rank; ++k) {
        for (size_t j = 0; j < n; ++j) panel(i, k) += inverse(i, j) * v(j, k);
        for (size_t j = 0; j < n; ++j) matrix(i, j) -= v(i, k) * v(j, k);
      }
    }
    for (size_t r = 0; r < rank; ++r) {
      for (size_t c = 0; c < rank; ++c) {
        for (size_t i = 0; i < n; ++i) block(r, c) += v(i, r) * panel(i, c);
      }
    }
    const auto core = OuterProductCore(block.view());
    ASSERT_TRUE(core.has_value()) << core.error().message;
    ExpectNear(Changed(inverse, panel, *core, pool), InverseNaively(matrix));
  }
}

TEST(InverseUpdateTest, ChangingABlockEqualsInvertingAgainAlsoWhenTheChangeIsIndefinite) {
  core::Random random(2);
  core::ThreadPool pool(2);
  const size_t n = 15;
  const std::vector<size_t> rows = {2, 3, 9, 14};
  Matrix<double> matrix = RandomMatrix(n, random);
  const Matrix<double> inverse = InverseNaively(matrix);
  Matrix<double> change(4, 4);
  Matrix<double> block(4, 4);
  Matrix<double> panel(n, 4);
  for (size_t r = 0; r < 4; ++r) {
    for (size_t c = 0; c <= r; ++c) change(r, c) = change(c, r) = random.Normal() / 4;
    for (size_t c = 0; c < 4; ++c) block(r, c) = inverse(rows[r], rows[c]);
    for (size_t i = 0; i < n; ++i) panel(i, r) = inverse(i, rows[r]);
  }
  for (size_t r = 0; r < 4; ++r) {
    for (size_t c = 0; c < 4; ++c) matrix(rows[r], rows[c]) -= change(r, c);
  }
  const auto core = BlockCore(block.view(), change.view());
  ASSERT_TRUE(core.has_value()) << core.error().message;
  ExpectNear(Changed(inverse, panel, *core, pool), InverseNaively(matrix));
}

TEST(InverseUpdateTest, StrikingRowsEqualsInvertingWhatIsLeft) {
  core::Random random(3);
  core::ThreadPool pool(2);
  const size_t n = 12;
  const Matrix<double> matrix = RandomMatrix(n, random);
  const Matrix<double> inverse = InverseNaively(matrix);
  Matrix<double> panel(n, 2);  // The last two rows are struck.
  Matrix<double> block(2, 2);
  for (size_t k = 0; k < 2; ++k) {
    for (size_t i = 0; i < n; ++i) panel(i, k) = inverse(i, 10 + k);
    for (size_t c = 0; c < 2; ++c) block(k, c) = inverse(10 + k, 10 + c);
  }
  Matrix<double> left(10, 10);
  for (size_t i = 0; i < 10; ++i) {
    for (size_t j = 0; j < 10; ++j) left(i, j) = matrix(i, j);
  }
  const auto core = EliminationCore(block.view());
  ASSERT_TRUE(core.has_value());
  const Matrix<double> changed = Changed(inverse, panel, *core, pool);
  const Matrix<double> expected = InverseNaively(left);
  for (size_t i = 0; i < 10; ++i) {
    for (size_t j = 0; j < 10; ++j) EXPECT_NEAR(changed(i, j), expected(i, j), 1e-9);
  }
}

TEST(InverseUpdateTest, RefusesAChangeThatLeavesNothingPositive) {
  Matrix<double> block(1, 1);
  for (const double value : {1.0, 1.5, std::nan("")}) {
    block(0, 0) = value;
    EXPECT_FALSE(OuterProductCore(block.view()).has_value()) << value;
  }
  block(0, 0) = 0.5;
  Matrix<double> change(1, 1);
  change(0, 0) = 2;  // 1 - 2 · 0.5 = 0
  EXPECT_FALSE(BlockCore(block.view(), change.view()).has_value());
  block(0, 0) = -1;
  EXPECT_FALSE(EliminationCore(block.view()).has_value());
}

TEST(InverseUpdateTest, NoRowsAreNoChange) {
  core::ThreadPool pool(1);
  const Matrix<double> none(0, 0);
  ASSERT_TRUE(OuterProductCore(none.view()).has_value());
  ASSERT_TRUE(BlockCore(none.view(), none.view()).has_value());
  ASSERT_TRUE(EliminationCore(none.view()).has_value());
  EXPECT_EQ(MultiplyPanel(Matrix<double>(5, 0).view(), none.view(), pool).rows(), 5U);
}

TEST(InverseUpdateTest, PassOverTheMatrixEqualsThePlainVersion) {
  core::Random random(4);
  for (const size_t n : {1, 7, 16, 33, 130}) {
    for (const size_t rank : {0, 1, 2, 9}) {
      for (const size_t dropped : {0, 1}) {
        const size_t m = n + dropped;
        std::vector<uint32_t> kept(n);
        std::iota(kept.begin(), kept.end(), static_cast<uint32_t>(dropped));
        Matrix<float> source(m, m);
        Matrix<float> left(n, rank);
        Matrix<float> right(rank, n);
        const auto fill = [&random](Matrix<float>& matrix) {
          for (size_t i = 0; i < matrix.rows() * matrix.columns(); ++i)
            matrix.data()[i] = static_cast<float>(random.Normal());
        };
        fill(source);
        fill(left);
        fill(right);
        std::vector<float> factors(n);
        std::vector<float> weights(n);
        for (float& factor : factors) factor = static_cast<float>(random.Normal());
        for (float& weight : weights) weight = static_cast<float>(random.Uniform());
        const LowRankChange change{.source = source.view(),
                                   .kept = kept,
                                   .column_factors = factors,
                                   .left = left.view(),
                                   .right = right.view()};
        Matrix<float> fast(n, n);
        Matrix<float> plain(n, n);
        std::vector<double> fast_squares(n);
        std::vector<double> plain_squares(n);
        AddLowRank(change, 0, weights, fast.view(), fast_squares);
        AddLowRankPlain(change, 0, weights, plain.view(), plain_squares);
        for (size_t i = 0; i < n; ++i) {
          EXPECT_NEAR(fast_squares[i], plain_squares[i], 1e-4 * (1 + plain_squares[i]));
          for (size_t j = 0; j < n; ++j) EXPECT_NEAR(fast(i, j), plain(i, j), 1e-5) << n << rank;
        }
      }
    }
  }
}

}  // namespace
}  // namespace klieg::learn
