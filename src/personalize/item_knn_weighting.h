/// The factors of `item-knn`'s similarities (item_knn.h states the formulas): what training and
/// removal must compute alike, to the bit.
#pragma once

#include <cstdint>
#include <vector>

#include "learn/neighbours.h"
#include "learn/sparse_matrix.h"
#include "personalize/hyper_parameters.h"

namespace klieg::personalize {

/// The factors of the similarity: row_weights[u] · title_scales[i] · title_scales[j] summed over
/// common members.
struct ItemKnnWeighting {
  std::vector<float> row_weights;   // [M], empty: ones
  std::vector<float> title_scales;  // [T]
};

ItemKnnWeighting MakeItemKnnWeighting(const learn::SparseMatrix& matrix,
                                      const HyperParameters& values);

/// What NearestColumns is asked for `count` neighbours; points into `weighting`.
learn::NeighbourOptions NeighbourOptionsOf(const ItemKnnWeighting& weighting,
                                           const HyperParameters& values, uint32_t count);

/// n^-penalty, n the members of the title that is scored, at least 1.
double PopularityFactor(uint32_t count, double penalty);

/// Multiplies the similarities of row j, the neighbours of title j, by its popularity factor.
void PenalisePopularity(const std::vector<uint32_t>& counts, double penalty,
                        learn::SparseMatrix& nearest);

}  // namespace klieg::personalize
