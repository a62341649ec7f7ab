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
  KLIEG_ASSIGN(
      const rights::Permit permit,
      session.gate().Ask(
          {.actor = session.actor(), .purpose = purpose, .snapshot = snapshot, .reason = reason}));
  const auto sequence = static_cast<int64_t>(permit.log_sequence());
  if (permit_sequence != nullptr) *permit_sequence = sequence;
  KLIEG_TRY(run.AddInput({.role = std::string(role),
                          .kind = "snapshot",
                          .digest = snapshot.Hex(),
                          .permit_sequence = sequence}));
  return data::OpenSnapshot(session.snapshots(), permit);
}

core::Result<LoadedInteractions> LoadInteractions(Session& session, platform::Run& run,
                                                  const std::string& dataset,
                                                  rights::Purpose purpose,
                                                  const std::string& reason,
                                                  const personalize::InteractionFilter& filter) {
  LoadedInteractions loaded;
  KLIEG_ASSIGN(loaded.dataset, session.store().GetDataset(dataset, "interactions"));
  KLIEG_ASSIGN(const core::Digest digest, core::Digest::FromHex(loaded.dataset.snapshot));
  KLIEG_ASSIGN(
      const data::Snapshot snapshot,
      OpenForRun(session, run, digest, purpose, "interactions", reason, &loaded.permit_sequence));
  KLIEG_ASSIGN(data::InteractionTable table,
               data::ReadInteractions(snapshot, session.pool().threads()));
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
