// What the parser of policies reads, and what it says of what it cannot read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rights/fact_box.h"
#include "rights/policy.h"
#include "rights/policy_lexer.h"
#include "rights/policy_syntax.h"

namespace klieg::rights {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kHead = R"(pack "own" version "3" {
  title "Own rules"; source "letter of 3 May";
  leaves-out "everything else"; effective 2024-01-01 until 2026-01-01;
}
)";

std::string WithClause(std::string_view rule) {
  return std::string(kHead) + "clause c {\n  source \"s\"; says \"it is so\";\n  " +
         std::string(rule) + "\n}\n";
}

Clause ReadClause(std::string_view rule) {
  const core::Result<Pack> pack = ParsePack(WithClause(rule), "own.policy");
  EXPECT_TRUE(pack) << rule << ": " << (pack ? "" : pack.error().message);
  return pack ? pack->clauses.at(0) : Clause();
}

std::string ErrorOf(std::string_view text) {
  const core::Result<Pack> pack = ParsePack(text, "own.policy");
  EXPECT_FALSE(pack) << text;
  if (pack) return "";
  EXPECT_EQ(pack.error().code, core::ErrorCode::kInvalidArgument);
  return pack.error().message;
}

std::string RuleError(std::string_view rule) { return ErrorOf(WithClause(rule)); }

core::Timestamp Day(std::string_view day) { return core::ParseTimestamp(day).value(); }

TEST(PolicyLanguage, AWholePackIsRead) {
  const std::string text = std::string(kHead) + R"(
# a comment; { } " do not matter in it
clause scan {
  source "page 4"; says "Scans are paid."  "And told.";
  effective 2024-06-01;
  permit (purpose == create-replica) when consent == permitted
    oblige notify "the \"performer\" \\ agent", wait 48 hours, wait 1 hours "again", pay "a day",
           ask-again "per project";
}
clause stop { source "p"; says "No."; forbid (consent == refused) stops run; }
prove safe { says "Never."; never permits (purpose in replica) unless consent == permitted without pay, wait; }
)";
  const Pack pack = ParsePack(text, "own.policy").value();
  EXPECT_EQ(pack.name, "own");
  EXPECT_EQ(pack.version, "3");
  EXPECT_EQ(pack.title, "Own rules");
  EXPECT_EQ(pack.source, "letter of 3 May");
  EXPECT_EQ(pack.leaves_out, "everything else");
  EXPECT_FALSE(pack.optional);
  EXPECT_EQ(pack.effective, (Period{Day("2024-01-01"), Day("2026-01-01")}));
  EXPECT_EQ(pack.digest, core::HashBytes(text));
  ASSERT_EQ(pack.clauses.size(), 2U);
  const Clause& scan = pack.clauses[0];
  EXPECT_EQ(scan.id, "scan");
  EXPECT_EQ(scan.source, "page 4");
  EXPECT_EQ(scan.says, "Scans are paid. And told.");
  EXPECT_EQ(scan.effective, (Period{Day("2024-06-01"), Day("2026-01-01")}));
  EXPECT_EQ(scan.effect, Effect::kPermit);
  EXPECT_FALSE(scan.stops_run);
  EXPECT_THAT(scan.obligations,
              ElementsAre(Obligation{ObligationKind::kNotify, "the \"performer\" \\ agent", 0},
                          Obligation{ObligationKind::kWait, "", 48},
                          Obligation{ObligationKind::kWait, "again", 1},
                          Obligation{ObligationKind::kPay, "a day", 0},
                          Obligation{ObligationKind::kAskAgain, "per project", 0}));
  EXPECT_TRUE(pack.clauses[1].stops_run);
  EXPECT_EQ(pack.clauses[1].effect, Effect::kForbid);
  EXPECT_EQ(pack.clauses[1].effective, pack.effective);
  ASSERT_EQ(pack.claims.size(), 1U);
  EXPECT_EQ(pack.claims[0].id, "safe");
  EXPECT_EQ(pack.claims[0].says, "Never.");
  EXPECT_EQ(pack.claims[0].line, 15U);
  EXPECT_THAT(pack.claims[0].without, ElementsAre(ObligationKind::kPay, ObligationKind::kWait));
}

TEST(PolicyLanguage, ScopesWhenAndUnlessHoldTogether) {
  const Clause clause = ReadClause(
      "forbid (purpose in replica, age == minor) when consent != refused unless evidence in "
      "[signature, document] unless separate == yes;");
  ASSERT_EQ(clause.boxes.size(), 1U);
  const FactBox& box = clause.boxes[0];
  const auto names = [&](Attribute attribute) {
    std::vector<std::string_view> list;
    for (uint8_t v = 0; v < AttributeValues(attribute).size(); ++v) {
      if ((box.allowed[static_cast<size_t>(attribute)] >> v & 1) != 0) {
        list.push_back(AttributeValues(attribute)[v]);
      }
    }
    return list;
  };
  EXPECT_THAT(
      names(Attribute::kPurpose),
      ElementsAre("create-replica", "use-replica", "use-replica-after-death", "alter-performance"));
  EXPECT_THAT(names(Attribute::kAge), ElementsAre("minor"));
  EXPECT_THAT(names(Attribute::kConsent), ElementsAre("unknown", "permitted"));
  EXPECT_THAT(names(Attribute::kEvidence), ElementsAre("none"));
  EXPECT_THAT(names(Attribute::kSeparate), ElementsAre("no"));
}

TEST(PolicyLanguage, AnEmptyScopeIsEverythingAndAContradictionNothing) {
  EXPECT_THAT(ReadClause("permit ();").boxes, ElementsAre(WholeBox()));
  EXPECT_THAT(ReadClause("permit (purpose in any);").boxes, ElementsAre(WholeBox()));
  EXPECT_THAT(ReadClause("forbid (age == adult) unless age == adult;").boxes, IsEmpty());
  EXPECT_THAT(ReadClause("forbid (purpose not in any);").boxes, IsEmpty());
  EXPECT_THAT(ReadClause("forbid (not (age == minor or age != minor));").boxes, IsEmpty());
}

TEST(PolicyLanguage, AndBindsMoreThanOr) {
  const Clause clause =
      ReadClause("permit () when age == adult or age == minor and reason == stated;");
  Facts facts;
  facts.Set(Age::kAdult);
  EXPECT_TRUE(ContainsAny(clause.boxes, facts));
  facts.Set(Age::kMinor);
  EXPECT_FALSE(ContainsAny(clause.boxes, facts));
  facts.Set(BusinessReason::kStated);
  EXPECT_TRUE(ContainsAny(clause.boxes, facts));
}

TEST(PolicyLanguage, EverySetOfPurposesCanBeNamed) {
  EXPECT_EQ(ReadClause("permit (purpose in [replica, recommend, third-party]);").boxes,
            ReadClause("permit () when not (purpose in [forecast, schedule, measure, stewardship, "
                       "generative, synthetic]);")
                .boxes);
}

TEST(PolicyLanguage, APackMayBeOptionalAndAlwaysInForce) {
  const Pack pack = ParsePack(
                        "pack \"p\" version \"1\" { optional; title \"t\"; source \"s\"; "
                        "leaves-out \"l\"; effective always; }",
                        "p")
                        .value();
  EXPECT_TRUE(pack.optional);
  EXPECT_EQ(pack.effective, Period());
  EXPECT_THAT(pack.clauses, IsEmpty());
}

// ---- bad input: what is said names the place, what was expected and what there is ----

TEST(PolicyLanguage, UnknownNamesListTheChoices) {
  EXPECT_THAT(RuleError("permit (consnt == permitted);"),
              ::testing::AllOf(HasSubstr("own.policy, line 7:"), HasSubstr("no such attribute"),
                               HasSubstr("purpose, recipient"), HasSubstr("'consnt'")));
  EXPECT_THAT(RuleError("permit (consent == yes);"),
              HasSubstr("its values are unknown, refused, permitted; found 'yes'"));
  EXPECT_THAT(RuleError("permit (purpose in replicas);"),
              ::testing::AllOf(HasSubstr("groups any, analytical"), HasSubstr("'replicas'")));
  EXPECT_THAT(RuleError("permit (purpose == replica);"), HasSubstr("write: purpose in replica"));
  EXPECT_THAT(RuleError("permit (purpose == ruin);"), HasSubstr("found 'ruin'"));
  EXPECT_THAT(RuleError("permit (purpose in [recommend, ruin]);"), HasSubstr("found 'ruin'"));
  EXPECT_THAT(RuleError("permit () oblige sing \"x\";"),
              HasSubstr("an obligation: pay, notify, wait or ask-again; found 'sing'"));
}

TEST(PolicyLanguage, WhatIsMissingIsNamed) {
  const auto without = [](std::string_view part) {
    std::string text = WithClause("permit ();");
    text.erase(text.rfind(part), part.size());
    return ErrorOf(text);
  };
  EXPECT_THAT(without("title \"Own rules\";"), HasSubstr("the pack does not say its title"));
  EXPECT_THAT(without("source \"letter of 3 May\";"), HasSubstr("does not say its source"));
  EXPECT_THAT(without("leaves-out \"everything else\";"), HasSubstr("its leaves-out"));
  EXPECT_THAT(without("effective 2024-01-01 until 2026-01-01;"),
              HasSubstr("line 1: the pack does not say when it is in force"));
  EXPECT_THAT(without("source \"s\";"), HasSubstr("line 5: clause 'c' does not say its source"));
  EXPECT_THAT(without("says \"it is so\";"), HasSubstr("clause 'c' does not say its says"));
  EXPECT_THAT(without("version \"3\""), HasSubstr("expected 'version'"));
  EXPECT_THAT(without("permit ();"),
              HasSubstr("expected source, says, effective, permit or forbid"));
  EXPECT_THAT(without("();"), HasSubstr("expected '('"));
  EXPECT_THAT(without(";\n}\n"), HasSubstr("found the end of the file"));
  EXPECT_THAT(ErrorOf(""), HasSubstr("line 1: expected 'pack'; found the end of the file"));
  EXPECT_THAT(ErrorOf(std::string(kHead) + "prove p { never permits (); }"),
              HasSubstr("claim 'p' does not say its says"));
}

TEST(PolicyLanguage, WhatIsSaidTwiceIsRefused) {
  EXPECT_THAT(
      ErrorOf(WithClause("permit ();") + "clause c { source \"s\"; says \"s\"; permit (); }"),
      HasSubstr("line 9: there are two clauses 'c'"));
  EXPECT_THAT(RuleError("source \"again\"; permit ();"), HasSubstr("'source' is said twice"));
  EXPECT_THAT(RuleError("effective 2024-06-01; effective 2024-06-01; permit ();"),
              HasSubstr("'effective' is said twice"));
  const std::string claim = "prove p { says \"s\"; never permits (); }\n";
  EXPECT_THAT(ErrorOf(std::string(kHead) + claim + claim), HasSubstr("two claims 'p'"));
  std::string text(kHead);
  EXPECT_THAT(ErrorOf(text.insert(text.find("title"), "optional; optional; ")),
              HasSubstr("'optional' is said twice"));
  text = kHead;
  EXPECT_THAT(ErrorOf(text.insert(text.find("title"), "effective always; ")),
              HasSubstr("'effective' is said twice"));
}

TEST(PolicyLanguage, PeriodsThatMakeNoSenseAreRefused) {
  EXPECT_THAT(RuleError("effective 2023-12-31; permit ();"),
              HasSubstr("line 7: the period is not within the pack's"));
  EXPECT_THAT(RuleError("effective until 2026-01-02; permit ();"), HasSubstr("not within"));
  EXPECT_THAT(RuleError("effective until 2024-01-01; permit ();"), HasSubstr("not within"));
  EXPECT_THAT(RuleError("effective 2026-01-01; permit ();"), HasSubstr("not within"));
  EXPECT_THAT(RuleError("effective 2025-02-01 until 2025-02-01; permit ();"),
              HasSubstr("ends before it begins"));
  EXPECT_THAT(RuleError("effective always; permit ();"), HasSubstr("leave 'always' out"));
  EXPECT_THAT(RuleError("effective 2025-02-30; permit ();"),
              HasSubstr("'2025-02-30' is not a time"));
  EXPECT_THAT(RuleError("effective ; permit ();"), HasSubstr("a date such as 2023-11-09"));
  EXPECT_EQ(ReadClause("effective until 2025-01-01; permit ();").effective,
            (Period{Day("2024-01-01"), Day("2025-01-01")}));
}

TEST(PolicyLanguage, RulesThatContradictTheirKindAreRefused) {
  EXPECT_THAT(RuleError("forbid () oblige pay \"x\";"), HasSubstr("only a permission can oblige"));
  EXPECT_THAT(RuleError("permit () stops run;"), HasSubstr("only a prohibition can stop the run"));
  EXPECT_THAT(RuleError("forbid () stops;"), HasSubstr("expected 'run'"));
  EXPECT_THAT(RuleError("permit () forbid ();"), HasSubstr("'when', 'unless', 'oblige' or ';'"));
  EXPECT_THAT(RuleError("forbid () permit ();"), HasSubstr("'when', 'unless', 'stops run' or ';'"));
  EXPECT_THAT(RuleError("permit (); permit ();"), HasSubstr("expected '}'"));
}

TEST(PolicyLanguage, HoursThatAreNoneAreRefused) {
  for (const char* hours : {"0", "two", "99999999999", "8785", "1x"}) {
    EXPECT_THAT(RuleError(fmt::format("permit () oblige wait {} hours;", hours)),
                HasSubstr("a whole number of hours, 1 to 8784"))
        << hours;
  }
  EXPECT_THAT(RuleError("permit () oblige wait 2 days;"), HasSubstr("expected 'hours'"));
  EXPECT_THAT(RuleError("permit () oblige wait ;"), HasSubstr("wait 48 hours"));
  EXPECT_THAT(RuleError("permit () oblige pay;"), HasSubstr("as a text in quotes"));
}

TEST(PolicyLanguage, BrokenConditionsAreRefusedWithWhatWasExpected) {
  EXPECT_THAT(RuleError("permit (consent);"), HasSubstr("expected '==', '!=', 'in' or 'not in'"));
  EXPECT_THAT(RuleError("permit (consent not permitted);"), HasSubstr("'in' or 'not in'"));
  EXPECT_THAT(RuleError("permit (consent ==);"), HasSubstr("expected a value of 'consent'"));
  EXPECT_THAT(RuleError("permit (consent in permitted);"), HasSubstr("a list of values in '['"));
  EXPECT_THAT(RuleError("permit (purpose in );"), HasSubstr("a group of purposes, or a list"));
  EXPECT_THAT(RuleError("permit (purpose in [);"), HasSubstr("a purpose, or a group of them"));
  EXPECT_THAT(RuleError("permit (consent in [permitted refused]);"), HasSubstr("',' or ']'"));
  EXPECT_THAT(RuleError("permit (consent == permitted age == adult);"),
              HasSubstr("'and', 'or', ',' or ')'"));
  EXPECT_THAT(RuleError("permit ((consent == permitted;"), HasSubstr("'and', 'or' or ')'"));
  EXPECT_THAT(RuleError("permit (,);"), HasSubstr("a condition such as consent == permitted"));
  EXPECT_THAT(RuleError("permit () when ;"), HasSubstr("a condition such as"));
  EXPECT_THAT(RuleError("permit () when \"x\";"), HasSubstr("found a text in quotes"));
}

TEST(PolicyLanguage, NamesAreSmallLettersFiguresAndHyphens) {
  for (const char* name : {"C", "a_b", "-a", "a-"}) {
    EXPECT_THAT(ErrorOf(std::string(kHead) + "clause " + name + " { }"),
                HasSubstr("must be at most 64 small letters"))
        << name;
  }
  EXPECT_THAT(ErrorOf(std::string(kHead) + "clause " + std::string(65, 'a') + " { }"),
              HasSubstr("at most 64"));
  EXPECT_THAT(ErrorOf(std::string(kHead) + "clause { }"), HasSubstr("the name of the clause"));
  EXPECT_THAT(ErrorOf("pack \"../x\" version \"1\" {}"), HasSubstr("the name of a pack"));
  EXPECT_THAT(ErrorOf("pack \"\" version \"1\" {}"), HasSubstr("is empty"));
  EXPECT_THAT(ErrorOf("pack own version \"1\" {}"), HasSubstr("as a text in quotes; found 'own'"));
}

TEST(PolicyLanguage, StrangeBytesAreRefused) {
  EXPECT_THAT(RuleError("permit (); $"), HasSubstr("found '$'"));
  EXPECT_THAT(RuleError("permit (consent = permitted);"), HasSubstr("found '='"));
  EXPECT_THAT(RuleError("permit (); \x01"), HasSubstr("found byte 0x01"));
  EXPECT_THAT(RuleError("permit (); \xc3\xa9"), HasSubstr("found byte 0xc3"));
  EXPECT_THAT(RuleError("permit (); \xff"), HasSubstr("a pack is UTF-8"));
  EXPECT_THAT(RuleError("source \"a\nb\"; permit ();"), HasSubstr("a quote on its own line"));
  EXPECT_THAT(RuleError("source \"a\\n\"; permit ();"), HasSubstr("a backslash may stand before"));
  EXPECT_THAT(ErrorOf("pack \"\\"), HasSubstr("a backslash may stand before"));
  EXPECT_THAT(RuleError("permit () oblige pay \"\x1b[2J\";"), HasSubstr("control"));
  EXPECT_THAT(RuleError("permit () oblige pay \"" + std::string(5000, 'x') + "\";"),
              HasSubstr("at most 4096"));
}

TEST(PolicyLanguage, WhatIsTooLargeIsRefusedNotTried) {
  EXPECT_THAT(ErrorOf(std::string(kMaxPolicyBytes + 1, ' ')), HasSubstr("at most 1048576 bytes"));
  EXPECT_THAT(RuleError("permit () when " + std::string(5000, '(')), HasSubstr("at most 32 deep"));
  std::string nots = "permit () when ";
  for (int i = 0; i < 5000; ++i) nots += "not ";
  EXPECT_THAT(RuleError(nots), HasSubstr("at most 32 deep"));
  std::string many(kHead);
  for (int i = 0; i < 10'001; ++i) {
    many += fmt::format("clause c{} {{source \"s\"; says \"s\"; permit ();}}\n", i);
  }
  EXPECT_THAT(ErrorOf(many), HasSubstr("at most 10000 clauses"));
  many = kHead;
  for (int i = 0; i < 1'001; ++i) {
    many += fmt::format("prove c{} {{says \"s\"; never permits ();}}\n", i);
  }
  EXPECT_THAT(ErrorOf(many), HasSubstr("at most 1000 claims"));
}

/// (a == x or b == y or …) over pairs of attributes, all together: 2 to the power of the pairs.
std::string ManyAlternatives() {
  std::string rule = "permit ()";
  for (size_t a = 0; a + 1 < kAttributeCount; a += 2) {
    const auto first = static_cast<Attribute>(a);
    const auto second = static_cast<Attribute>(a + 1);
    rule +=
        fmt::format(" when {} == {} or {} == {}", AttributeName(first), AttributeValues(first)[0],
                    AttributeName(second), AttributeValues(second)[0]);
  }
  return rule + ";";
}

TEST(PolicyLanguage, ConditionsThatUnfoldTooFarAreRefusedWithTheirLine) {
  EXPECT_THAT(RuleError(ManyAlternatives()),
              ::testing::AllOf(HasSubstr("own.policy, line 5"), HasSubstr("more than 4096")));
  std::string text(kHead);
  for (int i = 0; i < 2000; ++i) {
    std::string rule = ManyAlternatives();
    rule.replace(rule.rfind(" when"), std::string::npos, ";");
    rule.replace(rule.rfind(" when"), std::string::npos, ";");
    text += fmt::format("clause c{} {{source \"s\"; says \"s\"; {}}}\n", i, rule);
    if (text.size() + 2000 > kMaxPolicyBytes) break;
  }
  EXPECT_THAT(ErrorOf(text), HasSubstr("take too much work to unfold"));
  EXPECT_THAT(ErrorOf(std::string(kHead) + "prove p { says \"s\"; never permits " +
                      ManyAlternatives().substr(7) + "}"),
              HasSubstr("line 5: the condition stands for more than 4096"));
}

TEST(PolicyLanguage, EveryCutOfAPackIsRefusedOrRead) {
  const std::string whole = WithClause("permit (consent in [permitted]) oblige wait 2 hours;");
  for (size_t length = 0; length + 1 < whole.size(); ++length) {
    const core::Result<Pack> pack = ParsePack(whole.substr(0, length), "cut");
    EXPECT_TRUE(!pack || pack->clauses.empty()) << length;
  }
}

TEST(PolicyLexer, EveryTokenHasItsLineAndItsWords) {
  PolicyLexer lexer("a-1 # x ; \"\n\t\"t\" ==\r\n!=");
  const auto next = [&] { return lexer.Next().value(); };
  EXPECT_TRUE(next().Is("a-1"));
  const PolicyToken text = next();
  EXPECT_EQ(text.line, 2U);
  EXPECT_FALSE(text.Is("t")) << "a text is not a word";
  EXPECT_EQ(DescribeToken(text), "a text in quotes");
  EXPECT_EQ(DescribeToken(next()), "'=='");
  const PolicyToken last = next();
  EXPECT_TRUE(last.Is("!="));
  EXPECT_EQ(last.line, 3U);
  EXPECT_EQ(DescribeToken(next()), "the end of the file");
  EXPECT_EQ(next().kind, PolicyTokenKind::kEnd);
}

}  // namespace
}  // namespace klieg::rights
