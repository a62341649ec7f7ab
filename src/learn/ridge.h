/// Ridge regression in closed form, with rows that can be taken out again.
///
///     KLIEG_ASSIGN(learn::Ridge ridge, learn::Ridge::Fit(features, targets, {.lambda = 1}));
///     ridge.Predict(row)
///     KLIEG_ASSIGN(learn::RidgeRemoval removal, ridge.Remove(rows_out, targets_out));
///
/// Minimises Σ (y - x·w - c)² + λ |w|²; the intercept c is not regularised. What is kept are the sums
/// S = Z'Z and s = Z'(y - y0) of the rows z = (x - m, 1), m and y0 the means at the first fit, and
/// the number of rows: nothing else of the data. The shift changes no weight, but without it a
/// feature such as a year would use up the digits. Weights are (S + Λ)^-1 s by Cholesky, Λ = λ on the
/// features. Removing a row subtracts its part of the sums and solves again. Hoerl and Kennard,
/// Technometrics 1970.
///
/// Letters: n rows, p features. For p up to a few thousand: p² doubles, p³ / 3 operations a solution.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/matrix.h"

namespace klieg::learn {

struct RidgeOptions {
  double lambda = 1;          ///< λ > 0
  bool has_intercept = true;  ///< Whether c is fitted; 0 otherwise.
};

struct RidgeRemoval;

class Ridge {
 public:
  /// features: n × p, targets: [n], all finite, n >= 1. kInvalidArgument says what is wrong; also
  /// when rounding leaves no positive definite system (λ too small beside the features).
  static core::Result<Ridge> Fit(core::MatrixView<const double> features,
                                 std::span<const double> targets, const RidgeOptions& options);

  /// What is left without these rows, which must be among the rows fitted (r × p, and [r]): exact but
  /// for rounding, RidgeRemoval::bound. kInvalidArgument for a wrong width, more rows than there are,
  /// none left, and rows that cannot have been among those fitted (a sum of squares gets negative).
  core::Result<RidgeRemoval> Remove(core::MatrixView<const double> features,
                                    std::span<const double> targets) const;

  /// [p]
  std::span<const double> weights() const { return weights_; }
  double intercept() const { return intercept_; }
  size_t row_count() const { return row_count_; }
  /// row: [p]
  double Predict(std::span<const double> row) const;

 private:
  Ridge(const RidgeOptions& options, std::vector<double> means, double target_mean);
  void Add(std::span<const double> row, double target, double sign);
  core::Status Solve();
  double Bound() const;

  RidgeOptions options_;
  std::vector<double> means_;     // [p] m; zeros without intercept
  double target_mean_ = 0;        // y0
  core::Matrix<double> sums_;     // S, (p + 1) × (p + 1); lower triangle
  std::vector<double> products_;  // [p + 1] s
  double squares_ = 0;            // Σ (y - y0)²
  std::vector<double> touched_;   // [p + 1] largest diagonal of S so far: what its rounding goes by
  double touched_squares_ = 0;    // the same of Σ y²
  size_t row_count_ = 0;
  size_t operations_ = 0;         // rows added and removed since the first fit
  std::vector<double> solution_;  // [p + 1] in the shifted frame
  std::vector<double> scales_;    // [order] D
  double inverse_norm_ = 0;       // |A^-1|_F
  std::vector<double> weights_;
  double intercept_ = 0;
};

/// A smaller model and how far it may be from fitting the remaining rows alone.
struct RidgeRemoval {
  Ridge ridge;
  /// Largest absolute difference of any weight or the intercept that rounding allows. With
  /// A = D^-1 (S + Λ) D^-1, D² its diagonal, t the largest diagonal of S so far, k rows added and
  /// removed, u = 2^-53:
  ///
  ///     |δx| ≤ 2 |A^-1|_F (k u √Σ(t_i / D_i²) √t_y + (k u Σ t_i / D_i² + 4 (p + 2)² u) |x|) / D
  ///
  /// the rounding of the sums, every row counted in full, and that of Cholesky (Higham 2002, theorem
  /// 10.4); twice, because a refit rounds too, with fewer rows in sums no larger.
  double bound = 0;
  std::string bound_basis;
};

}  // namespace klieg::learn
