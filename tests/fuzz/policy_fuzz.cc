// Policies: any bytes are read as a pack or refused, and for what is read the compiled set, the
// plain evaluator and the parsed trees decide alike, for facts and times that the bytes choose.
//
// The first 40 bytes choose facts and time, the rest is the pack.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/check.h"
#include "rights/fact_box.h"
#include "rights/policy.h"
#include "rights/policy_check.h"
#include "rights/policy_plain.h"
#include "rights/policy_syntax.h"

namespace klieg::rights {
namespace {

constexpr size_t kChoiceBytes = 40;
constexpr core::Timestamp kYearOne{-62'135'596'800'000'000};

Facts FactsFrom(const uint8_t* bytes) {
  Facts facts;
  for (size_t a = 0; a < kAttributeCount; ++a) {
    const auto attribute = static_cast<Attribute>(a);
    facts.SetIndex(attribute, static_cast<uint8_t>(bytes[a] % AttributeValues(attribute).size()));
  }
  return facts;
}

void CheckTrees(const PackSyntax& syntax, const Pack& pack, const Facts& facts) {
  KLIEG_CHECK(syntax.clause_conditions.size() == pack.clauses.size());
  for (size_t c = 0; c < pack.clauses.size(); ++c) {
    KLIEG_CHECK(EvaluateCondition(syntax.clause_conditions[c], facts) ==
                    ContainsAny(pack.clauses[c].boxes, facts),
                "clause {} for {}", pack.clauses[c].id, Describe(facts));
  }
  for (size_t c = 0; c < pack.claims.size(); ++c) {
    KLIEG_CHECK(EvaluateCondition(syntax.claim_conditions[c], facts) ==
                    ContainsAny(pack.claims[c].boxes, facts),
                "claim {} for {}", pack.claims[c].id, Describe(facts));
  }
}

void CheckDecision(const PolicySet& set, const Facts& facts, core::Timestamp time) {
  const PolicyDecision decision = set.Decide(facts, time);
  const PolicyDecision plain = DecidePlainly(set.packs(), facts, time);
  KLIEG_CHECK(decision.permitted == plain.permitted && decision.stops_run == plain.stops_run &&
                  decision.because == plain.because,
              "compiled and plain differ for {}", Describe(facts));
}

void Fuzz(const uint8_t* choices, std::string_view text) {
  const auto pack = ParsePack(text, "fuzz");
  if (!pack) return;
  const PackSyntax syntax = ParsePackSyntax(text, "fuzz").value();
  const PolicySet set = PolicySet::Make({*pack}).value();
  const Facts facts = FactsFrom(choices);
  CheckTrees(syntax, *pack, facts);
  // Days from year 1 to 9999.
  const uint64_t day = (choices[28] | choices[29] << 8 | choices[30] << 16) % 3'652'000;
  CheckDecision(set, facts, {kYearOne.micros + static_cast<int64_t>(day) * 86'400'000'000});
  for (const ClaimResult& result : CheckClaims(set, *pack, pack->effective, 10'000)) {
    const Claim& claim = pack->claims[result.claim];
    if (result.state != ClaimState::kProven || !claim.without.empty()) continue;
    for (const core::Timestamp time : MomentsToTry(set, pack->effective)) {
      KLIEG_CHECK(!ContainsAny(claim.boxes, facts) || !set.Decide(facts, time).permitted,
                  "claim {} was proven, but {}", claim.id, Describe(facts));
    }
  }
}

}  // namespace
}  // namespace klieg::rights

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace klieg::rights;  // NOLINT: the entry point is outside every namespace.
  if (size < kChoiceBytes) return 0;
  Fuzz(data, {reinterpret_cast<const char*>(data) + kChoiceBytes, size - kChoiceBytes});
  return 0;
}
