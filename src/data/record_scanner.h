/// Splits delimited text into records and fields: CSV as in RFC 4180, TSV, and MovieLens' "::".
/// Internal to src/data.
///
///     RecordScanner scanner(text, {.delimiter = ","}, /*at_end=*/true);
///     for (Record record; scanner.Next(record);) ...
///
/// A quote counts only where a field begins. A record whose quoting is wrong (text after the
/// closing quote, no closing quote within kQuotedBytesMax) ends at its first line end with
/// `bad_quoting` set, and reading goes on at the next line: one stray quote costs one row, not the
/// rest of the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace klieg::data {

/// Longest quoted field: what tells a stray quote from a long text.
inline constexpr size_t kQuotedBytesMax = size_t{1} << 20;

struct Dialect {
  std::string delimiter = ",";  ///< One or two bytes.
  bool quotes = true;           ///< Whether " has its meaning.
};

/// Views live until the next call of Next, and no longer than the text.
struct Record {
  std::vector<std::string_view> fields;  ///< Empty when bad_quoting.
  std::string_view text;                 ///< As it stands, without the line end.
  uint64_t lines = 0;                    ///< Line ends in it, its own included.
  bool bad_quoting = false;

  /// The fields in which "" stood for ": their texts one after the other, and which they are.
  struct Unquoted {
    size_t field;
    size_t begin;
  };
  std::string unquoted;
  std::vector<Unquoted> unquoted_fields;
};

class RecordScanner {
 public:
  /// `at_end`: no more text follows, so that a last record without line end counts. `text` and
  /// `dialect` must outlive this.
  RecordScanner(std::string_view text, const Dialect& dialect, bool at_end)
      : text_(text), dialect_(dialect), at_end_(at_end) {}

  /// False when no complete record is left. Line ends are LF and CRLF. An empty line is a record of
  /// one empty field.
  bool Next(Record& record);

  /// Where the next record begins.
  size_t position() const { return position_; }

 private:
  enum class Outcome { kField, kLastField, kIncomplete, kBadQuoting };
  Outcome ScanUnquoted(size_t& at, Record& record) const;
  Outcome ScanQuoted(size_t& at, Record& record) const;
  Outcome AfterQuoted(size_t& at) const;
  bool DelimiterAt(size_t at) const;
  static void PlaceUnquoted(Record& record);
  bool EndAtFirstLineEnd(Record& record);

  std::string_view text_;
  const Dialect& dialect_;
  bool at_end_;
  size_t position_ = 0;
};

}  // namespace klieg::data
