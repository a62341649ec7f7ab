#include "rights/policy_packs.h"

#include "core/check.h"
#include "rights/policy.h"

namespace klieg::rights {

std::span<const Pack> ShippedPacks() {
  static const std::vector<Pack> packs = [] {
    std::vector<Pack> parsed;
    for (const internal::EmbeddedPack& embedded : internal::EmbeddedPacks()) {
      core::Result<Pack> pack = ParsePack(embedded.text, embedded.name);
      KLIEG_CHECK(pack.has_value(), "{}", pack ? "" : pack.error().message);
      KLIEG_CHECK(pack->name == embedded.name, "pack '{}' lies in {}.policy", pack->name,
                  embedded.name);
      parsed.push_back(std::move(*pack));
    }
    return parsed;
  }();
  return packs;
}

core::Result<std::string_view> ShippedPackText(std::string_view name) {
  std::string names;
  for (const internal::EmbeddedPack& embedded : internal::EmbeddedPacks()) {
    if (embedded.name == name) return embedded.text;
    if (!names.empty()) names += ", ";
    names += embedded.name;
  }
  return core::Fail(core::ErrorCode::kNotFound,
                    "there is no such pack; the packs that come with klieg are {}; found '{}'",
                    names, name);
}

}  // namespace klieg::rights
