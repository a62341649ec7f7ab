#include "learn/ridge.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/check.h"
#include "learn/blas.h"

// LAPACK in OpenBLAS; lapacke.h would be one more package for three functions.
extern "C" {
void dpotrf_(const char* uplo, const int* n, double* a, const int* lda, int* info);
void dpotrs_(const char* uplo, const int* n, const int* nrhs, const double* a, const int* lda,
             double* b, const int* ldb, int* info);
void dpotri_(const char* uplo, const int* n, double* a, const int* lda, int* info);
}

namespace klieg::learn {
namespace {

using core::ErrorCode;

constexpr double kUnit = std::numeric_limits<double>::epsilon() / 2;

bool IsFinite(std::span<const double> values) {
  return std::ranges::all_of(values, [](double value) { return std::isfinite(value); });
}

core::Status CheckRows(core::MatrixView<const double> features, std::span<const double> targets) {
  if (features.rows() != targets.size()) {
    return core::Fail(ErrorCode::kInvalidArgument,
                      "ridge regression of {} rows of features with {} targets; give one target a "
                      "row",
                      features.rows(), targets.size());
  }
  for (size_t row = 0; row < features.rows(); ++row) {
    if (IsFinite(features.Row(row)) && std::isfinite(targets[row])) continue;
    return core::Fail(
        ErrorCode::kInvalidArgument,
        "row {} of a ridge regression holds a number that is not finite; leave the row "
        "out or fill the value in first",
        row);
  }
  return {};
}

}  // namespace

Ridge::Ridge(const RidgeOptions& options, std::vector<double> means, double target_mean)
    : options_(options),
      means_(std::move(means)),
      target_mean_(target_mean),
      sums_(means_.size() + 1, means_.size() + 1),
      products_(means_.size() + 1, 0),
      touched_(means_.size() + 1, 0) {}

core::Result<Ridge> Ridge::Fit(core::MatrixView<const double> features,
                               std::span<const double> targets, const RidgeOptions& options) {
  if (!(options.lambda > 0 && std::isfinite(options.lambda))) {
    return core::Fail(ErrorCode::kInvalidArgument,
                      "lambda of a ridge regression is {}; expected a positive number",
                      options.lambda);
  }
  KLIEG_TRY(CheckRows(features, targets));
  if (features.rows() == 0) {
    return core::Fail(ErrorCode::kInvalidArgument,
                      "ridge regression without rows; give at least one");
  }
  std::vector<double> means(features.columns(), 0);
  double target_mean = 0;
  if (options.has_intercept) {
    for (size_t row = 0; row < features.rows(); ++row) {
      target_mean += targets[row] / static_cast<double>(features.rows());
      for (size_t i = 0; i < means.size(); ++i)
        means[i] += features(row, i) / static_cast<double>(features.rows());
    }
  }
  Ridge ridge(options, std::move(means), target_mean);
  for (size_t row = 0; row < features.rows(); ++row) ridge.Add(features.Row(row), targets[row], 1);
  KLIEG_TRY(ridge.Solve());
  return ridge;
}

void Ridge::Add(std::span<const double> row, double target, double sign) {
  target -= target_mean_;
  const size_t p = means_.size();
  std::vector<double> z(p + 1);
  for (size_t i = 0; i < p; ++i) z[i] = row[i] - means_[i];
  z[p] = options_.has_intercept ? 1 : 0;
  for (size_t i = 0; i <= p; ++i) {
    for (size_t j = 0; j <= i; ++j) sums_(i, j) += sign * z[i] * z[j];
    products_[i] += sign * z[i] * target;
    touched_[i] = std::max(touched_[i], sums_(i, i));
  }
  squares_ += sign * target * target;
  touched_squares_ = std::max(touched_squares_, squares_);
  row_count_ = sign > 0 ? row_count_ + 1 : row_count_ - 1;
  ++operations_;
}

core::Status Ridge::Solve() {
  const size_t p = means_.size();
  const size_t order = options_.has_intercept ? p + 1 : p;
  scales_.assign(order, 1);
  core::Matrix<double> system(order, order);
  for (size_t i = 0; i < order; ++i) {
    scales_[i] = std::sqrt(sums_(i, i) + (i < p ? options_.lambda : 0));
    for (size_t j = 0; j < i; ++j) system(i, j) = sums_(i, j) / (scales_[i] * scales_[j]);
    system(i, i) = 1;
  }
  solution_.assign(products_.begin(), products_.begin() + static_cast<ptrdiff_t>(order));
  for (size_t i = 0; i < order; ++i) solution_[i] /= scales_[i];
  if (order > 0) {
    InitializeBlas();
    const int n = static_cast<int>(order);
    const int one = 1;
    int info = 0;
    // The lower triangle by rows is the upper triangle by columns, which is how LAPACK reads.
    dpotrf_("U", &n, system.data(), &n, &info);
    if (info == 0) dpotrs_("U", &n, &one, system.data(), &n, solution_.data(), &n, &info);
    if (info == 0) dpotri_("U", &n, system.data(), &n, &info);
    if (info != 0 || !IsFinite(solution_)) {
      return core::Fail(ErrorCode::kInvalidArgument,
                        "ridge regression of {} features with lambda {} has no solution in double "
                        "precision; use a larger lambda or features of like size",
                        p, options_.lambda);
    }
  }
  inverse_norm_ = 0;
  for (size_t i = 0; i < order; ++i) {
    for (size_t j = 0; j <= i; ++j) inverse_norm_ += (i == j ? 1 : 2) * system(i, j) * system(i, j);
  }
  inverse_norm_ = std::sqrt(inverse_norm_);
  weights_.resize(p);
  for (size_t i = 0; i < p; ++i) weights_[i] = solution_[i] / scales_[i];
  intercept_ = options_.has_intercept ? target_mean_ + solution_[p] / scales_[p] : 0;
  for (size_t i = 0; i < p; ++i) intercept_ -= weights_[i] * means_[i];
  return {};
}

double Ridge::Bound() const {
  const size_t p = means_.size();
  const double order = static_cast<double>(p + 2);
  const double sums_error = static_cast<double>(operations_) * kUnit;
  double share = 0;  // Σ t_i / D_i²
  double norm = 0;
  for (size_t i = 0; i < scales_.size(); ++i) {
    share += touched_[i] / (scales_[i] * scales_[i]);
    norm += solution_[i] * solution_[i];
  }
  const double error =
      inverse_norm_ * (sums_error * std::sqrt(share * touched_squares_) +
                       (sums_error * share + 4 * order * order * kUnit) * std::sqrt(norm));
  double largest = 0;
  double intercept = kUnit * std::abs(target_mean_);
  if (options_.has_intercept) intercept += error / scales_[p];
  for (size_t i = 0; i < p; ++i) {
    largest = std::max(largest, error / scales_[i]);
    intercept += std::abs(means_[i]) * (error / scales_[i] + order * kUnit * std::abs(weights_[i]));
  }
  return 2 * std::max(largest, intercept);
}

core::Result<RidgeRemoval> Ridge::Remove(core::MatrixView<const double> features,
                                         std::span<const double> targets) const {
  KLIEG_TRY(CheckRows(features, targets));
  if (features.rows() > 0 && features.columns() != means_.size()) {
    return core::Fail(ErrorCode::kInvalidArgument,
                      "rows to remove from a ridge regression have {} features; expected {}",
                      features.columns(), means_.size());
  }
  if (features.rows() >= row_count_) {
    return core::Fail(
        ErrorCode::kInvalidArgument,
        "{} rows are to be removed from a ridge regression of {}; at least one has to "
        "remain, else withdraw the model",
        features.rows(), row_count_);
  }
  RidgeRemoval removal{
      .ridge = Ridge(options_, means_, target_mean_), .bound = 0, .bound_basis = {}};
  Ridge& ridge = removal.ridge;
  ridge.sums_ = sums_.Clone();
  ridge.products_ = products_;
  ridge.squares_ = squares_;
  ridge.touched_ = touched_;
  ridge.touched_squares_ = touched_squares_;
  ridge.row_count_ = row_count_;
  ridge.operations_ = operations_;
  for (size_t row = 0; row < features.rows(); ++row) ridge.Add(features.Row(row), targets[row], -1);
  const double tolerance = static_cast<double>(ridge.operations_) * kUnit;
  bool possible = ridge.squares_ >= -tolerance * touched_squares_;
  for (size_t i = 0; i < touched_.size(); ++i)
    possible = possible && ridge.sums_(i, i) >= -tolerance * touched_[i];
  if (!possible) {
    return core::Fail(
        ErrorCode::kInvalidArgument,
        "the {} rows to remove were not all among the {} fitted: what would remain has "
        "a negative sum of squares; give the rows as they were fitted",
        features.rows(), row_count_);
  }
  for (size_t i = 0; i < touched_.size(); ++i) ridge.sums_(i, i) = std::max(0.0, ridge.sums_(i, i));
  KLIEG_TRY(ridge.Solve());
  if (features.rows() > 0 || operations_ > row_count_) {
    removal.bound = ridge.Bound();
    removal.bound_basis = fmt::format(
        "rounding of sums over {} rows added and removed, and of Cholesky, at |A^-1| = {:.3g} (see "
        "RidgeRemoval)",
        ridge.operations_, ridge.inverse_norm_);
  } else {
    removal.bound_basis = "nothing was removed: no bit changes";
  }
  return removal;
}

double Ridge::Predict(std::span<const double> row) const {
  KLIEG_CHECK(row.size() == weights_.size(), "{} features for {} weights", row.size(),
              weights_.size());
  double sum = intercept_;
  for (size_t i = 0; i < row.size(); ++i) sum += weights_[i] * row[i];
  return sum;
}

}  // namespace klieg::learn
