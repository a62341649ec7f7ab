/// The files of a snapshot: manifest, checksums, paths. Internal to src/data: what stands here
/// opens snapshots without a permit, so no other module may include it (tests of the repository
/// look). Callers use data::OpenSnapshot.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/hash.h"
#include "data/column_batch.h"
#include "data/snapshot_store.h"

namespace klieg::data {

inline constexpr std::string_view kDataFile = "data.parquet";
inline constexpr std::string_view kManifestFile = "manifest.json";
inline constexpr std::string_view kRejectedFile = "rejected.csv";

/// Version of the format that this program writes, and the newest that it reads.
inline constexpr int64_t kManifestFormat = 1;

/// A manifest with the checksum of the data: what the file holds.
struct StoredManifest {
  Manifest manifest;
  core::Digest data_sha256;
};

/// SHA-256 over the schema text, a line each, and the digest of data.parquet: the address of a
/// snapshot.
core::Digest SnapshotDigest(TableKind kind, const std::vector<std::string>& columns,
                            const core::Digest& data_sha256);

/// The bytes of manifest.json: canonical JSON and a line end, with a checksum over all of it.
std::string ManifestText(const StoredManifest& stored);

/// Never crashes, whatever the bytes. kCorrupt when one byte is not as written; kVersion for a
/// newer format. `name` is for messages.
core::Result<StoredManifest> ParseManifest(std::string_view text, std::string_view name);

/// A verified snapshot. Whoever holds this may read rows: only OpenSnapshot and tests do.
struct SnapshotFiles {
  Manifest manifest;
  std::filesystem::path parquet;
};

/// Reads the manifest and hashes data.parquet. kNotFound, kCorrupt (with what to do), kVersion,
/// kIo.
core::Result<SnapshotFiles> VerifySnapshotFiles(const SnapshotStore& store,
                                                const core::Digest& snapshot);

}  // namespace klieg::data
