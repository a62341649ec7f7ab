/// On what terms a dataset may be used. Today's plain policy: owner, licence, permitted purposes,
/// expiry.
///
///     owner = "GroupLens Research, University of Minnesota"
///     licence = "GroupLens terms (README.txt): research use, no commercial use"
///     purposes = ["recommend", "measure"]
///     expires = "2030-01-01"          # or "never"
///     source = "https://grouplens.org/datasets/movielens/"     # optional
///
/// docs/formats/terms.md describes the file key by key.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/hash.h"
#include "rights/purpose.h"

namespace klieg::rights {

struct Terms {
  std::string owner;
  std::string licence;
  std::vector<Purpose>
      purposes;  ///< Sorted, without repetition; may be empty: nothing is permitted.
  std::optional<core::Timestamp>
      expires;         ///< First moment at which nothing is permitted; none: never.
  std::string source;  ///< Where it came from; may be empty.

  bool operator==(const Terms&) const = default;
};

/// Reads TOML. Unknown keys, missing keys, wrong types and unknown purposes fail with
/// kInvalidArgument and say line, key and what was expected. `name` is used in messages. Never
/// crashes, whatever the bytes.
core::Result<Terms> ParseTerms(std::string_view toml, std::string_view name);

/// ParseTerms of a file of at most 1 MiB.
core::Result<Terms> ReadTerms(const std::filesystem::path& path);

/// The one JSON text of these terms: keys sorted, no spaces. Equal terms have equal text.
std::string CanonicalText(const Terms& terms);

/// SHA-256 of CanonicalText.
core::Digest TermsDigest(const Terms& terms);

/// Reads CanonicalText back. Accepts nothing else: kCorrupt for any text that CanonicalText would
/// not write.
core::Result<Terms> ParseCanonicalTerms(std::string_view text);

/// Whether terms made by a program could have come from a file: an owner and a licence, every text
/// one line of at most kMaxTermsTextBytes of well-formed UTF-8, purposes sorted and named once, an
/// expiry between the years 1 and 9999. kInvalidArgument otherwise.
core::Status CheckTerms(const Terms& terms);

/// The part of CheckTerms about one text; `key` names it in the message. An empty text fails.
core::Status CheckTermsText(std::string_view key, std::string_view text);

inline constexpr size_t kMaxTermsTextBytes = 4096;

}  // namespace klieg::rights
