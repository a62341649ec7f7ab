#include <cmath>
#include <utility>

#include "core/hash.h"
#include "core/memory.h"
#include "platform/run_state.h"

namespace klieg::platform {
namespace {

using core::ErrorCode;
using core::Fail;
namespace fs = std::filesystem;

/// SQL has no word for "not a number": it is stored as null.
soci::indicator Indicator(const std::optional<double>& value) {
  return value && !std::isnan(*value) ? soci::i_ok : soci::i_null;
}

core::Status CheckDigest(const std::string& digest) {
  if (auto parsed = core::Digest::FromHex(digest); !parsed)
    return tl::unexpected<core::Error>(parsed.error());
  return {};
}

core::Status CheckInside(const std::string& path) {
  const fs::path normal = fs::path(path).lexically_normal();
  if (path.empty() || normal.is_absolute() || *normal.begin() == "..") {
    return Fail(ErrorCode::kInvalidArgument,
                "an artifact lies in the workspace: expected a relative path, found '{}'", path);
  }
  return {};
}

core::Result<std::string> DigestOf(const fs::path& file, const std::string& given) {
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (!fs::exists(status)) {
    return Fail(ErrorCode::kNotFound, "the artifact '{}' does not exist", file.string());
  }
  if (!given.empty()) return given;
  if (fs::is_directory(status)) {
    return Fail(ErrorCode::kInvalidArgument,
                "the artifact '{}' is a folder: its digest must be given", file.string());
  }
  KLIEG_ASSIGN(const core::Digest digest, core::HashFile(file));
  return digest.Hex();
}

}  // namespace

std::string_view RunStateName(RunState state) {
  switch (state) {
    case RunState::kRunning:
      return "running";
    case RunState::kFinished:
      return "finished";
    case RunState::kFailed:
      return "failed";
    case RunState::kKilled:
      return "killed";
  }
  return "unknown";
}

core::Status Run::State::CheckOpen() const {
  if (ended)
    return core::Fail(ErrorCode::kInternal, "run {} has ended: nothing can be added to it",
                      folder.id);
  return {};
}

core::Status Run::State::End(RunState result, const std::string& error) {
  return database->Write("record the end of a run", [&]() -> core::Status {
    const std::string name(RunStateName(result));
    const std::string now = core::FormatTimestamp(clock->Now());
    const double wall = watch.WallSeconds();
    const double cpu = watch.CpuSeconds();
    const auto peak = static_cast<long long>(core::PeakResidentBytes());
    database->sql()
        << "update runs set state = :state, ended = :ended, error = :error, wall_seconds = :wall, "
           "cpu_seconds = :cpu, peak_bytes = :peak where id = :id",
        soci::use(name), soci::use(now), soci::use(error), soci::use(wall), soci::use(cpu),
        soci::use(peak), soci::use(folder.id);
    return {};
  });
}

Run::Run(std::unique_ptr<State> state) : state_(std::move(state)) {}
Run::Run(Run&&) noexcept = default;

Run::~Run() {
  if (state_ == nullptr || state_->ended) return;
  // Nobody is left to hear of a failure; the run then shows as killed, which is near enough.
  static_cast<void>(state_->End(RunState::kFailed, "ended without a result"));
}

const std::string& Run::id() const { return state_->folder.id; }
const fs::path& Run::folder() const { return state_->folder.path; }

core::Status Run::AddInput(const RunInput& input) {
  KLIEG_TRY(state_->CheckOpen());
  KLIEG_TRY(CheckDigest(input.digest));
  KLIEG_TRY(state_->database->Write("add an input to a run", [&]() -> core::Status {
    const long long permit = input.permit_sequence;
    state_->database->sql()
        << "insert into run_inputs (run, position, role, kind, digest, permit_sequence) "
           "values (:run, :position, :role, :kind, :digest, :permit)",
        soci::use(id()), soci::use(state_->next_input), soci::use(input.role),
        soci::use(input.kind), soci::use(input.digest), soci::use(permit);
    return {};
  }));
  ++state_->next_input;
  return {};
}

core::Status Run::AddMetric(const RunMetric& metric) { return AddMetrics({metric}); }

core::Status Run::AddMetrics(const std::vector<RunMetric>& metrics) {
  KLIEG_TRY(state_->CheckOpen());
  long long position = state_->next_metric;
  KLIEG_TRY(state_->database->Write("add figures to a run", [&]() -> core::Status {
    for (const RunMetric& metric : metrics) {
      soci::indicator has_value = Indicator(metric.value);
      soci::indicator has_low = Indicator(metric.low);
      soci::indicator has_high = Indicator(metric.high);
      const double low = metric.low.value_or(0);
      const double high = metric.high.value_or(0);
      state_->database->sql()
          << "insert into run_metrics (run, position, subject, name, value, low, high, method) "
             "values (:run, :position, :subject, :name, :value, :low, :high, :method)",
          soci::use(id()), soci::use(position), soci::use(metric.subject), soci::use(metric.name),
          soci::use(metric.value, has_value), soci::use(low, has_low), soci::use(high, has_high),
          soci::use(metric.method);
      ++position;
    }
    return {};
  }));
  state_->next_metric = position;
  return {};
}

core::Status Run::AddArtifact(RunArtifact artifact) {
  KLIEG_TRY(state_->CheckOpen());
  KLIEG_TRY(CheckInside(artifact.path));
  KLIEG_ASSIGN(artifact.digest, DigestOf(state_->workspace / artifact.path, artifact.digest));
  KLIEG_TRY(CheckDigest(artifact.digest));
  KLIEG_TRY(state_->database->Write("add an artifact to a run", [&]() -> core::Status {
    state_->database->sql() << "insert into run_artifacts (run, position, name, path, digest) "
                               "values (:run, :position, :name, :path, :digest)",
        soci::use(id()), soci::use(state_->next_artifact), soci::use(artifact.name),
        soci::use(artifact.path), soci::use(artifact.digest);
    return {};
  }));
  ++state_->next_artifact;
  return {};
}

core::Status Run::Finish() {
  KLIEG_TRY(state_->CheckOpen());
  KLIEG_TRY(state_->End(RunState::kFinished, ""));
  state_->ended = true;
  return {};
}

tl::unexpected<core::Error> Run::Fail(core::Error error) {
  if (!state_->ended) {
    if (auto recorded = state_->End(RunState::kFailed, error.message); recorded) {
      state_->ended = true;
    } else {
      error.message +=
          fmt::format(" (and this could not be recorded: {})", recorded.error().message);
    }
  }
  return tl::unexpected<core::Error>(std::move(error));
}

}  // namespace klieg::platform
