#include "personalize/item_knn.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "core/memory.h"
#include "learn/neighbours.h"
#include "personalize/item_knn_weighting.h"
#include "personalize/removal_item_knn.h"
#include "personalize/sparse_item_ranker.h"

namespace klieg::personalize {
namespace {

constexpr std::string_view kName = "item-knn";

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
  const ItemKnnWeighting weighting = MakeItemKnnWeighting(matrix, values);
  learn::SparseMatrix nearest = learn::NearestColumns(
      matrix, NeighbourOptionsOf(weighting, values, neighbours), context.pool, progress.get());
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
      .remove = RemoveFromItemKnn,
  };
  return learner;
}

}  // namespace klieg::personalize
