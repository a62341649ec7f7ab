// The packs in force together: base's ground rules decide as its sentences say.
#include "rights/policy.h"

#include <gtest/gtest.h>

namespace klieg::rights {
namespace {

TEST(PolicyBase, AnalysisNeedsNoConsentButARefusalKeepsMaterialOut) {
  const PolicySet base = PolicySet::Make({ShippedPacks().front()}).value();
  Facts facts;
  EXPECT_TRUE(base.Decide(facts, {}).permitted);
  facts.Set(Consent::kRefused);
  EXPECT_FALSE(base.Decide(facts, {}).permitted);
  facts.Set(Purpose::kRemove);
  EXPECT_TRUE(base.Decide(facts, {}).permitted);
}

TEST(PolicyBase, GenerationNeedsAConsentOnRecord) {
  const PolicySet base = PolicySet::Make({ShippedPacks().front()}).value();
  Facts facts;
  facts.Set(Purpose::kTrainGenerative);
  EXPECT_FALSE(base.Decide(facts, {}).permitted);
  facts.Set(Consent::kPermitted);
  EXPECT_FALSE(base.Decide(facts, {}).permitted);
  facts.Set(Evidence::kSignature);
  const PolicyDecision decision = base.Decide(facts, {});
  EXPECT_TRUE(decision.permitted);
  ASSERT_EQ(decision.because.size(), 1U);
  EXPECT_EQ(base.clause(decision.because[0]).id, "consented");
}

}  // namespace
}  // namespace klieg::rights
