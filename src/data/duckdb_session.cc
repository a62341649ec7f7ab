#include "data/duckdb_session.h"

#include <algorithm>

#include "core/memory.h"

namespace klieg::data {
namespace {

/// Frees a DuckDB object at the end of the scope.
template <class T, void (*Destroy)(T*)>
struct Owned {
  T value{};
  Owned() = default;
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() { Destroy(&value); }
};

tl::unexpected<core::Error> ResultFailure(duckdb_result& result) {
  const char* message = duckdb_result_error(&result);
  return DuckDbFailure(duckdb_result_error_type(&result),
                       message == nullptr ? "no message" : message);
}

/// Below this DuckDB cannot hold even a few row groups.
constexpr uint64_t kMemoryLimitMin = uint64_t{64} << 20;

}  // namespace

tl::unexpected<core::Error> DuckDbFailure(duckdb_error_type type, std::string_view message) {
  core::ErrorCode code = core::ErrorCode::kInternal;
  switch (type) {
    case DUCKDB_ERROR_IO:
    case DUCKDB_ERROR_PERMISSION:
      code = core::ErrorCode::kIo;
      break;
    case DUCKDB_ERROR_OUT_OF_MEMORY:
      code = core::ErrorCode::kOutOfMemory;
      break;
    case DUCKDB_ERROR_INVALID_INPUT:
    case DUCKDB_ERROR_CONVERSION:
      code = core::ErrorCode::kInvalidArgument;
      break;
    default:
      break;
  }
  // What follows the message proper is our SQL, which says nothing to the reader.
  return core::Fail(code, "DuckDB: {}", message.substr(0, message.find("\n\nLINE ")));
}

core::Result<std::unique_ptr<DuckDbSession>> DuckDbSession::Open(const DuckDbOptions& options) {
  uint64_t memory = options.memory_limit_bytes;
  if (memory == 0) memory = std::max(core::AvailableMemoryBytes() / 2, kMemoryLimitMin);
  Owned<duckdb_config, duckdb_destroy_config> config;
  if (duckdb_create_config(&config.value) != DuckDBSuccess) {
    return core::Fail(core::ErrorCode::kInternal, "DuckDB: no configuration");
  }
  const auto set = [&](const char* name, const std::string& value) {
    return duckdb_set_config(config.value, name, value.c_str()) == DuckDBSuccess;
  };
  const bool done =
      set("threads", std::to_string(std::max<size_t>(options.threads, 1))) &&
      set("memory_limit", fmt::format("{}KiB", std::max<uint64_t>(memory / 1024, 1))) &&
      set("temp_directory", options.temporary_folder.string()) &&
      set("autoinstall_known_extensions", "false") && set("autoload_known_extensions", "false");
  if (!done) return core::Fail(core::ErrorCode::kInternal, "DuckDB refuses a setting");
  std::unique_ptr<DuckDbSession> session(new DuckDbSession());
  char* message = nullptr;
  if (duckdb_open_ext(nullptr, &session->database_, config.value, &message) != DuckDBSuccess) {
    const std::string text = message == nullptr ? "no message" : message;
    duckdb_free(message);
    return core::Fail(core::ErrorCode::kInternal, "DuckDB does not start: {}", text);
  }
  if (duckdb_connect(session->database_, &session->connection_) != DuckDBSuccess) {
    return core::Fail(core::ErrorCode::kInternal, "DuckDB gives no connection");
  }
  return session;
}

DuckDbSession::~DuckDbSession() {
  duckdb_disconnect(&connection_);
  duckdb_close(&database_);
}

core::Status DuckDbSession::Execute(const std::string& sql) {
  Owned<duckdb_result, duckdb_destroy_result> result;
  if (duckdb_query(connection_, sql.c_str(), &result.value) != DuckDBSuccess)
    return ResultFailure(result.value);
  return {};
}

core::Status DuckDbSession::ForEachChunk(
    const std::string& sql, const std::function<core::Status(duckdb_data_chunk chunk)>& visit) {
  KLIEG_ASSIGN(const std::unique_ptr<DuckDbStream> stream, DuckDbStream::Open(*this, sql));
  while (true) {
    KLIEG_ASSIGN(const duckdb_data_chunk chunk, stream->Next());
    if (chunk == nullptr) return {};
    KLIEG_TRY(visit(chunk));
  }
}

core::Result<std::unique_ptr<DuckDbStream>> DuckDbStream::Open(DuckDbSession& session,
                                                               const std::string& sql) {
  std::unique_ptr<DuckDbStream> stream(new DuckDbStream());
  // Binding opens the files, so that a damaged one shows up here; the kind of error is not told.
  if (duckdb_prepare(session.connection(), sql.c_str(), &stream->statement_) != DuckDBSuccess) {
    return DuckDbFailure(DUCKDB_ERROR_INVALID_INPUT, duckdb_prepare_error(stream->statement_));
  }
  if (duckdb_pending_prepared_streaming(stream->statement_, &stream->pending_) != DuckDBSuccess) {
    return DuckDbFailure(DUCKDB_ERROR_INVALID_INPUT, duckdb_pending_error(stream->pending_));
  }
  if (duckdb_execute_pending(stream->pending_, &stream->result_) != DuckDBSuccess) {
    return ResultFailure(stream->result_);
  }
  return stream;
}

DuckDbStream::~DuckDbStream() {
  duckdb_destroy_data_chunk(&chunk_);
  duckdb_destroy_result(&result_);
  duckdb_destroy_pending(&pending_);
  duckdb_destroy_prepare(&statement_);
}

core::Result<duckdb_data_chunk> DuckDbStream::Next() {
  duckdb_destroy_data_chunk(&chunk_);
  chunk_ = duckdb_fetch_chunk(result_);
  if (chunk_ != nullptr) return chunk_;
  // A failure half-way ends the stream like its last row does, except for this.
  const char* message = duckdb_result_error(&result_);
  if (message != nullptr && *message != '\0') return ResultFailure(result_);
  return duckdb_data_chunk(nullptr);
}

std::string SqlLiteral(std::string_view text) {
  std::string literal = "'";
  for (const char c : text) {
    literal += c;
    if (c == '\'') literal += c;
  }
  return literal + "'";
}

std::string SqlName(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    quoted += c;
    if (c == '"') quoted += c;
  }
  return quoted + "\"";
}

std::string SqlPath(const std::filesystem::path& path) {
  std::string pattern;
  for (const char c : path.string()) {
    if (c == '*' || c == '?' || c == '[') {
      pattern += {'[', c, ']'};
    } else {
      pattern += c;
    }
  }
  return SqlLiteral(pattern);
}

}  // namespace klieg::data
