#include "personalize/closed_form_item_model.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "core/memory.h"
#include "learn/gram.h"
#include "learn/spd_inverse.h"
#include "personalize/closed_form_error.h"
#include "personalize/item_scaling.h"

namespace klieg::personalize {
namespace {

/// Side of the square pieces in which the triangle is mirrored: two of them fit the first cache.
constexpr size_t kTile = 64;

/// Factors that turn P into B: B_ij = row[i] · P_ij · column[j].
struct WeightFactors {
  std::vector<float> row;
  std::vector<float> column;
};

/// Adds L to the diagonal of `gram` and returns it.
std::vector<double> AddRegulariser(const ClosedFormOptions& options, core::MatrixView<float> gram) {
  std::vector<double> regulariser(gram.rows());
  for (size_t i = 0; i < gram.rows(); ++i) {
    const double diagonal = gram(i, i);
    regulariser[i] = options.lambda + options.dropout / (1 - options.dropout) * diagonal;
    if (options.popularity_lambda > 0 && diagonal > 0) {
      regulariser[i] += options.popularity_lambda * std::pow(diagonal, options.popularity_exponent);
    }
    gram(i, i) = static_cast<float>(diagonal + regulariser[i]);
  }
  return regulariser;
}

WeightFactors MakeWeightFactors(const ClosedFormOptions& options, const ItemScaling& scaling,
                                const std::vector<double>& regulariser,
                                core::MatrixView<const float> inverse) {
  WeightFactors factors;
  for (size_t i = 0; i < regulariser.size(); ++i) {
    const double scale = std::pow(static_cast<double>(inverse(i, i)), -options.diagonal_exponent) *
                         std::pow(regulariser[i], 1 - options.diagonal_exponent);
    factors.row.push_back(scaling.TitleScale(i));
    factors.column.push_back(static_cast<float>(-scale * scaling.OutputScale(i)));
  }
  return factors;
}

/// Makes B of P in place, tile by tile: every tile of the lower triangle is read once and gives two
/// of B. Returns false when a weight is not finite.
bool WeighAndMirror(const WeightFactors& factors, core::MatrixView<float> matrix,
                    core::ThreadPool& pool) {
  const size_t titles = matrix.rows();
  const size_t tiles = (titles + kTile - 1) / kTile;
  std::atomic<bool> finite{true};
  pool.ParallelFor(tiles, [&](size_t tile_row, size_t) {
    float extreme = 0;
    for (size_t tile_column = 0; tile_column <= tile_row; ++tile_column) {
      const size_t row_end = std::min(titles, (tile_row + 1) * kTile);
      for (size_t i = tile_row * kTile; i < row_end; ++i) {
        const size_t column_end = std::min(i, (tile_column + 1) * kTile);
        for (size_t j = tile_column * kTile; j < column_end; ++j) {
          const float value = matrix(i, j);
          matrix(i, j) = factors.row[i] * value * factors.column[j];
          matrix(j, i) = factors.row[j] * value * factors.column[i];
          // 0 times anything finite is 0; infinity and NaN stay visible.
          extreme += 0.0F * matrix(i, j) + 0.0F * matrix(j, i);
        }
      }
    }
    if (!(extreme == 0)) finite = false;
  });
  for (size_t i = 0; i < titles; ++i) matrix(i, i) = 0;
  return finite;
}

/// What removal needs besides the weights. O(N).
InverseRecord MakeRecord(const ClosedFormOptions& options, const learn::SparseMatrix& matrix,
                         std::vector<float> diagonal) {
  const std::vector<TitleTerms> terms = MakeTitleTerms(options, matrix);
  std::vector<double> unscaled(terms.size());
  for (size_t i = 0; i < terms.size(); ++i)
    unscaled[i] = UnscaledDiagonal(options, terms[i].count, diagonal[i]);
  return {.diagonal = std::move(diagonal),
          .title_counts = learn::ColumnCounts(matrix),
          .error = FreshErrors(unscaled),
          .backward_error = RoundError(RoundingLevel(options, matrix, terms))};
}

}  // namespace

core::Matrix<float> MakeTitleMatrix(size_t titles) {
  core::Matrix<float> matrix(titles, titles);
  constexpr uintptr_t kLargePage = uintptr_t{2} << 20;
  const auto address = reinterpret_cast<uintptr_t>(matrix.data());
  const uintptr_t begin = (address + kLargePage - 1) / kLargePage * kLargePage;
  const uintptr_t end = (address + titles * titles * sizeof(float)) / kLargePage * kLargePage;
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);  // NOLINT
  return matrix;
}

uint64_t ClosedFormPeakBytes(const learn::SparseMatrix& matrix, size_t threads) {
  const auto titles = static_cast<double>(matrix.column_count);
  // In double precision, because the square of a title count can exceed 64 bits.
  const double square = titles * titles * sizeof(float);
  const double besides =
      std::max(static_cast<double>(learn::SpdInverseScratchBytes(matrix.column_count, threads)),
               14.0 * static_cast<double>(matrix.entry_count()));
  return static_cast<uint64_t>(std::min(square + besides, 9e18));
}

core::Result<core::Matrix<float>> TrainClosedForm(std::string_view name,
                                                  const learn::SparseMatrix& matrix,
                                                  const ClosedFormOptions& options,
                                                  const TrainContext& context,
                                                  InverseRecord* record) {
  const size_t titles = matrix.column_count;
  KLIEG_TRY(core::RequireMemory(
      ClosedFormPeakBytes(matrix, context.pool.threads()), context.memory_limit_bytes,
      fmt::format("a dense item-item matrix of {} titles ({})", titles, name),
      "use ease-sparse, which keeps a few hundred neighbours of each title, or "
      "leave out rarely watched titles"));
  const auto progress = context.progress.Begin(fmt::format("train {}", name), titles, "titles");
  const ItemScaling scaling = MakeItemScaling(
      matrix, {options.member_exponent, options.title_exponent, options.output_exponent});
  core::Matrix<float> weights = MakeTitleMatrix(titles);
  learn::ComputeGram(matrix, {scaling.row_weights, scaling.title_scales, true}, weights.view(),
                     context.pool);
  const std::vector<double> regulariser = AddRegulariser(options, weights.view());
  if (core::Status inverted = learn::InvertSpd(weights.view(), context.pool, progress.get());
      !inverted) {
    return core::Prefix(std::move(inverted).error(),
                        fmt::format("{} with lambda {}", name, options.lambda));
  }
  const WeightFactors factors =
      MakeWeightFactors(options, scaling, regulariser, std::as_const(weights).view());
  std::vector<float> diagonal(titles);
  for (size_t i = 0; i < titles; ++i) diagonal[i] = weights(i, i);
  if (!WeighAndMirror(factors, weights.view(), context.pool)) {
    return core::Fail(
        core::ErrorCode::kInvalidArgument,
        "{}: weights are not finite with lambda {}; use a larger lambda or smaller exponents", name,
        options.lambda);
  }
  if (record != nullptr) {
    *record = MakeRecord(options, matrix, std::move(diagonal));
  }
  return weights;
}

}  // namespace klieg::personalize
