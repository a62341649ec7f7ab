#include "data/record_scanner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/random.h"

namespace klieg::data {
namespace {

using testing::ElementsAre;
using Rows = std::vector<std::vector<std::string>>;

const Dialect kComma;
const Dialect kColons{"::", false};

/// All records of a text; a bad one is {"BAD", its text}.
Rows Scan(std::string_view text, const Dialect& dialect = kComma) {
  Rows rows;
  RecordScanner scanner(text, dialect, /*at_end=*/true);
  for (Record record; scanner.Next(record);) {
    if (record.bad_quoting) {
      rows.push_back({"BAD", std::string(record.text)});
    } else {
      rows.emplace_back(record.fields.begin(), record.fields.end());
    }
  }
  return rows;
}

TEST(RecordScanner, SplitsAtDelimitersAndBothLineEnds) {
  EXPECT_EQ(Scan("a,b\r\n1,2\n3,4"), (Rows{{"a", "b"}, {"1", "2"}, {"3", "4"}}));
}

TEST(RecordScanner, LastRowWithCarriageReturnAndNoLineFeed) {
  EXPECT_EQ(Scan("1,2\r"), (Rows{{"1", "2"}}));
}

TEST(RecordScanner, KeepsEmptyFields) {
  EXPECT_EQ(Scan(",\na,,\n"), (Rows{{"", ""}, {"a", "", ""}}));
}

TEST(RecordScanner, ReadsQuotedDelimitersNewlinesAndDoubledQuotes) {
  EXPECT_EQ(Scan("\"a,b\",\"c\nd\",\"say \"\"hi\"\"\",\"\"\n1,\"\"\"\"\n"),
            (Rows{{"a,b", "c\nd", "say \"hi\"", ""}, {"1", "\""}}));
}

TEST(RecordScanner, CountsTheLinesOfARecord) {
  RecordScanner scanner("\"a\nb\nc\",1\n2,3\n", kComma, true);
  Record record;
  ASSERT_TRUE(scanner.Next(record));
  EXPECT_EQ(record.lines, 3U);
  ASSERT_TRUE(scanner.Next(record));
  EXPECT_EQ(record.lines, 1U);
}

TEST(RecordScanner, QuoteInsideAnUnquotedFieldIsAnOrdinaryCharacter) {
  EXPECT_EQ(Scan("5\" disk,x\n"), (Rows{{"5\" disk", "x"}}));
}

TEST(RecordScanner, TextAfterTheClosingQuoteCostsOneRow) {
  EXPECT_EQ(Scan("\"a\"b,1\n2,3\n"), (Rows{{"BAD", "\"a\"b,1"}, {"2", "3"}}));
}

TEST(RecordScanner, UnclosedQuoteCostsOneRow) {
  EXPECT_EQ(Scan("\"a,1\n2,3\n4,5\n"), (Rows{{"BAD", "\"a,1"}, {"2", "3"}, {"4", "5"}}));
}

TEST(RecordScanner, QuoteThatClosesTooFarAwayCountsAsUnclosed) {
  const std::string text = "\"a,1\n" + std::string(kQuotedBytesMax, 'x') + "\n2,\"b\"\n";
  const Rows rows = Scan(text);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_THAT(rows[0], ElementsAre("BAD", "\"a,1"));
  EXPECT_THAT(rows[2], ElementsAre("2", "b"));
}

TEST(RecordScanner, CarriageReturnWithinALineAfterAQuoteIsBad) {
  EXPECT_EQ(Scan("\"a\"\rb\n"), (Rows{{"BAD", "\"a\"\rb"}}));
}

TEST(RecordScanner, TwoByteDelimiterLeavesSingleColonsAlone) {
  EXPECT_EQ(Scan("1::Alien: Covenant (2017)::\"Horror\"\n", kColons),
            (Rows{{"1", "Alien: Covenant (2017)", "\"Horror\""}}));
}

TEST(RecordScanner, IncompleteRecordIsNotTakenBeforeTheEnd) {
  for (const std::string text : {"1,2", "1,\"2", "1,\"2\"", "1,\"2\"\r", "1,\"a\nb"}) {
    RecordScanner scanner(text, kComma, /*at_end=*/false);
    Record record;
    EXPECT_FALSE(scanner.Next(record)) << text;
    EXPECT_EQ(scanner.position(), 0U);
  }
}

/// Random texts of the characters that matter. What is cut off as whole records, at whatever place
/// more text was missing, and then read for itself, gives the same rows as reading the text at
/// once.
TEST(RecordScanner, CuttingAtAnyPlaceGivesTheSameRows) {
  core::Random random(7);
  constexpr std::string_view kAlphabet = "\",\n\rab";
  for (int repeat = 0; repeat < 3000; ++repeat) {
    std::string text;
    const size_t size = random.Below(30);
    for (size_t i = 0; i < size; ++i) text += kAlphabet[random.Below(kAlphabet.size())];
    const Rows whole = Scan(text);
    const size_t cut = size == 0 ? 0 : random.Below(size);
    RecordScanner first(std::string_view(text).substr(0, cut), kComma, /*at_end=*/false);
    for (Record record; first.Next(record);) {
    }
    Rows parts = Scan(text.substr(0, first.position()));
    for (const auto& row : Scan(text.substr(first.position()))) parts.push_back(row);
    EXPECT_EQ(parts, whole) << testing::PrintToString(text) << " cut at " << cut;
  }
}

}  // namespace
}  // namespace klieg::data
