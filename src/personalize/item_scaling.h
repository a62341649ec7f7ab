/// How interactions are scaled by the activity of members and the popularity of titles before an
/// item-item model is fitted, and how scores are scaled back.
#pragma once

#include <vector>

#include "learn/sparse_matrix.h"

namespace klieg::personalize {

/// n_u and n_i are the entries of a row and a column, at least 1.
struct ItemScalingExponents {
  double member = 0;  ///< a: rows are multiplied by n_u^-a
  double title = 0;   ///< b: columns, and histories when scoring, by n_i^-b
  double output = 0;  ///< c: scores by n_i^c
};

/// Vectors are empty where the exponent is 0: all ones.
struct ItemScaling {
  std::vector<float> row_weights;    ///< [M] n_u^-2a, the weight of a member in the Gram matrix
  std::vector<float> title_scales;   ///< [T] n_i^-b
  std::vector<float> output_scales;  ///< [T] n_i^c

  float TitleScale(size_t title) const { return title_scales.empty() ? 1.0F : title_scales[title]; }
  float OutputScale(size_t title) const {
    return output_scales.empty() ? 1.0F : output_scales[title];
  }
};

ItemScaling MakeItemScaling(const learn::SparseMatrix& matrix,
                            const ItemScalingExponents& exponents);

}  // namespace klieg::personalize
