#include "personalize/dense_item_ranker.h"

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "learn/row_sum.h"

namespace klieg::personalize {
namespace {

/// Scores are made in strips of this many titles: a strip of sums stays in the first cache while
/// rows stream by, and rows of popular titles are still near when the next member of the batch asks
/// for them.
constexpr size_t kTitlesPerStrip = 4096;

}  // namespace

DenseItemRanker::DenseItemRanker(std::string_view kind, core::Matrix<float> weights)
    : kind_(kind), owned_(std::move(weights)), weights_(std::as_const(owned_).view()) {
  KLIEG_CHECK(weights_.rows() == weights_.columns(), "weights of {} x {}", weights_.rows(),
              weights_.columns());
}

DenseItemRanker::DenseItemRanker(std::string_view kind,
                                 std::shared_ptr<const learn::TensorFile> file,
                                 core::MatrixView<const float> weights)
    : kind_(kind), file_(std::move(file)), weights_(weights) {}

core::Result<std::unique_ptr<Ranker>> DenseItemRanker::Load(
    std::string_view kind, const std::string& prefix,
    std::shared_ptr<const learn::TensorFile> file) {
  KLIEG_ASSIGN(const core::MatrixView<const float> weights, file->Floats(prefix + ".weights"));
  if (weights.rows() != weights.columns()) {
    return core::Fail(core::ErrorCode::kCorrupt,
                      "'{}.weights' of {} is {} x {}; expected a square matrix", prefix, kind,
                      weights.rows(), weights.columns());
  }
  return std::unique_ptr<Ranker>(new DenseItemRanker(kind, std::move(file), weights));
}

void DenseItemRanker::Score(const learn::SparseMatrix& histories, size_t first, size_t count,
                            core::MatrixView<float> scores) const {
  const size_t titles = weights_.columns();
  KLIEG_CHECK(
      histories.column_count == titles && scores.columns() == titles && scores.rows() >= count,
      "scores of {} x {} for {} histories of {} titles by a ranker of {}", scores.rows(),
      scores.columns(), count, histories.column_count, titles);
  for (size_t begin = 0; begin < titles; begin += kTitlesPerStrip) {
    const size_t size = std::min(kTitlesPerStrip, titles - begin);
    const core::MatrixView<const float> strip(weights_.data() + begin, titles, size,
                                              weights_.stride());
    for (size_t i = 0; i < count; ++i) {
      learn::SumRows(strip, histories.RowColumns(first + i), scores.Row(i).subspan(begin, size));
    }
  }
}

Explanation DenseItemRanker::Explain(std::span<const uint32_t> history,
                                     std::span<const float> /*values*/, TitleIndex title) const {
  Explanation explanation;
  explanation.contributions.reserve(history.size());
  for (const uint32_t watched : history) {
    const double amount = weights_(watched, title.value());
    explanation.contributions.push_back({TitleIndex(watched), amount});
    explanation.score += amount;
  }
  return explanation;
}

void DenseItemRanker::Save(const std::string& prefix, learn::TensorFileWriter& writer) const {
  writer.Add(prefix + ".weights", weights_);
}

}  // namespace klieg::personalize
