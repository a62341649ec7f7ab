/// Proves what a pack claims ("never permits …") for all facts there can be, or shows facts for
/// which it is false; and finds clauses that do nothing.
///
///     for (const ClaimResult& result : CheckClaims(policies, pack, pack.effective)) …
///
/// Method. Facts are finite and clauses are boxes of facts, so that a claim is a question about
/// boxes: is every part of the claim that some permission covers also covered by prohibitions? The
/// part is split along the borders of a prohibition that touches it, until each piece lies within
/// one (proven) or touches none (a counterexample). This decides the same question as trying every
/// fact, one by one, as tests do for small packs; it is the cube-and-cover form of exhaustion.
/// Times are tried one for each stretch between two dates at which some clause begins or ends.
///
/// The question is co-NP-complete in general; `work_max` bounds the comparisons of boxes, and a claim that would
/// take more is reported as undecided, never as proven.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "rights/policy.h"

namespace klieg::rights {

/// A use that the claim says is never permitted, and that is.
struct Counterexample {
  Facts facts;
  core::Timestamp time;
  std::vector<ClauseIndex> permitted_by;
  std::optional<ObligationKind> missing;  ///< The obligation that none of them comes with.
};

enum class ClaimState : uint8_t { kProven, kRefuted, kUndecided };
std::string_view ClaimStateName(ClaimState state);  ///< "proven", "refuted", "undecided".

struct ClaimResult {
  size_t claim = 0;  ///< Index in the pack's claims.
  ClaimState state = ClaimState::kUndecided;
  /// Different facts that the claim is about; none: too many boxes to count them apart.
  std::optional<uint64_t> facts;
  size_t moments = 0;   ///< Stretches of time that were told apart.
  uint64_t pieces = 0;  ///< Boxes that were looked at instead of the facts.
  std::optional<Counterexample>
      counterexample;  ///< Of a refuted claim; confirmed by DecidePlainly.
};

/// One result a claim of `pack`, which need not be in `policies`, for times within `considered`.
std::vector<ClaimResult> CheckClaims(const PolicySet& policies, const Pack& pack,
                                     const Period& considered, uint64_t work_max = 300'000'000);

struct PolicyFinding {
  ClauseIndex clause;
  std::string what;  ///< "can never apply: its conditions contradict each other"
};

/// Clauses of one pack in force that do nothing: conditions that contradict each other, a period
/// that is empty or reaches beyond the pack's, a permission that prohibitions override always.
std::vector<PolicyFinding> FindIdleClauses(const PolicySet& policies, uint32_t pack,
                                           uint64_t work_max = 300'000'000);

/// One time for each stretch of `considered` within which no clause begins or ends, ascending; empty
/// when `considered` is.
std::vector<core::Timestamp> MomentsToTry(const PolicySet& policies, const Period& considered);

}  // namespace klieg::rights
