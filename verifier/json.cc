#include "json.h"

#include <algorithm>
#include <cstdio>

namespace klieg_verify {

const Value& Value::At(std::string_view key, Type wanted) const {
  for (size_t i = 0; i < keys.size(); ++i) {
    if (keys[i] != key) continue;
    if (values[i].type != wanted) throw DoesNotHold("\"" + keys[i] + "\" is of the wrong type");
    return values[i];
  }
  throw DoesNotHold("\"" + std::string(key) + "\" is missing");
}

uint64_t Value::NumberAt(std::string_view key) const {
  const int64_t value = At(key, Type::kNumber).number;
  if (value < 0) throw DoesNotHold("\"" + std::string(key) + "\" is negative");
  return static_cast<uint64_t>(value);
}

const Value& Value::WithExactly(std::initializer_list<std::string_view> members) const {
  if (type != Type::kObject ||
      !std::equal(keys.begin(), keys.end(), members.begin(), members.end()))
    throw DoesNotHold("an object has other members than the format says");
  return *this;
}

void Reader::Fail(std::string_view expected) const {
  throw DoesNotHold("not canonical JSON: expected " + std::string(expected) + " at byte " +
                    std::to_string(at_));
}

bool Reader::TakeIf(char c) {
  if (at_ >= text_.size() || text_[at_] != c) return false;
  ++at_;
  return true;
}

void Reader::Expect(std::string_view word) {
  if (text_.substr(at_, word.size()) != word) Fail(word);
  at_ += word.size();
}

std::string_view Reader::Take(size_t count) {
  const std::string_view piece = text_.substr(at_, count);
  if (piece.size() < count) Fail("more");
  at_ += count;
  return piece;
}

void Reader::ExpectEnd() const {
  if (at_ != text_.size()) Fail("the end");
}

Value Reader::ReadValue(int depth) {
  if (depth > 32) Fail("less nesting");
  Value value;
  switch (Peek()) {
    case '{':
      return ReadObject(depth);
    case '[':
      return ReadList(depth);
    case '"':
      value.type = Value::Type::kText;
      value.text = ReadText();
      return value;
    case 't':
    case 'f':
      value.type = Value::Type::kBool;
      value.flag = Peek() == 't';
      Expect(value.flag ? "true" : "false");
      return value;
    case 'n':
      Expect("null");
      return value;
    default:
      value.type = Value::Type::kNumber;
      value.number = ReadNumber();
      return value;
  }
}

Value Reader::ReadObject(int depth) {
  Value value;
  value.type = Value::Type::kObject;
  Expect("{");
  if (TakeIf('}')) return value;
  do {
    std::string key = ReadText();
    if (!value.keys.empty() && key <= value.keys.back())
      Fail("keys in ascending order, none twice");
    Expect(":");
    value.keys.push_back(std::move(key));
    value.values.push_back(ReadValue(depth + 1));
  } while (TakeIf(','));
  Expect("}");
  return value;
}

Value Reader::ReadList(int depth) {
  Value value;
  value.type = Value::Type::kList;
  Expect("[");
  if (TakeIf(']')) return value;
  do {
    value.values.push_back(ReadValue(depth + 1));
  } while (TakeIf(','));
  Expect("]");
  return value;
}

int64_t Reader::ReadNumber() {
  const bool negative = TakeIf('-');
  const size_t begin = at_;
  int64_t value = 0;
  while (Peek() >= '0' && Peek() <= '9' && at_ - begin < 17)
    value = value * 10 + text_[at_++] - '0';
  if (at_ == begin) Fail("a value");
  if (text_[begin] == '0' && (negative || at_ - begin > 1)) Fail("a number without leading zero");
  if (value >= int64_t{1} << 53) Fail("a number below 2^53");
  return negative ? -value : value;
}

std::string Reader::ReadText() {
  std::string text;
  Expect("\"");
  while (!TakeIf('"')) {
    if (at_ >= text_.size()) Fail("the end of a text");
    if (TakeIf('\\')) {
      text.push_back(ReadEscape());
    } else {
      CopyCharacter(text);
    }
  }
  return text;
}

char Reader::ReadEscape() {
  static constexpr std::string_view kNames = "\"\\bfnrt";
  static constexpr std::string_view kValues = "\"\\\b\f\n\r\t";
  static constexpr std::string_view kHex = "0123456789abcdef";
  const char name = Take(1)[0];
  if (const size_t known = kNames.find(name); known != std::string_view::npos)
    return kValues[known];
  if (name != 'u') Fail("a known escape");
  const std::string_view digits = Take(4);
  const size_t low = kHex.find(digits[3]);
  const bool control = digits.substr(0, 2) == "00" && (digits[2] == '0' || digits[2] == '1');
  if (!control || low == std::string_view::npos) Fail("an escaped control character");
  const char value = static_cast<char>((digits[2] - '0') * 16 + static_cast<int>(low));
  if (kValues.find(value) != std::string_view::npos) Fail("the shortest escape");
  return value;
}

/// One character of UTF-8 as it stands: in its shortest form, no surrogate, at most U+10FFFF.
void Reader::CopyCharacter(std::string& to) {
  const auto first = static_cast<uint8_t>(text_[at_]);
  if (first < 0x20) Fail("an escaped control character");
  const size_t length = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : 4;
  if (length == 4 && first >> 3 != 30) Fail("UTF-8");
  const std::string_view bytes = Take(length);
  uint32_t code = length == 1 ? first : first & (0x7fU >> length);
  for (const char byte : bytes.substr(1)) {
    if ((static_cast<uint8_t>(byte) & 0xc0) != 0x80) Fail("UTF-8");
    code = code << 6 | (static_cast<uint8_t>(byte) & 0x3f);
  }
  static constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) Fail("UTF-8");
  to.append(bytes);
}

Value ReadObjectText(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (!text.starts_with('{')) throw DoesNotHold("not canonical JSON: expected an object");
  Reader reader(text);
  Value value = reader.ReadValue();
  reader.ExpectEnd();
  return value;
}

std::string Quote(std::string_view text) {
  std::string quoted = "\"";
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    // U+0080 to U+009F are commands to some terminals, too.
    const bool control =
        byte == 0xc2 && i + 1 < text.size() && static_cast<uint8_t>(text[i + 1]) < 0xa0;
    if (byte >= 0x20 && byte != 0x7f && !control) {
      if (byte == '"' || byte == '\\') quoted.push_back('\\');
      quoted.push_back(text[i]);
      continue;
    }
    char escape[8];
    std::snprintf(escape, sizeof(escape), "\\u%04x",
                  control ? static_cast<uint8_t>(text[++i]) : byte);
    quoted += escape;
  }
  return quoted + "\"";
}

}  // namespace klieg_verify
