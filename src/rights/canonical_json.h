/// The one way to write a JSON value: what the log and its hashes are made of.
///
/// Canonical text here means: UTF-8; no space outside strings; keys of an object strictly ascending
/// by their bytes (so none twice); numbers are integers from -(2^53 - 1) to 2^53 - 1 without
/// leading zeros, exponent or "-0"; strings escape only what they must (`\"` `\\` `\b` `\f` `\n`
/// `\r` `\t`, else `\u00xx` in lower case below U+0020); nesting is at most kMaxJsonDepth deep. Two
/// equal values then have equal bytes, and a hash of one is a hash of the other. RFC 8785 has the
/// same aim; it differs in allowing fractions, whose text is a matter of dispute, and in ordering
/// keys by UTF-16 units.
///
/// nlohmann::json::dump() writes this form for values without fractions; the tests hold the two
/// against each other.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/error.h"

namespace klieg::rights {

inline constexpr size_t kMaxJsonDepth = 32;

/// Fails with kInvalidArgument, naming the byte (counted from 0) and what was expected there. Any
/// bytes may be given. One pass, no allocation on success.
core::Status CheckCanonicalJson(std::string_view text);

/// CheckCanonicalJson for a text that must be an object.
core::Status CheckCanonicalObject(std::string_view text);

/// Whether `text` is UTF-8 as Unicode 15, table 3-7, has it: nothing cut short, overlong, surrogate
/// or out of range.
bool IsWellFormedUtf8(std::string_view text);

}  // namespace klieg::rights
