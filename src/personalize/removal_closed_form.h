/// Removal of members and titles from `ease` and `edlae`: a down-date of the inverse, exact but for
/// rounding.
///
/// In the frame of closed_form_error.h, N = K + Λ and B_ij = Q_ij g_j with Q = N^-1. Taking members
/// U with titles H out of the data takes
///
///     F = Σ_{u ∈ U} n_u^-2a x_u x_u' + diag(Λ - Λ')        (rows and columns H)
///
/// off N, where Λ changes with the counts of H when dropout, popularity_lambda or title_exponent are
/// not 0. Taking titles out strikes rows and columns of N (with member_exponent 0: otherwise every
/// member who watched them gets another weight, and the learner declines). By learn/inverse_update.h
/// the new inverse is Q + panel · core · panel', of rank k (members whose Λ stays), |H| (otherwise)
/// plus t, and the new weights follow row by row from the old ones:
///
///     B'_ij = B_ij g'_j / g_j + Σ_k left_ik right_kj g'_j
///
/// Plain EASE and one member: one pass that reads and writes 4 T² bytes. No T × T matrix but the
/// result is made.
///
/// The bound. The old inverse is that of N + DΘD exactly, so the new one would be that of N' + DΘD: a
/// down-date does not touch the backward error of the inversion, and θ' = θ max N_ii / N'_ii. Errors
/// within ε_i ε_j of single elements become (I + Q'F) δQ (I + FQ'), which is within ε'_i ε'_j with
///
///     ε'_i = ε_i + Σ_{k ∈ H} |(Q'F)_ik| ε_k
///
/// and likewise for titles with (Q_rT Q_TT^-1)_ik. Storage and single precision of the change add
/// (6 + √r) u to ε'². The model carries θ' and ε', so that removals one after another add up. The
/// bound on the weights is that of this model plus that of a model freshly trained on what remains.
/// Where the first order does not hold (Σ |core_kl| ε_k ε_l > 0.1: the denominator 1 - x'Qx is small
/// beside the error; or θ' max N'_ii / Λ'_ii > 1/4) the learner declines.
#pragma once

#include <string_view>

#include "core/error.h"
#include "personalize/closed_form_item_model.h"
#include "personalize/learner.h"
#include "personalize/removal.h"

namespace klieg::personalize {

/// The `remove` of `ease` and `edlae`; `name` outlives the ranker. Declines (DeclineRemoval) when
/// the model has no record of its inverse, for removed titles with member_exponent ≠ 0, when the rank
/// makes training again the cheaper way, and when no useful bound can be stated.
///
/// Time 2 r T² operations (rank 1: the bandwidth of the memory) and O(N) for the bound; memory 4 T²
/// bytes for the result and 24 r T beside it.
core::Result<Removal> RemoveFromClosedForm(std::string_view name, const Ranker& model,
                                           const RemovalData& data,
                                           const ClosedFormOptions& options,
                                           const TrainContext& context);

}  // namespace klieg::personalize
