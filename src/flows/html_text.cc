#include "flows/html_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace klieg::flows {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view kEllipsis = "…";
constexpr std::string_view kUnknown = "–";

struct CodePoint {
  uint32_t value = 0;
  size_t length = 1;  // Bytes used, at least 1.
  bool valid = false;
};

CodePoint DecodeAt(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(at);
  if (first < 0x80) return {first, 1, true};
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || at + length > text.size()) return {};
  uint32_t value = first & (0xFFU >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return {};
    value = (value << 6) | (byte(at + i) & 0x3FU);
  }
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  const bool noncharacter = (value & 0xFFFE) == 0xFFFE || (value >= 0xFDD0 && value <= 0xFDEF);
  if (value < kSmallest[length] || value > 0x10FFFF || surrogate || noncharacter) return {};
  return {value, length, true};
}

bool IsControl(uint32_t c) { return c < 0x20 || (c >= 0x7F && c <= 0x9F); }

double RelativeWidth(uint32_t c) {
  if (c >= 0x1100) {
    const bool punctuation = c >= 0x2010 && c <= 0x2212;
    return punctuation ? 1.0 : 1.3;
  }
  if (c >= 0x80) return 0.78;
  if (std::string_view("il|'!.,:;jI ").find(static_cast<char>(c)) != std::string_view::npos)
    return 0.36;
  if (std::string_view("mwMW@%").find(static_cast<char>(c)) != std::string_view::npos) return 1.02;
  if (c >= 'A' && c <= 'Z') return 0.78;
  if (std::string_view("frt-()[]/").find(static_cast<char>(c)) != std::string_view::npos)
    return 0.44;
  return 0.645;
}

}  // namespace

std::string Escape(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = DecodeAt(text, at);
    if (!point.valid) {
      out += kReplacement;
    } else if (IsControl(point.value)) {
      out += ' ';
    } else if (point.value == '&') {
      out += "&amp;";
    } else if (point.value == '<') {
      out += "&lt;";
    } else if (point.value == '>') {
      out += "&gt;";
    } else if (point.value == '"') {
      out += "&quot;";
    } else if (point.value == '\'') {
      out += "&#39;";
    } else {
      out += text.substr(at, point.length);
    }
    at += point.length;
  }
  return out;
}

double TextWidth(std::string_view text, double font_size) {
  double width = 0;
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = DecodeAt(text, at);
    width += point.valid ? RelativeWidth(point.value) : 1.0;
    at += point.length;
  }
  return width * font_size;
}

std::string Shorten(std::string_view text, double width, double font_size) {
  if (TextWidth(text, font_size) <= width) return std::string(text);
  double used = TextWidth(kEllipsis, font_size);
  size_t at = 0;
  while (at < text.size()) {
    const size_t length = DecodeAt(text, at).length;
    used += TextWidth(text.substr(at, length), font_size);
    if (used > width) break;
    at += length;
  }
  while (at > 0 && text[at - 1] == ' ') --at;
  return std::string(text.substr(0, at)) + std::string(kEllipsis);
}

std::string Fixed(double value, int decimals) {
  if (!std::isfinite(value)) return std::string(kUnknown);
  if (std::abs(value) >= 1e9)
    return (value < 0 ? "−" : "") + fmt::format("{:.3g}", std::abs(value));
  std::string text = fmt::format("{:.{}f}", value, decimals);
  const bool zero = text.find_first_not_of("-0.") == std::string::npos;
  if (text.front() != '-') return text;
  return zero ? text.substr(1) : "−" + text.substr(1);
}

std::string Signed(double value, int decimals) {
  std::string text = Fixed(value, decimals);
  if (!std::isfinite(value)) return text;
  const bool zero = text.find_first_not_of("0.") == std::string::npos;
  return zero || text.starts_with("−") ? text : "+" + text;
}

int DecimalsFor(double value, double low, double high) {
  const double half_width = (high - low) / 2;
  const bool has_width = std::isfinite(half_width) && half_width > 0;
  const double scale = has_width ? half_width : std::abs(value) / 50;
  if (!std::isfinite(scale) || scale <= 0) return 3;
  const double digits = std::ceil(-std::log10(scale)) + 1;
  return static_cast<int>(std::clamp(digits, 2.0, 6.0));
}

std::string DurationText(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return std::string(kUnknown);
  if (seconds == 0) return "0 s";
  if (seconds < 0.001) return "< 1 ms";
  if (seconds < 0.0995) return fmt::format("{:.0f} ms", seconds * 1000);
  if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
  if (seconds < 59.5) return fmt::format("{:.0f} s", seconds);
  if (seconds > 3.6e8) return fmt::format("{:.3g} h", seconds / 3600);
  const auto whole = static_cast<uint64_t>(std::llround(seconds));
  const auto pair = [](uint64_t big, const char* big_unit, uint64_t small, const char* small_unit) {
    return small == 0 ? fmt::format("{} {}", big, big_unit)
                      : fmt::format("{} {} {} {}", big, big_unit, small, small_unit);
  };
  if (whole < 3600) return pair(whole / 60, "min", whole % 60, "s");
  return pair(whole / 3600, "h", whole % 3600 / 60, "min");
}

std::string BytesText(uint64_t bytes) {
  if (bytes == 0) return std::string(kUnknown);
  constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  auto amount = static_cast<double>(bytes);
  size_t unit = 0;
  while (amount >= 999.5 && unit + 1 < std::size(kUnits)) {
    amount /= 1000;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", amount, unit > 0 && amount < 9.95 ? 1 : 0, kUnits[unit]);
}

std::string CountText(uint64_t count) {
  std::string text = std::to_string(count);
  for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string PValueText(double p_value) {
  if (!(p_value >= 0 && p_value <= 1)) return "p unknown";
  if (p_value < 0.001) return "p < 0.001";
  return fmt::format("p = {:.{}f}", p_value, p_value < 0.0995 ? 3 : 2);
}

}  // namespace klieg::flows
