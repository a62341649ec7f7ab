#include "flows/evaluate_flow.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/memory.h"
#include "flows/import_flow.h"
#include "flows/train_flow.h"
#include "personalize/learner.h"

namespace klieg::flows {
namespace {

using core::ErrorCode;
using nlohmann::json;
using personalize::HyperParameters;
using personalize::Learner;

/// One thing to judge: what `subjects` names, resolved before anything is read.
struct Subject {
  std::string name;
  const Learner* learner = nullptr;
  HyperParameters values;
  uint64_t seed = 1;
};

/// The components of a blend under these settings: what "of" says, in its own settings, for all, or
/// by default.
std::string ComponentsOf(const EvaluateRequest& request, const std::string& name,
                         const Learner& learner) {
  for (const std::string& key : {name + ".of", std::string("of")}) {
    if (const auto given = request.set.find(key); given != request.set.end()) return given->second;
  }
  const auto declared =
      std::ranges::find(learner.hyper_parameters, "of", &personalize::HyperParameter::name);
  return declared == learner.hyper_parameters.end() ? "" : std::string(declared->default_value);
}

/// The settings of `set` meant for this subject: "ease.lambda" for ease, and for a blend that holds
/// ease; "lambda" for all that declare it.
std::map<std::string, std::string> SettingsFor(const EvaluateRequest& request,
                                               const std::string& name, const Learner& learner) {
  const auto declares = [&learner](const std::string& key) {
    return std::ranges::find(learner.hyper_parameters, key, &personalize::HyperParameter::name) !=
           learner.hyper_parameters.end();
  };
  const std::string components =
      declares("*") ? "," + ComponentsOf(request, name, learner) + "," : "";
  std::map<std::string, std::string> settings;
  for (const auto& [key, value] : request.set) {
    const size_t dot = key.find('.');
    const std::string prefix = key.substr(0, dot);
    if (dot != std::string::npos && prefix == name) {
      settings[key.substr(dot + 1)] = value;
    } else if (dot != std::string::npos ? components.find("," + prefix + ",") != std::string::npos
                                        : declares(key)) {
      settings[key] = value;
    } else if (request.subjects.size() == 1) {
      settings[key] = value;  // Meant for it, so that it can say what is wrong with it.
    }
  }
  return settings;
}

/// A key that no subject would take is a mistake, not something to pass over.
core::Status CheckSettings(const EvaluateRequest& request, const std::vector<Subject>& subjects) {
  for (const auto& [key, value] : request.set) {
    const bool taken = std::ranges::any_of(subjects, [&](const Subject& subject) {
      return SettingsFor(request, subject.name, *subject.learner).contains(key) ||
             key.starts_with(subject.name + ".");
    });
    if (!taken) {
      return core::Fail(ErrorCode::kUsage,
                        "--set {}={}: none of the rankers asked for has a hyper-parameter '{}'",
                        key, value, key);
    }
  }
  return {};
}

core::Result<Subject> ResolveSubject(Session& session, const EvaluateRequest& request,
                                     const std::string& name) {
  Subject subject;
  subject.name = name;
  subject.seed = request.seed;
  std::map<std::string, std::string> base;
  if (const auto learner = personalize::FindLearner(name)) {
    subject.learner = *learner;
    if (request.tuned) {
      KLIEG_ASSIGN(base, TunedHyperParameters(session, name, request.dataset));
    }
  } else {
    const auto model = session.store().GetModel(name);
    if (!model) {
      return core::Fail(ErrorCode::kNotFound, "'{}' is neither a ranker nor a model. {}; {}", name,
                        learner.error().message, model.error().message);
    }
    KLIEG_ASSIGN(const TrainOptions options, TrainOptionsOf(session, *model));
    KLIEG_ASSIGN(subject.learner, personalize::FindLearner(options.ranker));
    base = options.set;
    subject.seed = options.seed;
  }
  for (const auto& [key, value] : SettingsFor(request, name, *subject.learner)) base[key] = value;
  KLIEG_ASSIGN(subject.values, HyperParameters::Make(subject.learner->hyper_parameters, base));
  return subject;
}

core::Result<personalize::Interactions> ReadFileUnderTerms(
    Session& session, platform::Run& run, const SplitFiles& files,
    const std::vector<std::filesystem::path>& paths, const rights::Terms& terms,
    std::string_view role) {
  const data::ImportRequest request{.kind = data::TableKind::kInteractions,
                                    .files = paths,
                                    .format = files.format,
                                    .columns = files.columns,
                                    .threads = session.pool().threads(),
                                    .memory_limit_bytes = 0};
  KLIEG_ASSIGN(const data::ImportReport report, ImportUnderTerms(session, request, terms));
  KLIEG_ASSIGN(const data::Snapshot snapshot,
               OpenForRun(session, run, report.snapshot, rights::Purpose::kMeasure, role,
                          fmt::format("evaluate on published files: {}", role)));
  KLIEG_ASSIGN(data::InteractionTable table,
               data::ReadInteractions(snapshot, session.pool().threads()));
  return personalize::MakeInteractions(std::move(table));
}

core::Result<personalize::Split> SplitFromFiles(Session& session, platform::Run& run,
                                                const SplitFiles& files) {
  KLIEG_ASSIGN(const rights::Terms terms, rights::ReadTerms(files.terms));
  KLIEG_ASSIGN(personalize::Interactions train,
               ReadFileUnderTerms(session, run, files, files.train, terms, "train"));
  std::optional<personalize::Interactions> fold_in;
  if (!files.fold_in.empty()) {
    KLIEG_ASSIGN(fold_in,
                 ReadFileUnderTerms(session, run, files, {files.fold_in}, terms, "fold-in"));
  }
  KLIEG_ASSIGN(const personalize::Interactions target,
               ReadFileUnderTerms(session, run, files, {files.target}, terms, "target"));
  return personalize::MakeSplitFromTables(std::move(train), fold_in ? &*fold_in : nullptr, target);
}

struct Judged {
  ReportModel report;
  personalize::Evaluation evaluation;
};

core::Result<Judged> Judge(Session& session, const Subject& subject,
                           const personalize::Split& split, const personalize::TitleFacts& facts,
                           const personalize::EvaluateOptions& options) {
  Judged judged;
  core::ResetPeakResident();
  const core::Stopwatch watch;
  KLIEG_ASSIGN(const std::unique_ptr<personalize::Ranker> ranker,
               subject.learner->train(
                   split.train, subject.values,
                   {.pool = session.pool(), .progress = session.progress(), .seed = subject.seed}));
  judged.report.train_seconds = watch.WallSeconds();
  judged.report.peak_bytes = core::PeakResidentBytes();
  KLIEG_ASSIGN(judged.evaluation, personalize::Evaluate(*ranker, split, facts, options,
                                                        session.pool(), session.progress()));
  judged.report.name = subject.name;
  judged.report.ranker = subject.learner->name;
  judged.report.hyper_parameters = subject.values.values();
  judged.report.members = judged.evaluation.members;
  for (const personalize::MetricValue& metric : judged.evaluation.metrics) {
    judged.report.metrics.push_back(
        {metric.name, metric.value, metric.low, metric.high, metric.method});
  }
  return judged;
}

core::Result<double> MetricOf(const ReportModel& model, const std::string& name) {
  std::string names;
  for (const ReportMetric& metric : model.metrics) {
    if (metric.name == name) return metric.value;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", metric.name);
  }
  return core::Fail(ErrorCode::kUsage, "--metric {}: there is no such metric here; there are: {}",
                    name, names);
}

core::Status RecordFigures(platform::Run& run, const ReportModel& model) {
  std::vector<platform::RunMetric> figures;
  for (const ReportMetric& metric : model.metrics) {
    figures.push_back(
        {model.name, metric.name, metric.value, metric.low, metric.high, metric.method});
  }
  figures.push_back({model.name, "train_seconds", model.train_seconds, {}, {}, "wall clock"});
  figures.push_back({model.name,
                     "peak_bytes",
                     static_cast<double>(model.peak_bytes),
                     {},
                     {},
                     "largest resident set while training"});
  return run.AddMetrics(figures);
}

core::Result<EvaluateOutcome> EvaluateIntoRun(Session& session, platform::Run& run,
                                              const EvaluateRequest& request,
                                              const std::vector<Subject>& subjects) {
  EvaluateOutcome outcome;
  ReportEvaluation& evaluation = outcome.evaluation;
  const bool from_files = request.split == personalize::SplitKind::kFiles;
  personalize::Split split;
  personalize::TitleFacts facts;
  if (from_files) {
    KLIEG_ASSIGN(split, SplitFromFiles(session, run, request.files));
    evaluation.dataset = request.files.target.parent_path().filename().string();
  } else {
    const std::string reason =
        fmt::format("evaluate on split {}", personalize::SplitKindName(request.split));
    KLIEG_ASSIGN(const LoadedInteractions loaded,
                 LoadInteractions(session, run, request.dataset, rights::Purpose::kMeasure, reason,
                                  request.filter));
    KLIEG_ASSIGN(split,
                 personalize::MakeSplit(loaded.data, request.split, personalize::SplitPart::kTest,
                                        request.split_options));
    KLIEG_ASSIGN(TitleNames titles,
                 LoadTitleNames(session, run, request.dataset, rights::Purpose::kMeasure, reason,
                                split.train.title_names));
    if (titles.known > 0) facts.genres = std::move(titles.genres);
    evaluation.dataset = request.dataset;
  }
  facts.train_counts = learn::ColumnCounts(split.train.matrix);

  personalize::EvaluateOptions options;
  if (!request.cutoffs.empty()) options.cutoffs = request.cutoffs;
  evaluation.split = personalize::SplitKindName(request.split);
  evaluation.split_description = split.description;
  evaluation.run = run.id();
  evaluation.primary_metric = !request.primary_metric.empty() ? request.primary_metric
                              : from_files                    ? "ndcg@20"
                                                              : "ndcg@100";

  std::vector<Judged> all;
  for (const Subject& subject : subjects) {
    session.progress().Say(fmt::format(
        "{}: training on {} members, {} titles, {} interactions", subject.name,
        split.train.member_count(), split.train.title_count(), split.train.matrix.entry_count()));
    auto judged = Judge(session, subject, split, facts, options);
    if (!judged) return core::Prefix(judged.error(), subject.name);
    KLIEG_TRY(MetricOf(judged->report, evaluation.primary_metric));
    KLIEG_TRY(RecordFigures(run, judged->report));
    all.push_back(std::move(*judged));
  }
  std::stable_sort(all.begin(), all.end(), [&](const Judged& a, const Judged& b) {
    return *MetricOf(a.report, evaluation.primary_metric) >
           *MetricOf(b.report, evaluation.primary_metric);
  });
  for (size_t i = 1; i < all.size(); ++i) {
    KLIEG_ASSIGN(const personalize::Comparison comparison,
                 personalize::Compare(all[i].evaluation, all[0].evaluation,
                                      evaluation.primary_metric, options));
    evaluation.comparisons.push_back({.better = all[0].report.name,
                                      .other = all[i].report.name,
                                      .metric = comparison.metric,
                                      .difference = comparison.difference,
                                      .low = comparison.low,
                                      .high = comparison.high,
                                      .p_value = comparison.p_value,
                                      .real = comparison.real});
  }
  for (Judged& judged : all) evaluation.models.push_back(std::move(judged.report));

  const std::filesystem::path file = run.folder() / "evaluation.json";
  KLIEG_TRY(core::WriteFileAtomically(file, EvaluationJson(evaluation)));
  KLIEG_TRY(run.AddArtifact(
      {.name = "evaluation",
       .path = std::filesystem::relative(file, session.workspace().folder()).string(),
       .digest = {}}));
  return outcome;
}

json FileNames(const std::vector<std::filesystem::path>& files) {
  json names = json::array();
  for (const std::filesystem::path& file : files) names.push_back(file.string());
  return names;
}

json ParametersOf(const EvaluateRequest& request, const std::vector<Subject>& subjects) {
  json rankers = json::array();
  for (const Subject& subject : subjects) {
    rankers.push_back({{"name", subject.name},
                       {"ranker", subject.learner->name},
                       {"hyper_parameters", subject.values.values()},
                       {"seed", subject.seed}});
  }
  return {{"rankers", rankers},
          {"dataset", request.dataset},
          {"split", personalize::SplitKindName(request.split)},
          {"split_seed", request.split_options.seed},
          {"files",
           {{"train", FileNames(request.files.train)},
            {"fold_in", request.files.fold_in.string()},
            {"target", request.files.target.string()}}},
          {"value_min", request.filter.value_min},
          {"interactions_min", request.filter.interactions_min}};
}

}  // namespace

core::Result<EvaluateOutcome> EvaluateModels(Session& session, const EvaluateRequest& request) {
  std::vector<Subject> subjects;
  for (const std::string& name : request.subjects) {
    KLIEG_ASSIGN(Subject subject, ResolveSubject(session, request, name));
    subjects.push_back(std::move(subject));
  }
  KLIEG_TRY(CheckSettings(request, subjects));
  const json parameters = ParametersOf(request, subjects);
  KLIEG_ASSIGN(platform::Run run,
               session.store().StartRun(
                   {.kind = "evaluate",
                    .name = fmt::format("evaluate {}", fmt::join(request.subjects, ", ")),
                    .command = session.command(),
                    .parameters = parameters.dump(),
                    .seed = request.seed,
                    .repeats = {}}));
  auto outcome = EvaluateIntoRun(session, run, request, subjects);
  if (!outcome) return run.Fail(outcome.error());
  KLIEG_TRY(run.Finish());
  return outcome;
}

std::string EvaluationJson(const ReportEvaluation& evaluation) {
  json results = json::array();
  json models = json::array();
  for (const ReportModel& model : evaluation.models) {
    models.push_back({{"model", model.name},
                      {"ranker", model.ranker},
                      {"hyper_parameters", model.hyper_parameters},
                      {"members", model.members},
                      {"train_seconds", model.train_seconds},
                      {"peak_bytes", model.peak_bytes}});
    for (const ReportMetric& metric : model.metrics) {
      results.push_back({{"model", model.name},
                         {"metric", metric.name},
                         {"value", metric.value},
                         {"low", metric.low},
                         {"high", metric.high},
                         {"method", metric.method},
                         {"members", model.members},
                         {"train_seconds", model.train_seconds},
                         {"peak_bytes", model.peak_bytes}});
    }
  }
  json comparisons = json::array();
  for (const ReportComparison& one : evaluation.comparisons) {
    comparisons.push_back({{"better", one.better},
                           {"other", one.other},
                           {"metric", one.metric},
                           {"difference", one.difference},
                           {"low", one.low},
                           {"high", one.high},
                           {"p_value", one.p_value},
                           {"real", one.real}});
  }
  return json{{"run", evaluation.run},
              {"dataset", evaluation.dataset},
              {"split", evaluation.split},
              {"split_description", evaluation.split_description},
              {"primary_metric", evaluation.primary_metric},
              {"models", models},
              {"results", results},
              {"comparisons", comparisons}}
      .dump(1);
}

core::Result<ReportEvaluation> ParseEvaluationJson(const std::string& text) {
  ReportEvaluation evaluation;
  // A figure that is not a number was written as null.
  const auto number = [](const json& value) {
    return value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
  };
  try {
    const json root = json::parse(text);
    evaluation.run = root.at("run").get<std::string>();
    evaluation.dataset = root.at("dataset").get<std::string>();
    evaluation.split = root.at("split").get<std::string>();
    evaluation.split_description = root.at("split_description").get<std::string>();
    evaluation.primary_metric = root.at("primary_metric").get<std::string>();
    for (const json& one : root.at("models")) {
      evaluation.models.push_back(
          {.name = one.at("model").get<std::string>(),
           .ranker = one.at("ranker").get<std::string>(),
           .hyper_parameters = one.at("hyper_parameters").get<std::map<std::string, std::string>>(),
           .train_seconds = number(one.at("train_seconds")),
           .peak_bytes = one.at("peak_bytes").get<uint64_t>(),
           .members = one.at("members").get<uint64_t>(),
           .metrics = {}});
    }
    for (const json& one : root.at("results")) {
      const auto model = std::ranges::find(evaluation.models, one.at("model").get<std::string>(),
                                           &ReportModel::name);
      if (model == evaluation.models.end()) continue;
      model->metrics.push_back({one.at("metric").get<std::string>(), number(one.at("value")),
                                number(one.at("low")), number(one.at("high")),
                                one.at("method").get<std::string>()});
    }
    for (const json& one : root.at("comparisons")) {
      evaluation.comparisons.push_back({.better = one.at("better").get<std::string>(),
                                        .other = one.at("other").get<std::string>(),
                                        .metric = one.at("metric").get<std::string>(),
                                        .difference = number(one.at("difference")),
                                        .low = number(one.at("low")),
                                        .high = number(one.at("high")),
                                        .p_value = number(one.at("p_value")),
                                        .real = one.at("real").get<bool>()});
    }
  } catch (const json::exception& error) {
    return core::Fail(ErrorCode::kCorrupt, "not the figures of an evaluation: {}", error.what());
  }
  return evaluation;
}

}  // namespace klieg::flows
