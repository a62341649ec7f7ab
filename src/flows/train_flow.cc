#include "flows/train_flow.h"

#include <nlohmann/json.hpp>

#include "core/memory.h"
#include "flows/publish_model.h"

namespace klieg::flows {
namespace {

using nlohmann::json;

json ToJson(const TrainOptions& options, const personalize::HyperParameters& values) {
  return {{"ranker", options.ranker},
          {"dataset", options.dataset},
          {"model", options.model},
          {"hyper_parameters", values.values()},
          {"seed", options.seed},
          {"value_min", options.filter.value_min},
          {"interactions_min", options.filter.interactions_min}};
}

core::Result<TrainOutcome> TrainIntoRun(Session& session, platform::Run& run,
                                        const TrainOptions& options,
                                        const personalize::Learner& learner,
                                        const personalize::HyperParameters& values) {
  const std::string reason = fmt::format("train {} as {}", options.ranker, options.model);
  KLIEG_ASSIGN(const LoadedInteractions loaded,
               LoadInteractions(session, run, options.dataset, rights::Purpose::kRecommend, reason,
                                options.filter, options.without));
  TrainOutcome outcome;
  outcome.run = run.id();
  outcome.members = loaded.data.member_count();
  outcome.titles = loaded.data.title_count();
  outcome.interactions = loaded.data.matrix.entry_count();

  outcome.rows_left_out = loaded.rows_left_out;

  core::ResetPeakResident();
  const core::Stopwatch watch;
  ModelToPublish model;
  KLIEG_ASSIGN(model.ranker,
               learner.train(
                   loaded.data, values,
                   {.pool = session.pool(), .progress = session.progress(), .seed = options.seed}));
  outcome.train_seconds = watch.WallSeconds();
  outcome.peak_bytes = core::PeakResidentBytes();

  model.name = options.model;
  model.learner = options.ranker;
  model.hyper_parameters = values.values();
  model.seed = options.seed;
  model.filter = options.filter;
  KLIEG_TRY(run.AddMetrics({{.subject = options.model,
                             .name = "train_seconds",
                             .value = outcome.train_seconds,
                             .low = {},
                             .high = {},
                             .method = "wall clock"},
                            {.subject = options.model,
                             .name = "peak_bytes",
                             .value = static_cast<double>(outcome.peak_bytes),
                             .low = {},
                             .high = {},
                             .method = "largest resident set while training"}}));
  KLIEG_ASSIGN(outcome.model, PublishModel(session, run, loaded, std::move(model)));
  return outcome;
}

}  // namespace

core::Result<TrainOutcome> TrainModel(Session& session, const TrainOptions& options) {
  KLIEG_ASSIGN(const personalize::Learner* learner, personalize::FindLearner(options.ranker));
  std::map<std::string, std::string> set;
  if (options.tuned) {
    KLIEG_ASSIGN(set, TunedHyperParameters(session, options.ranker, options.dataset));
  }
  for (const auto& [name, value] : options.set) set[name] = value;
  KLIEG_ASSIGN(const personalize::HyperParameters values,
               personalize::HyperParameters::Make(learner->hyper_parameters, set));
  const json parameters = ToJson(options, values);
  KLIEG_ASSIGN(platform::Run run,
               session.store().StartRun({.kind = "train",
                                         .name = fmt::format("train {} on {} as {}", options.ranker,
                                                             options.dataset, options.model),
                                         .command = session.command(),
                                         .parameters = parameters.dump(),
                                         .seed = options.seed,
                                         .repeats = options.repeats}));
  auto outcome = TrainIntoRun(session, run, options, *learner, values);
  if (!outcome) return run.Fail(outcome.error());
  KLIEG_TRY(run.Finish());
  return outcome;
}

core::Result<TrainOptions> TrainOptionsOf(Session& session, const platform::ModelRecord& model) {
  KLIEG_ASSIGN(const core::Digest artifact, core::Digest::FromHex(model.digest));
  const auto& models = session.gate().book().models();
  const auto entry = models.find(artifact);
  if (entry == models.end()) {
    return core::Fail(
        core::ErrorCode::kNotFound,
        "the log holds no registration of {}@{}: it was made by an older klieg; train "
        "it again",
        model.name, model.version);
  }
  TrainOptions options;
  KLIEG_ASSIGN(options.dataset, DatasetOf(session, model.snapshot));
  try {
    const json body = json::parse(entry->second.body);
    const json& parameters = body.at("parameters");
    options.ranker = body.at("learner").get<std::string>();
    options.model = body.at("name").get<std::string>();
    options.set = parameters.at("hyper_parameters").get<std::map<std::string, std::string>>();
    options.seed = std::stoull(body.at("seed").get<std::string>());
    options.filter.interactions_min =
        parameters.at("filter").at("interactions_min").get<uint32_t>();
    options.filter.value_min =
        std::stod(parameters.at("filter").at("value_min").get<std::string>());
  } catch (const std::exception& error) {
    return core::Fail(core::ErrorCode::kCorrupt, "the registration of {}@{} cannot be read: {}",
                      model.name, model.version, error.what());
  }
  return options;
}

core::Result<std::string> DatasetOf(Session& session, const std::string& snapshot) {
  KLIEG_ASSIGN(const std::vector<platform::DatasetRecord> datasets, session.store().ListDatasets());
  for (const platform::DatasetRecord& dataset : datasets) {
    if (dataset.snapshot == snapshot && dataset.kind == "interactions")
      return fmt::format("{}@{}", dataset.name, dataset.version);
  }
  return core::Fail(core::ErrorCode::kNotFound, "no dataset holds the snapshot {}",
                    snapshot.substr(0, 12));
}

core::Result<std::map<std::string, std::string>> TunedHyperParameters(Session& session,
                                                                      const std::string& ranker,
                                                                      const std::string& dataset) {
  KLIEG_ASSIGN(const std::vector<platform::RunRecord> runs, session.store().ListRuns());
  for (const platform::RunRecord& run : runs) {
    if (run.spec.kind != "tune" || run.state != platform::RunState::kFinished) continue;
    const json parameters = json::parse(run.spec.parameters, nullptr, false);
    if (!parameters.is_object() || parameters.value("ranker", "") != ranker ||
        parameters.value("dataset", "") != dataset) {
      continue;
    }
    KLIEG_ASSIGN(const std::string text,
                 core::ReadFile(session.workspace().runs() / run.id / "best.json"));
    const json best = json::parse(text, nullptr, false);
    if (!best.is_object()) {
      return core::Fail(core::ErrorCode::kCorrupt, "best.json of run {} cannot be read: tune again",
                        run.id);
    }
    return best.at("hyper_parameters").get<std::map<std::string, std::string>>();
  }
  return core::Fail(core::ErrorCode::kNotFound,
                    "'{}' has not been tuned on '{}': run klieg tune {} --dataset {} --trials 20",
                    ranker, dataset, ranker, dataset);
}

}  // namespace klieg::flows
