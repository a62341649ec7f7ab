#include "rights/canonical_json.h"

#include <cstdint>
#include <string>

namespace klieg::rights {
namespace {

/// Length of the UTF-8 sequence at the beginning of `text` (1 to 4), or 0 when it is not
/// well-formed: too short, overlong, a surrogate, or beyond U+10FFFF (Unicode 15, table 3-7).
size_t Utf8Length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const auto continues = [&](size_t i, uint8_t low = 0x80, uint8_t high = 0xbf) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return continues(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const uint8_t low = first == 0xe0 ? 0xa0 : 0x80;
    const uint8_t high = first == 0xed ? 0x9f : 0xbf;
    return continues(1, low, high) && continues(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const uint8_t low = first == 0xf0 ? 0x90 : 0x80;
    const uint8_t high = first == 0xf4 ? 0x8f : 0xbf;
    return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

/// The bytes that a string in canonical text stands for, so that keys can be compared by what they
/// mean rather than by how their escapes look. `quoted` has been checked.
std::string Unescape(std::string_view quoted) {
  std::string plain;
  const std::string_view inner = quoted.substr(1, quoted.size() - 2);
  for (size_t i = 0; i < inner.size(); ++i) {
    if (inner[i] != '\\') {
      plain.push_back(inner[i]);
      continue;
    }
    static constexpr std::string_view kNames = "\"\\bfnrt";
    static constexpr std::string_view kValues = "\"\\\b\f\n\r\t";
    const size_t known = kNames.find(inner[++i]);
    if (known != std::string_view::npos) {
      plain.push_back(kValues[known]);
    } else {  // u00xx
      const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
      plain.push_back(static_cast<char>(digit(inner[i + 3]) * 16 + digit(inner[i + 4])));
      i += 4;
    }
  }
  return plain;
}

class Checker {
 public:
  explicit Checker(std::string_view text) : text_(text) {}

  core::Status Value(size_t depth) {
    if (depth > kMaxJsonDepth) return Expected("less nesting");
    switch (Peek()) {
      case '{':
        return Object(depth);
      case '[':
        return Array(depth);
      case '"':
        return String();
      case 't':
        return Word("true");
      case 'f':
        return Word("false");
      case 'n':
        return Word("null");
      default:
        return Integer();
    }
  }

  core::Status End() const {
    if (at_ != text_.size()) return Expected("the end of the text");
    return {};
  }

 private:
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  core::Status Expected(std::string_view what) const {
    return core::Fail(core::ErrorCode::kInvalidArgument,
                      "not canonical JSON: expected {} at byte {}", what, at_);
  }

  core::Status Word(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return Expected(word);
    at_ += word.size();
    return {};
  }

  core::Status Integer() {
    const bool negative = Take('-');
    const size_t begin = at_;
    int64_t value = 0;
    while (Peek() >= '0' && Peek() <= '9') {
      if (at_ - begin >= 16) return Expected("an integer within 2^53 - 1");
      value = value * 10 + (text_[at_++] - '0');
    }
    if (at_ == begin) return Expected("a value");
    const bool zero_first = text_[begin] == '0';
    if (zero_first && (at_ - begin > 1 || negative))
      return Expected("an integer without leading zero");
    if (value > (int64_t{1} << 53) - 1) return Expected("an integer within 2^53 - 1");
    return {};
  }

  core::Status String() {
    if (!Take('"')) return Expected("a string");
    while (true) {
      if (at_ >= text_.size()) return Expected("the end of a string");
      const auto c = static_cast<uint8_t>(text_[at_]);
      if (c == '"') {
        ++at_;
        return {};
      }
      if (c < 0x20) return Expected("an escaped control character");
      if (c == '\\') {
        KLIEG_TRY(Escape());
        continue;
      }
      const size_t length = Utf8Length(text_.substr(at_));
      if (length == 0) return Expected("well-formed UTF-8");
      at_ += length;
    }
  }

  core::Status Escape() {
    const std::string_view rest = text_.substr(at_ + 1);
    static constexpr std::string_view kShort = "\"\\bfnrt";
    if (!rest.empty() && kShort.find(rest[0]) != std::string_view::npos) {
      at_ += 2;
      return {};
    }
    // Only control characters without a short form may be written as \u00xx.
    static constexpr std::string_view kDigits = "0123456789abcdef";
    if (rest.size() < 5 || !rest.starts_with("u00") || (rest[3] != '0' && rest[3] != '1') ||
        kDigits.find(rest[4]) == std::string_view::npos ||
        (rest[3] == '0' && std::string_view("89acd").find(rest[4]) != std::string_view::npos)) {
      return Expected("an escape in its shortest form");
    }
    at_ += 6;
    return {};
  }

  core::Status Array(size_t depth) {
    ++at_;
    if (Take(']')) return {};
    do {
      KLIEG_TRY(Value(depth + 1));
    } while (Take(','));
    if (!Take(']')) return Expected("',' or ']'");
    return {};
  }

  core::Status Object(size_t depth) {
    ++at_;
    if (Take('}')) return {};
    std::string_view before;
    do {
      const size_t begin = at_;
      KLIEG_TRY(String());
      const std::string_view key = text_.substr(begin, at_ - begin);
      if (!before.empty() && !Ascending(before, key)) {
        at_ = begin;
        return Expected("a key greater than the one before it");
      }
      before = key;
      if (!Take(':')) return Expected("':'");
      KLIEG_TRY(Value(depth + 1));
    } while (Take(','));
    if (!Take('}')) return Expected("',' or '}'");
    return {};
  }

  static bool Ascending(std::string_view first, std::string_view second) {
    const auto plain = [](std::string_view key) {
      return key.find('\\') == std::string_view::npos;
    };
    // Without escapes, the quoted forms minus their last quote order like the keys.
    if (plain(first) && plain(second)) {
      return first.substr(0, first.size() - 1) < second.substr(0, second.size() - 1);
    }
    return Unescape(first) < Unescape(second);
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

core::Status CheckCanonicalJson(std::string_view text) {
  Checker checker(text);
  KLIEG_TRY(checker.Value(1));
  return checker.End();
}

core::Status CheckCanonicalObject(std::string_view text) {
  if (!text.starts_with('{')) {
    return core::Fail(core::ErrorCode::kInvalidArgument, "not canonical JSON: expected an object");
  }
  return CheckCanonicalJson(text);
}

bool IsWellFormedUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace klieg::rights
