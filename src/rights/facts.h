/// What a policy may ask about a use: a fixed list of attributes, each with a few named values.
///
///     Facts facts;                                       // every attribute at its first value
///     facts.Set(Attribute::kConsent, "permitted");       // Result: names are checked
///     facts.Set(Consent::kPermitted);                    // the same, checked by the compiler
///
/// Everything is finite, so that a policy can be checked for *all* facts there can be
/// (policy_check.h). The first value of every attribute is the one that knows or grants least: what
/// nobody stated counts as that. docs/reference/facts.md is generated from this table.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/error.h"
#include "rights/purpose.h"

namespace klieg::rights {

enum class Attribute : uint8_t {
  // The use.
  kAction,       ///< What is done now.
  kPurpose,      ///< What for: purpose.h.
  kRecipient,    ///< Who gets the material or the result.
  kDeliverable,  ///< Whether the result ends up in what the audience sees.
  kTool,         ///< In what surroundings a generating tool runs.
  kRetention,    ///< Whether the tool's maker stores or trains on what goes through it.
  kOwnership,    ///< Whether others' identifiable material has been cleared.
  kApproval,     ///< Whether the production's company approved in writing.
  kReason,       ///< Whether a business reason for a scan has been put into words.
  kSecurity,     ///< Whether the safekeeping of replicas has been attested.
  kStrike,       ///< Whether the use would cross a picket line.
  kUnion,        ///< How far the union was involved.
  kValue,        ///< Whether "significant additional value" of a synthetic performer was stated.
  // The material.
  kMaterial,    ///< What kind of work it is.
  kReplica,     ///< How a replica came about.
  kAlteration,  ///< What a digital alteration does.
  kAuthorship,  ///< Who wrote a text.
  kDisclosure,  ///< Whether generated material was disclosed to the writer who works on it.
  kSubject,     ///< Whether the person shown is alive.
  kAge,         ///< Whether the person shown is of age.
  // The consent: what the grants in force say about this use.
  kConsent,      ///< Any refusal wins over any permission.
  kConsenter,    ///< Who consented.
  kEvidence,     ///< What the consent rests on.
  kSeparate,     ///< Whether it was signed by itself, not within standard terms.
  kDescription,  ///< How closely it describes the use.
  kProject,      ///< Whether it names the project of this use.
  kNotice,       ///< How long before the use the person was told.
};
inline constexpr size_t kAttributeCount = 27;

enum class Action : uint8_t {
  kUse,               ///< Read rows and compute.
  kImport,            ///< Bring material onto the platform.
  kRegisterModel,     ///< Put what was derived into the registry.
  kPromote,           ///< Move a model towards service.
  kServe,             ///< Load a model to answer people.
  kRegisterLiterary,  ///< Enter a text as literary material.
  kRegisterSource,    ///< Enter a text as assigned or source material.
  kHandToWriter,      ///< Give a text to a writer to work on.
};
enum class Recipient : uint8_t { kInside, kThirdParty };
enum class Deliverable : uint8_t { kUnstated, kInternal, kTemporary, kFinal };
enum class Tool : uint8_t { kUnstated, kPublic, kEnterprise, kNone };
enum class Retention : uint8_t { kUnstated, kRetains, kNone };
enum class Ownership : uint8_t { kUnstated, kUnowned, kCleared };
enum class Approval : uint8_t { kNone, kWritten };
enum class BusinessReason : uint8_t { kUnstated, kStated };
enum class Security : uint8_t { kUnattested, kAttested };
enum class Strike : uint8_t { kUnstated, kYes, kNo };
enum class UnionStep : uint8_t { kNone, kNotified, kBargained };
enum class AddedValue : uint8_t { kUnstated, kStated };
enum class Material : uint8_t {
  kUnstated,
  kScreenplay,
  kPerformance,
  kVoice,
  kLikeness,
  kRecording,
  kTitleMetadata,
  kViewingHistory,
};
enum class ReplicaKind : uint8_t { kUnstated, kNone, kEmploymentBased, kIndependent, kBackground };
enum class Alteration : uint8_t { kUnstated, kSubstantial, kListedEdit, kAsRecorded };
enum class Authorship : uint8_t { kUndeclared, kGenerated, kMixed, kHuman };
enum class Disclosure : uint8_t { kUndisclosed, kDisclosed };
enum class SubjectState : uint8_t { kUnstated, kDeceased, kLiving };
enum class Age : uint8_t { kUnstated, kMinor, kAdult };
enum class Consent : uint8_t { kUnknown, kRefused, kPermitted };
enum class Consenter : uint8_t { kNobody, kOther, kUnion, kRepresentative, kSelf };
enum class Evidence : uint8_t { kNone, kDocument, kSignature };
enum class Separate : uint8_t { kNo, kYes };
enum class Description : uint8_t { kNone, kGeneral, kSpecific };
enum class ProjectMatch : uint8_t { kNone, kOther, kSame };
enum class Notice : uint8_t { kNone, kUnder48Hours, kAtLeast48Hours };

/// "consent", …
std::string_view AttributeName(Attribute attribute);
/// One sentence.
std::string_view AttributeMeaning(Attribute attribute);
/// Names of the values, in the order of the enumeration: "unknown", "refused", "permitted".
std::span<const std::string_view> AttributeValues(Attribute attribute);
/// Fails with kInvalidArgument, listing the names there are.
core::Result<Attribute> ParseAttribute(std::string_view name);
/// Index of the value. Fails with kInvalidArgument, listing the names there are.
core::Result<uint8_t> ParseAttributeValue(Attribute attribute, std::string_view value);

namespace internal {
template <class T>
struct AttributeOf;
#define KLIEG_FACT(type, attribute)                          \
  template <>                                                \
  struct AttributeOf<type> {                                 \
    static constexpr Attribute value = Attribute::attribute; \
  };
KLIEG_FACT(Action, kAction)
KLIEG_FACT(Purpose, kPurpose)
KLIEG_FACT(Recipient, kRecipient)
KLIEG_FACT(Deliverable, kDeliverable)
KLIEG_FACT(Tool, kTool)
KLIEG_FACT(Retention, kRetention)
KLIEG_FACT(Ownership, kOwnership)
KLIEG_FACT(Approval, kApproval)
KLIEG_FACT(BusinessReason, kReason)
KLIEG_FACT(Security, kSecurity)
KLIEG_FACT(Strike, kStrike)
KLIEG_FACT(UnionStep, kUnion)
KLIEG_FACT(AddedValue, kValue)
KLIEG_FACT(Material, kMaterial)
KLIEG_FACT(ReplicaKind, kReplica)
KLIEG_FACT(Alteration, kAlteration)
KLIEG_FACT(Authorship, kAuthorship)
KLIEG_FACT(Disclosure, kDisclosure)
KLIEG_FACT(SubjectState, kSubject)
KLIEG_FACT(Age, kAge)
KLIEG_FACT(Consent, kConsent)
KLIEG_FACT(Consenter, kConsenter)
KLIEG_FACT(Evidence, kEvidence)
KLIEG_FACT(Separate, kSeparate)
KLIEG_FACT(Description, kDescription)
KLIEG_FACT(ProjectMatch, kProject)
KLIEG_FACT(Notice, kNotice)
#undef KLIEG_FACT
}  // namespace internal

/// A value for every attribute. A small value type.
class Facts {
 public:
  template <class T>
  void Set(T value) {
    values_[static_cast<size_t>(internal::AttributeOf<T>::value)] = static_cast<uint8_t>(value);
  }
  template <class T>
  T Get() const {
    return static_cast<T>(values_[static_cast<size_t>(internal::AttributeOf<T>::value)]);
  }
  /// By name; kInvalidArgument lists the names there are.
  core::Status Set(Attribute attribute, std::string_view value);
  /// By index below AttributeValues(attribute).size() (CHECKed).
  void SetIndex(Attribute attribute, uint8_t value);
  uint8_t Index(Attribute attribute) const { return values_[static_cast<size_t>(attribute)]; }
  std::string_view Name(Attribute attribute) const {
    return AttributeValues(attribute)[Index(attribute)];
  }

  auto operator<=>(const Facts&) const = default;

 private:
  std::array<uint8_t, kAttributeCount> values_{};
};

/// "purpose use-replica, consent permitted, evidence signature": what differs from the first values,
/// purpose always.
std::string Describe(const Facts& facts);

}  // namespace klieg::rights
