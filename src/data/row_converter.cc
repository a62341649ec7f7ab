#include "data/row_converter.h"

#include "core/check.h"
#include "data/field_text.h"

namespace klieg::data {
namespace {

constexpr size_t kRejectedTextMax = 4096;
constexpr std::string_view kNoGenres = "(no genres listed)";  // MovieLens' way of saying none

/// Appends an id as number or text. False: it should have been text.
bool AppendId(std::string_view id, ColumnBuffer& column) {
  if (column.type == ColumnType::kVarchar) {
    column.AppendText(id);
    return true;
  }
  const std::optional<int64_t> number = ParseCanonicalInteger(id);
  if (number) column.integers.push_back(*number);
  return number.has_value();
}

}  // namespace

RowConverter::RowConverter(TableKind kind, const RoleColumns& present, IdTypes ids)
    : kind_(kind),
      has_time_(kind == TableKind::kInteractions && present[kTimeRole].has_value()),
      has_value_(kind == TableKind::kInteractions && present[kValueRole].has_value()),
      has_year_(kind == TableKind::kTitles && present[kYearRole].has_value()) {
  const auto id_type = [](bool text) { return text ? ColumnType::kVarchar : ColumnType::kBigInt; };
  if (kind == TableKind::kInteractions) {
    schema_ = {{"member", id_type(ids.member_is_text)}, {"title", id_type(ids.title_is_text)}};
    if (has_time_) schema_.push_back({"time", ColumnType::kBigInt});
    if (has_value_) schema_.push_back({"value", ColumnType::kFloat});
  } else {
    schema_ = {{"title", id_type(ids.title_is_text)},
               {"name", ColumnType::kVarchar},
               {"year", ColumnType::kInteger},
               {"genres", ColumnType::kVarchar}};
  }
}

Batch RowConverter::EmptyBatch() const {
  Batch batch;
  for (const ColumnSpec& column : schema_) {
    batch.columns.emplace_back();
    batch.columns.back().type = column.type;
  }
  return batch;
}

std::optional<Reason> RowConverter::Append(const RoleFields& fields, Batch& batch) const {
  return kind_ == TableKind::kInteractions ? AppendInteraction(fields, batch)
                                           : AppendTitle(fields, batch);
}

std::optional<Reason> RowConverter::AppendInteraction(const RoleFields& fields,
                                                      Batch& batch) const {
  const std::string_view member = Trim(fields[kMemberRole]);
  const std::string_view title = Trim(fields[kTitleRole]);
  if (member.empty()) return Reason::kMissingMember;
  if (title.empty()) return Reason::kMissingTitle;
  int64_t time = 0;
  if (has_time_) {
    const std::string_view text = Trim(fields[kTimeRole]);
    if (text.empty()) return Reason::kMissingTime;
    if (const auto reason = ParseTime(text, time)) return reason;
  }
  float value = 0;
  if (has_value_) {
    const std::string_view text = Trim(fields[kValueRole]);
    if (text.empty()) return Reason::kMissingValue;
    if (const auto reason = ParseValue(text, value)) return reason;
  }
  if (!AppendId(member, batch.columns[0])) batch.member_is_text = true;
  if (!AppendId(title, batch.columns[1])) batch.title_is_text = true;
  if (has_time_) batch.columns[2].integers.push_back(time);
  if (has_value_) batch.columns[2 + size_t{has_time_}].floats.push_back(value);
  ++batch.rows;
  return std::nullopt;
}

std::optional<Reason> RowConverter::AppendTitle(const RoleFields& fields, Batch& batch) const {
  const std::string_view id = Trim(fields[kIdRole]);
  if (id.empty()) return Reason::kMissingTitle;
  NameAndYear name{Trim(fields[kNameRole]), 0};
  if (has_year_) {
    const std::string_view text = Trim(fields[kYearRole]);
    if (!text.empty()) {
      if (const auto reason = ParseYear(text, name.year)) return reason;
    }
  } else {
    name = SplitYear(name.name);
  }
  const std::string_view genres = Trim(fields[kGenresRole]);
  if (!AppendId(id, batch.columns[0])) batch.title_is_text = true;
  batch.columns[1].AppendText(name.name);
  batch.columns[2].integers.push_back(name.year);
  batch.columns[3].AppendText(genres == kNoGenres ? std::string_view() : genres);
  ++batch.rows;
  return std::nullopt;
}

void TakeRow(const RowConverter& converter, const RoleFields& fields, uint64_t line,
             std::string_view text, Batch& batch) {
  if (const std::optional<Reason> reason = converter.Append(fields, batch)) {
    RejectRow(*reason, line, text, batch);
    return;
  }
  ++batch.rows_read;
  if (converter.kind() == TableKind::kTitles) {
    batch.origins.push_back({line, Reason::kDuplicateTitle, std::string(text)});
  }
}

void RejectRow(Reason reason, uint64_t line, std::string_view text, Batch& batch) {
  ++batch.rows_read;
  std::string kept(text.substr(0, kRejectedTextMax));
  if (text.size() > kRejectedTextMax) kept += "…";
  batch.rejects.push_back({line, reason, std::move(kept)});
}

}  // namespace klieg::data
