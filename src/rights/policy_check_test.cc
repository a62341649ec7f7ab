// Claims are proven and refuted as trying every fact would, on packs small enough to try every one.
#include "rights/policy_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "core/file.h"
#include "core/random.h"
#include "rights/fact_box.h"
#include "rights/policy_plain.h"

namespace klieg::rights {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kHead =
    "pack \"p\" version \"1\" { title \"t\"; source \"s\"; leaves-out \"l\"; effective always; }\n";

Pack Parse(std::string_view body, std::string_view head = kHead) {
  const auto pack = ParsePack(std::string(head) + std::string(body), "p.policy");
  EXPECT_TRUE(pack) << pack.error().message;
  return pack.value();
}

std::string ClauseText(std::string_view id, std::string_view rule) {
  return fmt::format("clause {} {{ source \"s\"; says \"s\"; {}; }}\n", id, rule);
}

std::string ClaimText(std::string_view id, std::string_view rule) {
  return fmt::format("prove {} {{ says \"s\"; never permits {}; }}\n", id, rule);
}

std::vector<ClaimResult> Check(const Pack& pack) {
  return CheckClaims(PolicySet::Make({pack}).value(), pack, pack.effective);
}

core::Timestamp Day(std::string_view day) { return core::ParseTimestamp(day).value(); }

TEST(PolicyCheck, WhatNothingPermitsIsProven) {
  const Pack pack = Parse(ClauseText("a", "permit (purpose in analytical)") +
                          ClaimText("none", "(purpose in replica)"));
  const ClaimResult result = Check(pack).at(0);
  EXPECT_EQ(result.state, ClaimState::kProven);
  EXPECT_EQ(result.facts.value(), FactCount(WholeBox()) / kPurposeCount * 4);
  EXPECT_EQ(result.moments, 1U);
}

TEST(PolicyCheck, AHoleInAProhibitionIsShownWithTheClauseThatPermits) {
  const Pack pack =
      Parse(ClauseText("open", "permit ()") +
            ClauseText("shut",
                       "forbid (purpose in replica) unless evidence in [signature] or "
                       "(evidence == document and age == adult)") +
            ClaimText("signed", "(purpose in replica) unless evidence == signature"));
  const ClaimResult result = Check(pack).at(0);
  ASSERT_EQ(result.state, ClaimState::kRefuted);
  const Counterexample& example = result.counterexample.value();
  EXPECT_EQ(GroupOf(example.facts.Get<Purpose>()), PurposeGroup::kReplica);
  EXPECT_EQ(example.facts.Get<Evidence>(), Evidence::kDocument);
  EXPECT_EQ(example.facts.Get<Age>(), Age::kAdult);
  EXPECT_EQ(Describe(example.facts), "purpose create-replica, age adult, evidence document");
  EXPECT_THAT(example.permitted_by, ::testing::ElementsAre(ClauseIndex{0, 0}));
}

TEST(PolicyCheck, AClaimAboutObligationsHoldsOnlyWithAPermissionThatObliges) {
  const std::string open = ClauseText("open", "permit (purpose == create-replica)");
  const std::string told =
      ClauseText("told", "permit (purpose == create-replica, notice == none) oblige notify \"x\"");
  const std::string claim = ClaimText("c", "(purpose == create-replica) without notify");
  const ClaimResult result = Check(Parse(open + told + claim)).at(0);
  ASSERT_EQ(result.state, ClaimState::kRefuted);
  EXPECT_EQ(result.counterexample->facts.Get<Notice>(), Notice::kUnder48Hours);
  EXPECT_EQ(result.counterexample->missing, ObligationKind::kNotify);
  const std::string all =
      ClauseText("rest", "permit (purpose == create-replica, notice != none) oblige notify \"x\"");
  EXPECT_EQ(Check(Parse(open + told + all + claim)).at(0).state, ClaimState::kProven);
  const std::string both = ClaimText("c", "(purpose == create-replica) without notify, pay");
  EXPECT_EQ(Check(Parse(open + told + all + both)).at(0).counterexample->missing,
            ObligationKind::kPay);
}

TEST(PolicyCheck, EveryStretchOfTimeIsTried) {
  const Pack pack = Parse(
      "clause a { source \"s\"; says \"s\"; effective 2025-03-01 until 2025-04-01; permit (); }\n"
      "clause b { source \"s\"; says \"s\"; effective 2025-03-15; forbid (); }\n" +
      ClaimText("c", "()"));
  const PolicySet set = PolicySet::Make({pack}).value();
  EXPECT_EQ(MomentsToTry(set, {}),
            (std::vector<core::Timestamp>{Day("2025-02-28"), Day("2025-03-01"), Day("2025-03-15"),
                                          Day("2025-04-01")}));
  EXPECT_EQ(Check(pack).at(0).counterexample->time, Day("2025-03-01"));
  EXPECT_EQ(CheckClaims(set, pack, {Day("2025-03-15"), {}}).at(0).state, ClaimState::kProven);
  EXPECT_EQ(CheckClaims(set, pack, {{}, Day("2025-03-01")}).at(0).state, ClaimState::kProven);
  EXPECT_EQ(MomentsToTry(set, {{}, Day("1990-01-01")}).at(0), Day("1989-12-31"));
  EXPECT_EQ(MomentsToTry(set, {Day("2025-03-02"), Day("2025-03-02")}).size(), 0U);
  EXPECT_EQ(MomentsToTry(set, {{}, Day("0001-01-01")}).at(0).micros, Day("0001-01-01").micros - 1);
  EXPECT_EQ(MomentsToTry(PolicySet::Make({}).value(), {}).at(0), Day("0001-01-01"));
}

TEST(PolicyCheck, WorkThatWouldNotEndIsUndecidedNotProven) {
  const Pack pack =
      Parse(ClauseText("a", "permit ()") + ClauseText("b", "forbid (consent != refused)") +
            ClauseText("c", "forbid (consent == refused)") + ClaimText("c", "()"));
  EXPECT_EQ(Check(pack).at(0).state, ClaimState::kProven);
  const PolicySet set = PolicySet::Make({pack}).value();
  EXPECT_EQ(CheckClaims(set, pack, {}, 1).at(0).state, ClaimState::kUndecided);
  EXPECT_EQ(FindIdleClauses(set, 0, 1).size(), 0U);
  EXPECT_EQ(ClaimStateName(ClaimState::kUndecided), "undecided");
  EXPECT_EQ(ClaimStateName(ClaimState::kProven), "proven");
  EXPECT_EQ(ClaimStateName(ClaimState::kRefuted), "refuted");
}

TEST(PolicyCheck, ClausesThatDoNothingAreFound) {
  Pack pack = Parse(ClauseText("never", "permit (consent == permitted, consent == refused)") +
                    ClauseText("overridden", "permit (consent == refused, age == minor)") +
                    ClauseText("fine", "permit (consent == refused)") +
                    ClauseText("wall", "forbid (consent == refused) unless age == adult"));
  const auto whats = [](const Pack& one) {
    std::vector<std::string> texts;
    const PolicySet set = PolicySet::Make({one}).value();
    for (const PolicyFinding& finding : FindIdleClauses(set, 0)) {
      texts.push_back(set.clause(finding.clause).id + " " + finding.what);
    }
    return texts;
  };
  EXPECT_THAT(whats(pack), ::testing::ElementsAre(HasSubstr("never can never apply"),
                                                  HasSubstr("overridden permits nothing")));
  pack.effective = {Day("2025-01-01"), Day("2026-01-01")};
  pack.clauses.resize(3);
  pack.clauses[0].effective = {Day("2026-01-01"), {}};
  pack.clauses[0].boxes = {WholeBox()};
  pack.clauses[1].effective = {Day("2025-02-01"), {}};
  pack.clauses[2].effective = {Day("2025-02-01"), Day("2025-03-01")};
  EXPECT_THAT(whats(pack), ::testing::ElementsAre(HasSubstr("never is never in force"),
                                                  HasSubstr("overridden has a period")));
  for (const Period& beyond :
       {Period{Day("2024-06-01"), Day("2025-06-01")}, Period{{}, Day("2025-06-01")},
        Period{Day("2025-06-01"), Day("2026-06-01")}, Period{Day("2025-06-01"), {}}}) {
    pack.clauses[1].effective = beyond;
    EXPECT_EQ(whats(pack).size(), 2U);
  }
  pack.clauses[1].effective = pack.effective;
  EXPECT_EQ(whats(pack).size(), 1U);
}

// ---- trying every fact ----

/// The attributes that the random packs below speak of. The others keep their first value: no
/// clause asks for them, so that they change nothing.
constexpr std::array<Attribute, 4> kAsked = {Attribute::kConsent, Attribute::kEvidence,
                                             Attribute::kAge, Attribute::kNotice};

std::vector<Facts> EveryFact() {
  std::vector<Facts> all = {Facts()};
  for (const Attribute attribute : kAsked) {
    std::vector<Facts> next;
    for (const Facts& facts : all) {
      for (uint8_t v = 0; v < AttributeValues(attribute).size(); ++v) {
        next.push_back(facts);
        next.back().SetIndex(attribute, v);
      }
    }
    all = std::move(next);
  }
  return all;
}

FactBox RandomBox(core::Random& random) {
  FactBox box = WholeBox();
  for (const Attribute attribute : kAsked) {
    if (random.Below(3) == 0) continue;
    const uint32_t all = AllValues(attribute);
    box.allowed[static_cast<size_t>(attribute)] = 1 + static_cast<uint32_t>(random.Below(all));
  }
  return box;
}

Pack RandomPack(core::Random& random) {
  Pack pack;
  pack.name = "random";
  const std::array<core::Timestamp, 3> days = {Day("2024-01-01"), Day("2025-01-01"),
                                               Day("2026-01-01")};
  for (size_t c = 0; c < 1 + random.Below(8); ++c) {
    Clause clause;
    clause.effect = random.Below(3) == 0 ? Effect::kPermit : Effect::kForbid;
    for (size_t b = 0; b < random.Below(4); ++b) clause.boxes.push_back(RandomBox(random));
    if (random.Below(2) == 0) clause.effective.from = days[random.Below(3)];
    if (random.Below(2) == 0) clause.effective.until = days[random.Below(3)];
    if (clause.effect == Effect::kPermit && random.Below(2) == 0) {
      clause.obligations.push_back({ObligationKind::kPay, "x", 0});
    }
    pack.clauses.push_back(clause);
  }
  for (size_t c = 0; c < 3; ++c) {
    Claim claim;
    for (size_t b = 0; b < random.Below(3); ++b) claim.boxes.push_back(RandomBox(random));
    if (random.Below(2) == 0) claim.without.push_back(ObligationKind::kPay);
    pack.claims.push_back(claim);
  }
  return pack;
}

bool Violates(const Pack& pack, const Claim& claim, const Facts& facts, core::Timestamp time) {
  if (!ContainsAny(claim.boxes, facts)) return false;
  const PolicyDecision decision = DecidePlainly({&pack, 1}, facts, time);
  if (!decision.permitted) return false;
  if (claim.without.empty()) return true;
  return std::ranges::none_of(decision.because, [&](ClauseIndex index) {
    return !pack.clauses[index.clause].obligations.empty();
  });
}

TEST(PolicyCheck, AgreesWithTryingEveryFactOnRandomPacks) {
  const uint64_t seed = 20260701;
  SCOPED_TRACE(fmt::format("seed {}", seed));
  core::Random random(seed);
  const std::vector<Facts> every = EveryFact();
  // Each date, the moment before it, and all that lies between: finer than the check's own.
  std::vector<core::Timestamp> times;
  for (const char* day : {"2024-01-01", "2025-01-01", "2026-01-01"}) {
    times.push_back(core::Timestamp{Day(day).micros - 1});
    times.push_back(Day(day));
  }
  size_t proven = 0;
  size_t refuted = 0;
  for (int round = 0; round < 300; ++round) {
    const Pack pack = RandomPack(random);
    const std::vector<ClaimResult> results = Check(pack);
    for (size_t c = 0; c < pack.claims.size(); ++c) {
      const Claim& claim = pack.claims[c];
      bool violated = false;
      for (const core::Timestamp time : times) {
        violated = violated || std::ranges::any_of(every, [&](const Facts& facts) {
                     return Violates(pack, claim, facts, time);
                   });
      }
      ASSERT_EQ(results[c].state, violated ? ClaimState::kRefuted : ClaimState::kProven)
          << "round " << round << ", claim " << c;
      (violated ? refuted : proven) += 1;
      if (violated) {
        const Counterexample& example = results[c].counterexample.value();
        EXPECT_TRUE(Violates(pack, claim, example.facts, example.time));
      }
      const auto inside = static_cast<uint64_t>(std::ranges::count_if(
          every, [&](const Facts& facts) { return ContainsAny(claim.boxes, facts); }));
      EXPECT_EQ(results[c].facts.value(), inside * (FactCount(WholeBox()) / every.size()));
    }
  }
  EXPECT_GT(proven, 100U) << "the packs are too open to test proofs";
  EXPECT_GT(refuted, 100U) << "the packs are too tight to test counterexamples";
}

// ---- the example in the documentation ----

TEST(PolicyCheck, TheExampleOfTheReferencePageIsAPolicyThatHolds) {
  const std::string page =
      core::ReadFile(std::filesystem::path(KLIEG_SOURCE_DIR) / "docs/reference/policy-language.md")
          .value();
  const size_t begin = page.find("```\n") + 4;
  const auto pack = ParsePack(page.substr(begin, page.find("```", begin) - begin), "example");
  ASSERT_TRUE(pack) << pack.error().message;
  EXPECT_EQ(pack->clauses.size(), 2U);
  EXPECT_EQ(Check(*pack).at(0).state, ClaimState::kProven);
}

// ---- the packs that are shipped ----

TEST(PolicyCheck, TheShippedPacksClaimsAreProvenAndNoClauseIsIdle) {
  std::vector<Pack> packs;
  for (const Pack& pack : ShippedPacks()) {
    if (!pack.optional) packs.push_back(pack);
  }
  const PolicySet in_force = PolicySet::Make(packs).value();
  const auto expect_sound = [](const PolicySet& set, const Pack& pack, uint32_t index) {
    EXPECT_GT(pack.claims.size(), 0U) << pack.name;
    for (const ClaimResult& result : CheckClaims(set, pack, pack.effective)) {
      EXPECT_EQ(result.state, ClaimState::kProven)
          << pack.name << " " << pack.claims[result.claim].id << " "
          << (result.counterexample ? Describe(result.counterexample->facts) : "");
      EXPECT_GT(result.facts.value_or(0), 0U);
    }
    for (const PolicyFinding& finding : FindIdleClauses(set, index)) {
      ADD_FAILURE() << pack.name << ": " << set.clause(finding.clause).id << " " << finding.what;
    }
  };
  for (uint32_t p = 0; p < packs.size(); ++p) expect_sound(in_force, packs[p], p);
  for (const Pack& pack : ShippedPacks()) {
    if (pack.name == "base") {
      expect_sound(PolicySet::Make({pack}).value(), pack, 0);
    } else {
      expect_sound(PolicySet::Make({ShippedPacks().front(), pack}).value(), pack, 1);
    }
  }
}

}  // namespace
}  // namespace klieg::rights
