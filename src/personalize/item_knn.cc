#include "personalize/item_knn.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "core/memory.h"
#include "learn/neighbours.h"
#include "personalize/sparse_item_ranker.h"

namespace klieg::personalize {
namespace {

constexpr std::string_view kName = "item-knn";

/// The factors of the similarity: row_weights[u] · title_scales[i] · title_scales[j] summed over
/// common members.
struct Weighting {
  std::vector<float> row_weights;   // [M], empty: ones
  std::vector<float> title_scales;  // [T]
};

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

Weighting MakeBm25(const learn::SparseMatrix& matrix, double k1, double b) {
  const double titles = matrix.column_count;
  Weighting weighting;
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

Weighting MakeWeighting(const learn::SparseMatrix& matrix, const HyperParameters& values) {
  const std::string& kind = values.Text("weighting");
  if (kind == "bm25") return MakeBm25(matrix, values.Real("k1"), values.Real("b"));
  Weighting weighting;
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

/// Divides the similarities of row j, the neighbours of title j, by n_j^penalty.
void PenalisePopularity(const std::vector<uint32_t>& counts, double penalty,
                        learn::SparseMatrix& nearest) {
  for (size_t j = 0; j < nearest.row_count; ++j) {
    const double factor = std::pow(std::max(counts[j], 1U), -penalty);
    for (uint64_t entry = nearest.row_begin[j]; entry < nearest.row_begin[j + 1]; ++entry) {
      nearest.values[entry] = static_cast<float>(nearest.values[entry] * factor);
    }
  }
}

core::Result<std::unique_ptr<Ranker>> Train(const Interactions& data, const HyperParameters& values,
                                            const TrainContext& context) {
  const learn::SparseMatrix& matrix = data.matrix;
  const auto neighbours = static_cast<uint32_t>(values.Integer("neighbours"));
  KLIEG_TRY(core::RequireMemory(
      learn::NearestColumnsBytes(matrix, neighbours, context.pool.threads()),
      context.memory_limit_bytes,
      fmt::format("item-knn of {} titles with {} neighbours each", matrix.column_count, neighbours),
      "use fewer neighbours or threads, or popularity"));
  const auto progress = context.progress.Begin("train item-knn", matrix.column_count, "titles");
  const Weighting weighting = MakeWeighting(matrix, values);
  learn::SparseMatrix nearest = learn::NearestColumns(matrix,
                                                      {.count = neighbours,
                                                       .shrinkage = values.Real("shrinkage"),
                                                       .row_weights = weighting.row_weights,
                                                       .column_scales = weighting.title_scales},
                                                      context.pool, progress.get());
  PenalisePopularity(learn::ColumnCounts(matrix), values.Real("popularity_penalty"), nearest);
  // Neighbours were sought for the title that is scored; scoring asks by the title that was
  // watched.
  return std::make_unique<SparseItemRanker>(kName, learn::Transpose(nearest));
}

core::Result<std::unique_ptr<Ranker>> Load(const std::string& prefix,
                                           std::shared_ptr<const learn::TensorFile> file) {
  return SparseItemRanker::Load(kName, prefix, std::move(file));
}

}  // namespace

const Learner& ItemKnnLearner() {
  static const std::array<HyperParameter, 6> hyper_parameters = {
      HyperParameter{.name = "weighting",
                     .type = HyperParameterType::kChoice,
                     .default_value = "bm25",
                     .tune_low = 0,
                     .tune_high = 1,
                     .choices = {"cosine", "tf-idf", "bm25", "random-walk"},
                     .meaning = "How members in common are weighed."},
      HyperParameter{.name = "neighbours",
                     .type = HyperParameterType::kInteger,
                     .default_value = "200",
                     .low = 1,
                     .high = 100000,
                     .tune_low = 20,
                     .tune_high = 1000,
                     .logarithmic = true,
                     .meaning = "K: titles that can contribute to the score of a title."},
      HyperParameter{.name = "shrinkage",
                     .default_value = "0",
                     .low = 0,
                     .high = 1e6,
                     .tune_low = 0,
                     .tune_high = 100,
                     .meaning = "Members in common at which a similarity counts half."},
      HyperParameter{.name = "popularity_penalty",
                     .default_value = "0",
                     .low = -1,
                     .high = 2,
                     .tune_low = 0,
                     .tune_high = 0.6,
                     .meaning = "Scores of a title with n members are divided by n to this power."},
      HyperParameter{.name = "k1",
                     .default_value = "1.2",
                     .low = 0,
                     .high = 1000,
                     .tune_low = 0.5,
                     .tune_high = 100,
                     .logarithmic = true,
                     .meaning = "BM25: how much the number of members of a title matters."},
      HyperParameter{.name = "b",
                     .default_value = "0.75",
                     .low = 0,
                     .high = 1,
                     .tune_low = 0,
                     .tune_high = 1,
                     .meaning = "BM25: how far a title's weight is normalised by its members."}};
  static const Learner learner = {
      .name = kName,
      .summary = "Nearest neighbours between titles by members in common.",
      .source = "Deshpande and Karypis, Item-based top-N recommendation algorithms, TOIS 2004",
      .hyper_parameters = hyper_parameters,
      .train = Train,
      .load = Load,
  };
  return learner;
}

}  // namespace klieg::personalize
