/// DuckDB behind values that clean up after themselves, with its failures as core::Error. Internal
/// to src/data: no other file includes duckdb.h but this one and its users here.
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/error.h"

namespace klieg::data {

struct DuckDbOptions {
  size_t threads = 1;
  uint64_t memory_limit_bytes = 0;         ///< 0: half of what is available.
  std::filesystem::path temporary_folder;  ///< Where it may spill; empty: it may not.
};

/// One in-memory database with one connection. Extensions are neither installed nor loaded from the
/// network.
class DuckDbSession {
 public:
  static core::Result<std::unique_ptr<DuckDbSession>> Open(const DuckDbOptions& options);
  ~DuckDbSession();
  DuckDbSession(const DuckDbSession&) = delete;
  DuckDbSession& operator=(const DuckDbSession&) = delete;

  duckdb_connection connection() const { return connection_; }

  /// Runs a statement whose rows do not matter.
  core::Status Execute(const std::string& sql);

  /// Runs a query and visits its rows by chunks of vectors, in order, without holding them all.
  core::Status ForEachChunk(const std::string& sql,
                            const std::function<core::Status(duckdb_data_chunk chunk)>& visit);

 private:
  DuckDbSession() = default;
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

/// The rows of a query, by chunks, on request.
class DuckDbStream {
 public:
  /// `session` must outlive the stream, and runs nothing else meanwhile.
  static core::Result<std::unique_ptr<DuckDbStream>> Open(DuckDbSession& session,
                                                          const std::string& sql);
  ~DuckDbStream();
  DuckDbStream(const DuckDbStream&) = delete;
  DuckDbStream& operator=(const DuckDbStream&) = delete;

  /// The next chunk, which lives until the next call; null at the end.
  core::Result<duckdb_data_chunk> Next();

 private:
  DuckDbStream() = default;
  duckdb_prepared_statement statement_ = nullptr;
  duckdb_pending_result pending_ = nullptr;
  duckdb_result result_{};
  duckdb_data_chunk chunk_ = nullptr;
};

/// The failure that a DuckDB error stands for: kIo, kOutOfMemory, kInternal …, with its message.
tl::unexpected<core::Error> DuckDbFailure(duckdb_error_type type, std::string_view message);

/// 'it''s': text as an SQL literal.
std::string SqlLiteral(std::string_view text);

/// "a ""b""": a name as an SQL identifier.
std::string SqlName(std::string_view name);

/// A path as the literal argument of read_parquet: characters that DuckDB would take for a pattern
/// stand for themselves.
std::string SqlPath(const std::filesystem::path& path);

/// Text `row` of a VARCHAR vector's data; lives as long as the chunk.
inline std::string_view VectorText(const void* data, uint64_t row) {
  duckdb_string_t text = static_cast<const duckdb_string_t*>(data)[row];
  const uint32_t length = duckdb_string_t_length(text);
  if (duckdb_string_is_inlined(text)) {
    return {static_cast<const duckdb_string_t*>(data)[row].value.inlined.inlined, length};
  }
  return {text.value.pointer.ptr, length};
}

}  // namespace klieg::data
