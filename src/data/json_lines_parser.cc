// One JSON object a line.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "data/block_parser.h"
#include "data/field_text.h"
#include "data/utf8.h"

namespace klieg::data {
namespace {

/// Calls `visit(key, text)` for every top-level value that has a text: strings as they are, numbers
/// as written by the parser, lists of strings joined by "|". null is an empty text; an object
/// inside is one too.
template <class Visit>
class TopLevelReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit TopLevelReader(Visit visit) : visit_(std::move(visit)) {}

  bool null() override { return Take(""); }
  bool boolean(bool value) override { return Take(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return Take(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return Take(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override { return Take(text); }
  bool string(string_t& text) override { return Take(text); }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override {
    if (depth_++ > 0) return true;
    is_object_ = true;
    return true;
  }
  bool end_object() override {
    if (--depth_ == 1) visit_(key_, "");
    return true;
  }
  bool key(string_t& name) override {
    if (depth_ == 1) key_ = name;
    return true;
  }
  bool start_array(std::size_t) override {
    if (depth_++ == 0) return false;
    if (depth_ == 2) list_.clear();
    return true;
  }
  bool end_array() override {
    if (--depth_ == 1) visit_(key_, list_);
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

  bool is_object() const { return is_object_; }

 private:
  bool Take(std::string_view text) {
    if (depth_ == 0) return false;
    if (depth_ == 1) {
      visit_(key_, text);
    } else if (depth_ == 2 && !text.empty()) {
      if (!list_.empty()) list_ += '|';
      list_ += text;
    }
    return true;
  }

  Visit visit_;
  int depth_ = 0;
  bool is_object_ = false;
  std::string key_;
  std::string list_;
};

/// False when the line is not one JSON object.
template <class Visit>
bool ReadObject(std::string_view line, Visit visit) {
  TopLevelReader<Visit> reader(std::move(visit));
  return nlohmann::json::sax_parse(line.begin(), line.end(), &reader) && reader.is_object();
}

class JsonLinesParser : public BlockParser {
 public:
  explicit JsonLinesParser(JsonLinesFormat format) : format_(std::move(format)) {}

  size_t WholeRecords(std::string_view text, bool at_end) const override {
    return WholeLines(text, at_end);
  }

  Batch Parse(std::string_view block, const RowConverter& converter) const override {
    Batch batch = converter.EmptyBatch();
    while (!block.empty()) {
      const uint64_t number = batch.lines++;
      const std::string_view line = TakeLine(block);
      if (Trim(line).empty()) continue;
      ParseLine(line, number, converter, batch);
      if (batch.member_is_text || batch.title_is_text) break;
    }
    return batch;
  }

 private:
  void ParseLine(std::string_view line, uint64_t number, const RowConverter& converter,
                 Batch& batch) const {
    if (!IsUtf8(line)) return RejectRow(Reason::kBadEncoding, number, line, batch);
    std::array<std::string, kRoles> texts;
    const bool object = ReadObject(line, [&](const std::string& key, std::string_view text) {
      for (size_t role = 0; role < kRoles; ++role) {
        if (format_.keys[role] == key) texts[role] = text;
      }
    });
    if (!object) return RejectRow(Reason::kNotJsonObject, number, line, batch);
    RoleFields fields;
    for (size_t role = 0; role < kRoles; ++role) {
      if (texts[role].find('\0') != std::string::npos) {  // written as \u0000
        return RejectRow(Reason::kNulByte, number, line, batch);
      }
      fields[role] = texts[role];
    }
    TakeRow(converter, fields, number, line, batch);
  }

  JsonLinesFormat format_;
};

}  // namespace

std::vector<std::string> JsonKeys(std::string_view text, bool at_end, size_t lines_max) {
  std::vector<std::string> keys;
  text = text.substr(0, WholeLines(text, at_end));
  for (size_t line = 0; line < lines_max && !text.empty(); ++line) {
    ReadObject(TakeLine(text), [&](const std::string& key, std::string_view) {
      if (std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
    });
  }
  return keys;
}

std::unique_ptr<BlockParser> MakeJsonLinesParser(JsonLinesFormat format) {
  return std::make_unique<JsonLinesParser>(std::move(format));
}

}  // namespace klieg::data
