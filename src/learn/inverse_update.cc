#include "learn/inverse_update.h"

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/check.h"
#include "learn/blas.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "learn/inverse_update.cc"
#include <hwy/foreach_target.h>  // NOLINT: must come before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace klieg::learn::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// target = source ∘ factors + amount · right; returns Σ weights · target². Each element is read once
/// and written once, past the caches: the matrix is larger than they are and is not looked at again
/// soon.
double ScaleAndAdd(const float* source, const float* factors, const float* right, float amount,
                   const float* weights, size_t columns, float* target) {
  const hn::ScalableTag<float> tag;
  const size_t lanes = hn::Lanes(tag);
  const auto amounts = hn::Set(tag, amount);
  auto even = hn::Zero(tag);
  auto odd = hn::Zero(tag);
  double sum = 0;
  size_t c = 0;
  const auto one = [&] {
    target[c] = std::fma(amount, right[c], source[c] * factors[c]);
    sum += static_cast<double>(target[c]) * target[c] * weights[c];
    ++c;
  };
  const auto many = [&](auto& squares) {
    const auto scaled = hn::Mul(hn::LoadU(tag, source + c), hn::LoadU(tag, factors + c));
    const auto value = hn::MulAdd(amounts, hn::LoadU(tag, right + c), scaled);
    hn::Stream(value, tag, target + c);
    squares = hn::MulAdd(hn::Mul(value, hn::LoadU(tag, weights + c)), value, squares);
    c += lanes;
  };
  while (c < columns && reinterpret_cast<uintptr_t>(target + c) % (lanes * sizeof(float)) != 0) {
    one();
  }
  while (c + 2 * lanes <= columns) {
    many(even);
    many(odd);
  }
  while (c < columns) one();
  return sum + hn::GetLane(hn::SumOfLanes(tag, hn::Add(even, odd)));
}

/// target = source ∘ factors.
void Scale(const float* source, const float* factors, size_t columns, float* target) {
  const hn::ScalableTag<float> tag;
  const size_t lanes = hn::Lanes(tag);
  size_t c = 0;
  for (; c + lanes <= columns; c += lanes) {
    hn::StoreU(hn::Mul(hn::LoadU(tag, source + c), hn::LoadU(tag, factors + c)), tag, target + c);
  }
  for (; c < columns; ++c) target[c] = source[c] * factors[c];
}

double SumWeightedSquares(const float* row, const float* weights, size_t columns) {
  const hn::ScalableTag<float> tag;
  const size_t lanes = hn::Lanes(tag);
  auto even = hn::Zero(tag);
  auto odd = hn::Zero(tag);
  size_t c = 0;
  for (; c + 2 * lanes <= columns; c += 2 * lanes) {
    const auto a = hn::LoadU(tag, row + c);
    const auto b = hn::LoadU(tag, row + c + lanes);
    even = hn::MulAdd(hn::Mul(a, hn::LoadU(tag, weights + c)), a, even);
    odd = hn::MulAdd(hn::Mul(b, hn::LoadU(tag, weights + c + lanes)), b, odd);
  }
  double sum = hn::GetLane(hn::SumOfLanes(tag, hn::Add(even, odd)));
  for (; c < columns; ++c) sum += static_cast<double>(row[c]) * row[c] * weights[c];
  return sum;
}

}  // namespace klieg::learn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

// LAPACK in OpenBLAS; lapacke.h would be one more package for three functions.
extern "C" {
void dpotrf_(const char* uplo, const int* n, double* a, const int* lda, int* info);
void dpotri_(const char* uplo, const int* n, double* a, const int* lda, int* info);
void dgesv_(const int* n, const int* nrhs, double* a, const int* lda, int* pivots, double* b,
            const int* ldb, int* info);
}

namespace klieg::learn {
namespace {

HWY_EXPORT(ScaleAndAdd);
HWY_EXPORT(Scale);
HWY_EXPORT(SumWeightedSquares);

/// Rows that one task of MultiplyPanel takes: fixed, for the bytes of a product depend on it.
constexpr size_t kPanelRows = 256;

/// Replaces a symmetric matrix by its inverse; false when it is not positive definite.
bool InvertInPlace(core::Matrix<double>& matrix) {
  const int order = static_cast<int>(matrix.rows());
  if (order == 0) return true;
  InitializeBlas();
  int info = 0;
  // The lower triangle by rows is the upper triangle by columns, which is how LAPACK reads.
  dpotrf_("U", &order, matrix.data(), &order, &info);
  if (info != 0) return false;
  for (size_t i = 0; i < matrix.rows(); ++i) {
    if (!std::isfinite(matrix(i, i))) return false;  // LAPACK lets a NaN pass.
  }
  dpotri_("U", &order, matrix.data(), &order, &info);
  for (size_t r = 0; r < matrix.rows(); ++r) {
    for (size_t c = 0; c < r; ++c) matrix(c, r) = matrix(r, c);
  }
  return info == 0;
}

void CheckSquare(core::MatrixView<const double> matrix) {
  KLIEG_CHECK(matrix.rows() == matrix.columns(), "block of {} x {}", matrix.rows(),
              matrix.columns());
}

/// Row `i` of the source with the columns that are kept.
const float* KeptRow(const LowRankChange& change, size_t i, float* buffer) {
  const float* row = change.source.Row(change.kept[i]).data();
  if (change.kept.size() == change.source.columns()) return row;
  for (size_t j = 0; j < change.kept.size(); ++j) buffer[j] = row[change.kept[j]];
  return buffer;
}

void CheckShapes(const LowRankChange& change, size_t first, std::span<const float> weights,
                 core::MatrixView<float> target, std::span<double> squares) {
  const size_t n = change.kept.size();
  KLIEG_CHECK(change.column_factors.size() == n && change.left.rows() == n &&
                  change.right.columns() == n && change.left.columns() == change.right.rows() &&
                  weights.size() == n && target.rows() == n && target.columns() == n &&
                  first + squares.size() <= n,
              "change of rank {} for {} of {} rows", change.left.columns(), n, target.rows());
}

}  // namespace

core::Result<core::Matrix<double>> OuterProductCore(core::MatrixView<const double> block) {
  CheckSquare(block);
  core::Matrix<double> core(block.rows(), block.rows());
  for (size_t r = 0; r < block.rows(); ++r) {
    for (size_t c = 0; c < block.rows(); ++c) core(r, c) = (r == c ? 1.0 : 0.0) - block(r, c);
  }
  if (!InvertInPlace(core)) {
    return core::Fail(core::ErrorCode::kInvalidArgument,
                      "removing {} outer products leaves a matrix that is not positive definite",
                      block.rows());
  }
  return core;
}

core::Result<core::Matrix<double>> BlockCore(core::MatrixView<const double> block,
                                             core::MatrixView<const double> change) {
  CheckSquare(block);
  CheckSquare(change);
  const size_t size = block.rows();
  KLIEG_CHECK(change.rows() == size, "change of {} rows for a block of {}", change.rows(), size);
  core::Matrix<double> solution(size, size);
  if (size == 0) return solution;
  InitializeBlas();
  core::Matrix<double> system(size, size);
  const int order = static_cast<int>(size);
  // Both factors are symmetric, so that by columns or by rows is the same for them; the product is
  // wanted by columns, as LAPACK reads.
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, order, order, order, -1, change.data(),
              static_cast<int>(change.stride()), block.data(), static_cast<int>(block.stride()), 0,
              system.data(), order);
  for (size_t r = 0; r < size; ++r) {
    system(r, r) += 1;
    std::copy_n(change.Row(r).data(), size, solution.Row(r).data());
  }
  std::vector<int> pivots(size);
  int info = 0;
  dgesv_(&order, &order, system.data(), &order, pivots.data(), solution.data(), &order, &info);
  bool finite = info == 0;
  for (size_t r = 0; finite && r < size; ++r) {
    for (size_t c = 0; c <= r; ++c) {
      solution(r, c) = solution(c, r) = (solution(r, c) + solution(c, r)) / 2;
      finite = finite && std::isfinite(solution(r, c));
    }
  }
  if (!finite) {
    return core::Fail(core::ErrorCode::kInvalidArgument,
                      "changing {} rows leaves a matrix without an inverse", size);
  }
  return solution;
}

core::Result<core::Matrix<double>> EliminationCore(core::MatrixView<const double> block) {
  CheckSquare(block);
  core::Matrix<double> core(block.rows(), block.rows());
  for (size_t r = 0; r < block.rows(); ++r) {
    std::copy_n(block.Row(r).data(), block.rows(), core.Row(r).data());
  }
  if (!InvertInPlace(core)) {
    return core::Fail(core::ErrorCode::kInvalidArgument,
                      "the block of the inverse for {} rows to remove is not positive definite",
                      block.rows());
  }
  for (size_t i = 0; i < block.rows() * block.rows(); ++i) core.data()[i] = -core.data()[i];
  return core;
}

core::Matrix<double> MultiplyPanel(core::MatrixView<const double> panel,
                                   core::MatrixView<const double> core, core::ThreadPool& pool) {
  KLIEG_CHECK(panel.columns() == core.rows(), "panel of {} columns, core of {} rows",
              panel.columns(), core.rows());
  core::Matrix<double> product(panel.rows(), core.columns());
  if (core.rows() == 0 || core.columns() == 0 || panel.rows() == 0) return product;
  InitializeBlas();
  const int inner = static_cast<int>(core.rows());
  const int columns = static_cast<int>(core.columns());
  pool.ParallelFor((panel.rows() + kPanelRows - 1) / kPanelRows, [&](size_t task, size_t) {
    const size_t first = task * kPanelRows;
    const size_t count = std::min(kPanelRows, panel.rows() - first);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, static_cast<int>(count), columns, inner,
                1, panel.Row(first).data(), static_cast<int>(panel.stride()), core.data(),
                static_cast<int>(core.stride()), 0, product.Row(first).data(), columns);
  });
  return product;
}

void AddLowRank(const LowRankChange& change, size_t first, std::span<const float> weights,
                core::MatrixView<float> target, std::span<double> squares) {
  CheckShapes(change, first, weights, target, squares);
  const size_t n = change.kept.size();
  const size_t count = squares.size();
  const size_t rank = change.left.columns();
  std::vector<float> buffer(n == change.source.columns() ? 0 : n);
  for (size_t i = 0; i < count; ++i) {
    const float* source = KeptRow(change, first + i, buffer.data());
    float* row = target.Row(first + i).data();
    if (rank == 1) {
      squares[i] = HWY_DYNAMIC_DISPATCH(ScaleAndAdd)(source, change.column_factors.data(),
                                                     change.right.data(), change.left(first + i, 0),
                                                     weights.data(), n, row);
    } else {
      HWY_DYNAMIC_DISPATCH(Scale)(source, change.column_factors.data(), n, row);
    }
  }
  if (rank == 1 || count == 0) return;
  if (rank > 1) {
    InitializeBlas();
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, static_cast<int>(count),
                static_cast<int>(n), static_cast<int>(rank), 1, change.left.Row(first).data(),
                static_cast<int>(change.left.stride()), change.right.data(),
                static_cast<int>(change.right.stride()), 1, target.Row(first).data(),
                static_cast<int>(target.stride()));
  }
  for (size_t i = 0; i < count; ++i) squares[i] = WeightedSquares(target.Row(first + i), weights);
}

void AddLowRankPlain(const LowRankChange& change, size_t first, std::span<const float> weights,
                     core::MatrixView<float> target, std::span<double> squares) {
  CheckShapes(change, first, weights, target, squares);
  for (size_t i = first; i < first + squares.size(); ++i) {
    double& square = squares[i - first] = 0;
    for (size_t j = 0; j < change.kept.size(); ++j) {
      double sum = static_cast<double>(change.source(change.kept[i], change.kept[j])) *
                   change.column_factors[j];
      for (size_t k = 0; k < change.left.columns(); ++k) {
        sum += static_cast<double>(change.left(i, k)) * change.right(k, j);
      }
      target(i, j) = static_cast<float>(sum);
      square += sum * sum * weights[j];
    }
  }
}

double WeightedSquares(std::span<const float> row, std::span<const float> weights) {
  KLIEG_CHECK(row.size() == weights.size(), "{} weights for {} elements", weights.size(),
              row.size());
  return HWY_DYNAMIC_DISPATCH(SumWeightedSquares)(row.data(), weights.data(), row.size());
}

}  // namespace klieg::learn
#endif  // HWY_ONCE
