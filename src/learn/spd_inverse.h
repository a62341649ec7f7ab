/// The inverse of a symmetric positive definite matrix, in place.
///
///     KLIEG_TRY(learn::InvertSpd(gram.view(), pool));      // lower triangle in and out
///
/// Method: the symmetric sweep (Gauss-Jordan without pivoting; Beaton 1964, Goodnight 1979), by
/// blocks. With rows and columns split into blocks, sweeping block k of the current matrix A does
///
///     A_kk = L L'      V_i = A_ik L'^-1
///     A_ij -= V_i V_j'  (i, j ≠ k)      A_ik = V_i L^-1      A_kk = -(L L')^-1
///
/// and after all blocks A holds minus its own inverse. It needs n³ operations, like Cholesky +
/// inverse, but they are one matrix product over the whole triangle per block: no phase is short of
/// parallel work, and nothing stands beside the matrix but one column of blocks. What is not swept
/// yet is the Schur complement that Cholesky would see, computed in the same way; what is swept
/// only grows (in the sense of positive matrices): that is why no pivoting is needed.
/// docs/decisions/0005-item-models.md compares.
#pragma once

#include <cstddef>

#include "core/error.h"
#include "core/matrix.h"
#include "core/progress.h"
#include "core/thread_pool.h"

namespace klieg::learn {

/// Replaces the lower triangle of `matrix` (n × n, any stride) by that of its inverse. What stands
/// above the diagonal is neither read nor kept. Fails with kInvalidArgument when a pivot is not
/// positive (naming its row; the matrix is then spoilt) or not finite.
///
/// Every block is computed by one thread with the same operations for any number of threads: same
/// bytes. Time n³ operations at the speed of sgemm; scratch about n · b + (4 + threads) b² floats,
/// b = SpdInverseBlock(n).
core::Status InvertSpd(core::MatrixView<float> matrix, core::ThreadPool& pool,
                       core::ProgressTask* progress = nullptr);

/// Rows of one block for a matrix of n rows: a function of n only, for the bytes depend on it.
size_t SpdInverseBlock(size_t n);

/// Bytes that InvertSpd takes beside the matrix.
size_t SpdInverseScratchBytes(size_t n, size_t threads);

}  // namespace klieg::learn
