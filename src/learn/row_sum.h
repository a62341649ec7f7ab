/// The sum of some rows of a dense matrix: what a linear item model computes for one history.
///
///     learn::SumRows(weights, history, scores);     // scores(t) = Σ weights(h, t), h in history
///
/// A history is far shorter than the catalogue, so that this beats a matrix product with a row of
/// mostly zeros by the ratio of the two. It runs at the speed of memory.
#pragma once

#include <cstdint>
#include <span>

#include "core/matrix.h"

namespace klieg::learn {

/// sum(c) = ((0 + matrix(rows[0], c)) + matrix(rows[1], c)) + …, added in that order for any
/// instruction set, so that the result equals SumRowsPlain to the bit. `sum` has matrix.columns()
/// elements; rows are below matrix.rows().
void SumRows(core::MatrixView<const float> matrix, std::span<const uint32_t> rows,
             std::span<float> sum);

/// The definition, for tests.
void SumRowsPlain(core::MatrixView<const float> matrix, std::span<const uint32_t> rows,
                  std::span<float> sum);

}  // namespace klieg::learn
