#include "rights/proof_json.h"

#include "rights/canonical_json.h"

namespace klieg::rights {
namespace {

using core::ErrorCode;
using core::Fail;

tl::unexpected<core::Error> NotA(const char* key, std::string_view type) {
  return Fail(ErrorCode::kCorrupt, "\"{}\" is not {}", key, type);
}

/// No path in a tree of 2^64 leaves is longer.
constexpr size_t kMaxPathDigests = 128;

}  // namespace

core::Result<JsonObject> JsonObject::Parse(std::string_view text, size_t limit_bytes) {
  if (text.size() > limit_bytes) {
    return Fail(ErrorCode::kCorrupt, "it has {} bytes, at most {} are expected", text.size(),
                limit_bytes);
  }
  if (core::Status canonical = CheckCanonicalObject(text); !canonical) {
    return Fail(ErrorCode::kCorrupt, "{}", canonical.error().message);
  }
  nlohmann::json value = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!value.is_object()) return Fail(ErrorCode::kCorrupt, "it is not a JSON object");
  return JsonObject(std::move(value));
}

core::Result<const nlohmann::json*> JsonObject::Member(const char* key) const {
  const auto found = value_.find(key);
  if (found == value_.end()) return Fail(ErrorCode::kCorrupt, "\"{}\" is missing", key);
  return &*found;
}

core::Result<std::string> JsonObject::Text(const char* key) const {
  KLIEG_ASSIGN(const nlohmann::json* member, Member(key));
  if (!member->is_string()) return NotA(key, "a text");
  return member->get<std::string>();
}

core::Result<uint64_t> JsonObject::Number(const char* key) const {
  KLIEG_ASSIGN(const nlohmann::json* member, Member(key));
  if (!member->is_number_unsigned()) return NotA(key, "a number that is not negative");
  return member->get<uint64_t>();
}

core::Result<bool> JsonObject::Flag(const char* key) const {
  KLIEG_ASSIGN(const nlohmann::json* member, Member(key));
  if (!member->is_boolean()) return NotA(key, "true or false");
  return member->get<bool>();
}

core::Result<core::Digest> JsonObject::DigestAt(const char* key) const {
  KLIEG_ASSIGN(const std::string hex, Text(key));
  const core::Result<core::Digest> digest = core::Digest::FromHex(hex);
  if (!digest) return Fail(ErrorCode::kCorrupt, "\"{}\": {}", key, digest.error().message);
  return *digest;
}

core::Result<MerklePath> JsonObject::Path(const char* key) const {
  KLIEG_ASSIGN(const nlohmann::json* member, Member(key));
  if (!member->is_array() || member->size() > kMaxPathDigests) {
    return NotA(key, fmt::format("a list of at most {} digests", kMaxPathDigests));
  }
  MerklePath path;
  for (const nlohmann::json& one : *member) {
    const core::Result<core::Digest> digest =
        core::Digest::FromHex(one.is_string() ? one.get<std::string>() : "");
    if (!digest) return Fail(ErrorCode::kCorrupt, "\"{}\": {}", key, digest.error().message);
    path.push_back(*digest);
  }
  return path;
}

core::Result<JsonObject> JsonObject::Object(const char* key) const {
  KLIEG_ASSIGN(const nlohmann::json* member, Member(key));
  if (!member->is_object()) return NotA(key, "an object");
  return JsonObject(*member);
}

core::Result<std::vector<JsonObject>> JsonObject::Objects(const char* key) const {
  KLIEG_ASSIGN(const nlohmann::json* member, Member(key));
  if (!member->is_array()) return NotA(key, "a list of objects");
  std::vector<JsonObject> objects;
  for (const nlohmann::json& one : *member) {
    if (!one.is_object()) return NotA(key, "a list of objects");
    objects.push_back(JsonObject(one));
  }
  return objects;
}

core::Status JsonObject::ExpectKind(std::string_view kind) const {
  KLIEG_ASSIGN(const std::string found, Text("kind"));
  if (found != kind) {
    return Fail(ErrorCode::kCorrupt, "expected the kind {}, found '{}'", kind, found);
  }
  KLIEG_ASSIGN(const uint64_t format, Number("format"));
  if (format > 1) {
    return Fail(ErrorCode::kVersion, "it has format {}, this klieg reads 1: use a newer klieg",
                format);
  }
  if (format != 1) return Fail(ErrorCode::kCorrupt, "there is no format {}", format);
  return {};
}

nlohmann::json JsonOfPath(const MerklePath& path) {
  nlohmann::json list = nlohmann::json::array();
  for (const core::Digest& digest : path) list.push_back(digest.Hex());
  return list;
}

std::string_view WithoutNewline(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

}  // namespace klieg::rights
