// The table of attributes and that of purposes: names, meanings, and their pages.
#include "rights/facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "core/file.h"
#include "rights/policy_pages.h"

namespace klieg::rights {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<Attribute> AllAttributes() {
  std::vector<Attribute> all;
  for (size_t a = 0; a < kAttributeCount; ++a) all.push_back(static_cast<Attribute>(a));
  return all;
}

TEST(Facts, EveryAttributeHasANameAMeaningAndItsOwnValues) {
  std::set<std::string_view> names;
  for (const Attribute attribute : AllAttributes()) {
    EXPECT_TRUE(names.insert(AttributeName(attribute)).second) << AttributeName(attribute);
    EXPECT_EQ(ParseAttribute(AttributeName(attribute)).value(), attribute);
    EXPECT_TRUE(AttributeMeaning(attribute).ends_with('.'));
    const auto values = AttributeValues(attribute);
    ASSERT_GE(values.size(), 2U);
    ASSERT_LE(values.size(), 31U) << "boxes have 32 bits an attribute";
    for (uint8_t v = 0; v < values.size(); ++v) {
      EXPECT_EQ(ParseAttributeValue(attribute, values[v]).value(), v);
      // Words of the policy language cannot be values.
      for (const char* word : {"in", "not", "and", "or", "when", "unless"}) {
        EXPECT_NE(values[v], word);
      }
    }
  }
}

// The last value of each enumeration is the last name: the two lists are written apart.
TEST(Facts, TheTableHasAsManyNamesAsTheEnumerations) {
  const auto last = [](Attribute attribute) { return AttributeValues(attribute).back(); };
  const auto check = [&]<class T>(T value, std::string_view name) {
    Facts facts;
    facts.Set(value);
    const Attribute attribute = internal::AttributeOf<T>::value;
    EXPECT_EQ(facts.Name(attribute), name);
    EXPECT_EQ(last(attribute), name) << AttributeName(attribute);
    EXPECT_EQ(facts.Get<T>(), value);
  };
  check(Action::kHandToWriter, "hand-to-writer");
  check(Purpose::kLicenseThirdParty, "license-third-party");
  check(Recipient::kThirdParty, "third-party");
  check(Deliverable::kFinal, "final");
  check(Tool::kNone, "none");
  check(Retention::kNone, "none");
  check(Ownership::kCleared, "cleared");
  check(Approval::kWritten, "written");
  check(BusinessReason::kStated, "stated");
  check(Security::kAttested, "attested");
  check(Strike::kNo, "no");
  check(UnionStep::kBargained, "bargained");
  check(AddedValue::kStated, "stated");
  check(Material::kViewingHistory, "viewing-history");
  check(ReplicaKind::kBackground, "background");
  check(Alteration::kAsRecorded, "as-recorded");
  check(Authorship::kHuman, "human");
  check(Disclosure::kDisclosed, "disclosed");
  check(SubjectState::kLiving, "living");
  check(Age::kAdult, "adult");
  check(Consent::kPermitted, "permitted");
  check(Consenter::kSelf, "self");
  check(Evidence::kSignature, "signature");
  check(Separate::kYes, "yes");
  check(Description::kSpecific, "specific");
  check(ProjectMatch::kSame, "same");
  check(Notice::kAtLeast48Hours, "at-least-48h");
}

TEST(Facts, WhatNobodyStatedIsTheFirstValue) {
  const Facts facts;
  for (const Attribute attribute : AllAttributes()) EXPECT_EQ(facts.Index(attribute), 0);
  EXPECT_EQ(facts.Get<Consent>(), Consent::kUnknown);
  EXPECT_EQ(facts.Get<Evidence>(), Evidence::kNone);
}

TEST(Facts, AreSetByNameAndDescribed) {
  Facts facts;
  EXPECT_TRUE(facts.Set(Attribute::kPurpose, "use-replica"));
  EXPECT_TRUE(facts.Set(Attribute::kEvidence, "signature"));
  facts.SetIndex(Attribute::kConsent, 2);
  EXPECT_EQ(Describe(facts), "purpose use-replica, consent permitted, evidence signature");
  EXPECT_EQ(Describe({}), "purpose recommend");
  Facts other = facts;
  EXPECT_EQ(other, facts);
  other.Set(Age::kAdult);
  EXPECT_NE(other, facts);
}

TEST(Facts, UnknownNamesListTheChoicesAndChangeNothing) {
  Facts facts;
  const core::Status bad = facts.Set(Attribute::kConsent, "yes");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, core::ErrorCode::kInvalidArgument);
  EXPECT_THAT(bad.error().message, HasSubstr("unknown, refused, permitted; found 'yes'"));
  EXPECT_EQ(facts, Facts());
  EXPECT_THAT(ParseAttribute("Consent").error().message, HasSubstr("action, purpose, recipient"));
  EXPECT_DEATH(facts.SetIndex(Attribute::kConsent, 3), "value 3 of 'consent'");
}

TEST(Purpose, GroupsStandForTheirPurposes) {
  EXPECT_THAT(
      ParsePurposes("analytical").value(),
      ElementsAre(Purpose::kRecommend, Purpose::kForecast, Purpose::kSchedule, Purpose::kMeasure));
  EXPECT_THAT(ParsePurposes("forecast").value(), ElementsAre(Purpose::kForecast));
  EXPECT_EQ(ParsePurposes("any").value().size(), kPurposeCount);
  EXPECT_THAT(ParsePurposes("nothing").error().message,
              HasSubstr("the groups any, analytical, stewardship"));
  size_t grouped = 0;
  for (size_t g = 0; g < kPurposeGroupCount; ++g) {
    const auto group = static_cast<PurposeGroup>(g);
    const std::vector<Purpose> purposes = ParsePurposes(PurposeGroupName(group)).value();
    for (const Purpose purpose : purposes) {
      EXPECT_EQ(GroupOf(purpose), group);
      ++grouped;
    }
  }
  EXPECT_EQ(grouped, kPurposeCount) << "every purpose lies in one group";
}

TEST(Purpose, SilenceIsRefusalForGenerationReplicasAndThirdPartiesOnly) {
  for (const Purpose purpose : AllPurposes()) {
    const PurposeGroup group = GroupOf(purpose);
    EXPECT_EQ(UnknownMeansRefused(purpose),
              group != PurposeGroup::kAnalytical && group != PurposeGroup::kStewardship)
        << PurposeName(purpose);
  }
}

TEST(PolicyPages, AreWhatTheTablesSay) {
  const std::filesystem::path folder = std::filesystem::path(KLIEG_SOURCE_DIR) / "docs/reference";
  const auto page = [&](const char* name) { return core::ReadFile(folder / name).value_or(""); };
  const char* again = "write it again: klieg policy purposes | facts | packs --markdown";
  EXPECT_EQ(page("purposes.md"), PurposesMarkdown()) << again;
  EXPECT_EQ(page("facts.md"), FactsMarkdown()) << again;
  EXPECT_EQ(page("packs.md"), PacksMarkdown()) << again;
}

}  // namespace
}  // namespace klieg::rights
