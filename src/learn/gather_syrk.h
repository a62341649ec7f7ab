/// Sums of outer products of chosen rows: the normal equations of one member or title.
///
/// Letters: n chosen rows, d columns (a multiple of 16), C = d / 16. Rows of `source` are 64-byte
/// aligned. Pure functions of their arguments: the order of every sum is fixed, whatever thread
/// calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/matrix.h"

namespace klieg::learn {

/// Rows that GatherSyrk copies at a time; its panel holds kGatherDepth · d floats.
inline constexpr size_t kGatherDepth = 128;

/// triangle (packed, C block rows) += Σ_{r in rows} source_r source_r'. n d² flops.
/// `panel` is scratch of kGatherDepth · d floats. The rows named in `next` are what the caller will
/// gather next; they are fetched towards the cache meanwhile, because at this speed a row from main
/// memory would cost as much as its product.
void GatherSyrk(core::MatrixView<const float> source, std::span<const uint32_t> rows,
                std::span<const uint32_t> next, float* panel, float* triangle);

/// panel (depth d, BlockCount(n) groups) = the chosen rows as columns, element k of each multiplied
/// by scale[k]; columns beyond n are zero.
void GatherTransposed(core::MatrixView<const float> source, std::span<const uint32_t> rows,
                      std::span<const float> scale, float* panel);

/// triangle (packed, `groups` block rows) += panel' panel, for a panel of `depth` rows. `next`:
/// rows of `source` to fetch.
void PanelSyrk(const float* panel, size_t depth, size_t groups,
               core::MatrixView<const float> source, std::span<const uint32_t> next,
               float* triangle);

}  // namespace klieg::learn
