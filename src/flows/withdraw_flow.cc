#include "flows/withdraw_flow.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "flows/rederive_model.h"
#include "flows/subject_selection.h"

namespace klieg::flows {
namespace {

using nlohmann::json;

const rights::RecordedWithdrawal* FindWithdrawal(const rights::Book& book, const std::string& id) {
  const auto found = std::ranges::find(book.withdrawals(), id, &rights::RecordedWithdrawal::id);
  return found == book.withdrawals().end() ? nullptr : &*found;
}

/// Rows of the material in one snapshot: read under the purpose of removal, and forgotten.
core::Result<uint64_t> CountRows(Session& session, platform::Run& run, const core::Digest& snapshot,
                                 const SelectedIds& ids, const std::string& reason) {
  KLIEG_ASSIGN(const data::Snapshot opened, OpenForRun(session, run, "affected",
                                                       {.actor = session.actor(),
                                                        .purpose = rights::Purpose::kRemove,
                                                        .snapshot = snapshot,
                                                        .reason = reason,
                                                        .only_members = ids.members,
                                                        .only_titles = ids.titles}));
  if (opened.manifest().kind == data::TableKind::kTitles) {
    KLIEG_ASSIGN(const data::TitleTable table, data::ReadTitles(opened));
    return table.ids.size();
  }
  KLIEG_ASSIGN(const data::InteractionTable table,
               data::ReadInteractions(opened, session.pool().threads()));
  return table.members.size();
}

core::Result<std::vector<AffectedSnapshot>> FindSnapshots(Session& session, platform::Run& run,
                                                          const SubjectSelection& selection,
                                                          const std::string& reason) {
  std::map<std::string, std::vector<std::string>> datasets;
  KLIEG_ASSIGN(const std::vector<platform::DatasetRecord> records, session.store().ListDatasets());
  for (const platform::DatasetRecord& record : records) {
    datasets[record.snapshot].push_back(
        fmt::format("{}@{} ({})", record.name, record.version, record.kind));
  }
  std::vector<core::Digest> snapshots;
  for (const auto& [snapshot, terms] : session.gate().book().terms()) snapshots.push_back(snapshot);
  std::vector<AffectedSnapshot> affected;
  for (const core::Digest& snapshot : snapshots) {
    const SelectedIds ids = IdsIn(session.gate().book(), snapshot, selection);
    const rights::Attribution& attribution = session.gate().book().AttributionOf(snapshot);
    const bool whole = std::ranges::any_of(
        selection.works, [&](const std::string& work) { return attribution.works.contains(work); });
    if (ids.Empty() && !whole) continue;
    // A snapshot that was registered and has been deleted since holds nothing.
    const auto manifest = data::ReadManifest(session.snapshots(), snapshot);
    if (!manifest && manifest.error().code == core::ErrorCode::kNotFound) continue;
    if (!manifest) return tl::unexpected<core::Error>(manifest.error());
    AffectedSnapshot one;
    one.digest = snapshot.Hex();
    one.datasets = datasets[one.digest];
    if (whole) {
      one.rows = manifest->rows;
    } else {
      KLIEG_ASSIGN(one.rows, CountRows(session, run, snapshot, ids, reason));
    }
    if (one.rows == 0) continue;
    one.members = ids.members.size();
    one.titles = ids.titles.size();
    affected.push_back(std::move(one));
  }
  return affected;
}

core::Result<std::map<std::string, std::vector<std::string>>> RunsByModel(Session& session) {
  std::map<std::string, std::vector<std::string>> runs;
  KLIEG_ASSIGN(const std::vector<platform::RunRecord> records, session.store().ListRuns());
  for (const platform::RunRecord& record : records) {
    if (record.spec.kind == "withdraw" || record.spec.kind == "verify") continue;
    KLIEG_ASSIGN(const platform::RunRecord run, session.store().GetRun(record.id));
    for (const platform::RunInput& input : run.inputs) {
      if (input.kind == "model")
        runs[input.digest].push_back(fmt::format("{} ({})", run.id, run.spec.kind));
    }
  }
  return runs;
}

struct FoundModel {
  AffectedModel affected;
  platform::ModelRecord record;
};

core::Result<std::vector<FoundModel>> FindModels(Session& session,
                                                 const SubjectSelection& selection,
                                                 const std::vector<rights::Purpose>& purposes) {
  KLIEG_ASSIGN(const std::vector<platform::ModelRecord> records, session.store().ListModels());
  KLIEG_ASSIGN(auto runs, RunsByModel(session));
  std::map<std::string, int64_t> latest;
  for (const platform::ModelRecord& record : records)
    latest[record.name] = std::max(latest[record.name], record.version);
  std::vector<FoundModel> found;
  const rights::Book& book = session.gate().book();
  for (const platform::ModelRecord& record : records) {
    KLIEG_ASSIGN(const core::Digest artifact, core::Digest::FromHex(record.digest));
    const auto entry = book.models().find(artifact);
    // What is not in the log cannot be loaded anyway.
    if (entry == book.models().end() || !entry->second.subjects) continue;
    if (std::ranges::find(purposes, entry->second.purpose) == purposes.end()) continue;
    KLIEG_ASSIGN(const rights::SubjectTree tree,
                 rights::SubjectTree::Load(session.gate().SubjectsPath(*entry->second.subjects)));
    const std::vector<rights::Subject> subjects = SubjectsIn(book, entry->second, tree, selection);
    if (subjects.empty()) continue;
    FoundModel one;
    one.record = record;
    one.affected.model = fmt::format("{}@{}", record.name, record.version);
    one.affected.digest = record.digest;
    one.affected.subjects = subjects.size();
    for (const rights::Subject& subject : subjects) {
      // A work's rows are those of its titles.
      if (subject.kind != rights::SubjectKind::kWork) one.affected.rows += subject.rows;
    }
    one.affected.latest = latest[record.name] == record.version;
    one.affected.used_by = runs[record.digest];
    found.push_back(std::move(one));
  }
  return found;
}

class Steps {
 public:
  explicit Steps(WithdrawReport& report) : report_(report) {}
  void Done(std::string name) {
    const double now = watch_.WallSeconds();
    report_.steps.push_back({std::move(name), now - last_});
    last_ = now;
  }

 private:
  WithdrawReport& report_;
  core::Stopwatch watch_;
  double last_ = 0;
};

core::Status WithdrawIntoRun(Session& session, platform::Run& run, const WithdrawRequest& request,
                             WithdrawReport& report) {
  Steps steps(report);
  rights::Gate& gate = session.gate();
  if (request.again.empty()) {
    KLIEG_ASSIGN(const rights::LogEntry entry,
                 gate.RecordWithdrawal(request.withdrawal, session.actor()));
    report.withdrawal = fmt::format("w-{}", entry.sequence);
  } else {
    report.withdrawal = request.again;
  }
  const rights::RecordedWithdrawal* found = FindWithdrawal(gate.book(), report.withdrawal);
  if (found == nullptr) {
    return core::Fail(core::ErrorCode::kNotFound,
                      "there is no withdrawal '{}': klieg rights show withdrawals",
                      report.withdrawal);
  }
  const rights::RecordedWithdrawal record = *found;  // The book grows while we work.
  report.entry = record.sequence;
  steps.Done("record the withdrawal");

  const SubjectSelection selection = SelectWithdrawn(gate.book(), record);
  const std::string reason = "find what " + report.withdrawal + " takes back";
  KLIEG_ASSIGN(report.snapshots, FindSnapshots(session, run, selection, reason));
  steps.Done("find it in snapshots");
  KLIEG_ASSIGN(const std::vector<FoundModel> models,
               FindModels(session, selection, record.withdrawal.purposes));
  steps.Done("find it in models");

  for (const FoundModel& model : models) {
    report.models.push_back(model.affected);
    KLIEG_ASSIGN(const core::Digest artifact, core::Digest::FromHex(model.affected.digest));
    if (!gate.book().models().at(artifact).quarantine.empty()) continue;
    KLIEG_TRY(gate.RecordQuarantine(artifact, "it holds what " + report.withdrawal + " takes back",
                                    session.actor()));
  }
  steps.Done("quarantine the models");
  if (request.rederive) {
    for (const FoundModel& model : models) {
      if (!model.affected.latest) continue;
      RederivedModel one;
      one.from = model.affected.model;
      auto derived = RederiveModel(session, run, model.record, report.withdrawal);
      if (derived) {
        one.to = fmt::format("{}@{}", derived->model.name, derived->model.version);
        one.digest = derived->model.digest;
        one.method = derived->method;
        one.bound = derived->bound;
        one.bound_basis = derived->bound_basis;
        one.seconds = derived->seconds;
      } else {
        one.error = derived.error().message;
      }
      steps.Done("derive " + one.from + " again");
      report.rederived.push_back(std::move(one));
    }
  }
  KLIEG_TRY(gate.SignHead());
  steps.Done("sign the log");
  std::vector<platform::RunMetric> metrics;
  for (const Step& step : report.steps)
    metrics.push_back({step.name, "seconds", step.seconds, {}, {}, "wall clock"});
  return run.AddMetrics(metrics);
}

}  // namespace

core::Result<WithdrawReport> Withdraw(Session& session, const WithdrawRequest& request) {
  if (request.again.empty()) KLIEG_TRY(session.gate().book().CheckNew(request.withdrawal));
  const std::string whom = !request.again.empty()              ? request.again
                           : !request.withdrawal.party.empty() ? request.withdrawal.party
                                                               : "members";
  KLIEG_ASSIGN(platform::Run run,
               session.store().StartRun({.kind = "withdraw",
                                         .name = "withdrawal of " + whom,
                                         .command = session.command(),
                                         .parameters = json{{"again", request.again}}.dump(),
                                         .seed = 0,
                                         .repeats = {}}));
  WithdrawReport report;
  report.run = run.id();
  if (auto done = WithdrawIntoRun(session, run, request, report); !done)
    return run.Fail(done.error());
  KLIEG_TRY(run.Finish());
  return report;
}

}  // namespace klieg::flows
