#include "platform/run_folder.h"

#include <ctime>

namespace klieg::platform {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMicrosPerSecond = 1'000'000;
/// More than 1/65536 s: moving on by it gives another id.
constexpr int64_t kIdStepMicros = 16;
constexpr int kAttempts = 100'000;

fs::path LockFile(const fs::path& runs, const std::string& id) { return runs / id / "lock"; }

}  // namespace

std::string RunIdAt(core::Timestamp time) {
  // "2026-03-01T09:30:00.123456Z"
  const std::string text = core::FormatTimestamp(time);
  int64_t micros = time.micros % kMicrosPerSecond;
  if (micros < 0) micros += kMicrosPerSecond;
  return fmt::format("{}{}{}-{}{}{}-{:04x}", text.substr(0, 4), text.substr(5, 2),
                     text.substr(8, 2), text.substr(11, 2), text.substr(14, 2), text.substr(17, 2),
                     (micros << 16) / kMicrosPerSecond);
}

core::Result<RunFolder> MakeRunFolder(const fs::path& runs, core::Timestamp now) {
  KLIEG_TRY(core::MakeFolder(runs));
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::string id = RunIdAt(core::Timestamp{now.micros + attempt * kIdStepMicros});
    fs::path path = runs / id;
    std::error_code error;
    // False without an error: somebody has it.
    if (!fs::create_directory(path, error)) {
      if (!error) continue;
      return core::Fail(core::ErrorCode::kIo, "cannot make the run's folder '{}': {}",
                        path.string(), error.message());
    }
    KLIEG_ASSIGN(core::FileLock lock, core::FileLock::TryAcquire(LockFile(runs, id)));
    return RunFolder{std::move(id), std::move(path), std::move(lock)};
  }
  return core::Fail(core::ErrorCode::kInternal, "no free id for a run in '{}'", runs.string());
}

core::Result<bool> RunIsAlive(const fs::path& runs, const std::string& id) {
  const core::Result<core::FileLock> lock = core::FileLock::TryAcquire(LockFile(runs, id));
  if (lock || lock.error().code == core::ErrorCode::kNotFound) return false;
  if (lock.error().code == core::ErrorCode::kAlreadyExists) return true;
  return tl::unexpected<core::Error>(lock.error());
}

}  // namespace klieg::platform
