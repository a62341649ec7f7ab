/// Where an import builds its snapshot before it appears. Internal to src/data.
///
///     <store>/.lock                      held while folders come and go
///     <store>/.staging-<pid>-<n>/lock    held by the import for as long as it lives
///                               /snapshot/  becomes <store>/<digest>
///                               /spill/     DuckDB's temporary files
///
/// The system drops the lock of a killed import, by which the next one knows what to clear.
#pragma once

#include <filesystem>
#include <memory>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "data/snapshot_store.h"

namespace klieg::data {

class StagingFolder {
 public:
  /// Makes the store's folder if need be, clears what killed imports left, and makes a fresh
  /// staging folder.
  static core::Result<StagingFolder> Make(const SnapshotStore& store);
  StagingFolder(StagingFolder&& other) noexcept;
  StagingFolder& operator=(StagingFolder&&) = delete;
  /// Removes the folder with all that is in it.
  ~StagingFolder();

  std::filesystem::path snapshot() const { return folder_ / "snapshot"; }
  std::filesystem::path spill() const { return folder_ / "spill"; }

  /// Empties snapshot(), to begin again.
  core::Status Restart() const;

  /// Makes snapshot() appear in the store under its digest, for good. Gives false, and leaves
  /// snapshot() here, when the store has an undamaged copy already; a damaged one is replaced.
  /// kVersion when a newer klieg wrote that one.
  core::Result<bool> Publish(const SnapshotStore& store, const core::Digest& digest) const;

 private:
  StagingFolder(std::filesystem::path folder, core::FileLock lock)
      : folder_(std::move(folder)), lock_(std::move(lock)) {}
  std::filesystem::path folder_;
  core::FileLock lock_;
};

}  // namespace klieg::data
