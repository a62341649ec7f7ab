#include "rights/grant_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "rights/canonical_json.h"
#include "rights/grant_signature.h"
#include "rights/toml_file.h"

namespace klieg::rights {
namespace {

using core::ErrorCode;
using core::Fail;
using Json = nlohmann::json;

constexpr uint64_t kMaxFileBytes = uint64_t{1} << 20;

template <class T>
core::Status SortNamed(std::string_view key, std::vector<T>& values, const TomlTable& table) {
  std::ranges::sort(values);
  if (std::ranges::adjacent_find(values) == values.end()) return {};
  return tl::unexpected<core::Error>(
      table.Complaint(key, fmt::format("'{}' names one twice", key)));
}

core::Result<std::map<Attribute, std::vector<uint8_t>>> Conditions(const TomlTable& table) {
  std::map<Attribute, std::vector<uint8_t>> conditions;
  KLIEG_ASSIGN(const auto lists, table.Lists("conditions"));
  for (const auto& [name, values] : lists) {
    const auto attribute = ParseAttribute(name);
    if (!attribute)
      return tl::unexpected<core::Error>(table.Complaint("conditions", attribute.error().message));
    std::vector<uint8_t>& indices = conditions[*attribute];
    for (const std::string& value : values) {
      const auto index = ParseAttributeValue(*attribute, value);
      if (!index)
        return tl::unexpected<core::Error>(table.Complaint("conditions", index.error().message));
      indices.push_back(*index);
    }
    KLIEG_TRY(SortNamed("conditions", indices, table));
  }
  return conditions;
}

}  // namespace

core::Result<Grant> ParseGrantFile(std::string_view toml, std::string_view name) {
  KLIEG_ASSIGN(const TomlTable table,
               ParseToml(toml, name, "; examples/rights/writer.toml is a complete file"));
  KLIEG_TRY(table.RefuseOtherKeys({"grantor", "grantee", "works", "members", "permits", "refuses",
                                   "project", "from", "until", "separate", "description",
                                   "describes", "evidence", "supersedes", "conditions"}));
  Grant grant;
  KLIEG_ASSIGN(grant.grantor, table.Text("grantor"));
  KLIEG_ASSIGN(grant.grantee, table.Text("grantee"));
  KLIEG_ASSIGN(grant.works, table.TextsOrNone("works"));
  KLIEG_TRY(SortNamed("works", grant.works, table));
  KLIEG_ASSIGN(const std::vector<std::string> members, table.TextsOrNone("members"));
  for (const std::string& member : members) {
    const auto ref = ParseSubjectRef(member);
    if (!ref) return tl::unexpected<core::Error>(table.Complaint("members", ref.error().message));
    grant.members.push_back(*ref);
  }
  KLIEG_TRY(SortNamed("members", grant.members, table));
  if (table.Has("permits")) {
    KLIEG_ASSIGN(grant.permits, table.Purposes("permits", /*groups=*/true));
  }
  if (table.Has("refuses")) {
    KLIEG_ASSIGN(grant.refuses, table.Purposes("refuses", /*groups=*/true));
  }
  KLIEG_ASSIGN(grant.project, table.TextOr("project", ""));
  KLIEG_ASSIGN(grant.period.from, table.TimeOrNever("from"));
  KLIEG_ASSIGN(grant.period.until, table.TimeOrNever("until"));
  KLIEG_ASSIGN(const bool separate, table.BooleanOr("separate", false));
  grant.separate = separate ? Separate::kYes : Separate::kNo;
  KLIEG_ASSIGN(const std::string description, table.TextOr("description", "none"));
  const auto level = ParseAttributeValue(Attribute::kDescription, description);
  if (!level)
    return tl::unexpected<core::Error>(table.Complaint("description", level.error().message));
  grant.description = static_cast<Description>(*level);
  KLIEG_ASSIGN(grant.describes, table.TextOr("describes", ""));
  KLIEG_ASSIGN(grant.evidence, table.TextOr("evidence", ""));
  KLIEG_ASSIGN(grant.supersedes, table.TextsOrNone("supersedes"));
  KLIEG_TRY(SortNamed("supersedes", grant.supersedes, table));
  KLIEG_ASSIGN(grant.conditions, Conditions(table));
  if (auto sound = CheckGrant(grant); !sound)
    return Fail(ErrorCode::kInvalidArgument, "{}: {}", name, sound.error().message);
  return grant;
}

core::Result<std::string> SignGrant(const Grant& grant, const PrivateKey& key) {
  KLIEG_TRY(CheckGrant(grant));
  KLIEG_ASSIGN(const Signature signature, key.Sign(GrantSigningText(grant)));
  return fmt::format(R"({{"grant":{},"public_key":"{}","signature":"{}"}})", GrantText(grant),
                     key.public_key().Hex(), signature.Hex());
}

core::Result<SignedGrant> ParseSignedGrant(std::string_view text, std::string_view name) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  const auto bad = [&](std::string_view what) {
    return Fail(ErrorCode::kInvalidArgument, "{}: this is not a signed grant: {}", name, what);
  };
  if (auto canonical = CheckCanonicalObject(text); !canonical)
    return bad(canonical.error().message);
  const Json object = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto grant = object.find("grant");
  const auto key = object.find("public_key");
  const auto signature = object.find("signature");
  if (object.size() != 3 || grant == object.end() || !grant->is_object() || key == object.end() ||
      !key->is_string() || signature == object.end() || !signature->is_string()) {
    return bad("expected the keys grant, public_key and signature");
  }
  auto parsed = ParseGrant(grant->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  if (!parsed) return bad(parsed.error().message);
  SignedGrant result{std::move(*parsed), signature->get<std::string>()};
  // Whose key it is, the book will ask; that the two belong together can be said at once.
  if (auto valid = CheckGrantSignature(result.grant, key->get<std::string>(), result.signature);
      !valid) {
    return bad(valid.error().message);
  }
  return result;
}

core::Result<SignedGrant> ReadGrant(const std::filesystem::path& path) {
  KLIEG_ASSIGN(const std::string text, core::ReadFile(path, kMaxFileBytes));
  if (text.starts_with('{')) return ParseSignedGrant(text, path.string());
  KLIEG_ASSIGN(Grant grant, ParseGrantFile(text, path.string()));
  return SignedGrant{std::move(grant), {}};
}

}  // namespace klieg::rights
