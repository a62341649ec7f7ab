/// The evaluator of policies as one would write it on a blackboard: clause after clause, box after
/// box. Nothing is compiled, nothing is cached. It is what PolicySet is held against in tests, and
/// what confirms a counterexample before `klieg policy check` prints it.
#pragma once

#include <span>

#include "core/clock.h"
#include "rights/facts.h"
#include "rights/policy.h"

namespace klieg::rights {

/// The period in which a clause applies: its own and its pack's, at once. `until` may not be later
/// than `from`: then never.
Period PeriodInForce(const Pack& pack, const Clause& clause);

/// As PolicySet::Decide. O(boxes · attributes).
PolicyDecision DecidePlainly(std::span<const Pack> packs, const Facts& facts, core::Timestamp time);

}  // namespace klieg::rights
