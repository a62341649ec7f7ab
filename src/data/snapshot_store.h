/// The folder of snapshots and what is known of them without reading a row. Include
/// data/snapshot.h.
///
///     <store>/<digest>/data.parquet      the rows
///                      manifest.json     what they are, and checksums
///                      rejected.csv      file, line, reason, text of what was not kept (only where
///                      there was such)
///     <store>/.staging-<pid>-<n>/        an import under way, or what a killed one left
///
/// The digest is SHA-256 over the schema text and the SHA-256 of data.parquet:
/// docs/formats/snapshot.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/hash.h"

namespace klieg::data {

/// The folder of all snapshots of a workspace.
class SnapshotStore {
 public:
  explicit SnapshotStore(std::filesystem::path folder) : folder_(std::move(folder)) {}
  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path PathOf(const core::Digest& snapshot) const {
    return folder_ / snapshot.Hex();
  }

 private:
  std::filesystem::path folder_;
};

enum class TableKind { kInteractions, kTitles };

/// "interactions", "titles".
std::string_view TableKindName(TableKind kind);

/// What is known of a snapshot without reading its rows: the manifest. Needs no permit: it holds no
/// one's data.
struct Manifest {
  core::Digest snapshot;
  TableKind kind = TableKind::kInteractions;
  uint64_t rows = 0;
  uint64_t rejected = 0;
  uint64_t bytes = 0;
  std::vector<std::string> columns;  ///< Names and types: "member VARCHAR".
  std::vector<std::string> sources;  ///< Name and digest of each file read: "ratings.csv sha256:…".
};

/// kNotFound: no such snapshot. kCorrupt: the manifest is damaged. kVersion: written by a newer
/// klieg.
core::Result<Manifest> ReadManifest(const SnapshotStore& store, const core::Digest& snapshot);

/// Verifies bytes against the digest without handing out rows: for `klieg verify`. Errors as of
/// OpenSnapshot.
core::Status VerifySnapshot(const SnapshotStore& store, const core::Digest& snapshot);

/// All snapshots in the store, sorted; none when the store has no folder yet.
core::Result<std::vector<core::Digest>> ListSnapshots(const SnapshotStore& store);

}  // namespace klieg::data
