/// Cholesky factorization and solution of small systems in the packed form of packed_triangle.h.
///
///     if (!FactorizePacked(triangle, blocks)) ...;   // not positive definite
///     SolvePacked(triangle, blocks, x);              // x: right-hand side in, solution out
///
/// Made for 16 to a few hundred unknowns, where LAPACK spends its time on calls and edges; a
/// left-looking factorization by blocks of 16 (Golub and Van Loan, Matrix Computations,
/// section 4.2.6), whose update is the same tile product as that of GatherSyrk. The plain version
/// in the test is the second opinion.
#pragma once

#include <cstddef>

namespace klieg::learn {

/// Replaces the packed matrix A by its factor L, A = L L', with the reciprocals of the diagonal in
/// place of the diagonal. Returns false, leaving the triangle without meaning, when a pivot is not
/// a positive finite number. (16 blocks)³ / 3 flops.
[[nodiscard]] bool FactorizePacked(float* triangle, size_t blocks);

/// Solves L L' x = b in place; `x` has 16 · blocks elements, 64-byte aligned. 2 (16 blocks)² flops.
void SolvePacked(const float* triangle, size_t blocks, float* x);

}  // namespace klieg::learn
