/// Gram matrices of factors, and the basis in which they are diagonal.
///
/// A factor model is the same after both sides are rotated alike. Rotating so that V'V is diagonal
/// makes w V'V + λ I diagonal for every λ at once: the heart of the fast row solutions of
/// als_row.h.
#pragma once

#include <vector>

#include "core/error.h"
#include "core/matrix.h"
#include "core/thread_pool.h"

namespace klieg::learn {

/// factors' factors, d × d, summed in double over chunks of 128 rows. Columns must be a multiple of
/// 16 and rows 64-byte aligned (a core::Matrix of padded width is). The same for any number of
/// threads. n d² flops.
core::Matrix<double> FactorGram(core::MatrixView<const float> factors, core::ThreadPool& pool);

/// Rotates the rows of `factors`, and of `others` (which may be empty) by the same rotation, so
/// that factors' factors becomes diagonal; returns that diagonal, falling, never negative. Columns
/// from `dimensions` on are padding: they stay zero and get 1. kInternal when LAPACK's eigenvalue
/// routine does not converge (factors not finite). O(n d² + d³).
core::Result<std::vector<float>> DiagonalizeGram(size_t dimensions, core::MatrixView<float> factors,
                                                 core::MatrixView<float> others,
                                                 core::ThreadPool& pool);

}  // namespace klieg::learn
