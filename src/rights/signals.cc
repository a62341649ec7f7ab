#include "rights/signals.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "rights/canonical_json.h"
#include "rights/signal_words.h"

namespace klieg::rights {
namespace {

using core::ErrorCode;
using core::Fail;
using core::Result;
using Json = nlohmann::json;

constexpr size_t kMaxSignalBytes = size_t{1} << 20;
constexpr std::array<std::string_view, 6> kKindNames = {"cawg", "aipref", "tdmrep",
                                                        "rsl",  "iptc",   "odrl"};
constexpr std::string_view kPlusVocabulary = "http://ns.useplus.org/ldf/vocab/";
constexpr std::string_view kRslNamespace = "https://rslstandard.org/rsl";

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::vector<std::string_view> SplitAtCommas(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t comma = text.find(',');
    parts.push_back(Trim(text.substr(0, comma)));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

template <class... Args>
tl::unexpected<core::Error> Bad(SignalKind kind, fmt::format_string<Args...> format,
                                Args&&... args) {
  return Fail(ErrorCode::kInvalidArgument, "not a signal of kind {}: {}", SignalKindName(kind),
              fmt::format(format, std::forward<Args>(args)...));
}

/// Nesting is bounded before the parser sees the text: it recurses.
Result<Json> ParseJson(SignalKind kind, std::string_view text) {
  size_t depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (quoted && text[i] == '\\') ++i;
    if (quoted) continue;
    if (text[i] == '{' || text[i] == '[') ++depth;
    if ((text[i] == '}' || text[i] == ']') && depth > 0) --depth;
    if (depth > kMaxJsonDepth) return Bad(kind, "it is nested too deep");
  }
  Json value = Json::parse(text, nullptr, false);
  if (value.is_discarded()) return Bad(kind, "it is not JSON");
  return value;
}

/// The text of a member, or "" where there is none.
std::string TextOf(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// Removal is no use: refusing it says nothing that a signal could carry.
PurposeBits RefusedUses(const Preferences& preferences) {
  return Those(preferences, Consent::kRefused) &
         ~(PurposeBits{1} << static_cast<uint32_t>(Purpose::kRemove));
}

// ---- CAWG ----

Result<Preferences> ReadCawg(std::string_view text) {
  constexpr SignalKind kKind = SignalKind::kCawg;
  KLIEG_ASSIGN(const Json value, ParseJson(kKind, text));
  const Json* assertion = &value;
  if (value.is_object() && value.contains("data")) assertion = &value["data"];
  if (!assertion->is_object() || !assertion->contains("entries") ||
      !(*assertion)["entries"].is_object()) {
    return Bad(kKind, "expected an object \"entries\"");
  }
  Preferences preferences;
  for (const auto& [label, entry] : (*assertion)["entries"].items()) {
    const size_t dot = label.find('.');
    const std::string space = label.substr(0, dot);
    const bool ours = space == "cawg" || space == "c2pa";
    const std::string use = entry.is_object() ? TextOf(entry, "use") : "";
    // "constrained" means not allowed, without more information.
    const bool refused = use == "notAllowed" || use == "constrained";
    if (!refused && use != "allowed") {
      return Bad(kKind, "the use of '{}' is not allowed, notAllowed or constrained", label);
    }
    const SignalWord* word =
        ours && dot != std::string::npos ? FindSignalWord(kKind, label.substr(dot + 1)) : nullptr;
    if (word == nullptr) {
      if (refused) return Bad(kKind, "it refuses '{}', which is unknown here", label);
    } else if (refused) {
      Refuse(preferences, word->refuses);
    } else {
      Permit(preferences, word->permits);
    }
  }
  return preferences;
}

std::string WriteCawg(const Preferences& preferences) {
  Json entries = Json::object();
  for (const SignalWord& word : SignalWords(SignalKind::kCawg)) {
    const std::string label = fmt::format("cawg.{}", word.word);
    if (AnyIs(preferences, word.refuses, Consent::kRefused)) {
      entries[label] = {{"use", "notAllowed"}};
    } else if (AllAre(preferences, word.permits, Consent::kPermitted)) {
      entries[label] = {{"use", "allowed"}};
    }
  }
  return Json{{"label", "cawg.training-mining"}, {"data", {{"entries", entries}}}}.dump();
}

// ---- AIPREF ----

/// A dictionary of structured fields (RFC 9651) as far as preferences need it: keys with y or n;
/// parameters and values of other types say nothing.
Result<Preferences> ReadAipref(std::string_view text) {
  constexpr std::string_view kHeader = "content-usage:";
  std::string lower(Trim(text));
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  std::string_view rest = lower;
  if (rest.starts_with(kHeader)) rest = Trim(rest.substr(kHeader.size()));
  Preferences preferences;
  if (rest.empty()) return preferences;
  for (const std::string_view member : SplitAtCommas(rest)) {
    const std::string_view item = Trim(member.substr(0, member.find(';')));
    const size_t equals = item.find('=');
    const std::string_view key = item.substr(0, equals);
    if (key.empty() || key.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-.*") !=
                           std::string_view::npos) {
      return Bad(SignalKind::kAipref, "expected name=y or name=n between commas");
    }
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : item.substr(equals + 1);
    const SignalWord* word = FindSignalWord(SignalKind::kAipref, key);
    if (word == nullptr && value == "n") {
      return Bad(SignalKind::kAipref, "it refuses '{}', which is unknown here", key);
    }
    if (word == nullptr) continue;
    if (value == "n") Refuse(preferences, word->refuses);
    if (value == "y") Permit(preferences, word->permits);
  }
  return preferences;
}

std::string WriteAipref(const Preferences& preferences) {
  std::string text;
  for (const SignalWord& word : SignalWords(SignalKind::kAipref)) {
    const bool refused = AnyIs(preferences, word.refuses, Consent::kRefused);
    if (!refused && !AllAre(preferences, word.permits, Consent::kPermitted)) continue;
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", word.word, refused ? 'n' : 'y');
  }
  return text;
}

// ---- TDMRep ----

Result<Preferences> ReadTdmrep(std::string_view text) {
  constexpr SignalKind kKind = SignalKind::kTdmrep;
  KLIEG_ASSIGN(const Json value, ParseJson(kKind, text));
  const SignalWord& tdm = SignalWords(kKind).front();
  Preferences preferences;
  const Json rules = value.is_array() ? value : Json::array({value});
  for (const Json& rule : rules) {
    const auto reservation =
        rule.is_object() ? rule.find("tdm-reservation") : Json::const_iterator();
    if (!rule.is_object() || reservation == rule.end()) {
      return Bad(kKind, "expected \"tdm-reservation\": 0 or 1");
    }
    // A policy under tdm-policy may grant what is reserved: that is a grant, to be entered as one.
    if (*reservation == 1) {
      Refuse(preferences, tdm.refuses);
    } else if (*reservation == 0) {
      Permit(preferences, tdm.permits);
    } else {
      return Bad(kKind, "\"tdm-reservation\" is neither 0 nor 1");
    }
  }
  return preferences;
}

std::string WriteTdmrep(const Preferences& preferences) {
  const SignalWord& tdm = SignalWords(SignalKind::kTdmrep).front();
  if (AnyIs(preferences, tdm.refuses, Consent::kRefused)) return R"({"tdm-reservation":1})";
  if (AllAre(preferences, tdm.permits, Consent::kPermitted)) return R"({"tdm-reservation":0})";
  return "[]";
}

// ---- RSL ----

struct XmlElement {
  std::string_view name;
  std::string_view attributes;
  std::string_view text;  ///< Up to the next tag.
};

/// The opening tags of an XML text, in order, without comments, instructions and closing tags.
/// Not a validating parser: names and texts of the few elements that RSL's terms need.
Result<std::vector<XmlElement>> OpeningTags(std::string_view text) {
  std::vector<XmlElement> tags;
  while (true) {
    const size_t open = text.find('<');
    if (open == std::string_view::npos) return tags;
    text.remove_prefix(open);
    if (text.starts_with("<![CDATA[")) return Bad(SignalKind::kRsl, "CDATA is not read here");
    const bool comment = text.starts_with("<!--");
    const std::string_view closing = comment ? "-->" : ">";
    const size_t close = text.find(closing);
    if (close == std::string_view::npos ||
        (!comment && text.substr(1, close).find('<') != std::string_view::npos)) {
      return Bad(SignalKind::kRsl, "a tag does not end");
    }
    if (!comment && text[1] != '/' && text[1] != '?' && text[1] != '!') {
      const std::string_view tag = text.substr(1, close - 1);
      const size_t end = tag.find_first_of(" \t\r\n/");
      const size_t next = text.find('<', close);
      std::string_view name = tag.substr(0, end);
      if (const size_t colon = name.find(':'); colon != std::string_view::npos) {
        name.remove_prefix(colon + 1);
      }
      tags.push_back({name, end == std::string_view::npos ? "" : tag.substr(end),
                      next == std::string_view::npos ? text.substr(close + 1)
                                                     : text.substr(close + 1, next - close - 1)});
    }
    text.remove_prefix(close + closing.size());
  }
}

bool HasType(const XmlElement& element, std::string_view type) {
  return element.attributes.find(fmt::format("type=\"{}\"", type)) != std::string_view::npos ||
         element.attributes.find(fmt::format("type='{}'", type)) != std::string_view::npos;
}

Result<Preferences> ReadRsl(std::string_view text) {
  KLIEG_ASSIGN(const std::vector<XmlElement> tags, OpeningTags(text));
  if (tags.empty() || tags.front().name != "rsl") {
    return Bad(SignalKind::kRsl, "expected an element <rsl>");
  }
  // What is to be paid for is not permitted yet: paying gives a licence, to be entered as a grant.
  const bool paid = std::ranges::any_of(
      tags, [](const XmlElement& tag) { return tag.name == "payment" && !HasType(tag, "free"); });
  Preferences permitted;
  Preferences refused;
  for (const XmlElement& tag : tags) {
    const bool prohibits = tag.name == "prohibits";
    if (!prohibits && tag.name != "permits") continue;
    if (!HasType(tag, "usage")) {
      // By user or by place: a permission with a condition is none, a refusal stands.
      if (prohibits) Refuse(refused, SignalWords(SignalKind::kRsl).front().refuses);
      continue;
    }
    for (const std::string_view usage : SplitAtCommas(tag.text)) {
      const SignalWord* word = FindSignalWord(SignalKind::kRsl, usage);
      if (word == nullptr && prohibits) {
        return Bad(SignalKind::kRsl, "it prohibits a usage that is unknown here");
      }
      if (word == nullptr) continue;
      if (prohibits) Refuse(refused, word->refuses);
      if (!prohibits && !paid) Permit(permitted, word->permits);
    }
  }
  const bool conditional = std::ranges::any_of(
      tags, [](const XmlElement& tag) { return tag.name == "permits" && !HasType(tag, "usage"); });
  return conditional ? refused : CombinePreferences(permitted, refused);
}

std::string WriteRsl(const Preferences& preferences) {
  constexpr std::array<std::string_view, 2> kNarrow = {"ai-train", "search"};
  std::vector<std::string_view> permits;
  std::vector<std::string_view> prohibits;
  PurposeBits covered = 0;
  for (const std::string_view name : kNarrow) {
    const SignalWord& word = *FindSignalWord(SignalKind::kRsl, name);
    covered |= word.refuses;
    if (AnyIs(preferences, word.refuses, Consent::kRefused)) {
      prohibits.push_back(name);
    } else if (AllAre(preferences, word.permits, Consent::kPermitted)) {
      permits.push_back(name);
    }
  }
  // What the narrow words cannot say takes the wide one.
  if ((RefusedUses(preferences) & ~covered) != 0) {
    prohibits = {"all"};
    permits.clear();
  }
  std::string text = fmt::format("<rsl xmlns=\"{}\"><content url=\"/\"><license>", kRslNamespace);
  if (!permits.empty()) {
    text += fmt::format("<permits type=\"usage\">{}</permits>", fmt::join(permits, ","));
  }
  if (!prohibits.empty()) {
    text += fmt::format("<prohibits type=\"usage\">{}</prohibits>", fmt::join(prohibits, ","));
  }
  return text + "</license></content></rsl>";
}

// ---- IPTC / PLUS ----

Result<Preferences> ReadIptc(std::string_view text) {
  std::string_view code = Trim(text);
  if (code.starts_with(kPlusVocabulary)) code.remove_prefix(kPlusVocabulary.size());
  Preferences preferences;
  if (code == "DMI-UNSPECIFIED") return preferences;
  if (code == "DMI-ALLOWED") {
    Permit(preferences, FindSignalWord(SignalKind::kRsl, "all")->permits);
    return preferences;
  }
  const SignalWord* word = FindSignalWord(SignalKind::kIptc, code);
  if (word == nullptr) {
    return Bad(SignalKind::kIptc,
               "expected DMI-UNSPECIFIED, DMI-ALLOWED or one of the values "
               "that begin with DMI-PROHIBITED");
  }
  Refuse(preferences, word->refuses);
  return preferences;
}

std::string WriteIptc(const Preferences& preferences) {
  std::string_view code = "DMI-UNSPECIFIED";
  const PurposeBits refused = RefusedUses(preferences);
  if (refused != 0) {
    for (const SignalWord& word : SignalWords(SignalKind::kIptc)) {
      code = word.word;
      if ((refused & ~word.refuses) == 0) break;
    }
  } else if (AllAre(preferences, FindSignalWord(SignalKind::kRsl, "all")->permits,
                    Consent::kPermitted)) {
    code = "DMI-ALLOWED";
  }
  return fmt::format("{}{}", kPlusVocabulary, code);
}

// ---- ODRL ----

constexpr std::string_view kPurposeUrn = "urn:klieg:purpose:";

/// The last part of "http://www.w3.org/ns/odrl/2/use", "odrl:use" and "use".
std::string LastPart(const std::string& name) {
  const size_t at = name.find_last_of("/#:");
  return at == std::string::npos ? name : name.substr(at + 1);
}

/// What a rule speaks of.
struct OdrlRule {
  std::vector<std::string> actions;
  PurposeBits purposes = 0;  ///< Of its constraint on purpose.
  bool has_purposes = false;
  bool has_other_constraints = false;
};

std::vector<Json> AsList(const Json& object, const char* key) {
  if (!object.contains(key)) return {};
  const Json& value = object[key];
  if (!value.is_array()) return {value};
  return {value.begin(), value.end()};
}

Result<OdrlRule> ReadRule(const Json& rule) {
  if (!rule.is_object()) return Bad(SignalKind::kOdrl, "a rule is not an object");
  OdrlRule read;
  for (const Json& action : AsList(rule, "action")) {
    const std::string name = action.is_string()   ? action.get<std::string>()
                             : action.is_object() ? TextOf(action, "@id")
                                                  : "";
    if (name.empty()) return Bad(SignalKind::kOdrl, "an action has no name");
    read.actions.push_back(LastPart(name));
  }
  if (read.actions.empty()) return Bad(SignalKind::kOdrl, "a rule has no action");
  for (const Json& constraint : AsList(rule, "constraint")) {
    const bool object = constraint.is_object();
    const std::string left = object ? LastPart(TextOf(constraint, "leftOperand")) : "";
    const std::string how = object ? LastPart(TextOf(constraint, "operator")) : "";
    if (left != "purpose" || (how != "eq" && how != "isAnyOf") || read.has_purposes) {
      read.has_other_constraints = true;
      continue;
    }
    read.has_purposes = true;
    for (const Json& value : AsList(constraint, "rightOperand")) {
      const auto purposes =
          ParsePurposes(value.is_string() ? LastPart(value.get<std::string>()) : std::string());
      if (!purposes) {
        read.has_other_constraints = true;
        continue;
      }
      for (const Purpose purpose : *purposes) {
        read.purposes |= PurposeBits{1} << static_cast<uint32_t>(purpose);
      }
    }
  }
  return read;
}

core::Status ReadProhibition(const Json& rule, Preferences& preferences) {
  KLIEG_ASSIGN(const OdrlRule read, ReadRule(rule));
  for (const std::string& action : read.actions) {
    const SignalWord* word = FindSignalWord(SignalKind::kOdrl, action);
    if (word == nullptr) return Bad(SignalKind::kOdrl, "it prohibits '{}', unknown here", action);
    // A prohibition with conditions that we cannot weigh is taken as one without.
    const bool narrowed = read.has_purposes && !read.has_other_constraints;
    Refuse(preferences, narrowed ? word->refuses & read.purposes : word->refuses);
  }
  return {};
}

core::Status ReadPermission(const Json& rule, Preferences& preferences) {
  KLIEG_ASSIGN(const OdrlRule read, ReadRule(rule));
  const bool owes = rule.contains("duty");
  for (const std::string& action : read.actions) {
    if (action != "use" || read.has_other_constraints || owes) continue;
    Permit(preferences,
           read.has_purposes ? read.purposes : FindSignalWord(SignalKind::kOdrl, action)->permits);
  }
  return {};
}

Result<Preferences> ReadOdrl(std::string_view text) {
  KLIEG_ASSIGN(const Json policy, ParseJson(SignalKind::kOdrl, text));
  if (!policy.is_object()) return Bad(SignalKind::kOdrl, "a policy is an object");
  Preferences preferences;
  for (const char* key : {"prohibition", "odrl:prohibition"}) {
    for (const Json& rule : AsList(policy, key)) KLIEG_TRY(ReadProhibition(rule, preferences));
  }
  for (const char* key : {"permission", "odrl:permission"}) {
    for (const Json& rule : AsList(policy, key)) KLIEG_TRY(ReadPermission(rule, preferences));
  }
  return preferences;
}

std::string WriteOdrl(const Preferences& preferences) {
  Json policy = {{"@context", "http://www.w3.org/ns/odrl.jsonld"}, {"@type", "Offer"}};
  const auto add = [&](const char* key, PurposeBits said) {
    Json purposes = Json::array();
    for (const Purpose purpose : AllPurposes()) {
      if ((said >> static_cast<uint32_t>(purpose) & 1) == 0) continue;
      purposes.push_back(fmt::format("{}{}", kPurposeUrn, PurposeName(purpose)));
    }
    if (purposes.empty()) return;
    const Json constraint = {
        {"leftOperand", "purpose"}, {"operator", "isAnyOf"}, {"rightOperand", purposes}};
    const Json rule = {{"action", "use"}, {"constraint", Json::array({constraint})}};
    policy[key] = Json::array({rule});
  };
  add("permission", Those(preferences, Consent::kPermitted));
  add("prohibition", RefusedUses(preferences));
  return policy.dump();
}

}  // namespace

Preferences CombinePreferences(const Preferences& a, const Preferences& b) {
  Preferences both;
  for (const Purpose purpose : AllPurposes()) {
    const auto either = [&](Consent consent) {
      return a[purpose] == consent || b[purpose] == consent;
    };
    if (either(Consent::kPermitted)) both[purpose] = Consent::kPermitted;
    if (either(Consent::kRefused)) both[purpose] = Consent::kRefused;
  }
  return both;
}

std::string_view SignalKindName(SignalKind kind) { return kKindNames[static_cast<size_t>(kind)]; }

core::Result<SignalKind> ParseSignalKind(std::string_view name) {
  const auto found = std::ranges::find(kKindNames, name);
  if (found != kKindNames.end()) return static_cast<SignalKind>(found - kKindNames.begin());
  return Fail(ErrorCode::kInvalidArgument,
              "there is no such kind of signal; the kinds are {}; found '{}'",
              fmt::join(kKindNames, ", "), name);
}

core::Result<Preferences> ReadSignal(SignalKind kind, std::string_view text) {
  if (text.size() > kMaxSignalBytes) return Bad(kind, "it has more than 1 MiB");
  if (!IsWellFormedUtf8(text)) return Bad(kind, "it is not UTF-8");
  switch (kind) {
    case SignalKind::kCawg:
      return ReadCawg(text);
    case SignalKind::kAipref:
      return ReadAipref(text);
    case SignalKind::kTdmrep:
      return ReadTdmrep(text);
    case SignalKind::kRsl:
      return ReadRsl(text);
    case SignalKind::kIptc:
      return ReadIptc(text);
    case SignalKind::kOdrl:
      break;
  }
  return ReadOdrl(text);
}

std::string WriteSignal(SignalKind kind, const Preferences& preferences) {
  switch (kind) {
    case SignalKind::kCawg:
      return WriteCawg(preferences);
    case SignalKind::kAipref:
      return WriteAipref(preferences);
    case SignalKind::kTdmrep:
      return WriteTdmrep(preferences);
    case SignalKind::kRsl:
      return WriteRsl(preferences);
    case SignalKind::kIptc:
      return WriteIptc(preferences);
    case SignalKind::kOdrl:
      break;
  }
  return WriteOdrl(preferences);
}

}  // namespace klieg::rights
