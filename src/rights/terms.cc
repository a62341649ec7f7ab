#include "rights/terms.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "rights/canonical_json.h"

namespace klieg::rights {
namespace {

using core::ErrorCode;
using core::Fail;

constexpr std::string_view kNever = "never";
constexpr core::Timestamp kFirstTime{-62'135'596'800'000'000};  // 0001-01-01
constexpr core::Timestamp kEndOfTime{253'402'300'800'000'000};  // 10000-01-01

/// Control characters would let a terms file draw on the terminal of the person who reads a
/// refusal.
bool HasControlCharacter(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return true;
    const bool c1 = byte == 0xc2 && i + 1 < text.size() && static_cast<uint8_t>(text[i + 1]) < 0xa0;
    if (c1) return true;
  }
  return false;
}

std::string Quoted(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string ExpiryText(const std::optional<core::Timestamp>& expires) {
  return expires ? core::FormatTimestamp(*expires) : std::string(kNever);
}

core::Result<std::string> StringMember(const nlohmann::json& object, const char* key) {
  const auto member = object.find(key);
  if (member == object.end() || !member->is_string()) {
    return Fail(ErrorCode::kCorrupt, "recorded terms lack the text '{}'", key);
  }
  return member->get<std::string>();
}

core::Result<Terms> TermsFromJson(const nlohmann::json& object) {
  Terms terms;
  KLIEG_ASSIGN(terms.owner, StringMember(object, "owner"));
  KLIEG_ASSIGN(terms.licence, StringMember(object, "licence"));
  KLIEG_ASSIGN(terms.source, StringMember(object, "source"));
  KLIEG_ASSIGN(const std::string expires, StringMember(object, "expires"));
  if (expires != kNever) {
    KLIEG_ASSIGN(terms.expires, core::ParseTimestamp(expires));
  }
  const auto purposes = object.find("purposes");
  if (purposes == object.end() || !purposes->is_array()) {
    return Fail(ErrorCode::kCorrupt, "recorded terms lack the list 'purposes'");
  }
  for (const nlohmann::json& name : *purposes) {
    if (!name.is_string())
      return Fail(ErrorCode::kCorrupt, "recorded terms have a purpose that is not text");
    KLIEG_ASSIGN(const Purpose purpose, ParsePurpose(name.get<std::string>()));
    terms.purposes.push_back(purpose);
  }
  KLIEG_TRY(CheckTerms(terms));
  return terms;
}

}  // namespace

core::Status CheckTermsText(std::string_view key, std::string_view text) {
  if (text.empty()) return Fail(ErrorCode::kInvalidArgument, "'{}' is empty: expected a text", key);
  if (text.size() > kMaxTermsTextBytes) {
    return Fail(ErrorCode::kInvalidArgument,
                "'{}' has {} bytes, at most {} are allowed: name the document and where it is "
                "instead of quoting it",
                key, text.size(), kMaxTermsTextBytes);
  }
  if (HasControlCharacter(text) || !IsWellFormedUtf8(text)) {
    return Fail(ErrorCode::kInvalidArgument,
                "'{}' must be one line of UTF-8 text without control characters", key);
  }
  return {};
}

core::Status CheckTerms(const Terms& terms) {
  KLIEG_TRY(CheckTermsText("owner", terms.owner));
  KLIEG_TRY(CheckTermsText("licence", terms.licence));
  if (!terms.source.empty()) KLIEG_TRY(CheckTermsText("source", terms.source));
  if (std::adjacent_find(terms.purposes.begin(), terms.purposes.end(), std::greater_equal<>()) !=
      terms.purposes.end()) {
    return Fail(ErrorCode::kInvalidArgument,
                "'purposes' must be sorted and name each purpose once");
  }
  if (terms.expires && (*terms.expires < kFirstTime || *terms.expires >= kEndOfTime)) {
    return Fail(ErrorCode::kInvalidArgument, "'expires' must lie between the years 1 and 9999");
  }
  return {};
}

std::string CanonicalText(const Terms& terms) {
  // Keys in the order of their bytes; written by hand so that the order stands where it matters.
  std::string text =
      fmt::format(R"({{"expires":{},"licence":{},"owner":{},"purposes":[)",
                  Quoted(ExpiryText(terms.expires)), Quoted(terms.licence), Quoted(terms.owner));
  for (size_t i = 0; i < terms.purposes.size(); ++i) {
    if (i > 0) text += ',';
    text += Quoted(PurposeName(terms.purposes[i]));
  }
  text += fmt::format(R"(],"source":{}}})", Quoted(terms.source));
  return text;
}

core::Digest TermsDigest(const Terms& terms) { return core::HashBytes(CanonicalText(terms)); }

core::Result<Terms> ParseCanonicalTerms(std::string_view text) {
  if (auto canonical = CheckCanonicalObject(text); !canonical) {
    return Fail(ErrorCode::kCorrupt, "recorded terms: {}", canonical.error().message);
  }
  // The text is well-formed by now, so that the parser has nothing to throw at.
  const nlohmann::json object = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  core::Result<Terms> terms = TermsFromJson(object);
  if (!terms) return Fail(ErrorCode::kCorrupt, "recorded terms: {}", terms.error().message);
  if (CanonicalText(*terms) != text) {
    return Fail(ErrorCode::kCorrupt, "recorded terms are not in their canonical form");
  }
  return terms;
}

}  // namespace klieg::rights
