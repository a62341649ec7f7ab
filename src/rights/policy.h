/// Policies: packs of clauses that permit or forbid, and how a use is decided by them.
///
///     KLIEG_ASSIGN(rights::Pack pack, rights::ParsePack(text, "own.policy"));
///     KLIEG_ASSIGN(const rights::PolicySet policies, rights::PolicySet::Make({base, pack}));
///     const rights::PolicyDecision decision = policies.Decide(facts, now);
///
/// The language is loop-free and finite, in the manner of Cedar: default is refusal, forbid wins.
/// docs/reference/policy-language.md gives its grammar. Decisions are total and pure: the same
/// facts, time and packs have the same answer for ever.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/hash.h"
#include "rights/facts.h"

namespace klieg::rights {

enum class Effect : uint8_t { kPermit, kForbid };

enum class ObligationKind : uint8_t {
  kPay,       ///< Somebody is to be paid.
  kNotify,    ///< Somebody is to be told.
  kWait,      ///< So many hours must lie between the notice and the use.
  kAskAgain,  ///< Consent is to be asked anew for every project.
};
std::string_view ObligationKindName(
    ObligationKind kind);  ///< "pay", "notify", "wait", "ask-again".

/// What a permission comes with. An unmet one blocks: rights/obligations are the gate's business.
struct Obligation {
  ObligationKind kind = ObligationKind::kPay;
  std::string what;    ///< Whom and for what, in words.
  uint32_t hours = 0;  ///< kWait only.
  bool operator==(const Obligation&) const = default;
};

/// For each attribute the set of values that satisfy, as bits: one conjunction of a condition in
/// disjunctive normal form.
struct FactBox {
  std::array<uint32_t, kAttributeCount> allowed;
  bool operator==(const FactBox&) const = default;
};

/// A period of time: from inclusive, until exclusive; none: without end on that side.
struct Period {
  std::optional<core::Timestamp> from;
  std::optional<core::Timestamp> until;
  bool Contains(core::Timestamp time) const {
    return (!from || time >= *from) && (!until || time < *until);
  }
  bool operator==(const Period&) const = default;
};

struct Clause {
  std::string id;      ///< "replica-consent"
  std::string source;  ///< Document and place.
  std::string says;    ///< The rule in our own words, one sentence.
  Period effective;    ///< Within the pack's.
  Effect effect = Effect::kForbid;
  std::vector<FactBox> boxes;  ///< The clause applies to facts in any of them. May be empty: never.
  std::vector<Obligation> obligations;  ///< Of permissions only.
  bool stops_run = false;  ///< Of prohibitions: where rows differ, refuse the run, not the rows.
};

/// A claim that `klieg policy check` proves or refutes: "never permits …".
struct Claim {
  std::string id;
  std::string says;
  std::vector<FactBox> boxes;  ///< No facts in any of these may be permitted.
  /// Not empty: they may be, but only with a permission among those that apply that comes with such
  /// an obligation, one for each kind ("never permits … without wait").
  std::vector<ObligationKind> without;
  size_t line = 0;
};

struct Pack {
  std::string name;     ///< "sag-aftra-2023-tv"
  std::string version;  ///< "1"
  std::string title;
  std::string source;
  std::string leaves_out;  ///< What the pack does not cover, in words.
  Period effective;
  bool optional = false;  ///< In force only where it is adopted by name.
  std::vector<Clause> clauses;
  std::vector<Claim> claims;
  core::Digest digest;  ///< SHA-256 of its text.
};

/// Reads a pack. kInvalidArgument names file, line and what was expected. Never crashes, whatever
/// the bytes. At most 1 MiB, 10,000 clauses. What a clause says of periods lies within its pack's.
core::Result<Pack> ParsePack(std::string_view text, std::string_view name);

struct ClauseIndex {
  uint32_t pack = 0;
  uint32_t clause = 0;
  auto operator<=>(const ClauseIndex&) const = default;
};

/// What was decided and why.
struct PolicyDecision {
  bool permitted = false;
  bool stops_run = false;            ///< A prohibition that stops the run applied.
  std::vector<ClauseIndex> because;  ///< Permitted: the permissions that applied; refused: the
                                     ///< prohibitions; empty: nothing permitted it.
};

/// The packs in force, compiled. Immutable; thread-safe.
class PolicySet {
 public:
  /// kInvalidArgument when two packs share a name.
  static core::Result<PolicySet> Make(std::vector<Pack> packs);

  const std::vector<Pack>& packs() const;
  const Clause& clause(ClauseIndex index) const;
  const Pack& pack_of(ClauseIndex index) const { return packs()[index.pack]; }

  /// Clauses whose period, or whose pack's, does not contain `time` do not apply.
  /// O(attributes · boxes / 64) and what applies.
  PolicyDecision Decide(const Facts& facts, core::Timestamp time) const;

  /// The same for many uses at one time; equal facts are decided once.
  std::vector<PolicyDecision> DecideAll(std::span<const Facts> facts, core::Timestamp time) const;

 private:
  struct Compiled;
  PolicySet() = default;
  std::shared_ptr<const Compiled> compiled_;
};

/// The packs that come with Klieg, in the order of the documentation: "base" first, which is always
/// in force. Their texts lie in src/rights/packs/*.policy and are built in.
std::span<const Pack> ShippedPacks();
/// The text of a shipped pack. kNotFound lists the names.
core::Result<std::string_view> ShippedPackText(std::string_view name);

}  // namespace klieg::rights
