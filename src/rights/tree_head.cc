#include "rights/tree_head.h"

#include "rights/proof_json.h"

namespace klieg::rights {
namespace {

using core::ErrorCode;
using core::Fail;

constexpr std::string_view kDomain = "klieg signed tree head v1\n";
constexpr std::string_view kHeadKind = "klieg-tree-head";
constexpr size_t kMaxHeadBytes = 4096;

nlohmann::json Unsigned(const TreeHead& head) {
  return {{"format", 1},
          {"kind", kHeadKind},
          {"log", head.log_id.Hex()},
          {"public_key", head.public_key.Hex()},
          {"root", head.root.Hex()},
          {"time", core::FormatTimestamp(head.time)},
          {"tree_size", head.tree_size}};
}

std::string SignedText(const TreeHead& head) {
  return std::string(kDomain) + Unsigned(head).dump();
}

core::Result<TreeHead> ReadHead(const JsonObject& object) {
  KLIEG_TRY(object.ExpectKind(kHeadKind));
  TreeHead head;
  KLIEG_ASSIGN(head.log_id, object.DigestAt("log"));
  KLIEG_ASSIGN(head.tree_size, object.Number("tree_size"));
  KLIEG_ASSIGN(head.root, object.DigestAt("root"));
  KLIEG_ASSIGN(const std::string time, object.Text("time"));
  KLIEG_ASSIGN(head.time, core::ParseTimestamp(time));
  KLIEG_ASSIGN(const std::string key, object.Text("public_key"));
  KLIEG_ASSIGN(head.public_key, PublicKey::FromHex(key));
  KLIEG_ASSIGN(const std::string signature, object.Text("signature"));
  KLIEG_ASSIGN(head.signature, Signature::FromHex(signature));
  return head;
}

}  // namespace

core::Result<TreeHead> SignTreeHead(const PrivateKey& key, const MerkleTree& tree,
                                    core::Timestamp time) {
  TreeHead head;
  head.log_id = key.public_key().Id();
  head.tree_size = tree.size();
  head.root = tree.Root();
  head.time = time;
  head.public_key = key.public_key();
  const core::Result<core::Timestamp> written = core::ParseTimestamp(core::FormatTimestamp(time));
  if (!written || *written != time) {
    return Fail(ErrorCode::kInvalidArgument,
                "the time lies outside the years 1 to 9999: check the clock");
  }
  KLIEG_ASSIGN(head.signature, key.Sign(SignedText(head)));
  return head;
}

std::string CanonicalText(const TreeHead& head) {
  nlohmann::json object = Unsigned(head);
  object["signature"] = head.signature.Hex();
  return object.dump();
}

core::Result<TreeHead> ParseTreeHead(std::string_view text) {
  text = WithoutNewline(text);
  const core::Result<JsonObject> object = JsonObject::Parse(text, kMaxHeadBytes);
  if (!object) return core::Prefix(object.error(), "this is no signed head");
  core::Result<TreeHead> head = ReadHead(*object);
  if (!head) {
    const ErrorCode code =
        head.error().code == ErrorCode::kVersion ? ErrorCode::kVersion : ErrorCode::kCorrupt;
    return Fail(code, "this is no signed head: {}", head.error().message);
  }
  // Finds members too many and times that are written another way.
  if (CanonicalText(*head) != text) {
    return Fail(ErrorCode::kCorrupt, "the head is not in its canonical form");
  }
  return head;
}

core::Status VerifyTreeHead(const TreeHead& head, const std::optional<PublicKey>& expected) {
  if (expected && head.public_key != *expected) {
    return Fail(ErrorCode::kCorrupt,
                "the head is signed by the key {}…, expected {}…: it is another house's, or forged",
                head.public_key.Hex().substr(0, 12), expected->Hex().substr(0, 12));
  }
  if (head.log_id != head.public_key.Id()) {
    return Fail(ErrorCode::kCorrupt, "the head names the log {} and a key whose log is {}",
                head.log_id.Short(), head.public_key.Id().Short());
  }
  if (core::Status good = VerifySignature(head.public_key, SignedText(head), head.signature);
      !good) {
    return core::Prefix(good.error(), "the head was changed after it was signed");
  }
  return {};
}

}  // namespace klieg::rights
