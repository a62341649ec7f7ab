#include "flows/tune_flow.h"

#include <nlohmann/json.hpp>

#include "core/version.h"

namespace klieg::flows {
namespace {

using nlohmann::json;
using personalize::Trial;

json ToJson(const Trial& trial) {
  return {{"number", trial.number},        {"hyper_parameters", trial.values},
          {"metric", trial.metric.name},   {"value", trial.metric.value},
          {"low", trial.metric.low},       {"high", trial.metric.high},
          {"method", trial.metric.method}, {"seconds", trial.seconds},
          {"error", trial.error}};
}

/// Trials as written, up to the first line that is torn or not a trial.
std::vector<Trial> ParseTrials(const std::string& text) {
  std::vector<Trial> trials;
  size_t begin = 0;
  for (size_t end = text.find('\n'); end != std::string::npos;
       begin = end + 1, end = text.find('\n', begin)) {
    try {
      const json one = json::parse(text.substr(begin, end - begin));
      trials.push_back(
          {.number = one.at("number").get<uint32_t>(),
           .values = one.at("hyper_parameters").get<std::map<std::string, std::string>>(),
           .metric = {.name = one.at("metric").get<std::string>(),
                      .value = one.at("value").get<double>(),
                      .low = one.at("low").get<double>(),
                      .high = one.at("high").get<double>(),
                      .method = one.at("method").get<std::string>()},
           .seconds = one.at("seconds").get<double>(),
           .error = one.at("error").get<std::string>()});
    } catch (const json::exception&) {
      break;
    }
  }
  return trials;
}

json ParametersOf(const TuneRequest& request) {
  return {{"ranker", request.ranker},
          {"dataset", request.dataset},
          {"fixed", request.set},
          {"trials", request.options.trials},
          {"seed", request.options.seed},
          {"train_seed", request.train_seed},
          {"metric", request.options.metric},
          {"split", personalize::SplitKindName(request.options.split)},
          {"split_seed", request.options.split_options.seed},
          {"heldout_members", request.options.split_options.heldout_members},
          {"value_min", request.filter.value_min},
          {"interactions_min", request.filter.interactions_min}};
}

struct Earlier {
  std::string run;
  std::vector<Trial> trials;
};

/// The newest run of the same request and code that did not finish, unless a later one did.
core::Result<Earlier> UnfinishedTuning(Session& session, const std::string& parameters) {
  KLIEG_ASSIGN(const std::vector<platform::RunRecord> runs, session.store().ListRuns());
  for (const platform::RunRecord& run : runs) {
    if (run.spec.kind != "tune" || run.spec.parameters != parameters ||
        run.code_version != core::CodeVersion())
      continue;
    if (run.state == platform::RunState::kFinished || run.state == platform::RunState::kRunning)
      break;
    const auto text = core::ReadFile(session.workspace().runs() / run.id / "trials.jsonl");
    if (!text) continue;
    std::vector<Trial> trials = ParseTrials(*text);
    if (!trials.empty()) return Earlier{run.id, std::move(trials)};
  }
  return Earlier{};
}

core::Result<TuneOutcome> TuneIntoRun(Session& session, platform::Run& run,
                                      const TuneRequest& request, Earlier earlier) {
  KLIEG_ASSIGN(const personalize::Learner* learner, personalize::FindLearner(request.ranker));
  KLIEG_ASSIGN(const LoadedInteractions loaded,
               LoadInteractions(session, run, request.dataset, rights::Purpose::kRecommend,
                                fmt::format("tune {}", request.ranker), request.filter));
  TuneOutcome outcome;
  outcome.run = run.id();
  outcome.resumed = earlier.run;
  outcome.resumed_trials = earlier.trials.size();

  std::string lines;
  for (const Trial& trial : earlier.trials) lines += ToJson(trial).dump() + "\n";
  const std::filesystem::path file = run.folder() / "trials.jsonl";
  core::Status written = core::WriteFileAtomically(file, lines);
  const auto task = session.progress().Begin(fmt::format("tune {}", request.ranker),
                                             request.options.trials, "trials");
  task->Advance(earlier.trials.size());
  double best = 0;
  const auto on_trial = [&](const Trial& trial) {
    lines += ToJson(trial).dump() + "\n";
    if (written) written = core::WriteFileAtomically(file, lines);
    if (trial.error.empty()) best = std::max(best, trial.metric.value);
    task->SetNote(fmt::format("best {} {:.4f}", request.options.metric, best));
    task->Advance(1);
  };
  // The learners' own progress would drown that of the trials.
  const personalize::TrainContext context{
      .pool = session.pool(), .progress = core::SilentProgress(), .seed = request.train_seed};
  KLIEG_ASSIGN(outcome.tuning,
               personalize::Tune(*learner, loaded.data, request.set, request.options, context,
                                 on_trial, std::move(earlier.trials)));
  KLIEG_TRY(written);

  const Trial& winner = outcome.tuning.trials[outcome.tuning.best];
  KLIEG_TRY(core::WriteFileAtomically(run.folder() / "best.json", ToJson(winner).dump(1)));
  const auto relative = [&session](const std::filesystem::path& path) {
    return std::filesystem::relative(path, session.workspace().folder()).string();
  };
  KLIEG_TRY(run.AddArtifact({.name = "trials", .path = relative(file), .digest = {}}));
  KLIEG_TRY(run.AddArtifact(
      {.name = "best", .path = relative(run.folder() / "best.json"), .digest = {}}));
  KLIEG_TRY(run.AddMetric({.subject = request.ranker,
                           .name = fmt::format("validation {}", winner.metric.name),
                           .value = winner.metric.value,
                           .low = winner.metric.low,
                           .high = winner.metric.high,
                           .method = winner.metric.method}));
  return outcome;
}

}  // namespace

core::Result<TuneOutcome> TuneRanker(Session& session, const TuneRequest& request) {
  const std::string parameters = ParametersOf(request).dump();
  KLIEG_ASSIGN(Earlier earlier, UnfinishedTuning(session, parameters));
  if (!earlier.run.empty()) {
    session.progress().Say(fmt::format("going on with run {}, which ended after {} of {} trials",
                                       earlier.run, earlier.trials.size(), request.options.trials));
  }
  KLIEG_ASSIGN(platform::Run run,
               session.store().StartRun(
                   {.kind = "tune",
                    .name = fmt::format("tune {} on {}", request.ranker, request.dataset),
                    .command = session.command(),
                    .parameters = parameters,
                    .seed = request.options.seed,
                    .repeats = earlier.run}));
  auto outcome = TuneIntoRun(session, run, request, std::move(earlier));
  if (!outcome) return run.Fail(outcome.error());
  KLIEG_TRY(run.Finish());
  return outcome;
}

std::string TuningJson(const TuneOutcome& outcome) {
  json trials = json::array();
  for (const Trial& trial : outcome.tuning.trials) trials.push_back(ToJson(trial));
  return json{{"run", outcome.run},
              {"resumed", outcome.resumed},
              {"resumed_trials", outcome.resumed_trials},
              {"description", outcome.tuning.description},
              {"best", ToJson(outcome.tuning.trials[outcome.tuning.best])},
              {"trials", trials}}
      .dump(1);
}

}  // namespace klieg::flows
