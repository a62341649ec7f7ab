// Any bytes as CSV, TSV, MovieLens "::", JSON lines and adjacency: the readers neither crash nor
// lose a row.
//
// The first byte picks format and table, the second where the text is cut in two. What is claimed,
// whatever the bytes: rows read are rows kept and rows refused; columns are equally long; every
// text kept is UTF-8 without NUL; cutting the text where whole records end changes nothing.
#include <cstdint>
#include <string>
#include <string_view>

#include "core/check.h"
#include "data/block_parser.h"
#include "data/utf8.h"

namespace klieg::data {
namespace {

std::unique_ptr<BlockParser> ParserFor(uint8_t choice, TableKind kind, RoleColumns& columns) {
  columns = {0, 1, 2, 3};
  switch (choice % 5) {
    case 0:
      return MakeDelimitedParser({{",", true}, 4, columns, false});
    case 1:
      return MakeDelimitedParser({{"\t", true}, 4, columns, false});
    case 2:
      return MakeDelimitedParser({{"::", false}, 4, columns, true});
    case 3:
      return MakeJsonLinesParser({{"a", "b", "c", "d"}});
    default:
      break;
  }
  if (kind == TableKind::kTitles) return MakeDelimitedParser({{";", true}, 4, columns, false});
  columns = {0, 1, std::nullopt, std::nullopt};
  return MakeAdjacencyParser();
}

void CheckBatch(const Batch& batch, const RowConverter& converter) {
  if (batch.member_is_text || batch.title_is_text) return;
  KLIEG_CHECK(batch.rows_read == batch.rows + batch.rejects.size(), "{} {} {}", batch.rows_read,
              batch.rows, batch.rejects.size());
  KLIEG_CHECK(batch.columns.size() == converter.schema().size());
  for (const ColumnBuffer& column : batch.columns) {
    switch (column.type) {
      case ColumnType::kFloat:
        KLIEG_CHECK(column.floats.size() == batch.rows);
        break;
      case ColumnType::kVarchar:
        KLIEG_CHECK(column.ends.size() == batch.rows);
        KLIEG_CHECK(IsUtf8(column.bytes));
        KLIEG_CHECK(column.bytes.find('\0') == std::string::npos);
        break;
      default:
        KLIEG_CHECK(column.integers.size() == batch.rows);
    }
  }
  for (const Reject& reject : batch.rejects) KLIEG_CHECK(reject.line < batch.lines);
}

void Fuzz(uint8_t choice, size_t cut, std::string_view text) {
  const TableKind kind = choice % 2 == 0 ? TableKind::kInteractions : TableKind::kTitles;
  RoleColumns columns;
  const auto parser = ParserFor(choice / 2, kind, columns);
  JsonKeys(text, true, 10);
  for (const bool text_ids : {false, true}) {
    const RowConverter converter(kind, columns, {text_ids, text_ids});
    const Batch whole = parser->Parse(text, converter);
    CheckBatch(whole, converter);
    if (whole.member_is_text || whole.title_is_text) continue;
    const size_t records = parser->WholeRecords(text.substr(0, cut), false);
    KLIEG_CHECK(records <= cut);
    const Batch front = parser->Parse(text.substr(0, records), converter);
    const Batch back = parser->Parse(text.substr(records), converter);
    KLIEG_CHECK(front.rows_read + back.rows_read == whole.rows_read);
    KLIEG_CHECK(front.rows + back.rows == whole.rows);
    KLIEG_CHECK(front.lines + back.lines == whole.lines);
  }
}

}  // namespace
}  // namespace klieg::data

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  klieg::data::Fuzz(data[0], text.empty() ? 0 : data[1] % text.size(), text);
  return 0;
}
