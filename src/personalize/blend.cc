#include "personalize/blend.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/check.h"
#include "learn/ranking_metrics.h"
#include "learn/top_k.h"
#include "personalize/split.h"

namespace klieg::personalize {
namespace {

using core::ErrorCode;

constexpr size_t kBatchRows = 32;
constexpr size_t kScaleRows = 1000;
constexpr size_t kComponentsMax = 5;

class BlendRanker : public Ranker {
 public:
  explicit BlendRanker(std::vector<BlendComponent> components)
      : components_(std::move(components)) {
    for (const BlendComponent& one : components_) {
      kinds_.push_back(one.kind);
      weights_.push_back(static_cast<float>(one.weight));
      scales_.push_back(static_cast<float>(one.scale));
    }
  }

  std::string_view kind() const override { return "blend"; }
  uint32_t title_count() const override { return components_.front().ranker->title_count(); }

  void Score(const learn::SparseMatrix& histories, size_t first, size_t count,
             core::MatrixView<float> scores) const override {
    core::Matrix<float> part(count, title_count());
    for (size_t c = 0; c < components_.size(); ++c) {
      components_[c].ranker->Score(histories, first, count, part.view());
      const float factor = Factor(c);
      for (size_t row = 0; row < count; ++row) {
        const std::span<const float> from = std::as_const(part).Row(row);
        const std::span<float> to = scores.Row(row);
        if (c == 0) std::ranges::fill(to, 0.0F);
        for (size_t t = 0; t < to.size(); ++t) to[t] += factor * from[t];
      }
    }
  }

  Explanation Explain(std::span<const uint32_t> history, std::span<const float> values,
                      TitleIndex title) const override {
    Explanation sum;
    for (const uint32_t one : history) sum.contributions.push_back({TitleIndex(one), 0});
    for (size_t c = 0; c < components_.size(); ++c) {
      const Explanation part = components_[c].ranker->Explain(history, values, title);
      const double factor = Factor(c);
      sum.score += factor * part.score;
      sum.base += factor * part.base;
      for (size_t i = 0; i < part.contributions.size(); ++i) {
        sum.contributions[i].amount += factor * part.contributions[i].amount;
      }
    }
    return sum;
  }

  void Save(const std::string& prefix, learn::TensorFileWriter& writer) const override {
    writer.Add(prefix + ".kinds", std::span<const std::string>(kinds_));
    writer.Add(prefix + ".weights", std::span<const float>(weights_));
    writer.Add(prefix + ".scales", std::span<const float>(scales_));
    for (size_t c = 0; c < components_.size(); ++c) {
      components_[c].ranker->Save(fmt::format("{}.{}", prefix, c), writer);
    }
  }

  uint64_t bytes() const override {
    uint64_t sum = 0;
    for (const BlendComponent& one : components_) sum += one.ranker->bytes();
    return sum;
  }

 private:
  // From the stored floats, so that a model that was saved and loaded scores the same to the bit.
  float Factor(size_t c) const { return weights_[c] / scales_[c]; }

  std::vector<BlendComponent> components_;
  std::vector<std::string> kinds_;
  std::vector<float> weights_;
  std::vector<float> scales_;
};

std::vector<std::string> SplitAtCommas(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const size_t comma = text.find(',');
    parts.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

core::Result<std::vector<double>> ParseWeights(const std::string& text, size_t count) {
  std::vector<double> weights;
  for (const std::string& part : SplitAtCommas(text)) {
    double value = 0;
    const auto [stop, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (error != std::errc() || stop != part.data() + part.size() || !std::isfinite(value)) {
      return core::Fail(ErrorCode::kInvalidArgument,
                        "weights={}: expected auto, or numbers such as 0.6,0.4", text);
    }
    weights.push_back(value);
  }
  if (weights.size() != count) {
    return core::Fail(ErrorCode::kInvalidArgument, "weights={}: {} weights for {} components", text,
                      weights.size(), count);
  }
  return weights;
}

/// Grid steps that keep the number of weight vectors near a hundred.
size_t StepsFor(size_t components) {
  static constexpr size_t kSteps[] = {1, 1, 40, 12, 7, 5};
  return kSteps[components];
}

struct Part {
  std::string kind;
  const Learner* learner = nullptr;
  HyperParameters values;
};

core::Result<std::vector<Part>> ResolveParts(const HyperParameters& values) {
  std::vector<Part> parts;
  const std::vector<std::string> kinds = SplitAtCommas(values.Text("of"));
  if (kinds.size() > kComponentsMax) {
    return core::Fail(ErrorCode::kInvalidArgument, "of={}: at most {} components",
                      values.Text("of"), kComponentsMax);
  }
  for (const std::string& kind : kinds) {
    if (kind == "blend") {
      return core::Fail(ErrorCode::kInvalidArgument, "of={}: a blend cannot hold a blend",
                        values.Text("of"));
    }
    if (std::ranges::count(kinds, kind) > 1) {
      return core::Fail(ErrorCode::kInvalidArgument, "of={}: '{}' stands there twice",
                        values.Text("of"), kind);
    }
    Part part{.kind = kind, .learner = nullptr, .values = {}};
    KLIEG_ASSIGN(part.learner, FindLearner(kind));
    auto made = HyperParameters::Make(part.learner->hyper_parameters, values.Component(kind));
    if (!made) return core::Prefix(made.error(), kind);
    part.values = std::move(*made);
    parts.push_back(std::move(part));
  }
  for (const auto& [name, value] : values.values()) {
    const size_t dot = name.find('.');
    if (dot != std::string::npos && std::ranges::find(kinds, name.substr(0, dot)) == kinds.end()) {
      return core::Fail(ErrorCode::kInvalidArgument, "{}={}: '{}' is not among the components ({})",
                        name, value, name.substr(0, dot), values.Text("of"));
    }
  }
  return parts;
}

core::Result<std::vector<std::unique_ptr<Ranker>>> TrainParts(const std::vector<Part>& parts,
                                                              const Interactions& data,
                                                              const TrainContext& context) {
  std::vector<std::unique_ptr<Ranker>> rankers;
  for (const Part& part : parts) {
    auto ranker = part.learner->train(data, part.values, context);
    if (!ranker) return core::Prefix(ranker.error(), part.kind);
    rankers.push_back(std::move(*ranker));
  }
  return rankers;
}

double ScaleOf(const Ranker& ranker, const Interactions& data, const HyperParameters& values,
               core::ThreadPool& pool) {
  return values.Text("scaling") == "none" ? 1
                                          : ScoreDeviation(ranker, data.matrix, kScaleRows, pool);
}

/// Trains the components on a part of the members and chooses weights on the others.
core::Result<std::vector<double>> WeightsOnHeldOut(const std::vector<Part>& parts,
                                                   const Interactions& data,
                                                   const HyperParameters& values,
                                                   const TrainContext& context) {
  SplitOptions options;
  options.seed = context.seed;
  options.heldout_share = values.Real("heldout_share");
  auto split = MakeSplit(data, SplitKind::kStrong, SplitPart::kValidation, options);
  if (!split) {
    return core::Prefix(split.error(),
                        "blend needs held-out members to choose weights (or give weights=…)");
  }
  KLIEG_ASSIGN(const auto rankers, TrainParts(parts, split->train, context));
  std::vector<const Ranker*> pointers;
  std::vector<double> scales;
  for (const auto& ranker : rankers) {
    pointers.push_back(ranker.get());
    scales.push_back(ScaleOf(*ranker, split->train, values, context.pool));
  }
  WeightSearch found = ChooseWeights(pointers, scales, split->fold_in, split->target,
                                     static_cast<uint32_t>(values.Integer("cutoff")), context.pool);
  context.progress.Say(
      fmt::format("blend of {}: weights {} give ndcg@{} {:.4f} on {} held-out members",
                  values.Text("of"), fmt::join(found.weights, ", "), values.Integer("cutoff"),
                  found.ndcg, split->target.row_count));
  return std::move(found.weights);
}

core::Result<std::unique_ptr<Ranker>> Train(const Interactions& data, const HyperParameters& values,
                                            const TrainContext& context) {
  KLIEG_ASSIGN(const std::vector<Part> parts, ResolveParts(values));
  std::vector<double> weights;
  if (values.Text("weights") == "auto") {
    KLIEG_ASSIGN(weights, WeightsOnHeldOut(parts, data, values, context));
  } else {
    KLIEG_ASSIGN(weights, ParseWeights(values.Text("weights"), parts.size()));
  }
  KLIEG_ASSIGN(auto rankers, TrainParts(parts, data, context));
  std::vector<BlendComponent> components;
  for (size_t c = 0; c < parts.size(); ++c) {
    const double scale = ScaleOf(*rankers[c], data, values, context.pool);
    components.push_back({parts[c].kind, weights[c], scale, std::move(rankers[c])});
  }
  return MakeBlend(std::move(components));
}

core::Result<std::unique_ptr<Ranker>> Load(const std::string& prefix,
                                           std::shared_ptr<const learn::TensorFile> file) {
  KLIEG_ASSIGN(const std::vector<std::string> kinds, file->Strings(prefix + ".kinds"));
  KLIEG_ASSIGN(const auto weights, file->Floats(prefix + ".weights"));
  KLIEG_ASSIGN(const auto scales, file->Floats(prefix + ".scales"));
  const auto corrupt = [](std::string_view what) {
    return core::Fail(ErrorCode::kCorrupt, "the blend in the model file is damaged: {}", what);
  };
  if (kinds.empty() || weights.columns() != kinds.size() || scales.columns() != kinds.size()) {
    return corrupt("numbers of components differ");
  }
  std::vector<BlendComponent> components;
  for (size_t c = 0; c < kinds.size(); ++c) {
    if (kinds[c] == "blend" || !(scales(0, c) > 0)) return corrupt("a component cannot be");
    KLIEG_ASSIGN(const Learner* learner, FindLearner(kinds[c]));
    KLIEG_ASSIGN(auto ranker, learner->load(fmt::format("{}.{}", prefix, c), file));
    if (c > 0 && ranker->title_count() != components.front().ranker->title_count()) {
      return corrupt("components score different catalogues");
    }
    components.push_back({kinds[c], weights(0, c), scales(0, c), std::move(ranker)});
  }
  return MakeBlend(std::move(components));
}

}  // namespace

std::unique_ptr<Ranker> MakeBlend(std::vector<BlendComponent> components) {
  KLIEG_CHECK(!components.empty(), "a blend of nothing");
  for (const BlendComponent& one : components) {
    KLIEG_CHECK(
        one.scale > 0 && one.ranker->title_count() == components.front().ranker->title_count(),
        "{}", one.kind);
  }
  return std::make_unique<BlendRanker>(std::move(components));
}

double ScoreDeviation(const Ranker& ranker, const learn::SparseMatrix& histories, size_t rows_max,
                      core::ThreadPool& pool) {
  const size_t rows = std::min<size_t>(rows_max, histories.row_count);
  std::vector<double> sums(rows, 0);
  std::vector<double> squares(rows, 0);
  pool.ParallelFor((rows + kBatchRows - 1) / kBatchRows, [&](size_t batch, size_t) {
    core::Matrix<float> scores(1, ranker.title_count());
    for (size_t i = batch * kBatchRows; i < std::min(rows, (batch + 1) * kBatchRows); ++i) {
      ranker.Score(histories, i * histories.row_count / rows, 1, scores.view());
      for (const float score : std::as_const(scores).Row(0)) {
        sums[i] += score;
        squares[i] += static_cast<double>(score) * score;
      }
    }
  });
  // Within rows: what separates titles for one member is what the weights are to balance.
  double variance = 0;
  const auto titles = static_cast<double>(ranker.title_count());
  for (size_t i = 0; i < rows; ++i) {
    const double mean = sums[i] / titles;
    variance += std::max(0.0, squares[i] / titles - mean * mean);
  }
  const double deviation = rows > 0 ? std::sqrt(variance / static_cast<double>(rows)) : 0;
  return deviation > 0 ? deviation : 1;
}

std::vector<std::vector<double>> SimplexGrid(size_t count, size_t steps) {
  std::vector<std::vector<double>> grid;
  std::vector<size_t> place(count, 0);
  const auto fill = [&](const auto& self, size_t at, size_t left) -> void {
    if (at + 1 == count) {
      place[at] = left;
      std::vector<double> weights;
      for (const size_t one : place)
        weights.push_back(static_cast<double>(one) / static_cast<double>(steps));
      grid.push_back(std::move(weights));
      return;
    }
    for (size_t take = 0; take <= left; ++take) {
      place[at] = take;
      self(self, at + 1, left - take);
    }
  };
  fill(fill, 0, steps);
  return grid;
}

WeightSearch ChooseWeights(const std::vector<const Ranker*>& rankers,
                           const std::vector<double>& scales, const learn::SparseMatrix& fold_in,
                           const learn::SparseMatrix& target, uint32_t cutoff,
                           core::ThreadPool& pool) {
  const std::vector<std::vector<double>> grid =
      SimplexGrid(rankers.size(), StepsFor(rankers.size()));
  const size_t titles = rankers.front()->title_count();
  const size_t rows = fold_in.row_count;
  const learn::Ndcg ndcg(cutoff);
  core::Matrix<double> gains(rows, grid.size());
  pool.ParallelFor((rows + kBatchRows - 1) / kBatchRows, [&](size_t batch, size_t) {
    const size_t first = batch * kBatchRows;
    const size_t count = std::min(kBatchRows, rows - first);
    std::vector<core::Matrix<float>> parts;
    for (const Ranker* ranker : rankers) {
      parts.emplace_back(count, titles);
      ranker->Score(fold_in, first, count, parts.back().view());
    }
    std::vector<float> mixed(titles);
    std::vector<uint32_t> hits;
    learn::TopK top_k;
    for (size_t row = 0; row < count; ++row) {
      const std::span<const uint32_t> wanted = target.RowColumns(first + row);
      for (size_t g = 0; g < grid.size(); ++g) {
        std::ranges::fill(mixed, 0.0F);
        for (size_t c = 0; c < parts.size(); ++c) {
          const auto factor = static_cast<float>(grid[g][c] / scales[c]);
          const std::span<const float> from = std::as_const(parts[c]).Row(row);
          for (size_t t = 0; t < titles; ++t) mixed[t] += factor * from[t];
        }
        for (const uint32_t seen : fold_in.RowColumns(first + row)) mixed[seen] = learn::kLeftOut;
        hits.clear();
        const learn::TopKResult best = top_k.Select(mixed, cutoff);
        for (size_t place = 0; place < best.best.size(); ++place) {
          if (std::ranges::binary_search(wanted, best.best[place].index))
            hits.push_back(static_cast<uint32_t>(place));
        }
        gains(first + row, g) = wanted.empty() ? 0 : ndcg.At(hits, wanted.size(), cutoff);
      }
    }
  });
  WeightSearch found;
  for (size_t g = 0; g < grid.size(); ++g) {
    double sum = 0;
    for (size_t row = 0; row < rows; ++row) sum += gains(row, g);
    const double mean = rows > 0 ? sum / static_cast<double>(rows) : 0;
    if (found.weights.empty() || mean > found.ndcg) found = {grid[g], mean};
  }
  return found;
}

const Learner& BlendLearner() {
  static const std::vector<HyperParameter> hyper_parameters = {
      {.name = "of",
       .type = HyperParameterType::kText,
       .default_value = "edlae,ials",
       .meaning = "The rankers that are blended, separated by commas."},
      {.name = "weights",
       .type = HyperParameterType::kText,
       .default_value = "auto",
       .meaning = "auto: chosen on held-out members; or one number a component."},
      {.name = "scaling",
       .type = HyperParameterType::kChoice,
       .default_value = "deviation",
       .choices = {"deviation", "none"},
       .meaning = "deviation: scores are divided by their standard deviation over training "
                  "histories; none: weights are for the scores as they are."},
      {.name = "heldout_share",
       .type = HyperParameterType::kReal,
       .default_value = "0.1",
       .low = 0.01,
       .high = 0.4,
       .meaning = "Share of members held out while weights are chosen."},
      {.name = "cutoff",
       .type = HyperParameterType::kInteger,
       .default_value = "100",
       .low = 1,
       .high = 1000,
       .meaning = "k of the NDCG@k that weights are chosen by."},
      {.name = "*",
       .type = HyperParameterType::kText,
       .default_value = "",
       .meaning = "component.name=value sets a hyper-parameter of a component."},
  };
  static const Learner learner = {
      .name = "blend",
      .summary = "A weighted sum of other rankers; weights are chosen on held-out members.",
      .source = "Linear combination of standardised scores; see docs/decisions/0008-blend.md",
      .hyper_parameters = hyper_parameters,
      .train = Train,
      .load = Load};
  return learner;
}

}  // namespace klieg::personalize
