/// How small symmetric matrices lie in memory while they are summed, factorized and solved: the
/// lower triangle in blocks of 16 columns, so that every inner loop reads whole vectors one after
/// another.
///
///     block row 0   [0,0]
///     block row 1   [1,0][1,1]
///     block row 2   [2,0][2,1][2,2]
///
/// Element (i, j) stands at 128 b (b + 1) + 16 j + i mod 16, where b = i / 16: column after column
/// within a block row.
/// Blocks on the diagonal are stored whole; what lies above the diagonal there has no meaning.
/// A panel is a tall matrix in the same form: columns in groups of 16, element (k, c) of a panel of
/// `depth` rows at (c / 16) · 16 · depth + 16 k + c mod 16.
#pragma once

#include <cstddef>

namespace klieg::learn {

/// Columns of a block: one vector of 512 bits.
inline constexpr size_t kBlockColumns = 16;

constexpr size_t BlockCount(size_t columns) {
  return (columns + kBlockColumns - 1) / kBlockColumns;
}

/// `columns` rounded up to whole blocks.
constexpr size_t PaddedColumns(size_t columns) { return BlockCount(columns) * kBlockColumns; }

/// Where block row `block` begins; SlabBegin(blocks) is the size of a triangle of that many block
/// rows.
constexpr size_t SlabBegin(size_t block) {
  return block * (block + 1) / 2 * kBlockColumns * kBlockColumns;
}

/// Place of element (row, column), column <= row.
constexpr size_t PackedPlace(size_t row, size_t column) {
  return SlabBegin(row / kBlockColumns) + column * kBlockColumns + row % kBlockColumns;
}

}  // namespace klieg::learn
