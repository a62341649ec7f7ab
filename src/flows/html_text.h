/// Text as a page shows it: escaped, rounded to what is worth reading, and short enough for its
/// place.
///
/// Every function here is pure and independent of the locale.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace klieg::flows {

/// Text for an element or a quoted attribute of HTML or SVG. The five markup characters become
/// entities, bytes that are no UTF-8 become U+FFFD, and control characters become spaces, so that
/// the result is valid whatever came in.
std::string Escape(std::string_view text);

/// Width in pixels at a font size, estimated from above for the wide sans-serif faces that browsers
/// fall back to: what fits by this estimate fits on the reader's screen too. Counts code points,
/// wide for East Asian ones and emoji.
double TextWidth(std::string_view text, double font_size);

/// The longest beginning of `text` that fits into `width`, with an ellipsis where something was
/// cut. Not escaped.
std::string Shorten(std::string_view text, double width, double font_size);

/// A fixed number of decimals, for people: the minus sign is U+2212, and no zero has one; "–" where
/// not finite.
std::string Fixed(double value, int decimals);

/// As Fixed, with a sign except for zero: "+0.021", "−0.004".
std::string Signed(double value, int decimals);

/// Decimals that show two digits of an interval's half width, within 2 and 6: more would be noise,
/// fewer would hide what was measured. For an interval without width, by the size of the value.
int DecimalsFor(double value, double low, double high);

/// "0.8 s", "42 ms", "3 min 20 s", "2 h 5 min"; "–" where unknown (not finite or negative).
std::string DurationText(double seconds);

/// "1.4 GB", with the decimal prefixes; "–" for 0, which means that it was not measured.
std::string BytesText(uint64_t bytes);

/// "12,345".
std::string CountText(uint64_t count);

/// "p = 0.002", "p = 0.31", "p < 0.001"; "p unknown" where not within 0 and 1.
std::string PValueText(double p_value);

}  // namespace klieg::flows
