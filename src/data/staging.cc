#include "data/staging.h"

#include <unistd.h>

#include <atomic>
#include <system_error>
#include <utility>
#include <vector>

#include "data/snapshot_files.h"

namespace klieg::data {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kStagingPrefix = ".staging-";

/// Tells the imports of one process apart; says nothing about their results.
std::atomic<uint64_t> staging_count{0};

core::Result<core::FileLock> LockStore(const SnapshotStore& store) {
  return core::FileLock::Acquire(store.folder() / ".lock");
}

/// Removes the staging folders whose import is dead. The store must be locked. What cannot be
/// removed is left.
void ClearDead(const SnapshotStore& store) {
  std::error_code error;
  std::vector<fs::path> folders;
  for (fs::directory_iterator entry(store.folder(), error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().filename().string().starts_with(kStagingPrefix))
      folders.push_back(entry->path());
  }
  for (const fs::path& folder : folders) {
    // A folder killed between its making and its lock has no lock file: taking the lock makes it.
    const auto lock = core::FileLock::TryAcquire(folder / "lock");
    if (lock) fs::remove_all(folder, error);
  }
}

core::Status Rename(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (!error) return {};
  return core::Fail(core::ErrorCode::kIo, "cannot move '{}' to '{}': {}", from.string(),
                    to.string(), error.message());
}

}  // namespace

core::Result<StagingFolder> StagingFolder::Make(const SnapshotStore& store) {
  KLIEG_TRY(core::MakeFolder(store.folder()));
  KLIEG_ASSIGN(const core::FileLock store_lock, LockStore(store));
  ClearDead(store);
  const fs::path folder = store.folder() / fmt::format("{}{}-{}", kStagingPrefix, ::getpid(),
                                                       staging_count.fetch_add(1));
  KLIEG_TRY(core::MakeFolder(folder));
  KLIEG_ASSIGN(core::FileLock lock, core::FileLock::TryAcquire(folder / "lock"));
  StagingFolder staging(folder, std::move(lock));
  KLIEG_TRY(core::MakeFolder(staging.spill()));
  KLIEG_TRY(core::MakeFolder(staging.snapshot()));
  return staging;
}

StagingFolder::StagingFolder(StagingFolder&& other) noexcept
    : folder_(std::exchange(other.folder_, {})), lock_(std::move(other.lock_)) {}

StagingFolder::~StagingFolder() {
  if (folder_.empty()) return;
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

core::Status StagingFolder::Restart() const {
  std::error_code error;
  fs::remove_all(snapshot(), error);
  return core::MakeFolder(snapshot());
}

core::Result<bool> StagingFolder::Publish(const SnapshotStore& store,
                                          const core::Digest& digest) const {
  KLIEG_TRY(core::SyncPath(snapshot()));
  KLIEG_ASSIGN(const core::FileLock store_lock, LockStore(store));
  const fs::path target = store.PathOf(digest);
  std::error_code error;
  if (fs::exists(fs::symlink_status(target, error))) {
    const auto present = VerifySnapshotFiles(store, digest);
    if (present) return false;
    if (present.error().code == core::ErrorCode::kVersion)
      return tl::unexpected<core::Error>(present.error());
    KLIEG_TRY(Rename(target, folder_ / "damaged"));
  }
  KLIEG_TRY(Rename(snapshot(), target));
  KLIEG_TRY(core::SyncPath(store.folder()));
  return true;
}

}  // namespace klieg::data
