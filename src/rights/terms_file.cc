// The file side of terms.h.
#include "core/file.h"
#include "rights/terms.h"
#include "rights/toml_file.h"

namespace klieg::rights {
namespace {

constexpr uint64_t kMaxFileBytes = uint64_t{1} << 20;

}  // namespace

core::Result<Terms> ParseTerms(std::string_view toml, std::string_view name) {
  KLIEG_ASSIGN(const TomlTable table,
               ParseToml(toml, name, "; examples/terms/research.toml is a complete file"));
  KLIEG_TRY(table.RefuseOtherKeys({"owner", "licence", "purposes", "expires", "source"}));
  Terms terms;
  KLIEG_ASSIGN(terms.owner, table.Text("owner"));
  KLIEG_ASSIGN(terms.licence, table.Text("licence"));
  KLIEG_ASSIGN(terms.purposes, table.Purposes("purposes", /*groups=*/false));
  KLIEG_ASSIGN(terms.expires, table.TimeOrNever("expires"));
  if (table.Has("source")) {
    KLIEG_ASSIGN(terms.source, table.Text("source"));
  }
  KLIEG_TRY(CheckTerms(terms));
  return terms;
}

core::Result<Terms> ReadTerms(const std::filesystem::path& path) {
  KLIEG_ASSIGN(const std::string text, core::ReadFile(path, kMaxFileBytes));
  return ParseTerms(text, path.string());
}

}  // namespace klieg::rights
