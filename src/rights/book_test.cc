#include "rights/book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "rights/grant_file.h"
#include "rights/grant_signature.h"

namespace klieg::rights {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

core::Timestamp Time(std::string_view text) { return core::ParseTimestamp(text).value(); }

const core::Timestamp kNow = Time("2026-06-01");

/// A book that is written as the gate would write it.
class BookTest : public ::testing::Test {
 protected:
  void Add(std::string_view kind, const std::string& body) {
    const LogEntry entry{next_++, kNow, std::string(kind), body, {}, {}};
    const core::Status learnt = book_.Learn(entry);
    ASSERT_TRUE(learnt) << learnt.error().message;
  }
  void Add(const Party& party) { Add(kPartyKind, "{\"party\":" + PartyText(party) + "}"); }
  void Add(const Work& work) { Add(kWorkKind, "{\"work\":" + WorkText(work) + "}"); }
  std::string Add(const Grant& grant) {
    Add(kGrantKind, "{\"grant\":" + GrantText(grant) + "}");
    return GrantId(grant);
  }
  std::string Add(const Withdrawal& withdrawal) {
    Add(kWithdrawalKind, "{\"withdrawal\":" + WithdrawalText(withdrawal) + "}");
    return "w-" + std::to_string(next_ - 1);
  }

  static Party MakeParty(std::string id, PartyRole role = PartyRole::kWriter) {
    Party party;
    party.id = std::move(id);
    party.name = "Somebody";
    party.role = role;
    return party;
  }
  static Work MakeWork(std::string id, std::vector<std::string> holders) {
    Work work;
    work.id = std::move(id);
    work.title = "A work";
    work.material = Material::kScreenplay;
    for (std::string& holder : holders) work.holders.push_back({std::move(holder), "author"});
    return work;
  }
  static Grant MakeGrant(std::string grantor, std::vector<Purpose> permits,
                         std::vector<Purpose> refuses = {}) {
    Grant grant;
    grant.grantor = std::move(grantor);
    grant.grantee = "studio";
    grant.works = {"heist"};
    grant.permits = std::move(permits);
    grant.refuses = std::move(refuses);
    grant.period.from = Time("2026-01-01");
    return grant;
  }

  void SetUp() override {
    Add(MakeParty("ada"));
    Add(MakeParty("bo"));
    Add(MakeParty("studio", PartyRole::kCompany));
    Add(MakeWork("heist", {"ada"}));
  }

  ConsentFacts Consent(Purpose purpose, const std::string& project = "",
                       core::Timestamp time = kNow) {
    Use use;
    use.purpose = purpose;
    use.project = project;
    return book_.ConsentOf(*book_.FindWork("heist"), use, time);
  }
  std::string ErrorOf(const Grant& grant, const std::string& signature = "",
                      core::Timestamp now = kNow) {
    const core::Status status = book_.CheckNew(SignedGrant{grant, signature}, now);
    EXPECT_FALSE(status) << "the grant was accepted";
    return status ? "" : status.error().message;
  }

  Book book_;
  uint64_t next_ = 0;
};

TEST_F(BookTest, NobodySpokeIsUnknown) {
  EXPECT_EQ(Consent(Purpose::kForecast).consent, Consent::kUnknown);
}

TEST_F(BookTest, AGrantPermitsWhatItNamesAndRefusesWhatItRefuses) {
  const std::string id = Add(MakeGrant("ada", {Purpose::kForecast}, {Purpose::kTrainGenerative}));
  EXPECT_EQ(Consent(Purpose::kForecast).consent, Consent::kPermitted);
  EXPECT_EQ(Consent(Purpose::kForecast).consenter, Consenter::kSelf);
  EXPECT_THAT(Consent(Purpose::kForecast).because, ElementsAre(id));
  EXPECT_EQ(Consent(Purpose::kTrainGenerative).consent, Consent::kRefused);
  EXPECT_EQ(Consent(Purpose::kSchedule).consent, Consent::kUnknown);
}

TEST_F(BookTest, AGrantHoldsWithinItsPeriodOnly) {
  Grant grant = MakeGrant("ada", {Purpose::kForecast});
  grant.period.until = Time("2026-07-01");
  Add(grant);
  EXPECT_EQ(Consent(Purpose::kForecast, "", Time("2025-12-31T23:59:59.999999Z")).consent,
            Consent::kUnknown);
  EXPECT_EQ(Consent(Purpose::kForecast, "", Time("2026-01-01")).consent, Consent::kPermitted);
  EXPECT_EQ(Consent(Purpose::kForecast, "", Time("2026-06-30T23:59:59.999999Z")).consent,
            Consent::kPermitted);
  EXPECT_EQ(Consent(Purpose::kForecast, "", Time("2026-07-01")).consent, Consent::kUnknown);
}

TEST_F(BookTest, AGrantForAProjectHoldsForNoOther) {
  Grant grant = MakeGrant("ada", {Purpose::kUseReplica});
  grant.project = "heist-film";
  Add(grant);
  EXPECT_EQ(Consent(Purpose::kUseReplica, "heist-film").consent, Consent::kPermitted);
  EXPECT_EQ(Consent(Purpose::kUseReplica, "heist-film").project, ProjectMatch::kSame);
  EXPECT_EQ(Consent(Purpose::kUseReplica, "sequel").consent, Consent::kUnknown);
  EXPECT_EQ(Consent(Purpose::kUseReplica, "sequel").project, ProjectMatch::kOther);
  EXPECT_EQ(Consent(Purpose::kUseReplica).consent, Consent::kUnknown);
}

TEST_F(BookTest, EveryHolderMustPermitAndTheWeakestWordsCount) {
  Add(MakeWork("heist", {"ada", "bo"}));
  Grant strong = MakeGrant("ada", {Purpose::kForecast});
  strong.evidence = std::string(64, 'a');
  strong.separate = Separate::kYes;
  Add(strong);
  EXPECT_EQ(Consent(Purpose::kForecast).consent, Consent::kUnknown) << "bo has not spoken";
  Add(MakeGrant("bo", {Purpose::kForecast}));
  const ConsentFacts both = Consent(Purpose::kForecast);
  EXPECT_EQ(both.consent, Consent::kPermitted);
  EXPECT_EQ(both.evidence, Evidence::kNone) << "bo's is a word without a document";
  EXPECT_EQ(both.separate, Separate::kNo);
}

TEST_F(BookTest, AnyRefusalWins) {
  Add(MakeWork("heist", {"ada", "bo"}));
  Add(MakeGrant("ada", {Purpose::kForecast}));
  Add(MakeGrant("bo", {}, {Purpose::kForecast}));
  EXPECT_EQ(Consent(Purpose::kForecast).consent, Consent::kRefused);
}

TEST_F(BookTest, OfSeveralPermissionsTheStrongestCounts) {
  Add(MakeGrant("ada", {Purpose::kForecast}));
  Grant strong = MakeGrant("ada", {Purpose::kForecast});
  strong.evidence = std::string(64, 'b');
  Add(strong);
  Add(MakeGrant("ada", {Purpose::kForecast, Purpose::kMeasure}));
  EXPECT_EQ(Consent(Purpose::kForecast).evidence, Evidence::kDocument);
}

TEST_F(BookTest, ConditionsMustHold) {
  Grant grant = MakeGrant("ada", {Purpose::kTrainGenerative});
  grant.conditions[Attribute::kDeliverable] = {static_cast<uint8_t>(Deliverable::kInternal)};
  Add(grant);
  Use use;
  use.purpose = Purpose::kTrainGenerative;
  EXPECT_EQ(book_.ConsentOf(*book_.FindWork("heist"), use, kNow).consent, Consent::kUnknown);
  use.declared.Set(Deliverable::kInternal);
  EXPECT_EQ(book_.ConsentOf(*book_.FindWork("heist"), use, kNow).consent, Consent::kPermitted);
}

TEST_F(BookTest, AnEstateAndAGuildSpeakForThoseTheyRepresent) {
  Party estate = MakeParty("ada-estate", PartyRole::kEstate);
  estate.represents = {"ada"};
  Add(estate);
  Add(MakeGrant("ada-estate", {Purpose::kUseReplicaAfterDeath}));
  EXPECT_EQ(Consent(Purpose::kUseReplicaAfterDeath).consenter, Consenter::kRepresentative);
  Party guild = MakeParty("guild", PartyRole::kGuild);
  guild.represents = {"ada"};
  Add(guild);
  Add(MakeGrant("guild", {Purpose::kForecast}));
  EXPECT_EQ(Consent(Purpose::kForecast).consenter, Consenter::kUnion);
  Add(MakeGrant("bo", {Purpose::kSchedule}));
  EXPECT_EQ(Consent(Purpose::kSchedule).consent, Consent::kUnknown) << "bo speaks for nobody";
}

TEST_F(BookTest, AWithdrawalRefusesWhateverWasGranted) {
  Add(MakeGrant("ada", {Purpose::kForecast, Purpose::kMeasure}));
  const std::string id = Add(Withdrawal{"ada", {}, {}, {Purpose::kForecast}, "enough"});
  EXPECT_EQ(Consent(Purpose::kForecast).consent, Consent::kRefused);
  EXPECT_THAT(Consent(Purpose::kForecast).because, ElementsAre(id));
  EXPECT_EQ(Consent(Purpose::kMeasure).consent, Consent::kPermitted);
}

TEST_F(BookTest, ALaterGrantThatSupersedesAWithdrawalStands) {
  const std::string id = Add(Withdrawal{"ada", {"heist"}, {}, {Purpose::kForecast}, ""});
  Grant again = MakeGrant("ada", {Purpose::kForecast});
  again.supersedes = {id};
  EXPECT_TRUE(book_.CheckNew(SignedGrant{again, ""}, kNow));
  Add(again);
  EXPECT_EQ(Consent(Purpose::kForecast).consent, Consent::kPermitted);
}

TEST_F(BookTest, ASupersededGrantNoLongerSpeaks) {
  const Grant old = MakeGrant("ada", {Purpose::kForecast, Purpose::kMeasure});
  const std::string id = Add(old);
  Grant next = MakeGrant("ada", {Purpose::kMeasure}, {Purpose::kForecast});
  next.supersedes = {id};
  ASSERT_TRUE(book_.CheckNew(SignedGrant{next, ""}, kNow));
  const std::string next_id = Add(next);
  EXPECT_EQ(book_.FindGrant(id)->superseded_by, next_id);
  EXPECT_EQ(Consent(Purpose::kForecast).consent, Consent::kRefused);
}

TEST_F(BookTest, AMemberWithdrawsFromOneFamilyOrFromAll) {
  Add(Withdrawal{"", {}, {{"films", "42"}}, {Purpose::kRecommend}, ""});
  Add(Withdrawal{"", {}, {{"*", "7"}}, {Purpose::kRecommend}, ""});
  Use use;
  use.purpose = Purpose::kRecommend;
  const auto consent = [&](const char* family, const char* id) {
    return book_.ConsentOf(SubjectRef{family, id}, use, kNow).consent;
  };
  EXPECT_EQ(consent("films", "42"), Consent::kRefused);
  EXPECT_EQ(consent("series", "42"), Consent::kUnknown);
  EXPECT_EQ(consent("*", "42"), Consent::kRefused);
  EXPECT_EQ(consent("series", "7"), Consent::kRefused);
  EXPECT_EQ(consent("films", "43"), Consent::kUnknown);
}

TEST_F(BookTest, AGrantThatEndedIsNotAccepted) {
  Grant grant = MakeGrant("ada", {Purpose::kForecast});
  grant.period.until = Time("2026-06-01");
  EXPECT_THAT(ErrorOf(grant), HasSubstr("which has passed"));
  grant.period.until = Time("2025-01-01");
  EXPECT_THAT(ErrorOf(grant), HasSubstr("before it begins"));
}

TEST_F(BookTest, AFutureGrantIsAcceptedAndNotYetInForce) {
  Grant grant = MakeGrant("ada", {Purpose::kForecast});
  grant.period.from = Time("2027-01-01");
  EXPECT_TRUE(book_.CheckNew(SignedGrant{grant, ""}, kNow));
  Add(grant);
  EXPECT_EQ(Consent(Purpose::kForecast).consent, Consent::kUnknown);
}

TEST_F(BookTest, TheSameGrantTwiceIsSaidToStand) {
  const Grant grant = MakeGrant("ada", {Purpose::kForecast});
  Add(grant);
  const core::Status again = book_.CheckNew(SignedGrant{grant, ""}, kNow);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, core::ErrorCode::kAlreadyExists);
}

TEST_F(BookTest, AContradictionMustNameWhatItReplaces) {
  const std::string id = Add(MakeGrant("ada", {Purpose::kForecast}));
  Grant other = MakeGrant("ada", {Purpose::kMeasure}, {Purpose::kForecast});
  EXPECT_THAT(ErrorOf(other), HasSubstr("contradicts " + id));
  other.project = "film";
  EXPECT_TRUE(book_.CheckNew(SignedGrant{other, ""}, kNow)) << "about one project only";
  other.project.clear();
  other.supersedes = {id};
  EXPECT_TRUE(book_.CheckNew(SignedGrant{other, ""}, kNow));
}

TEST_F(BookTest, AGrantThatContradictsItselfIsRefused) {
  EXPECT_THAT(ErrorOf(MakeGrant("ada", {Purpose::kForecast}, {Purpose::kForecast})),
              HasSubstr("contradicts itself"));
}

TEST_F(BookTest, OnlyWhoHoldsARightMayGrant) {
  EXPECT_THAT(ErrorOf(MakeGrant("bo", {Purpose::kForecast})), HasSubstr("holds no right"));
  EXPECT_THAT(ErrorOf(MakeGrant("nobody", {Purpose::kForecast})), HasSubstr("not recorded"));
  Grant unknown = MakeGrant("ada", {Purpose::kForecast});
  unknown.works = {"sequel"};
  EXPECT_THAT(ErrorOf(unknown), HasSubstr("'sequel', which is not recorded"));
  Grant histories = MakeGrant("ada", {Purpose::kRecommend});
  histories.works.clear();
  histories.members = {{"films", "42"}};
  EXPECT_THAT(ErrorOf(histories), HasSubstr("only a member"));
}

TEST_F(BookTest, OnlyTheGrantorSupersedes) {
  const std::string id = Add(MakeGrant("ada", {Purpose::kForecast}));
  Add(MakeWork("heist", {"ada", "bo"}));
  Grant other = MakeGrant("bo", {}, {Purpose::kForecast});
  other.supersedes = {id};
  EXPECT_THAT(ErrorOf(other), HasSubstr("not by 'bo'"));
  other.supersedes = {"g-0000000000000000"};
  EXPECT_THAT(ErrorOf(other), HasSubstr("which is not recorded"));
}

TEST_F(BookTest, AKeyAsksForItsSignature) {
  const PrivateKey key = PrivateKey::Generate().value();
  const PrivateKey other = PrivateKey::Generate().value();
  const Grant grant = MakeGrant("ada", {Purpose::kForecast});
  const std::string good = key.Sign(GrantSigningText(grant))->Hex();
  EXPECT_THAT(ErrorOf(grant, good), HasSubstr("no key of 'ada' is recorded"));
  Party ada = MakeParty("ada");
  ada.public_key = key.public_key().Hex();
  Add(ada);
  EXPECT_THAT(ErrorOf(grant), HasSubstr("need a signature"));
  EXPECT_TRUE(book_.CheckNew(SignedGrant{grant, good}, kNow));
  EXPECT_THAT(ErrorOf(grant, other.Sign(GrantSigningText(grant))->Hex()),
              HasSubstr("not by 'ada'"));
  Grant changed = grant;
  changed.permits = {Purpose::kForecast, Purpose::kTrainGenerative};
  EXPECT_THAT(ErrorOf(changed, good), HasSubstr("not by 'ada'"));
  EXPECT_THAT(ErrorOf(grant, "zz"), HasSubstr("not by 'ada'"));
}

TEST_F(BookTest, EvidenceSaysHowAConsentIsKnown) {
  const PrivateKey key = PrivateKey::Generate().value();
  const Grant grant = MakeGrant("ada", {Purpose::kForecast});
  Add(kGrantKind, "{\"grant\":" + GrantText(grant) + ",\"signature\":\"" +
                      key.Sign(GrantSigningText(grant))->Hex() + "\"}");
  EXPECT_EQ(Consent(Purpose::kForecast).evidence, Evidence::kSignature);
}

TEST_F(BookTest, AWithdrawalMustBeOfSomebodyWhoHoldsARight) {
  EXPECT_FALSE(book_.CheckNew(Withdrawal{"nobody", {}, {}, {Purpose::kForecast}, ""}));
  EXPECT_FALSE(book_.CheckNew(Withdrawal{"bo", {"heist"}, {}, {Purpose::kForecast}, ""}));
  EXPECT_FALSE(book_.CheckNew(Withdrawal{"ada", {"sequel"}, {}, {Purpose::kForecast}, ""}));
  EXPECT_FALSE(book_.CheckNew(Withdrawal{"ada", {"heist"}, {}, {}, ""})) << "no purpose";
  EXPECT_FALSE(book_.CheckNew(Withdrawal{"", {}, {}, {Purpose::kForecast}, ""})) << "nobody";
  EXPECT_TRUE(book_.CheckNew(Withdrawal{"ada", {"heist"}, {}, {Purpose::kForecast}, ""}));
}

TEST_F(BookTest, EntriesThatCannotBeReadAreCorrupt) {
  for (const std::string_view kind :
       {kPartyKind, kWorkKind, kGrantKind, kWithdrawalKind, kAttributionKind, kObligationKind,
        kPackKind, kModelKind, kTermsKind, kQuarantineKind}) {
    for (const std::string body : {"{}", R"({"party":{},"work":{},"grant":{},"withdrawal":{}})",
                                   R"({"artifact":"00","id":1,"name":2,"snapshot":[]})"}) {
      Book book;
      const core::Status learnt = book.Learn(LogEntry{0, kNow, std::string(kind), body, {}, {}});
      ASSERT_FALSE(learnt) << kind << " " << body;
      EXPECT_EQ(learnt.error().code, core::ErrorCode::kCorrupt);
    }
  }
}

// --- records -----------------------------------------------------------------------------------

TEST(Records, ComeBackFromTheirTextAndFromNoOther) {
  Party party{"ada", "Ada \"A\" Writer", PartyRole::kWriter, std::string(64, '0'), {"bo"}};
  EXPECT_EQ(ParseParty(PartyText(party)).value(), party);
  Work work;
  work.id = "heist";
  work.title = "The Heist";
  work.material = Material::kScreenplay;
  work.standing = WorkStanding::kLiterary;
  work.holders = {{"ada", "author"}, {"bo", "author"}};
  work.titles = {{"films", "1"}};
  work.authorship = Authorship::kMixed;
  work.generated = "the chase";
  EXPECT_EQ(ParseWork(WorkText(work)).value(), work);
  Withdrawal withdrawal{"ada", {"heist"}, {{"*", "7"}}, {Purpose::kForecast}, "reason"};
  EXPECT_EQ(ParseWithdrawal(WithdrawalText(withdrawal)).value(), withdrawal);
  for (std::string text : {PartyText(party), WorkText(work), WithdrawalText(withdrawal)}) {
    text.insert(text.size() - 1, ",\"zz\":1");
    EXPECT_FALSE(ParseParty(text));
    EXPECT_FALSE(ParseWork(text));
    EXPECT_FALSE(ParseWithdrawal(text));
  }
}

TEST(Records, WorksDeclareWhatWasGenerated) {
  Work work;
  work.id = "x";
  work.title = "X";
  EXPECT_THAT(CheckWork(work).error().message, HasSubstr("kind of work"));
  work.material = Material::kScreenplay;
  EXPECT_TRUE(CheckWork(work));
  work.authorship = Authorship::kHuman;
  work.generated = "act two";
  EXPECT_THAT(CheckWork(work).error().message, HasSubstr("as mixed"));
  work.authorship = Authorship::kMixed;
  EXPECT_TRUE(CheckWork(work));
  work.generated.clear();
  EXPECT_THAT(CheckWork(work).error().message, HasSubstr("which parts"));
}

TEST(Records, IdsAreShortAndPlain) {
  Party party{"ada", "Ada", PartyRole::kWriter, "", {}};
  for (const std::string id : {"", "Ada", "a b", "-a", "a/b", "\n"}) {
    party.id = id;
    EXPECT_FALSE(CheckParty(party)) << id;
  }
  party.id = std::string(65, 'a');
  EXPECT_FALSE(CheckParty(party));
  party.id = "a.b-c_1";
  EXPECT_TRUE(CheckParty(party));
  party.represents = {"a.b-c_1"};
  EXPECT_FALSE(CheckParty(party)) << "represents itself";
}

TEST(Records, SubjectReferencesNameAFamilyOrAll) {
  EXPECT_EQ(ParseSubjectRef("films/42").value(), (SubjectRef{"films", "42"}));
  EXPECT_EQ(ParseSubjectRef("42").value(), (SubjectRef{"*", "42"}));
  EXPECT_EQ(ParseSubjectRef("films/a/b").value(), (SubjectRef{"films", "a/b"}));
  for (const char* bad : {"", "/", "films/", "/42"}) EXPECT_FALSE(ParseSubjectRef(bad)) << bad;
}

// --- files -------------------------------------------------------------------------------------

constexpr std::string_view kGrantFile = R"(grantor = "ada"
grantee = "studio"
works = ["heist"]
permits = ["forecast", "measure"]
refuses = ["generative", "replica"]
from = "2026-01-01"
until = "never"
separate = true
description = "specific"
describes = "Forecasting the audience"
[conditions]
deliverable = ["internal", "temporary"]
)";

TEST(GrantFile, IsReadKeyByKey) {
  const Grant grant = ParseGrantFile(kGrantFile, "g.toml").value();
  EXPECT_THAT(grant.permits, ElementsAre(Purpose::kForecast, Purpose::kMeasure));
  EXPECT_THAT(grant.refuses,
              ElementsAre(Purpose::kTrainGenerative, Purpose::kCreateReplica, Purpose::kUseReplica,
                          Purpose::kUseReplicaAfterDeath, Purpose::kAlterPerformance));
  EXPECT_EQ(grant.separate, Separate::kYes);
  EXPECT_EQ(grant.description, Description::kSpecific);
  EXPECT_FALSE(grant.period.until);
  EXPECT_EQ(grant.conditions.at(Attribute::kDeliverable).size(), 2U);
  EXPECT_EQ(ParseGrant(GrantText(grant)).value(), grant);
}

TEST(GrantFile, SaysWhatIsWrongAndWhere) {
  const auto error = [](std::string from, std::string to) {
    std::string text(kGrantFile);
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    const auto grant = ParseGrantFile(text, "g.toml");
    EXPECT_FALSE(grant) << text;
    return grant ? "" : grant.error().message;
  };
  EXPECT_THAT(error("grantor = \"ada\"\n", ""), HasSubstr("'grantor' is missing"));
  EXPECT_THAT(error("\"forecast\"", "\"forecasting\""),
              HasSubstr("g.toml, line 4: in 'permits': there is no such purpose"));
  EXPECT_THAT(error("\"forecast\"", "\"replica\""), HasSubstr("contradicts itself"));
  EXPECT_THAT(error("separate = true", "separate = \"yes\""),
              HasSubstr("line 8: 'separate' must be true or false"));
  EXPECT_THAT(error("\"2026-01-01\"", "\"soon\""), HasSubstr("line 6: in 'from'"));
  EXPECT_THAT(error("\"2026-01-01\"", "\"never\""), HasSubstr("from when it holds"));
  EXPECT_THAT(error("works =", "work ="), HasSubstr("line 3: unknown key 'work'"));
  EXPECT_THAT(error("[\"heist\"]", "[\"heist\", \"heist\"]"), HasSubstr("names one twice"));
  EXPECT_THAT(error("internal", "internally"), HasSubstr("no such value"));
  EXPECT_THAT(error("deliverable", "delivery"), HasSubstr("no such attribute"));
  EXPECT_THAT(error("describes = \"Forecasting the audience\"\n", ""), HasSubstr("'describes'"));
  EXPECT_FALSE(ParseGrantFile("[[[", "g.toml"));
  EXPECT_FALSE(ParseGrantFile(std::string("\0\xff", 2), "g.toml"));
}

TEST(GrantFile, ASignedGrantComesBackAndATamperedOneDoesNot) {
  const PrivateKey key = PrivateKey::Generate().value();
  const Grant grant = ParseGrantFile(kGrantFile, "g.toml").value();
  const std::string text = SignGrant(grant, key).value();
  EXPECT_EQ(ParseSignedGrant(text + "\n", "g.json")->grant, grant);
  size_t accepted = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    std::string flipped = text;
    flipped[i] = static_cast<char>(flipped[i] ^ 1);
    accepted += ParseSignedGrant(flipped, "g.json").has_value();
  }
  EXPECT_EQ(accepted, 0U);
}

}  // namespace
}  // namespace klieg::rights
