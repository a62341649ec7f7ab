#include "rights/facts.h"

#include <algorithm>
#include <vector>

#include "core/check.h"

namespace klieg::rights {
namespace {

using Names = std::vector<std::string_view>;

struct Entry {
  Attribute attribute;
  std::string_view name;
  std::string_view meaning;
  Names values;
};

Names PurposeNames() {
  Names names;
  for (const Purpose purpose : AllPurposes()) names.push_back(PurposeName(purpose));
  return names;
}

using A = Attribute;

/// In the order of the enumerations of the header, which the tests hold this table against.
const std::array<Entry, kAttributeCount>& Table() {
  static const std::array<Entry, kAttributeCount> table = {{
      {A::kAction,
       "action",
       "What is done now.",
       {"use", "import", "register-model", "promote", "serve", "register-literary",
        "register-source", "hand-to-writer"}},
      {A::kPurpose, "purpose", "What the use is for.", PurposeNames()},
      {A::kRecipient,
       "recipient",
       "Who gets the material or the result.",
       {"inside", "third-party"}},
      {A::kDeliverable,
       "deliverable",
       "Whether the result ends up in what the audience sees.",
       {"unstated", "internal", "temporary", "final"}},
      {A::kTool,
       "tool",
       "In what surroundings a generating tool runs.",
       {"unstated", "public", "enterprise", "none"}},
      {A::kRetention,
       "retention",
       "Whether the tool's maker stores or trains on what goes through it.",
       {"unstated", "retains", "none"}},
      {A::kOwnership,
       "ownership",
       "Whether others' identifiable material has been cleared.",
       {"unstated", "unowned", "cleared"}},
      {A::kApproval,
       "approval",
       "Whether the production's company approved in writing.",
       {"none", "written"}},
      {A::kReason,
       "reason",
       "Whether a business reason for a scan has been put into words.",
       {"unstated", "stated"}},
      {A::kSecurity,
       "security",
       "Whether the safekeeping of replicas has been attested.",
       {"unattested", "attested"}},
      {A::kStrike,
       "strike",
       "Whether the use would cross a picket line.",
       {"unstated", "yes", "no"}},
      {A::kUnion, "union", "How far the union was involved.", {"none", "notified", "bargained"}},
      {A::kValue,
       "value",
       "Whether the significant additional value of a synthetic performer was stated.",
       {"unstated", "stated"}},
      {A::kMaterial,
       "material",
       "What kind of work it is.",
       {"unstated", "screenplay", "performance", "voice", "likeness", "recording", "title-metadata",
        "viewing-history"}},
      {A::kReplica,
       "replica",
       "How a replica came about.",
       {"unstated", "none", "employment-based", "independent", "background"}},
      {A::kAlteration,
       "alteration",
       "What a digital alteration does.",
       {"unstated", "substantial", "listed-edit", "as-recorded"}},
      {A::kAuthorship,
       "authorship",
       "Who wrote a text.",
       {"undeclared", "generated", "mixed", "human"}},
      {A::kDisclosure,
       "disclosure",
       "Whether generated material was disclosed to the writer who works on it.",
       {"undisclosed", "disclosed"}},
      {A::kSubject,
       "subject",
       "Whether the person shown is alive.",
       {"unstated", "deceased", "living"}},
      {A::kAge, "age", "Whether the person shown is of age.", {"unstated", "minor", "adult"}},
      {A::kConsent,
       "consent",
       "What the grants in force say about this use; any refusal wins over any permission.",
       {"unknown", "refused", "permitted"}},
      {A::kConsenter,
       "consenter",
       "Who consented.",
       {"nobody", "other", "union", "representative", "self"}},
      {A::kEvidence, "evidence", "What the consent rests on.", {"none", "document", "signature"}},
      {A::kSeparate,
       "separate",
       "Whether the consent was signed by itself, not within standard terms.",
       {"no", "yes"}},
      {A::kDescription,
       "description",
       "How closely the consent describes the use.",
       {"none", "general", "specific"}},
      {A::kProject,
       "project",
       "Whether the consent names the project of this use.",
       {"none", "other", "same"}},
      {A::kNotice,
       "notice",
       "How long before the use the person was told.",
       {"none", "under-48h", "at-least-48h"}},
  }};
  return table;
}

const Entry& EntryOf(Attribute attribute) {
  const auto index = static_cast<size_t>(attribute);
  KLIEG_CHECK(index < kAttributeCount && Table()[index].attribute == attribute,
              "attribute {} is not one of the enumeration", index);
  return Table()[index];
}

std::string Joined(std::span<const std::string_view> names) {
  std::string text;
  for (const std::string_view name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

}  // namespace

std::string_view AttributeName(Attribute attribute) { return EntryOf(attribute).name; }

std::string_view AttributeMeaning(Attribute attribute) { return EntryOf(attribute).meaning; }

std::span<const std::string_view> AttributeValues(Attribute attribute) {
  return EntryOf(attribute).values;
}

core::Result<Attribute> ParseAttribute(std::string_view name) {
  Names names;
  for (const Entry& entry : Table()) {
    if (entry.name == name) return entry.attribute;
    names.push_back(entry.name);
  }
  return core::Fail(core::ErrorCode::kInvalidArgument,
                    "there is no such attribute; the attributes are {}; found '{}'", Joined(names),
                    name);
}

core::Result<uint8_t> ParseAttributeValue(Attribute attribute, std::string_view value) {
  const Names& values = EntryOf(attribute).values;
  const auto found = std::ranges::find(values, value);
  if (found != values.end()) return static_cast<uint8_t>(found - values.begin());
  return core::Fail(core::ErrorCode::kInvalidArgument,
                    "'{}' has no such value; its values are {}; found '{}'",
                    AttributeName(attribute), Joined(values), value);
}

core::Status Facts::Set(Attribute attribute, std::string_view value) {
  KLIEG_ASSIGN(values_[static_cast<size_t>(attribute)], ParseAttributeValue(attribute, value));
  return {};
}

void Facts::SetIndex(Attribute attribute, uint8_t value) {
  KLIEG_CHECK(value < AttributeValues(attribute).size(), "value {} of '{}'", value,
              AttributeName(attribute));
  values_[static_cast<size_t>(attribute)] = value;
}

std::string Describe(const Facts& facts) {
  std::string text = fmt::format("purpose {}", facts.Name(Attribute::kPurpose));
  for (const Entry& entry : Table()) {
    if (entry.attribute == A::kPurpose || facts.Index(entry.attribute) == 0) continue;
    text += fmt::format(", {} {}", entry.name, facts.Name(entry.attribute));
  }
  return text;
}

}  // namespace klieg::rights
