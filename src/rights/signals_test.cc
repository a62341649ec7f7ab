// Signals: what each says of our purposes, and that no round trip permits more than was permitted or
// loses a refusal that the signal can express.
#include "rights/signals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/random.h"
#include "rights/signal_words.h"

namespace klieg::rights {
namespace {

using ::testing::HasSubstr;

constexpr std::array<SignalKind, 6> kKinds = {SignalKind::kCawg,   SignalKind::kAipref,
                                              SignalKind::kTdmrep, SignalKind::kRsl,
                                              SignalKind::kIptc,   SignalKind::kOdrl};

/// "recommend+ measure+ train-generative-": + permitted, - refused, the rest unknown.
std::string Said(SignalKind kind, std::string_view text) {
  const auto read = ReadSignal(kind, text);
  if (!read) return "error: " + read.error().message;
  std::string said;
  for (const Purpose purpose : AllPurposes()) {
    const Consent consent = (*read)[purpose];
    if (consent == Consent::kUnknown) continue;
    said += fmt::format("{}{}{}", said.empty() ? "" : " ", PurposeName(purpose),
                        consent == Consent::kPermitted ? "+" : "-");
  }
  return said;
}

constexpr std::string_view kNoGenerators =
    "train-generative- create-replica- synthetic-performer- license-third-party-";

TEST(Signals, CawgSplitsGenerativeFromOtherTraining) {
  const auto said = [](std::string_view entries) {
    return Said(SignalKind::kCawg, fmt::format("{{\"entries\": {{{}}}}}", entries));
  };
  EXPECT_EQ(said(""), "");
  EXPECT_EQ(said(R"("cawg.ai_training": {"use": "allowed"})"), "recommend+ forecast+ schedule+");
  EXPECT_EQ(said(R"("cawg.ai_generative_training": {"use": "notAllowed"})"), kNoGenerators);
  EXPECT_EQ(
      said(R"("cawg.ai_generative_training": {"use": "constrained", "constraint_info": "x"})"),
      kNoGenerators)
      << "constrained is not allowed";
  EXPECT_EQ(said(R"("c2pa.data_mining": {"use": "allowed"})"), "measure+") << "old labels are read";
  EXPECT_EQ(
      said(R"("cawg.ai_training": {"use": "allowed"}, "cawg.data_mining": {"use": "notAllowed"})"),
      "recommend- forecast- schedule- measure-");
  EXPECT_EQ(said(R"("cawg.ai_inference": {"use": "allowed"})"), "");
  EXPECT_EQ(said(R"("com.example.new": {"use": "allowed"})"), "");
  EXPECT_THAT(said(R"("com.example.new": {"use": "notAllowed"})"), HasSubstr("unknown here"));
  EXPECT_THAT(said(R"("cawg.ai_training": {"use": "perhaps"})"), HasSubstr("error"));
  EXPECT_THAT(said(R"("cawg.ai_training": 1)"), HasSubstr("error"));
  EXPECT_EQ(Said(SignalKind::kCawg,
                 R"({"label": "cawg.training-mining", "data": {"entries": {
                     "cawg.ai_generative_training": {"use": "allowed"}}}})"),
            "train-generative+");
  EXPECT_THAT(Said(SignalKind::kCawg, "[]"), HasSubstr("expected an object \"entries\""));
  EXPECT_THAT(Said(SignalKind::kCawg, "{\"data\": 3}"), HasSubstr("entries"));
}

TEST(Signals, AiprefSpeaksOfGenerativeTrainingAndSearch) {
  const auto said = [](std::string_view text) { return Said(SignalKind::kAipref, text); };
  EXPECT_EQ(said(""), "");
  EXPECT_EQ(said("train-ai=n"), kNoGenerators);
  EXPECT_EQ(said("Content-Usage: train-ai=y, search=n"), "recommend- train-generative+");
  EXPECT_EQ(said("train-ai=n;exceptions=\"x\", search=y"),
            "recommend+ " + std::string(kNoGenerators));
  EXPECT_EQ(said("train-ai=y, train-ai=n"), kNoGenerators) << "any refusal wins";
  EXPECT_EQ(said("train-ai=n, train-ai=y"), kNoGenerators);
  EXPECT_EQ(said("train-ai=?, other=y, more"), "") << "other values say nothing";
  EXPECT_THAT(said("bots=n"), HasSubstr("refuses 'bots'"));
  EXPECT_THAT(said("train-ai=n,,"), HasSubstr("between commas"));
  EXPECT_THAT(said("<html>"), HasSubstr("between commas"));
}

TEST(Signals, ATdmReservationRefusesMiningAndTraining) {
  const auto said = [](std::string_view text) { return Said(SignalKind::kTdmrep, text); };
  const std::string refused =
      "recommend- forecast- schedule- measure- " + std::string(kNoGenerators);
  EXPECT_EQ(said(R"({"tdm-reservation": 1})"), refused);
  EXPECT_EQ(said(R"([{"location": "/a", "tdm-reservation": 0},
                     {"location": "/b", "tdm-reservation": 1, "tdm-policy": "https://x"}])"),
            refused);
  EXPECT_EQ(said(R"({"tdm-reservation": 0})"), "recommend+ forecast+ schedule+ measure+");
  EXPECT_EQ(said("[]"), "");
  EXPECT_THAT(said(R"({"tdm-reservation": 2})"), HasSubstr("neither 0 nor 1"));
  EXPECT_THAT(said(R"({"tdm-reservation": "1"})"), HasSubstr("neither 0 nor 1"));
  EXPECT_THAT(said("{}"), HasSubstr("expected \"tdm-reservation\""));
  EXPECT_THAT(said("[1]"), HasSubstr("expected \"tdm-reservation\""));
}

TEST(Signals, RslPermitsWhatIsFreeAndKeepsProhibitions) {
  const auto said = [](std::string_view terms) {
    return Said(
        SignalKind::kRsl,
        fmt::format("<?xml version=\"1.0\"?>\n<!-- <prohibits type=\"usage\">all</prohibits> "
                    "-->\n<rsl xmlns=\"https://rslstandard.org/rsl\"><content url=\"/\">"
                    "<license>{}</license></content></rsl>",
                    terms));
  };
  EXPECT_EQ(said(""), "");
  EXPECT_EQ(said("<permits type=\"usage\">search</permits>"), "recommend+");
  EXPECT_EQ(said("<rsl:permits type='usage'> search , ai-train </rsl:permits>"),
            "recommend+ forecast+ schedule+ train-generative+");
  EXPECT_EQ(said("<permits type=\"usage\">search</permits><payment type=\"free\"/>"), "recommend+");
  EXPECT_EQ(said("<permits type=\"usage\">search</permits><payment type=\"purchase\"/>"), "")
      << "what is to be paid for is not permitted yet";
  EXPECT_EQ(said("<permits type=\"usage\">all</permits><permits type=\"geo\">EU</permits>"), "")
      << "a condition that cannot be weighed";
  EXPECT_EQ(
      said("<permits type=\"usage\">all</permits><prohibits type=\"usage\">ai-train</prohibits>"),
      "recommend- forecast- schedule- measure+ " + std::string(kNoGenerators));
  EXPECT_THAT(said("<prohibits type=\"user\">commercial</prohibits>"), HasSubstr("measure-"));
  EXPECT_THAT(said("<prohibits type=\"usage\">immersion</prohibits>"), HasSubstr("error"));
  EXPECT_EQ(said("<permits type=\"usage\">immersion</permits>"), "");
  EXPECT_THAT(said("<![CDATA[x]]>"), HasSubstr("CDATA"));
  EXPECT_THAT(said("<permits type=\"usage\""), HasSubstr("error"));
  EXPECT_THAT(Said(SignalKind::kRsl, "<html></html>"), HasSubstr("expected an element <rsl>"));
  EXPECT_THAT(Said(SignalKind::kRsl, ""), HasSubstr("expected an element <rsl>"));
  EXPECT_THAT(Said(SignalKind::kRsl, "<"), HasSubstr("does not end"));
  EXPECT_THAT(Said(SignalKind::kRsl, "<>"), HasSubstr("expected an element <rsl>"));
}

TEST(Signals, IptcValuesAreReadAsCodeOrUri) {
  const auto said = [](std::string_view text) { return Said(SignalKind::kIptc, text); };
  EXPECT_EQ(said("http://ns.useplus.org/ldf/vocab/DMI-UNSPECIFIED"), "");
  EXPECT_EQ(said(" DMI-ALLOWED\n"), "recommend+ forecast+ schedule+ measure+ train-generative+");
  EXPECT_EQ(said("DMI-PROHIBITED-GENAIMLTRAINING"), kNoGenerators);
  EXPECT_EQ(said("DMI-PROHIBITED-AIMLTRAINING"),
            "recommend- forecast- schedule- " + std::string(kNoGenerators));
  EXPECT_THAT(said("DMI-PROHIBITED-SEECONSTRAINT"), HasSubstr("use-replica-"));
  EXPECT_THAT(said("DMI-PROHIBITED"), ::testing::Not(HasSubstr("remove")));
  EXPECT_THAT(said("DMI-MAYBE"), HasSubstr("expected DMI-UNSPECIFIED"));
}

TEST(Signals, OdrlRulesSpeakOfPurposes) {
  const auto said = [](std::string_view text) { return Said(SignalKind::kOdrl, text); };
  const auto rule = [](std::string_view kind, std::string_view action, std::string_view purposes) {
    return fmt::format(
        R"({{"@type": "odrl:Offer", "{}": [{{"action": "{}", "constraint": {{"leftOperand":
        "odrl:purpose", "operator": "odrl:isAnyOf", "rightOperand": [{}]}}}}]}})",
        kind, action, purposes);
  };
  EXPECT_EQ(said("{}"), "");
  EXPECT_EQ(said(rule("permission", "use", "\"urn:klieg:purpose:forecast\", \"measure\"")),
            "forecast+ measure+");
  EXPECT_EQ(said(rule("odrl:prohibition", "odrl:use", "\"replica\"")),
            "create-replica- use-replica- use-replica-after-death- alter-performance-");
  EXPECT_EQ(said(R"({"permission": {"action": "http://www.w3.org/ns/odrl/2/use"}})"),
            "recommend+ forecast+ schedule+ measure+")
      << "use in general is no permission to generate";
  EXPECT_EQ(said(R"({"prohibition": {"action": {"@id": "odrl:sell"}}})"), "license-third-party-");
  EXPECT_THAT(said(R"({"prohibition": {"action": "use"}})"), HasSubstr("use-replica-"));
  EXPECT_EQ(said(R"({"permission": {"action": "use", "duty": {"action": "compensate"}}})"), "");
  EXPECT_EQ(said(R"({"permission": {"action": "play"}})"), "");
  EXPECT_EQ(said(R"({"permission": {"action": "use", "constraint":
                  {"leftOperand": "dateTime", "operator": "lt", "rightOperand": "2027-01-01"}}})"),
            "");
  EXPECT_THAT(said(rule("prohibition", "use", "\"marketing\"")), HasSubstr("recommend-"))
      << "a purpose that is unknown here may be any";
  EXPECT_EQ(said(rule("permission", "use", "\"marketing\", \"measure\"")), "");
  EXPECT_THAT(said(R"({"prohibition": {"action": "teleport"}})"), HasSubstr("'teleport', unknown"));
  EXPECT_THAT(said(R"({"prohibition": {}})"), HasSubstr("no action"));
  EXPECT_THAT(said(R"({"prohibition": {"action": [3]}})"), HasSubstr("has no name"));
  EXPECT_THAT(said(R"({"permission": [1]})"), HasSubstr("not an object"));
  EXPECT_THAT(said("[]"), HasSubstr("a policy is an object"));
}

TEST(Signals, WhatIsTooLargeTooDeepOrNoTextIsRefused) {
  for (const SignalKind kind : kKinds) {
    EXPECT_THAT(Said(kind, std::string((1 << 20) + 1, ' ')), HasSubstr("1 MiB"));
    EXPECT_THAT(Said(kind, "\xff"), HasSubstr("UTF-8"));
    EXPECT_THAT(Said(kind, std::string(100'000, '[')), HasSubstr("error"));
    EXPECT_EQ(ParseSignalKind(SignalKindName(kind)).value(), kind);
  }
  EXPECT_THAT(Said(SignalKind::kCawg, "{\"a\": \"\\\"[[\"}"), HasSubstr("entries"))
      << "brackets in texts do not nest";
  EXPECT_THAT(Said(SignalKind::kCawg, "{"), HasSubstr("not JSON"));
  EXPECT_THAT(ParseSignalKind("c2pa").error().message, HasSubstr("cawg, aipref, tdmrep"));
}

TEST(Signals, CombiningKeepsEveryRefusal) {
  Preferences a;
  Preferences b;
  a[Purpose::kRecommend] = Consent::kPermitted;
  b[Purpose::kRecommend] = Consent::kRefused;
  a[Purpose::kMeasure] = Consent::kPermitted;
  b[Purpose::kForecast] = Consent::kRefused;
  for (const Preferences& both : {CombinePreferences(a, b), CombinePreferences(b, a)}) {
    EXPECT_EQ(both[Purpose::kRecommend], Consent::kRefused);
    EXPECT_EQ(both[Purpose::kMeasure], Consent::kPermitted);
    EXPECT_EQ(both[Purpose::kForecast], Consent::kRefused);
    EXPECT_EQ(both[Purpose::kSchedule], Consent::kUnknown);
  }
}

/// What a kind can refuse at all.
PurposeBits Expressible(SignalKind kind) {
  PurposeBits all = 0;
  for (const SignalWord& word : SignalWords(kind)) all |= word.refuses;
  return all;
}

TEST(Signals, NoRoundTripPermitsMoreOrLosesARefusal) {
  core::Random random(1103);
  for (int round = 0; round < 3000; ++round) {
    Preferences preferences;
    // Mostly of one mind, as people are: else nothing but refusals would be written.
    const uint64_t mind = random.Below(4);
    for (const Purpose purpose : AllPurposes()) {
      const uint64_t value = mind < 3 && random.Below(4) != 0 ? mind : random.Below(3);
      preferences[purpose] = static_cast<Consent>(value);
    }
    for (const SignalKind kind : kKinds) {
      const std::string text = WriteSignal(kind, preferences);
      const auto back = ReadSignal(kind, text);
      ASSERT_TRUE(back) << text;
      const PurposeBits permitted = Those(*back, Consent::kPermitted);
      EXPECT_EQ(permitted & ~Those(preferences, Consent::kPermitted), 0U) << text;
      const PurposeBits refused = Those(preferences, Consent::kRefused) & Expressible(kind);
      EXPECT_EQ(refused & ~Those(*back, Consent::kRefused), 0U) << text;
    }
  }
}

TEST(Signals, OdrlCarriesEveryPreferenceExactly) {
  Preferences preferences;
  preferences[Purpose::kForecast] = Consent::kPermitted;
  preferences[Purpose::kUseReplica] = Consent::kPermitted;
  preferences[Purpose::kTrainGenerative] = Consent::kRefused;
  const std::string text = WriteSignal(SignalKind::kOdrl, preferences);
  EXPECT_EQ(ReadSignal(SignalKind::kOdrl, text).value(), preferences);
  EXPECT_EQ(nlohmann::json::parse(text)["@type"], "Offer");
  EXPECT_EQ(WriteSignal(SignalKind::kIptc, preferences),
            "http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED-GENAIMLTRAINING");
  EXPECT_EQ(WriteSignal(SignalKind::kAipref, preferences), "train-ai=n");
  EXPECT_EQ(WriteSignal(SignalKind::kTdmrep, {}), "[]");
}

}  // namespace
}  // namespace klieg::rights
