#include "rights/policy_plain.h"

#include <algorithm>

#include "rights/fact_box.h"

namespace klieg::rights {

Period PeriodInForce(const Pack& pack, const Clause& clause) {
  Period both = pack.effective;
  const Period& own = clause.effective;
  if (own.from) both.from = both.from ? std::max(*both.from, *own.from) : *own.from;
  if (own.until) both.until = both.until ? std::min(*both.until, *own.until) : *own.until;
  return both;
}

PolicyDecision DecidePlainly(std::span<const Pack> packs, const Facts& facts,
                             core::Timestamp time) {
  std::vector<ClauseIndex> permissions;
  PolicyDecision decision;
  for (uint32_t p = 0; p < packs.size(); ++p) {
    for (uint32_t c = 0; c < packs[p].clauses.size(); ++c) {
      const Clause& clause = packs[p].clauses[c];
      if (!PeriodInForce(packs[p], clause).Contains(time)) continue;
      if (!ContainsAny(clause.boxes, facts)) continue;
      if (clause.effect == Effect::kPermit) {
        permissions.push_back({p, c});
        continue;
      }
      decision.because.push_back({p, c});
      decision.stops_run = decision.stops_run || clause.stops_run;
    }
  }
  if (!decision.because.empty()) return decision;
  decision.permitted = !permissions.empty();
  decision.because = std::move(permissions);
  return decision;
}

}  // namespace klieg::rights
