/// Reading files into a new snapshot. Include data/snapshot.h.
///
/// Every row of the files is counted: it is kept, or it is in rejected.csv with file, line, reason
/// and text.
///
/// What is refused, row by row:
///   member or title     empty
///   time                empty, not a number or ISO 8601 date, outside of 1970..2100, in
///   milliseconds (never guessed) value               empty, not a number, NaN or infinite as a
///   32-bit float year (titles)       not a number, outside of 1..9999; empty is fine id (titles)
///   seen before: the first row counts row                 wrong number of columns, bad quoting,
///   not UTF-8, a NUL byte, not a JSON object
/// Blanks around a field do not count. Empty lines are no rows. Repeated (member, title, time) are
/// kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/hash.h"
#include "core/progress.h"
#include "data/snapshot_store.h"

namespace klieg::data {

enum class FileFormat {
  kAuto,  ///< By the name: .csv .tsv .parquet .jsonl .ndjson .json, a folder is MovieLens.
  kCsv,   ///< RFC 4180 with a first line of names; the delimiter is one of , ; | tab.
  kTsv,
  kMovieLens,  ///< A folder with ratings.csv and movies.csv, or ratings.dat and movies.dat ("::"
               ///< separated), or such a .dat.
  kParquet,
  kJsonLines,  ///< One object a line; only top-level keys are seen.
  kAdjacency,  ///< LightGCN: "member title title …" a line. No times, no values.
};

/// Fails with kInvalidArgument, listing the names: auto csv tsv movielens parquet jsonl adjacency.
core::Result<FileFormat> ParseFileFormat(std::string_view name);

/// Which column of the file means what. Empty: the usual names are tried (member: member,
/// member_id, user, user_id, userId, uid; title: title, title_id, item, item_id, movieId, sid;
/// time: time, timestamp, ts; value: value, rating, …).
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
  size_t threads = 0;               ///< 0: all processors. Does not change the result.
  uint64_t memory_limit_bytes = 0;  ///< For DuckDB; 0: half of what is available.
};

struct ImportReport {
  core::Digest snapshot;
  TableKind kind = TableKind::kInteractions;
  uint64_t rows_read = 0;
  uint64_t rows_kept = 0;
  uint64_t rows_rejected = 0;  ///< rows_read == rows_kept + rows_rejected
  std::map<std::string, uint64_t> rejected_by_reason;
  std::filesystem::path rejected_file;  ///< Empty when none was rejected.
  bool already_present = false;         ///< The same content was there; no second copy was made.
  uint64_t bytes = 0;                   ///< Of data.parquet.
  std::vector<std::string> columns;     ///< Names and types: "member VARCHAR".
};

/// Reads files into a new snapshot. Nothing of it can be opened before terms are registered at the
/// gate. A failed or killed import leaves the store as it was (leftovers of killed ones are cleared
/// by the next). Any number of imports may run at once, in one process or in several.
///
/// kInvalidArgument: a column is missing, a file is empty or not of its format, no row was kept.
/// kNotFound, kIo: a file is not there or cannot be read, the disk is full. kOutOfMemory:
/// memory_limit_bytes is too little.
core::Result<ImportReport> Import(const SnapshotStore& store, const ImportRequest& request,
                                  core::Progress& progress);

}  // namespace klieg::data
