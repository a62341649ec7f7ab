/// Whether bytes are UTF-8, and what Latin-1 bytes are in UTF-8. Internal to src/data.
#pragma once

#include <string>
#include <string_view>

namespace klieg::data {

/// True when no byte is above 127. About as fast as memory.
bool IsAscii(std::string_view bytes);

/// True for well-formed UTF-8 (Unicode 15, table 3-7): no overlong forms, no surrogates, nothing
/// above U+10FFFF.
bool IsUtf8(std::string_view bytes);

/// Reads every byte as ISO 8859-1. Never fails: every byte is a character there.
std::string Latin1ToUtf8(std::string_view bytes);

}  // namespace klieg::data
