/// Text in ASCII and back: for a reader that mistreats other characters.
///
///     KLIEG_ASSIGN(const AsciiDetour detour, AsciiDetour::For(text));
///     Read(detour.Out(text));          // every byte above 0x7f has become a mark and two digits
///     ... detour.Back(value) ...       // of each text that was read
///
/// The mark is a character that the text does not contain, neither as it is nor as a \u escape, so
/// that going there and back changes nothing. All marks are characters that TOML allows in texts
/// and comments only.
#pragma once

#include <string>
#include <string_view>

#include "core/error.h"

namespace klieg::rights {

class AsciiDetour {
 public:
  /// Fails with kInvalidArgument when the text contains every mark, or bytes that are not UTF-8.
  static core::Result<AsciiDetour> For(std::string_view text);

  std::string Out(std::string_view text) const;
  /// Of what is no encoded byte, nothing changes.
  std::string Back(std::string_view text) const;

 private:
  explicit AsciiDetour(char mark) : mark_(mark) {}
  char mark_;
};

}  // namespace klieg::rights
