#include "personalize/item_scaling.h"

#include <algorithm>
#include <cmath>

namespace klieg::personalize {
namespace {

std::vector<float> Powers(const std::vector<uint32_t>& counts, double exponent) {
  std::vector<float> powers;
  if (exponent == 0) return powers;
  powers.reserve(counts.size());
  for (const uint32_t count : counts) {
    powers.push_back(static_cast<float>(std::pow(std::max(count, 1U), exponent)));
  }
  return powers;
}

}  // namespace

ItemScaling MakeItemScaling(const learn::SparseMatrix& matrix,
                            const ItemScalingExponents& exponents) {
  std::vector<uint32_t> member_counts(matrix.row_count);
  for (size_t row = 0; row < matrix.row_count; ++row) {
    member_counts[row] = static_cast<uint32_t>(matrix.RowSize(row));
  }
  const std::vector<uint32_t> title_counts = learn::ColumnCounts(matrix);
  return {Powers(member_counts, -2 * exponents.member), Powers(title_counts, -exponents.title),
          Powers(title_counts, exponents.output)};
}

}  // namespace klieg::personalize
