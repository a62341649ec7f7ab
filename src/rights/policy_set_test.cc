// Decisions: by the compiled set, by the plain evaluator, and by the trees that the author wrote.
// The three share no code beyond the parser, and agree on every fact of random packs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/random.h"
#include "rights/fact_box.h"
#include "rights/policy.h"
#include "rights/policy_plain.h"
#include "rights/policy_syntax.h"

namespace klieg::rights {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

core::Timestamp Day(std::string_view day) { return core::ParseTimestamp(day).value(); }

std::string PackText(std::string_view name, std::string_view body,
                     std::string_view period = "always") {
  return fmt::format(
      "pack \"{}\" version \"1\" {{ title \"t\"; source \"s\"; leaves-out \"l\"; effective {}; "
      "}}\n{}",
      name, period, body);
}

std::string ClauseText(size_t id, std::string_view rule, std::string_view period = "") {
  return fmt::format("clause c{} {{ source \"s\"; says \"s\"; {} {}; }}\n", id, period, rule);
}

PolicySet SetOf(std::string_view body) {
  return PolicySet::Make({ParsePack(PackText("p", body), "p").value()}).value();
}

// ---- single situations ----

TEST(PolicySet, NothingIsPermittedByDefault) {
  const PolicySet empty = PolicySet::Make({}).value();
  const PolicyDecision decision = empty.Decide({}, {});
  EXPECT_FALSE(decision.permitted);
  EXPECT_FALSE(decision.stops_run);
  EXPECT_THAT(decision.because, IsEmpty());
  EXPECT_THAT(empty.packs(), IsEmpty());
}

TEST(PolicySet, AProhibitionWinsOverPermissions) {
  const PolicySet set = SetOf(ClauseText(0, "permit ()") + ClauseText(1, "permit (age == minor)") +
                              ClauseText(2, "forbid (consent == refused)") +
                              ClauseText(3, "forbid (consent == refused, age == minor) stops run"));
  Facts facts;
  EXPECT_THAT(set.Decide(facts, {}).because, ElementsAre(ClauseIndex{0, 0}));
  facts.Set(Age::kMinor);
  EXPECT_THAT(set.Decide(facts, {}).because, ElementsAre(ClauseIndex{0, 0}, ClauseIndex{0, 1}));
  facts.Set(Consent::kRefused);
  PolicyDecision decision = set.Decide(facts, {});
  EXPECT_FALSE(decision.permitted);
  EXPECT_TRUE(decision.stops_run);
  EXPECT_THAT(decision.because, ElementsAre(ClauseIndex{0, 2}, ClauseIndex{0, 3}));
  facts.Set(Age::kAdult);
  decision = set.Decide(facts, {});
  EXPECT_FALSE(decision.stops_run);
  EXPECT_THAT(decision.because, ElementsAre(ClauseIndex{0, 2}));
}

TEST(PolicySet, AClauseThatAppliesForTwoReasonsIsNamedOnce) {
  const PolicySet set = SetOf(ClauseText(0, "permit () when age == minor or consent == refused"));
  Facts facts;
  facts.Set(Age::kMinor);
  facts.Set(Consent::kRefused);
  EXPECT_THAT(set.Decide(facts, {}).because, ElementsAre(ClauseIndex{0, 0}));
}

TEST(PolicySet, PeriodsHoldFromTheirFirstToBeforeTheirLastMoment) {
  const std::string text =
      PackText("p", ClauseText(0, "permit ()", "effective 2024-03-01 until 2024-04-01;"),
               "2024-01-01 until 2025-01-01");
  const PolicySet set = PolicySet::Make({ParsePack(text, "p").value()}).value();
  EXPECT_FALSE(set.Decide({}, {Day("2024-03-01").micros - 1}).permitted);
  EXPECT_TRUE(set.Decide({}, Day("2024-03-01")).permitted);
  EXPECT_TRUE(set.Decide({}, {Day("2024-04-01").micros - 1}).permitted);
  EXPECT_FALSE(set.Decide({}, Day("2024-04-01")).permitted);
}

TEST(PolicySet, AClauseMadeByAProgramDoesNotOutliveItsPack) {
  Pack pack = ParsePack(PackText("p", ClauseText(0, "permit ()")), "p").value();
  pack.effective = {Day("2024-01-01"), Day("2025-01-01")};
  for (const Period& own : {Period{}, Period{Day("2023-01-01"), Day("2026-01-01")}}) {
    pack.clauses[0].effective = own;
    const PolicySet set = PolicySet::Make({pack}).value();
    EXPECT_FALSE(set.Decide({}, Day("2023-06-01")).permitted);
    EXPECT_TRUE(set.Decide({}, Day("2024-06-01")).permitted);
    EXPECT_FALSE(set.Decide({}, Day("2025-01-01")).permitted);
  }
}

TEST(PolicySet, TwoPacksOfOneNameAreRefused) {
  const Pack pack = ParsePack(PackText("p", ""), "p").value();
  const auto set = PolicySet::Make({pack, pack});
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().code, core::ErrorCode::kInvalidArgument);
  EXPECT_THAT(set.error().message, ::testing::HasSubstr("two packs are named 'p'"));
}

TEST(PolicySet, ClausesAndPacksAreFoundByIndex) {
  const PolicySet set = SetOf(ClauseText(0, "permit ()") + ClauseText(1, "forbid ()"));
  EXPECT_EQ(set.clause({0, 1}).id, "c1");
  EXPECT_EQ(set.pack_of({0, 1}).name, "p");
  EXPECT_DEATH(set.clause({0, 2}), "no clause 2");
  EXPECT_DEATH(set.clause({1, 0}), "in pack 1");
}

TEST(PolicySet, ManyUsesAreDecidedAsOneByOne) {
  const PolicySet set = SetOf(ClauseText(0, "permit (age != minor)"));
  std::vector<Facts> facts(5);
  facts[1].Set(Age::kMinor);
  facts[3].Set(Age::kMinor);
  const std::vector<PolicyDecision> decisions = set.DecideAll(facts, {});
  ASSERT_EQ(decisions.size(), facts.size());
  for (size_t i = 0; i < facts.size(); ++i) {
    EXPECT_EQ(decisions[i].permitted, set.Decide(facts[i], {}).permitted);
    EXPECT_EQ(decisions[i].because, set.Decide(facts[i], {}).because);
  }
  EXPECT_THAT(set.DecideAll({}, {}), IsEmpty());
}

// ---- the shipped packs ----

TEST(ShippedPacks, AreReadAndFoundByNameBaseFirst) {
  ASSERT_GT(ShippedPacks().size(), 0U);
  EXPECT_EQ(ShippedPacks().front().name, "base");
  for (const Pack& pack : ShippedPacks()) {
    const auto text = ShippedPackText(pack.name);
    ASSERT_TRUE(text) << pack.name;
    EXPECT_EQ(core::HashBytes(*text), pack.digest);
    EXPECT_THAT(pack.leaves_out, ::testing::HasSubstr("not legal advice"));
  }
  const auto none = ShippedPackText("sag");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, core::ErrorCode::kNotFound);
  EXPECT_THAT(none.error().message, ::testing::HasSubstr("sag-aftra-2023-tv"));
}

// ---- random packs ----

/// Writes random policies, so that the parser is part of what is tested.
class PolicyWriter {
 public:
  explicit PolicyWriter(core::Random& random, std::vector<Attribute> asked)
      : random_(random), asked_(std::move(asked)) {}

  std::string Pack(std::string_view name, size_t clauses) {
    std::string body;
    for (size_t c = 0; c < clauses; ++c) body += Clause(c);
    return PackText(name, body, "2024-01-01 until 2026-01-01");
  }

 private:
  bool Chance(uint64_t one_in) { return random_.Below(one_in) == 0; }

  std::string Clause(size_t id) {
    std::string rule = Chance(2) ? "permit (" : "forbid (";
    const bool permits = rule[0] == 'p';
    for (size_t i = random_.Below(3); i > 0; --i) rule += Condition(1) + (i > 1 ? ", " : "");
    rule += ")";
    while (Chance(2)) rule += (Chance(2) ? " when " : " unless ") + Condition(3);
    if (!permits && Chance(3)) rule += " stops run";
    std::string period;
    if (Chance(3)) period = "effective 2024-07-01;";
    if (Chance(3)) period = "effective until 2025-01-01;";
    return ClauseText(id, rule, period);
  }

  std::string Condition(size_t depth) {
    if (depth == 0 || Chance(2)) return Test();
    switch (random_.Below(4)) {
      case 0:
        return "not " + Test();
      case 1:
        return "not (" + Condition(depth - 1) + ")";
      case 2:
        return "(" + Condition(depth - 1) + " or " + Condition(depth - 1) + ")";
      default:
        return Condition(depth - 1) + " and " + Test();
    }
  }

  std::string Test() {
    const Attribute attribute = asked_[random_.Below(asked_.size())];
    const auto value = [&] {
      const auto values = AttributeValues(attribute);
      return std::string(values[random_.Below(values.size())]);
    };
    const std::string name(AttributeName(attribute));
    switch (random_.Below(4)) {
      case 0:
        return name + " == " + value();
      case 1:
        return name + " != " + value();
      case 2:
        return name + " in [" + value() + ", " + value() + "]";
      default:
        return name + " not in [" + value() + "]";
    }
  }

  core::Random& random_;
  std::vector<Attribute> asked_;
};

/// The oracle: the trees as parsed, no boxes at all.
PolicyDecision DecideByTrees(const std::vector<PackSyntax>& packs, const Facts& facts,
                             core::Timestamp time) {
  std::set<ClauseIndex> permissions;
  std::set<ClauseIndex> prohibitions;
  PolicyDecision decision;
  for (uint32_t p = 0; p < packs.size(); ++p) {
    for (uint32_t c = 0; c < packs[p].pack.clauses.size(); ++c) {
      const Clause& clause = packs[p].pack.clauses[c];
      if (clause.effective.from && time < *clause.effective.from) continue;
      if (clause.effective.until && time >= *clause.effective.until) continue;
      if (!EvaluateCondition(packs[p].clause_conditions[c], facts)) continue;
      (clause.effect == Effect::kPermit ? permissions : prohibitions).insert({p, c});
      if (clause.stops_run) decision.stops_run = true;
    }
  }
  decision.permitted = prohibitions.empty() && !permissions.empty();
  const std::set<ClauseIndex>& reasons = prohibitions.empty() ? permissions : prohibitions;
  decision.because.assign(reasons.begin(), reasons.end());
  return decision;
}

void ExpectEqual(const PolicyDecision& a, const PolicyDecision& b, const Facts& facts,
                 std::string_view what) {
  ASSERT_EQ(a.permitted, b.permitted) << what << ": " << Describe(facts);
  ASSERT_EQ(a.stops_run, b.stops_run) << what << ": " << Describe(facts);
  ASSERT_EQ(a.because, b.because) << what << ": " << Describe(facts);
}

struct Trial {
  std::vector<PackSyntax> trees;
  PolicySet compiled;
};

Trial MakeTrial(const std::vector<std::string>& texts) {
  std::vector<PackSyntax> trees;
  std::vector<Pack> packs;
  for (const std::string& text : texts) {
    trees.push_back(ParsePackSyntax(text, "random").value());
    packs.push_back(ParsePack(text, "random").value());
  }
  return {std::move(trees), PolicySet::Make(std::move(packs)).value()};
}

void ExpectAllAgree(const Trial& trial, std::span<const Facts> facts, core::Timestamp time,
                    size_t& permitted) {
  const std::vector<PolicyDecision> all = trial.compiled.DecideAll(facts, time);
  for (size_t i = 0; i < facts.size(); ++i) {
    const PolicyDecision oracle = DecideByTrees(trial.trees, facts[i], time);
    ExpectEqual(oracle, trial.compiled.Decide(facts[i], time), facts[i], "compiled");
    ExpectEqual(oracle, DecidePlainly(trial.compiled.packs(), facts[i], time), facts[i], "plain");
    ExpectEqual(oracle, all[i], facts[i], "many at once");
    if (::testing::Test::HasFatalFailure()) return;
    permitted += oracle.permitted;
  }
}

const std::vector<std::string_view> kDays = {"2023-12-31", "2024-01-01", "2024-07-01",
                                             "2025-01-01", "2025-12-31", "2026-01-01"};

TEST(PolicyOracle, TheWholeTruthTableOfRandomPacksOverFourAttributes) {
  const uint64_t seed = 72;
  SCOPED_TRACE(fmt::format("seed {}", seed));
  core::Random random(seed);
  const std::vector<Attribute> asked = {Attribute::kPurpose, Attribute::kConsent,
                                        Attribute::kEvidence, Attribute::kStrike};
  std::vector<Facts> every = {Facts()};
  for (const Attribute attribute : asked) {
    std::vector<Facts> next;
    for (const Facts& facts : every) {
      for (uint8_t v = 0; v < AttributeValues(attribute).size(); ++v) {
        next.push_back(facts);
        next.back().SetIndex(attribute, v);
      }
    }
    every = std::move(next);
  }
  ASSERT_EQ(every.size(), 12U * 3 * 3 * 3);
  size_t permitted = 0;
  for (int round = 0; round < 60; ++round) {
    PolicyWriter writer(random, asked);
    const Trial trial = MakeTrial({writer.Pack("a", 6), writer.Pack("b", random.Below(4))});
    ExpectAllAgree(trial, every, Day(kDays[random.Below(kDays.size())]), permitted);
    ASSERT_FALSE(HasFatalFailure()) << "round " << round;
  }
  EXPECT_GT(permitted, 1000U) << "nearly everything was refused: the table tests little";
}

TEST(PolicyOracle, RandomFactsOfRandomPacksOverAllAttributes) {
  const uint64_t seed = 2023;
  SCOPED_TRACE(fmt::format("seed {}", seed));
  core::Random random(seed);
  std::vector<Attribute> asked;
  for (size_t a = 0; a < kAttributeCount; ++a) asked.push_back(static_cast<Attribute>(a));
  size_t permitted = 0;
  for (int round = 0; round < 20; ++round) {
    PolicyWriter writer(random, asked);
    // More than 64 boxes, so that rows have several words.
    const Trial trial = MakeTrial({writer.Pack("a", 5 + random.Below(90)), writer.Pack("b", 5)});
    std::vector<Facts> facts(200);
    for (Facts& one : facts) {
      for (const Attribute attribute : asked) {
        one.SetIndex(attribute,
                     static_cast<uint8_t>(random.Below(AttributeValues(attribute).size())));
      }
    }
    ExpectAllAgree(trial, facts, Day(kDays[random.Below(kDays.size())]), permitted);
    ASSERT_FALSE(HasFatalFailure()) << "round " << round;
  }
}

// ---- boxes ----

TEST(FactBox, SimplifyingKeepsTheFactsAndSubtractingLeavesTheRest) {
  core::Random random(5);
  const auto random_box = [&] {
    FactBox box = WholeBox();
    for (const Attribute attribute : {Attribute::kConsent, Attribute::kAge, Attribute::kNotice}) {
      box.allowed[static_cast<size_t>(attribute)] = 1 + static_cast<uint32_t>(random.Below(7));
    }
    return box;
  };
  for (int round = 0; round < 200; ++round) {
    std::vector<FactBox> boxes;
    for (size_t b = 0; b < random.Below(9); ++b) boxes.push_back(random_box());
    std::vector<FactBox> simple = boxes;
    Simplify(simple);
    EXPECT_LE(simple.size(), boxes.size());
    const std::vector<FactBox> rest =
        boxes.empty() ? std::vector<FactBox>{} : Subtract(boxes.front(), boxes.back());
    uint64_t inside = 0;
    for (uint8_t v = 0; v < 27; ++v) {
      Facts facts;
      facts.SetIndex(Attribute::kConsent, v % 3);
      facts.SetIndex(Attribute::kAge, v / 3 % 3);
      facts.SetIndex(Attribute::kNotice, v / 9);
      EXPECT_EQ(ContainsAny(boxes, facts), ContainsAny(simple, facts));
      inside += ContainsAny(boxes, facts);
      if (boxes.empty()) continue;
      const auto holding =
          std::ranges::count_if(rest, [&](const FactBox& piece) { return Contains(piece, facts); });
      EXPECT_EQ(holding, Contains(boxes.front(), facts) && !Contains(boxes.back(), facts))
          << "the pieces overlap, or are wrong";
    }
    EXPECT_EQ(UnionCount(boxes).value(), inside * (FactCount(WholeBox()) / 27));
  }
}

TEST(FactBox, CountsAreGivenUpRatherThanTakenForEver) {
  FactBox minor = WholeBox();
  minor.allowed[static_cast<size_t>(Attribute::kAge)] = 2;
  FactBox refused = WholeBox();
  refused.allowed[static_cast<size_t>(Attribute::kConsent)] = 2;
  const std::vector<FactBox> boxes = {minor, refused};
  EXPECT_TRUE(UnionCount(boxes));
  EXPECT_FALSE(UnionCount(boxes, 0));
  EXPECT_FALSE(Includes(minor, WholeBox()));
  EXPECT_TRUE(Includes(WholeBox(), minor));
}

TEST(FactBox, AnEmptyBoxHasNoFirstFacts) {
  EXPECT_DEATH(FirstFacts(FactBox{}), "an empty box");
  EXPECT_EQ(FirstFacts(WholeBox()), Facts());
}

}  // namespace
}  // namespace klieg::rights
