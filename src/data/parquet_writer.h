/// Writes batches to a Parquet file through DuckDB. Internal to src/data.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "core/error.h"
#include "data/column_batch.h"

namespace klieg::data {

struct ParquetOptions {
  uint64_t memory_limit_bytes = 0;  ///< For DuckDB; 0: half of what is available.
  std::filesystem::path temporary_folder;
};

/// The next batch, which lives until the next call; null at the end.
using NextBatch = std::function<core::Result<const Batch*>()>;

/// Writes `path` from the batches that `next` gives, called from this thread. Same rows, same
/// bytes: DuckDB runs on one thread here and gets full vectors, so that neither threads nor the
/// sizes of the batches show in the file. Returns the error of `next` when it has one. A failed
/// write may leave a part of the file.
core::Status WriteParquet(const std::filesystem::path& path, const std::vector<ColumnSpec>& schema,
                          const NextBatch& next, const ParquetOptions& options);

}  // namespace klieg::data
