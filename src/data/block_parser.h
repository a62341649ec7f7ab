/// Parsers of text formats: whole records in, checked columns out. Internal to src/data.
///
/// A parser is immutable; many threads call Parse with different blocks. Every record of a block is
/// counted, kept or refused; empty lines are skipped.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/column_batch.h"
#include "data/column_names.h"
#include "data/record_scanner.h"
#include "data/row_converter.h"

namespace klieg::data {

class BlockParser {
 public:
  virtual ~BlockParser() = default;
  /// See RecordBoundary in block_reader.h. Parse must find the same records in the whole records it
  /// cuts off.
  virtual size_t WholeRecords(std::string_view text, bool at_end) const = 0;
  virtual Batch Parse(std::string_view block, const RowConverter& converter) const = 0;
};

struct DelimitedFormat {
  Dialect dialect;
  size_t column_count = 0;
  RoleColumns columns;
  bool latin1_allowed =
      false;  ///< Rows that are not UTF-8 are read as ISO 8859-1 (MovieLens' movies.dat).
};
std::unique_ptr<BlockParser> MakeDelimitedParser(DelimitedFormat format);

/// Keys of the objects by role; nothing where no object seen so far had it.
struct JsonLinesFormat {
  std::array<std::optional<std::string>, kRoles> keys;
};
std::unique_ptr<BlockParser> MakeJsonLinesParser(JsonLinesFormat format);

/// Top-level keys of the objects in the first lines of `text`, in order of first appearance.
std::vector<std::string> JsonKeys(std::string_view text, bool at_end, size_t lines_max);

/// "member title title …", separated by blanks or tabs. A member without titles is a row that
/// misses its title.
std::unique_ptr<BlockParser> MakeAdjacencyParser();

/// Whole lines at the front of `text`.
size_t WholeLines(std::string_view text, bool at_end);

/// Takes the next line off `text`, without LF or CRLF.
std::string_view TakeLine(std::string_view& text);

}  // namespace klieg::data
