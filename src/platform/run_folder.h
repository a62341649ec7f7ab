/// The folder of a run, and the lock in it that says whether its process still lives.
///
/// An flock ends with the process however that ends, so that a run whose lock is free and whose
/// record says "running" was killed. No process ids: they are used again, and mean nothing in
/// another container.
#pragma once

#include <filesystem>
#include <string>

#include "core/clock.h"
#include "core/error.h"
#include "core/file.h"

namespace klieg::platform {

struct RunFolder {
  std::string id;  ///< "20260301-093000-1f3a"
  std::filesystem::path path;
  core::FileLock lock;
};

/// Id for a run that starts at `time`: date, time, and the fraction of the second in 1/65536, all
/// sortable as text.
std::string RunIdAt(core::Timestamp time);

/// Makes a folder that nobody else has, at `now` or the next free moment, and takes its lock.
core::Result<RunFolder> MakeRunFolder(const std::filesystem::path& runs, core::Timestamp now);

/// Whether a process still holds the lock of this run. A folder that is gone has no process.
core::Result<bool> RunIsAlive(const std::filesystem::path& runs, const std::string& id);

}  // namespace klieg::platform
