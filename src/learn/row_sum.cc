#include "learn/row_sum.h"

#include <algorithm>

#include "core/check.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "learn/row_sum.cc"
#include <hwy/foreach_target.h>  // NOLINT: must come before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace klieg::learn::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// sum += a + b + c + d, one after the other; four rows at a time load and store `sum` once instead
/// of four times.
void AddFourRows(const float* const* rows, size_t columns, float* sum) {
  const hn::ScalableTag<float> tag;
  const size_t lanes = hn::Lanes(tag);
  size_t c = 0;
  for (; c + lanes <= columns; c += lanes) {
    auto total = hn::LoadU(tag, sum + c);
    for (size_t r = 0; r < 4; ++r) total = hn::Add(total, hn::LoadU(tag, rows[r] + c));
    hn::StoreU(total, tag, sum + c);
  }
  for (; c < columns; ++c) {
    for (size_t r = 0; r < 4; ++r) sum[c] += rows[r][c];
  }
}

void AddOneRow(const float* row, size_t columns, float* sum) {
  const hn::ScalableTag<float> tag;
  const size_t lanes = hn::Lanes(tag);
  size_t c = 0;
  for (; c + lanes <= columns; c += lanes) {
    hn::StoreU(hn::Add(hn::LoadU(tag, sum + c), hn::LoadU(tag, row + c)), tag, sum + c);
  }
  for (; c < columns; ++c) sum[c] += row[c];
}

}  // namespace klieg::learn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace klieg::learn {

HWY_EXPORT(AddFourRows);
HWY_EXPORT(AddOneRow);

void SumRows(core::MatrixView<const float> matrix, std::span<const uint32_t> rows,
             std::span<float> sum) {
  KLIEG_CHECK(sum.size() == matrix.columns(), "{} sums of {} columns", sum.size(),
              matrix.columns());
  std::ranges::fill(sum, 0.0F);
  size_t r = 0;
  for (; r + 4 <= rows.size(); r += 4) {
    const float* const four[] = {matrix.Row(rows[r]).data(), matrix.Row(rows[r + 1]).data(),
                                 matrix.Row(rows[r + 2]).data(), matrix.Row(rows[r + 3]).data()};
    HWY_DYNAMIC_DISPATCH(AddFourRows)(four, sum.size(), sum.data());
  }
  for (; r < rows.size(); ++r) {
    HWY_DYNAMIC_DISPATCH(AddOneRow)(matrix.Row(rows[r]).data(), sum.size(), sum.data());
  }
}

void SumRowsPlain(core::MatrixView<const float> matrix, std::span<const uint32_t> rows,
                  std::span<float> sum) {
  std::ranges::fill(sum, 0.0F);
  for (const uint32_t row : rows) {
    for (size_t c = 0; c < sum.size(); ++c) sum[c] += matrix(row, c);
  }
}

}  // namespace klieg::learn
#endif  // HWY_ONCE
