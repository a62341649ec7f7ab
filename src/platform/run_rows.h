/// Reads runs from their tables.
#pragma once

#include <string>
#include <vector>

#include "core/error.h"
#include "platform/database.h"
#include "platform/metadata.h"

namespace klieg::platform {

/// Runs whose id begins with `prefix` (empty: all), newest first, without inputs, metrics and
/// artifacts.
core::Result<std::vector<RunRecord>> ReadRuns(Database& database, const std::string& prefix);

/// Fills in inputs, metrics and artifacts, in the order in which they were added.
core::Status ReadRunParts(Database& database, RunRecord& run);

/// Artifacts of all runs, oldest run first.
core::Result<std::vector<RunArtifact>> ReadAllArtifacts(Database& database);

/// A time that the store wrote. kCorrupt when it is none.
core::Result<core::Timestamp> ReadTime(const std::string& text);

}  // namespace klieg::platform
