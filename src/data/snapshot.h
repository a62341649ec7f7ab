/// Immutable snapshots of tables, addressed by content.
///
///     KLIEG_ASSIGN(const data::ImportReport report, data::Import(store, request, progress));
///     ... register terms for report.snapshot at the gate, ask for a permit ...
///     KLIEG_ASSIGN(const data::Snapshot snapshot, data::OpenSnapshot(store, permit));
///     KLIEG_ASSIGN(const data::InteractionTable table, data::ReadInteractions(snapshot));
///
/// A snapshot is a folder <store>/<digest>/ with data.parquet, manifest.json and, when rows were
/// rejected, rejected.csv. The digest covers the schema and the bytes of data.parquet. A folder
/// appears whole (rename) or not at all.
///
/// Callers include this file; import.h, snapshot_store.h and tables.h are its chapters.
#pragma once

#include <filesystem>

#include "core/error.h"
#include "core/hash.h"
#include "data/import.h"
#include "data/snapshot_store.h"
#include "data/tables.h"
#include "rights/gate.h"

namespace klieg::data {

/// A snapshot opened under a permit. Move-only.
class Snapshot {
 public:
  Snapshot(Snapshot&&) noexcept = default;
  Snapshot& operator=(Snapshot&&) noexcept = default;

  const core::Digest& id() const { return manifest_.snapshot; }
  const Manifest& manifest() const { return manifest_; }
  /// Members and titles that are left out, and why.
  const rights::RowRules& rows() const { return rows_; }

 private:
  friend core::Result<InteractionTable> ReadInteractions(const Snapshot& snapshot, size_t threads);
  friend core::Result<TitleTable> ReadTitles(const Snapshot& snapshot);
  friend core::Result<Snapshot> OpenSnapshot(const SnapshotStore& store,
                                             const rights::Permit& permit);
  Snapshot() = default;
  const std::filesystem::path& parquet() const { return parquet_; }
  Manifest manifest_;
  std::filesystem::path parquet_;
  rights::RowRules rows_;
};

/// Opens the snapshot that the permit names, and no other. Verifies every byte against the digest
/// (kCorrupt). kNotFound: it is not in the store. kVersion: written by a newer klieg.
core::Result<Snapshot> OpenSnapshot(const SnapshotStore& store, const rights::Permit& permit);

}  // namespace klieg::data
