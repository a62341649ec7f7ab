#include "learn/exact_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/random.h"
#include "learn/int8_scan.h"

namespace klieg::learn {
namespace {

using ::testing::HasSubstr;

core::Matrix<float> RandomRows(size_t rows, size_t dimensions, core::Random& random) {
  core::Matrix<float> matrix(rows, dimensions);
  for (size_t i = 0; i < rows * dimensions; ++i)
    matrix.data()[i] = static_cast<float>(random.Normal());
  return matrix;
}

/// Rows around few centres with norms of many sizes: like the factors of titles.
core::Matrix<float> ClusteredRows(size_t rows, size_t dimensions, core::Random& random) {
  const core::Matrix<float> centres = RandomRows(7, dimensions, random);
  core::Matrix<float> matrix(rows, dimensions);
  for (size_t t = 0; t < rows; ++t) {
    const size_t centre = random.Below(7);
    const double norm = std::exp(random.Normal());
    for (size_t j = 0; j < dimensions; ++j) {
      matrix(t, j) = static_cast<float>(norm * (centres(centre, j) + 0.3 * random.Normal()));
    }
  }
  return matrix;
}

void ExpectSame(const ExactSearch& search, std::span<const float> query,
                const SearchOptions& options, const std::string& what) {
  SearchScratch scratch;
  const auto fast = search.Find(query, options, scratch);
  const auto plain = search.FindPlain(query, options);
  ASSERT_TRUE(fast && plain) << what;
  EXPECT_EQ(std::vector<ScoredIndex>(fast->begin(), fast->end()), *plain) << what;
}

TEST(Int8ScanTest, EveryKernelGivesTheSameBoundsAndTheyHold) {
  core::Random random(1);
  for (const size_t dimensions : {1, 3, 4, 7, 64, 127, 128, 300}) {
    const core::Matrix<float> rows = ClusteredRows(150, dimensions, random);
    const Int8Rows codes = Int8Rows::Build(rows.view()).value();
    const core::Matrix<float> query = RandomRows(1, dimensions, random);
    std::vector<float> portable_lower(codes.padded_rows());
    std::vector<float> portable_upper(codes.padded_rows());
    ASSERT_TRUE(codes.Bounds(query.Row(0), ScanKernel::kPortable, portable_lower, portable_upper));
    for (size_t t = 0; t < 150; ++t) {
      double product = 0;
      for (size_t j = 0; j < dimensions; ++j)
        product += static_cast<double>(query(0, j)) * rows(t, j);
      EXPECT_LE(portable_lower[t], product);
      EXPECT_GE(portable_upper[t], product);
    }
    for (const ScanKernel kernel : AvailableScanKernels()) {
      std::vector<float> lower(codes.padded_rows());
      std::vector<float> upper(codes.padded_rows());
      ASSERT_TRUE(codes.Bounds(query.Row(0), kernel, lower, upper));
      EXPECT_EQ(lower, portable_lower)
          << ScanKernelName(kernel) << ", " << dimensions << " dimensions";
      EXPECT_EQ(upper, portable_upper)
          << ScanKernelName(kernel) << ", " << dimensions << " dimensions";
    }
  }
}

TEST(Int8ScanTest, BoundsAreTightForVectorsWithoutOutliers) {
  core::Random random(2);
  const core::Matrix<float> rows = RandomRows(64, 128, random);
  const core::Matrix<float> query = RandomRows(1, 128, random);
  const Int8Rows codes = Int8Rows::Build(rows.view()).value();
  std::vector<float> lower(64);
  std::vector<float> upper(64);
  ASSERT_TRUE(codes.Bounds(query.Row(0), ScanKernel::kPortable, lower, upper));
  for (size_t t = 0; t < 64; ++t) EXPECT_LT(upper[t] - lower[t], 0.05 * 128);
}

TEST(Int8ScanTest, ExtremeCodesDoNotOverflow) {
  core::Matrix<float> rows(2, 512);
  std::vector<float> query(512);
  for (size_t j = 0; j < 512; ++j) {
    rows(0, j) = 1;
    rows(1, j) = -1;
    query[j] = j % 2 == 0 ? -1.0F : 1.0F;
  }
  std::fill(query.begin(), query.begin() + 500, -1.0F);
  const Int8Rows codes = Int8Rows::Build(rows.view()).value();
  for (const ScanKernel kernel : AvailableScanKernels()) {
    std::vector<float> lower(codes.padded_rows());
    std::vector<float> upper(codes.padded_rows());
    ASSERT_TRUE(codes.Bounds(query, kernel, lower, upper));
    EXPECT_NEAR(lower[0], -500, 0.1) << ScanKernelName(kernel);
    EXPECT_NEAR(upper[1], 500, 0.1) << ScanKernelName(kernel);
  }
}

TEST(ExactSearchTest, AgreesWithThePlainScanForEveryShapeAndKernel) {
  core::Random random(3);
  for (int round = 0; round < 60; ++round) {
    const size_t titles = 1 + random.Below(3000);
    const size_t dimensions = 1 + random.Below(140);
    const core::Matrix<float> factors = round % 2 == 0 ? ClusteredRows(titles, dimensions, random)
                                                       : RandomRows(titles, dimensions, random);
    ExactSearch search = ExactSearch::Build(factors.view()).value();
    std::vector<uint32_t> left_out;
    for (uint32_t t = 0; t < titles; ++t) {
      if (random.Uniform() < 0.1 * (round % 3)) left_out.push_back(t);
    }
    const core::Matrix<float> query = RandomRows(1, dimensions, random);
    const auto k = static_cast<uint32_t>(1 + random.Below(150));
    for (const ScanKernel kernel : AvailableScanKernels()) {
      search.set_kernel(kernel);
      ExpectSame(search, query.Row(0), {.k = k, .left_out = left_out},
                 "round " + std::to_string(round));
    }
  }
}

TEST(ExactSearchTest, EqualVectorsTieByIndex) {
  core::Random random(4);
  const core::Matrix<float> few = RandomRows(5, 32, random);
  core::Matrix<float> factors(2000, 32);
  for (size_t t = 0; t < 2000; ++t)
    std::ranges::copy(few.Row(random.Below(5)), factors.Row(t).begin());
  const ExactSearch search = ExactSearch::Build(factors.view()).value();
  const core::Matrix<float> query = RandomRows(1, 32, random);
  ExpectSame(search, query.Row(0), {.k = 100}, "copies");
  SearchScratch scratch;
  const auto best = search.Find(query.Row(0), {.k = 100}, scratch).value();
  for (size_t i = 1; i < best.size(); ++i) EXPECT_LT(best[i - 1].index, best[i].index);
}

TEST(ExactSearchTest, NearlyEqualProductsAreToldApart) {
  core::Random random(5);
  core::Matrix<float> factors(1500, 16);
  for (size_t t = 0; t < 1500; ++t) {
    for (size_t j = 0; j < 16; ++j) factors(t, j) = 1 + 1e-6F * static_cast<float>(random.Normal());
  }
  const ExactSearch search = ExactSearch::Build(factors.view()).value();
  ExpectSame(search, std::vector<float>(16, 0.7F), {.k = 50}, "differences far below a code");
}

TEST(ExactSearchTest, ZerosAndTinyAndOutlyingNumbers) {
  core::Random random(6);
  core::Matrix<float> factors = RandomRows(1000, 24, random);
  for (size_t t = 0; t < 1000; t += 3) factors(t, t % 24) *= 1000;
  for (size_t t = 1; t < 1000; t += 3) std::ranges::fill(factors.Row(t), 0.0F);
  const ExactSearch search = ExactSearch::Build(factors.view()).value();
  const core::Matrix<float> query = RandomRows(1, 24, random);
  ExpectSame(search, query.Row(0), {.k = 400}, "outliers");
  ExpectSame(search, std::vector<float>(24, 0.0F), {.k = 40}, "a query of zeros");
  std::vector<float> tiny(query.Row(0).begin(), query.Row(0).end());
  for (float& value : tiny) value *= 1e-38F;
  ExpectSame(search, tiny, {.k = 40}, "a query of tiny numbers");
}

TEST(ExactSearchTest, FewCandidatesAreRescored) {
  core::Random random(7);
  const core::Matrix<float> factors = RandomRows(20000, 64, random);
  const ExactSearch search = ExactSearch::Build(factors.view()).value();
  SearchScratch scratch;
  const core::Matrix<float> query = RandomRows(1, 64, random);
  ASSERT_TRUE(search.Find(query.Row(0), {.k = 50}, scratch));
  EXPECT_GE(scratch.rescored(), 50U);
  EXPECT_LT(scratch.rescored(), 400U);
}

TEST(ExactSearchTest, MoreWantedThanThereAre) {
  core::Random random(8);
  const core::Matrix<float> factors = RandomRows(10, 8, random);
  const ExactSearch search = ExactSearch::Build(factors.view()).value();
  const std::vector<uint32_t> left_out = {9, 0, 9};
  SearchScratch scratch;
  const auto best = search.Find(factors.Row(3), {.k = 100, .left_out = left_out}, scratch).value();
  EXPECT_EQ(best.size(), 8U);
  ExpectSame(search, factors.Row(3), {.k = 100, .left_out = left_out}, "small");
  EXPECT_TRUE(search.Find(factors.Row(3), {.k = 0}, scratch)->empty());
  const core::Matrix<float> none(0, 8);
  EXPECT_TRUE(ExactSearch::Build(none.view())->Find(factors.Row(3), {.k = 5}, scratch)->empty());
}

TEST(ExactSearchTest, FactorsThatAreNotFiniteFail) {
  core::Random random(9);
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 1e30F}) {
    core::Matrix<float> factors = RandomRows(10, 8, random);
    factors(7, 2) = bad;
    const auto result = ExactSearch::Build(factors.view());
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, HasSubstr("vector 7"));
  }
  const core::Matrix<float> no_dimensions(10, 0);
  EXPECT_FALSE(ExactSearch::Build(no_dimensions.view()));
}

TEST(ExactSearchTest, QueriesThatDoNotFitFail) {
  core::Random random(10);
  const core::Matrix<float> factors = RandomRows(10, 8, random);
  const ExactSearch search = ExactSearch::Build(factors.view()).value();
  SearchScratch scratch;
  EXPECT_FALSE(search.Find(std::vector<float>(7, 1.0F), {.k = 1}, scratch));
  EXPECT_FALSE(search.FindPlain(std::vector<float>(9, 1.0F), {.k = 1}));
  EXPECT_FALSE(search.Find(std::vector<float>(8, std::nanf("")), {.k = 1}, scratch));
  const std::vector<uint32_t> beyond = {10};
  EXPECT_FALSE(search.Find(factors.Row(0), {.k = 1, .left_out = beyond}, scratch));
}

}  // namespace
}  // namespace klieg::learn
