#include "learn/als_row.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/check.h"
#include "learn/gather_product.h"
#include "learn/gather_syrk.h"
#include "learn/packed_triangle.h"
#include "learn/small_cholesky.h"

namespace klieg::learn {
namespace {

// Rows of vectors_.
enum Vector : size_t { kDiagonal, kScale, kRight, kResidual, kDirection, kImage, kVectorCount };

constexpr double kUnsolvable = std::numeric_limits<double>::quiet_NaN();

}  // namespace

bool DualIsCheaper(size_t n, size_t d) {
  // Multiply-adds of whole tiles, with what measurement adds for each: a transposing copy costs a
  // row about 6 multiply-adds an element, a block column of a factorization about as much as 8 tile
  // columns.
  const auto blocks = [](size_t columns) { return static_cast<double>(BlockCount(columns)); };
  const auto tiles = [&](size_t columns) { return blocks(columns) * (blocks(columns) + 1) / 2; };
  const auto factorize = [&](size_t columns) {
    return blocks(columns) * (tiles(columns) / 3 * 256 * 16 + 12000);
  };
  const auto count = static_cast<double>(n);
  const auto width = static_cast<double>(d);
  const double primal = count * tiles(d) * 256 + count * width * 2 + factorize(d);
  const double dual = width * tiles(n) * 256 + count * width * 6 + factorize(n);
  return dual < primal;
}

AlsRowSolver::AlsRowSolver(core::MatrixView<const float> fixed, std::span<const float> spectrum,
                           const AlsSolverOptions& options, AlsExactForm form)
    : fixed_(fixed), spectrum_(spectrum), options_(options), form_(form) {
  const size_t d = fixed.columns();
  KLIEG_CHECK(d % kBlockColumns == 0 && spectrum.size() == d, "{} columns, spectrum of {}", d,
              spectrum.size());
  options_.block_size = static_cast<uint32_t>(
      std::clamp<size_t>(PaddedColumns(options.block_size), kBlockColumns, d));
  vectors_ = core::Matrix<float>(kVectorCount, d);
  if (options_.solver == AlsSolver::kConjugateGradients) return;
  const size_t width = options_.solver == AlsSolver::kBlock ? options_.block_size : d;
  // The dual form is taken for at most about d entries; its panel is d deep and n wide.
  panel_ = core::Matrix<float>(std::max(kGatherDepth, width), width);
  triangle_ = core::Matrix<float>(1, SlabBegin(width / kBlockColumns));
}

double AlsRowSolver::Solve(std::span<const uint32_t> rows, std::span<const uint32_t> next,
                           double regularization, std::span<float> x) {
  if (rows.empty()) {
    std::ranges::fill(x, 0.0F);
    return 0;
  }
  const std::span<float> diagonal = vectors_.Row(kDiagonal);
  for (size_t k = 0; k < diagonal.size(); ++k) {
    diagonal[k] = spectrum_[k] + static_cast<float>(regularization);
  }
  if (fits_.columns() < rows.size()) {
    fits_ = core::Matrix<float>(2, PaddedColumns(std::max(rows.size(), 2 * fits_.columns())));
  }
  double value = 0;
  switch (options_.solver) {
    case AlsSolver::kConjugateGradients:
      return SolveGradients(rows, x);
    case AlsSolver::kBlock:
      value = SolveBlocks(rows, x);
      break;
    case AlsSolver::kExact: {
      const bool fits = PaddedColumns(rows.size()) <= fixed_.columns();
      const bool dual =
          fits && (form_ == AlsExactForm::kDual || (form_ == AlsExactForm::kCheaper &&
                                                    DualIsCheaper(rows.size(), fixed_.columns())));
      value = dual ? SolveDual(rows, next, x) : SolvePrimal(rows, next, x);
    }
  }
  return std::isfinite(value) ? value : SolveInDouble(rows, x);
}

double AlsRowSolver::SolvePrimal(std::span<const uint32_t> rows, std::span<const uint32_t> next,
                                 std::span<float> x) {
  const size_t blocks = fixed_.columns() / kBlockColumns;
  const std::span<float> right = vectors_.Row(kRight);
  std::ranges::fill(triangle_.Row(0), 0.0F);
  for (size_t k = 0; k < x.size(); ++k)
    triangle_.data()[PackedPlace(k, k)] = vectors_(kDiagonal, k);
  GatherSyrk(fixed_, rows, next, panel_.data(), triangle_.data());
  std::ranges::fill(right, 0.0F);
  AddRows(fixed_, rows, {}, right);
  if (!FactorizePacked(triangle_.data(), blocks)) return kUnsolvable;
  std::ranges::copy(right, x.begin());
  SolvePacked(triangle_.data(), blocks, x.data());
  // At the minimum the objective is n - b · x.
  double value = static_cast<double>(rows.size());
  for (size_t k = 0; k < x.size(); ++k) value -= static_cast<double>(right[k]) * x[k];
  return value;
}

double AlsRowSolver::SolveDual(std::span<const uint32_t> rows, std::span<const uint32_t> next,
                               std::span<float> x) {
  const size_t blocks = BlockCount(rows.size());
  const std::span<float> scale = vectors_.Row(kScale);
  const std::span<const float> diagonal = vectors_.Row(kDiagonal);
  for (size_t k = 0; k < scale.size(); ++k) scale[k] = 1.0F / std::sqrt(diagonal[k]);
  GatherTransposed(fixed_, rows, scale, panel_.data());
  std::fill_n(triangle_.data(), SlabBegin(blocks), 0.0F);
  for (size_t i = 0; i < blocks * kBlockColumns; ++i) triangle_.data()[PackedPlace(i, i)] = 1.0F;
  PanelSyrk(panel_.data(), fixed_.columns(), blocks, fixed_, next, triangle_.data());
  if (!FactorizePacked(triangle_.data(), blocks)) return kUnsolvable;

  const std::span<float> y = fits_.Row(0).first(blocks * kBlockColumns);
  std::ranges::fill(y, 0.0F);
  std::fill_n(y.begin(), rows.size(), 1.0F);
  SolvePacked(triangle_.data(), blocks, y.data());
  std::ranges::fill(x, 0.0F);
  AddRows(fixed_, rows, y.first(rows.size()), x);
  for (size_t k = 0; k < x.size(); ++k) x[k] *= scale[k] * scale[k];
  // y is what is left unexplained of each entry, and n - b · x is its sum.
  double value = 0;
  for (const float rest : y.first(rows.size())) value += rest;
  return value;
}

double AlsRowSolver::RowObjective(std::span<const float> fits, std::span<const float> x) const {
  double value = 0;
  for (const float fit : fits) value += (1.0 - fit) * (1.0 - fit);
  for (size_t k = 0; k < x.size(); ++k) {
    value += static_cast<double>(vectors_(kDiagonal, k)) * x[k] * x[k];
  }
  return value;
}

double AlsRowSolver::SolveBlocks(std::span<const uint32_t> rows, std::span<float> x) {
  const std::span<float> fits = fits_.Row(0).first(rows.size());
  RowDots(fixed_, rows, x, fits);
  for (size_t first = 0; first < x.size(); first += options_.block_size) {
    const size_t count = std::min<size_t>(options_.block_size, x.size() - first);
    if (!SolveBlock(rows, first, count, x)) return kUnsolvable;
  }
  return RowObjective(fits, x);
}

bool AlsRowSolver::SolveBlock(std::span<const uint32_t> rows, size_t first, size_t count,
                              std::span<float> x) {
  const core::MatrixView<const float> part(fixed_.data() + first, fixed_.rows(), count,
                                           fixed_.stride());
  const std::span<float> fits = fits_.Row(0).first(rows.size());
  const std::span<float> rest = fits_.Row(1).first(rows.size());
  const std::span<float> step = vectors_.Row(kRight).first(count);
  const std::span<const float> diagonal = vectors_.Row(kDiagonal).subspan(first, count);
  // The gradient of half the objective within the block, negated.
  for (size_t i = 0; i < rest.size(); ++i) rest[i] = 1.0F - fits[i];
  for (size_t k = 0; k < count; ++k) step[k] = -diagonal[k] * x[first + k];
  AddRows(part, rows, rest, step);

  const size_t blocks = count / kBlockColumns;
  std::fill_n(triangle_.data(), SlabBegin(blocks), 0.0F);
  for (size_t k = 0; k < count; ++k) triangle_.data()[PackedPlace(k, k)] = diagonal[k];
  GatherSyrk(part, rows, {}, panel_.data(), triangle_.data());
  if (!FactorizePacked(triangle_.data(), blocks)) return false;
  SolvePacked(triangle_.data(), blocks, step.data());

  for (size_t k = 0; k < count; ++k) x[first + k] += step[k];
  RowDots(part, rows, step, rest);
  for (size_t i = 0; i < fits.size(); ++i) fits[i] += rest[i];
  return true;
}

double AlsRowSolver::SolveGradients(std::span<const uint32_t> rows, std::span<float> x) {
  const CgScratch scratch = {.fits = fits_.Row(0),
                             .products = fits_.Row(1),
                             .residual = vectors_.Row(kResidual),
                             .direction = vectors_.Row(kDirection),
                             .image = vectors_.Row(kImage)};
  return SolveNormalCg(fixed_, rows, vectors_.Row(kDiagonal), options_.cg_steps, scratch, x);
}

double AlsRowSolver::SolveInDouble(std::span<const uint32_t> rows, std::span<float> x) const {
  // Only for systems too near to singular for single precision: tiny lambda with few dimensions'
  // worth of data.
  const size_t d = fixed_.columns();
  Eigen::MatrixXd system =
      Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(d), static_cast<Eigen::Index>(d));
  Eigen::VectorXd right = Eigen::VectorXd::Zero(system.rows());
  for (size_t k = 0; k < d; ++k) {
    const auto place = static_cast<Eigen::Index>(k);
    system(place, place) = vectors_(kDiagonal, k);
  }
  for (const uint32_t row : rows) {
    const Eigen::VectorXd v =
        Eigen::Map<const Eigen::VectorXf>(fixed_.Row(row).data(), right.size()).cast<double>();
    system.selfadjointView<Eigen::Lower>().rankUpdate(v);
    right += v;
  }
  const Eigen::LLT<Eigen::MatrixXd> cholesky(system);
  if (cholesky.info() != Eigen::Success) return kUnsolvable;
  const Eigen::VectorXd solution = cholesky.solve(right);
  if (!solution.allFinite()) return kUnsolvable;
  Eigen::Map<Eigen::VectorXf>(x.data(), right.size()) = solution.cast<float>();
  return static_cast<double>(rows.size()) - right.dot(solution);
}

}  // namespace klieg::learn
