#include "learn/small_cholesky.h"

#include <cmath>

#include "learn/packed_triangle.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "learn/small_cholesky.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "learn/tile_kernel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace klieg::learn::HWY_NAMESPACE {

constexpr size_t kTileSize = kBlockColumns * kBlockColumns;

/// y += a x for one column of a tile.
HWY_INLINE void AddColumn(float a, const float* HWY_RESTRICT x, float* HWY_RESTRICT y) {
  const TileTag tag;
  const auto factor = hn::Set(tag, a);
  for (size_t i = 0; i < kBlockColumns; i += kTileLanes) {
    hn::Store(hn::MulAdd(factor, hn::Load(tag, x + i), hn::Load(tag, y + i)), tag, y + i);
  }
}

/// Right-looking factorization of one tile on the diagonal.
bool FactorizeTile(float* tile) {
  const TileTag tag;
  for (size_t k = 0; k < kBlockColumns; ++k) {
    float* column = tile + k * kBlockColumns;
    const float pivot = column[k];
    if (!(pivot > 0.0F) || !std::isfinite(pivot)) return false;
    const float reciprocal = 1.0F / std::sqrt(pivot);
    const auto factor = hn::Set(tag, reciprocal);
    for (size_t i = 0; i < kBlockColumns; i += kTileLanes) {
      hn::Store(hn::Mul(hn::Load(tag, column + i), factor), tag, column + i);
    }
    for (size_t j = k + 1; j < kBlockColumns; ++j) {
      AddColumn(-column[j], column, tile + j * kBlockColumns);
    }
    column[k] = reciprocal;
  }
  return true;
}

/// tile = tile · (L')^-1 for the factorized tile L above it: column j needs all columns before it.
HWY_INLINE void DivideTile(const float* HWY_RESTRICT diagonal, float* HWY_RESTRICT tile) {
  const TileTag tag;
  using Vector = hn::Vec<TileTag>;
  for (size_t i = 0; i < kBlockColumns; i += kTileLanes) {
    Vector x[kBlockColumns];
#pragma GCC unroll 16
    for (size_t j = 0; j < kBlockColumns; ++j) x[j] = hn::Load(tag, tile + j * kBlockColumns + i);
#pragma GCC unroll 16
    for (size_t k = 0; k < kBlockColumns; ++k) {
      const float* column = diagonal + k * kBlockColumns;
      x[k] = hn::Mul(x[k], hn::Set(tag, column[k]));
#pragma GCC unroll 16
      for (size_t j = k + 1; j < kBlockColumns; ++j) {
        x[j] = hn::NegMulAdd(x[k], hn::Set(tag, column[j]), x[j]);
      }
    }
#pragma GCC unroll 16
    for (size_t j = 0; j < kBlockColumns; ++j) hn::Store(x[j], tag, tile + j * kBlockColumns + i);
  }
}

bool FactorizePackedTarget(float* triangle, size_t blocks) {
  for (size_t j = 0; j < blocks; ++j) {
    const float* slab_j = triangle + SlabBegin(j);
    float* diagonal = triangle + SlabBegin(j) + j * kTileSize;
    UpdateDiagonalTile<true>(slab_j, j * kBlockColumns, diagonal);
    if (!FactorizeTile(diagonal)) return false;
    for (size_t i = j + 1; i < blocks; ++i) {
      float* slab_i = triangle + SlabBegin(i);
      UpdateTile<true>(slab_i, slab_j, j * kBlockColumns, slab_i + j * kTileSize);
      DivideTile(diagonal, slab_i + j * kTileSize);
    }
  }
  return true;
}

/// Replaces b by the solution of L z = b for one tile.
HWY_INLINE void SolveTile(const float* HWY_RESTRICT diagonal, float* HWY_RESTRICT b) {
  alignas(64) float z[kBlockColumns];
  for (size_t k = 0; k < kBlockColumns; ++k) {
    const float* column = diagonal + k * kBlockColumns;
    z[k] = b[k] * column[k];
    AddColumn(-z[k], column, b);
  }
  for (size_t k = 0; k < kBlockColumns; ++k) b[k] = z[k];
}

/// Replaces z by the solution of L' y = z for one tile.
HWY_INLINE void SolveTileTransposed(const float* HWY_RESTRICT diagonal, float* HWY_RESTRICT z) {
  for (size_t k = kBlockColumns; k-- > 0;) {
    const float* column = diagonal + k * kBlockColumns;
    float sum = z[k];
    for (size_t i = k + 1; i < kBlockColumns; ++i) sum -= column[i] * z[i];
    z[k] = sum * column[k];
  }
}

void SolvePackedTarget(const float* triangle, size_t blocks, float* x) {
  const TileTag tag;
  for (size_t j = 0; j < blocks; ++j) {
    const float* slab = triangle + SlabBegin(j);
    float* x_j = x + j * kBlockColumns;
    for (size_t i = 0; i < kBlockColumns; i += kTileLanes) {
      auto sum = hn::Load(tag, x_j + i);
      for (size_t k = 0; k < j * kBlockColumns; ++k) {
        sum = hn::NegMulAdd(hn::Set(tag, x[k]), hn::Load(tag, slab + k * kBlockColumns + i), sum);
      }
      hn::Store(sum, tag, x_j + i);
    }
    SolveTile(slab + j * kTileSize, x_j);
  }
  for (size_t j = blocks; j-- > 0;) {
    float* x_j = x + j * kBlockColumns;
    SolveTileTransposed(triangle + SlabBegin(j) + j * kTileSize, x_j);
    // What is known now leaves the right-hand side of every unknown before it: x_k -= L(j, k)' x_j.
    const float* slab = triangle + SlabBegin(j);
    for (size_t k = 0; k < j * kBlockColumns; ++k) {
      auto sum = hn::Zero(tag);
      for (size_t i = 0; i < kBlockColumns; i += kTileLanes) {
        sum = hn::MulAdd(hn::Load(tag, slab + k * kBlockColumns + i), hn::Load(tag, x_j + i), sum);
      }
      x[k] -= hn::GetLane(hn::SumOfLanes(tag, sum));
    }
  }
}

}  // namespace klieg::learn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace klieg::learn {

HWY_EXPORT(FactorizePackedTarget);
HWY_EXPORT(SolvePackedTarget);

bool FactorizePacked(float* triangle, size_t blocks) {
  return HWY_DYNAMIC_DISPATCH(FactorizePackedTarget)(triangle, blocks);
}

void SolvePacked(const float* triangle, size_t blocks, float* x) {
  HWY_DYNAMIC_DISPATCH(SolvePackedTarget)(triangle, blocks, x);
}

}  // namespace klieg::learn
#endif  // HWY_ONCE
