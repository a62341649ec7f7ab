/// The closed form behind `ease` and `edlae`: title-to-title weights from one inverse.
///
/// With X the members × titles matrix of ones, n_u and n_i the entries of its rows and columns, and
///
///     X~ = diag(n_u^-a) X diag(n_i^-b)              a, b: member_exponent, title_exponent
///     G  = X~' X~                                   Gram matrix
///     L  = diag(lambda + m G_ii^g + p/(1-p) G_ii)   m, g: popularity_lambda, popularity_exponent
///     P  = (G + L)^-1                               p: dropout
///
/// the weights are zero on the diagonal and elsewhere, with e the diagonal_exponent and c the
/// output_exponent,
///
///     B_ij = n_i^-b · B~_ij · n_j^c                 B~_ij = -P_ij · P_jj^-e · L_jj^(1-e)
///
/// so that a raw history x is scored as (x diag(n^-b)) B~ diag(n^c); the factor n_u^-a of the
/// member who asks is left out, because it cannot change an order.
///
/// e = 1: B~_ij = -P_ij / P_jj minimises |X~ - X~ B|² + Σ L_ii |B_i·|² under a zero diagonal. With
/// L = lambda I this is EASE (Steck, WWW 2019, eq. 8); with L = lambda I + p/(1-p) dMat(G) it is
/// EDLAE with all emphasis on what was dropped (Steck, NeurIPS 2020, section 3): a denoising
/// autoencoder that drops each input with probability p and is judged by the inputs it did not see.
///
/// e = 0: B~_ij = -P_ij L_jj, ridge regression whose diagonal is removed afterwards: the denoising
/// autoencoder judged by all inputs alike (DLAE). Between the two lies less than full pressure to
/// ignore the title itself.
///
/// Title scaling and regularisation are one thing seen twice: exponents b and c equal b = 0, lambda
/// n_i^2b in place of lambda, and c - b in place of c. Both are offered because the literature
/// tunes both.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/error.h"
#include "core/matrix.h"
#include "learn/sparse_matrix.h"
#include "personalize/dense_item_ranker.h"
#include "personalize/learner.h"

namespace klieg::personalize {

/// The letters of the formula above. Defaults are plain EASE.
struct ClosedFormOptions {
  double lambda = 500;             ///< > 0
  double dropout = 0;              ///< p, in [0, 1)
  double popularity_lambda = 0;    ///< m, at least 0
  double popularity_exponent = 0;  ///< g
  double diagonal_exponent = 1;    ///< e
  double member_exponent = 0;      ///< a
  double title_exponent = 0;       ///< b
  double output_exponent = 0;      ///< c
};

/// The weights B, T × T: row i is what watching title i adds to every title.
///
/// Values of `matrix` are not looked at. Titles nobody watched get zero weights. Fails with
/// kOutOfMemory, before anything is computed, when T² floats and a little are not to be had, and
/// with kInvalidArgument when rounding left G + L without an inverse (lambda too small). `name` is
/// the learner's, for messages. Same bytes for any number of threads. Time T³ operations and Σ n_u²
/// / 2 additions. `record`, when given, receives what removal needs.
core::Result<core::Matrix<float>> TrainClosedForm(std::string_view name,
                                                  const learn::SparseMatrix& matrix,
                                                  const ClosedFormOptions& options,
                                                  const TrainContext& context,
                                                  InverseRecord* record = nullptr);

/// A zeroed T × T matrix on pages of 2 MiB where the system offers them: rows of a large matrix lie
/// far apart, and each would need its own entry in the page tables' caches.
core::Matrix<float> MakeTitleMatrix(size_t titles);

/// Bytes at the peak of TrainClosedForm, without its input.
uint64_t ClosedFormPeakBytes(const learn::SparseMatrix& matrix, size_t threads);

}  // namespace klieg::personalize
