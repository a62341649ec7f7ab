#include "data/utf8.h"

#include <gtest/gtest.h>

namespace klieg::data {
namespace {

TEST(Utf8, AcceptsTheFirstAndLastOfEachLength) {
  for (const char* text :
       {"", "a", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(IsUtf8(text)) << testing::PrintToString(text);
  }
}

TEST(Utf8, RefusesWhatIsJustBeyond) {
  for (const char* text :
       {"\x80", "\xC1\xBF", "\xC2", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xE2\x82", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "a\xE9z"}) {
    EXPECT_FALSE(IsUtf8(text)) << testing::PrintToString(text);
  }
}

TEST(Utf8, AsciiIsToldAtEveryPlace) {
  for (size_t size = 1; size < 20; ++size) {
    EXPECT_TRUE(IsAscii(std::string(size, 'x')));
    for (size_t place = 0; place < size; ++place) {
      std::string text(size, 'x');
      text[place] = '\x80';
      EXPECT_FALSE(IsAscii(text)) << place << " of " << size;
    }
  }
}

TEST(Utf8, Latin1BecomesUtf8) {
  EXPECT_EQ(Latin1ToUtf8("Am\xE9lie"), "Am\xC3\xA9lie");
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_TRUE(IsUtf8(Latin1ToUtf8(all)));
  EXPECT_EQ(Latin1ToUtf8(all).size(), 128U + 2 * 128U);
}

}  // namespace
}  // namespace klieg::data
