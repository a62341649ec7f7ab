#include <fmt/format.h>

#include "cli/verb.h"
#include "flows/tune_flow.h"

namespace klieg::cli {
namespace {

struct Options {
  flows::TuneRequest request;
  FilterOptions filter;
  std::string split = "strong";
  std::vector<std::string> settings;
};

std::string Describe(const std::map<std::string, std::string>& values) {
  std::string text;
  for (const auto& [name, value] : values)
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, value);
  return text.empty() ? "(defaults)" : text;
}

void PrintWords(const flows::TuneOutcome& outcome, const flows::TuneRequest& request) {
  const personalize::Tuning& tuning = outcome.tuning;
  fmt::print("{}\n\n", tuning.description);
  std::vector<std::vector<std::string>> rows = {
      {"trial", request.options.metric, "interval", "seconds", "settings"}};
  for (const personalize::Trial& one : tuning.trials) {
    const bool failed = !one.error.empty();
    rows.push_back({fmt::format("{}", one.number),
                    failed ? "failed" : fmt::format("{:.4f}", one.metric.value),
                    failed ? "" : fmt::format("[{:.4f}, {:.4f}]", one.metric.low, one.metric.high),
                    fmt::format("{:.2f}", one.seconds), failed ? one.error : Describe(one.values)});
  }
  fmt::print("{}\nbest: trial {}\nnext: klieg train {} --dataset {} --name NAME --tuned\n",
             FormatTable(rows), tuning.trials[tuning.best].number, request.ranker, request.dataset);
}

core::Status Tune(Invocation& call, Options& options) {
  flows::TuneRequest& request = options.request;
  KLIEG_ASSIGN(request.set, ParseSettings(options.settings));
  KLIEG_ASSIGN(request.options.split, personalize::ParseSplitKind(options.split));
  request.filter = options.filter.filter;
  KLIEG_ASSIGN(const auto session, call.OpenSession());
  KLIEG_ASSIGN(const flows::TuneOutcome outcome, flows::TuneRanker(*session, request));
  if (call.json) {
    fmt::print("{}\n", flows::TuningJson(outcome));
  } else {
    PrintWords(outcome, request);
  }
  return {};
}

}  // namespace

void AddTune(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  flows::TuneRequest& request = options->request;
  CLI::App* verb =
      AddVerb(app, invocation, "tune",
              "Search hyper-parameters on validation members only; a killed search goes on",
              "klieg tune edlae --dataset films --trials 20 --value-min 4");
  AddJson(*verb, invocation);
  verb->add_option("RANKER", request.ranker, "Which ranker (klieg rankers)")->required();
  verb->add_option("--dataset", request.dataset, "Dataset to learn from")->required();
  verb->add_option("--trials", request.options.trials, "How many settings are tried")
      ->check(CLI::Range(1, 100000));
  verb->add_option("--set", options->settings,
                   "Hyper-parameter that stays: name=value (repeatable)")
      ->take_all();
  verb->add_option("--metric", request.options.metric, "Metric to raise (default ndcg@100)");
  verb->add_option("--split", options->split, "strong, last or time");
  verb->add_option("--split-seed", request.options.split_options.seed,
                   "Seed of the split: the same as for evaluate");
  verb->add_option("--heldout", request.options.split_options.heldout_members,
                   "strong: members held out for validation (default: a tenth)");
  verb->add_option("--seed", request.options.seed, "Seed of the draws");
  options->filter.AddTo(*verb);
  verb->callback([&invocation, options] {
    invocation.action = [options](Invocation& call) { return Tune(call, *options); };
  });
}

}  // namespace klieg::cli
