#include "platform/run_rows.h"

#include <charconv>
#include <limits>

namespace klieg::platform {
namespace {

using core::ErrorCode;
using core::Fail;

core::Result<RunState> ReadState(const std::string& name) {
  for (const RunState state :
       {RunState::kRunning, RunState::kFinished, RunState::kFailed, RunState::kKilled}) {
    if (RunStateName(state) == name) return state;
  }
  return Fail(ErrorCode::kCorrupt, "the metadata store has a run in the unknown state '{}'", name);
}

core::Result<uint64_t> ReadSeed(const std::string& text) {
  uint64_t seed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Fail(ErrorCode::kCorrupt, "the metadata store has a seed that is no number: '{}'", text);
  }
  return seed;
}

/// The columns that are not text in the record, as the database has them.
struct RawRun {
  RunRecord run;
  std::string seed;
  std::string state;
  std::string started;
  std::string ended;
  soci::indicator has_ended = soci::i_null;
  long long peak = 0;
};

core::Result<RunRecord> Interpret(const RawRun& raw) {
  RunRecord run = raw.run;
  KLIEG_ASSIGN(run.spec.seed, ReadSeed(raw.seed));
  KLIEG_ASSIGN(run.state, ReadState(raw.state));
  KLIEG_ASSIGN(run.started, ReadTime(raw.started));
  if (raw.has_ended == soci::i_ok) {
    KLIEG_ASSIGN(run.ended, ReadTime(raw.ended));
  }
  run.peak_bytes = static_cast<uint64_t>(raw.peak);
  return run;
}

std::optional<double> Optional(double value, soci::indicator indicator) {
  return indicator == soci::i_ok ? std::optional(value) : std::nullopt;
}

void ReadInputs(soci::session& sql, RunRecord& run) {
  RunInput input;
  long long permit = -1;
  soci::statement statement = (sql.prepare << "select role, kind, digest, permit_sequence from "
                                              "run_inputs where run = :run order by position",
                               soci::into(input.role), soci::into(input.kind),
                               soci::into(input.digest), soci::into(permit), soci::use(run.id));
  statement.execute();
  while (statement.fetch()) {
    input.permit_sequence = permit;
    run.inputs.push_back(input);
  }
}

void ReadMetrics(soci::session& sql, RunRecord& run) {
  RunMetric metric;
  double low = 0;
  double high = 0;
  soci::indicator has_value{};
  soci::indicator has_low{};
  soci::indicator has_high{};
  soci::statement statement =
      (sql.prepare << "select subject, name, value, low, high, method from run_metrics where run = "
                      ":run order by position",
       soci::into(metric.subject), soci::into(metric.name), soci::into(metric.value, has_value),
       soci::into(low, has_low), soci::into(high, has_high), soci::into(metric.method),
       soci::use(run.id));
  statement.execute();
  while (statement.fetch()) {
    run.metrics.push_back(metric);
    if (has_value != soci::i_ok)
      run.metrics.back().value = std::numeric_limits<double>::quiet_NaN();
    run.metrics.back().low = Optional(low, has_low);
    run.metrics.back().high = Optional(high, has_high);
  }
}

/// Of one run, or of all when `run` is empty.
std::vector<RunArtifact> ReadArtifacts(soci::session& sql, const std::string& run) {
  std::vector<RunArtifact> artifacts;
  RunArtifact artifact;
  soci::statement statement = (sql.prepare << "select name, path, digest from run_artifacts where "
                                              "run = :run or :any = '' order by run, position",
                               soci::into(artifact.name), soci::into(artifact.path),
                               soci::into(artifact.digest), soci::use(run), soci::use(run));
  statement.execute();
  while (statement.fetch()) artifacts.push_back(artifact);
  return artifacts;
}

}  // namespace

core::Result<core::Timestamp> ReadTime(const std::string& text) {
  const core::Result<core::Timestamp> time = core::ParseTimestamp(text);
  if (!time)
    return Fail(ErrorCode::kCorrupt, "the metadata store has a damaged time: {}",
                time.error().message);
  return time;
}

core::Result<std::vector<RunRecord>> ReadRuns(Database& database, const std::string& prefix) {
  return database.Guard(
      "read runs", [&]() -> core::Result<std::vector<RunRecord>> {
        RawRun raw;
        RunRecord& run = raw.run;
        RunSpec& spec = run.spec;
        const auto length = static_cast<long long>(prefix.size());
        soci::statement statement =
            (database.sql().prepare
                 << "select id, kind, name, command, parameters, seed, repeats, state, actor, "
                    "code_version, instruction_set, "
                    "started, ended, error, wall_seconds, cpu_seconds, peak_bytes from runs "
                    "where substr(id, 1, :length) = :prefix order by id desc",
             soci::into(run.id), soci::into(spec.kind), soci::into(spec.name),
             soci::into(spec.command), soci::into(spec.parameters), soci::into(raw.seed),
             soci::into(spec.repeats), soci::into(raw.state), soci::into(run.actor),
             soci::into(run.code_version), soci::into(run.instruction_set), soci::into(raw.started),
             soci::into(raw.ended, raw.has_ended), soci::into(run.error),
             soci::into(run.wall_seconds), soci::into(run.cpu_seconds), soci::into(raw.peak),
             soci::use(length), soci::use(prefix));
        statement.execute();
        std::vector<RunRecord> runs;
        while (statement.fetch()) {
          KLIEG_ASSIGN(RunRecord record, Interpret(raw));
          runs.push_back(std::move(record));
        }
        return runs;
      });
}

core::Status ReadRunParts(Database& database, RunRecord& run) {
  return database.Guard("read a run", [&]() -> core::Status {
    ReadInputs(database.sql(), run);
    ReadMetrics(database.sql(), run);
    run.artifacts = ReadArtifacts(database.sql(), run.id);
    return {};
  });
}

core::Result<std::vector<RunArtifact>> ReadAllArtifacts(Database& database) {
  return database.Guard("read artifacts", [&]() -> core::Result<std::vector<RunArtifact>> {
    return ReadArtifacts(database.sql(), "");
  });
}

}  // namespace klieg::platform
