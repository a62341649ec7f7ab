#include "personalize/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "core/check.h"
#include "learn/bootstrap.h"
#include "learn/list_metrics.h"
#include "learn/ranking_metrics.h"
#include "learn/top_k.h"

namespace klieg::personalize {
namespace {

using core::ErrorCode;

/// Members scored at once: enough for a matrix product to be fast, few enough for the scores to
/// stay near the processor.
constexpr size_t kBatchMembersMax = 128;
constexpr size_t kTileBytesMax = size_t{32} << 20;
/// Groups of the jackknife: more make the interval steadier and cost a pass over the titles each.
constexpr size_t kJackknifeGroups = 50;
/// Stands for "no title" behind the end of a short list.
constexpr uint32_t kNoTitle = std::numeric_limits<uint32_t>::max();

/// The metrics of one member, in the order of the columns.
enum Family {
  kNdcg,
  kRecall,
  kRecallFull,
  kMap,
  kMrr,
  kHitRate,
  kNovelty,
  kDiversity,
  kCalibration
};
constexpr std::string_view kFamilyNames[] = {"ndcg",    "recall",    "recall_full",
                                             "map",     "mrr",       "hit_rate",
                                             "novelty", "diversity", "calibration"};

/// What is fixed for a whole evaluation. Column of a metric: position of its family · cutoffs +
/// position of its cutoff.
struct Plan {
  std::vector<uint32_t> cutoffs;  // increasing, distinct
  std::vector<Family> families;
  learn::Ndcg ndcg;
  std::vector<float> information;  // [T] or empty
  std::optional<learn::GenreSets> genres;

  uint32_t k_max() const { return cutoffs.back(); }
  size_t columns() const { return families.size() * cutoffs.size(); }
  std::string ColumnName(size_t column) const {
    return fmt::format("{}@{}", kFamilyNames[families[column / cutoffs.size()]],
                       cutoffs[column % cutoffs.size()]);
  }
};

core::Status CheckOptions(const EvaluateOptions& options) {
  if (options.cutoffs.empty() || std::ranges::find(options.cutoffs, 0U) != options.cutoffs.end()) {
    return core::Fail(ErrorCode::kInvalidArgument,
                      "an evaluation needs at least one cutoff, and all of them above 0: {}",
                      fmt::join(options.cutoffs, ", "));
  }
  if (options.bootstrap_samples == 0) {
    return core::Fail(ErrorCode::kInvalidArgument,
                      "an interval needs at least 1 bootstrap sample; 2000 are usual");
  }
  if (!(options.confidence > 0 && options.confidence < 1)) {
    return core::Fail(ErrorCode::kInvalidArgument,
                      "the confidence must lie between 0 and 1, both excluded: it is {}",
                      options.confidence);
  }
  return {};
}

core::Status CheckShapes(const Ranker& ranker, const Split& split, const TitleFacts& facts) {
  const uint32_t titles = split.target.column_count;
  if (ranker.title_count() != titles || split.fold_in.column_count != titles) {
    return core::Fail(ErrorCode::kInvalidArgument,
                      "the ranker '{}' knows {} titles and the split has {}: train it on this "
                      "split's training part",
                      ranker.kind(), ranker.title_count(), titles);
  }
  if (split.target.row_count == 0 || split.fold_in.row_count != split.target.row_count) {
    return core::Fail(ErrorCode::kInvalidArgument,
                      "the split has {} members with a history and {} with a target",
                      split.fold_in.row_count, split.target.row_count);
  }
  for (const size_t known : {facts.genres.size(), facts.train_counts.size()}) {
    if (known != 0 && known != titles) {
      return core::Fail(ErrorCode::kInvalidArgument,
                        "facts are known of {} titles, the split has {}", known, titles);
    }
  }
  return {};
}

learn::GenreSets MakeGenreSets(const std::vector<std::vector<std::string>>& genres) {
  std::map<std::string_view, uint32_t> number_of;
  for (const auto& names : genres) {
    for (const std::string& name : names) number_of.emplace(name, 0);
  }
  uint32_t next = 0;
  for (auto& [name, number] : number_of) number = next++;
  std::vector<std::vector<uint32_t>> numbers(genres.size());
  for (size_t t = 0; t < genres.size(); ++t) {
    for (const std::string& name : genres[t]) numbers[t].push_back(number_of[name]);
  }
  return {numbers, next};
}

Plan MakePlan(const TitleFacts& facts, const EvaluateOptions& options) {
  std::vector<uint32_t> cutoffs = options.cutoffs;
  std::ranges::sort(cutoffs);
  cutoffs.erase(std::ranges::unique(cutoffs).begin(), cutoffs.end());
  Plan plan{.cutoffs = cutoffs,
            .families = {kNdcg, kRecall, kRecallFull, kMap, kMrr, kHitRate},
            .ndcg = learn::Ndcg(cutoffs.back()),
            .information = learn::SelfInformation(facts.train_counts),
            .genres = {}};
  if (!plan.information.empty()) plan.families.push_back(kNovelty);
  if (!facts.genres.empty()) {
    plan.genres = MakeGenreSets(facts.genres);
    plan.families.push_back(kDiversity);
    plan.families.push_back(kCalibration);
  }
  return plan;
}

/// Mean information of the first titles, for every cutoff; NaN for an empty list.
void Novelty(std::span<const uint32_t> list, std::span<const float> information,
             std::span<const uint32_t> cutoffs, std::span<float> result) {
  double sum = 0;
  size_t place = 0;
  for (size_t c = 0; c < cutoffs.size(); ++c) {
    for (; place < std::min<size_t>(cutoffs[c], list.size()); ++place)
      sum += information[list[place]];
    result[c] = static_cast<float>(place == 0 ? std::nan("") : sum / static_cast<double>(place));
  }
}

/// One thread's scratch space.
struct Scratch {
  core::Matrix<float> scores;
  learn::TopK top_k;
  std::vector<uint32_t> list;
  std::vector<uint32_t> hit_places;
};

/// Fills the columns of one member from the list in `scratch`.
void MeasureMember(const Plan& plan, const Split& split, size_t member, Scratch& scratch,
                   std::span<float> row) {
  const std::span<const uint32_t> targets = split.target.RowColumns(member);
  scratch.hit_places.clear();
  for (uint32_t place = 0; place < scratch.list.size(); ++place) {
    if (std::ranges::binary_search(targets, scratch.list[place]))
      scratch.hit_places.push_back(place);
  }
  const std::span<const uint32_t> hits = scratch.hit_places;
  const size_t cutoffs = plan.cutoffs.size();
  for (size_t f = 0; f < plan.families.size(); ++f) {
    const std::span<float> cells = row.subspan(f * cutoffs, cutoffs);
    const auto each = [&](const auto& metric) {
      for (size_t c = 0; c < cutoffs; ++c) cells[c] = static_cast<float>(metric(plan.cutoffs[c]));
    };
    switch (plan.families[f]) {
      case kNdcg:
        each([&](uint32_t k) { return plan.ndcg.At(hits, targets.size(), k); });
        break;
      case kRecall:
        each([&](uint32_t k) { return learn::RecallTruncated(hits, targets.size(), k); });
        break;
      case kRecallFull:
        each([&](uint32_t k) { return learn::RecallFull(hits, targets.size(), k); });
        break;
      case kMap:
        each([&](uint32_t k) { return learn::AveragePrecision(hits, targets.size(), k); });
        break;
      case kMrr:
        each([&](uint32_t k) { return learn::ReciprocalRank(hits, k); });
        break;
      case kHitRate:
        each([&](uint32_t k) { return learn::HitRate(hits, k); });
        break;
      case kNovelty:
        Novelty(scratch.list, plan.information, plan.cutoffs, cells);
        break;
      case kDiversity:
        plan.genres->Diversity(scratch.list, plan.cutoffs, cells);
        break;
      case kCalibration:
        plan.genres->Calibration(split.fold_in.RowColumns(member), scratch.list, plan.cutoffs,
                                 cells);
        break;
    }
  }
}

/// The lists of all members, padded with kNoTitle, and their metrics.
struct Measured {
  core::Matrix<uint32_t> lists;  // E × k_max
  core::Matrix<float> metrics;   // E × columns
};

/// Scores, lists and measures the members of one batch; returns the first whose scores are not
/// finite, if any.
std::optional<size_t> MeasureBatch(const Ranker& ranker, const Split& split, const Plan& plan,
                                   size_t first, size_t count, Scratch& scratch,
                                   Measured& measured) {
  const core::MatrixView<float> tile = scratch.scores.view().Rows(0, count);
  ranker.Score(split.fold_in, first, count, tile);
  for (size_t i = 0; i < count; ++i) {
    const std::span<float> scores = tile.Row(i);
    for (const uint32_t title : split.fold_in.RowColumns(first + i))
      scores[title] = learn::kLeftOut;
    const learn::TopKResult result = scratch.top_k.Select(scores, plan.k_max());
    if (!result.finite) return first + i;
    const std::span<uint32_t> list = measured.lists.Row(first + i);
    scratch.list.clear();
    for (const learn::ScoredIndex& entry : result.best) scratch.list.push_back(entry.index);
    std::ranges::copy(scratch.list, list.begin());
    std::fill(list.begin() + static_cast<ptrdiff_t>(scratch.list.size()), list.end(), kNoTitle);
    MeasureMember(plan, split, first + i, scratch, measured.metrics.Row(first + i));
  }
  return std::nullopt;
}

core::Result<Measured> MeasureAll(const Ranker& ranker, const Split& split, const Plan& plan,
                                  core::ThreadPool& pool, core::Progress& progress) {
  const size_t members = split.target.row_count;
  // Batches depend on the data only, never on the threads: a product of other shapes may round
  // differently.
  const size_t row_bytes = std::max<size_t>(1, ranker.title_count()) * sizeof(float);
  const size_t batch =
      std::clamp<size_t>(kTileBytesMax / row_bytes, 1, std::min(kBatchMembersMax, members));
  Measured measured{.lists = core::Matrix<uint32_t>(members, plan.k_max()),
                    .metrics = core::Matrix<float>(members, plan.columns())};
  std::vector<Scratch> scratch(pool.threads());
  for (Scratch& one : scratch) one.scores = core::Matrix<float>(batch, ranker.title_count());
  std::vector<std::optional<size_t>> broken((members + batch - 1) / batch);
  std::atomic<bool> stop = false;
  const auto task = progress.Begin(fmt::format("evaluate {}", ranker.kind()), members, "members");
  pool.ParallelFor(broken.size(), [&](size_t b, size_t worker) {
    if (stop) return;
    const size_t first = b * batch;
    const size_t count = std::min(batch, members - first);
    broken[b] = MeasureBatch(ranker, split, plan, first, count, scratch[worker], measured);
    if (broken[b]) stop = true;
    task->Advance(count);
  });
  for (const std::optional<size_t>& member : broken) {
    if (!member) continue;
    return core::Fail(ErrorCode::kInternal,
                      "the ranker '{}' scored a title for member '{}' with a number that is not "
                      "finite: its training has "
                      "diverged; train it with a stronger regularisation",
                      ranker.kind(),
                      split.member_names.size() > *member ? split.member_names[*member] : "?");
  }
  return measured;
}

/// How often each title stands among the first k of the lists of some members.
void CountListed(const core::Matrix<uint32_t>& lists, size_t first, size_t count, uint32_t k,
                 std::vector<uint32_t>& times_listed) {
  for (size_t e = first; e < first + count; ++e) {
    for (const uint32_t title : lists.Row(e).first(k)) {
      if (title != kNoTitle) ++times_listed[title];
    }
  }
}

struct WholeFigures {
  double coverage = 0;
  double gini = 0;
};

WholeFigures FiguresOf(std::span<const uint32_t> times_listed) {
  return {.coverage = learn::Coverage(times_listed), .gini = learn::Gini(times_listed)};
}

/// Both figures lie in [0, 1], and so do their intervals. One member says nothing about others: the
/// whole range.
MetricValue WholeMetric(std::string name, double value, std::span<const double> left_out,
                        double confidence) {
  MetricValue metric{.name = std::move(name),
                     .value = value,
                     .low = 0,
                     .high = 1,
                     .method = "one member: no interval"};
  if (left_out.size() < 2) return metric;
  const learn::Interval interval = learn::JackknifeInterval(value, left_out, confidence);
  metric.low = std::max(0.0, interval.low);
  metric.high = std::min(1.0, interval.high);
  metric.method =
      fmt::format("delete-a-group jackknife over members, {} groups, normal", left_out.size());
  return metric;
}

/// Coverage and Gini at one cutoff. A bootstrap would be biased here: it draws some members twice
/// and so lists fewer titles.
void AddWholeMetrics(const core::Matrix<uint32_t>& lists, uint32_t titles, uint32_t k,
                     double confidence, core::ThreadPool& pool, std::vector<MetricValue>& metrics) {
  const size_t members = lists.rows();
  std::vector<uint32_t> all(titles, 0);
  CountListed(lists, 0, members, k, all);
  const WholeFigures figures = FiguresOf(all);
  const size_t groups = std::min(kJackknifeGroups, members);
  std::vector<double> coverages(groups);
  std::vector<double> ginis(groups);
  pool.ParallelFor(groups, [&](size_t group, size_t) {
    const size_t first = group * members / groups;
    const size_t end = (group + 1) * members / groups;
    std::vector<uint32_t> rest(titles, 0);
    CountListed(lists, first, end - first, k, rest);
    for (size_t t = 0; t < rest.size(); ++t) rest[t] = all[t] - rest[t];
    const WholeFigures without = FiguresOf(rest);
    coverages[group] = without.coverage;
    ginis[group] = without.gini;
  });
  metrics.push_back(
      WholeMetric(fmt::format("coverage@{}", k), figures.coverage, coverages, confidence));
  metrics.push_back(WholeMetric(fmt::format("gini@{}", k), figures.gini, ginis, confidence));
}

/// Mean over the members for whom the metric is defined; NaN when there are none.
double ColumnMean(core::MatrixView<const float> values, size_t column) {
  double sum = 0;
  double defined = 0;
  for (size_t e = 0; e < values.rows(); ++e) {
    if (std::isnan(values(e, column))) continue;
    sum += values(e, column);
    defined += 1;
  }
  return defined == 0 ? std::nan("") : sum / defined;
}

std::vector<double> Column(const core::Matrix<double>& matrix, size_t column) {
  std::vector<double> values(matrix.rows());
  for (size_t row = 0; row < matrix.rows(); ++row) values[row] = matrix(row, column);
  return values;
}

learn::BootstrapOptions Resampling(const EvaluateOptions& options) {
  return {.samples = options.bootstrap_samples, .seed = options.seed};
}

void AddMemberMetrics(const Evaluation& evaluation, const EvaluateOptions& options,
                      core::ThreadPool& pool, std::vector<MetricValue>& metrics) {
  const core::MatrixView<const float> values = evaluation.member_metrics.view();
  const core::Matrix<double> means = learn::BootstrapMeans(values, Resampling(options), pool);
  for (size_t c = 0; c < values.columns(); ++c) {
    const learn::Interval interval =
        learn::PercentileInterval(Column(means, c), options.confidence);
    metrics.push_back(
        {.name = evaluation.member_metric_names[c],
         .value = ColumnMean(values, c),
         .low = interval.low,
         .high = interval.high,
         .method = fmt::format("percentile bootstrap over members, {} samples", means.rows())});
  }
}

core::Digest DigestOfMembers(const Split& split) {
  core::Hasher hasher;
  for (const std::string& name : split.member_names) {
    hasher.Update(name);
    hasher.Update(std::string_view("\n"));
  }
  hasher.Update(std::as_bytes(std::span(split.target.row_begin)));
  hasher.Update(std::as_bytes(std::span(split.target.columns)));
  return hasher.Finish();
}

/// Column of a metric, or an error that lists those there are.
core::Result<size_t> FindColumn(const Evaluation& evaluation, std::string_view metric) {
  const auto& names = evaluation.member_metric_names;
  const auto place = std::ranges::find(names, metric);
  if (place != names.end()) return static_cast<size_t>(place - names.begin());
  return core::Fail(ErrorCode::kInvalidArgument,
                    "'{}' is not a metric that can be compared member by member; there are: {}",
                    metric, fmt::join(names, ", "));
}

}  // namespace

core::Result<Evaluation> Evaluate(const Ranker& ranker, const Split& split, const TitleFacts& facts,
                                  const EvaluateOptions& options, core::ThreadPool& pool,
                                  core::Progress& progress) {
  KLIEG_TRY(CheckOptions(options));
  KLIEG_TRY(CheckShapes(ranker, split, facts));
  const Plan plan = MakePlan(facts, options);
  KLIEG_ASSIGN(Measured measured, MeasureAll(ranker, split, plan, pool, progress));
  Evaluation evaluation;
  evaluation.members = split.target.row_count;
  evaluation.members_digest = DigestOfMembers(split);
  for (size_t c = 0; c < plan.columns(); ++c)
    evaluation.member_metric_names.push_back(plan.ColumnName(c));
  evaluation.member_metrics = std::move(measured.metrics);
  AddMemberMetrics(evaluation, options, pool, evaluation.metrics);
  for (const uint32_t k : plan.cutoffs) {
    AddWholeMetrics(measured.lists, ranker.title_count(), k, options.confidence, pool,
                    evaluation.metrics);
  }
  return evaluation;
}

core::Result<Comparison> Compare(const Evaluation& a, const Evaluation& b, std::string_view metric,
                                 const EvaluateOptions& options) {
  KLIEG_TRY(CheckOptions(options));
  KLIEG_ASSIGN(const size_t column_a, FindColumn(a, metric));
  KLIEG_ASSIGN(const size_t column_b, FindColumn(b, metric));
  if (a.members != b.members || a.members_digest != b.members_digest) {
    return core::Fail(ErrorCode::kInvalidArgument,
                      "the two evaluations are of {} and {} members with other names or targets: "
                      "only evaluations of the "
                      "same split can be compared",
                      a.members, b.members);
  }
  core::Matrix<float> differences(a.members, 1);
  uint64_t defined = 0;
  for (size_t e = 0; e < a.members; ++e) {
    differences(e, 0) = b.member_metrics(e, column_b) - a.member_metrics(e, column_a);
    defined += std::isnan(differences(e, 0)) ? 0 : 1;
  }
  if (defined == 0) {
    return core::Fail(ErrorCode::kInvalidArgument,
                      "'{}' is not defined for any of {} members in both evaluations", metric,
                      a.members);
  }
  core::ThreadPool pool(1);
  const core::Matrix<double> means =
      learn::BootstrapMeans(differences.view(), Resampling(options), pool);
  const std::vector<double> samples = Column(means, 0);
  const learn::Interval interval = learn::PercentileInterval(samples, options.confidence);
  return Comparison{.metric = std::string(metric),
                    .difference = ColumnMean(differences.view(), 0),
                    .low = interval.low,
                    .high = interval.high,
                    .p_value = learn::BootstrapPValue(samples),
                    .members = defined,
                    .real = interval.low > 0 || interval.high < 0};
}

}  // namespace klieg::personalize
