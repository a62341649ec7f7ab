/// The one inner loop of the small dense algebra: a 16 x 16 tile updated by the product of two
/// panels. Included by kernels after foreach_target.h; see packed_triangle.h for the layout.

#include <cstddef>

#include "hwy/highway.h"
#include "learn/packed_triangle.h"

// Included once for every instruction set: a toggle takes the place of #pragma once.
#if defined(KLIEG_LEARN_TILE_KERNEL_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef KLIEG_LEARN_TILE_KERNEL_INL
#undef KLIEG_LEARN_TILE_KERNEL_INL
#else
#define KLIEG_LEARN_TILE_KERNEL_INL
#endif

HWY_BEFORE_NAMESPACE();
namespace klieg::learn::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using TileTag = hn::CappedTag<float, kBlockColumns>;
inline constexpr size_t kTileLanes = hn::MaxLanes(TileTag());
/// The lower half of a column: what a tile on the diagonal has below its middle.
using HalfTileTag = hn::CappedTag<float, kBlockColumns / 2>;

/// tile(i, j) += or -= Σ_k a(k, i) b(k, j) for kColumns columns and kVectors vectors of rows, all held in
/// registers. `a` and `tile` point to the first of these rows, `b` and `tile` to the first of these columns.
template <bool kSubtract, size_t kColumns, size_t kVectors, class Tag>
HWY_INLINE void UpdateColumns(Tag tag, const float* HWY_RESTRICT a, const float* HWY_RESTRICT b,
                              size_t depth, float* HWY_RESTRICT tile) {
  using Vector = hn::Vec<Tag>;
  constexpr size_t kLanes = hn::MaxLanes(Tag());
  Vector sum[kColumns][kVectors];
#pragma GCC unroll 16
  for (size_t j = 0; j < kColumns; ++j) {
#pragma GCC unroll 16
    for (size_t v = 0; v < kVectors; ++v) {
      sum[j][v] = hn::Load(tag, tile + j * kBlockColumns + v * kLanes);
    }
  }
  for (size_t k = 0; k < depth; ++k) {
    Vector left[kVectors];
#pragma GCC unroll 16
    for (size_t v = 0; v < kVectors; ++v) {
      left[v] = hn::Load(tag, a + k * kBlockColumns + v * kLanes);
    }
#pragma GCC unroll 16
    for (size_t j = 0; j < kColumns; ++j) {
      const Vector right = hn::Set(tag, b[k * kBlockColumns + j]);
#pragma GCC unroll 16
      for (size_t v = 0; v < kVectors; ++v) {
        sum[j][v] = kSubtract ? hn::NegMulAdd(left[v], right, sum[j][v])
                              : hn::MulAdd(left[v], right, sum[j][v]);
      }
    }
  }
#pragma GCC unroll 16
  for (size_t j = 0; j < kColumns; ++j) {
#pragma GCC unroll 16
    for (size_t v = 0; v < kVectors; ++v) {
      hn::Store(sum[j][v], tag, tile + j * kBlockColumns + v * kLanes);
    }
  }
}

/// Columns that fit in the registers together with what a step needs, for that many vectors a column.
constexpr size_t ColumnsAtOnce(size_t vectors) { return vectors == 1 ? 16 : vectors == 2 ? 4 : 2; }

/// tile(i, j) += or -= Σ_k a(k, i) b(k, j) for one group of 16 columns of each panel. All 64-byte aligned.
template <bool kSubtract>
HWY_INLINE void UpdateTile(const float* a, const float* b, size_t depth, float* tile) {
  constexpr size_t kVectors = kBlockColumns / kTileLanes;
  constexpr size_t kColumns = ColumnsAtOnce(kVectors);
  for (size_t j = 0; j < kBlockColumns; j += kColumns) {
    UpdateColumns<kSubtract, kColumns, kVectors>(TileTag(), a, b + j, depth,
                                                 tile + j * kBlockColumns);
  }
}

/// UpdateTile for a tile on the diagonal (a panel with itself): the quarter above the diagonal is left as it is, which
/// saves nearly a quarter of the work.
template <bool kSubtract>
HWY_INLINE void UpdateDiagonalTile(const float* a, size_t depth, float* tile) {
  constexpr size_t kMiddle = kBlockColumns / 2;
  constexpr size_t kVectors = kBlockColumns / kTileLanes;
  constexpr size_t kColumns = HWY_MIN(kMiddle, ColumnsAtOnce(kVectors));
  for (size_t j = 0; j < kMiddle; j += kColumns) {
    UpdateColumns<kSubtract, kColumns, kVectors>(TileTag(), a, a + j, depth,
                                                 tile + j * kBlockColumns);
  }
  constexpr size_t kHalfVectors = kMiddle / hn::MaxLanes(HalfTileTag());
  constexpr size_t kHalfColumns = HWY_MIN(kMiddle, ColumnsAtOnce(kHalfVectors));
  for (size_t j = kMiddle; j < kBlockColumns; j += kHalfColumns) {
    UpdateColumns<kSubtract, kHalfColumns, kHalfVectors>(HalfTileTag(), a + kMiddle, a + j, depth,
                                                         tile + j * kBlockColumns + kMiddle);
  }
}

}  // namespace klieg::learn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
