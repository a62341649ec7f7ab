#include "learn/factor_gram.h"

#include <cblas.h>

#include <algorithm>
#include <numeric>

#include "core/check.h"
#include "learn/blas.h"
#include "learn/gather_syrk.h"
#include "learn/packed_triangle.h"

// LAPACK's Fortran interface; the last two are the lengths of the character arguments.
extern "C" void dsyevd_(const char* job, const char* triangle, const int* n, double* a,
                        const int* lda, double* eigenvalues, double* work, const int* work_size,
                        int* integer_work, const int* integer_work_size, int* info,
                        size_t job_length, size_t triangle_length);

namespace klieg::learn {
namespace {

/// Partial sums of a Gram matrix: few, because each takes d² numbers; fixed, because the order of a
/// sum is part of the result.
constexpr size_t kGramParts = 8;
constexpr size_t kRowsPerRotation = 256;

/// Eigenvectors of `gram` (symmetric) into its rows, eigenvalues returned, both rising.
core::Result<std::vector<double>> EigenDecompose(core::Matrix<double>& gram) {
  const int n = static_cast<int>(gram.rows());
  std::vector<double> eigenvalues(gram.rows());
  int info = 0;
  const int query = -1;
  double work_size = 0;
  int integer_work_size = 0;
  dsyevd_("V", "L", &n, gram.data(), &n, eigenvalues.data(), &work_size, &query, &integer_work_size,
          &query, &info, 1, 1);
  std::vector<double> work(static_cast<size_t>(work_size));
  std::vector<int> integer_work(static_cast<size_t>(integer_work_size));
  const int work_count = static_cast<int>(work.size());
  const int integer_count = static_cast<int>(integer_work.size());
  dsyevd_("V", "L", &n, gram.data(), &n, eigenvalues.data(), work.data(), &work_count,
          integer_work.data(), &integer_count, &info, 1, 1);
  if (info != 0) {
    return core::Fail(
        core::ErrorCode::kInternal,
        "eigenvalues of a {} x {} Gram matrix did not converge (LAPACK dsyevd, info {}); "
        "the factors have grown out of range: raise lambda or lower stddev",
        n, n, info);
  }
  return eigenvalues;
}

/// rows = rows · rotation, tile by tile.
void Rotate(core::MatrixView<float> rows, const core::Matrix<float>& rotation,
            core::ThreadPool& pool) {
  const size_t width = rows.columns();
  const size_t tiles = (rows.rows() + kRowsPerRotation - 1) / kRowsPerRotation;
  std::vector<core::Matrix<float>> scratch(pool.threads());
  pool.ParallelFor(tiles, [&](size_t tile, size_t worker) {
    if (scratch[worker].rows() == 0) scratch[worker] = core::Matrix<float>(kRowsPerRotation, width);
    const size_t first = tile * kRowsPerRotation;
    const size_t count = std::min(kRowsPerRotation, rows.rows() - first);
    const core::MatrixView<float> part = rows.Rows(first, count);
    const auto size = [](size_t value) { return static_cast<int>(value); };
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, size(count), size(width), size(width),
                1.0F, part.data(), size(part.stride()), rotation.data(), size(width), 0.0F,
                scratch[worker].data(), size(width));
    for (size_t row = 0; row < count; ++row) {
      std::ranges::copy(scratch[worker].Row(row), part.Row(row).begin());
    }
  });
}

}  // namespace

core::Matrix<double> FactorGram(core::MatrixView<const float> factors, core::ThreadPool& pool) {
  const size_t width = factors.columns();
  KLIEG_CHECK(width % kBlockColumns == 0 && factors.stride() % kBlockColumns == 0,
              "{} columns with stride {} are not whole blocks", width, factors.stride());
  const size_t blocks = width / kBlockColumns;
  const size_t packed = SlabBegin(blocks);
  const size_t chunks = (factors.rows() + kGatherDepth - 1) / kGatherDepth;
  const size_t parts = std::clamp<size_t>(chunks, 1, kGramParts);
  core::Matrix<double> sums(parts, packed);
  std::vector<uint32_t> order(kGatherDepth);
  std::iota(order.begin(), order.end(), 0U);

  pool.ParallelFor(parts, [&](size_t part, size_t) {
    core::Matrix<float> panel(kGatherDepth, width);
    core::Matrix<float> triangle(1, packed);
    for (size_t chunk = chunks * part / parts; chunk < chunks * (part + 1) / parts; ++chunk) {
      const size_t first = chunk * kGatherDepth;
      const size_t count = std::min(kGatherDepth, factors.rows() - first);
      std::ranges::fill(triangle.Row(0), 0.0F);
      GatherSyrk(factors.Rows(first, count), std::span(order).first(count), {}, panel.data(),
                 triangle.data());
      for (size_t k = 0; k < packed; ++k) sums(part, k) += triangle.data()[k];
    }
  });

  core::Matrix<double> gram(width, width);
  for (size_t row = 0; row < width; ++row) {
    for (size_t column = 0; column <= row; ++column) {
      double sum = 0;
      for (size_t part = 0; part < parts; ++part) sum += sums(part, PackedPlace(row, column));
      gram(row, column) = sum;
      gram(column, row) = sum;
    }
  }
  return gram;
}

core::Result<std::vector<float>> DiagonalizeGram(size_t dimensions, core::MatrixView<float> factors,
                                                 core::MatrixView<float> others,
                                                 core::ThreadPool& pool) {
  InitializeBlas();
  const size_t width = factors.columns();
  const core::Matrix<double> padded = FactorGram(factors, pool);
  core::Matrix<double> vectors(dimensions, dimensions);
  for (size_t row = 0; row < dimensions; ++row) {
    std::copy_n(padded.Row(row).begin(), dimensions, vectors.Row(row).begin());
  }
  KLIEG_ASSIGN(const std::vector<double> eigenvalues, EigenDecompose(vectors));

  std::vector<float> spectrum(width, 1.0F);
  core::Matrix<float> rotation(width, width);
  for (size_t k = 0; k < dimensions; ++k) {
    const size_t from = dimensions - 1 - k;  // The largest first.
    spectrum[k] = static_cast<float>(std::max(eigenvalues[from], 0.0));
    for (size_t row = 0; row < dimensions; ++row) {
      rotation(row, k) = static_cast<float>(vectors(from, row));
    }
  }
  Rotate(factors, rotation, pool);
  if (others.rows() > 0) Rotate(others, rotation, pool);
  return spectrum;
}

}  // namespace klieg::learn
