#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/verb.h"
#include "core/memory.h"
#include "flows/train_flow.h"

namespace klieg::cli {
namespace {

struct Options {
  flows::TrainOptions train;
  FilterOptions filter;
  std::vector<std::string> settings;
};

core::Status Train(Invocation& call, Options& options) {
  KLIEG_ASSIGN(options.train.set, ParseSettings(options.settings));
  options.train.filter = options.filter.filter;
  KLIEG_ASSIGN(const auto session, call.OpenSession());
  KLIEG_ASSIGN(const flows::TrainOutcome outcome, flows::TrainModel(*session, options.train));
  if (call.json) {
    const nlohmann::json object = {
        {"model", outcome.model.name},
        {"version", outcome.model.version},
        {"digest", outcome.model.digest},
        {"ranker", outcome.model.ranker},
        {"run", outcome.run},
        {"train_seconds", outcome.train_seconds},
        {"peak_bytes", outcome.peak_bytes},
        {"members", outcome.members},
        {"titles", outcome.titles},
        {"interactions", outcome.interactions},
        {"bytes", outcome.model.bytes},
        {"snapshot", outcome.model.snapshot},
        {"hyper_parameters", nlohmann::json::parse(outcome.model.parameters)}};
    fmt::print("{}\n", object.dump(1));
    return {};
  }
  fmt::print(
      "model {}@{} ({}, {}): {} members, {} titles, {} interactions in {:.2f} s, peak memory "
      "{}\ndigest {}\n",
      outcome.model.name, outcome.model.version, outcome.model.ranker,
      core::FormatBytes(outcome.model.bytes), outcome.members, outcome.titles, outcome.interactions,
      outcome.train_seconds, core::FormatBytes(outcome.peak_bytes),
      outcome.model.digest.substr(0, 12));
  return {};
}

}  // namespace

void AddTrain(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      AddVerb(app, invocation, "train", "Train a ranker on a dataset",
              "klieg train ease --dataset films --name house --set lambda=200 --value-min 4");
  AddJson(*verb, invocation);
  verb->add_option("RANKER", options->train.ranker, "Which ranker (klieg rankers)")->required();
  verb->add_option("--dataset", options->train.dataset, "Dataset to learn from")->required();
  verb->add_option("--name", options->train.model, "Name of the model")->required();
  verb->add_option("--set", options->settings, "Hyper-parameter: name=value (repeatable)")
      ->take_all();
  verb->add_flag("--tuned", options->train.tuned,
                 "Start from the latest tuning of this ranker on this dataset");
  verb->add_option("--seed", options->train.seed, "Seed of all random choices");
  options->filter.AddTo(*verb);
  verb->callback([&invocation, options] {
    invocation.action = [options](Invocation& call) { return Train(call, *options); };
  });
}

}  // namespace klieg::cli
