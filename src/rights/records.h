/// Who and what: parties, works, grants and withdrawals, as the log records them.
///
/// Nothing here is ever edited. A party or work recorded again under its id takes the place of the
/// earlier record; a grant is superseded or withdrawn by a new entry, never changed. Each record has
/// one JSON text (canonical_json.h), which is the body of its log entry but for who recorded it.
///
/// A party *holds* rights in a work ("author", "performer"); every holder's consent counts. Titles and
/// members of datasets are named by references: "films/42" is id 42 in the dataset family "films",
/// "*/42" is that id wherever it occurs.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "rights/facts.h"
#include "rights/policy.h"
#include "rights/purpose.h"

namespace klieg::rights {

enum class PartyRole { kPerson, kWriter, kPerformer, kMember, kCompany, kGuild, kEstate };
std::string_view PartyRoleName(PartyRole role);  ///< "person", "writer", …
core::Result<PartyRole> ParsePartyRole(std::string_view name);

struct Party {
  std::string id;  ///< 1 to 64 of a-z, 0-9, '-', '_' and '.', beginning with a letter or digit.
  std::string name;
  PartyRole role = PartyRole::kPerson;
  std::string
      public_key;  ///< Ed25519, 64 hexadecimal digits; empty: none. With one, grants of this
                   ///< party must be signed by it.
  std::vector<std::string> represents;  ///< Parties for whom this one may consent (estate, guild).
  bool operator==(const Party&) const = default;
};

/// An id of a dataset's column: "films/42", or "*/42".
struct SubjectRef {
  std::string family;  ///< Name of a dataset family, or "*".
  std::string id;
  auto operator<=>(const SubjectRef&) const = default;
  std::string Text() const { return family + "/" + id; }
};
/// "films/42"; without a slash the family is "*". kInvalidArgument when a part is empty.
core::Result<SubjectRef> ParseSubjectRef(std::string_view text);

struct Holding {
  std::string party;
  std::string right;  ///< "author", "performer", "owner", …
  auto operator<=>(const Holding&) const = default;
};

/// As what a text entered the platform.
enum class WorkStanding { kNone, kLiterary, kSource };
std::string_view WorkStandingName(WorkStanding standing);  ///< "none", "literary", "source".
core::Result<WorkStanding> ParseWorkStanding(std::string_view name);

struct Work {
  std::string id;  ///< As a party's.
  std::string title;
  Material material = Material::kUnstated;
  WorkStanding standing = WorkStanding::kNone;
  std::vector<Holding> holders;    ///< Sorted.
  std::vector<SubjectRef> titles;  ///< Sorted: rows of datasets that stand for this work.
  Authorship authorship = Authorship::kUndeclared;
  std::string generated;  ///< Which parts were generated, in words; empty: none declared.
  Disclosure disclosure = Disclosure::kUndisclosed;
  SubjectState subject = SubjectState::kUnstated;
  Age age = Age::kUnstated;
  std::string content;  ///< SHA-256 of the material, hexadecimal; empty: not given.
  bool operator==(const Work&) const = default;
};

struct Grant {
  std::string grantor;
  std::string grantee;
  std::vector<std::string> works;   ///< Sorted ids.
  std::vector<SubjectRef> members;  ///< Sorted: viewing histories that this is about.
  std::vector<Purpose> permits;     ///< Sorted.
  std::vector<Purpose> refuses;     ///< Sorted, none of `permits`.
  std::string project;              ///< Only for this project; empty: any.
  Period period;                    ///< `from` is always given.
  std::map<Attribute, std::vector<uint8_t>> conditions;  ///< Values that the use must have one of.
  Separate separate = Separate::kNo;
  Description description = Description::kNone;
  std::string describes;                ///< The use as the grantor was told of it.
  std::string evidence;                 ///< SHA-256 of the signed document; empty: none.
  std::vector<std::string> supersedes;  ///< Ids of earlier grants and withdrawals, sorted.
  bool operator==(const Grant&) const = default;
};

/// A grant with the grantor's signature over "klieg grant v1\n" + GrantText.
struct SignedGrant {
  Grant grant;
  std::string signature;  ///< 128 hexadecimal digits; empty: unsigned.
};

/// "g-" and the first 16 hexadecimal digits of the SHA-256 of GrantText.
std::string GrantId(const Grant& grant);

/// A refusal from now on, whatever was granted before.
struct Withdrawal {
  std::string party;                ///< Who withdraws; empty for a member known by id only.
  std::vector<std::string> works;   ///< Sorted; empty: all works of the party.
  std::vector<SubjectRef> members;  ///< Sorted.
  std::vector<Purpose> purposes;    ///< Sorted, never empty.
  std::string reason;               ///< In words; may be empty.
  bool operator==(const Withdrawal&) const = default;
};

/// Canonical JSON texts, and back: kCorrupt for any text that the first would not write.
std::string PartyText(const Party& party);
core::Result<Party> ParseParty(std::string_view text);
std::string WorkText(const Work& work);
core::Result<Work> ParseWork(std::string_view text);
std::string GrantText(const Grant& grant);
core::Result<Grant> ParseGrant(std::string_view text);
std::string WithdrawalText(const Withdrawal& withdrawal);
core::Result<Withdrawal> ParseWithdrawal(std::string_view text);

/// Whether a record is well-formed in itself: ids, one-line texts, sorted lists, digits of hashes,
/// no purpose both permitted and refused, a period that is not empty. kInvalidArgument otherwise.
core::Status CheckParty(const Party& party);
core::Status CheckWork(const Work& work);
core::Status CheckGrant(const Grant& grant);
core::Status CheckWithdrawal(const Withdrawal& withdrawal);

}  // namespace klieg::rights
