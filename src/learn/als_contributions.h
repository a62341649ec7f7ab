/// What each observed entry of a row adds to a score of alternating least squares.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/matrix.h"

namespace klieg::learn {

/// With A = diag(spectrum) + λ_u I + Σ v_s v_s' over the observed `rows` of `factors`, the score of
/// row t is v_t' A^-1 Σ v_s (als_row.h): a sum over the observed rows. Returns its terms v_t' A^-1
/// v_s, one for each of `rows`, in double precision. λ_u > 0. O(n d min(n, d) + min(n, d)³).
std::vector<double> AlsContributions(core::MatrixView<const float> factors,
                                     std::span<const float> spectrum,
                                     std::span<const uint32_t> rows, double regularization,
                                     uint32_t target);

}  // namespace klieg::learn
