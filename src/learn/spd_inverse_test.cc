#include "learn/spd_inverse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "core/random.h"

extern "C" {
void spotrf_(const char* uplo, const int* n, float* a, const int* lda, int* info);
void spotri_(const char* uplo, const int* n, float* a, const int* lda, int* info);
void dpotrf_(const char* uplo, const int* n, double* a, const int* lda, int* info);
void dpotri_(const char* uplo, const int* n, double* a, const int* lda, int* info);
}

namespace klieg::learn {
namespace {

using ::testing::HasSubstr;

/// Lower triangle of Y'Y / n + lambda I for random Y, NaN above the diagonal: reading there would
/// show.
core::Matrix<float> RandomSpd(size_t n, double lambda, uint64_t seed) {
  core::Random random(seed);
  const size_t rank = std::min<size_t>(n, 24);
  core::Matrix<float> factors(n, rank);
  for (size_t i = 0; i < n * rank; ++i) factors.data()[i] = static_cast<float>(random.Normal());
  core::Matrix<float> matrix(n, n);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) {
      double sum = i == j ? lambda : 0;
      for (size_t f = 0; f < rank; ++f)
        sum += factors(i, f) * factors(j, f) / static_cast<double>(rank);
      matrix(i, j) = j <= i ? static_cast<float>(sum) : std::numeric_limits<float>::quiet_NaN();
    }
  }
  return matrix;
}

/// Lower triangle of the inverse by LAPACK in double precision.
core::Matrix<double> ReferenceInverse(const core::Matrix<float>& matrix) {
  const int n = static_cast<int>(matrix.rows());
  core::Matrix<double> inverse(matrix.rows(), matrix.rows());
  for (size_t i = 0; i < matrix.rows(); ++i) {
    for (size_t j = 0; j <= i; ++j) inverse(i, j) = matrix(i, j);
  }
  int info = 0;
  dpotrf_("U", &n, inverse.data(), &n, &info);
  if (info == 0) dpotri_("U", &n, inverse.data(), &n, &info);
  EXPECT_EQ(info, 0);
  return inverse;
}

template <class T>
double LargestDifference(const core::Matrix<T>& a, const core::Matrix<double>& b) {
  double largest = 0;
  for (size_t i = 0; i < a.rows(); ++i) {
    for (size_t j = 0; j <= i; ++j) {
      const double difference = std::abs(static_cast<double>(a(i, j)) - b(i, j));
      largest = std::isnan(difference) ? std::numeric_limits<double>::infinity()
                                       : std::max(largest, difference);
    }
  }
  return largest;
}

class SpdInverseOfSize : public ::testing::TestWithParam<size_t> {};

TEST_P(SpdInverseOfSize, AgreesWithLapackInDoublePrecision) {
  core::Matrix<float> matrix = RandomSpd(GetParam(), 0.5, GetParam());
  const core::Matrix<double> expected = ReferenceInverse(matrix);
  core::ThreadPool pool(2);
  ASSERT_TRUE(InvertSpd(matrix.view(), pool).has_value());
  EXPECT_LT(LargestDifference(matrix, expected), 2e-5);
}

TEST_P(SpdInverseOfSize, GivesTheIdentityWhenMultipliedWithTheMatrix) {
  const size_t n = GetParam();
  const core::Matrix<float> matrix = RandomSpd(n, 0.5, n + 1);
  core::Matrix<float> inverse = matrix.Clone();
  core::ThreadPool pool(2);
  ASSERT_TRUE(InvertSpd(inverse.view(), pool).has_value());
  const auto at = [](const core::Matrix<float>& m, size_t i, size_t j) {
    return static_cast<double>(i >= j ? m(i, j) : m(j, i));
  };
  for (size_t i = 0; i < n; i += std::max<size_t>(1, n / 7)) {
    for (size_t j = 0; j < n; ++j) {
      double sum = 0;
      for (size_t l = 0; l < n; ++l) sum += at(matrix, i, l) * at(inverse, l, j);
      EXPECT_NEAR(sum, i == j ? 1 : 0, 1e-4) << i << ", " << j;
    }
  }
}

TEST_P(SpdInverseOfSize, HasTheSameBytesForOneTwoAndThreeThreads) {
  const size_t n = GetParam();
  const core::Matrix<float> matrix = RandomSpd(n, 0.5, n + 2);
  core::Matrix<float> expected = matrix.Clone();
  core::ThreadPool one(1);
  ASSERT_TRUE(InvertSpd(expected.view(), one).has_value());
  for (const size_t threads : {2, 3}) {
    core::Matrix<float> inverse = matrix.Clone();
    core::ThreadPool pool(threads);
    ASSERT_TRUE(InvertSpd(inverse.view(), pool).has_value());
    for (size_t i = 0; i < n; ++i) {
      ASSERT_EQ(std::memcmp(&inverse(i, 0), &expected(i, 0), (i + 1) * sizeof(float)), 0) << i;
    }
  }
}

// 64 and 128 are the blocks of small matrices; 1 … 3 blocks and one more or less row than whole
// blocks.
INSTANTIATE_TEST_SUITE_P(Blocks, SpdInverseOfSize,
                         ::testing::Values(1, 2, 5, 63, 64, 65, 127, 129, 192, 255, 256, 257, 384,
                                           421));

TEST(SpdInverse, IsAsAccurateAsSinglePrecisionLapackWhenBadlyConditioned) {
  const size_t n = 400;
  const core::Matrix<float> matrix = RandomSpd(n, 1e-3, 11);  // Condition number about 5e4.
  const core::Matrix<double> expected = ReferenceInverse(matrix);
  core::Matrix<float> lapack = matrix.Clone();
  const int order = static_cast<int>(n);
  int info = 0;
  spotrf_("U", &order, lapack.data(), &order, &info);
  spotri_("U", &order, lapack.data(), &order, &info);
  ASSERT_EQ(info, 0);
  core::Matrix<float> inverse = matrix.Clone();
  core::ThreadPool pool(2);
  ASSERT_TRUE(InvertSpd(inverse.view(), pool).has_value());
  EXPECT_LT(LargestDifference(inverse, expected), 2 * LargestDifference(lapack, expected));
}

TEST(SpdInverse, LeavesWhatLiesBesideAViewAlone) {
  const core::Matrix<float> small = RandomSpd(70, 0.5, 12);
  core::Matrix<float> wide(70, 80);
  for (size_t i = 0; i < 70; ++i) {
    for (size_t j = 0; j < 80; ++j) wide(i, j) = j <= i ? small(i, j) : 7;
  }
  core::Matrix<float> expected = small.Clone();
  core::ThreadPool pool(1);
  ASSERT_TRUE(InvertSpd(expected.view(), pool).has_value());
  ASSERT_TRUE(InvertSpd(core::MatrixView<float>(wide.data(), 70, 70, 80), pool).has_value());
  for (size_t i = 0; i < 70; ++i) {
    for (size_t j = 0; j <= i; ++j) EXPECT_EQ(wide(i, j), expected(i, j));
    for (size_t j = 70; j < 80; ++j) EXPECT_EQ(wide(i, j), 7);
  }
}

TEST(SpdInverse, OfAnEmptyMatrixIsEmpty) {
  core::Matrix<float> matrix;
  core::ThreadPool pool(1);
  EXPECT_TRUE(InvertSpd(matrix.view(), pool).has_value());
}

TEST(SpdInverse, NamesTheRowWhosePivotIsNotPositive) {
  core::Matrix<float> matrix = RandomSpd(200, 0.5, 13);
  matrix(150, 150) = -1;
  core::ThreadPool pool(2);
  const core::Status status = InvertSpd(matrix.view(), pool);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, core::ErrorCode::kInvalidArgument);
  EXPECT_THAT(status.error().message, HasSubstr("row 150"));
  EXPECT_THAT(status.error().message, HasSubstr("larger lambda"));
}

TEST(SpdInverse, RefusesAMatrixThatIsOnlySemidefinite) {
  core::Matrix<float> matrix(100, 100);
  for (size_t i = 0; i < 100; ++i) {
    for (size_t j = 0; j <= i; ++j) matrix(i, j) = 1;
  }
  core::ThreadPool pool(2);
  EXPECT_FALSE(InvertSpd(matrix.view(), pool).has_value());
}

TEST(SpdInverse, RefusesNotANumber) {
  core::Matrix<float> matrix = RandomSpd(100, 0.5, 14);
  matrix(90, 90) = std::numeric_limits<float>::quiet_NaN();
  core::ThreadPool pool(2);
  EXPECT_FALSE(InvertSpd(matrix.view(), pool).has_value());
}

}  // namespace
}  // namespace klieg::learn
