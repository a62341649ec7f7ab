// Comma, tab and "::" separated rows.
#include <utility>

#include "data/block_parser.h"
#include "data/utf8.h"

namespace klieg::data {
namespace {

/// What is wrong with the bytes of a row, before anybody looks at its fields.
std::optional<Reason> ByteProblem(std::string_view row, bool latin1_allowed) {
  if (row.find('\0') != std::string_view::npos) return Reason::kNulByte;
  if (!latin1_allowed && !IsUtf8(row)) return Reason::kBadEncoding;
  return std::nullopt;
}

class DelimitedParser : public BlockParser {
 public:
  explicit DelimitedParser(DelimitedFormat format) : format_(std::move(format)) {}

  size_t WholeRecords(std::string_view text, bool at_end) const override {
    if (at_end) return text.size();
    if (!format_.dialect.quotes || text.find('"') == std::string_view::npos)
      return WholeLines(text, at_end);
    RecordScanner scanner(text, format_.dialect, /*at_end=*/false);
    for (Record record; scanner.Next(record);) {
    }
    return scanner.position();
  }

  Batch Parse(std::string_view block, const RowConverter& converter) const override {
    Batch batch = converter.EmptyBatch();
    // Nearly all blocks are clean: then no row needs to be looked at.
    const bool clean = IsAscii(block) && block.find('\0') == std::string_view::npos;
    RecordScanner scanner(block, format_.dialect, /*at_end=*/true);
    for (Record record; scanner.Next(record);) {
      const uint64_t line = batch.lines;
      batch.lines += record.lines;
      if (record.text.empty()) continue;
      if (const std::optional<Reason> problem = RecordProblem(record, clean)) {
        RejectRow(*problem, line, record.text, batch);
      } else {
        TakeFields(record, line, converter, batch);
      }
      if (batch.member_is_text || batch.title_is_text) break;
    }
    return batch;
  }

 private:
  std::optional<Reason> RecordProblem(const Record& record, bool clean) const {
    if (!clean) {
      if (const auto problem = ByteProblem(record.text, format_.latin1_allowed)) return problem;
    }
    if (record.bad_quoting) return Reason::kBadQuoting;
    if (record.fields.size() != format_.column_count) return Reason::kColumnCount;
    return std::nullopt;
  }

  void TakeFields(const Record& record, uint64_t line, const RowConverter& converter,
                  Batch& batch) const {
    const bool latin1 = format_.latin1_allowed && !IsUtf8(record.text);
    std::array<std::string, kRoles> decoded;
    RoleFields fields;
    for (size_t role = 0; role < kRoles; ++role) {
      if (!format_.columns[role]) continue;
      fields[role] = record.fields[*format_.columns[role]];
      if (!latin1) continue;
      decoded[role] = Latin1ToUtf8(fields[role]);
      fields[role] = decoded[role];
    }
    if (latin1) {
      TakeRow(converter, fields, line, Latin1ToUtf8(record.text), batch);
    } else {
      TakeRow(converter, fields, line, record.text, batch);
    }
  }

  DelimitedFormat format_;
};

}  // namespace

size_t WholeLines(std::string_view text, bool at_end) {
  if (at_end) return text.size();
  const size_t newline = text.rfind('\n');
  return newline == std::string_view::npos ? 0 : newline + 1;
}

std::string_view TakeLine(std::string_view& text) {
  const size_t newline = text.find('\n');
  std::string_view line = text.substr(0, newline);
  text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::unique_ptr<BlockParser> MakeDelimitedParser(DelimitedFormat format) {
  return std::make_unique<DelimitedParser>(std::move(format));
}

}  // namespace klieg::data
