#include "flows/explain_flow.h"

#include <map>
#include <nlohmann/json.hpp>

namespace klieg::flows {
namespace {

using nlohmann::json;

/// The entries at these places of the log.
core::Result<std::map<int64_t, rights::LogEntry>> EntriesAt(
    Session& session, const std::vector<platform::RunInput>& inputs) {
  std::map<int64_t, rights::LogEntry> entries;
  for (const platform::RunInput& input : inputs) {
    if (input.permit_sequence >= 0) entries[input.permit_sequence] = {};
  }
  KLIEG_TRY(session.gate().log().ForEach([&](const rights::LogEntry& entry) {
    const auto found = entries.find(static_cast<int64_t>(entry.sequence));
    if (found != entries.end()) found->second = entry;
  }));
  return entries;
}

std::string RefusalLine(const json& refusal) {
  return fmt::format("{} {}, clause {} ({}): {}", refusal.value("pack", ""),
                     refusal.value("version", ""), refusal.value("clause", ""),
                     refusal.value("source", ""), refusal.value("says", ""));
}

}  // namespace

core::Result<RunExplanation> ExplainRun(Session& session, const std::string& run) {
  RunExplanation explanation;
  KLIEG_ASSIGN(explanation.run, session.store().GetRun(run));
  KLIEG_ASSIGN(const auto entries, EntriesAt(session, explanation.run.inputs));
  for (const platform::RunInput& input : explanation.run.inputs) {
    ExplainedInput one{input, {}, {}, {}};
    if (input.permit_sequence >= 0) {
      const rights::LogEntry& entry = entries.at(input.permit_sequence);
      const json body = json::parse(entry.body, nullptr, false);
      const bool about = body.is_object() && (body.value("snapshot", "") == input.digest ||
                                              body.value("artifact", "") == input.digest);
      if (entry.kind != rights::kDecisionKind || !about) {
        return core::Fail(
            core::ErrorCode::kCorrupt,
            "run {} names entry {} of the log as the decision about {} {}, which it is "
            "not",
            explanation.run.id, input.permit_sequence, input.kind, input.digest.substr(0, 12));
      }
      one.time = core::FormatTimestamp(entry.time);
      one.decision = entry.body;
      one.digest = entry.hash.Hex();
    }
    explanation.inputs.push_back(std::move(one));
  }
  return explanation;
}

std::string ExplanationText(const RunExplanation& explanation) {
  const platform::RunRecord& run = explanation.run;
  std::string text = fmt::format("run {}: {}, by {}, {}\n", run.id, run.spec.name, run.actor,
                                 platform::RunStateName(run.state));
  for (const ExplainedInput& one : explanation.inputs) {
    text += fmt::format("\n{} {} ({})\n", one.input.kind, one.input.digest.substr(0, 12),
                        one.input.role);
    if (one.decision.empty()) {
      text += "  needed no decision\n";
      continue;
    }
    const json body = json::parse(one.decision, nullptr, false);
    text +=
        fmt::format("  {} '{}' on {}, log entry {}\n",
                    body.value("decision", "") == "permit" ? "permitted for" : "refused for",
                    body.value("purpose", ""), one.time.substr(0, 19), one.input.permit_sequence);
    for (const json& clause : body.value("clauses", json::array()))
      text += fmt::format("  by clause {}\n", clause.get<std::string>());
    for (const json& terms : body.value("terms", json::array()))
      text += fmt::format("  under terms {}\n", terms.get<std::string>().substr(0, 12));
    if (!body.contains("rows")) continue;
    const json& rows = body["rows"];
    text += fmt::format("  rows: {} {} members and {} titles\n",
                        rows.value("rule", "") == "only" ? "only those of" : "left out those of",
                        rows.value("members", 0), rows.value("titles", 0));
    for (const json& refusal : rows.value("clauses", json::array()))
      text += fmt::format("    {}\n", RefusalLine(refusal));
  }
  for (const platform::RunMetric& metric : run.metrics) {
    if (metric.name == "rows_left_out")
      text += fmt::format("\n{:.0f} rows of {} were left out\n", metric.value, metric.subject);
  }
  if (!run.error.empty()) text += fmt::format("\n{}\n", run.error);
  return text;
}

std::string ExplanationJson(const RunExplanation& explanation) {
  json inputs = json::array();
  for (const ExplainedInput& one : explanation.inputs) {
    inputs.push_back({{"role", one.input.role},
                      {"kind", one.input.kind},
                      {"digest", one.input.digest},
                      {"entry", one.input.permit_sequence},
                      {"time", one.time},
                      {"decision", json::parse(one.decision, nullptr, false)}});
    if (one.decision.empty()) inputs.back()["decision"] = nullptr;
  }
  const json object = {{"run", explanation.run.id},
                       {"name", explanation.run.spec.name},
                       {"state", platform::RunStateName(explanation.run.state)},
                       {"error", explanation.run.error},
                       {"inputs", inputs}};
  return object.dump(1);
}

}  // namespace klieg::flows
