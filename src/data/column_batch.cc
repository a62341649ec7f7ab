#include "data/column_batch.h"

#include <array>

#include "core/check.h"

namespace klieg::data {
namespace {

constexpr std::array<std::string_view, 4> kTypeNames = {"BIGINT", "INTEGER", "FLOAT", "VARCHAR"};

}  // namespace

std::string ColumnText(const ColumnSpec& column) {
  return column.name + " " + std::string(kTypeNames[static_cast<size_t>(column.type)]);
}

std::optional<ColumnSpec> ParseColumnText(std::string_view text) {
  const size_t space = text.rfind(' ');
  if (space == std::string_view::npos) return std::nullopt;
  for (size_t type = 0; type < kTypeNames.size(); ++type) {
    if (text.substr(space + 1) == kTypeNames[type]) {
      return ColumnSpec{std::string(text.substr(0, space)), static_cast<ColumnType>(type)};
    }
  }
  return std::nullopt;
}

std::string_view ReasonName(Reason reason) {
  switch (reason) {
    case Reason::kMissingMember:
      return "missing member";
    case Reason::kMissingTitle:
      return "missing title";
    case Reason::kMissingTime:
      return "missing time";
    case Reason::kMissingValue:
      return "missing value";
    case Reason::kTimeNotNumber:
      return "time not a number";
    case Reason::kTimeOutOfRange:
      return "time out of range";
    case Reason::kTimeInMilliseconds:
      return "time in milliseconds";
    case Reason::kValueNotNumber:
      return "value not a number";
    case Reason::kValueNotFinite:
      return "value not finite";
    case Reason::kYearNotNumber:
      return "year not a number";
    case Reason::kYearOutOfRange:
      return "year out of range";
    case Reason::kDuplicateTitle:
      return "duplicate title";
    case Reason::kColumnCount:
      return "wrong number of columns";
    case Reason::kBadQuoting:
      return "bad quoting";
    case Reason::kBadEncoding:
      return "bad encoding";
    case Reason::kNulByte:
      return "NUL byte";
    case Reason::kNotJsonObject:
      return "not a JSON object";
  }
  core::CheckFailed(__FILE__, __LINE__, "reason", "unknown reason");
}

}  // namespace klieg::data
