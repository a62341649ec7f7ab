/// Where rows come from: the files of an import as one sequence of batches. Internal to src/data.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/progress.h"
#include "core/thread_pool.h"
#include "data/block_parser.h"
#include "data/duckdb_session.h"
#include "data/import.h"
#include "data/row_converter.h"

namespace klieg::data {

/// One file, with all that is known before its rows are read.
struct SourceFile {
  std::filesystem::path path;
  std::string name;     ///< As it stands in manifests and rejected.csv: the last part of the path.
  RoleColumns columns;  ///< Which roles it has.
  std::unique_ptr<BlockParser> parser;  ///< Null for Parquet.
  size_t header_bytes = 0;              ///< To skip: byte order mark and header.
  uint64_t header_lines = 0;
  std::string select;  ///< Parquet: the query that gives the roles as texts, empty otherwise.
};

/// Looks at the files: formats, folders, headers, columns. All files must have the same roles.
core::Result<std::vector<SourceFile>> ExamineFiles(const ImportRequest& request);

/// The part of ExamineFiles that knows Parquet.
core::Result<SourceFile> ExamineParquet(const std::filesystem::path& path,
                                        const ImportRequest& request);

/// Batches of one file, in order.
class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual core::Result<std::vector<Batch>> Next() = 0;  ///< Empty at the end.
  /// Digest of the file's bytes; after the end only.
  virtual core::Digest Finish() = 0;
};

/// `pool`, `converter`, `file` and `progress` must outlive the source.
core::Result<std::unique_ptr<RowSource>> OpenTextSource(const SourceFile& file,
                                                        const RowConverter& converter,
                                                        core::ThreadPool& pool,
                                                        core::ProgressTask& progress);
core::Result<std::unique_ptr<RowSource>> OpenParquetSource(const SourceFile& file,
                                                           const RowConverter& converter,
                                                           const DuckDbOptions& options,
                                                           core::ProgressTask& progress);

}  // namespace klieg::data
