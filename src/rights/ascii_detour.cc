#include "rights/ascii_detour.h"

#include <algorithm>

#include "rights/canonical_json.h"

namespace klieg::rights {
namespace {

constexpr std::string_view kMarks = "~^%$|@&;?!`";
constexpr std::string_view kDigits = "0123456789abcdef";

/// Whether some escape in the text could stand for this character. May err on the safe side.
bool IsEscapedIn(const std::string& lower, char character) {
  const auto byte = static_cast<unsigned char>(character);
  const std::string digits = {'0', '0', kDigits[byte >> 4], kDigits[byte & 15]};
  return lower.find("u" + digits) != std::string::npos ||
         lower.find("u0000" + digits) != std::string::npos;
}

}  // namespace

core::Result<AsciiDetour> AsciiDetour::For(std::string_view text) {
  if (!IsWellFormedUtf8(text)) {
    return core::Fail(core::ErrorCode::kInvalidArgument, "it is not UTF-8");
  }
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  for (const char mark : kMarks) {
    const bool used = text.find(mark) != std::string_view::npos || IsEscapedIn(lower, mark);
    if (!used) return AsciiDetour(mark);
  }
  return core::Fail(core::ErrorCode::kInvalidArgument,
                    "it uses all of the characters {}: leave one out", kMarks);
}

std::string AsciiDetour::Out(std::string_view text) const {
  std::string ascii;
  ascii.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      ascii.push_back(c);
    } else {
      ascii.append({mark_, kDigits[byte >> 4], kDigits[byte & 15]});
    }
  }
  return ascii;
}

std::string AsciiDetour::Back(std::string_view text) const {
  std::string plain;
  plain.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const bool marked = text[i] == mark_ && i + 2 < text.size();
    const size_t high = marked ? kDigits.find(text[i + 1]) : std::string_view::npos;
    const size_t low = marked ? kDigits.find(text[i + 2]) : std::string_view::npos;
    if (high == std::string_view::npos || low == std::string_view::npos) {
      plain.push_back(text[i]);
      continue;
    }
    plain.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return plain;
}

}  // namespace klieg::rights
