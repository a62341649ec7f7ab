#include "flows/html_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace klieg::flows {
namespace {

TEST(Escape, MarkupBecomesEntities) {
  EXPECT_EQ(Escape("<script>alert(\"1\") & 'x'</script>"),
            "&lt;script&gt;alert(&quot;1&quot;) &amp; &#39;x&#39;&lt;/script&gt;");
}

TEST(Escape, BytesThatAreNoUtf8AreReplacedOneByOne) {
  EXPECT_EQ(Escape("a\xFFz"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(Escape("\xC3"), "\xEF\xBF\xBD");                          // cut short
  EXPECT_EQ(Escape("\xC0\xBC"), "\xEF\xBF\xBD\xEF\xBF\xBD");          // '<' in two bytes: overlong
  EXPECT_EQ(Escape("\xED\xA0\x80").find('\xED'), std::string::npos);  // a surrogate
  EXPECT_EQ(Escape("\xF4\x90\x80\x80").find('\xF4'), std::string::npos);  // beyond U+10FFFF
}

TEST(Escape, ValidTextOfEveryLengthPasses) { EXPECT_EQ(Escape("aé宇🎬"), "aé宇🎬"); }

TEST(Escape, ControlCharactersBecomeSpaces) {
  EXPECT_EQ(Escape(std::string_view("a\0b\x1B\n\xC2\x85", 7)), "a b   ");
}

TEST(Shorten, ShortTextIsUntouched) { EXPECT_EQ(Shorten("ease", 100, 13), "ease"); }

TEST(Shorten, LongTextEndsWithAnEllipsisAndFits) {
  const std::string text = Shorten("a model with a name that goes on and on", 120, 13);
  EXPECT_TRUE(text.ends_with("…")) << text;
  EXPECT_LE(TextWidth(text, 13), 120);
  EXPECT_GT(TextWidth(text, 13), 90);
}

TEST(Shorten, NeverCutsACharacterInTwo) {
  for (double width = 0; width < 120; width += 3) {
    const std::string text = Shorten("宇宙の静かな夜 é🎬", width, 13);
    EXPECT_EQ(Escape(text), text) << width;
  }
}

TEST(Fixed, MinusIsTypographicAndZeroHasNone) {
  EXPECT_EQ(Fixed(-0.25, 2), "−0.25");
  EXPECT_EQ(Fixed(-0.001, 2), "0.00");
  EXPECT_EQ(Fixed(NAN, 2), "–");
  EXPECT_EQ(Fixed(std::numeric_limits<double>::infinity(), 2), "–");
  EXPECT_LT(Fixed(1e300, 2).size(), 12U);
}

TEST(Signed, EverythingButZeroHasASign) {
  EXPECT_EQ(Signed(0.021, 3), "+0.021");
  EXPECT_EQ(Signed(-0.004, 3), "−0.004");
  EXPECT_EQ(Signed(0.0001, 2), "0.00");
  EXPECT_EQ(Signed(NAN, 2), "–");
}

TEST(DecimalsFor, TwoDigitsOfTheHalfWidthAreShown) {
  EXPECT_EQ(DecimalsFor(0.412, 0.380, 0.445), 3);  // ± 0.033
  EXPECT_EQ(DecimalsFor(0.412, 0.408, 0.416), 4);  // ± 0.004
  EXPECT_EQ(DecimalsFor(12.5, 9, 16), 2);
  EXPECT_EQ(DecimalsFor(0, 0, 0), 3);
  EXPECT_EQ(DecimalsFor(NAN, NAN, NAN), 3);
}

TEST(DurationText, UnitsFollowTheSize) {
  EXPECT_EQ(DurationText(0), "0 s");
  EXPECT_EQ(DurationText(0.0004), "< 1 ms");
  EXPECT_EQ(DurationText(0.042), "42 ms");
  EXPECT_EQ(DurationText(0.81), "0.8 s");
  EXPECT_EQ(DurationText(42.2), "42 s");
  EXPECT_EQ(DurationText(200), "3 min 20 s");
  EXPECT_EQ(DurationText(7500), "2 h 5 min");
  EXPECT_EQ(DurationText(-1), "–");
  EXPECT_EQ(DurationText(NAN), "–");
}

TEST(BytesText, UnitsFollowTheSize) {
  EXPECT_EQ(BytesText(0), "–");
  EXPECT_EQ(BytesText(512), "512 B");
  EXPECT_EQ(BytesText(1'400'000'000), "1.4 GB");
  EXPECT_EQ(BytesText(999'999), "1.0 MB");
  EXPECT_EQ(BytesText(std::numeric_limits<uint64_t>::max()), "18 EB");
}

TEST(CountText, ThousandsAreSeparated) {
  EXPECT_EQ(CountText(7), "7");
  EXPECT_EQ(CountText(1000), "1,000");
  EXPECT_EQ(CountText(123'456'789), "123,456,789");
}

TEST(PValueText, SmallOnesAreBounded) {
  EXPECT_EQ(PValueText(0.0005), "p < 0.001");
  EXPECT_EQ(PValueText(0.002), "p = 0.002");
  EXPECT_EQ(PValueText(0.31), "p = 0.31");
  EXPECT_EQ(PValueText(NAN), "p unknown");
  EXPECT_EQ(PValueText(1.5), "p unknown");
}

}  // namespace
}  // namespace klieg::flows
