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
/// Vectors that make one column of a tile, and columns that are kept in registers at a time.
inline constexpr size_t kTileVectors = kBlockColumns / kTileLanes;
inline constexpr size_t kTileColumns = kTileVectors == 1 ? 16 : kTileVectors == 2 ? 4 : 2;

/// tile(i, j) += or -= Σ_k a(k, i) b(k, j) for one group of 16 columns of each panel. All 64-byte
/// aligned.
template <bool kSubtract>
HWY_INLINE void UpdateTile(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, size_t depth,
                           float* HWY_RESTRICT tile) {
  const TileTag tag;
  using Vector = hn::Vec<TileTag>;
  for (size_t first = 0; first < kBlockColumns; first += kTileColumns) {
    Vector sum[kTileColumns][kTileVectors];
#pragma GCC unroll 16
    for (size_t j = 0; j < kTileColumns; ++j) {
#pragma GCC unroll 4
      for (size_t v = 0; v < kTileVectors; ++v) {
        sum[j][v] = hn::Load(tag, tile + (first + j) * kBlockColumns + v * kTileLanes);
      }
    }
    for (size_t k = 0; k < depth; ++k) {
      Vector left[kTileVectors];
#pragma GCC unroll 4
      for (size_t v = 0; v < kTileVectors; ++v) {
        left[v] = hn::Load(tag, a + k * kBlockColumns + v * kTileLanes);
      }
#pragma GCC unroll 16
      for (size_t j = 0; j < kTileColumns; ++j) {
        const Vector right = hn::Set(tag, b[k * kBlockColumns + first + j]);
#pragma GCC unroll 4
        for (size_t v = 0; v < kTileVectors; ++v) {
          sum[j][v] = kSubtract ? hn::NegMulAdd(left[v], right, sum[j][v])
                                : hn::MulAdd(left[v], right, sum[j][v]);
        }
      }
    }
#pragma GCC unroll 16
    for (size_t j = 0; j < kTileColumns; ++j) {
#pragma GCC unroll 4
      for (size_t v = 0; v < kTileVectors; ++v) {
        hn::Store(sum[j][v], tag, tile + (first + j) * kBlockColumns + v * kTileLanes);
      }
    }
  }
}

}  // namespace klieg::learn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
