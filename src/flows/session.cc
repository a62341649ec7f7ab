#include "flows/session.h"

#include <pwd.h>
#include <unistd.h>

#include <utility>

namespace klieg::flows {

std::string CurrentActor() {
  if (const passwd* entry = ::getpwuid(::getuid()); entry != nullptr) return entry->pw_name;
  return fmt::format("uid {}", ::getuid());
}

Session::Session(platform::Workspace workspace, std::unique_ptr<platform::MetadataStore> store,
                 rights::Gate gate, size_t threads, const core::Clock& clock,
                 core::Progress& progress, std::string command)
    : workspace_(std::move(workspace)),
      store_(std::move(store)),
      gate_(std::move(gate)),
      pool_(threads),
      clock_(&clock),
      progress_(&progress),
      actor_(CurrentActor()),
      command_(std::move(command)) {}

core::Result<std::unique_ptr<Session>> Session::Open(const platform::Workspace& workspace,
                                                     size_t threads, const core::Clock& clock,
                                                     core::Progress& progress,
                                                     std::string command) {
  KLIEG_ASSIGN(auto store, platform::MetadataStore::Open(workspace, clock));
  KLIEG_ASSIGN(rights::Gate gate, rights::Gate::Open(workspace.rights_log(), clock));
  return std::unique_ptr<Session>(new Session(workspace, std::move(store), std::move(gate), threads,
                                              clock, progress, std::move(command)));
}

core::Result<data::Snapshot> OpenForRun(Session& session, platform::Run& run,
                                        const core::Digest& snapshot, rights::Purpose purpose,
                                        std::string_view role, const std::string& reason,
                                        int64_t* permit_sequence) {
  return OpenForRun(
      session, run, role,
      {.actor = session.actor(), .purpose = purpose, .snapshot = snapshot, .reason = reason},
      permit_sequence);
}

core::Result<data::Snapshot> OpenForRun(Session& session, platform::Run& run, std::string_view role,
                                        const rights::Request& request, int64_t* permit_sequence) {
  KLIEG_ASSIGN(const rights::Permit permit, session.gate().Ask(request));
  const auto sequence = static_cast<int64_t>(permit.log_sequence());
  if (permit_sequence != nullptr) *permit_sequence = sequence;
  KLIEG_TRY(run.AddInput({.role = std::string(role),
                          .kind = "snapshot",
                          .digest = request.snapshot.Hex(),
                          .permit_sequence = sequence}));
  return data::OpenSnapshot(session.snapshots(), permit);
}

core::Result<rights::ModelPermit> AskForModel(Session& session, platform::Run& run,
                                              const platform::ModelRecord& record,
                                              rights::Purpose purpose, rights::Action action,
                                              const std::string& reason) {
  KLIEG_ASSIGN(const core::Digest artifact, core::Digest::FromHex(record.digest));
  KLIEG_ASSIGN(rights::ModelPermit permit, session.gate().AskModel({.actor = session.actor(),
                                                                    .artifact = artifact,
                                                                    .purpose = purpose,
                                                                    .action = action,
                                                                    .reason = reason}));
  KLIEG_TRY(run.AddInput({.role = "model",
                          .kind = "model",
                          .digest = record.digest,
                          .permit_sequence = static_cast<int64_t>(permit.log_sequence())}));
  return permit;
}

core::Result<LoadedInteractions> LoadInteractions(Session& session, platform::Run& run,
                                                  const std::string& dataset,
                                                  rights::Purpose purpose,
                                                  const std::string& reason,
                                                  const personalize::InteractionFilter& filter,
                                                  const Without& without) {
  LoadedInteractions loaded;
  KLIEG_ASSIGN(loaded.dataset, session.store().GetDataset(dataset, "interactions"));
  KLIEG_ASSIGN(loaded.snapshot, core::Digest::FromHex(loaded.dataset.snapshot));
  KLIEG_ASSIGN(const data::Snapshot snapshot, OpenForRun(session, run, "interactions",
                                                         {.actor = session.actor(),
                                                          .purpose = purpose,
                                                          .snapshot = loaded.snapshot,
                                                          .reason = reason,
                                                          .without_members = without.members,
                                                          .without_titles = without.titles},
                                                         &loaded.permit_sequence));
  loaded.rows = snapshot.rows();
  KLIEG_ASSIGN(data::InteractionTable table,
               data::ReadInteractions(snapshot, session.pool().threads()));
  loaded.rows_left_out = table.rows_left_out;
  if (table.rows_left_out > 0) {
    KLIEG_TRY(run.AddMetric({.subject = dataset,
                             .name = "rows_left_out",
                             .value = static_cast<double>(table.rows_left_out),
                             .low = {},
                             .high = {},
                             .method = "refused by consents, see the decision in the log"}));
  }
  KLIEG_ASSIGN(loaded.data, personalize::MakeInteractions(std::move(table), filter));
  return loaded;
}

core::Result<TitleNames> LoadTitleNames(Session& session, platform::Run& run,
                                        const std::string& dataset, rights::Purpose purpose,
                                        const std::string& reason,
                                        const std::vector<std::string>& title_ids) {
  TitleNames result;
  result.names = title_ids;
  result.genres.resize(title_ids.size());
  const auto record = session.store().GetDataset(dataset, "titles");
  if (!record) {
    if (record.error().code == core::ErrorCode::kNotFound) return result;
    return tl::unexpected<core::Error>(record.error());
  }
  KLIEG_ASSIGN(const core::Digest digest, core::Digest::FromHex(record->snapshot));
  KLIEG_ASSIGN(const data::Snapshot snapshot,
               OpenForRun(session, run, digest, purpose, "titles", reason));
  KLIEG_ASSIGN(data::TitleTable table, data::ReadTitles(snapshot));
  const personalize::NameIndex index(table.ids);
  for (size_t i = 0; i < title_ids.size(); ++i) {
    const auto row = index.Find(title_ids[i]);
    if (!row) continue;
    ++result.known;
    if (!table.names[*row].empty()) {
      result.names[i] = table.years[*row] > 0
                            ? fmt::format("{} ({})", table.names[*row], table.years[*row])
                            : table.names[*row];
    }
    result.genres[i] = table.genres[*row];
  }
  return result;
}

}  // namespace klieg::flows
