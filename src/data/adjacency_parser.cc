// LightGCN's lists of neighbours.
#include "data/block_parser.h"
#include "data/field_text.h"
#include "data/utf8.h"

namespace klieg::data {
namespace {

/// Takes the next word off `line`; empty at the end.
std::string_view TakeWord(std::string_view& line) {
  line = Trim(line);
  const std::string_view word = line.substr(0, line.find_first_of(" \t"));
  line.remove_prefix(word.size());
  return word;
}

class AdjacencyParser : public BlockParser {
 public:
  size_t WholeRecords(std::string_view text, bool at_end) const override {
    return WholeLines(text, at_end);
  }

  Batch Parse(std::string_view block, const RowConverter& converter) const override {
    Batch batch = converter.EmptyBatch();
    while (!block.empty()) {
      const uint64_t number = batch.lines++;
      const std::string_view line = TakeLine(block);
      if (line.find('\0') != std::string_view::npos) {
        RejectRow(Reason::kNulByte, number, line, batch);
      } else if (!IsUtf8(line)) {
        RejectRow(Reason::kBadEncoding, number, line, batch);
      } else {
        ParseLine(line, number, converter, batch);
      }
      if (batch.member_is_text || batch.title_is_text) break;
    }
    return batch;
  }

 private:
  static void ParseLine(std::string_view line, uint64_t number, const RowConverter& converter,
                        Batch& batch) {
    const std::string_view whole = line;
    RoleFields fields;
    fields[kMemberRole] = TakeWord(line);
    if (fields[kMemberRole].empty()) return;
    fields[kTitleRole] = TakeWord(line);
    do {
      TakeRow(converter, fields, number, whole, batch);
      fields[kTitleRole] = TakeWord(line);
    } while (!fields[kTitleRole].empty());
  }
};

}  // namespace

std::unique_ptr<BlockParser> MakeAdjacencyParser() { return std::make_unique<AdjacencyParser>(); }

}  // namespace klieg::data
