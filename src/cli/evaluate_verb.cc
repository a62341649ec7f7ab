#include <fmt/format.h>

#include <cmath>

#include "cli/verb.h"
#include "core/memory.h"
#include "flows/evaluate_flow.h"

namespace klieg::cli {
namespace {

struct Options {
  flows::EvaluateRequest request;
  FilterOptions filter;
  std::string split = "strong";
  std::string format = "auto";
  std::vector<std::string> train;
  std::string fold_in;
  std::string target;
  std::string terms;
  std::vector<std::string> settings;
};

std::string Figure(const flows::ReportModel& model, std::string_view name) {
  for (const flows::ReportMetric& metric : model.metrics) {
    if (metric.name == name)
      return std::isnan(metric.value) ? "undefined" : fmt::format("{:.4f}", metric.value);
  }
  return "";
}

void PrintWords(const flows::ReportEvaluation& evaluation) {
  fmt::print("{}\n\n", evaluation.split_description);
  std::vector<std::vector<std::string>> rows = {{"model", evaluation.primary_metric, "interval",
                                                 "recall@20", "recall_full@20", "ndcg@20",
                                                 "coverage@20", "train s", "peak"}};
  for (const flows::ReportModel& model : evaluation.models) {
    std::string interval;
    for (const flows::ReportMetric& metric : model.metrics) {
      if (metric.name == evaluation.primary_metric)
        interval = fmt::format("[{:.4f}, {:.4f}]", metric.low, metric.high);
    }
    rows.push_back(
        {model.name, Figure(model, evaluation.primary_metric), interval, Figure(model, "recall@20"),
         Figure(model, "recall_full@20"), Figure(model, "ndcg@20"), Figure(model, "coverage@20"),
         fmt::format("{:.2f}", model.train_seconds), core::FormatBytes(model.peak_bytes)});
  }
  fmt::print("{}\n", FormatTable(rows));
  for (const flows::ReportComparison& one : evaluation.comparisons) {
    fmt::print("{} over {}: {:+.4f} [{:+.4f}, {:+.4f}] {}, p = {:.4f}: {}\n", one.better, one.other,
               one.difference, one.low, one.high, one.metric, one.p_value,
               one.real ? "a real difference" : "not distinguishable here");
  }
}

core::Status Evaluate(Invocation& call, Options& options) {
  flows::EvaluateRequest& request = options.request;
  KLIEG_ASSIGN(request.set, ParseSettings(options.settings));
  KLIEG_ASSIGN(request.split, personalize::ParseSplitKind(options.split));
  KLIEG_ASSIGN(request.files.format, data::ParseFileFormat(options.format));
  request.filter = options.filter.filter;
  request.files.train.assign(options.train.begin(), options.train.end());
  request.files.fold_in = options.fold_in;
  request.files.target = options.target;
  request.files.terms = options.terms;
  if (request.split == personalize::SplitKind::kFiles) {
    if (options.train.empty() || options.target.empty() || options.terms.empty()) {
      return core::Fail(
          core::ErrorCode::kUsage,
          "--split files needs --train, --target and --terms (and --fold-in where there is one)");
    }
  } else if (request.dataset.empty()) {
    return core::Fail(core::ErrorCode::kUsage, "--split {} needs --dataset NAME", options.split);
  }
  KLIEG_ASSIGN(const auto session, call.OpenSession());
  KLIEG_ASSIGN(const flows::EvaluateOutcome outcome, flows::EvaluateModels(*session, request));
  if (call.json) {
    fmt::print("{}\n", flows::EvaluationJson(outcome.evaluation));
  } else {
    PrintWords(outcome.evaluation);
  }
  return {};
}

}  // namespace

void AddEvaluate(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  flows::EvaluateRequest& request = options->request;
  CLI::App* verb = AddVerb(
      app, invocation, "evaluate", "Judge rankers on one split, with intervals and comparisons",
      "klieg evaluate popularity ease ials --dataset films --split strong --value-min 4");
  AddJson(*verb, invocation);
  verb->add_option("RANKER|MODEL", request.subjects,
                   "Rankers, or models (their ranker and settings, trained anew on the split's "
                   "training side; name@2 for a version)")
      ->required();
  verb->add_option("--dataset", request.dataset, "Dataset to split");
  verb->add_option("--split", options->split, "strong, last, time or files");
  verb->add_option("--split-seed", request.split_options.seed, "Seed of the split");
  verb->add_option(
      "--heldout", request.split_options.heldout_members,
      "strong: members held out for test, and as many for validation (default: a tenth)");
  verb->add_option("--train", options->train,
                   "files: training interactions (repeatable: read as one)")
      ->take_all();
  verb->add_option("--fold-in", options->fold_in,
                   "files: histories of the members to judge on (default: their training rows)");
  verb->add_option("--target", options->target, "files: what is to be found");
  verb->add_option("--terms", options->terms, "files: terms of use");
  verb->add_option("--format", options->format,
                   "files: auto, csv, tsv, parquet, jsonl or adjacency");
  verb->add_option("--member", request.files.columns.member, "files: column that names the member");
  verb->add_option("--title", request.files.columns.title, "files: column that names the title");
  verb->add_option("--set", options->settings,
                   "Hyper-parameter: name=value, or ranker.name=value (repeatable)")
      ->take_all();
  verb->add_flag("--tuned", request.tuned,
                 "Start from the latest tuning of each ranker on this dataset");
  verb->add_option("--metric", request.primary_metric,
                   "Metric that orders the leaderboard (default ndcg@100; files: ndcg@20)");
  verb->add_option("--cutoffs", request.cutoffs, "The k of the metrics (default 10 20 50 100)")
      ->check(CLI::Range(1, 10000));
  verb->add_option("--seed", request.seed, "Seed of training");
  options->filter.AddTo(*verb);
  verb->callback([&invocation, options] {
    invocation.action = [options](Invocation& call) { return Evaluate(call, *options); };
  });
}

}  // namespace klieg::cli
