#include "personalize/dense_item_ranker.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/check.h"
#include "learn/row_sum.h"

namespace klieg::personalize {
namespace {

/// Scores are made in strips of this many titles: a strip of sums stays in the first cache while
/// rows stream by, and rows of popular titles are still near when the next member of the batch asks
/// for them.
constexpr size_t kTitlesPerStrip = 4096;

constexpr std::string_view kDiagonalName = ".inverse_diagonal";
constexpr std::string_view kCountsName = ".title_counts";
constexpr std::string_view kErrorName = ".inverse_error";
constexpr std::string_view kBackwardErrorName = ".inverse_backward_error";

std::string Join(const std::string& prefix, std::string_view name) {
  return prefix + std::string(name);
}

std::vector<float> Flat(core::MatrixView<const float> matrix) {
  std::vector<float> values;
  for (size_t row = 0; row < matrix.rows(); ++row)
    values.insert(values.end(), matrix.Row(row).begin(), matrix.Row(row).end());
  return values;
}

/// Nothing for files from before removal; kCorrupt for a record that does not fit the weights.
core::Result<std::optional<InverseRecord>> LoadRecord(const std::string& prefix, size_t titles,
                                                      const learn::TensorFile& file) {
  if (!file.Has(Join(prefix, kDiagonalName))) return std::nullopt;
  InverseRecord record;
  KLIEG_ASSIGN(const auto diagonal, file.Floats(Join(prefix, kDiagonalName)));
  KLIEG_ASSIGN(const auto counts, file.Uint32s(Join(prefix, kCountsName)));
  KLIEG_ASSIGN(const auto error, file.Floats(Join(prefix, kErrorName)));
  record.diagonal = Flat(diagonal);
  record.title_counts.assign(counts.begin(), counts.end());
  record.error = Flat(error);
  KLIEG_ASSIGN(const auto backward, file.Floats(Join(prefix, kBackwardErrorName)));
  const std::vector<float> backward_error = Flat(backward);
  const bool fits =
      record.diagonal.size() == titles && record.title_counts.size() == titles &&
      record.error.size() == titles &&
      std::ranges::all_of(record.diagonal, [](float p) { return std::isfinite(p) && p > 0; }) &&
      std::ranges::all_of(record.error, [](float e) { return e >= 0; });
  if (!fits) {
    return core::Fail(
        core::ErrorCode::kCorrupt,
        "the record of the inverse of '{}' does not fit its {} titles: {} diagonal "
        "elements, {} counts, {} errors; expected one of each for every title, positive "
        "and finite, and one backward error",
        prefix, titles, record.diagonal.size(), record.title_counts.size(), record.error.size());
  }
  record.backward_error = backward_error.front();
  return record;
}

}  // namespace

DenseItemRanker::DenseItemRanker(std::string_view kind, core::Matrix<float> weights,
                                 std::optional<InverseRecord> record)
    : kind_(kind),
      owned_(std::move(weights)),
      weights_(std::as_const(owned_).view()),
      record_(std::move(record)) {
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
  KLIEG_ASSIGN(std::optional<InverseRecord> record, LoadRecord(prefix, weights.rows(), *file));
  auto ranker =
      std::unique_ptr<DenseItemRanker>(new DenseItemRanker(kind, std::move(file), weights));
  ranker->record_ = std::move(record);
  return std::unique_ptr<Ranker>(std::move(ranker));
}

uint64_t DenseItemRanker::bytes() const {
  const uint64_t titles = weights_.rows();
  const uint64_t record =
      record_ ? titles * (2 * sizeof(float) + sizeof(uint32_t)) + sizeof(float) : 0;
  return titles * titles * sizeof(float) + record;
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
  if (!record_) return;
  writer.Add(Join(prefix, kDiagonalName), std::span(record_->diagonal));
  writer.Add(Join(prefix, kCountsName), std::span(record_->title_counts));
  writer.Add(Join(prefix, kErrorName), std::span(record_->error));
  writer.Add(Join(prefix, kBackwardErrorName), std::span(&record_->backward_error, 1));
}

}  // namespace klieg::personalize
