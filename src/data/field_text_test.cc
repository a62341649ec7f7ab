#include "data/field_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/random.h"

namespace klieg::data {
namespace {

/// Seconds, or the words of the refusal.
std::string Time(std::string_view text) {
  int64_t seconds = 0;
  const auto reason = ParseTime(text, seconds);
  return reason ? std::string(ReasonName(*reason)) : std::to_string(seconds);
}

std::string Value(std::string_view text) {
  float value = 0;
  const auto reason = ParseValue(text, value);
  return reason ? std::string(ReasonName(*reason)) : fmt::format("{}", value);
}

TEST(CanonicalInteger, OnlyTextsThatTheNumberGivesBack) {
  for (const char* text : {"0", "7", "-7", "9223372036854775807", "-9223372036854775808"}) {
    const auto number = ParseCanonicalInteger(text);
    ASSERT_TRUE(number) << text;
    EXPECT_EQ(std::to_string(*number), text);
  }
  for (const char* text : {"", "-", "-0", "00", "007", "+7", "7.0", " 7", "7 ", "1e3", "1_000",
                           "9223372036854775808", "x"}) {
    EXPECT_FALSE(ParseCanonicalInteger(text)) << text;
  }
}

TEST(Time, Seconds) {
  EXPECT_EQ(Time("964982703"), "964982703");
  EXPECT_EQ(Time("964982703.75"), "964982703");
  EXPECT_EQ(Time("9.64982703e8"), "964982703");
  EXPECT_EQ(Time("0"), "0");
  EXPECT_EQ(Time("4133980799"), "4133980799");
}

TEST(Time, OutOfRange) {
  for (const char* text : {"-1", "4133980800", "99999999999999999", "1e300", "1e999", "-1e999",
                           "inf", "1969-12-31", "2101-01-01", "1970-01-01T00:00:00+01:00"}) {
    EXPECT_EQ(Time(text), "time out of range") << text;
  }
}

TEST(Time, MillisecondsAreNamedAndNotGuessed) {
  EXPECT_EQ(Time("964982703000"), "time in milliseconds");
  EXPECT_EQ(Time("1700000000123"), "time in milliseconds");
  EXPECT_EQ(Time("1700000000123.5"), "time in milliseconds");
}

TEST(Time, NotANumber) {
  for (const char* text : {"yesterday", "nan", "12x", "2026-02-30", "2026-13-01",
                           "2026-01-01T25:00", "2026-01-01T10:00+99:00", "2026-01-01Tx",
                           "2026-01-0", "1.2.3", "-", "+", "++1", "2026-01-01T10:00:00."}) {
    EXPECT_EQ(Time(text), "time not a number") << text;
  }
}

TEST(Time, IsoFormsOfOneMoment) {
  for (const char* text :
       {"2000-07-30T18:45:03Z", "2000-07-30 18:45:03", "2000-07-30T18:45:03.999Z",
        "2000-07-30T20:45:03+02:00", "2000-07-30T13:15:03-0530", "2000-07-30 18:45:03 +0000"}) {
    EXPECT_EQ(Time(text), "964982703") << text;
  }
  EXPECT_EQ(Time("1970-01-01"), "0");
  EXPECT_EQ(Time("2000-02-29"), "951782400");
}

/// core::ParseTimestamp computes the calendar in another way.
TEST(Time, AgreesWithTheClockOfCore) {
  core::Random random(3);
  for (int i = 0; i < 2000; ++i) {
    const auto seconds = static_cast<int64_t>(random.Below(kTimeSecondsMax + 1));
    EXPECT_EQ(Time(core::FormatTimestamp({seconds * 1'000'000})), std::to_string(seconds));
  }
}

TEST(Value, FiniteNumbers) {
  EXPECT_EQ(Value("4.5"), "4.5");
  EXPECT_EQ(Value("+4.5"), "4.5");
  EXPECT_EQ(Value("-0.25"), "-0.25");
  EXPECT_EQ(Value("1e-300"), "0");
}

TEST(Value, NotFinite) {
  for (const char* text : {"nan", "NaN", "inf", "-inf", "Infinity", "1e39", "-1e400"}) {
    EXPECT_EQ(Value(text), "value not finite") << text;
  }
}

TEST(Value, NotANumber) {
  for (const char* text : {"five", "4,5", "4.5x", "0x10", "+-1", "+"}) {
    EXPECT_EQ(Value(text), "value not a number") << text;
  }
}

TEST(Year, RangeAndForm) {
  int32_t year = 0;
  EXPECT_FALSE(ParseYear("1995", year));
  EXPECT_EQ(year, 1995);
  EXPECT_FALSE(ParseYear("1995.0", year));
  EXPECT_FALSE(ParseYear("9999", year)) << "a year to come is kept";
  EXPECT_EQ(ParseYear("0", year), Reason::kYearOutOfRange);
  EXPECT_EQ(ParseYear("1e99", year), Reason::kYearOutOfRange);
  EXPECT_EQ(ParseYear("1995.5", year), Reason::kYearNotNumber);
  EXPECT_EQ(ParseYear("soon", year), Reason::kYearNotNumber);
  EXPECT_EQ(ParseYear("nan", year), Reason::kYearNotNumber);
}

TEST(SplitYear, TakesTheYearOffTheName) {
  const auto expect = [](std::string_view text, std::string_view name, int32_t year) {
    EXPECT_EQ(SplitYear(text).name, name) << text;
    EXPECT_EQ(SplitYear(text).year, year) << text;
  };
  expect("Toy Story (1995)", "Toy Story", 1995);
  expect("City of Lost Children, The (Cité des enfants perdus, La) (1995)",
         "City of Lost Children, The (Cité des enfants perdus, La)", 1995);
  expect("Death Note (2006–2007)", "Death Note", 2006);
  expect("Dragons (2009-)", "Dragons", 2009);
  expect("Babylon 5", "Babylon 5", 0);
  expect("(1995)", "(1995)", 0);
  expect("Nova (19955)", "Nova (19955)", 0);
  expect("Heat (Director)", "Heat (Director)", 0);
  expect("Heat (1995 cut)", "Heat (1995 cut)", 0);
  expect("", "", 0);
}

}  // namespace
}  // namespace klieg::data
