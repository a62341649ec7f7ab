/// A workspace: the folder in which everything of one installation lies.
///
///     klieg.toml        format version: the one line `format = 1` besides comments; made by `klieg init`
///     klieg.db          metadata: datasets, runs, models (SQLite; see metadata.h)
///     rights.log        the gate's log
///     snapshots/        immutable tables by digest
///     models/           model files by digest
///     runs/<id>/        lock, and artifacts of a run: metrics, trials, reports
#pragma once

#include <filesystem>

#include "core/error.h"

namespace klieg::platform {

class Workspace {
 public:
  /// Makes the folder and an empty workspace in it; kAlreadyExists when there is one (nothing is
  /// changed). klieg.toml is written last, so that a folder in which this was interrupted is no
  /// workspace yet and can be tried again.
  static core::Result<Workspace> Init(const std::filesystem::path& folder);
  /// kNotFound says how to make one; kVersion when a newer klieg wrote it; kCorrupt when klieg.toml
  /// is damaged.
  static core::Result<Workspace> Open(const std::filesystem::path& folder);
  /// The workspace of `start` or the nearest folder above it.
  static core::Result<Workspace> Find(const std::filesystem::path& start);

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path database() const { return folder_ / "klieg.db"; }
  std::filesystem::path rights_log() const { return folder_ / "rights.log"; }
  std::filesystem::path snapshots() const { return folder_ / "snapshots"; }
  std::filesystem::path models() const { return folder_ / "models"; }
  std::filesystem::path runs() const { return folder_ / "runs"; }

 private:
  explicit Workspace(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::filesystem::path folder_;
};

}  // namespace klieg::platform
