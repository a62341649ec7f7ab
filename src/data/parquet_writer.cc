#include "data/parquet_writer.h"

#include <algorithm>
#include <cstring>

#include "data/duckdb_session.h"

namespace klieg::data {
namespace {

/// Hands batches to DuckDB as a table function: what C calls back with.
struct WriteJob {
  const std::vector<ColumnSpec>* schema;
  const NextBatch* next;
  const Batch* batch = nullptr;
  size_t row = 0;  // next one of *batch
  core::Status failure;
};

duckdb_type DuckDbType(ColumnType type) {
  switch (type) {
    case ColumnType::kBigInt:
      return DUCKDB_TYPE_BIGINT;
    case ColumnType::kInteger:
      return DUCKDB_TYPE_INTEGER;
    case ColumnType::kFloat:
      return DUCKDB_TYPE_FLOAT;
    case ColumnType::kVarchar:
      return DUCKDB_TYPE_VARCHAR;
  }
  return DUCKDB_TYPE_INVALID;
}

void Bind(duckdb_bind_info info) {
  const auto* job = static_cast<const WriteJob*>(duckdb_bind_get_extra_info(info));
  for (const ColumnSpec& column : *job->schema) {
    duckdb_logical_type type = duckdb_create_logical_type(DuckDbType(column.type));
    duckdb_bind_add_result_column(info, column.name.c_str(), type);
    duckdb_destroy_logical_type(&type);
  }
}

void Init(duckdb_init_info info) { duckdb_init_set_max_threads(info, 1); }

/// Copies `count` values from row `from` to place `to` of a vector.
void FillVector(const ColumnBuffer& column, size_t from, duckdb_vector vector, size_t to,
                size_t count) {
  void* data = duckdb_vector_get_data(vector);
  switch (column.type) {
    case ColumnType::kBigInt:
      std::memcpy(static_cast<int64_t*>(data) + to, column.integers.data() + from,
                  count * sizeof(int64_t));
      break;
    case ColumnType::kInteger:
      std::transform(column.integers.begin() + static_cast<ptrdiff_t>(from),
                     column.integers.begin() + static_cast<ptrdiff_t>(from + count),
                     static_cast<int32_t*>(data) + to,
                     [](int64_t value) { return static_cast<int32_t>(value); });
      break;
    case ColumnType::kFloat:
      std::memcpy(static_cast<float*>(data) + to, column.floats.data() + from,
                  count * sizeof(float));
      break;
    case ColumnType::kVarchar:
      for (size_t i = 0; i < count; ++i) {
        const std::string_view text = column.Text(from + i);
        duckdb_vector_assign_string_element_len(vector, to + i, text.data(), text.size());
      }
      break;
  }
}

core::Result<idx_t> FillChunk(WriteJob& job, duckdb_data_chunk chunk) {
  const size_t capacity = duckdb_vector_size();
  size_t filled = 0;
  while (filled < capacity) {
    if (job.batch == nullptr || job.row == job.batch->rows) {
      KLIEG_ASSIGN(job.batch, (*job.next)());
      job.row = 0;
      if (job.batch == nullptr) break;
      continue;
    }
    const size_t count = std::min(capacity - filled, job.batch->rows - job.row);
    for (size_t column = 0; column < job.schema->size(); ++column) {
      FillVector(job.batch->columns[column], job.row, duckdb_data_chunk_get_vector(chunk, column),
                 filled, count);
    }
    filled += count;
    job.row += count;
  }
  return filled;
}

void Produce(duckdb_function_info info, duckdb_data_chunk chunk) {
  auto* job = static_cast<WriteJob*>(duckdb_function_get_extra_info(info));
  const core::Result<idx_t> filled = FillChunk(*job, chunk);
  if (filled) {
    duckdb_data_chunk_set_size(chunk, *filled);
    return;
  }
  job->failure = tl::unexpected<core::Error>(filled.error());
  duckdb_function_set_error(info, filled.error().message.c_str());
}

core::Status RegisterRows(DuckDbSession& session, WriteJob& job) {
  duckdb_table_function function = duckdb_create_table_function();
  duckdb_table_function_set_name(function, "klieg_rows");
  duckdb_table_function_set_extra_info(function, &job, nullptr);
  duckdb_table_function_set_bind(function, Bind);
  duckdb_table_function_set_init(function, Init);
  duckdb_table_function_set_function(function, Produce);
  const duckdb_state state = duckdb_register_table_function(session.connection(), function);
  duckdb_destroy_table_function(&function);
  if (state != DuckDBSuccess)
    return core::Fail(core::ErrorCode::kInternal, "DuckDB refuses a table function");
  return {};
}

}  // namespace

core::Status WriteParquet(const std::filesystem::path& path, const std::vector<ColumnSpec>& schema,
                          const NextBatch& next, const ParquetOptions& options) {
  KLIEG_ASSIGN(const auto session,
               DuckDbSession::Open({.threads = 1,
                                    .memory_limit_bytes = options.memory_limit_bytes,
                                    .temporary_folder = options.temporary_folder}));
  WriteJob job{&schema, &next, nullptr, 0, {}};
  KLIEG_TRY(RegisterRows(*session, job));
  const core::Status written =
      session->Execute(fmt::format("COPY (SELECT * FROM klieg_rows()) TO {} (FORMAT parquet, "
                                   "COMPRESSION snappy, ROW_GROUP_SIZE 122880)",
                                   SqlLiteral(path.string())));
  return job.failure ? written : job.failure;
}

}  // namespace klieg::data
