/// Immutable snapshots of tables, addressed by content.
///
///     KLIEG_ASSIGN(const data::ImportReport report, data::ImportInteractions(store, request, progress));
///     ... register terms for report.snapshot at the gate, ask for a permit ...
///     KLIEG_ASSIGN(const data::Snapshot snapshot, data::OpenSnapshot(store, permit));
///     KLIEG_ASSIGN(const data::InteractionTable table, data::ReadInteractions(snapshot));
///
/// A snapshot is a folder <store>/<digest>/ with data.parquet, manifest.json and, when rows were rejected,
/// rejected.csv. The digest covers the schema and the bytes of data.parquet. A folder appears whole (rename) or not at all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/hash.h"
#include "core/progress.h"
#include "rights/gate.h"

namespace klieg::data {

/// The folder of all snapshots of a workspace.
class SnapshotStore {
 public:
  explicit SnapshotStore(std::filesystem::path folder) : folder_(std::move(folder)) {}
  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path PathOf(const core::Digest& snapshot) const { return folder_ / snapshot.Hex(); }

 private:
  std::filesystem::path folder_;
};

enum class TableKind { kInteractions, kTitles };

enum class FileFormat {
  kAuto,        ///< By the name: .csv .tsv .parquet .jsonl .ndjson .json, a folder is MovieLens.
  kCsv,
  kTsv,
  kMovieLens,   ///< A folder with ratings.csv and movies.csv, or ratings.dat and movies.dat ("::" separated).
  kParquet,
  kJsonLines,
  kAdjacency,   ///< LightGCN: "member title title …" a line.
};

/// Fails with kInvalidArgument, listing the names: auto csv tsv movielens parquet jsonl adjacency.
core::Result<FileFormat> ParseFileFormat(std::string_view name);

/// Which column of the file means what. Empty: the usual names are tried (member: member, member_id, user, user_id,
/// userId, uid; title: title, title_id, item, item_id, movieId, sid; time: time, timestamp, ts; value: value, rating, …).
struct ColumnNames {
  std::string member;
  std::string title;
  std::string time;
  std::string value;
};

struct ImportRequest {
  TableKind kind = TableKind::kInteractions;
  std::vector<std::filesystem::path> files;  ///< In order; read as one table.
  FileFormat format = FileFormat::kAuto;
  ColumnNames columns;
  size_t threads = 0;                        ///< 0: all processors. Does not change the result.
  uint64_t memory_limit_bytes = 0;           ///< For DuckDB; 0: half of what is available.
};

struct ImportReport {
  core::Digest snapshot;
  TableKind kind = TableKind::kInteractions;
  uint64_t rows_read = 0;
  uint64_t rows_kept = 0;
  uint64_t rows_rejected = 0;                          ///< rows_read == rows_kept + rows_rejected
  std::map<std::string, uint64_t> rejected_by_reason;
  std::filesystem::path rejected_file;                 ///< Empty when none was rejected.
  bool already_present = false;                        ///< The same content was there; no second copy was made.
  uint64_t bytes = 0;                                  ///< Of data.parquet.
  std::vector<std::string> columns;                    ///< Names and types: "member VARCHAR".
};

/// Reads files into a new snapshot. Nothing of it can be opened before terms are registered at the gate.
/// A failed or killed import leaves the store as it was (leftovers of killed ones are cleared by the next).
core::Result<ImportReport> Import(const SnapshotStore& store, const ImportRequest& request,
                                  core::Progress& progress);

/// What is known of a snapshot without reading its rows: the manifest. Needs no permit: it holds no one's data.
struct Manifest {
  core::Digest snapshot;
  TableKind kind = TableKind::kInteractions;
  uint64_t rows = 0;
  uint64_t rejected = 0;
  uint64_t bytes = 0;
  std::vector<std::string> columns;
  std::vector<std::string> sources;  ///< Name and digest of each file read.
};
core::Result<Manifest> ReadManifest(const SnapshotStore& store, const core::Digest& snapshot);

/// A snapshot opened under a permit. Move-only.
class Snapshot {
 public:
  const core::Digest& id() const { return manifest_.snapshot; }
  const Manifest& manifest() const { return manifest_; }
  const std::filesystem::path& parquet() const { return parquet_; }

 private:
  friend core::Result<Snapshot> OpenSnapshot(const SnapshotStore& store, const rights::Permit& permit);
  Snapshot() = default;
  Manifest manifest_;
  std::filesystem::path parquet_;
};

/// Opens the snapshot that the permit names, and no other. Verifies every byte against the digest (kCorrupt).
core::Result<Snapshot> OpenSnapshot(const SnapshotStore& store, const rights::Permit& permit);

/// Verifies bytes against the digest without handing out rows: for `klieg verify`.
core::Status VerifySnapshot(const SnapshotStore& store, const core::Digest& snapshot);

/// All snapshots in the store, sorted.
core::Result<std::vector<core::Digest>> ListSnapshots(const SnapshotStore& store);

/// Interactions by columns, in the order of the file. Members and titles are dense codes in order of first appearance
/// of their names as sorted text (numbers sort as numbers), so that codes do not depend on threads.
struct InteractionTable {
  std::vector<std::string> member_names;  ///< Code → name, sorted.
  std::vector<std::string> title_names;   ///< Code → name, sorted.
  std::vector<uint32_t> members;          ///< [rows] codes
  std::vector<uint32_t> titles;           ///< [rows] codes
  std::vector<int64_t> times;             ///< [rows] seconds since 1970 UTC, or empty when the file had none.
  std::vector<float> values;              ///< [rows], or empty when the file had none.
};
core::Result<InteractionTable> ReadInteractions(const Snapshot& snapshot, size_t threads = 0);

/// Titles by columns; every vector has one element a title.
struct TitleTable {
  std::vector<std::string> ids;
  std::vector<std::string> names;                  ///< Empty text when unknown.
  std::vector<int32_t> years;                      ///< 0 when unknown.
  std::vector<std::vector<std::string>> genres;
};
core::Result<TitleTable> ReadTitles(const Snapshot& snapshot);

}  // namespace klieg::data
