/// Reads and writes the small canonical JSON objects of heads and proofs.
///
/// For the .cc files of this module: it shows nlohmann's types, which no header of another module
/// should see. What was read is rendered again and compared by the callers, so that a member too
/// many, or another order, is found there.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/hash.h"
#include "rights/merkle_tree.h"

namespace klieg::rights {

/// The largest integer of canonical JSON, 2^53 - 1.
inline constexpr uint64_t kMaxJsonInteger = (uint64_t{1} << 53) - 1;

/// One JSON object, whose members are asked for by name and type. Every error is kCorrupt and names
/// the member.
class JsonObject {
 public:
  /// `text` must be canonical JSON of an object, at most `limit_bytes` long.
  static core::Result<JsonObject> Parse(std::string_view text, size_t limit_bytes);

  core::Result<std::string> Text(const char* key) const;
  /// 0 to kMaxJsonInteger.
  core::Result<uint64_t> Number(const char* key) const;
  core::Result<bool> Flag(const char* key) const;
  core::Result<core::Digest> DigestAt(const char* key) const;
  core::Result<MerklePath> Path(const char* key) const;
  core::Result<JsonObject> Object(const char* key) const;
  core::Result<std::vector<JsonObject>> Objects(const char* key) const;

  /// Checks "format": 1 and "kind". kVersion for a higher format.
  core::Status ExpectKind(std::string_view kind) const;

 private:
  explicit JsonObject(nlohmann::json value) : value_(std::move(value)) {}
  core::Result<const nlohmann::json*> Member(const char* key) const;

  nlohmann::json value_;
};

/// An array of hexadecimal digests.
nlohmann::json JsonOfPath(const MerklePath& path);

/// Without the one newline that a file may end with.
std::string_view WithoutNewline(std::string_view text);

}  // namespace klieg::rights
