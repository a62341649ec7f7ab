#include "rights/records.h"

#include <algorithm>
#include <array>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "core/hash.h"
#include "rights/canonical_json.h"
#include "rights/terms.h"

namespace klieg::rights {
namespace {

using core::ErrorCode;
using core::Fail;
using Json = nlohmann::json;

constexpr std::array<std::string_view, 7> kRoles = {"person",  "writer", "performer", "member",
                                                    "company", "guild",  "estate"};
constexpr std::array<std::string_view, 3> kStandings = {"none", "literary", "source"};
constexpr std::string_view kNever = "never";

std::string Dump(const Json& object) {
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

core::Status CheckId(std::string_view what, std::string_view id) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  const bool good = !id.empty() && id.size() <= 64 && id.front() != '-' && id.front() != '.' &&
                    id.front() != '_' && std::ranges::all_of(id, allowed);
  if (good) return {};
  return Fail(ErrorCode::kInvalidArgument,
              "{} must be 1 to 64 of a-z, 0-9, '-', '_' and '.', beginning with a letter or digit; "
              "found '{}'",
              what, id);
}

core::Status CheckHex(std::string_view what, std::string_view hex, size_t digits) {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (hex.empty() || (hex.size() == digits && std::ranges::all_of(hex, is_digit))) return {};
  return Fail(ErrorCode::kInvalidArgument,
              "{} must be {} lower-case hexadecimal digits; found '{}'", what, digits, hex);
}

core::Status CheckOptionalText(std::string_view what, std::string_view text) {
  return text.empty() ? core::Status() : CheckTermsText(what, text);
}

template <class T>
core::Status CheckSorted(std::string_view what, const std::vector<T>& values) {
  if (std::ranges::adjacent_find(values, std::greater_equal<>()) == values.end()) return {};
  return Fail(ErrorCode::kInvalidArgument, "{} must be sorted and name each once", what);
}

core::Status CheckRefs(std::string_view what, const std::vector<SubjectRef>& refs) {
  for (const SubjectRef& ref : refs) {
    KLIEG_TRY(CheckTermsText(what, ref.family));
    KLIEG_TRY(CheckTermsText(what, ref.id));
    if (ref.family.find('/') != std::string::npos) {
      return Fail(ErrorCode::kInvalidArgument, "{}: '{}' has a slash in its family", what,
                  ref.Text());
    }
  }
  return CheckSorted(what, refs);
}

core::Status CheckIds(std::string_view what, const std::vector<std::string>& ids) {
  for (const std::string& id : ids) KLIEG_TRY(CheckId(what, id));
  return CheckSorted(what, ids);
}

Json RefList(const std::vector<SubjectRef>& refs) {
  Json list = Json::array();
  for (const SubjectRef& ref : refs) list.push_back(ref.Text());
  return list;
}

Json PurposeList(const std::vector<Purpose>& purposes) {
  Json list = Json::array();
  for (const Purpose purpose : purposes) list.push_back(PurposeName(purpose));
  return list;
}

template <class T>
std::string_view ValueName(Attribute attribute, T value) {
  return AttributeValues(attribute)[static_cast<size_t>(value)];
}

/// Takes the members of an object one by one; whatever is missing, of another type or left over
/// makes the whole reading fail.
class Fields {
 public:
  explicit Fields(const Json& object) : object_(object) {}

  std::string Text(const char* key) {
    const Json* value = Take(key);
    if (value == nullptr || !value->is_string()) return Bad(key);
    return value->get<std::string>();
  }

  std::vector<std::string> Texts(const char* key) {
    std::vector<std::string> texts;
    const Json* list = Take(key);
    if (list == nullptr || !list->is_array()) return Bad(key), texts;
    for (const Json& value : *list) {
      if (!value.is_string()) return Bad(key), texts;
      texts.push_back(value.get<std::string>());
    }
    return texts;
  }

  std::vector<Purpose> Purposes(const char* key) {
    std::vector<Purpose> purposes;
    for (const std::string& name : Texts(key)) {
      const auto purpose = ParsePurpose(name);
      if (!purpose) return Bad(key), purposes;
      purposes.push_back(*purpose);
    }
    return purposes;
  }

  std::vector<SubjectRef> Refs(const char* key) {
    std::vector<SubjectRef> refs;
    for (const std::string& text : Texts(key)) {
      const auto ref = ParseSubjectRef(text);
      if (!ref) return Bad(key), refs;
      refs.push_back(*ref);
    }
    return refs;
  }

  template <class T>
  T Value(const char* key, Attribute attribute) {
    const auto index = ParseAttributeValue(attribute, Text(key));
    if (!index) return Bad(key), T{};
    return static_cast<T>(*index);
  }

  std::optional<core::Timestamp> Time(const char* key) {
    const std::string text = Text(key);
    if (text == kNever) return std::nullopt;
    const auto time = core::ParseTimestamp(text);
    if (!time) return Bad(key), std::nullopt;
    return *time;
  }

  const Json* Take(const char* key) {
    const auto found = object_.find(key);
    if (found == object_.end()) return nullptr;
    ++taken_;
    return &*found;
  }

  std::string Bad(const char* key) {
    if (bad_.empty()) bad_ = key;
    return {};
  }

  core::Status Finish(std::string_view what) const {
    if (!bad_.empty()) return Fail(ErrorCode::kCorrupt, "recorded {}: bad '{}'", what, bad_);
    if (taken_ != object_.size())
      return Fail(ErrorCode::kCorrupt, "recorded {}: unknown keys", what);
    return {};
  }

 private:
  const Json& object_;
  size_t taken_ = 0;
  std::string bad_;
};

core::Result<Json> ParseObject(std::string_view text, std::string_view what) {
  if (auto canonical = CheckCanonicalObject(text); !canonical) {
    return Fail(ErrorCode::kCorrupt, "recorded {}: {}", what, canonical.error().message);
  }
  return Json::parse(text, nullptr, /*allow_exceptions=*/false);
}

/// The end of every reading: sound in itself, and written again the same text.
template <class T>
core::Result<T> Checked(T record, std::string_view what, std::string_view text,
                        core::Status (*check)(const T&), std::string (*write)(const T&)) {
  if (auto sound = check(record); !sound) {
    return Fail(ErrorCode::kCorrupt, "recorded {}: {}", what, sound.error().message);
  }
  if (write(record) != text)
    return Fail(ErrorCode::kCorrupt, "recorded {} is not in its canonical form", what);
  return record;
}

std::string TimeText(const std::optional<core::Timestamp>& time) {
  return time ? core::FormatTimestamp(*time) : std::string(kNever);
}

}  // namespace

std::string_view PartyRoleName(PartyRole role) { return kRoles[static_cast<size_t>(role)]; }

core::Result<PartyRole> ParsePartyRole(std::string_view name) {
  const auto found = std::ranges::find(kRoles, name);
  if (found != kRoles.end()) return static_cast<PartyRole>(found - kRoles.begin());
  return Fail(ErrorCode::kInvalidArgument,
              "there is no such role; the roles are person, writer, performer, member, company, "
              "guild and estate; found '{}'",
              name);
}

std::string_view WorkStandingName(WorkStanding standing) {
  return kStandings[static_cast<size_t>(standing)];
}

core::Result<WorkStanding> ParseWorkStanding(std::string_view name) {
  const auto found = std::ranges::find(kStandings, name);
  if (found != kStandings.end()) return static_cast<WorkStanding>(found - kStandings.begin());
  return Fail(ErrorCode::kInvalidArgument,
              "a text is entered as literary, source or none; found '{}'", name);
}

core::Result<SubjectRef> ParseSubjectRef(std::string_view text) {
  const size_t slash = text.find('/');
  SubjectRef ref;
  ref.family = slash == std::string_view::npos ? "*" : std::string(text.substr(0, slash));
  ref.id = std::string(slash == std::string_view::npos ? text : text.substr(slash + 1));
  if (ref.family.empty() || ref.id.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                "expected an id, or FAMILY/ID as in films/42; found '{}'", text);
  }
  return ref;
}

std::string GrantId(const Grant& grant) {
  return "g-" + core::HashBytes(GrantText(grant)).Hex().substr(0, 16);
}

std::string PartyText(const Party& party) {
  return Dump({{"id", party.id},
               {"name", party.name},
               {"public_key", party.public_key},
               {"represents", party.represents},
               {"role", PartyRoleName(party.role)}});
}

core::Result<Party> ParseParty(std::string_view text) {
  KLIEG_ASSIGN(const Json object, ParseObject(text, "party"));
  Fields fields(object);
  Party party;
  party.id = fields.Text("id");
  party.name = fields.Text("name");
  party.public_key = fields.Text("public_key");
  party.represents = fields.Texts("represents");
  const auto role = ParsePartyRole(fields.Text("role"));
  if (role) party.role = *role;
  if (!role) fields.Bad("role");
  KLIEG_TRY(fields.Finish("party"));
  return Checked(std::move(party), "party", text, CheckParty, PartyText);
}

std::string WorkText(const Work& work) {
  Json holders = Json::array();
  for (const Holding& holding : work.holders)
    holders.push_back({{"party", holding.party}, {"right", holding.right}});
  return Dump({{"age", ValueName(Attribute::kAge, work.age)},
               {"authorship", ValueName(Attribute::kAuthorship, work.authorship)},
               {"content", work.content},
               {"disclosure", ValueName(Attribute::kDisclosure, work.disclosure)},
               {"generated", work.generated},
               {"holders", holders},
               {"id", work.id},
               {"material", ValueName(Attribute::kMaterial, work.material)},
               {"standing", WorkStandingName(work.standing)},
               {"subject", ValueName(Attribute::kSubject, work.subject)},
               {"title", work.title},
               {"titles", RefList(work.titles)}});
}

core::Result<Work> ParseWork(std::string_view text) {
  KLIEG_ASSIGN(const Json object, ParseObject(text, "work"));
  Fields fields(object);
  Work work;
  work.age = fields.Value<Age>("age", Attribute::kAge);
  work.authorship = fields.Value<Authorship>("authorship", Attribute::kAuthorship);
  work.content = fields.Text("content");
  work.disclosure = fields.Value<Disclosure>("disclosure", Attribute::kDisclosure);
  work.generated = fields.Text("generated");
  const Json* holders = fields.Take("holders");
  if (holders == nullptr || !holders->is_array()) {
    fields.Bad("holders");
  } else {
    for (const Json& one : *holders) {
      if (!one.is_object()) return Fail(ErrorCode::kCorrupt, "recorded work: bad 'holders'");
      Fields holding(one);
      work.holders.push_back({holding.Text("party"), holding.Text("right")});
      KLIEG_TRY(holding.Finish("holder"));
    }
  }
  work.id = fields.Text("id");
  work.material = fields.Value<Material>("material", Attribute::kMaterial);
  const auto standing = ParseWorkStanding(fields.Text("standing"));
  if (standing) work.standing = *standing;
  if (!standing) fields.Bad("standing");
  work.subject = fields.Value<SubjectState>("subject", Attribute::kSubject);
  work.title = fields.Text("title");
  work.titles = fields.Refs("titles");
  KLIEG_TRY(fields.Finish("work"));
  return Checked(std::move(work), "work", text, CheckWork, WorkText);
}

std::string GrantText(const Grant& grant) {
  Json conditions = Json::object();
  for (const auto& [attribute, values] : grant.conditions) {
    Json names = Json::array();
    for (const uint8_t value : values) names.push_back(AttributeValues(attribute)[value]);
    conditions[std::string(AttributeName(attribute))] = names;
  }
  return Dump({{"conditions", conditions},
               {"describes", grant.describes},
               {"description", ValueName(Attribute::kDescription, grant.description)},
               {"evidence", grant.evidence},
               {"from", TimeText(grant.period.from)},
               {"grantee", grant.grantee},
               {"grantor", grant.grantor},
               {"members", RefList(grant.members)},
               {"permits", PurposeList(grant.permits)},
               {"project", grant.project},
               {"refuses", PurposeList(grant.refuses)},
               {"separate", ValueName(Attribute::kSeparate, grant.separate)},
               {"supersedes", grant.supersedes},
               {"until", TimeText(grant.period.until)},
               {"works", grant.works}});
}

core::Result<Grant> ParseGrant(std::string_view text) {
  KLIEG_ASSIGN(const Json object, ParseObject(text, "grant"));
  Fields fields(object);
  Grant grant;
  const Json* conditions = fields.Take("conditions");
  if (conditions == nullptr || !conditions->is_object()) {
    fields.Bad("conditions");
  } else {
    for (const auto& [name, list] : conditions->items()) {
      const auto attribute = ParseAttribute(name);
      if (!attribute || !list.is_array())
        return Fail(ErrorCode::kCorrupt, "recorded grant: bad 'conditions'");
      std::vector<uint8_t>& values = grant.conditions[*attribute];
      for (const Json& value : list) {
        const auto index =
            ParseAttributeValue(*attribute, value.is_string() ? value.get<std::string>() : "");
        if (!index) return Fail(ErrorCode::kCorrupt, "recorded grant: bad 'conditions'");
        values.push_back(*index);
      }
    }
  }
  grant.describes = fields.Text("describes");
  grant.description = fields.Value<Description>("description", Attribute::kDescription);
  grant.evidence = fields.Text("evidence");
  grant.period.from = fields.Time("from");
  grant.grantee = fields.Text("grantee");
  grant.grantor = fields.Text("grantor");
  grant.members = fields.Refs("members");
  grant.permits = fields.Purposes("permits");
  grant.project = fields.Text("project");
  grant.refuses = fields.Purposes("refuses");
  grant.separate = fields.Value<Separate>("separate", Attribute::kSeparate);
  grant.supersedes = fields.Texts("supersedes");
  grant.period.until = fields.Time("until");
  grant.works = fields.Texts("works");
  KLIEG_TRY(fields.Finish("grant"));
  return Checked(std::move(grant), "grant", text, CheckGrant, GrantText);
}

std::string WithdrawalText(const Withdrawal& withdrawal) {
  return Dump({{"members", RefList(withdrawal.members)},
               {"party", withdrawal.party},
               {"purposes", PurposeList(withdrawal.purposes)},
               {"reason", withdrawal.reason},
               {"works", withdrawal.works}});
}

core::Result<Withdrawal> ParseWithdrawal(std::string_view text) {
  KLIEG_ASSIGN(const Json object, ParseObject(text, "withdrawal"));
  Fields fields(object);
  Withdrawal withdrawal;
  withdrawal.members = fields.Refs("members");
  withdrawal.party = fields.Text("party");
  withdrawal.purposes = fields.Purposes("purposes");
  withdrawal.reason = fields.Text("reason");
  withdrawal.works = fields.Texts("works");
  KLIEG_TRY(fields.Finish("withdrawal"));
  return Checked(std::move(withdrawal), "withdrawal", text, CheckWithdrawal, WithdrawalText);
}

core::Status CheckParty(const Party& party) {
  KLIEG_TRY(CheckId("the id of a party", party.id));
  KLIEG_TRY(CheckTermsText("name", party.name));
  KLIEG_TRY(CheckHex("the public key of a party", party.public_key, 64));
  KLIEG_TRY(CheckIds("'represents'", party.represents));
  if (std::ranges::find(party.represents, party.id) != party.represents.end())
    return Fail(ErrorCode::kInvalidArgument, "'{}' cannot represent itself", party.id);
  return {};
}

core::Status CheckWork(const Work& work) {
  KLIEG_TRY(CheckId("the id of a work", work.id));
  KLIEG_TRY(CheckTermsText("title", work.title));
  if (work.material == Material::kUnstated) {
    return Fail(ErrorCode::kInvalidArgument,
                "the kind of work '{}' is not stated; kinds are screenplay, performance, voice, "
                "likeness, recording, title-metadata and viewing-history",
                work.id);
  }
  for (const Holding& holding : work.holders) {
    KLIEG_TRY(CheckId("a holder", holding.party));
    KLIEG_TRY(CheckId("the right of a holder", holding.right));
  }
  KLIEG_TRY(CheckSorted("'holders'", work.holders));
  KLIEG_TRY(CheckRefs("'titles'", work.titles));
  KLIEG_TRY(CheckOptionalText("generated", work.generated));
  if (work.authorship == Authorship::kHuman && !work.generated.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                "work '{}' is declared to be written by people, and names generated parts: declare "
                "its authorship as mixed",
                work.id);
  }
  if (work.authorship == Authorship::kMixed && work.generated.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                "the authorship of work '{}' is mixed: say which parts were generated", work.id);
  }
  return CheckHex("the hash of the material", work.content, 64);
}

core::Status CheckGrant(const Grant& grant) {
  KLIEG_TRY(CheckId("the grantor", grant.grantor));
  KLIEG_TRY(CheckId("the grantee", grant.grantee));
  KLIEG_TRY(CheckIds("'works'", grant.works));
  KLIEG_TRY(CheckRefs("'members'", grant.members));
  if (grant.works.empty() && grant.members.empty())
    return Fail(ErrorCode::kInvalidArgument, "the grant names no work and no member");
  KLIEG_TRY(CheckSorted("'permits'", grant.permits));
  KLIEG_TRY(CheckSorted("'refuses'", grant.refuses));
  if (grant.permits.empty() && grant.refuses.empty())
    return Fail(ErrorCode::kInvalidArgument, "the grant permits nothing and refuses nothing");
  for (const Purpose purpose : grant.permits) {
    if (std::ranges::find(grant.refuses, purpose) == grant.refuses.end()) continue;
    return Fail(ErrorCode::kInvalidArgument,
                "the grant contradicts itself: it permits and refuses '{}'", PurposeName(purpose));
  }
  KLIEG_TRY(CheckOptionalText("project", grant.project));
  if (!grant.period.from)
    return Fail(ErrorCode::kInvalidArgument, "the grant does not say from when it holds");
  if (grant.period.until && *grant.period.until <= *grant.period.from) {
    return Fail(ErrorCode::kInvalidArgument, "the grant ends ({}) before it begins ({})",
                TimeText(grant.period.until), TimeText(grant.period.from));
  }
  for (const auto& [attribute, values] : grant.conditions) {
    if (values.empty()) {
      return Fail(ErrorCode::kInvalidArgument, "the condition '{}' can never be met",
                  AttributeName(attribute));
    }
    KLIEG_TRY(CheckSorted("the values of a condition", values));
  }
  KLIEG_TRY(CheckOptionalText("describes", grant.describes));
  if (grant.description == Description::kSpecific && grant.describes.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                "the description is said to be specific, but there is none: fill in 'describes'");
  }
  KLIEG_TRY(CheckHex("the hash of the evidence", grant.evidence, 64));
  return CheckIds("'supersedes'", grant.supersedes);
}

core::Status CheckWithdrawal(const Withdrawal& withdrawal) {
  KLIEG_TRY(CheckOptionalText("reason", withdrawal.reason));
  KLIEG_TRY(CheckIds("'works'", withdrawal.works));
  KLIEG_TRY(CheckRefs("'members'", withdrawal.members));
  KLIEG_TRY(CheckSorted("'purposes'", withdrawal.purposes));
  if (withdrawal.purposes.empty())
    return Fail(ErrorCode::kInvalidArgument, "the withdrawal names no purpose");
  if (!withdrawal.party.empty()) KLIEG_TRY(CheckId("the party", withdrawal.party));
  if (withdrawal.party.empty() && withdrawal.members.empty())
    return Fail(ErrorCode::kInvalidArgument, "the withdrawal names no party and no member");
  return {};
}

}  // namespace klieg::rights
