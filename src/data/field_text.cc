#include "data/field_text.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace klieg::data {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// Reads exactly `count` digits from the front of `text`.
bool TakeDigits(std::string_view& text, size_t count, int& value) {
  if (text.size() < count) return false;
  value = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!IsDigit(text[i])) return false;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return true;
}

bool Take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

bool IsLeap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int DaysInMonth(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeap(year) ? 29 : kDays[month - 1];
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar: whole days of the years before,
/// counted from year 1, then of the months before.
int64_t DaysSinceEpoch(int year, int month, int day) {
  const int64_t before = year - 1;
  int64_t days = before * 365 + before / 4 - before / 100 + before / 400 - 719'162;
  for (int m = 1; m < month; ++m) days += DaysInMonth(year, m);
  return days + day - 1;
}

/// "Z", "+02:00", "+0200", "+02" or nothing; seconds east of UTC.
bool TakeZone(std::string_view& text, int& offset_seconds) {
  offset_seconds = 0;
  if (text.empty() || Take(text, 'Z') || Take(text, 'z')) return true;
  const bool east = text.front() == '+';
  if (!east && text.front() != '-') return false;
  text.remove_prefix(1);
  int hours = 0;
  int minutes = 0;
  if (!TakeDigits(text, 2, hours) || hours > 14) return false;
  if (!text.empty()) {
    Take(text, ':');
    if (!TakeDigits(text, 2, minutes) || minutes > 59) return false;
  }
  offset_seconds = (hours * 3600 + minutes * 60) * (east ? 1 : -1);
  return true;
}

bool TakeFraction(std::string_view& text) {
  if (!Take(text, '.') && !Take(text, ',')) return true;
  size_t digits = 0;
  while (digits < text.size() && IsDigit(text[digits])) ++digits;
  text.remove_prefix(digits);
  return digits > 0;
}

/// Hours, minutes and, where given, seconds with a fraction.
bool TakeClock(std::string_view& text, int& seconds_of_day) {
  int hours = 0;
  int minutes = 0;
  int seconds = 0;
  if (!TakeDigits(text, 2, hours) || !Take(text, ':') || !TakeDigits(text, 2, minutes))
    return false;
  if (Take(text, ':')) {
    if (!TakeDigits(text, 2, seconds) || !TakeFraction(text)) return false;
  }
  seconds_of_day = hours * 3600 + minutes * 60 + seconds;
  return hours < 24 && minutes < 60 && seconds < 60;
}

bool ParseIsoTime(std::string_view text, int64_t& seconds) {
  int year = 0;
  int month = 0;
  int day = 0;
  if (!TakeDigits(text, 4, year) || !Take(text, '-') || !TakeDigits(text, 2, month) ||
      !Take(text, '-') || !TakeDigits(text, 2, day)) {
    return false;
  }
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > DaysInMonth(year, month))
    return false;
  int seconds_of_day = 0;
  int offset = 0;
  if (!text.empty()) {
    if (!Take(text, 'T') && !Take(text, 't') && !Take(text, ' ')) return false;
    if (!TakeClock(text, seconds_of_day)) return false;
    if (text.size() > 1 && text.front() == ' ') text.remove_prefix(1);  // "… 09:30:00 +0000"
    if (!TakeZone(text, offset) || !text.empty()) return false;
  }
  seconds = DaysSinceEpoch(year, month, day) * 86'400 + seconds_of_day - offset;
  return true;
}

std::optional<Reason> CheckSeconds(double seconds) {
  if (seconds >= kTimeSecondsMin && seconds < static_cast<double>(kTimeSecondsMax) + 1)
    return std::nullopt;
  // 1e11 milliseconds are in 1973; as seconds it would be the year 5138.
  const bool milliseconds = seconds >= 1e11 && seconds <= kTimeSecondsMax * 1e3;
  return milliseconds ? Reason::kTimeInMilliseconds : Reason::kTimeOutOfRange;
}

template <class Number>
std::errc ParseFloat(std::string_view text, Number& value) {
  if (text.size() > 1 && text.front() == '+' && text[1] != '-') text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return error;
  return end == text.data() + text.size() ? std::errc() : std::errc::invalid_argument;
}

}  // namespace

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::optional<int64_t> ParseCanonicalInteger(std::string_view text) {
  const std::string_view digits = text.substr(!text.empty() && text.front() == '-' ? 1 : 0);
  if (digits.empty() || !IsDigit(digits.front())) return std::nullopt;
  if (digits.front() == '0' && text.size() > 1) return std::nullopt;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Reason> ParseTime(std::string_view text, int64_t& seconds) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc() && end == text.data() + text.size()) {
    if (seconds >= kTimeSecondsMin && seconds <= kTimeSecondsMax) return std::nullopt;
    return CheckSeconds(static_cast<double>(seconds));
  }
  if (text.size() >= 10 && text[4] == '-') {
    if (!ParseIsoTime(text, seconds)) return Reason::kTimeNotNumber;
    const bool fits = seconds >= kTimeSecondsMin && seconds <= kTimeSecondsMax;
    return fits ? std::nullopt : std::optional(Reason::kTimeOutOfRange);
  }
  double number = 0;
  const std::errc problem = ParseFloat(text, number);
  if (problem == std::errc::result_out_of_range) return Reason::kTimeOutOfRange;
  if (problem != std::errc() || std::isnan(number)) return Reason::kTimeNotNumber;
  if (const auto reason = CheckSeconds(number)) return reason;
  seconds = static_cast<int64_t>(number);
  return std::nullopt;
}

std::optional<Reason> ParseValue(std::string_view text, float& value) {
  const std::errc problem = ParseFloat(text, value);
  if (problem == std::errc::result_out_of_range) {
    // Too large, or too small to be told from zero: only the first is not a finite float.
    double wide = 0;
    if (ParseFloat(text, wide) == std::errc() && std::abs(wide) < 1) {
      value = 0;
      return std::nullopt;
    }
    return Reason::kValueNotFinite;
  }
  if (problem != std::errc()) return Reason::kValueNotNumber;
  return std::isfinite(value) ? std::nullopt : std::optional(Reason::kValueNotFinite);
}

std::optional<Reason> ParseYear(std::string_view text, int32_t& year) {
  double number = 0;
  const std::errc problem = ParseFloat(text, number);
  if (problem == std::errc::result_out_of_range) return Reason::kYearOutOfRange;
  if (problem != std::errc() || std::isnan(number)) return Reason::kYearNotNumber;
  if (number < 1 || number > 9999) return Reason::kYearOutOfRange;
  year = static_cast<int32_t>(number);
  return static_cast<double>(year) == number ? std::nullopt : std::optional(Reason::kYearNotNumber);
}

NameAndYear SplitYear(std::string_view name) {
  const NameAndYear whole{name, 0};
  if (name.empty() || name.back() != ')') return whole;
  const size_t open = name.rfind('(');
  if (open == std::string_view::npos || open == 0) return whole;
  std::string_view inside = name.substr(open + 1, name.size() - open - 2);
  int year = 0;
  if (!TakeDigits(inside, 4, year) || year < 1800) return whole;
  // What may follow is a dash of any kind and another year: no letters, no further digits at once.
  if (!inside.empty() && IsDigit(inside.front())) return whole;
  for (const char c : inside) {
    const bool ascii_other =
        static_cast<unsigned char>(c) < 0x80 && !IsDigit(c) && c != '-' && c != ' ';
    if (ascii_other) return whole;
  }
  return {Trim(name.substr(0, open)), year};
}

}  // namespace klieg::data
