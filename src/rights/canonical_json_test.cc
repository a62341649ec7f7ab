#include "rights/canonical_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/random.h"

namespace klieg::rights {
namespace {

/// The second opinion: parse with another program's parser, write again, compare.
bool IsCanonicalByRoundTrip(const std::string& text) {
  bool fraction = false;
  bool too_deep = false;
  const auto callback = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json& value) {
    fraction |= value.is_number_float();
    too_deep |= depth > 31;
    if (value.is_number_unsigned()) fraction |= value.get<uint64_t>() >= (uint64_t{1} << 53);
    if (value.is_number_integer() && !value.is_number_unsigned()) {
      fraction |= value.get<int64_t>() <= -(int64_t{1} << 53);
    }
    return true;
  };
  const nlohmann::json value = nlohmann::json::parse(text, callback, false);
  if (value.is_discarded() || fraction || too_deep) return false;
  return value.dump() == text;
}

TEST(CanonicalJson, WhatADumpWritesIsCanonical) {
  const std::vector<std::string> texts = {"{}",
                                          "[]",
                                          "0",
                                          "-1",
                                          "true",
                                          "null",
                                          R"("")",
                                          R"({"a":1,"b":[1,2,{"c":"d"}]})",
                                          R"("\"\\\b\f\n\r\t\u0000\u001f/)"
                                          "\x7f\xc3\xa9\xe2\x82\xac\xf0\x9f\x8e\xac\"",
                                          R"({"":0,"A":0,"a":0,"aa":0})",
                                          "9007199254740991",
                                          "-9007199254740991",
                                          R"({"\"":1,"a":2})",
                                          R"({"\u0001":1,"\t":2," ":3,"\\":4})"};
  for (const std::string& text : texts) {
    EXPECT_TRUE(CheckCanonicalJson(text)) << text;
    EXPECT_TRUE(IsCanonicalByRoundTrip(text)) << text;
  }
}

TEST(CanonicalJson, EveryOtherWayToWriteAValueIsRefused) {
  const std::vector<std::string> texts = {"",
                                          " {}",
                                          "{} ",
                                          "{\"a\": 1}",
                                          "[1 ,2]",
                                          "01",
                                          "-0",
                                          "-",
                                          "+1",
                                          "1.0",
                                          "1e3",
                                          "9007199254740992",
                                          "99999999999999999999",
                                          "-9007199254740992",
                                          R"({"b":1,"a":2})",
                                          R"({"a":1,"a":2})",
                                          R"("\u0041")",
                                          R"("\/")",
                                          R"("\u001F")",
                                          R"("\u0009")",
                                          R"("\u000a")",
                                          "\"\n\"",
                                          "\"\x80\"",
                                          "\"\xc0\xaf\"",
                                          "\"\xed\xa0\x80\"",
                                          "\"\xf4\x90\x80\x80\"",
                                          "\"\xe2\x82\"",
                                          R"("abc)",
                                          "\"\\",
                                          "[1,]",
                                          "[,]",
                                          R"({"a"})",
                                          R"({"a":})",
                                          "{1:2}",
                                          "nul",
                                          "True",
                                          "[",
                                          "{",
                                          R"({"a":1)",
                                          "[1",
                                          "\"\\u00\"",
                                          "NaN",
                                          std::string("\0", 1)};
  for (const std::string& text : texts) {
    EXPECT_FALSE(CheckCanonicalJson(text)) << text;
    EXPECT_FALSE(IsCanonicalByRoundTrip(text)) << text;
  }
}

TEST(CanonicalJson, NestingHasALimit) {
  const auto nested = [](size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(CheckCanonicalJson(nested(kMaxJsonDepth)));
  EXPECT_FALSE(CheckCanonicalJson(nested(kMaxJsonDepth + 1)));
  EXPECT_FALSE(CheckCanonicalJson(std::string(1'000'000, '[')));
}

TEST(CanonicalJson, AnObjectIsAskedFor) {
  EXPECT_TRUE(CheckCanonicalObject("{}"));
  EXPECT_FALSE(CheckCanonicalObject("[]"));
  EXPECT_FALSE(CheckCanonicalObject(""));
}

TEST(CanonicalJson, TheMessageNamesTheByte) {
  EXPECT_EQ(CheckCanonicalJson(R"({"a":1,})").error().message,
            "not canonical JSON: expected a string at byte 7");
}

// Random edits of a canonical text: both opinions must agree on each.
TEST(CanonicalJson, AgreesWithARoundTripOnRandomEdits) {
  const std::string start =
      R"({"a":[1,-20,{"x":null}],"b":"t\u0001\n\\\"é€","ba":{"k":true,"l":false},"c":[],"d":{},"e":""})";
  static constexpr std::string_view kAlphabet = "{}[]\",:\\u0019abfnrt-. e\xc3\xa9\x80\x01\n";
  core::Random random(20260301);
  size_t accepted = 0;
  for (int round = 0; round < 60'000; ++round) {
    std::string text = start;
    for (uint64_t edits = 1 + random.Below(2); edits > 0; --edits) {
      const size_t at = random.Below(text.size());
      switch (random.Below(3)) {
        case 0:
          text[at] = kAlphabet[random.Below(kAlphabet.size())];
          break;
        case 1:
          text.erase(at, 1);
          break;
        default:
          text.insert(at, 1, kAlphabet[random.Below(kAlphabet.size())]);
      }
    }
    const bool ours = CheckCanonicalJson(text).has_value();
    accepted += ours ? 1 : 0;
    ASSERT_EQ(ours, IsCanonicalByRoundTrip(text)) << "round " << round << ": " << text;
  }
  EXPECT_GT(accepted, 1000U);
}

TEST(Utf8, TableThreeDashSeven) {
  EXPECT_TRUE(IsWellFormedUtf8(""));
  EXPECT_TRUE(IsWellFormedUtf8(
      "a\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));
  for (const std::string_view bad :
       {"\x80", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"}) {
    EXPECT_FALSE(IsWellFormedUtf8(bad));
  }
}

}  // namespace
}  // namespace klieg::rights
