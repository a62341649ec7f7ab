#include "learn/gather_product.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "learn/gather_product.cc"
#include "hwy/cache_control.h"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "learn/tile_kernel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace klieg::learn::HWY_NAMESPACE {

using Rows = std::span<const uint32_t>;

/// Rows whose dot products are formed together, to hide the latency of the sums.
constexpr size_t kRowsAtOnce = 4;
/// Rows handled before the next ones are looked at: 32 rows of 128 columns stay in the first cache.
constexpr size_t kRowsInCache = 32;
/// How many rows ahead of use a row is fetched.
constexpr size_t kFetchAhead = 8;

HWY_INLINE void Fetch(core::MatrixView<const float> source, Rows rows, size_t i) {
  if (i >= rows.size()) return;
  const float* row = source.data() + rows[i] * source.stride();
  for (size_t c = 0; c < source.columns(); c += kBlockColumns) hwy::Prefetch(row + c);
}

/// A vector as one sum over lanes in fixed order.
template <size_t kCount>
HWY_INLINE void DotsAtOnce(core::MatrixView<const float> source, const uint32_t* rows,
                           const float* HWY_RESTRICT x, float* HWY_RESTRICT products) {
  const TileTag tag;
  hn::Vec<TileTag> sum[kCount];
  const float* row[kCount];
#pragma GCC unroll 4
  for (size_t r = 0; r < kCount; ++r) {
    sum[r] = hn::Zero(tag);
    row[r] = source.data() + rows[r] * source.stride();
  }
  for (size_t c = 0; c < source.columns(); c += kTileLanes) {
    const auto factor = hn::Load(tag, x + c);
#pragma GCC unroll 4
    for (size_t r = 0; r < kCount; ++r)
      sum[r] = hn::MulAdd(hn::Load(tag, row[r] + c), factor, sum[r]);
  }
#pragma GCC unroll 4
  for (size_t r = 0; r < kCount; ++r) products[r] = hn::GetLane(hn::SumOfLanes(tag, sum[r]));
}

template <size_t kCount>
HWY_INLINE void AddAtOnce(core::MatrixView<const float> source, const uint32_t* rows,
                          const float* weights, float* HWY_RESTRICT sum) {
  const TileTag tag;
  hn::Vec<TileTag> weight[kCount];
  const float* row[kCount];
#pragma GCC unroll 4
  for (size_t r = 0; r < kCount; ++r) {
    weight[r] = hn::Set(tag, weights == nullptr ? 1.0F : weights[r]);
    row[r] = source.data() + rows[r] * source.stride();
  }
  for (size_t c = 0; c < source.columns(); c += kTileLanes) {
    auto total = hn::Load(tag, sum + c);
#pragma GCC unroll 4
    for (size_t r = 0; r < kCount; ++r)
      total = hn::MulAdd(weight[r], hn::Load(tag, row[r] + c), total);
    hn::Store(total, tag, sum + c);
  }
}

void RowDotsTarget(core::MatrixView<const float> source, Rows rows, std::span<const float> x,
                   std::span<float> products) {
  size_t i = 0;
  for (; i + kRowsAtOnce <= rows.size(); i += kRowsAtOnce) {
    for (size_t r = 0; r < kRowsAtOnce; ++r) Fetch(source, rows, i + kFetchAhead + r);
    DotsAtOnce<kRowsAtOnce>(source, rows.data() + i, x.data(), products.data() + i);
  }
  for (; i < rows.size(); ++i)
    DotsAtOnce<1>(source, rows.data() + i, x.data(), products.data() + i);
}

void AddRowsTarget(core::MatrixView<const float> source, Rows rows, std::span<const float> weights,
                   std::span<float> sum) {
  const auto weight = [&](size_t i) { return weights.empty() ? nullptr : weights.data() + i; };
  size_t i = 0;
  for (; i + kRowsAtOnce <= rows.size(); i += kRowsAtOnce) {
    AddAtOnce<kRowsAtOnce>(source, rows.data() + i, weight(i), sum.data());
  }
  for (; i < rows.size(); ++i) AddAtOnce<1>(source, rows.data() + i, weight(i), sum.data());
}

/// products_i = v_i · x and image = diagonal x + Σ products_i v_i, each row read from the first
/// cache the second time.
void Multiply(core::MatrixView<const float> source, Rows rows, const float* diagonal,
              std::span<const float> x, std::span<float> products, std::span<float> image) {
  const TileTag tag;
  for (size_t c = 0; c < source.columns(); c += kTileLanes) {
    hn::Store(hn::Mul(hn::Load(tag, diagonal + c), hn::Load(tag, x.data() + c)), tag,
              image.data() + c);
  }
  for (size_t first = 0; first < rows.size(); first += kRowsInCache) {
    const Rows part = rows.subspan(first, std::min(kRowsInCache, rows.size() - first));
    RowDotsTarget(source, part, x, products.subspan(first, part.size()));
    AddRowsTarget(source, part, products.subspan(first, part.size()), image);
  }
}

double SolveNormalCgTarget(core::MatrixView<const float> source, Rows rows,
                           std::span<const float> diagonal, uint32_t steps,
                           const CgScratch& scratch, std::span<float> x) {
  const TileTag tag;
  const size_t d = source.columns();
  const std::span<float> fits = scratch.fits.first(rows.size());
  const std::span<float> products = scratch.products.first(rows.size());
  float* residual = scratch.residual.data();
  float* direction = scratch.direction.data();
  const float* image = scratch.image.data();

  // residual = Σ (1 - v · x) v - diagonal x, formed as Σ v - (what Multiply gives).
  Multiply(source, rows, diagonal.data(), x, fits, scratch.image);
  std::fill_n(residual, d, 0.0F);
  AddRowsTarget(source, rows, {}, scratch.residual);
  auto sum = hn::Zero(tag);
  for (size_t c = 0; c < d; c += kTileLanes) {
    const auto r = hn::Sub(hn::Load(tag, residual + c), hn::Load(tag, image + c));
    const auto z = hn::Div(r, hn::Load(tag, diagonal.data() + c));
    hn::Store(r, tag, residual + c);
    hn::Store(z, tag, direction + c);
    sum = hn::MulAdd(r, z, sum);
  }
  float energy = hn::GetLane(hn::SumOfLanes(tag, sum));
  const float negligible = energy * 1e-12F;

  for (uint32_t step = 0; step < steps && energy > negligible; ++step) {
    Multiply(source, rows, diagonal.data(), scratch.direction, products, scratch.image);
    sum = hn::Zero(tag);
    for (size_t c = 0; c < d; c += kTileLanes) {
      sum = hn::MulAdd(hn::Load(tag, direction + c), hn::Load(tag, image + c), sum);
    }
    const float curvature = hn::GetLane(hn::SumOfLanes(tag, sum));
    if (!(curvature > 0.0F)) break;
    const float length = energy / curvature;
    const auto factor = hn::Set(tag, length);
    sum = hn::Zero(tag);
    for (size_t c = 0; c < d; c += kTileLanes) {
      hn::Store(hn::MulAdd(factor, hn::Load(tag, direction + c), hn::Load(tag, x.data() + c)), tag,
                x.data() + c);
      const auto r = hn::NegMulAdd(factor, hn::Load(tag, image + c), hn::Load(tag, residual + c));
      hn::Store(r, tag, residual + c);
      sum = hn::MulAdd(r, hn::Div(r, hn::Load(tag, diagonal.data() + c)), sum);
    }
    for (size_t i = 0; i < fits.size(); ++i) fits[i] += length * products[i];
    const float next = hn::GetLane(hn::SumOfLanes(tag, sum));
    const auto keep = hn::Set(tag, next / energy);
    for (size_t c = 0; c < d; c += kTileLanes) {
      const auto z = hn::Div(hn::Load(tag, residual + c), hn::Load(tag, diagonal.data() + c));
      hn::Store(hn::MulAdd(keep, hn::Load(tag, direction + c), z), tag, direction + c);
    }
    energy = next;
  }

  double value = 0;
  for (const float fit : fits) value += (1.0 - fit) * (1.0 - fit);
  for (size_t c = 0; c < d; ++c) value += static_cast<double>(diagonal[c]) * x[c] * x[c];
  return value;
}

}  // namespace klieg::learn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace klieg::learn {

HWY_EXPORT(RowDotsTarget);
HWY_EXPORT(AddRowsTarget);
HWY_EXPORT(SolveNormalCgTarget);

void RowDots(core::MatrixView<const float> source, std::span<const uint32_t> rows,
             std::span<const float> x, std::span<float> products) {
  HWY_DYNAMIC_DISPATCH(RowDotsTarget)(source, rows, x, products);
}

void AddRows(core::MatrixView<const float> source, std::span<const uint32_t> rows,
             std::span<const float> weights, std::span<float> sum) {
  HWY_DYNAMIC_DISPATCH(AddRowsTarget)(source, rows, weights, sum);
}

double SolveNormalCg(core::MatrixView<const float> source, std::span<const uint32_t> rows,
                     std::span<const float> diagonal, uint32_t steps, const CgScratch& scratch,
                     std::span<float> x) {
  return HWY_DYNAMIC_DISPATCH(SolveNormalCgTarget)(source, rows, diagonal, steps, scratch, x);
}

}  // namespace klieg::learn
#endif  // HWY_ONCE
