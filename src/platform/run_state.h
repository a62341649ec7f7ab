/// What a run under way holds; shared by the run and the store that starts it.
#pragma once

#include <filesystem>
#include <memory>

#include "core/clock.h"
#include "platform/database.h"
#include "platform/metadata.h"
#include "platform/run_folder.h"

namespace klieg::platform {

struct Run::State {
  /// Shared, so that a run can still record its end when its store has gone.
  std::shared_ptr<Database> database;
  const core::Clock* clock;
  std::filesystem::path workspace;
  RunFolder folder;
  core::Stopwatch watch;
  bool ended = false;
  // Only this run writes its rows, so that their positions need not be asked for.
  long long next_input = 0;
  long long next_metric = 0;
  long long next_artifact = 0;

  /// Records the end, unless somebody has taken this run for killed.
  core::Status End(RunState result, const std::string& error);
  core::Status CheckOpen() const;
};

}  // namespace klieg::platform
