#include "personalize/item_knn_weighting.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace klieg::personalize {
namespace {

/// f(n_u) for every member.
template <class Function>
std::vector<float> PerMember(const learn::SparseMatrix& matrix, Function function) {
  std::vector<float> result(matrix.row_count);
  for (size_t row = 0; row < matrix.row_count; ++row) {
    result[row] =
        static_cast<float>(function(static_cast<double>(std::max<size_t>(matrix.RowSize(row), 1))));
  }
  return result;
}

/// 1 / sqrt(Σ_u row_weights[u]) over the members of a title; 0 for a title without.
std::vector<float> InverseNorms(const learn::SparseMatrix& matrix,
                                const std::vector<float>& row_weights) {
  std::vector<double> squares(matrix.column_count, 0);
  for (size_t row = 0; row < matrix.row_count; ++row) {
    for (const uint32_t column : matrix.RowColumns(row))
      squares[column] += row_weights.empty() ? 1 : row_weights[row];
  }
  std::vector<float> norms(matrix.column_count, 0);
  for (size_t i = 0; i < norms.size(); ++i) {
    if (squares[i] > 0) norms[i] = static_cast<float>(1 / std::sqrt(squares[i]));
  }
  return norms;
}

ItemKnnWeighting MakeBm25(const learn::SparseMatrix& matrix, double k1, double b) {
  const double titles = matrix.column_count;
  ItemKnnWeighting weighting;
  weighting.row_weights = PerMember(matrix, [titles](double n) {
    const double idf = std::log(1 + (titles - n + 0.5) / (n + 0.5));
    return idf * idf;
  });
  const double mean = std::max(1.0, static_cast<double>(matrix.entry_count()) / titles);
  for (const uint32_t count : learn::ColumnCounts(matrix)) {
    weighting.title_scales.push_back(
        static_cast<float>((k1 + 1) / (1 + k1 * (1 - b + b * count / mean))));
  }
  return weighting;
}

}  // namespace

ItemKnnWeighting MakeItemKnnWeighting(const learn::SparseMatrix& matrix,
                                      const HyperParameters& values) {
  const std::string& kind = values.Text("weighting");
  if (kind == "bm25") return MakeBm25(matrix, values.Real("k1"), values.Real("b"));
  ItemKnnWeighting weighting;
  if (kind == "tf-idf") {
    const double titles = matrix.column_count;
    weighting.row_weights = PerMember(matrix, [titles](double n) {
      const double idf = std::log(1 + titles / n);
      return idf * idf;
    });
    weighting.title_scales = InverseNorms(matrix, weighting.row_weights);
  } else {
    weighting.title_scales = InverseNorms(matrix, {});
    if (kind == "random-walk")
      weighting.row_weights = PerMember(matrix, [](double n) { return 1 / n; });
  }
  return weighting;
}

learn::NeighbourOptions NeighbourOptionsOf(const ItemKnnWeighting& weighting,
                                           const HyperParameters& values, uint32_t count) {
  return {.count = count,
          .shrinkage = values.Real("shrinkage"),
          .row_weights = weighting.row_weights,
          .column_scales = weighting.title_scales,
          .only = {}};
}

double PopularityFactor(uint32_t count, double penalty) {
  return std::pow(std::max(count, 1U), -penalty);
}

void PenalisePopularity(const std::vector<uint32_t>& counts, double penalty,
                        learn::SparseMatrix& nearest) {
  for (size_t j = 0; j < nearest.row_count; ++j) {
    const double factor = PopularityFactor(counts[j], penalty);
    for (uint64_t entry = nearest.row_begin[j]; entry < nearest.row_begin[j + 1]; ++entry) {
      nearest.values[entry] = static_cast<float>(nearest.values[entry] * factor);
    }
  }
}

}  // namespace klieg::personalize
