/// The metadata store: datasets, runs, models and what came from what. SOCI over SQLite (PostgreSQL
/// later): one code path, migrations in src/platform/migrations/*.sql.
///
///     KLIEG_ASSIGN(auto store, platform::MetadataStore::Open(workspace));
///     KLIEG_ASSIGN(auto run, store->StartRun({.kind = "train", .name = "ease on films",
///                                             .parameters = json, .seed = 1}));
///     ...                          // run.AddInput(…), run.AddMetric(…), run.AddArtifact(…)
///     KLIEG_TRY(run.Finish());     // destroyed without Finish: recorded as failed
///
/// Safe for several processes. One MetadataStore object, with the runs it started, is used from one
/// thread at a time.
///
/// What a call wrote is on disk when it returns. After a failure nothing of that call was written.
/// Codes: kIo (busy, no space, no permission), kCorrupt (the database is damaged; the message says
/// what to do), kNotFound, kInvalidArgument.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "platform/workspace.h"

namespace klieg::platform {

enum class RunState { kRunning, kFinished, kFailed, kKilled };
std::string_view RunStateName(RunState state);

/// What a run used: a snapshot, a model, under which decision of the gate.
struct RunInput {
  std::string role;    ///< "train", "fold-in", "titles", "model"
  std::string kind;    ///< "snapshot" or "model"
  std::string digest;  ///< Hexadecimal.
  int64_t permit_sequence =
      -1;  ///< Place of the gate's decision in the log; -1 when none is needed.
};

struct RunMetric {
  std::string subject;  ///< What was measured: a model or ranker name; may be empty.
  std::string name;
  double value = 0;  ///< May be infinite or not a number, and comes back so.
  std::optional<double> low;
  std::optional<double> high;
  std::string method;
};

struct RunArtifact {
  std::string name;  ///< "model", "report.html"
  std::string
      path;  ///< Relative to the workspace and inside it. A file, or a folder that is checked elsewhere.
  std::string digest;  ///< Of the file: 64 hexadecimal digits.
};

struct RunSpec {
  std::string kind;        ///< import, train, tune, evaluate, recommend, report
  std::string name;        ///< For people.
  std::string command;     ///< The verb and its arguments as JSON, enough to repeat it.
  std::string parameters;  ///< JSON object.
  uint64_t seed = 0;
  std::string repeats;  ///< Id of the run that this one repeats or resumes; empty when none.
};

struct RunRecord {
  std::string id;  ///< Sortable: "20260301-093000-1f3a"
  RunSpec spec;
  RunState state = RunState::kRunning;
  std::string actor;
  std::string code_version;
  std::string instruction_set;
  core::Timestamp started;
  std::optional<core::Timestamp> ended;
  std::string error;  ///< Of a failed run.
  double wall_seconds =
      0;  ///< From StartRun to the end; like the next two, zero until then and for killed runs.
  double cpu_seconds = 0;  ///< Of the whole process, all threads, in that time.
  uint64_t peak_bytes =
      0;  ///< Largest resident set of the process since its start or core::ResetPeakResident().
  std::vector<RunInput> inputs;
  std::vector<RunMetric> metrics;
  std::vector<RunArtifact> artifacts;
};

struct DatasetRecord {
  std::string name;
  std::string kind;  ///< "interactions" or "titles"
  int64_t version =
      0;  ///< 1, 2, … for one name and kind; the latest is used unless another is asked for.
  std::string snapshot;
  std::string terms;  ///< Digest of the terms it was imported under.
  std::string run;
  core::Timestamp created;
};

struct ModelRecord {
  std::string name;
  int64_t version = 0;
  std::string digest;      ///< Of the model file.
  std::string ranker;      ///< "ease"
  std::string parameters;  ///< JSON
  std::string run;
  std::string snapshot;  ///< Of the training data.
  int64_t permit_sequence = -1;
  uint64_t bytes = 0;
  core::Timestamp created;
};

class MetadataStore;

/// A run under way. Holds a lock file in its folder, so that others see when its process has gone.
/// May outlive the store that started it. To be destroyed in the process that started it.
class Run {
 public:
  Run(Run&&) noexcept;
  Run& operator=(Run&&) = delete;
  ~Run();  ///< Without Finish: failed, "ended without a result".

  const std::string& id() const;
  const std::filesystem::path& folder() const;
  core::Status AddInput(const RunInput& input);
  core::Status AddMetric(const RunMetric& metric);
  core::Status AddMetrics(const std::vector<RunMetric>& metrics);
  /// The file must exist; its digest is computed when empty. A folder may be named with a digest,
  /// and is then only checked for being there.
  core::Status AddArtifact(RunArtifact artifact);
  /// Ends the run. After a failure it has not ended: its destruction tries to record that it
  /// failed.
  core::Status Finish();
  /// Records the error and returns it, for `return run.Fail(error)`.
  tl::unexpected<core::Error> Fail(core::Error error);

 private:
  friend class SqlMetadataStore;
  struct State;
  explicit Run(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

class MetadataStore {
 public:
  /// Opens the workspace's store, running migrations that are missing. kVersion when a newer klieg
  /// migrated it. Runs whose process has gone are marked killed. kCorrupt when the database is
  /// damaged, or missing though there are runs. `clock` must outlive the store and its runs.
  static core::Result<std::unique_ptr<MetadataStore>> Open(const Workspace& workspace,
                                                           const core::Clock& clock);
  virtual ~MetadataStore() = default;

  virtual core::Result<Run> StartRun(RunSpec spec) = 0;
  virtual core::Result<std::vector<RunRecord>>
  ListRuns() = 0;  ///< Newest first, without inputs, metrics, artifacts.
  virtual core::Result<RunRecord> GetRun(
      const std::string& id) = 0;  ///< With everything. Unique prefixes of ids will do.

  /// Sets version and created. Names of datasets and models are 1 to 200 bytes without '@', '/' and
  /// control characters.
  virtual core::Result<DatasetRecord> AddDataset(DatasetRecord record) = 0;
  /// "name" (latest) or "name@3". kNotFound lists what there is.
  virtual core::Result<DatasetRecord> GetDataset(const std::string& name,
                                                 const std::string& kind) = 0;
  virtual core::Result<std::vector<DatasetRecord>> ListDatasets() = 0;

  virtual core::Result<ModelRecord> AddModel(
      ModelRecord record) = 0;  ///< Sets version and created.
  /// "name" (latest) or "name@3". kNotFound lists what there is.
  virtual core::Result<ModelRecord> GetModel(const std::string& name) = 0;
  virtual core::Result<std::vector<ModelRecord>> ListModels() = 0;

  /// The files models and artifacts point to, checked against their digests, and the database by
  /// its own check: every problem in words, "corrupt: …" or "not_found: …"; empty when all is well.
  virtual core::Result<std::vector<std::string>> VerifyArtifacts() = 0;
};

/// Everything a model rests on, upwards: model → run → inputs (snapshots, models) → their runs …
///
///     model house@1
///       run 20260301-093000-1f3a (train)
///         snapshot 3f2a…
///           permit 12                       entry of the rights log
///           dataset films@1
///             run 20260301-092900-0042 (import)
struct LineageNode {
  std::string kind;  ///< "model", "run", "snapshot", "permit", "dataset"
  std::string
      id;  ///< "house@1", the run's id, the snapshot's digest, the place in the log, "films@1"
  std::string label;  ///< For people; says what the id says, shortened.
  std::vector<LineageNode> inputs;
};
/// A run that was met before in the same branch is not followed again.
core::Result<LineageNode> TraceLineage(MetadataStore& store, const std::string& model);

}  // namespace klieg::platform
