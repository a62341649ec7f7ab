/// What a run under way and the store that made it share. Internal to platform.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/file.h"
#include "platform/metadata.h"

namespace klieg::platform {

/// The writes that a run makes while it is under way.
class RunWriter {
 public:
  virtual ~RunWriter() = default;
  virtual core::Status InsertInput(const std::string& run, int64_t place, const RunInput& input) = 0;
  virtual core::Status InsertMetrics(const std::string& run, int64_t first_place, const std::vector<RunMetric>& metrics) = 0;
  virtual core::Status InsertArtifact(const std::string& run, int64_t place, const RunArtifact& artifact) = 0;
  virtual core::Status EndRun(const std::string& run, RunState state, const std::string& error, const core::Stopwatch& watch) = 0;
};

struct Run::State {
  RunWriter* writer = nullptr;
  std::string id;
  std::filesystem::path folder;
  std::filesystem::path workspace;
  std::optional<core::FileLock> lock;
  core::Stopwatch watch;
  int64_t inputs = 0;
  int64_t metrics = 0;
  int64_t artifacts = 0;
  bool ended = false;
};

}  // namespace klieg::platform
