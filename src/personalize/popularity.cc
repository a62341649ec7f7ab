#include "personalize/popularity.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "core/check.h"
#include "personalize/removal.h"

namespace klieg::personalize {
namespace {

constexpr double kSecondsPerDay = 86400;
constexpr std::string_view kTensorName = "title_counts";

constexpr HyperParameter kHyperParameters[] = {
    {.name = "window_days",
     .type = HyperParameterType::kReal,
     .default_value = "0",
     .low = 0,
     .high = 36500,
     .meaning =
         "Days before the latest interaction within which interactions count; 0 counts all."},
};

class PopularityRanker final : public Ranker {
 public:
  explicit PopularityRanker(std::vector<float> counts) : counts_(std::move(counts)) {}

  std::string_view kind() const override { return "popularity"; }
  uint32_t title_count() const override { return static_cast<uint32_t>(counts_.size()); }

  void Score(const learn::SparseMatrix& histories, size_t first, size_t count,
             core::MatrixView<float> scores) const override {
    KLIEG_CHECK(first + count <= histories.row_count && scores.columns() == counts_.size(),
                "rows {} + {} of {}, {} columns for {} titles", first, count, histories.row_count,
                scores.columns(), counts_.size());
    for (size_t row = 0; row < count; ++row) std::ranges::copy(counts_, scores.Row(row).begin());
  }

  Explanation Explain(std::span<const uint32_t> history, std::span<const float> /*values*/,
                      TitleIndex title) const override {
    Explanation explanation;
    explanation.base = counts_[title.value()];
    explanation.score = explanation.base;
    for (const uint32_t watched : history)
      explanation.contributions.push_back({TitleIndex(watched), 0});
    return explanation;
  }

  void Save(const std::string& prefix, learn::TensorFileWriter& writer) const override {
    writer.Add(prefix + std::string(kTensorName), std::span(counts_));
  }

  uint64_t bytes() const override { return counts_.size() * sizeof(float); }

 private:
  std::vector<float> counts_;  // [T]
};

core::Result<std::unique_ptr<Ranker>> Train(const Interactions& data, const HyperParameters& values,
                                            const TrainContext& context) {
  const auto task = context.progress.Begin("train popularity", 1, "passes");
  auto ranker = TrainPopularity(data, {.window_days = values.Real("window_days")});
  task->Advance(1);
  return ranker;
}

core::Result<std::unique_ptr<Ranker>> Load(const std::string& prefix,
                                           std::shared_ptr<const learn::TensorFile> file) {
  KLIEG_ASSIGN(const core::MatrixView<const float> counts,
               file->Floats(prefix + std::string(kTensorName)));
  std::vector<float> copy;
  for (size_t row = 0; row < counts.rows(); ++row) {
    copy.insert(copy.end(), counts.Row(row).begin(), counts.Row(row).end());
  }
  if (!std::ranges::all_of(copy, [](float count) { return std::isfinite(count); })) {
    return core::Fail(core::ErrorCode::kCorrupt,
                      "array '{}{}' of a popularity model holds numbers that are not finite",
                      prefix, kTensorName);
  }
  return std::make_unique<PopularityRanker>(std::move(copy));
}

/// Counts what remains: as fast as subtracting, and right when the latest interaction, from which the
/// window is measured, was among those removed.
core::Result<Removal> Remove(const Ranker& /*model*/, const RemovalData& data,
                             const HyperParameters& values, const TrainContext& context) {
  KLIEG_ASSIGN(std::unique_ptr<Ranker> ranker, Train(data.remaining, values, context));
  return Removal{.ranker = std::move(ranker),
                 .method = "recount",
                 .bound = 0,
                 .bound_basis = "counts of what remains are whole numbers, counted again"};
}

}  // namespace

core::Result<std::unique_ptr<Ranker>> TrainPopularity(const Interactions& data,
                                                      const PopularityOptions& options) {
  std::vector<float> counts(data.title_count(), 0.0F);
  if (options.window_days == 0) {
    std::ranges::copy(learn::ColumnCounts(data.matrix), counts.begin());
    return std::make_unique<PopularityRanker>(std::move(counts));
  }
  if (data.times.size() != data.matrix.entry_count() || data.times.empty()) {
    return core::Fail(core::ErrorCode::kInvalidArgument,
                      "popularity with window_days={} needs the time of every interaction, but the "
                      "data have none; "
                      "import them with --time COLUMN, or leave window_days at 0",
                      options.window_days);
  }
  const int64_t latest = *std::ranges::max_element(data.times);
  // In doubles: a window of a century before the year 1970 must not overflow.
  const double earliest = static_cast<double>(latest) - options.window_days * kSecondsPerDay;
  for (size_t entry = 0; entry < data.times.size(); ++entry) {
    if (static_cast<double>(data.times[entry]) >= earliest)
      counts[data.matrix.columns[entry]] += 1.0F;
  }
  return std::make_unique<PopularityRanker>(std::move(counts));
}

const Learner& PopularityLearner() {
  static constexpr Learner kLearner = {
      .name = "popularity",
      .summary = "Ranks titles by how many members watched them, ever or within a window of days.",
      .source = "The usual baseline; Dacrema, Cremonesi, Jannach 2019, section 3.2 (TopPopular).",
      .hyper_parameters = kHyperParameters,
      .train = &Train,
      .load = &Load,
      .remove = &Remove,
  };
  return kLearner;
}

}  // namespace klieg::personalize
