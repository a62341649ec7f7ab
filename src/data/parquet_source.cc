// Parquet files, read by DuckDB as texts, so that their rows pass the same checks as any others.
#include <algorithm>

#include "data/block_reader.h"
#include "data/row_source.h"
#include "data/utf8.h"

namespace klieg::data {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBatchRows = 16'384;

struct ParquetColumn {
  std::string name;
  std::string type;
};

tl::unexpected<core::Error> Unreadable(const fs::path& path, core::Error error) {
  if (error.code == core::ErrorCode::kInternal) error.code = core::ErrorCode::kInvalidArgument;
  return core::Prefix(std::move(error),
                      fmt::format("'{}' cannot be read as Parquet", path.string()));
}

bool IsTemporal(std::string_view type) { return type.starts_with("TIMESTAMP") || type == "DATE"; }

/// SQL that gives a column as the text that the checks expect.
std::string RoleExpression(TableKind kind, size_t role, const ParquetColumn& column) {
  const std::string name = SqlName(column.name);
  const bool fraction = column.type == "DOUBLE" || column.type == "FLOAT";
  const bool id = role == 0 || (kind == TableKind::kInteractions && role == kTitleRole);
  if (id && fraction) {
    // pandas makes doubles of integer ids as soon as one of them is missing.
    return fmt::format(
        "CASE WHEN {0} = trunc({0}) AND abs({0}) < 9007199254740992 "
        "THEN CAST(CAST({0} AS BIGINT) AS VARCHAR) ELSE CAST({0} AS VARCHAR) END",
        name);
  }
  if (kind == TableKind::kInteractions && role == kTimeRole && IsTemporal(column.type)) {
    const bool zoned = column.type == "TIMESTAMP WITH TIME ZONE";
    return fmt::format("CAST(epoch_us({}) // 1000000 AS VARCHAR)",
                       zoned ? name : fmt::format("CAST({} AS TIMESTAMP)", name));
  }
  if (column.type == "BOOLEAN") return fmt::format("CAST(CAST({} AS INTEGER) AS VARCHAR)", name);
  if (column.type == "VARCHAR[]") return fmt::format("array_to_string({}, '|')", name);
  return fmt::format("CAST({} AS VARCHAR)", name);
}

core::Result<std::vector<ParquetColumn>> DescribeColumns(const fs::path& path) {
  KLIEG_ASSIGN(const auto session, DuckDbSession::Open({}));
  std::vector<ParquetColumn> columns;
  const core::Status described = session->ForEachChunk(
      fmt::format("DESCRIBE SELECT * FROM read_parquet({})", SqlPath(path)),
      [&](duckdb_data_chunk chunk) -> core::Status {
        const void* names = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0));
        const void* types = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 1));
        for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk); ++row) {
          columns.push_back(
              {std::string(VectorText(names, row)), std::string(VectorText(types, row))});
        }
        return {};
      });
  if (!described) return Unreadable(path, described.error());
  return columns;
}

class ParquetSource : public RowSource {
 public:
  ParquetSource(const SourceFile& file, const RowConverter& converter, core::Digest digest,
                std::unique_ptr<DuckDbSession> session, std::unique_ptr<DuckDbStream> stream)
      : file_(file),
        converter_(converter),
        digest_(digest),
        session_(std::move(session)),
        stream_(std::move(stream)) {}

  core::Result<std::vector<Batch>> Next() override {
    Batch batch = converter_.EmptyBatch();
    while (batch.rows_read < kBatchRows) {
      core::Result<duckdb_data_chunk> chunk = stream_->Next();
      if (!chunk) return Unreadable(file_.path, chunk.error());
      if (*chunk == nullptr) break;
      TakeChunk(*chunk, batch);
      if (batch.member_is_text || batch.title_is_text) break;
    }
    std::vector<Batch> batches;
    if (batch.rows_read > 0) batches.push_back(std::move(batch));
    return batches;
  }

  core::Digest Finish() override { return digest_; }

 private:
  void TakeChunk(duckdb_data_chunk chunk, Batch& batch) const {
    std::array<const void*, kRoles> data{};
    for (size_t role = 0; role < kRoles; ++role) {
      data[role] = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, role));
    }
    std::string text;
    for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk); ++row) {
      RoleFields fields;
      text.clear();
      bool nul = false;
      for (size_t role = 0; role < kRoles; ++role) {
        fields[role] = VectorText(data[role], row);
        nul = nul || fields[role].find('\0') != std::string_view::npos;
        if (!file_.columns[role]) continue;
        if (!text.empty()) text += ',';
        text += fields[role];
      }
      const uint64_t line = batch.lines++;
      if (nul) {
        RejectRow(Reason::kNulByte, line, text, batch);
      } else if (!IsUtf8(text)) {
        RejectRow(Reason::kBadEncoding, line, text, batch);
      } else {
        TakeRow(converter_, fields, line, text, batch);
      }
    }
  }

  const SourceFile& file_;
  const RowConverter& converter_;
  core::Digest digest_;
  std::unique_ptr<DuckDbSession> session_;
  std::unique_ptr<DuckDbStream> stream_;
};

}  // namespace

core::Result<SourceFile> ExamineParquet(const fs::path& path, const ImportRequest& request) {
  // DuckDB tells all that is wrong with a file as one kind of error; this tells them apart.
  KLIEG_TRY(BlockReader::Open(path));
  KLIEG_ASSIGN(const std::vector<ParquetColumn> columns, DescribeColumns(path));
  std::vector<std::string> names;
  for (const ParquetColumn& column : columns) names.push_back(column.name);
  SourceFile file;
  KLIEG_ASSIGN(file.columns, ResolveColumns(request.kind, request.columns, names, path.string()));
  file.path = path;
  std::string list;
  for (size_t role = 0; role < kRoles; ++role) {
    if (role > 0) list += ", ";
    list += file.columns[role]
                ? fmt::format("coalesce({}, '')",
                              RoleExpression(request.kind, role, columns[*file.columns[role]]))
                : "''";
  }
  file.select = fmt::format("SELECT {} FROM read_parquet({})", list, SqlPath(path));
  return file;
}

core::Result<std::unique_ptr<RowSource>> OpenParquetSource(const SourceFile& file,
                                                           const RowConverter& converter,
                                                           const DuckDbOptions& options,
                                                           core::ProgressTask& progress) {
  KLIEG_ASSIGN(const core::Digest digest, core::HashFile(file.path));
  std::error_code ignored;
  progress.Advance(fs::file_size(file.path, ignored));
  KLIEG_ASSIGN(auto session, DuckDbSession::Open(options));
  core::Result<std::unique_ptr<DuckDbStream>> stream = DuckDbStream::Open(*session, file.select);
  if (!stream) return Unreadable(file.path, stream.error());
  return std::make_unique<ParquetSource>(file, converter, digest, std::move(session),
                                         std::move(*stream));
}

}  // namespace klieg::data
