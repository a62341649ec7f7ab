/// Products of chosen rows of a matrix with a vector, without copying the rows.
///
/// Letters: n chosen rows, d columns (a multiple of 16), rows 64-byte aligned. The order of every
/// sum is fixed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/matrix.h"

namespace klieg::learn {

/// products[i] = source_{rows[i]} · x. 2 n d flops.
void RowDots(core::MatrixView<const float> source, std::span<const uint32_t> rows,
             std::span<const float> x, std::span<float> products);

/// sum += Σ_i weights[i] source_{rows[i]}; no weights: all 1. 2 n d flops.
void AddRows(core::MatrixView<const float> source, std::span<const uint32_t> rows,
             std::span<const float> weights, std::span<float> sum);

/// Scratch of SolveNormalCg.
struct CgScratch {
  std::span<float> fits;       ///< [>= n]
  std::span<float> products;   ///< [>= n]
  std::span<float> residual;   ///< [d]
  std::span<float> direction;  ///< [d]
  std::span<float> image;      ///< [d]
};

/// Improves x towards the solution of (diag(diagonal) + Σ v v') x = Σ v, v the chosen rows, by
/// `steps` steps of conjugate gradients preconditioned with the diagonal (Takács, Pilászy, Tikk
/// 2011, algorithm 1, with the Gram matrix gone into the diagonal). Returns Σ (1 - v · x)² + Σ
/// diagonal x². Stops early when the residual has vanished. 4 n d flops a step.
double SolveNormalCg(core::MatrixView<const float> source, std::span<const uint32_t> rows,
                     std::span<const float> diagonal, uint32_t steps, const CgScratch& scratch,
                     std::span<float> x);

}  // namespace klieg::learn
