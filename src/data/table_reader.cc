#include "data/table_reader.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

#include "core/thread_pool.h"
#include "data/duckdb_session.h"
#include "data/name_codes.h"

namespace klieg::data {
namespace {

using core::ErrorCode;
using core::Fail;

std::string From(const SnapshotFiles& files) {
  return "read_parquet(" + SqlPath(files.parquet) + ")";
}

/// The columns were checked when the snapshot was verified; what is odd now is damage that the
/// digest does not show.
core::Result<std::vector<ColumnSpec>> ColumnsOf(const Manifest& manifest) {
  std::vector<ColumnSpec> columns;
  for (const std::string& text : manifest.columns) {
    const std::optional<ColumnSpec> column = ParseColumnText(text);
    if (!column) {
      return Fail(ErrorCode::kCorrupt, "snapshot {} has a column that is none: '{}'",
                  manifest.snapshot.Short(), text);
    }
    columns.push_back(*column);
  }
  return columns;
}

bool Has(const std::vector<ColumnSpec>& columns, std::string_view name, ColumnType type) {
  return std::ranges::find(columns, ColumnSpec{std::string(name), type}) != columns.end();
}

core::Status CheckKind(const Manifest& manifest, TableKind expected) {
  if (manifest.kind == expected) return {};
  return Fail(ErrorCode::kInvalidArgument, "snapshot {} holds {}; {} were asked for",
              manifest.snapshot.Short(), TableKindName(manifest.kind), TableKindName(expected));
}

core::Status CheckRows(const Manifest& manifest, uint64_t rows) {
  if (manifest.rows == rows) return {};
  return Fail(ErrorCode::kCorrupt, "snapshot {} has {} rows, its manifest says {}",
              manifest.snapshot.Short(), rows, manifest.rows);
}

/// Names of one id column with what is needed to find the code of a row's id.
class IdColumn {
 public:
  static core::Result<IdColumn> Read(DuckDbSession& session, const SnapshotFiles& files,
                                     std::string_view name, bool is_text) {
    IdColumn column;
    std::vector<int64_t> numbers;
    KLIEG_TRY(session.ForEachChunk(fmt::format("SELECT DISTINCT {0} FROM {1}", name, From(files)),
                                   [&](duckdb_data_chunk chunk) -> core::Status {
                                     const idx_t size = duckdb_data_chunk_get_size(chunk);
                                     const void* data = duckdb_vector_get_data(
                                         duckdb_data_chunk_get_vector(chunk, 0));
                                     for (idx_t row = 0; row < size; ++row) {
                                       if (is_text) {
                                         column.names_.emplace_back(VectorText(data, row));
                                       } else {
                                         numbers.push_back(static_cast<const int64_t*>(data)[row]);
                                       }
                                     }
                                     return {};
                                   }));
    // Not by SQL: DuckDB's order of texts may follow a collation, ours is that of bytes.
    std::ranges::sort(numbers);
    std::ranges::sort(column.names_);
    if (std::max(numbers.size(), column.names_.size()) >= std::numeric_limits<uint32_t>::max()) {
      return Fail(ErrorCode::kOutOfMemory,
                  "more than 4 294 967 294 different values in the column {}", name);
    }
    if (is_text) {
      column.texts_.emplace(column.names_);
    } else {
      column.integers_.emplace(std::move(numbers));
    }
    return column;
  }

  /// Appends the codes of a vector of ids.
  void AppendCodes(duckdb_vector vector, idx_t size, std::vector<uint32_t>& codes) const {
    const void* data = duckdb_vector_get_data(vector);
    for (idx_t row = 0; row < size; ++row) {
      codes.push_back(texts_ ? texts_->Find(VectorText(data, row))
                             : integers_->Find(static_cast<const int64_t*>(data)[row]));
    }
  }

  std::vector<std::string> TakeNames() { return texts_ ? std::move(names_) : integers_->Names(); }

 private:
  std::vector<std::string> names_;  // moving it keeps the texts where they are
  std::optional<TextCodes> texts_;
  std::optional<IntegerCodes> integers_;
};

template <class T>
void AppendValues(duckdb_vector vector, idx_t size, std::vector<T>& values) {
  const auto* data = static_cast<const T*>(duckdb_vector_get_data(vector));
  values.insert(values.end(), data, data + size);
}

std::vector<std::string> SplitGenres(std::string_view text) {
  std::vector<std::string> genres;
  while (!text.empty()) {
    const size_t bar = text.find('|');
    if (bar != 0) genres.emplace_back(text.substr(0, bar));
    text.remove_prefix(bar == std::string_view::npos ? text.size() : bar + 1);
  }
  return genres;
}

}  // namespace

core::Result<InteractionTable> ReadInteractionFile(const SnapshotFiles& files, size_t threads) {
  KLIEG_TRY(CheckKind(files.manifest, TableKind::kInteractions));
  KLIEG_ASSIGN(const std::vector<ColumnSpec> columns, ColumnsOf(files.manifest));
  const bool has_time = Has(columns, "time", ColumnType::kBigInt);
  const bool has_value = Has(columns, "value", ColumnType::kFloat);
  const DuckDbOptions options{.threads = threads == 0 ? core::ProcessorCount() : threads,
                              .memory_limit_bytes = 0,
                              .temporary_folder = {}};
  KLIEG_ASSIGN(const auto session, DuckDbSession::Open(options));
  KLIEG_ASSIGN(IdColumn members, IdColumn::Read(*session, files, "member",
                                                Has(columns, "member", ColumnType::kVarchar)));
  KLIEG_ASSIGN(IdColumn titles, IdColumn::Read(*session, files, "title",
                                               Has(columns, "title", ColumnType::kVarchar)));

  InteractionTable table;
  table.members.reserve(files.manifest.rows);
  table.titles.reserve(files.manifest.rows);
  if (has_time) table.times.reserve(files.manifest.rows);
  if (has_value) table.values.reserve(files.manifest.rows);
  const std::string sql = fmt::format("SELECT member, title{}{} FROM {}", has_time ? ", time" : "",
                                      has_value ? ", value" : "", From(files));
  KLIEG_TRY(session->ForEachChunk(sql, [&](duckdb_data_chunk chunk) -> core::Status {
    const idx_t size = duckdb_data_chunk_get_size(chunk);
    members.AppendCodes(duckdb_data_chunk_get_vector(chunk, 0), size, table.members);
    titles.AppendCodes(duckdb_data_chunk_get_vector(chunk, 1), size, table.titles);
    if (has_time) AppendValues(duckdb_data_chunk_get_vector(chunk, 2), size, table.times);
    if (has_value)
      AppendValues(duckdb_data_chunk_get_vector(chunk, 2 + idx_t{has_time}), size, table.values);
    return {};
  }));
  KLIEG_TRY(CheckRows(files.manifest, table.members.size()));
  table.member_names = members.TakeNames();
  table.title_names = titles.TakeNames();
  return table;
}

core::Result<TitleTable> ReadTitleFile(const SnapshotFiles& files) {
  KLIEG_TRY(CheckKind(files.manifest, TableKind::kTitles));
  KLIEG_ASSIGN(const auto session, DuckDbSession::Open({}));
  TitleTable table;
  const std::string sql = "SELECT CAST(title AS VARCHAR), name, year, genres FROM " + From(files);
  KLIEG_TRY(session->ForEachChunk(sql, [&](duckdb_data_chunk chunk) -> core::Status {
    const auto data = [&](idx_t column) {
      return duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, column));
    };
    const idx_t size = duckdb_data_chunk_get_size(chunk);
    for (idx_t row = 0; row < size; ++row) {
      table.ids.emplace_back(VectorText(data(0), row));
      table.names.emplace_back(VectorText(data(1), row));
      table.genres.push_back(SplitGenres(VectorText(data(3), row)));
    }
    AppendValues(duckdb_data_chunk_get_vector(chunk, 2), size, table.years);
    return {};
  }));
  KLIEG_TRY(CheckRows(files.manifest, table.ids.size()));
  return table;
}

}  // namespace klieg::data
