/// Words, dates and identifiers as generated documents show them. Pure and independent of the locale.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/hash.h"
#include "rights/purpose.h"

namespace klieg::flows {

/// Text for a paragraph, a list item or a cell of a table in Markdown (CommonMark with tables): says
/// what it says whatever characters are in it. Line ends and control characters become spaces.
std::string EscapeMarkdown(std::string_view text);

/// A code span in Markdown; safe within a table.
std::string MarkdownCode(std::string_view text);

/// "1 March 2026".
std::string DateText(core::Timestamp time);

/// "1 March 2026, 09:30 UTC".
std::string DateTimeText(core::Timestamp time);

/// A UUID made from a name: version 8 of RFC 9562, the first 122 free bits of SHA-256 over
/// "klieg uuid v1\n" and the name. Equal names have equal UUIDs.
std::string UuidOf(std::string_view name);

/// Digits of a measured figure as documents show it: shortest text that reads back as the same
/// double; "NaN" and "Infinity" where it is no finite number.
std::string FigureText(double value);

/// "1 row", "2 rows", "12,345 rows".
std::string CountOf(uint64_t count, std::string_view one, std::string_view many);

/// "a", "a and b", "a, b and c".
std::string JoinWords(const std::vector<std::string>& words);

/// What a purpose is in the middle of a sentence: "recommending titles to members".
std::string_view PurposePhrase(rights::Purpose purpose);
/// The same for a name that the log holds; the name itself when this version does not know it.
std::string PurposePhrase(std::string_view purpose_name);

/// Two blanks an indent, and a newline at the end; bytes that are not UTF-8 become U+FFFD.
std::string DocumentJson(const nlohmann::ordered_json& document);

}  // namespace klieg::flows
