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

/// The ids of one column as codes. Numbers are learnt beforehand (different ones are quick to find), texts as they come.
class IdColumn {
 public:
  static core::Result<IdColumn> Prepare(DuckDbSession& session, const SnapshotFiles& files,
                                        std::string_view name, bool is_text) {
    IdColumn column;
    column.name_ = name;
    if (is_text) {
      column.texts_.emplace();
      return column;
    }
    std::vector<int64_t> numbers;
    KLIEG_TRY(session.ForEachChunk(fmt::format("SELECT DISTINCT {0} FROM {1}", name, From(files)),
                                   [&](duckdb_data_chunk chunk) -> core::Status {
                                     const idx_t size = duckdb_data_chunk_get_size(chunk);
                                     const auto* data =
                                         static_cast<const int64_t*>(duckdb_vector_get_data(
                                             duckdb_data_chunk_get_vector(chunk, 0)));
                                     numbers.insert(numbers.end(), data, data + size);
                                     return {};
                                   }));
    KLIEG_TRY(column.CheckCount(numbers.size()));
    std::ranges::sort(numbers);
    column.integers_.emplace(std::move(numbers));
    return column;
  }

  /// Appends the codes of a vector of ids: final ones of numbers, provisional ones of texts.
  core::Status AppendCodes(duckdb_vector vector, idx_t size, std::vector<uint32_t>& codes) {
    const void* data = duckdb_vector_get_data(vector);
    if (texts_) {
      for (idx_t row = 0; row < size; ++row) codes.push_back(texts_->Intern(VectorText(data, row)));
      return CheckCount(texts_->size());
    }
    for (idx_t row = 0; row < size; ++row)
      codes.push_back(integers_->Find(static_cast<const int64_t*>(data)[row]));
    return {};
  }

  /// Makes all codes final and gives the names.
  std::vector<std::string> Finish(std::vector<uint32_t>& codes) {
    if (!texts_) return integers_->Names();
    const std::vector<uint32_t> final_codes = texts_->Sort();
    for (uint32_t& code : codes) code = final_codes[code];
    return texts_->TakeNames();
  }

 private:
  core::Status CheckCount(size_t count) const {
    // Room for one more vector.
    if (count < std::numeric_limits<uint32_t>::max() - duckdb_vector_size()) return {};
    return Fail(ErrorCode::kOutOfMemory,
                "more than four thousand million different values in the column {}", name_);
  }

  std::string name_;
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
  KLIEG_ASSIGN(IdColumn members, IdColumn::Prepare(*session, files, "member",
                                                   Has(columns, "member", ColumnType::kVarchar)));
  KLIEG_ASSIGN(IdColumn titles, IdColumn::Prepare(*session, files, "title",
                                                  Has(columns, "title", ColumnType::kVarchar)));

  InteractionTable table;
  table.members.reserve(files.manifest.rows);
  table.titles.reserve(files.manifest.rows);
  if (has_time) table.times.reserve(files.manifest.rows);
  if (has_value) table.values.reserve(files.manifest.rows);
  const std::string sql = fmt::format("SELECT member, title{}{} FROM {}", has_time ? ", time" : "",
                                      has_value ? ", value" : "", From(files));
  const auto append = [&](duckdb_data_chunk chunk) -> core::Status {
    const idx_t size = duckdb_data_chunk_get_size(chunk);
    KLIEG_TRY(members.AppendCodes(duckdb_data_chunk_get_vector(chunk, 0), size, table.members));
    KLIEG_TRY(titles.AppendCodes(duckdb_data_chunk_get_vector(chunk, 1), size, table.titles));
    if (has_time) AppendValues(duckdb_data_chunk_get_vector(chunk, 2), size, table.times);
    if (has_value)
      AppendValues(duckdb_data_chunk_get_vector(chunk, 2 + idx_t{has_time}), size, table.values);
    return {};
  };
  KLIEG_TRY(session->ForEachChunk(sql, append));
  KLIEG_TRY(CheckRows(files.manifest, table.members.size()));
  table.member_names = members.Finish(table.members);
  table.title_names = titles.Finish(table.titles);
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
