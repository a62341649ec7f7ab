/// How far the single-precision inverse behind a closed-form item model can be from the exact one:
/// what makes the bound of a removal (removal_closed_form.h) a number.
///
/// The frame. With N = K + Λ, K = X' diag(n_u^-2a) X and Λ_ii = n_i^2b L_ii, the model of
/// closed_form_item_model.h is
///
///     Q = N^-1 = diag(n^-b) P diag(n^-b)      B_ij = Q_ij g_j      g_j = -P_jj^-e L_jj^(1-e) n_j^(b+c)
///
/// in which title scaling touches the diagonal only. Errors are stated in two parts.
///
/// The backward error. Inverting a positive definite matrix by Cholesky or by sweeps is backward
/// stable by elements: it gives the inverse of N + DΘD, D² = diag(N) (Demmel 1989; Higham, Accuracy
/// and Stability, 2nd ed., theorem 10.5 and section 14.4), hence to first order
///
///     Q^ - Q = -Q D Θ D Q     ⟹     |Q^_ij - Q_ij| ≤ θ τ_i τ_j,     τ_i = |D Q e_i|₂,  θ = |Θ|₂
///
/// For θ, roundings count as independent with mean zero, as in Higham and Mary (SIAM J. Sci. Comput.
/// 41, 2019), where a sum of T roundings grows like √T: with H = D^-1 N D^-1, whose elements bound
/// those of every Schur complement on the way,
///
///     θ = u √(T ν) + ε_G ν,     u = 2^-24,     ν ≥ |H|₂
///
/// ε_G is the relative error of the Gram matrix: 0 for counts below 2^24, else 3u for scaling and
/// n_max u for sums of weights. The worst case, which no matrix is known to reach, has T in place of
/// √T.
///
/// The error of single elements, from rounding the stored weights: |Q^_ij - Q_ij| ≤ ε_i ε_j, at first
/// ε_i² = 6u Q_ii. Both parts together stay within √(θ τ_i² + ε_i²) √(θ τ_j² + ε_j²).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/matrix.h"
#include "core/thread_pool.h"
#include "learn/sparse_matrix.h"
#include "personalize/closed_form_item_model.h"

namespace klieg::personalize {

/// The constants of one title in the frame above, in double precision.
struct TitleTerms {
  uint32_t count = 0;      ///< n_i; 0 for a title that nobody watched
  double weight = 0;       ///< K_ii: sum of n_u^-2a over its members
  double regulariser = 0;  ///< Λ_ii
  double diagonal() const { return weight + regulariser; }  ///< N_ii
};

TitleTerms MakeTitleTerms(const ClosedFormOptions& options, uint32_t count, double weight);

/// n_u^-2a for a member with `titles` titles.
double MemberWeight(const ClosedFormOptions& options, size_t titles);

/// One entry a title of `matrix`. O(N).
std::vector<TitleTerms> MakeTitleTerms(const ClosedFormOptions& options,
                                       const learn::SparseMatrix& matrix);

/// Q_ii from P_ii, and back.
double UnscaledDiagonal(const ClosedFormOptions& options, uint32_t count, double scaled);
double ScaledDiagonal(const ClosedFormOptions& options, uint32_t count, double unscaled);

/// g_j, given Q_jj.
double ColumnFactor(const ClosedFormOptions& options, const TitleTerms& terms, double diagonal);

/// θ of the matrix N of these interactions. O(N).
double RoundingLevel(const ClosedFormOptions& options, const learn::SparseMatrix& matrix,
                     const std::vector<TitleTerms>& terms);

/// Q_ii, g_i and what τ needs, of every title.
struct InverseDiagonal {
  std::vector<double> diagonal;  ///< [T] Q_ii
  std::vector<double> factor;    ///< [T] g_i
  std::vector<float> weights;    ///< [T] N_ii / g_i²: Σ_j weights[j] B_ij² + N_ii Q_ii² = τ_i²
};

InverseDiagonal MakeInverseDiagonal(const ClosedFormOptions& options,
                                    const std::vector<TitleTerms>& terms,
                                    std::vector<double> diagonal);

/// 6u: the relative error of an element recovered from stored weights.
inline constexpr double kStorageError = 6.0 / (1 << 24);

/// ε_i of freshly stored weights, as a model records it. [T]
std::vector<float> FreshErrors(std::span<const double> diagonal);

/// Whether first-order bounds mean something for a backward error θ: θ max N_ii / Λ_ii, which bounds
/// the change of the quadratic form v'Nv relative to itself, is at most a quarter.
bool IsSmall(double backward_error, const std::vector<TitleTerms>& terms);

/// √(θ τ_i² + ε_i²) of every title, given squares[i] = Σ_j weights[j] B_ij².
std::vector<double> TotalErrors(double backward_error, const std::vector<TitleTerms>& terms,
                                const InverseDiagonal& inverse, std::span<const double> squares,
                                std::span<const double> errors);

/// An error as it is stored: not below what it was; infinity when it is not a number.
float RoundError(double error);

/// max |B^_ij - B_ij| for an inverse whose elements are within errors[i] · errors[j]:

///     (max ε_i · max ε_j |g_j|  +  max √Q_ii · max e ε_j² |g_j| / √Q_jj) / (1 - δ)^(1+e)
///
/// the error of Q_ij times g_j, and a bound of |B_ij| times the relative error of P_jj^-e, raised by
/// what the first order leaves out: δ = max ε_i² / Q_ii. Infinity when δ is above a quarter.
double WeightBound(const ClosedFormOptions& options, const InverseDiagonal& inverse,
                   std::span<const double> errors);

}  // namespace klieg::personalize
