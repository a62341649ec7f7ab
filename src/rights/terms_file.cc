// The TOML side of terms.h, apart because toml++ is slow to compile and meets exceptions and files.
//
// toml++ 3.3.0 has assertions that bad input reaches ("[[[" is one), and in release builds hands
// the same conditions to the optimiser as facts. Both would let a file end or derail the process,
// so that here an assertion throws, in every build. Its tables of other scripts' spaces and digits
// run into __builtin_unreachable for letters such as U+0362 outside quotes; so it is shown ASCII only
// (ascii_detour.h). The program has no other user of toml++, which keeps its inline functions of one
// mind.
#include <stdexcept>

namespace klieg::rights {
namespace {

constexpr void RequireOfParser(bool condition, const char* text) {
  if (!condition) throw std::logic_error(text);
}

}  // namespace
}  // namespace klieg::rights

#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(condition) \
  ::klieg::rights::RequireOfParser(static_cast<bool>(condition), #condition)
#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

#include <algorithm>
#include <array>
#include <exception>

#include "core/file.h"
#include "rights/ascii_detour.h"
#include "rights/terms.h"

namespace klieg::rights {
namespace {

using core::ErrorCode;
using core::Fail;

constexpr uint64_t kMaxFileBytes = uint64_t{1} << 20;
constexpr std::array<std::string_view, 5> kKeys = {"owner", "licence", "purposes", "expires",
                                                   "source"};
constexpr std::string_view kExample = "; examples/terms/research.toml is a complete file";

/// Reads one table and says, for every complaint, which line of which file it is about.
class TermsReader {
 public:
  TermsReader(const toml::table& table, std::string_view name, const AsciiDetour& detour)
      : table_(table), name_(name), detour_(detour) {}

  core::Result<Terms> Read() const {
    KLIEG_TRY(RefuseUnknownKeys());
    Terms terms;
    KLIEG_ASSIGN(terms.owner, Text("owner"));
    KLIEG_ASSIGN(terms.licence, Text("licence"));
    KLIEG_ASSIGN(terms.purposes, Purposes());
    KLIEG_ASSIGN(terms.expires, Expires());
    if (table_.contains("source")) {
      KLIEG_ASSIGN(terms.source, Text("source"));
    }
    KLIEG_TRY(CheckTerms(terms));
    return terms;
  }

 private:
  template <class... Args>
  tl::unexpected<core::Error> FailAt(const toml::source_region& place,
                                     fmt::format_string<Args...> format, Args&&... args) const {
    return Fail(ErrorCode::kInvalidArgument, "{}, line {}: {}", name_, place.begin.line,
                fmt::format(format, std::forward<Args>(args)...));
  }

  core::Status RefuseUnknownKeys() const {
    for (const auto& [key, value] : table_) {
      if (std::find(kKeys.begin(), kKeys.end(), key.str()) == kKeys.end()) {
        return FailAt(key.source(),
                      "unknown key '{}'; the keys are owner, licence, purposes, expires and source",
                      detour_.Back(key.str()));
      }
    }
    return {};
  }

  core::Result<const toml::node*> Find(std::string_view key) const {
    const toml::node* node = table_.get(key);
    if (node == nullptr) {
      return Fail(ErrorCode::kInvalidArgument, "{}: the key '{}' is missing{}", name_, key,
                  kExample);
    }
    return node;
  }

  core::Result<std::string> Text(std::string_view key) const {
    KLIEG_ASSIGN(const toml::node* const node, Find(key));
    const auto* text = node->as_string();
    if (text == nullptr) return FailAt(node->source(), "'{}' must be a text in quotes", key);
    std::string plain = detour_.Back(text->get());
    if (auto checked = CheckTermsText(key, plain); !checked) {
      return FailAt(node->source(), "{}", checked.error().message);
    }
    return plain;
  }

  core::Result<std::vector<Purpose>> Purposes() const {
    KLIEG_ASSIGN(const toml::node* const node, Find("purposes"));
    const toml::array* list = node->as_array();
    if (list == nullptr) {
      return FailAt(node->source(),
                    "'purposes' must be a list such as [\"recommend\", \"measure\"]");
    }
    std::vector<Purpose> purposes;
    for (const toml::node& element : *list) {
      const auto* text = element.as_string();
      if (text == nullptr)
        return FailAt(element.source(), "'purposes' must hold texts in quotes only");
      const core::Result<Purpose> purpose = ParsePurpose(detour_.Back(text->get()));
      if (!purpose) return FailAt(element.source(), "in 'purposes': {}", purpose.error().message);
      if (std::find(purposes.begin(), purposes.end(), *purpose) != purposes.end()) {
        return FailAt(element.source(), "'purposes' names '{}' twice", text->get());
      }
      purposes.push_back(*purpose);
    }
    std::sort(purposes.begin(), purposes.end());
    return purposes;
  }

  core::Result<std::optional<core::Timestamp>> Expires() const {
    KLIEG_ASSIGN(const toml::node* const node, Find("expires"));
    const auto* text = node->as_string();
    if (text == nullptr) {
      return FailAt(node->source(),
                    "'expires' must be a text: \"2030-01-01\" in quotes, or \"never\"");
    }
    if (text->get() == "never") return std::optional<core::Timestamp>();
    const core::Result<core::Timestamp> time = core::ParseTimestamp(detour_.Back(text->get()));
    if (!time)
      return FailAt(node->source(), "in 'expires': {}; or \"never\"", time.error().message);
    return std::optional(*time);
  }

  const toml::table& table_;
  std::string_view name_;
  const AsciiDetour& detour_;
};

}  // namespace

core::Result<Terms> ParseTerms(std::string_view toml, std::string_view name) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (toml.starts_with(kByteOrderMark)) toml.remove_prefix(kByteOrderMark.size());
  const core::Result<AsciiDetour> detour = AsciiDetour::For(toml);
  if (!detour) {
    return Fail(ErrorCode::kInvalidArgument, "{}: this is not TOML: {}", name,
                detour.error().message);
  }
  try {
    const toml::table table = toml::parse(detour->Out(toml));
    return TermsReader(table, name, *detour).Read();
  } catch (const toml::parse_error& error) {
    return Fail(ErrorCode::kInvalidArgument, "{}, line {}: this is not TOML: {}", name,
                error.source().begin.line, detour->Back(error.description()));
  } catch (const std::exception&) {
    return Fail(ErrorCode::kInvalidArgument,
                "{}: this is not TOML, in a way that the parser has no words for{}", name,
                kExample);
  }
}

core::Result<Terms> ReadTerms(const std::filesystem::path& path) {
  KLIEG_ASSIGN(const std::string text, core::ReadFile(path, kMaxFileBytes));
  return ParseTerms(text, path.string());
}

}  // namespace klieg::rights
