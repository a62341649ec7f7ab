#include "flows/verify_flow.h"

#include <nlohmann/json.hpp>

#include "flows/verify_model_flow.h"
#include "rights/log.h"

namespace klieg::flows {
namespace {

using nlohmann::json;

/// Which snapshot each decision in favour was about, by its place in the log.
core::Result<std::map<int64_t, std::string>> PermittedSnapshots(const Session& session) {
  std::map<int64_t, std::string> permitted;
  KLIEG_ASSIGN(rights::Log log, rights::Log::Open(session.workspace().rights_log()));
  KLIEG_TRY(log.ForEach([&permitted](const rights::LogEntry& entry) {
    if (entry.kind != "decision") return;
    const json body = json::parse(entry.body, nullptr, false);
    if (body.is_object() && body.value("decision", "") == "permit") {
      permitted[static_cast<int64_t>(entry.sequence)] = body.value("snapshot", "");
    }
  }));
  return permitted;
}

}  // namespace

core::Result<std::vector<Finding>> VerifyWorkspace(Session& session) {
  std::vector<Finding> findings = VerifyLogAndHeads(session.workspace());

  KLIEG_ASSIGN(const std::vector<core::Digest> snapshots, data::ListSnapshots(session.snapshots()));
  const auto task = session.progress().Begin("verify snapshots", snapshots.size(), "snapshots");
  for (const core::Digest& snapshot : snapshots) {
    const core::Status sound = data::VerifySnapshot(session.snapshots(), snapshot);
    findings.push_back({fmt::format("snapshot {}", snapshot.Short()), sound.has_value(),
                        sound ? "every byte as written" : sound.error().message});
    task->Advance(1);
  }

  KLIEG_ASSIGN(const std::vector<std::string> problems, session.store().VerifyArtifacts());
  for (const std::string& problem : problems) findings.push_back({"artifact", false, problem});
  if (problems.empty())
    findings.push_back({"artifacts", true, "models and artifacts of runs are as written"});

  if (!findings.front().sound) return findings;
  KLIEG_ASSIGN(const auto permitted, PermittedSnapshots(session));
  KLIEG_ASSIGN(const std::vector<platform::ModelRecord> models, session.store().ListModels());
  for (const platform::ModelRecord& model : models) {
    const auto decision = permitted.find(model.permit_sequence);
    const bool sound = decision != permitted.end() && decision->second == model.snapshot;
    findings.push_back(
        {fmt::format("model {}@{}", model.name, model.version), sound,
         sound ? fmt::format("trained under decision {} of the gate", model.permit_sequence)
               : fmt::format("the log has no decision {} in favour of its snapshot: do not use it",
                             model.permit_sequence)});
  }
  return findings;
}

}  // namespace klieg::flows
