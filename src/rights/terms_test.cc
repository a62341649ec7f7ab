#include "rights/terms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/file.h"
#include "rights/ascii_detour.h"

namespace klieg::rights {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kComplete = R"(owner = "Archive"
licence = "by letter of 3 May"
purposes = ["measure", "recommend"]
expires = "2030-01-01"
source = "https://example.org/"
)";

std::string ErrorOf(std::string_view toml) {
  const core::Result<Terms> terms = ParseTerms(toml, "t.toml");
  EXPECT_FALSE(terms) << toml;
  if (terms) return "";
  EXPECT_EQ(terms.error().code, core::ErrorCode::kInvalidArgument);
  return terms.error().message;
}

std::string Replace(std::string_view from, std::string_view to) {
  std::string text(kComplete);
  text.replace(text.find(from), from.size(), to);
  return text;
}

TEST(Terms, ACompleteFileIsReadAndPurposesAreSorted) {
  const Terms terms = ParseTerms(kComplete, "t.toml").value();
  EXPECT_EQ(terms.owner, "Archive");
  EXPECT_EQ(terms.licence, "by letter of 3 May");
  EXPECT_THAT(terms.purposes, ElementsAre(Purpose::kRecommend, Purpose::kMeasure));
  EXPECT_EQ(core::FormatTimestamp(terms.expires.value()), "2030-01-01T00:00:00.000000Z");
  EXPECT_EQ(terms.source, "https://example.org/");
}

TEST(Terms, NeverExpiringTermsWithoutPurposesOrSourceAreTerms) {
  const Terms terms =
      ParseTerms("owner='o'\nlicence='l'\npurposes=[]\nexpires='never'\n", "t").value();
  EXPECT_FALSE(terms.expires);
  EXPECT_THAT(terms.purposes, IsEmpty());
  EXPECT_EQ(terms.source, "");
}

TEST(Terms, AnUnknownKeyIsNamedWithItsLine) {
  const std::string error = ErrorOf(Replace("expires", "expiry"));
  EXPECT_THAT(error, HasSubstr("t.toml, line 4"));
  EXPECT_THAT(error, HasSubstr("unknown key 'expiry'"));
}

TEST(Terms, AMissingKeyIsNamed) {
  for (const std::string key : {"owner", "licence", "purposes", "expires"}) {
    std::string text(kComplete);
    const size_t begin = text.find(key + " =");
    text.erase(begin, text.find('\n', begin) + 1 - begin);
    EXPECT_THAT(ErrorOf(text), HasSubstr("'" + key + "' is missing"));
  }
}

TEST(Terms, AWrongTypeSaysWhatWasExpected) {
  EXPECT_THAT(ErrorOf(Replace("\"Archive\"", "7")), HasSubstr("line 1: 'owner' must be a text"));
  EXPECT_THAT(ErrorOf(Replace("[\"measure\", \"recommend\"]", "\"measure\"")),
              HasSubstr("line 3: 'purposes' must be a list"));
  EXPECT_THAT(ErrorOf(Replace("\"measure\", ", "1, ")),
              HasSubstr("line 3: 'purposes' must hold texts"));
  EXPECT_THAT(ErrorOf(Replace("\"2030-01-01\"", "2030-01-01")),
              HasSubstr("line 4: 'expires' must be a text"));
}

TEST(Terms, AnUnknownPurposeListsThoseThereAre) {
  const std::string error = ErrorOf(Replace("measure", "generate"));
  EXPECT_THAT(error, HasSubstr("line 3"));
  EXPECT_THAT(error, HasSubstr("recommend, forecast, schedule, measure"));
  EXPECT_THAT(error, HasSubstr("'generate'"));
}

TEST(Terms, APurposeNamedTwiceIsRefused) {
  EXPECT_THAT(ErrorOf(Replace("measure", "recommend")), HasSubstr("names 'recommend' twice"));
}

TEST(Terms, ADateThatIsNoneIsRefused) {
  EXPECT_THAT(ErrorOf(Replace("2030-01-01", "2030-02-30")), HasSubstr("line 4: in 'expires'"));
  EXPECT_THAT(ErrorOf(Replace("2030-01-01", "forever")), HasSubstr("or \"never\""));
}

TEST(Terms, EmptyAndOverlongAndMultiLineTextsAreRefused) {
  EXPECT_THAT(ErrorOf(Replace("Archive", "")), HasSubstr("line 1: 'owner' is empty"));
  EXPECT_THAT(ErrorOf(Replace("Archive", std::string(kMaxTermsTextBytes + 1, 'x'))),
              HasSubstr("at most 4096"));
  EXPECT_THAT(ErrorOf(Replace("Archive", "a\\nb")), HasSubstr("one line"));
  EXPECT_THAT(ErrorOf(Replace("Archive", "\\u001b[2J")), HasSubstr("control"));
  EXPECT_THAT(ErrorOf(Replace("Archive", "\\u009b2J")), HasSubstr("control"));
}

TEST(Terms, TextThatIsNotTomlIsRefusedWithItsLine) {
  EXPECT_THAT(ErrorOf("owner = \"x\"\nlicence = \n"),
              HasSubstr("t.toml, line 2: this is not TOML"));
  EXPECT_THAT(ErrorOf(Replace("Archive", "\xff\xfe")), HasSubstr("not TOML"));
  EXPECT_THAT(ErrorOf("owner = 'x'\nowner = 'y'\n"), HasSubstr("line 2: this is not TOML"));
  EXPECT_THAT(ErrorOf(std::string(3000, '[')), HasSubstr("not TOML"));
  ErrorOf("");
}

// Found by terms_fuzz: toml++ 3.3.0 has undefined behaviour for such letters outside quotes.
TEST(Terms, LettersOfOtherScriptsOutsideQuotesAreRefused) {
  EXPECT_THAT(ErrorOf("[[a]]\nb5=\xcd\xa2]\nk.l=inf\n"), HasSubstr("line 2: this is not TOML"));
  EXPECT_THAT(ErrorOf("owner\xe3\x80\x80= 'x'\n"), HasSubstr("line 1: this is not TOML"));
  EXPECT_THAT(ErrorOf("owner = 1\xd9\xa0\n"), HasSubstr("line 1: this is not TOML"));
}

TEST(Terms, LettersOfOtherScriptsInQuotesAndCommentsAreRead) {
  const std::string text =
      "# \xe6\x9d\xb1 ~ %\nowner = \"\xc3\xa9 ~e3 \\u00e9 \\u0025c3\"\nlicence = 'l%'\n"
      "purposes = []\nexpires = 'never'\n";
  const Terms terms = ParseTerms(text, "t").value();
  EXPECT_EQ(terms.owner, "\xc3\xa9 ~e3 \xc3\xa9 %c3");
  EXPECT_EQ(terms.licence, "l%");
  EXPECT_EQ(ParseTerms("\xef\xbb\xbf" + text, "t").value(), terms)
      << "a byte order mark says nothing";
  EXPECT_THAT(ErrorOf(Replace("expires", "\"\xc3\xa9\"")), HasSubstr("unknown key '\xc3\xa9'"));
}

TEST(AsciiDetour, WhatGoesOutComesBack) {
  for (const std::string text :
       {"", "plain", "\xc3\xa9~c3^c3%c3$", "~^%$|@&;?! \xf0\x9f\x8e\xac", "~"}) {
    const AsciiDetour detour = AsciiDetour::For(text).value();
    const std::string ascii = detour.Out(text);
    for (const char c : ascii) EXPECT_LT(static_cast<unsigned char>(c), 0x80);
    EXPECT_EQ(detour.Back(ascii), text);
  }
  EXPECT_FALSE(AsciiDetour::For("~^%$|@&;?!`")) << "no mark is left";
  EXPECT_FALSE(AsciiDetour::For("\xff"));
}

TEST(AsciiDetour, AMarkThatIsWrittenAsAnEscapeIsNotChosen) {
  const AsciiDetour detour = AsciiDetour::For("\\u007E41 \\U0000005e41 \xc3\xa9").value();
  EXPECT_EQ(detour.Back("~41^41"), "~41^41");
}

TEST(Terms, CanonicalTextIsFixedByteForByte) {
  const Terms terms = ParseTerms(kComplete, "t").value();
  const std::string expected =
      R"({"expires":"2030-01-01T00:00:00.000000Z","licence":"by letter of 3 May","owner":"Archive",)"
      R"("purposes":["recommend","measure"],"source":"https://example.org/"})";
  EXPECT_EQ(CanonicalText(terms), expected);
  EXPECT_EQ(TermsDigest(terms), core::HashBytes(expected));
}

TEST(Terms, CanonicalTextIsReadBack) {
  const Terms terms =
      ParseTerms(
          "owner='\"q\" \\ \xc3\xa9 \xef\xbf\xbd'\nlicence='l'\npurposes=[]\nexpires='never'\n",
          "t")
          .value();
  EXPECT_EQ(ParseCanonicalTerms(CanonicalText(terms)).value(), terms);
}

TEST(Terms, AnythingButCanonicalTextIsCorrupt) {
  const std::string good = CanonicalText(ParseTerms(kComplete, "t").value());
  const auto code = [](std::string_view text) { return ParseCanonicalTerms(text).error().code; };
  EXPECT_EQ(code(""), core::ErrorCode::kCorrupt);
  EXPECT_EQ(code("[]"), core::ErrorCode::kCorrupt);
  EXPECT_EQ(code("{}"), core::ErrorCode::kCorrupt);
  EXPECT_EQ(code(good + " "), core::ErrorCode::kCorrupt);
  for (size_t i = 0; i < good.size(); ++i) {
    std::string shorter = good;
    shorter.erase(i, 1);
    const core::Result<Terms> terms = ParseCanonicalTerms(shorter);
    // One letter less in a free text gives other terms; everything else must be refused.
    EXPECT_TRUE(!terms || CanonicalText(*terms) == shorter) << shorter;
  }
  std::string other_date = good;
  other_date.replace(other_date.find("T00:00:00.000000Z"), 17, "");
  EXPECT_EQ(code(other_date), core::ErrorCode::kCorrupt);
}

TEST(Terms, TermsMadeByAProgramAreHeldToTheSameRules) {
  Terms terms = ParseTerms(kComplete, "t").value();
  EXPECT_TRUE(CheckTerms(terms));
  terms.owner = "\xff";
  EXPECT_FALSE(CheckTerms(terms));
  terms.owner = "o";
  terms.purposes = {Purpose::kMeasure, Purpose::kRecommend};
  EXPECT_FALSE(CheckTerms(terms));
  terms.purposes = {};
  terms.expires = core::Timestamp{INT64_MAX};
  EXPECT_FALSE(CheckTerms(terms));
}

TEST(Terms, AFileThatIsMissingOrTooLargeIsRefused) {
  const auto folder = core::TemporaryFolder::Make().value();
  EXPECT_EQ(ReadTerms(folder.path() / "none").error().code, core::ErrorCode::kNotFound);
  const std::filesystem::path large = folder.path() / "large.toml";
  ASSERT_TRUE(core::WriteFileAtomically(large, std::string((1 << 20) + 1, '#')));
  EXPECT_EQ(ReadTerms(large).error().code, core::ErrorCode::kInvalidArgument);
}

TEST(Terms, TheExamplesAreTerms) {
  const std::filesystem::path folder = std::filesystem::path(KLIEG_SOURCE_DIR) / "examples/terms";
  EXPECT_THAT(ReadTerms(folder / "research.toml").value().purposes,
              ElementsAre(Purpose::kRecommend, Purpose::kForecast, Purpose::kMeasure));
  EXPECT_THAT(ReadTerms(folder / "measure-only.toml").value().purposes,
              ElementsAre(Purpose::kMeasure));
  EXPECT_TRUE(ReadTerms(folder / "expired.toml").value().expires.has_value());
}

TEST(Purpose, NamesAreReadBackAndHaveAMeaning) {
  for (const Purpose purpose : AllPurposes()) {
    EXPECT_EQ(ParsePurpose(PurposeName(purpose)).value(), purpose);
    EXPECT_TRUE(PurposeMeaning(purpose).ends_with("."));
  }
  EXPECT_FALSE(ParsePurpose("Recommend"));
}

}  // namespace
}  // namespace klieg::rights
