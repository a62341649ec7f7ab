#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/version.h"
#include "platform/actor.h"
#include "platform/name_version.h"
#include "platform/run_rows.h"
#include "platform/run_state.h"
#include "platform/schema.h"

namespace klieg::platform {
namespace {

using core::ErrorCode;
using core::Fail;
namespace fs = std::filesystem;

/// "a, b": the distinct names of records.
template <class Record>
std::string Names(const std::vector<Record>& records) {
  std::set<std::string> names;
  for (const Record& record : records) names.insert(record.name);
  return names.empty() ? "none yet" : fmt::format("{}", fmt::join(names, ", "));
}

/// The record asked for among those of one name in the order of versions.
template <class Record>
core::Result<Record> Choose(const std::vector<Record>& all, std::string_view what,
                            const std::string& asked) {
  KLIEG_ASSIGN(const NameVersion wanted, ParseNameVersion(asked));
  const Record* chosen = nullptr;
  int64_t latest = 0;
  for (const Record& record : all) {
    if (record.name != wanted.name) continue;
    latest = std::max(latest, record.version);
    if (wanted.version == 0 ? record.version == latest : record.version == wanted.version)
      chosen = &record;
  }
  if (chosen != nullptr) return *chosen;
  if (latest > 0) {
    return Fail(ErrorCode::kNotFound, "the {} '{}' has no version {}; the latest is {}", what,
                wanted.name, wanted.version, latest);
  }
  return Fail(ErrorCode::kNotFound, "there is no {} '{}'; there are: {}", what, wanted.name,
              Names(all));
}

/// An empty database would be made anew without a word, and all runs be forgotten.
core::Status CheckNotLost(const Workspace& workspace) {
  std::error_code ignored;
  const auto size = [&](const fs::path& file) {
    return fs::exists(file, ignored) ? fs::file_size(file, ignored) : 0;
  };
  fs::path log = workspace.database();
  log += "-wal";
  if (size(workspace.database()) > 0 || size(log) > 0) return {};
  if (!fs::exists(workspace.runs(), ignored) || fs::is_empty(workspace.runs(), ignored)) return {};
  return Fail(ErrorCode::kCorrupt,
              "'{}' is missing or empty, though '{}' holds runs: put a backup back, or move the "
              "runs away to start anew",
              workspace.database().string(), workspace.runs().string());
}

soci::indicator TextOrNull(const std::string& text) {
  return text.empty() ? soci::i_null : soci::i_ok;
}

}  // namespace

class SqlMetadataStore : public MetadataStore {
 public:
  SqlMetadataStore(Workspace workspace, std::shared_ptr<Database> database,
                   const core::Clock& clock)
      : workspace_(std::move(workspace)), database_(std::move(database)), clock_(&clock) {}

  core::Result<Run> StartRun(RunSpec spec) override;
  core::Result<std::vector<RunRecord>> ListRuns() override;
  core::Result<RunRecord> GetRun(const std::string& id) override;
  core::Result<DatasetRecord> AddDataset(DatasetRecord record) override;
  core::Result<DatasetRecord> GetDataset(const std::string& name, const std::string& kind) override;
  core::Result<std::vector<DatasetRecord>> ListDatasets() override;
  core::Result<ModelRecord> AddModel(ModelRecord record) override;
  core::Result<ModelRecord> GetModel(const std::string& name) override;
  core::Result<std::vector<ModelRecord>> ListModels() override;
  core::Result<std::vector<std::string>> VerifyArtifacts() override;

  /// Marks as killed what says it is running and whose lock is free.
  core::Status MarkKilledRuns();

 private:
  soci::session& sql() { return database_->sql(); }
  core::Result<std::vector<std::string>> RunningRuns();

  Workspace workspace_;
  std::shared_ptr<Database> database_;
  const core::Clock* clock_;
};

core::Result<std::unique_ptr<MetadataStore>> MetadataStore::Open(const Workspace& workspace,
                                                                 const core::Clock& clock) {
  fs::path lock_path = workspace.database();
  lock_path += ".lock";
  std::shared_ptr<Database> database;
  {
    // Switching to the write-ahead log and migrating are not for two processes at once.
    const core::Result<core::FileLock> lock = core::FileLock::Acquire(lock_path);
    if (!lock)
      return Fail(ErrorCode::kIo, "the workspace must be writable: {}", lock.error().message);
    KLIEG_TRY(CheckNotLost(workspace));
    KLIEG_ASSIGN(database, Database::Open(workspace.database()));
    KLIEG_TRY(Migrate(*database, AllMigrations(), clock.Now()));
  }
  auto store = std::make_unique<SqlMetadataStore>(workspace, std::move(database), clock);
  KLIEG_TRY(store->MarkKilledRuns());
  return store;
}

core::Result<std::vector<std::string>> SqlMetadataStore::RunningRuns() {
  return database_->Guard("read runs", [&]() -> core::Result<std::vector<std::string>> {
    std::vector<std::string> ids;
    std::string id;
    soci::statement statement =
        (sql().prepare << "select id from runs where state = 'running'", soci::into(id));
    statement.execute();
    while (statement.fetch()) ids.push_back(id);
    return ids;
  });
}

core::Status SqlMetadataStore::MarkKilledRuns() {
  KLIEG_ASSIGN(const std::vector<std::string> running, RunningRuns());
  for (const std::string& id : running) {
    KLIEG_ASSIGN(const bool alive, RunIsAlive(workspace_.runs(), id));
    if (alive) continue;
    // The state is asked for again: the run may have ended, and its lock been freed, since it was
    // read.
    KLIEG_TRY(database_->Write("mark a killed run", [&]() -> core::Status {
      const std::string error = fmt::format(
          "its process ended without a result; repeat it with: klieg runs --repeat {}", id);
      sql() << "update runs set state = 'killed', error = :error where id = :id and state = "
               "'running'",
          soci::use(error), soci::use(id);
      return {};
    }));
  }
  return {};
}

core::Result<Run> SqlMetadataStore::StartRun(RunSpec spec) {
  const core::Timestamp now = clock_->Now();
  KLIEG_ASSIGN(RunFolder folder, MakeRunFolder(workspace_.runs(), now));
  std::unique_ptr<Run::State> state(
      new Run::State{database_, clock_, workspace_.folder(), std::move(folder), core::Stopwatch()});
  const std::string& id = state->folder.id;
  // The lock is held before the row appears, so that nobody can take the run for killed in between.
  core::Status recorded = database_->Write("record a run", [&]() -> core::Status {
    const std::string actor = CurrentActor();
    const std::string code = core::CodeVersion();
    const std::string instructions = core::InstructionSet();
    const std::string seed = fmt::format("{}", spec.seed);
    const std::string started = core::FormatTimestamp(now);
    sql() << "insert into runs (id, kind, name, command, parameters, seed, repeats, state, actor, "
             "code_version, "
             "instruction_set, started, ended, error, wall_seconds, cpu_seconds, peak_bytes) "
             "values (:id, :kind, :name, :command, :parameters, :seed, :repeats, 'running', "
             ":actor, :code, "
             ":instructions, :started, null, '', 0, 0, 0)",
        soci::use(id), soci::use(spec.kind), soci::use(spec.name), soci::use(spec.command),
        soci::use(spec.parameters), soci::use(seed), soci::use(spec.repeats), soci::use(actor),
        soci::use(code), soci::use(instructions), soci::use(started);
    return {};
  });
  if (!recorded) {
    std::error_code ignored;
    fs::remove_all(state->folder.path, ignored);
    return tl::unexpected<core::Error>(std::move(recorded).error());
  }
  return Run(std::move(state));
}

core::Result<std::vector<RunRecord>> SqlMetadataStore::ListRuns() {
  KLIEG_TRY(MarkKilledRuns());
  return ReadRuns(*database_, "");
}

core::Result<RunRecord> SqlMetadataStore::GetRun(const std::string& id) {
  KLIEG_TRY(MarkKilledRuns());
  if (id.empty())
    return Fail(ErrorCode::kInvalidArgument, "which run? the id is empty; klieg runs lists them");
  KLIEG_ASSIGN(std::vector<RunRecord> runs, ReadRuns(*database_, id));
  const auto exact = std::ranges::find(runs, id, &RunRecord::id);
  if (exact == runs.end() && runs.size() > 1) {
    return Fail(ErrorCode::kInvalidArgument,
                "'{}' is the beginning of {} runs, {} and {} among them: give more of it", id,
                runs.size(), runs[0].id, runs[1].id);
  }
  if (runs.empty())
    return Fail(ErrorCode::kNotFound, "there is no run '{}'; klieg runs lists them", id);
  RunRecord run = exact == runs.end() ? std::move(runs.front()) : std::move(*exact);
  KLIEG_TRY(ReadRunParts(*database_, run));
  return run;
}

core::Result<DatasetRecord> SqlMetadataStore::AddDataset(DatasetRecord record) {
  KLIEG_TRY(CheckName("dataset", record.name));
  record.created = clock_->Now();
  KLIEG_TRY(database_->Write("add a dataset", [&]() -> core::Status {
    long long version = 0;
    sql()
        << "select coalesce(max(version), 0) + 1 from datasets where name = :name and kind = :kind",
        soci::into(version), soci::use(record.name), soci::use(record.kind);
    const std::string created = core::FormatTimestamp(record.created);
    soci::indicator has_run = TextOrNull(record.run);
    sql() << "insert into datasets (name, kind, version, snapshot, terms, run, created) "
             "values (:name, :kind, :version, :snapshot, :terms, :run, :created)",
        soci::use(record.name), soci::use(record.kind), soci::use(version),
        soci::use(record.snapshot), soci::use(record.terms), soci::use(record.run, has_run),
        soci::use(created);
    record.version = version;
    return {};
  }));
  return record;
}

core::Result<DatasetRecord> SqlMetadataStore::GetDataset(const std::string& name,
                                                         const std::string& kind) {
  KLIEG_ASSIGN(std::vector<DatasetRecord> datasets, ListDatasets());
  std::erase_if(datasets, [&](const DatasetRecord& record) { return record.kind != kind; });
  return Choose(datasets, kind + " dataset", name);
}

core::Result<std::vector<DatasetRecord>> SqlMetadataStore::ListDatasets() {
  return database_->Guard("read datasets", [&]() -> core::Result<std::vector<DatasetRecord>> {
    std::vector<DatasetRecord> datasets;
    DatasetRecord record;
    long long version = 0;
    std::string created;
    soci::statement statement =
        (sql().prepare << "select name, kind, version, snapshot, terms, coalesce(run, ''), created "
                          "from datasets "
                          "order by name, kind, version",
         soci::into(record.name), soci::into(record.kind), soci::into(version),
         soci::into(record.snapshot), soci::into(record.terms), soci::into(record.run),
         soci::into(created));
    statement.execute();
    while (statement.fetch()) {
      record.version = version;
      KLIEG_ASSIGN(record.created, ReadTime(created));
      datasets.push_back(record);
    }
    return datasets;
  });
}

core::Result<ModelRecord> SqlMetadataStore::AddModel(ModelRecord record) {
  KLIEG_TRY(CheckName("model", record.name));
  record.created = clock_->Now();
  KLIEG_TRY(database_->Write("add a model", [&]() -> core::Status {
    long long version = 0;
    sql() << "select coalesce(max(version), 0) + 1 from models where name = :name",
        soci::into(version), soci::use(record.name);
    const std::string created = core::FormatTimestamp(record.created);
    soci::indicator has_run = TextOrNull(record.run);
    const long long permit = record.permit_sequence;
    const auto bytes = static_cast<long long>(record.bytes);
    sql() << "insert into models (name, version, digest, ranker, parameters, run, snapshot, "
             "permit_sequence, bytes, created) "
             "values (:name, :version, :digest, :ranker, :parameters, :run, :snapshot, :permit, "
             ":bytes, :created)",
        soci::use(record.name), soci::use(version), soci::use(record.digest),
        soci::use(record.ranker), soci::use(record.parameters), soci::use(record.run, has_run),
        soci::use(record.snapshot), soci::use(permit), soci::use(bytes), soci::use(created);
    record.version = version;
    return {};
  }));
  return record;
}

core::Result<ModelRecord> SqlMetadataStore::GetModel(const std::string& name) {
  KLIEG_ASSIGN(const std::vector<ModelRecord> models, ListModels());
  return Choose(models, "model", name);
}

core::Result<std::vector<ModelRecord>> SqlMetadataStore::ListModels() {
  return database_->Guard("read models", [&]() -> core::Result<std::vector<ModelRecord>> {
    std::vector<ModelRecord> models;
    ModelRecord record;
    long long version = 0;
    long long permit = -1;
    long long bytes = 0;
    std::string created;
    soci::statement statement =
        (sql().prepare << "select name, version, digest, ranker, parameters, coalesce(run, ''), "
                          "snapshot, permit_sequence, "
                          "bytes, created from models order by name, version",
         soci::into(record.name), soci::into(version), soci::into(record.digest),
         soci::into(record.ranker), soci::into(record.parameters), soci::into(record.run),
         soci::into(record.snapshot), soci::into(permit), soci::into(bytes), soci::into(created));
    statement.execute();
    while (statement.fetch()) {
      record.version = version;
      record.permit_sequence = permit;
      record.bytes = static_cast<uint64_t>(bytes);
      KLIEG_ASSIGN(record.created, ReadTime(created));
      models.push_back(record);
    }
    return models;
  });
}

core::Result<std::vector<std::string>> SqlMetadataStore::VerifyArtifacts() {
  KLIEG_ASSIGN(const std::string integrity, database_->CheckIntegrity());
  std::vector<std::string> problems;
  if (integrity != "ok")
    problems.push_back(fmt::format("corrupt: {}: {}", workspace_.database().string(), integrity));

  KLIEG_ASSIGN(const std::vector<RunArtifact> artifacts, ReadAllArtifacts(*database_));
  std::set<std::pair<std::string, std::string>> checked;
  std::set<std::string> digests;
  for (const RunArtifact& artifact : artifacts) {
    digests.insert(artifact.digest);
    if (!checked.emplace(artifact.path, artifact.digest).second) continue;
    const fs::path file = workspace_.folder() / artifact.path;
    std::error_code ignored;
    if (fs::is_directory(file, ignored)) continue;
    const core::Result<core::Digest> found = core::HashFile(file);
    if (!found) {
      problems.push_back(fmt::format("{}: {} ({})", core::ErrorCodeName(found.error().code),
                                     artifact.path, found.error().message));
    } else if (found->Hex() != artifact.digest) {
      problems.push_back(fmt::format("corrupt: {}: expected the bytes with digest {}, found {}",
                                     artifact.path, artifact.digest.substr(0, 12), found->Short()));
    }
  }
  KLIEG_ASSIGN(const std::vector<ModelRecord> models, ListModels());
  for (const ModelRecord& model : models) {
    if (digests.contains(model.digest)) continue;
    problems.push_back(
        fmt::format("not_found: model {}@{}: no run recorded a file with its digest {}", model.name,
                    model.version, model.digest.substr(0, 12)));
  }
  return problems;
}

}  // namespace klieg::platform
