#include "learn/gather_syrk.h"

#include <algorithm>

#include "learn/packed_triangle.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "learn/gather_syrk.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "learn/tile_kernel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace klieg::learn::HWY_NAMESPACE {

/// Spreads the fetching of rows over the tiles of a product, a few rows a tile. Into the second cache: a panel's worth of
/// rows would drive the panel itself out of the first.
class Fetcher {
 public:
  Fetcher(core::MatrixView<const float> source, std::span<const uint32_t> rows, size_t tiles)
      : source_(source), rows_(rows), share_((rows.size() + tiles - 1) / tiles) {}

  HWY_INLINE void Step() {
    for (size_t i = 0; i < share_ && next_ < rows_.size(); ++i, ++next_) {
      const float* row = source_.data() + rows_[next_] * source_.stride();
      for (size_t c = 0; c < source_.columns(); c += kBlockColumns)
        __builtin_prefetch(row + c, 0, 2);
    }
  }

 private:
  core::MatrixView<const float> source_;
  std::span<const uint32_t> rows_;
  size_t share_;
  size_t next_ = 0;
};

/// triangle += panel' panel, with a step of fetching before each tile.
HWY_INLINE void AddPanel(const float* panel, size_t depth, size_t groups, Fetcher& fetcher,
                         float* triangle) {
  const size_t group_size = depth * kBlockColumns;
  for (size_t i = 0; i < groups; ++i) {
    const float* left = panel + i * group_size;
    float* slab = triangle + SlabBegin(i);
    for (size_t j = 0; j < i; ++j) {
      fetcher.Step();
      UpdateTile<false>(left, panel + j * group_size, depth,
                        slab + j * kBlockColumns * kBlockColumns);
    }
    fetcher.Step();
    UpdateDiagonalTile<false>(left, depth, slab + i * kBlockColumns * kBlockColumns);
  }
}

/// Copies rows into a panel whose depth is their number.
void CopyRows(core::MatrixView<const float> source, std::span<const uint32_t> rows, float* panel) {
  const TileTag tag;
  const size_t depth = rows.size();
  for (size_t k = 0; k < depth; ++k) {
    const float* HWY_RESTRICT row = source.data() + rows[k] * source.stride();
    for (size_t c = 0; c < source.columns(); c += kBlockColumns) {
      for (size_t i = 0; i < kBlockColumns; i += kTileLanes) {
        hn::Store(hn::Load(tag, row + c + i), tag, panel + c * depth + k * kBlockColumns + i);
      }
    }
  }
}

void GatherSyrkTarget(core::MatrixView<const float> source, std::span<const uint32_t> rows,
                      std::span<const uint32_t> next, float* panel, float* triangle) {
  const size_t groups = source.columns() / kBlockColumns;
  const size_t tiles = groups * (groups + 1) / 2;
  for (size_t first = 0; first < rows.size(); first += kGatherDepth) {
    const std::span<const uint32_t> chunk =
        rows.subspan(first, std::min(kGatherDepth, rows.size() - first));
    const std::span<const uint32_t> rest = rows.subspan(first + chunk.size());
    const std::span<const uint32_t> coming = rest.empty() ? next : rest;
    Fetcher fetcher(source, coming.first(std::min(kGatherDepth, coming.size())), tiles);
    CopyRows(source, chunk, panel);
    AddPanel(panel, chunk.size(), groups, fetcher, triangle);
  }
}

void PanelSyrkTarget(const float* panel, size_t depth, size_t groups,
                     core::MatrixView<const float> source, std::span<const uint32_t> next,
                     float* triangle) {
  Fetcher fetcher(source, next, groups * (groups + 1) / 2);
  AddPanel(panel, depth, groups, fetcher, triangle);
}

#if HWY_TARGET == HWY_SCALAR

/// The plain version, for processors without vectors of four floats.
void GatherTransposedTarget(core::MatrixView<const float> source, std::span<const uint32_t> rows,
                            std::span<const float> scale, float* panel) {
  const size_t depth = source.columns();
  for (size_t c = 0; c < PaddedColumns(rows.size()); ++c) {
    float* column = panel + c / kBlockColumns * depth * kBlockColumns + c % kBlockColumns;
    for (size_t k = 0; k < depth; ++k) {
      column[k * kBlockColumns] = c < rows.size() ? source(rows[c], k) * scale[k] : 0.0F;
    }
  }
}

#else

void GatherTransposedTarget(core::MatrixView<const float> source, std::span<const uint32_t> rows,
                            std::span<const float> scale, float* panel) {
  const hn::FixedTag<float, 4> tag;
  const hn::Repartition<double, hn::FixedTag<float, 4> > wide;
  const size_t depth = source.columns();
  alignas(64) static constexpr float kZeros[4] = {};
  for (size_t first = 0; first < PaddedColumns(rows.size()); first += 4) {
    float* group = panel + (first / kBlockColumns) * depth * kBlockColumns + first % kBlockColumns;
    const float* row[4];
    size_t step[4];
    for (size_t r = 0; r < 4; ++r) {
      const bool real = first + r < rows.size();
      row[r] = real ? source.data() + rows[first + r] * source.stride() : kZeros;
      step[r] = real ? 1 : 0;
    }
    for (size_t k = 0; k < depth; k += 4) {
      // Transposes 4 x 4: pairs of floats first, then pairs of pairs.
      const auto factor = hn::LoadU(tag, scale.data() + k);
      const auto a = hn::Mul(hn::Load(tag, row[0] + step[0] * k), factor);
      const auto b = hn::Mul(hn::Load(tag, row[1] + step[1] * k), factor);
      const auto c = hn::Mul(hn::Load(tag, row[2] + step[2] * k), factor);
      const auto d = hn::Mul(hn::Load(tag, row[3] + step[3] * k), factor);
      const auto ab_low = hn::BitCast(wide, hn::InterleaveLower(tag, a, b));
      const auto ab_high = hn::BitCast(wide, hn::InterleaveUpper(tag, a, b));
      const auto cd_low = hn::BitCast(wide, hn::InterleaveLower(tag, c, d));
      const auto cd_high = hn::BitCast(wide, hn::InterleaveUpper(tag, c, d));
      float* to = group + k * kBlockColumns;
      hn::Store(hn::BitCast(tag, hn::InterleaveLower(wide, ab_low, cd_low)), tag, to);
      hn::Store(hn::BitCast(tag, hn::InterleaveUpper(wide, ab_low, cd_low)), tag,
                to + kBlockColumns);
      hn::Store(hn::BitCast(tag, hn::InterleaveLower(wide, ab_high, cd_high)), tag,
                to + 2 * kBlockColumns);
      hn::Store(hn::BitCast(tag, hn::InterleaveUpper(wide, ab_high, cd_high)), tag,
                to + 3 * kBlockColumns);
    }
  }
}

#endif  // HWY_TARGET == HWY_SCALAR

}  // namespace klieg::learn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace klieg::learn {

HWY_EXPORT(GatherSyrkTarget);
HWY_EXPORT(GatherTransposedTarget);
HWY_EXPORT(PanelSyrkTarget);

void GatherSyrk(core::MatrixView<const float> source, std::span<const uint32_t> rows,
                std::span<const uint32_t> next, float* panel, float* triangle) {
  HWY_DYNAMIC_DISPATCH(GatherSyrkTarget)(source, rows, next, panel, triangle);
}

void GatherTransposed(core::MatrixView<const float> source, std::span<const uint32_t> rows,
                      std::span<const float> scale, float* panel) {
  HWY_DYNAMIC_DISPATCH(GatherTransposedTarget)(source, rows, scale, panel);
}

void PanelSyrk(const float* panel, size_t depth, size_t groups,
               core::MatrixView<const float> source, std::span<const uint32_t> next,
               float* triangle) {
  HWY_DYNAMIC_DISPATCH(PanelSyrkTarget)(panel, depth, groups, source, next, triangle);
}

}  // namespace klieg::learn
#endif  // HWY_ONCE
