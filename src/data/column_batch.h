/// Rows on their way from a source file into a snapshot: some columns of checked values, and the
/// rows that were refused. Internal to src/data.
///
/// A batch comes from one piece of one file. Its line numbers count from the first line of that
/// piece, so that pieces can be read by several threads; whoever puts the pieces in order adds the
/// lines before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace klieg::data {

enum class ColumnType {
  kBigInt,   ///< 64-bit integer, in ColumnBuffer::integers.
  kInteger,  ///< 32-bit integer, in ColumnBuffer::integers.
  kFloat,    ///< In ColumnBuffer::floats.
  kVarchar,  ///< UTF-8 text, in ColumnBuffer::bytes and ends.
};

struct ColumnSpec {
  std::string name;
  ColumnType type = ColumnType::kVarchar;

  bool operator==(const ColumnSpec&) const = default;
};

/// "member BIGINT": the form that stands in manifests and in the schema text under the digest.
std::string ColumnText(const ColumnSpec& column);

/// The reverse of ColumnText; nothing when the text is not of this form.
std::optional<ColumnSpec> ParseColumnText(std::string_view text);

/// Why a row was refused.
enum class Reason {
  kMissingMember,
  kMissingTitle,
  kMissingTime,
  kMissingValue,
  kTimeNotNumber,
  kTimeOutOfRange,
  kTimeInMilliseconds,
  kValueNotNumber,
  kValueNotFinite,
  kYearNotNumber,
  kYearOutOfRange,
  kDuplicateTitle,
  kColumnCount,
  kBadQuoting,
  kBadEncoding,
  kNulByte,
  kNotJsonObject,
};

/// The words in rejected.csv and in ImportReport::rejected_by_reason: "missing member".
std::string_view ReasonName(Reason reason);

struct Reject {
  uint64_t line = 0;  ///< From 0, within the piece.
  Reason reason = Reason::kMissingMember;
  std::string row;  ///< The text of the row as it stands in the file.
};

/// Values of one column; only the members that its type names are in use.
struct ColumnBuffer {
  ColumnType type = ColumnType::kVarchar;
  std::vector<int64_t> integers;
  std::vector<float> floats;
  std::string bytes;           ///< All texts, one after the other.
  std::vector<uint64_t> ends;  ///< Text i is bytes[ends[i-1], ends[i]).

  void AppendText(std::string_view text) {
    bytes.append(text);
    ends.push_back(bytes.size());
  }
  std::string_view Text(size_t row) const {
    const uint64_t begin = row == 0 ? 0 : ends[row - 1];
    return std::string_view(bytes).substr(begin, ends[row] - begin);
  }
};

struct Batch {
  std::vector<ColumnBuffer> columns;
  size_t rows = 0;         ///< Kept, in `columns`.
  uint64_t rows_read = 0;  ///< Kept and refused: rows_read == rows + rejects.size().
  uint64_t lines = 0;      ///< Lines of the piece: what to add for the next piece.
  std::vector<Reject> rejects;
  /// Line and text of every kept row, where a later step may still refuse it (titles); empty
  /// otherwise.
  std::vector<Reject> origins;
  /// A value did not fit an integer id column: nothing of this batch is to be used, read again with
  /// texts.
  bool member_is_text = false;
  bool title_is_text = false;
};

}  // namespace klieg::data
