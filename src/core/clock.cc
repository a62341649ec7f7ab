#include "core/clock.h"

#include <chrono>
#include <ctime>

namespace klieg::core {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kSecondsPerDay = 86'400;

double SecondsOf(clockid_t id) {
  timespec time{};
  clock_gettime(id, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Digits of fixed width at `position`, or -1.
int ReadDigits(std::string_view text, size_t position, size_t width) {
  if (position + width > text.size()) return -1;
  int value = 0;
  for (size_t i = position; i < position + width; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

tl::unexpected<Error> BadTime(std::string_view text) {
  return Fail(ErrorCode::kInvalidArgument,
              "'{}' is not a time: expected YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS[.ffffff]Z (UTC)",
              text);
}

}  // namespace

std::string FormatTimestamp(Timestamp time) {
  int64_t seconds = time.micros / kMicrosPerSecond;
  int64_t micros = time.micros % kMicrosPerSecond;
  if (micros < 0) {
    micros += kMicrosPerSecond;
    --seconds;
  }
  const auto value = static_cast<std::time_t>(seconds);
  std::tm parts{};
  gmtime_r(&value, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     micros);
}

Result<Timestamp> ParseTimestamp(std::string_view text) {
  namespace chrono = std::chrono;
  const int year = ReadDigits(text, 0, 4);
  const int month = ReadDigits(text, 5, 2);
  const int day = ReadDigits(text, 8, 2);
  if (year < 1 || month < 0 || day < 0 || text[4] != '-' || text[7] != '-') return BadTime(text);
  const chrono::year_month_day date{chrono::year(year), chrono::month(static_cast<unsigned>(month)),
                                    chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return BadTime(text);
  const int64_t days = chrono::sys_days(date).time_since_epoch().count();
  if (text.size() == 10) return Timestamp{days * kSecondsPerDay * kMicrosPerSecond};

  if (text.size() < 20 || text[10] != 'T' || text[13] != ':' || text[16] != ':' ||
      text.back() != 'Z') {
    return BadTime(text);
  }
  const int hour = ReadDigits(text, 11, 2);
  const int minute = ReadDigits(text, 14, 2);
  const int second = ReadDigits(text, 17, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
    return BadTime(text);
  int64_t micros = 0;
  if (text.size() > 20) {
    const size_t digits = text.size() - 21;
    if (text[19] != '.' || digits < 1 || digits > 6) return BadTime(text);
    micros = ReadDigits(text, 20, digits);
    if (micros < 0) return BadTime(text);
    for (size_t i = digits; i < 6; ++i) micros *= 10;
  }
  const int64_t seconds = days * kSecondsPerDay + hour * 3600 + minute * 60 + second;
  return Timestamp{seconds * kMicrosPerSecond + micros};
}

Timestamp SystemClock::Now() const {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return Timestamp{std::chrono::duration_cast<std::chrono::microseconds>(now).count()};
}

Stopwatch::Stopwatch()
    : wall_start_(SecondsOf(CLOCK_MONOTONIC)), cpu_start_(SecondsOf(CLOCK_PROCESS_CPUTIME_ID)) {}
double Stopwatch::WallSeconds() const { return SecondsOf(CLOCK_MONOTONIC) - wall_start_; }
double Stopwatch::CpuSeconds() const { return SecondsOf(CLOCK_PROCESS_CPUTIME_ID) - cpu_start_; }

}  // namespace klieg::core
