#include <utility>

#include "core/hash.h"
#include "platform/run_state.h"

namespace klieg::platform {

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

Run::Run(std::unique_ptr<State> state) : state_(std::move(state)) {}
Run::Run(Run&&) noexcept = default;

Run::~Run() {
  if (state_ == nullptr || state_->ended) return;
  // Nobody is left to tell when this fails; the lock then marks the run as killed.
  static_cast<void>(state_->writer->EndRun(state_->id, RunState::kFailed, "ended without a result", state_->watch));
}

const std::string& Run::id() const { return state_->id; }
const std::filesystem::path& Run::folder() const { return state_->folder; }

core::Status Run::AddInput(const RunInput& input) { return state_->writer->InsertInput(state_->id, state_->inputs++, input); }

core::Status Run::AddMetric(const RunMetric& metric) { return AddMetrics({metric}); }

core::Status Run::AddMetrics(const std::vector<RunMetric>& metrics) {
  const int64_t first = std::exchange(state_->metrics, state_->metrics + static_cast<int64_t>(metrics.size()));
  return state_->writer->InsertMetrics(state_->id, first, metrics);
}

core::Status Run::AddArtifact(RunArtifact artifact) {
  if (artifact.digest.empty()) {
    KLIEG_ASSIGN(const core::Digest digest, core::HashFile(state_->workspace / artifact.path));
    artifact.digest = digest.Hex();
  }
  return state_->writer->InsertArtifact(state_->id, state_->artifacts++, artifact);
}

core::Status Run::Finish() {
  KLIEG_TRY(state_->writer->EndRun(state_->id, RunState::kFinished, "", state_->watch));
  state_->ended = true;
  return {};
}

tl::unexpected<core::Error> Run::Fail(core::Error error) {
  const core::Status recorded = state_->writer->EndRun(state_->id, RunState::kFailed, error.message, state_->watch);
  state_->ended = recorded.has_value();
  return tl::unexpected<core::Error>(std::move(error));
}

}  // namespace klieg::platform
