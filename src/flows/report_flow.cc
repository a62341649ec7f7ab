#include "flows/report_flow.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/version.h"
#include "flows/evaluate_flow.h"
#include "flows/recommend_flow.h"
#include "flows/report_page.h"

namespace klieg::flows {
namespace {

using core::ErrorCode;
using nlohmann::json;

/// The latest finished evaluation of each (dataset, split), newest first.
core::Result<std::vector<ReportEvaluation>> LatestEvaluations(Session& session,
                                                              const std::string& dataset) {
  KLIEG_ASSIGN(const std::vector<platform::RunRecord> runs, session.store().ListRuns());
  std::vector<ReportEvaluation> latest;
  std::set<std::pair<std::string, std::string>> seen;
  for (const platform::RunRecord& run : runs) {
    if (run.spec.kind != "evaluate" || run.state != platform::RunState::kFinished) continue;
    KLIEG_ASSIGN(const std::string text,
                 core::ReadFile(session.workspace().runs() / run.id / "evaluation.json"));
    auto evaluation = ParseEvaluationJson(text);
    if (!evaluation) return core::Prefix(evaluation.error(), fmt::format("run {}", run.id));
    if (!dataset.empty() && evaluation->dataset != dataset) continue;
    if (!seen.emplace(evaluation->dataset, evaluation->split).second) continue;
    latest.push_back(std::move(*evaluation));
  }
  return latest;
}

void AddSources(const platform::LineageNode& node, std::vector<ReportSource>& sources) {
  const bool known = std::ranges::any_of(sources, [&node](const ReportSource& one) {
    return one.what == node.kind && one.id == node.id;
  });
  if (!known) sources.push_back({node.kind, node.id, node.label});
  for (const platform::LineageNode& input : node.inputs) AddSources(input, sources);
}

/// Examples from one model; a refusal becomes a sentence among the sources.
core::Status AddExamples(Session& session, const ReportRequest& request, ReportInput& input) {
  std::string name = request.model;
  if (name.empty()) {
    KLIEG_ASSIGN(const std::vector<platform::ModelRecord> models, session.store().ListModels());
    if (models.empty()) return {};
    const auto newest = std::ranges::max_element(
        models, {}, [](const platform::ModelRecord& one) { return one.created.micros; });
    name = fmt::format("{}@{}", newest->name, newest->version);
  }
  const auto examples = Recommend(
      session,
      {.model = name, .members = request.members, .top = 8, .reasons = 4, .history_shown = 12});
  if (!examples) {
    if (examples.error().code != ErrorCode::kRefused)
      return tl::unexpected<core::Error>(examples.error());
    input.sources.push_back({"refusal of the gate", "", examples.error().message});
    return {};
  }
  input.example_model = fmt::format("{}@{} ({})", examples->model.name, examples->model.version,
                                    examples->model.ranker);
  input.members = examples->members;
  KLIEG_ASSIGN(const platform::LineageNode lineage, platform::TraceLineage(session.store(), name));
  AddSources(lineage, input.sources);
  return {};
}

core::Result<ReportOutcome> ReportIntoRun(Session& session, platform::Run& run,
                                          const ReportRequest& request) {
  ReportInput input;
  KLIEG_ASSIGN(input.evaluations, LatestEvaluations(session, request.dataset));
  if (input.evaluations.empty()) {
    return core::Fail(ErrorCode::kNotFound,
                      "nothing has been evaluated{} yet: run klieg evaluate first",
                      request.dataset.empty() ? "" : fmt::format(" on '{}'", request.dataset));
  }
  input.title = fmt::format("What to show each member: {}", input.evaluations.front().dataset);
  input.created = core::FormatTimestamp(session.clock().Now()).substr(0, 16);
  for (const ReportEvaluation& one : input.evaluations) {
    input.sources.push_back(
        {"evaluation run", one.run, fmt::format("{}, split {}", one.dataset, one.split)});
  }
  KLIEG_TRY(AddExamples(session, request, input));
  input.sources.push_back({"code", core::CodeVersion(), core::InstructionSet()});

  const std::string page = RenderReport(input);
  ReportOutcome outcome;
  outcome.path =
      request.output.empty() ? session.workspace().folder() / "report.html" : request.output;
  outcome.run = run.id();
  outcome.evaluations = input.evaluations.size();
  outcome.members = input.members.size();
  // The run keeps its own copy: the page beside the workspace is written over by the next report.
  const std::filesystem::path kept = run.folder() / "report.html";
  KLIEG_TRY(core::WriteFileAtomically(kept, page));
  KLIEG_TRY(core::WriteFileAtomically(outcome.path, page));
  KLIEG_TRY(run.AddArtifact(
      {.name = "report",
       .path = std::filesystem::relative(kept, session.workspace().folder()).string(),
       .digest = {}}));
  return outcome;
}

}  // namespace

core::Result<ReportOutcome> WriteReport(Session& session, const ReportRequest& request) {
  const json parameters = {
      {"dataset", request.dataset}, {"model", request.model}, {"members", request.members}};
  KLIEG_ASSIGN(platform::Run run, session.store().StartRun({.kind = "report",
                                                            .name = "report",
                                                            .command = session.command(),
                                                            .parameters = parameters.dump(),
                                                            .seed = 0,
                                                            .repeats = {}}));
  auto outcome = ReportIntoRun(session, run, request);
  if (!outcome) return run.Fail(outcome.error());
  KLIEG_TRY(run.Finish());
  return outcome;
}

}  // namespace klieg::flows
