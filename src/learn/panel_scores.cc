#include "learn/panel_scores.h"

#include <algorithm>

#include "core/check.h"
#include "learn/packed_triangle.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "learn/panel_scores.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "learn/tile_kernel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace klieg::learn::HWY_NAMESPACE {

/// Groups of columns that one row is scored against at a time: enough sums to hide the latency of
/// each.
constexpr size_t kGroupsAtOnce = 4;

/// One row against kCount groups of 16 columns; the sums run over k in the same order as
/// UpdateTile's.
template <size_t kCount>
HWY_INLINE void ScoreGroups(const float* HWY_RESTRICT panel, size_t depth,
                            const float* HWY_RESTRICT row, float* HWY_RESTRICT out) {
  const TileTag tag;
  for (size_t i = 0; i < kBlockColumns; i += kTileLanes) {
    hn::Vec<TileTag> sum[kCount];
#pragma GCC unroll 4
    for (size_t g = 0; g < kCount; ++g) sum[g] = hn::Zero(tag);
    for (size_t k = 0; k < depth; ++k) {
      const auto factor = hn::Set(tag, row[k]);
#pragma GCC unroll 4
      for (size_t g = 0; g < kCount; ++g) {
        sum[g] =
            hn::MulAdd(hn::Load(tag, panel + (g * depth + k) * kBlockColumns + i), factor, sum[g]);
      }
    }
#pragma GCC unroll 4
    for (size_t g = 0; g < kCount; ++g) hn::StoreU(sum[g], tag, out + g * kBlockColumns + i);
  }
}

void ScoreOneTarget(const float* panels, size_t depth, const float* row, float* scores,
                    size_t columns) {
  const size_t whole = columns / kBlockColumns;
  size_t group = 0;
  for (; group + kGroupsAtOnce <= whole; group += kGroupsAtOnce) {
    ScoreGroups<kGroupsAtOnce>(panels + group * depth * kBlockColumns, depth, row,
                               scores + group * kBlockColumns);
  }
  for (; group < whole; ++group) {
    ScoreGroups<1>(panels + group * depth * kBlockColumns, depth, row,
                   scores + group * kBlockColumns);
  }
  if (whole * kBlockColumns == columns) return;
  alignas(64) float rest[kBlockColumns];
  ScoreGroups<1>(panels + whole * depth * kBlockColumns, depth, row, rest);
  std::copy_n(rest, columns - whole * kBlockColumns, scores + whole * kBlockColumns);
}

/// `rows` is a panel of one group: [k][16 rows].
void ScoreTilesTarget(const float* panels, size_t depth, const float* rows, size_t row_count,
                      core::MatrixView<float> scores) {
  alignas(64) float tile[kBlockColumns * kBlockColumns];
  for (size_t first = 0; first < scores.columns(); first += kBlockColumns) {
    std::fill_n(tile, kBlockColumns * kBlockColumns, 0.0F);
    UpdateTile<false>(panels + first * depth, rows, depth, tile);
    const size_t count = std::min(kBlockColumns, scores.columns() - first);
    for (size_t row = 0; row < row_count; ++row) {
      std::copy_n(tile + row * kBlockColumns, count, &scores(row, first));
    }
  }
}

}  // namespace klieg::learn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace klieg::learn {

HWY_EXPORT(ScoreOneTarget);
HWY_EXPORT(ScoreTilesTarget);

core::Matrix<float> PackScorePanels(core::MatrixView<const float> factors) {
  const size_t depth = factors.columns();
  core::Matrix<float> panels(BlockCount(factors.rows()), depth * kBlockColumns);
  for (size_t column = 0; column < factors.rows(); ++column) {
    float* place = panels.Row(column / kBlockColumns).data() + column % kBlockColumns;
    for (size_t k = 0; k < depth; ++k) place[k * kBlockColumns] = factors(column, k);
  }
  return panels;
}

void ScoreRows(const core::Matrix<float>& panels, core::MatrixView<const float> rows,
               std::span<float> scratch, core::MatrixView<float> scores) {
  const size_t depth = rows.columns();
  KLIEG_CHECK(rows.rows() <= kScoreRows && scores.rows() == rows.rows() &&
                  panels.columns() == depth * kBlockColumns &&
                  panels.rows() == BlockCount(scores.columns()) &&
                  scratch.size() >= kScoreRows * depth,
              "{} x {} rows, {} x {} panels, {} x {} scores", rows.rows(), depth, panels.rows(),
              panels.columns(), scores.rows(), scores.columns());
  // A tile of 16 rows costs about as much as 4 rows one by one.
  if (rows.rows() <= 4) {
    for (size_t row = 0; row < rows.rows(); ++row) {
      HWY_DYNAMIC_DISPATCH(ScoreOneTarget)
      (panels.data(), depth, rows.Row(row).data(), scores.Row(row).data(), scores.columns());
    }
    return;
  }
  std::ranges::fill(scratch, 0.0F);
  for (size_t row = 0; row < rows.rows(); ++row) {
    for (size_t k = 0; k < depth; ++k) scratch[k * kBlockColumns + row] = rows(row, k);
  }
  HWY_DYNAMIC_DISPATCH(ScoreTilesTarget)(panels.data(), depth, scratch.data(), rows.rows(), scores);
}

}  // namespace klieg::learn
#endif  // HWY_ONCE
