#include "platform/metadata.h"

#include <pwd.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <functional>

#include "core/memory.h"
#include "core/random.h"
#include "core/version.h"
#include "platform/migrations.h"
#include "platform/run_state.h"

namespace klieg::platform {
namespace {

namespace fs = std::filesystem;
using core::ErrorCode;

constexpr std::string_view kLockName = "lock";

std::string CurrentActor() {
  if (const passwd* entry = ::getpwuid(::getuid()); entry != nullptr) return entry->pw_name;
  return fmt::format("uid {}", ::getuid());
}

/// Names the runs of one workspace in the order of their time; the last digits keep two runs of one second apart.
std::string NewRunId(core::Timestamp now) {
  const auto seconds = static_cast<std::time_t>(now.seconds());
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  const uint64_t mixed = core::Random(static_cast<uint64_t>(now.micros) ^ (static_cast<uint64_t>(::getpid()) << 40)).Next();
  return fmt::format("{:04}{:02}{:02}-{:02}{:02}{:02}-{:06}{:04x}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec, now.micros % 1'000'000, mixed & 0xffff);
}

RunState StateOf(const std::string& name) {
  for (const RunState state : {RunState::kRunning, RunState::kFinished, RunState::kFailed}) {
    if (RunStateName(state) == name) return state;
  }
  return RunState::kKilled;
}

/// A figure that is not a number has no place in SQL: it is stored as null.
soci::indicator Presence(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? soci::i_ok : soci::i_null;
}

class SociStore : public MetadataStore, public RunWriter {
 public:
  SociStore(Workspace workspace, const core::Clock& clock) : workspace_(std::move(workspace)), clock_(&clock) {}

  core::Status OpenDatabase() {
    return Guard("open", [&]() -> core::Status {
      sql_.open(soci::sqlite3, fmt::format("db={} timeout=30 shared_cache=false", workspace_.database().string()));
      sql_ << "pragma journal_mode = wal";
      sql_ << "pragma synchronous = normal";
      sql_ << "pragma foreign_keys = on";
      KLIEG_TRY(Migrate());
      return MarkKilledRuns();
    });
  }

  core::Result<Run> StartRun(RunSpec spec) override {
    auto state = std::make_unique<Run::State>();
    const core::Timestamp now = clock_->Now();
    state->writer = this;
    state->id = NewRunId(now);
    state->workspace = workspace_.folder();
    state->folder = workspace_.runs() / state->id;
    KLIEG_TRY(core::MakeFolder(state->folder));
    KLIEG_ASSIGN(core::FileLock lock, core::FileLock::TryAcquire(state->folder / kLockName));
    state->lock = std::move(lock);
    KLIEG_TRY(Guard("start a run in", [&]() -> core::Status {
      const std::string seed = std::to_string(spec.seed);
      const std::string actor = CurrentActor();
      const std::string code = core::CodeVersion();
      const std::string instructions = core::InstructionSet();
      const long long started = now.micros;
      sql_ << "insert into runs (id, kind, name, command, parameters, seed, repeats, state, actor, code_version, instruction_set, "
              "started, error, wall_seconds, cpu_seconds, peak_bytes) values (:id, :kind, :name, :command, :parameters, :seed, "
              ":repeats, 'running', :actor, :code, :instructions, :started, '', 0, 0, 0)",
          soci::use(state->id), soci::use(spec.kind), soci::use(spec.name), soci::use(spec.command), soci::use(spec.parameters),
          soci::use(seed), soci::use(spec.repeats), soci::use(actor), soci::use(code), soci::use(instructions),
          soci::use(started);
      return {};
    }));
    return MakeRun(std::move(state));
  }

  core::Status InsertInput(const std::string& run, int64_t place, const RunInput& input) override {
    return Guard("record an input in", [&]() -> core::Status {
      const long long at = place;
      const long long permit = input.permit_sequence;
      sql_ << "insert into run_inputs values (:run, :place, :role, :kind, :digest, :permit)", soci::use(run), soci::use(at),
          soci::use(input.role), soci::use(input.kind), soci::use(input.digest), soci::use(permit);
      return {};
    });
  }

  core::Status InsertMetrics(const std::string& run, int64_t first_place, const std::vector<RunMetric>& metrics) override {
    return Guard("record figures in", [&]() -> core::Status {
      soci::transaction transaction(sql_);
      long long place = first_place;
      for (const RunMetric& one : metrics) {
        const double value = one.value;
        const double low = one.low.value_or(0);
        const double high = one.high.value_or(0);
        soci::indicator has_value = Presence(one.value);
        soci::indicator has_low = Presence(one.low);
        soci::indicator has_high = Presence(one.high);
        sql_ << "insert into run_metrics values (:run, :place, :subject, :name, :value, :low, :high, :method)", soci::use(run),
            soci::use(place), soci::use(one.subject), soci::use(one.name), soci::use(value, has_value), soci::use(low, has_low),
            soci::use(high, has_high), soci::use(one.method);
        ++place;
      }
      transaction.commit();
      return {};
    });
  }

  core::Status InsertArtifact(const std::string& run, int64_t place, const RunArtifact& artifact) override {
    return Guard("record an artifact in", [&]() -> core::Status {
      const long long at = place;
      sql_ << "insert into run_artifacts values (:run, :place, :name, :path, :digest)", soci::use(run), soci::use(at),
          soci::use(artifact.name), soci::use(artifact.path), soci::use(artifact.digest);
      return {};
    });
  }

  core::Status EndRun(const std::string& run, RunState state, const std::string& error, const core::Stopwatch& watch) override {
    return Guard("end a run in", [&]() -> core::Status {
      const std::string name(RunStateName(state));
      const long long ended = clock_->Now().micros;
      const double wall = watch.WallSeconds();
      const double cpu = watch.CpuSeconds();
      const auto peak = static_cast<long long>(core::PeakResidentBytes());
      sql_ << "update runs set state = :state, ended = :ended, error = :error, wall_seconds = :wall, cpu_seconds = :cpu, "
              "peak_bytes = :peak where id = :id",
          soci::use(name), soci::use(ended), soci::use(error), soci::use(wall), soci::use(cpu), soci::use(peak), soci::use(run);
      return {};
    });
  }

  core::Result<std::vector<RunRecord>> ListRuns() override {
    KLIEG_TRY(MarkKilledRuns());
    std::vector<RunRecord> runs;
    KLIEG_TRY(Guard("list the runs of", [&]() -> core::Status {
      const soci::rowset<soci::row> rows = (sql_.prepare << std::string(kSelectRun) + " order by id desc");
      for (const soci::row& row : rows) runs.push_back(ReadRun(row));
      return {};
    }));
    return runs;
  }

  core::Result<RunRecord> GetRun(const std::string& id) override {
    KLIEG_TRY(MarkKilledRuns());
    std::vector<RunRecord> found;
    KLIEG_TRY(Guard("read a run of", [&]() -> core::Status {
      // The length is compared rather than a pattern, so that no character of the id has a meaning.
      const long long length = static_cast<long long>(id.size());
      const soci::rowset<soci::row> rows = (sql_.prepare << std::string(kSelectRun) + " where substr(id, 1, :length) = :id order by id",
                                            soci::use(length), soci::use(id));
      for (const soci::row& row : rows) found.push_back(ReadRun(row));
      return {};
    }));
    if (found.empty() || id.empty()) {
      return core::Fail(ErrorCode::kNotFound, "there is no run '{}': klieg runs lists them", id);
    }
    if (found.size() > 1) {
      return core::Fail(ErrorCode::kInvalidArgument, "'{}' begins the names of {} runs, {} and {} among them: give more of it", id,
                        found.size(), found[0].id, found[1].id);
    }
    KLIEG_TRY(FillRun(found.front()));
    return std::move(found.front());
  }

  core::Result<DatasetRecord> AddDataset(DatasetRecord record) override {
    record.created = clock_->Now();
    KLIEG_TRY(Guard("name a dataset in", [&]() -> core::Status {
      sql_ << "begin immediate";
      soci::indicator present = soci::i_null;
      long long latest = 0;
      try {
        sql_ << "select max(version) from datasets where name = :name and kind = :kind", soci::use(record.name),
            soci::use(record.kind), soci::into(latest, present);
        record.version = (present == soci::i_ok ? latest : 0) + 1;
        const long long version = record.version;
        const long long created = record.created.micros;
        sql_ << "insert into datasets values (:name, :kind, :version, :snapshot, :terms, :run, :created)", soci::use(record.name),
            soci::use(record.kind), soci::use(version), soci::use(record.snapshot), soci::use(record.terms), soci::use(record.run),
            soci::use(created);
        sql_ << "commit";
      } catch (...) {
        sql_ << "rollback";
        throw;
      }
      return {};
    }));
    return record;
  }

  core::Result<DatasetRecord> GetDataset(const std::string& name, const std::string& kind) override {
    KLIEG_ASSIGN(const std::vector<DatasetRecord> all, ListDatasets());
    const DatasetRecord* latest = nullptr;
    std::string names;
    for (const DatasetRecord& one : all) {
      if (one.kind != kind) continue;
      if (one.name == name && (latest == nullptr || one.version > latest->version)) latest = &one;
      if (one.version == 1) names += fmt::format("{}{}", names.empty() ? "" : ", ", one.name);
    }
    if (latest != nullptr) return *latest;
    return core::Fail(ErrorCode::kNotFound, "there is no dataset '{}' of {}; {}", name, kind,
                      names.empty() ? "none has been imported: see klieg import --help" : "there are: " + names);
  }

  core::Result<std::vector<DatasetRecord>> ListDatasets() override {
    std::vector<DatasetRecord> list;
    KLIEG_TRY(Guard("list the datasets of", [&]() -> core::Status {
      const soci::rowset<soci::row> rows =
          (sql_.prepare << "select name, kind, version, snapshot, terms, run, created from datasets order by name, kind, version");
      for (const soci::row& row : rows) {
        list.push_back({.name = row.get<std::string>(0),
                        .kind = row.get<std::string>(1),
                        .version = row.get<long long>(2),
                        .snapshot = row.get<std::string>(3),
                        .terms = row.get<std::string>(4),
                        .run = row.get<std::string>(5),
                        .created = {row.get<long long>(6)}});
      }
      return {};
    }));
    return list;
  }

  core::Result<ModelRecord> AddModel(ModelRecord record) override {
    record.created = clock_->Now();
    KLIEG_TRY(Guard("register a model in", [&]() -> core::Status {
      sql_ << "begin immediate";
      soci::indicator present = soci::i_null;
      long long latest = 0;
      try {
        sql_ << "select max(version) from models where name = :name", soci::use(record.name), soci::into(latest, present);
        record.version = (present == soci::i_ok ? latest : 0) + 1;
        const long long version = record.version;
        const long long permit = record.permit_sequence;
        const auto bytes = static_cast<long long>(record.bytes);
        const long long created = record.created.micros;
        sql_ << "insert into models values (:name, :version, :digest, :ranker, :parameters, :run, :snapshot, :permit, :bytes, :created)",
            soci::use(record.name), soci::use(version), soci::use(record.digest), soci::use(record.ranker),
            soci::use(record.parameters), soci::use(record.run), soci::use(record.snapshot), soci::use(permit), soci::use(bytes),
            soci::use(created);
        sql_ << "commit";
      } catch (...) {
        sql_ << "rollback";
        throw;
      }
      return {};
    }));
    return record;
  }

  core::Result<ModelRecord> GetModel(const std::string& name) override {
    KLIEG_ASSIGN(const std::vector<ModelRecord> all, ListModels());
    const ModelRecord* found = nullptr;
    std::string names;
    for (const ModelRecord& one : all) {
      const bool named = name == one.name || name == fmt::format("{}@{}", one.name, one.version);
      if (named && (found == nullptr || one.version > found->version)) found = &one;
      if (one.version == 1) names += fmt::format("{}{}", names.empty() ? "" : ", ", one.name);
    }
    if (found != nullptr) return *found;
    return core::Fail(ErrorCode::kNotFound, "there is no model '{}'; {}", name,
                      names.empty() ? "none has been trained: see klieg train --help" : "there are: " + names);
  }

  core::Result<std::vector<ModelRecord>> ListModels() override {
    std::vector<ModelRecord> list;
    KLIEG_TRY(Guard("list the models of", [&]() -> core::Status {
      const soci::rowset<soci::row> rows =
          (sql_.prepare << "select name, version, digest, ranker, parameters, run, snapshot, permit_sequence, bytes, created from models "
                           "order by name, version");
      for (const soci::row& row : rows) {
        list.push_back({.name = row.get<std::string>(0),
                        .version = row.get<long long>(1),
                        .digest = row.get<std::string>(2),
                        .ranker = row.get<std::string>(3),
                        .parameters = row.get<std::string>(4),
                        .run = row.get<std::string>(5),
                        .snapshot = row.get<std::string>(6),
                        .permit_sequence = row.get<long long>(7),
                        .bytes = static_cast<uint64_t>(row.get<long long>(8)),
                        .created = {row.get<long long>(9)}});
      }
      return {};
    }));
    return list;
  }

  core::Result<std::vector<std::string>> VerifyArtifacts() override {
    std::vector<RunArtifact> artifacts;
    KLIEG_TRY(Guard("list the artifacts of", [&]() -> core::Status {
      const soci::rowset<soci::row> rows = (sql_.prepare << "select distinct name, path, digest from run_artifacts order by path");
      for (const soci::row& row : rows) {
        artifacts.push_back({row.get<std::string>(0), row.get<std::string>(1), row.get<std::string>(2)});
      }
      return {};
    }));
    std::vector<std::string> problems;
    for (const RunArtifact& one : artifacts) {
      const fs::path path = workspace_.folder() / one.path;
      std::error_code error;
      if (fs::is_directory(path, error)) continue;  // Snapshots have a check of their own.
      const auto digest = core::HashFile(path);
      if (!digest) {
        problems.push_back(digest.error().message);
      } else if (digest->Hex() != one.digest) {
        problems.push_back(fmt::format("'{}' has changed: its digest is {}, recorded is {}", one.path, digest->Short(),
                                       one.digest.substr(0, 12)));
      }
    }
    return problems;
  }

 private:
  static constexpr std::string_view kSelectRun =
      "select id, kind, name, command, parameters, seed, repeats, state, actor, code_version, instruction_set, started, "
      "coalesce(ended, -1), error, wall_seconds, cpu_seconds, peak_bytes from runs";

  /// Runs `work`, turning what SOCI throws into an error that names the database and what was being done.
  core::Status Guard(std::string_view action, const std::function<core::Status()>& work) {
    try {
      return work();
    } catch (const soci::soci_error& error) {
      const std::string text = error.what();
      const bool corrupt = text.find("malformed") != std::string::npos || text.find("not a database") != std::string::npos;
      return core::Fail(corrupt ? ErrorCode::kCorrupt : ErrorCode::kIo, "cannot {} the metadata store '{}': {}{}", action,
                        workspace_.database().string(), text, corrupt ? "; restore klieg.db from a backup" : "");
    } catch (const std::exception& error) {
      return core::Fail(ErrorCode::kInternal, "cannot {} the metadata store '{}': {}", action, workspace_.database().string(),
                        error.what());
    }
  }

  core::Status Migrate() {
    sql_ << "create table if not exists schema_version (version bigint not null)";
    // Taken before the version is read, so that of two processes that open a new workspace only one migrates.
    sql_ << "begin immediate";
    long long version = 0;
    soci::indicator present = soci::i_null;
    try {
      sql_ << "select max(version) from schema_version", soci::into(version, present);
      if (present != soci::i_ok) version = 0;
      const std::span<const Migration> all = Migrations();
      if (version > static_cast<long long>(all.size())) {
        sql_ << "rollback";
        return core::Fail(ErrorCode::kVersion, "the metadata store '{}' has schema {}, this klieg knows up to {}: use a newer klieg",
                          workspace_.database().string(), version, all.size());
      }
      for (size_t next = static_cast<size_t>(version); next < all.size(); ++next) {
        RunScript(all[next].sql);
        const auto reached = static_cast<long long>(next + 1);
        sql_ << "insert into schema_version values (:version)", soci::use(reached);
      }
      sql_ << "commit";
    } catch (...) {
      sql_ << "rollback";
      throw;
    }
    return {};
  }

  void RunScript(std::string_view script) {
    while (!script.empty()) {
      const size_t end = script.find(";\n");
      const std::string_view statement = script.substr(0, end);
      script.remove_prefix(end == std::string_view::npos ? script.size() : end + 2);
      if (statement.find_first_not_of(" \n") != std::string_view::npos) sql_ << std::string(statement);
    }
  }

  /// A run whose lock nobody holds has no process any more.
  core::Status MarkKilledRuns() {
    return Guard("look for killed runs in", [&]() -> core::Status {
      std::vector<std::string> running;
      {
        const soci::rowset<soci::row> rows = (sql_.prepare << "select id from runs where state = 'running'");
        for (const soci::row& row : rows) running.push_back(row.get<std::string>(0));
      }
      for (const std::string& id : running) {
        const auto lock = core::FileLock::TryAcquire(workspace_.runs() / id / kLockName);
        if (!lock && lock.error().code == ErrorCode::kAlreadyExists) continue;
        const long long ended = clock_->Now().micros;
        const std::string error = fmt::format("its process ended without a result; run it again with: klieg runs --repeat {}", id);
        sql_ << "update runs set state = 'killed', ended = :ended, error = :error where id = :id and state = 'running'",
            soci::use(ended), soci::use(error), soci::use(id);
      }
      return {};
    });
  }

  static RunRecord ReadRun(const soci::row& row) {
    RunRecord run;
    run.id = row.get<std::string>(0);
    run.spec = {.kind = row.get<std::string>(1),
                .name = row.get<std::string>(2),
                .command = row.get<std::string>(3),
                .parameters = row.get<std::string>(4),
                .seed = std::strtoull(row.get<std::string>(5).c_str(), nullptr, 10),
                .repeats = row.get<std::string>(6)};
    run.state = StateOf(row.get<std::string>(7));
    run.actor = row.get<std::string>(8);
    run.code_version = row.get<std::string>(9);
    run.instruction_set = row.get<std::string>(10);
    run.started = {row.get<long long>(11)};
    run.error = row.get<std::string>(13);
    run.wall_seconds = row.get<double>(14);
    run.cpu_seconds = row.get<double>(15);
    run.peak_bytes = static_cast<uint64_t>(row.get<long long>(16));
    return run;
  }

  core::Status FillRun(RunRecord& run) {
    return Guard("read a run of", [&]() -> core::Status {
      long long ended = -1;
      sql_ << "select coalesce(ended, -1) from runs where id = :id", soci::use(run.id), soci::into(ended);
      if (ended >= 0) run.ended = core::Timestamp{ended};
      const soci::rowset<soci::row> inputs =
          (sql_.prepare << "select role, kind, digest, permit_sequence from run_inputs where run = :id order by place", soci::use(run.id));
      for (const soci::row& row : inputs) {
        run.inputs.push_back({row.get<std::string>(0), row.get<std::string>(1), row.get<std::string>(2), row.get<long long>(3)});
      }
      const soci::rowset<soci::row> metrics =
          (sql_.prepare << "select subject, name, value, low, high, method from run_metrics where run = :id order by place",
           soci::use(run.id));
      for (const soci::row& row : metrics) {
        const auto number = [&row](size_t column) -> std::optional<double> {
          if (row.get_indicator(column) != soci::i_ok) return std::nullopt;
          return row.get<double>(column);
        };
        run.metrics.push_back({row.get<std::string>(0), row.get<std::string>(1), number(2).value_or(std::nan("")), number(3), number(4),
                               row.get<std::string>(5)});
      }
      const soci::rowset<soci::row> artifacts =
          (sql_.prepare << "select name, path, digest from run_artifacts where run = :id order by place", soci::use(run.id));
      for (const soci::row& row : artifacts) {
        run.artifacts.push_back({row.get<std::string>(0), row.get<std::string>(1), row.get<std::string>(2)});
      }
      return {};
    });
  }

  Workspace workspace_;
  const core::Clock* clock_;
  soci::session sql_;
};

}  // namespace

Run MetadataStore::MakeRun(std::unique_ptr<Run::State> state) { return Run(std::move(state)); }

core::Result<std::unique_ptr<MetadataStore>> MetadataStore::Open(const Workspace& workspace, const core::Clock& clock) {
  auto store = std::make_unique<SociStore>(workspace, clock);
  KLIEG_TRY(store->OpenDatabase());
  return store;
}

}  // namespace klieg::platform
