#include "personalize/tune.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <utility>

#include "core/random.h"

namespace klieg::personalize {
namespace {

using core::ErrorCode;
using Values = std::map<std::string, std::string>;

constexpr std::array<std::string_view, 6> kMetrics = {"ndcg", "recall", "recall_full",
                                                      "map",  "mrr",    "hit_rate"};
/// How far a draw may stay from the best so far, as a share of its own distance: 0.3 keeps the
/// third part of a range in reach.
constexpr double kStayAway = 0.3;
/// The first trials look at the whole ranges before any is moved towards the best.
constexpr uint32_t kWideTrials = 8;
/// Draws that repeat an earlier trial are drawn again so often; then the earlier result is taken.
constexpr uint64_t kRedraws = 20;

bool IsTuned(const HyperParameter& one, const Values& fixed) {
  return one.tune_low != one.tune_high && one.name != "*" && !fixed.contains(std::string(one.name));
}

/// Cutoff of "ndcg@100", or an error that lists the metrics there are.
core::Result<uint32_t> ParseCutoff(const std::string& metric) {
  const size_t at = metric.find('@');
  uint32_t cutoff = 0;
  if (at != std::string::npos &&
      std::ranges::find(kMetrics, metric.substr(0, at)) != kMetrics.end()) {
    const char* end = metric.data() + metric.size();
    const auto [stop, error] = std::from_chars(metric.data() + at + 1, end, cutoff);
    if (error == std::errc() && stop == end && cutoff > 0) return cutoff;
  }
  return core::Fail(
      ErrorCode::kInvalidArgument,
      "cannot tune for '{}': expected a metric and a cutoff, as in ndcg@100; there are: {}", metric,
      fmt::join(kMetrics, ", "));
}

double ToNumber(const std::string& text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// A draw moved towards the best value of one hyper-parameter: numbers part of the way (in the
/// logarithm where they are drawn so), choices most of the time wholly.
std::string MoveTowards(const HyperParameter& one, const std::string& drawn,
                        const std::string& best, core::Random& random) {
  if (one.type == HyperParameterType::kChoice || one.type == HyperParameterType::kText) {
    return random.Uniform() < kStayAway ? drawn : best;
  }
  const double from = ToNumber(best);
  const double to = ToNumber(drawn);
  const bool logarithmic = one.logarithmic && from > 0 && to > 0;
  const double moved =
      logarithmic ? from * std::pow(to / from, kStayAway) : from + (to - from) * kStayAway;
  if (one.type == HyperParameterType::kInteger) return fmt::format("{}", std::llround(moved));
  // The best may be a default outside the tuning range: what is between two valid values is valid.
  return fmt::format("{:.4g}", moved);
}

/// Draws the values of trial `number` from the trials before it.
class Drawer {
 public:
  Drawer(std::span<const HyperParameter> declared, const Values& fixed, const TuneOptions& options)
      : declared_(declared), fixed_(fixed), options_(options) {}

  Values Draw(uint32_t number, std::span<const Trial> before, const Trial* best) const {
    if (number == 0) return fixed_;
    Values values;
    for (uint64_t attempt = 0; attempt <= kRedraws; ++attempt) {
      core::Random random = core::Random(options_.seed).Fork(number).Fork(attempt);
      values = DrawHyperParameters(declared_, fixed_, random);
      if (best != nullptr && !IsWide(number)) MoveAll(*best, values, random);
      if (std::ranges::find(before, values, &Trial::values) == before.end()) break;
    }
    return values;
  }

 private:
  /// Whether a trial is drawn from the whole ranges.
  static bool IsWide(uint32_t number) { return number <= kWideTrials || number % 3 == 0; }

  void MoveAll(const Trial& best, Values& values, core::Random& random) const {
    for (const HyperParameter& one : declared_) {
      if (!IsTuned(one, fixed_)) continue;
      const auto known = best.values.find(std::string(one.name));
      const std::string from =
          known != best.values.end() ? known->second : std::string(one.default_value);
      std::string& value = values[std::string(one.name)];
      value = MoveTowards(one, value, from, random);
    }
  }

  std::span<const HyperParameter> declared_;
  const Values& fixed_;
  const TuneOptions& options_;
};

/// Trains with a setting and judges it on the validation split.
core::Result<MetricValue> TrainAndJudge(const Learner& learner, const Split& validation,
                                        const Values& values, const TuneOptions& options,
                                        const TrainContext& context) {
  KLIEG_ASSIGN(const HyperParameters made, HyperParameters::Make(learner.hyper_parameters, values));
  KLIEG_ASSIGN(const std::unique_ptr<Ranker> ranker,
               learner.train(validation.train, made, context));
  KLIEG_ASSIGN(const Evaluation evaluation,
               Evaluate(*ranker, validation, {}, options.evaluate, context.pool, context.progress));
  const auto metric = std::ranges::find(evaluation.metrics, options.metric, &MetricValue::name);
  if (metric != evaluation.metrics.end()) return *metric;
  return core::Fail(ErrorCode::kInternal, "the evaluation has no metric '{}'", options.metric);
}

const Trial* BestOf(std::span<const Trial> trials) {
  const Trial* best = nullptr;
  for (const Trial& trial : trials) {
    if (trial.error.empty() && (best == nullptr || trial.metric.value > best->metric.value))
      best = &trial;
  }
  return best;
}

/// Fills a trial whose values are set; only an interruption is an error of its own.
core::Status RunTrial(const Learner& learner, const Split& validation, const TuneOptions& options,
                      const TrainContext& context, std::span<const Trial> before, Trial& trial,
                      std::optional<core::Error>& first_error) {
  const auto same = std::ranges::find(before, trial.values, &Trial::values);
  if (same != before.end()) {
    trial.metric = same->metric;
    trial.error = same->error;
    return {};
  }
  const auto begin = std::chrono::steady_clock::now();
  core::Result<MetricValue> metric =
      TrainAndJudge(learner, validation, trial.values, options, context);
  trial.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (metric) {
    trial.metric = *std::move(metric);
    return {};
  }
  if (metric.error().code == ErrorCode::kInterrupted)
    return tl::unexpected<core::Error>(metric.error());
  trial.error = metric.error().message;
  if (!first_error) first_error = metric.error();
  return {};
}

core::Status CheckCompleted(std::span<const Trial> completed) {
  for (size_t i = 0; i < completed.size(); ++i) {
    if (completed[i].number == i) continue;
    return core::Fail(
        ErrorCode::kInvalidArgument,
        "a search goes on from trials 0, 1, 2 …, but trial {} stands at place {}; start it anew",
        completed[i].number, i);
  }
  return {};
}

}  // namespace

core::Result<Tuning> TuneOnSplit(const Learner& learner, const Split& validation,
                                 const Values& fixed, const TuneOptions& given,
                                 const TrainContext& context, const OnTrial& on_trial,
                                 std::vector<Trial> completed) {
  TuneOptions options = given;
  KLIEG_ASSIGN(const uint32_t cutoff, ParseCutoff(options.metric));
  options.evaluate.cutoffs.push_back(cutoff);
  if (options.trials == 0)
    return core::Fail(ErrorCode::kInvalidArgument, "a search needs at least 1 trial");
  KLIEG_TRY(HyperParameters::Make(learner.hyper_parameters, fixed));
  KLIEG_TRY(CheckCompleted(completed));
  const bool any_tuned = std::ranges::any_of(
      learner.hyper_parameters, [&](const HyperParameter& one) { return IsTuned(one, fixed); });
  if (!any_tuned) options.trials = 1;  // Every further trial would be the same.

  Tuning tuning{.trials = std::move(completed), .best = 0, .description = validation.description};
  tuning.trials.reserve(options.trials);
  const Drawer drawer(learner.hyper_parameters, fixed, options);
  std::optional<core::Error> first_error;
  const auto task =
      context.progress.Begin(fmt::format("tune {}", learner.name), options.trials, "trials");
  task->Advance(tuning.trials.size());
  while (tuning.trials.size() < options.trials) {
    const auto number = static_cast<uint32_t>(tuning.trials.size());
    Trial trial;
    trial.number = number;
    trial.values = drawer.Draw(number, tuning.trials, BestOf(tuning.trials));
    KLIEG_TRY(RunTrial(learner, validation, options, context, tuning.trials, trial, first_error));
    tuning.trials.push_back(std::move(trial));
    if (on_trial) on_trial(tuning.trials.back());
    if (const Trial* best = BestOf(tuning.trials)) {
      task->SetNote(fmt::format("best {} {:.4f} (trial {})", options.metric, best->metric.value,
                                best->number));
    }
    task->Advance(1);
  }
  const Trial* best = BestOf(tuning.trials);
  if (best == nullptr) {
    return core::Fail(
        first_error ? first_error->code : ErrorCode::kInvalidArgument,
        "none of {} trials of '{}' could be trained and judged; the first failed with: {}",
        tuning.trials.size(), learner.name, tuning.trials.front().error);
  }
  tuning.best = static_cast<size_t>(best - tuning.trials.data());
  return tuning;
}

core::Result<Tuning> Tune(const Learner& learner, const Interactions& data, const Values& fixed,
                          const TuneOptions& options, const TrainContext& context,
                          const OnTrial& on_trial, std::vector<Trial> completed) {
  KLIEG_ASSIGN(const Split validation,
               MakeSplit(data, options.split, SplitPart::kValidation, options.split_options));
  return TuneOnSplit(learner, validation, fixed, options, context, on_trial, std::move(completed));
}

}  // namespace klieg::personalize
