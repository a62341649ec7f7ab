/// What every flow needs: an open workspace, its metadata, the gate, threads and progress. One per
/// command.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/progress.h"
#include "core/thread_pool.h"
#include "data/snapshot.h"
#include "personalize/interactions.h"
#include "platform/metadata.h"
#include "platform/workspace.h"
#include "rights/gate.h"

namespace klieg::flows {

class Session {
 public:
  /// `clock` and `progress` must outlive the session. `threads` 0: all processors. `command` is
  /// recorded with each run, as JSON, so that it can be repeated.
  static core::Result<std::unique_ptr<Session>> Open(const platform::Workspace& workspace,
                                                     size_t threads, const core::Clock& clock,
                                                     core::Progress& progress,
                                                     std::string command = "{}");

  const platform::Workspace& workspace() const { return workspace_; }
  platform::MetadataStore& store() { return *store_; }
  rights::Gate& gate() { return gate_; }
  data::SnapshotStore snapshots() const { return data::SnapshotStore(workspace_.snapshots()); }
  core::ThreadPool& pool() { return pool_; }
  core::Progress& progress() { return *progress_; }
  const core::Clock& clock() const { return *clock_; }
  const std::string& actor() const { return actor_; }
  const std::string& command() const { return command_; }

 private:
  Session(platform::Workspace workspace, std::unique_ptr<platform::MetadataStore> store,
          rights::Gate gate, size_t threads, const core::Clock& clock, core::Progress& progress,
          std::string command);
  platform::Workspace workspace_;
  std::unique_ptr<platform::MetadataStore> store_;
  rights::Gate gate_;
  core::ThreadPool pool_;
  const core::Clock* clock_;
  core::Progress* progress_;
  std::string actor_;
  std::string command_;
};

/// A snapshot opened through the gate and noted as an input of the run. `role` is what it serves as
/// ("train").
core::Result<data::Snapshot> OpenForRun(Session& session, platform::Run& run,
                                        const core::Digest& snapshot, rights::Purpose purpose,
                                        std::string_view role, const std::string& reason,
                                        int64_t* permit_sequence = nullptr);

core::Result<data::Snapshot> OpenForRun(Session& session, platform::Run& run, std::string_view role,
                                        const rights::Request& request,
                                        int64_t* permit_sequence = nullptr);

/// The gate's permission to use a registered model, noted as an input of the run.
core::Result<rights::ModelPermit> AskForModel(Session& session, platform::Run& run,
                                              const platform::ModelRecord& record,
                                              rights::Purpose purpose, rights::Action action,
                                              const std::string& reason);

/// The interactions of a dataset, through the gate. What the command line calls --value-min and
/// --interactions-min is the filter.
/// Members and titles to leave out although they may be used.
struct Without {
  std::vector<std::string> members;
  std::vector<std::string> titles;
};
struct LoadedInteractions {
  personalize::Interactions data;
  core::Digest snapshot;
  uint64_t rows_left_out = 0;  ///< By consents of members and of those whose work it is.
  rights::RowRules rows;       ///< Who was left out.
  platform::DatasetRecord dataset;
  int64_t permit_sequence = -1;
};
core::Result<LoadedInteractions> LoadInteractions(Session& session, platform::Run& run,
                                                  const std::string& dataset,
                                                  rights::Purpose purpose,
                                                  const std::string& reason,
                                                  const personalize::InteractionFilter& filter,
                                                  const Without& without = {});

/// Names, years and genres of a dataset's titles, arranged as `title_ids`; unknown titles keep
/// their id as name. A dataset without titles gives ids as names. `known` says how many were found.
struct TitleNames {
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> genres;
  size_t known = 0;
};
core::Result<TitleNames> LoadTitleNames(Session& session, platform::Run& run,
                                        const std::string& dataset, rights::Purpose purpose,
                                        const std::string& reason,
                                        const std::vector<std::string>& title_ids);

/// Who runs this process: the login name, else the numeric user id.
std::string CurrentActor();

}  // namespace klieg::flows
