#include "personalize/closed_form_error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace klieg::personalize {
namespace {

/// Half the distance between 1 and the next float.
constexpr double kUnit = 1.0 / (1 << 24);

/// Single precision counts up to here.
constexpr uint32_t kExactCountMax = 1U << 24;

/// Rounds of the power iteration that bounds |H|₂: each costs two passes over the interactions, and
/// the bound holds after any of them.
constexpr int kPowerRounds = 4;

/// Error of a diagonal element of the inverse, relative to itself, beyond which first-order bounds
/// say nothing.
constexpr double kRelativeErrorMax = 0.25;

double Power(uint32_t count, double exponent) {
  return exponent == 0 ? 1.0 : std::pow(static_cast<double>(std::max(count, 1U)), exponent);
}

/// H x for x in the frame of D, by two passes over the interactions.
std::vector<double> MultiplyCorrelations(const ClosedFormOptions& options,
                                         const learn::SparseMatrix& matrix,
                                         const std::vector<TitleTerms>& terms,
                                         const std::vector<double>& x) {
  std::vector<double> inverse_roots(terms.size());
  for (size_t i = 0; i < terms.size(); ++i) inverse_roots[i] = 1 / std::sqrt(terms[i].diagonal());
  std::vector<double> scaled(terms.size());
  for (size_t i = 0; i < terms.size(); ++i) scaled[i] = x[i] * inverse_roots[i];
  std::vector<double> product(terms.size(), 0);
  for (size_t row = 0; row < matrix.row_count; ++row) {
    double sum = 0;
    for (const uint32_t title : matrix.RowColumns(row)) sum += scaled[title];
    sum *= MemberWeight(options, matrix.RowSize(row));
    for (const uint32_t title : matrix.RowColumns(row)) product[title] += sum;
  }
  for (size_t i = 0; i < terms.size(); ++i)
    product[i] = inverse_roots[i] * (product[i] + terms[i].regulariser * scaled[i]);
  return product;
}

/// ν: an upper bound of |H|₂. For a matrix without negative elements and any positive x,
/// max (Hx)_i / x_i is one (Collatz 1942), and the power iteration makes it tighter.
double CorrelationNorm(const ClosedFormOptions& options, const learn::SparseMatrix& matrix,
                       const std::vector<TitleTerms>& terms) {
  std::vector<double> x(terms.size(), 1);
  double norm = std::numeric_limits<double>::infinity();
  for (int round = 0; round < kPowerRounds; ++round) {
    std::vector<double> next = MultiplyCorrelations(options, matrix, terms, x);
    double largest = 0;
    for (size_t i = 0; i < x.size(); ++i) largest = std::max(largest, next[i] / x[i]);
    norm = std::min(norm, largest);
    x = std::move(next);
  }
  return norm;
}

}  // namespace

double MemberWeight(const ClosedFormOptions& options, size_t titles) {
  return Power(static_cast<uint32_t>(titles), -2 * options.member_exponent);
}

TitleTerms MakeTitleTerms(const ClosedFormOptions& options, uint32_t count, double weight) {
  const double square = Power(count, -2 * options.title_exponent);
  const double gram = square * weight;
  double regulariser = options.lambda + options.dropout / (1 - options.dropout) * gram;
  if (options.popularity_lambda > 0 && gram > 0) {
    regulariser += options.popularity_lambda * std::pow(gram, options.popularity_exponent);
  }
  return {.count = count, .weight = weight, .regulariser = regulariser / square};
}

std::vector<TitleTerms> MakeTitleTerms(const ClosedFormOptions& options,
                                       const learn::SparseMatrix& matrix) {
  const std::vector<uint32_t> counts = learn::ColumnCounts(matrix);
  std::vector<double> weights(counts.begin(), counts.end());
  if (options.member_exponent != 0) {
    std::ranges::fill(weights, 0);
    for (size_t row = 0; row < matrix.row_count; ++row) {
      const double weight = MemberWeight(options, matrix.RowSize(row));
      for (const uint32_t title : matrix.RowColumns(row)) weights[title] += weight;
    }
  }
  std::vector<TitleTerms> terms;
  terms.reserve(counts.size());
  for (size_t i = 0; i < counts.size(); ++i)
    terms.push_back(MakeTitleTerms(options, counts[i], weights[i]));
  return terms;
}

double UnscaledDiagonal(const ClosedFormOptions& options, uint32_t count, double scaled) {
  return scaled * Power(count, -2 * options.title_exponent);
}

double ScaledDiagonal(const ClosedFormOptions& options, uint32_t count, double unscaled) {
  return unscaled * Power(count, 2 * options.title_exponent);
}

double ColumnFactor(const ClosedFormOptions& options, const TitleTerms& terms, double diagonal) {
  const double e = options.diagonal_exponent;
  const double scaled = ScaledDiagonal(options, terms.count, diagonal);
  const double regulariser = terms.regulariser * Power(terms.count, -2 * options.title_exponent);
  return -std::pow(scaled, -e) * std::pow(regulariser, 1 - e) *
         Power(terms.count, options.title_exponent + options.output_exponent);
}

double RoundingLevel(const ClosedFormOptions& options, const learn::SparseMatrix& matrix,
                     const std::vector<TitleTerms>& terms) {
  const double norm = CorrelationNorm(options, matrix, terms);
  uint32_t count_max = 0;
  for (const TitleTerms& title : terms) count_max = std::max(count_max, title.count);
  double gram = 0;
  if (options.member_exponent != 0 || options.title_exponent != 0) gram += 3 * kUnit;
  if (options.member_exponent != 0 || count_max > kExactCountMax) gram += count_max * kUnit;
  return kUnit * std::sqrt(static_cast<double>(terms.size()) * norm) + gram * norm;
}

InverseDiagonal MakeInverseDiagonal(const ClosedFormOptions& options,
                                    const std::vector<TitleTerms>& terms,
                                    std::vector<double> diagonal) {
  InverseDiagonal inverse;
  inverse.diagonal = std::move(diagonal);
  for (size_t i = 0; i < terms.size(); ++i) {
    const double factor = ColumnFactor(options, terms[i], inverse.diagonal[i]);
    inverse.factor.push_back(factor);
    inverse.weights.push_back(static_cast<float>(terms[i].diagonal() / (factor * factor)));
  }
  return inverse;
}

std::vector<float> FreshErrors(std::span<const double> diagonal) {
  std::vector<float> errors;
  errors.reserve(diagonal.size());
  for (const double element : diagonal)
    errors.push_back(RoundError(std::sqrt(kStorageError * element)));
  return errors;
}

bool IsSmall(double backward_error, const std::vector<TitleTerms>& terms) {
  double condition = 0;
  for (const TitleTerms& title : terms)
    condition = std::max(condition, title.diagonal() / title.regulariser);
  return backward_error * condition <= kRelativeErrorMax;
}

std::vector<double> TotalErrors(double backward_error, const std::vector<TitleTerms>& terms,
                                const InverseDiagonal& inverse, std::span<const double> squares,
                                std::span<const double> errors) {
  std::vector<double> total(terms.size());
  for (size_t i = 0; i < total.size(); ++i) {
    const double own = inverse.diagonal[i] * inverse.diagonal[i] * terms[i].diagonal();
    total[i] = std::sqrt(backward_error * (squares[i] + own) + errors[i] * errors[i]);
  }
  return total;
}

float RoundError(double error) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (!(error < static_cast<double>(std::numeric_limits<float>::max()))) return kInfinity;
  return std::nextafter(static_cast<float>(error), kInfinity);
}

double WeightBound(const ClosedFormOptions& options, const InverseDiagonal& inverse,
                   std::span<const double> errors) {
  const double e = options.diagonal_exponent;
  double row_error = 0;
  double row_size = 0;
  double column_error = 0;
  double factor_error = 0;
  double relative = 0;
  for (size_t i = 0; i < errors.size(); ++i) {
    const double root = std::sqrt(inverse.diagonal[i]);
    const double own = errors[i] * errors[i] / inverse.diagonal[i];
    if (!std::isfinite(inverse.factor[i])) return std::numeric_limits<double>::infinity();
    row_error = std::max(row_error, errors[i]);
    row_size = std::max(row_size, root);
    column_error = std::max(column_error, errors[i] * std::abs(inverse.factor[i]));
    factor_error = std::max(factor_error, e * own * root * std::abs(inverse.factor[i]));
    // Written so that NaN counts as large.
    if (!(own <= relative)) relative = own;
  }
  if (!(relative <= kRelativeErrorMax)) return std::numeric_limits<double>::infinity();
  const double first_order = row_error * column_error + row_size * factor_error;
  return first_order / std::pow(1 - relative, 1 + e);
}

}  // namespace klieg::personalize
