/// What the text of one field means: integers, times, values, years. Internal to src/data.
///
/// All functions are total: any bytes give a value or a reason, and none allocates.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "data/column_batch.h"

namespace klieg::data {

/// First and last moment that a time may have: 1970-01-01 and 2100-12-31T23:59:59, UTC.
inline constexpr int64_t kTimeSecondsMin = 0;
inline constexpr int64_t kTimeSecondsMax = 4'133'980'799;

/// Without blanks and tabs at both ends.
std::string_view Trim(std::string_view text);

/// A 64-bit integer in its one canonical form ("0", "-7", no "+7", "007", "-0", "7.0"): a text that
/// can be made again from the number. Only such ids may be stored as numbers.
std::optional<int64_t> ParseCanonicalInteger(std::string_view text);

/// Seconds since 1970 UTC: a number (a fraction is cut off), or "2026-03-01", "2026-03-01T09:30",
/// "2026-03-01 09:30:00.5", with "Z" or "+02:00" behind (none: UTC). Milliseconds are never
/// guessed: thirteen-digit numbers that would be dates as milliseconds are refused as
/// kTimeInMilliseconds. Gives nothing on success.
std::optional<Reason> ParseTime(std::string_view text, int64_t& seconds);

/// A finite 32-bit float.
std::optional<Reason> ParseValue(std::string_view text, float& value);

/// A year from 1 to 9999; a fraction of zeros ("1995.0") is allowed. A year in the future is kept
/// as it is.
std::optional<Reason> ParseYear(std::string_view text, int32_t& year);

/// "Toy Story (1995)" is the name "Toy Story" and the year 1995; a span ("(2006–2007)") gives its
/// first year. Leaves the year 0 and the name as it is where there is none.
struct NameAndYear {
  std::string_view name;
  int32_t year = 0;
};
NameAndYear SplitYear(std::string_view name);

}  // namespace klieg::data
