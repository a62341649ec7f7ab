/// Scores of every column for a few rows: a matrix product whose every element is summed in the
/// same order, however many rows are asked for together, so that one member served alone and ten
/// thousand evaluated get equal bits. (A BLAS product chooses its kernel, and with it the order of
/// sums, by the shape of the whole.)
///
/// Letters: C columns (titles), D depth (a multiple of 16).
#pragma once

#include <cstddef>
#include <span>

#include "core/matrix.h"

namespace klieg::learn {

/// Rows that ScoreRows takes together at full speed.
inline constexpr size_t kScoreRows = 16;

/// Factors (C × D) as panels for ScoreRows: [group of 16 columns][k][16], BlockCount(C) rows of 16
/// D floats.
core::Matrix<float> PackScorePanels(core::MatrixView<const float> factors);

/// scores(r, c) = Σ_k rows(r, k) factor(c, k), for up to kScoreRows rows and all columns of
/// `scores`. `scratch` holds 16 D floats, 64-byte aligned. 2 · rows · C · D flops.
void ScoreRows(const core::Matrix<float>& panels, core::MatrixView<const float> rows,
               std::span<float> scratch, core::MatrixView<float> scores);

}  // namespace klieg::learn
