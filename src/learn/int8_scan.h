/// Rows of numbers as 8-bit codes, and their inner products with one coded query at the speed of
/// memory.
///
/// A row x is stored as x = scale · code + residual with codes in [-127, 127] and a scale of its
/// own, so that a row with an outlier does not coarsen the others. An inner product is then known
/// up to a bound (Cauchy and Schwarz twice):
///
///     |q·x − scale_q scale_x code_q·code_x|  ≤  ‖q‖ ‖residual_x‖ + ‖residual_q‖ ‖scale_x code_x‖
///
/// Layout: 64 rows make a block, within it 4 dimensions make a group:
///
///     block 0: [group 0: row 0 dims 0-3 | row 1 dims 0-3 | … | row 63][group 1: row 0 dims 4-7 |
///     …] …   block 1: …
///
/// so that one instruction multiplies 4 dimensions of 16 rows and no sum across lanes is needed.
///
/// Letters: T rows, d dimensions.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/matrix.h"

namespace klieg::learn {

/// How the codes are multiplied. All give the same integers.
enum class ScanKernel { kPortable, kAvx2, kAvx512Vnni };
std::string_view ScanKernelName(ScanKernel kernel);
/// Those this processor can run, the fastest last.
std::vector<ScanKernel> AvailableScanKernels();

/// Immutable once built; thread-safe.
class Int8Rows {
 public:
  /// Codes T × d numbers: T · (d + 16) bytes with T rounded up to 64 and d to 4. O(T d), some 100
  /// MB/s a core. kInvalidArgument for no dimensions, or a row that is not finite or longer than
  /// 1e15.
  static core::Result<Int8Rows> Build(core::MatrixView<const float> rows);

  /// lower[t] <= q·x_t <= upper[t] for every row, where q·x_t is the real number as well as any
  /// order of summing it in single precision. `lower` and `upper` have room for padded_rows(); what
  /// lies behind T means nothing. kInvalidArgument when the query has another number of dimensions,
  /// or is not finite or longer than 1e15.
  core::Status Bounds(std::span<const float> query, ScanKernel kernel, std::span<float> lower,
                      std::span<float> upper) const;

  size_t rows() const { return rows_; }
  size_t dimensions() const { return dimensions_; }
  size_t padded_rows() const { return scale_.size(); }
  uint64_t bytes() const;

 private:
  Int8Rows() = default;
  void CodeRow(std::span<const float> row, size_t t);

  size_t rows_ = 0;
  size_t dimensions_ = 0;
  size_t groups_ = 0;                 // of 4 dimensions
  core::Matrix<int8_t> codes_;        // blocks × (groups · 64 · 4)
  std::vector<float> scale_;          // [padded T]
  std::vector<float> residual_norm_;  // [padded T] with what single precision may add
  std::vector<float> coded_norm_;     // [padded T]
  std::vector<int32_t> correction_;   // [padded T] −128 · sum of codes: for the kernel whose query
                                      // codes are shifted by 128
};

}  // namespace klieg::learn
