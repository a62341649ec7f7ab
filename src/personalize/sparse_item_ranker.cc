#include "personalize/sparse_item_ranker.h"

#include <algorithm>
#include <utility>

#include "core/check.h"

namespace klieg::personalize {

SparseItemRanker::SparseItemRanker(std::string_view kind, learn::SparseMatrix weights)
    : kind_(kind),
      owned_(std::move(weights)),
      row_begin_(owned_.row_begin),
      columns_(owned_.columns),
      values_(owned_.values) {
  KLIEG_CHECK(owned_.row_count == owned_.column_count && values_.size() == columns_.size(),
              "weights of {} x {} with {} values", owned_.row_count, owned_.column_count,
              values_.size());
}

core::Result<std::unique_ptr<Ranker>> SparseItemRanker::Load(
    std::string_view kind, const std::string& prefix,
    std::shared_ptr<const learn::TensorFile> file) {
  std::unique_ptr<SparseItemRanker> ranker(new SparseItemRanker);
  ranker->kind_ = kind;
  KLIEG_ASSIGN(ranker->row_begin_, file->Uint64s(prefix + ".row_begin"));
  KLIEG_ASSIGN(ranker->columns_, file->Uint32s(prefix + ".columns"));
  KLIEG_ASSIGN(const core::MatrixView<const float> values, file->Floats(prefix + ".values"));
  ranker->values_ = std::span(values.data(), values.rows() * values.columns());
  const std::span<const uint64_t> row_begin = ranker->row_begin_;
  const size_t titles = row_begin.empty() ? 0 : row_begin.size() - 1;
  const bool fits =
      !row_begin.empty() && row_begin.front() == 0 && std::ranges::is_sorted(row_begin) &&
      row_begin.back() == ranker->columns_.size() &&
      ranker->values_.size() == ranker->columns_.size() &&
      std::ranges::all_of(ranker->columns_, [titles](uint32_t column) { return column < titles; });
  if (!fits) {
    return core::Fail(
        core::ErrorCode::kCorrupt,
        "the weights of '{}' ({}) do not fit together: {} row offsets, {} columns, {} values",
        prefix, kind, row_begin.size(), ranker->columns_.size(), ranker->values_.size());
  }
  ranker->file_ = std::move(file);
  return std::unique_ptr<Ranker>(std::move(ranker));
}

void SparseItemRanker::Score(const learn::SparseMatrix& histories, size_t first, size_t count,
                             core::MatrixView<float> scores) const {
  KLIEG_CHECK(histories.column_count == title_count() && scores.columns() == title_count() &&
                  scores.rows() >= count,
              "scores of {} x {} for {} histories of {} titles by a ranker of {}", scores.rows(),
              scores.columns(), count, histories.column_count, title_count());
  for (size_t i = 0; i < count; ++i) {
    const std::span<float> row = scores.Row(i);
    std::ranges::fill(row, 0.0F);
    for (const uint32_t watched : histories.RowColumns(first + i)) {
      for (uint64_t entry = row_begin_[watched]; entry < row_begin_[watched + 1]; ++entry) {
        row[columns_[entry]] += values_[entry];
      }
    }
  }
}

Explanation SparseItemRanker::Explain(std::span<const uint32_t> history,
                                      std::span<const float> /*values*/, TitleIndex title) const {
  Explanation explanation;
  explanation.contributions.reserve(history.size());
  for (const uint32_t watched : history) {
    const std::span<const uint32_t> columns =
        columns_.subspan(row_begin_[watched], row_begin_[watched + 1] - row_begin_[watched]);
    const auto found = std::ranges::lower_bound(columns, title.value());
    const bool has_weight = found != columns.end() && *found == title.value();
    const double amount =
        has_weight ? values_[row_begin_[watched] + static_cast<uint64_t>(found - columns.begin())]
                   : 0;
    explanation.contributions.push_back({TitleIndex(watched), amount});
    explanation.score += amount;
  }
  return explanation;
}

learn::SparseMatrix SparseItemRanker::CopyWeights() const {
  return {.row_count = title_count(),
          .column_count = title_count(),
          .row_begin = {row_begin_.begin(), row_begin_.end()},
          .columns = {columns_.begin(), columns_.end()},
          .values = {values_.begin(), values_.end()}};
}

void SparseItemRanker::Save(const std::string& prefix, learn::TensorFileWriter& writer) const {
  writer.Add(prefix + ".row_begin", row_begin_);
  writer.Add(prefix + ".columns", columns_);
  writer.Add(prefix + ".values", values_);
}

}  // namespace klieg::personalize
