// The gate with parties, works, consents, obligations and models: what is asked, refused, left out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "core/file.h"
#include "rights/gate.h"
#include "rights/grant_signature.h"

namespace klieg::rights {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const core::Digest kSnapshot = core::HashBytes("snapshot");
const core::Digest kArtifact = core::HashBytes("model");

class GateConsentTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const Terms terms{
        "owner",
        "licence",
        {Purpose::kRecommend, Purpose::kForecast, Purpose::kMeasure, Purpose::kTrainGenerative},
        std::nullopt,
        ""};
    ASSERT_TRUE(gate_.RegisterTerms(kSnapshot, terms, "op"));
    ASSERT_TRUE(gate_.RegisterAttribution(kSnapshot, "films", {}, "op"));
    Record(Party{"ada", "Ada", PartyRole::kWriter, "", {}});
    Record(Party{"pia", "Pia", PartyRole::kPerformer, key_.public_key().Hex(), {}});
    Record(Party{"studio", "Studio", PartyRole::kCompany, "", {}});
    Record(MakeWork("heist", Material::kScreenplay, "ada", {{"films", "1"}, {"films", "2"}}));
    Record(MakeWork("face", Material::kLikeness, "pia", {}));
  }

  static Work MakeWork(std::string id, Material material, std::string holder,
                       std::vector<SubjectRef> titles) {
    Work work;
    work.id = std::move(id);
    work.title = "A work";
    work.material = material;
    work.holders = {{std::move(holder), "author"}};
    work.titles = std::move(titles);
    work.authorship = Authorship::kHuman;
    work.subject = SubjectState::kLiving;
    work.age = Age::kAdult;
    return work;
  }

  void Record(const Party& party) {
    const auto entry = gate_.RecordParty(party, "op");
    ASSERT_TRUE(entry) << entry.error().message;
  }
  void Record(const Work& work) {
    const auto entry = gate_.RecordWork(work, "op");
    ASSERT_TRUE(entry) << entry.error().message;
  }
  Grant MakeGrant(std::string grantor, std::string work, std::vector<Purpose> permits,
                  std::vector<Purpose> refuses = {}) {
    Grant grant;
    grant.grantor = std::move(grantor);
    grant.grantee = "studio";
    grant.works = {std::move(work)};
    grant.permits = std::move(permits);
    grant.refuses = std::move(refuses);
    grant.period.from = core::ParseTimestamp("2026-01-01").value();
    grant.evidence = std::string(64, 'e');
    return grant;
  }
  void Record(const Grant& grant) {
    const std::string signature =
        grant.grantor == "pia" ? key_.Sign(GrantSigningText(grant))->Hex() : "";
    const auto entry = gate_.RecordGrant({grant, signature}, "op");
    ASSERT_TRUE(entry) << entry.error().message;
  }

  core::Result<Permit> Ask(Purpose purpose) {
    return gate_.Ask({.actor = "op", .purpose = purpose, .snapshot = kSnapshot, .reason = "test"});
  }

  /// A model with these members in its training set, on record.
  void RegisterModel(const std::vector<std::string>& members, core::Digest artifact = kArtifact) {
    std::vector<Subject> subjects;
    for (const std::string& member : members)
      subjects.push_back({SubjectKind::kMember, "films/" + member, 3});
    subjects.push_back({SubjectKind::kTitle, "films/1", 3});
    const SubjectTree tree = SubjectTree::Make(core::HashBytes("salt"), subjects).value();
    ASSERT_TRUE(core::MakeFolder(gate_.SubjectsPath(tree.root()).parent_path()));
    ASSERT_TRUE(tree.Save(gate_.SubjectsPath(tree.root())));
    ModelEntry entry;
    entry.artifact = artifact;
    entry.name = "house";
    entry.version = 1;
    entry.learner = "ease";
    entry.inputs = {{kSnapshot, 0}};
    entry.training_set = RootOf(tree);
    const auto asked = gate_.AskRegistration("op", entry);
    ASSERT_TRUE(asked) << asked.error().message;
    ASSERT_TRUE(gate_.RecordModel(entry, "op"));
  }
  core::Result<ModelPermit> AskModel(Purpose purpose = Purpose::kRecommend,
                                     core::Digest artifact = kArtifact) {
    return gate_.AskModel({.actor = "op",
                           .artifact = artifact,
                           .purpose = purpose,
                           .action = Action::kServe,
                           .reason = "test"});
  }
  core::Status AskWork(const std::string& work, Purpose purpose, const std::string& project,
                       const std::vector<std::pair<Attribute, std::string>>& declared) {
    WorkRequest request{"op", work, {}, "test"};
    request.use.purpose = purpose;
    request.use.project = project;
    for (const auto& [attribute, value] : declared)
      EXPECT_TRUE(request.use.declared.Set(attribute, value));
    const auto entry = gate_.AskWork(request);
    return entry ? core::Status() : core::Status(tl::unexpected<core::Error>(entry.error()));
  }

  PrivateKey key_ = PrivateKey::Generate().value();
  core::TemporaryFolder folder_ = core::TemporaryFolder::Make().value();
  core::FixedClock clock_{core::ParseTimestamp("2026-03-01").value()};
  Gate gate_ = Gate::Open(folder_.path() / "rights.log", clock_).value();
};

TEST_F(GateConsentTest, WhoRefusedIsLeftOutAndTheReasonIsOnRecord) {
  ASSERT_TRUE(gate_.RecordWithdrawal({"", {}, {{"films", "42"}}, {Purpose::kRecommend}, ""}, "op"));
  Record(MakeGrant("ada", "heist", {}, {Purpose::kRecommend}));
  const Permit permit = Ask(Purpose::kRecommend).value();
  EXPECT_THAT(permit.rows().members, ElementsAre("42"));
  EXPECT_THAT(permit.rows().titles, ElementsAre("1", "2"));
  EXPECT_THAT(permit.rows().reasons, Contains(Field(&Refusal::clause, "refusal-wins")));
  EXPECT_THAT(permit.rows().reasons, Each(Field(&Refusal::source, Not(IsEmpty()))));
  EXPECT_THAT(Ask(Purpose::kForecast)->rows().members, IsEmpty()) << "it was about recommending";
}

TEST_F(GateConsentTest, AWithdrawalInAnotherFamilyConcernsNobodyHere) {
  ASSERT_TRUE(
      gate_.RecordWithdrawal({"", {}, {{"series", "42"}}, {Purpose::kRecommend}, ""}, "op"));
  EXPECT_TRUE(Ask(Purpose::kRecommend)->rows().Empty());
}

TEST_F(GateConsentTest, NoTermsOfADatasetCanPermitGenerationForEverybodyInIt) {
  const core::Error error = Ask(Purpose::kTrainGenerative).error();
  EXPECT_EQ(error.code, core::ErrorCode::kRefused);
  EXPECT_THAT(error.message, HasSubstr("clause silence-is-no"));
  const auto details = nlohmann::json::parse(error.details);
  EXPECT_EQ(details["refusals"][0]["pack"], "base");
  EXPECT_FALSE(details["refusals"][0]["source"].get<std::string>().empty());
}

TEST_F(GateConsentTest, AWorkThatAllRowsBelongToIsAskedFor) {
  ASSERT_TRUE(gate_.RegisterAttribution(kSnapshot, "films", {"heist"}, "op"));
  EXPECT_TRUE(Ask(Purpose::kForecast));
  Record(MakeGrant("ada", "heist", {}, {Purpose::kForecast}));
  EXPECT_THAT(Ask(Purpose::kForecast).error().message, HasSubstr("work heist"));
  EXPECT_FALSE(gate_.RegisterAttribution(kSnapshot, "films", {"nothing"}, "op"));
}

TEST_F(GateConsentTest, RemovalReadsTheRowsOfTheNamedOnlyWhateverWasRefused) {
  ASSERT_TRUE(gate_.RecordWithdrawal({"", {}, {{"films", "42"}}, {Purpose::kRecommend}, ""}, "op"));
  const Permit permit = gate_
                            .Ask({.actor = "op",
                                  .purpose = Purpose::kRemove,
                                  .snapshot = kSnapshot,
                                  .reason = "withdrawal",
                                  .only_members = {"42"}})
                            .value();
  EXPECT_EQ(permit.rows().kind, RowRules::Kind::kOnly);
  EXPECT_THAT(permit.rows().members, ElementsAre("42"));
  EXPECT_EQ(Ask(Purpose::kRemove).error().code, core::ErrorCode::kInvalidArgument)
      << "no one reads everything under the name of removal";
  EXPECT_EQ(gate_
                .Ask({.actor = "op",
                      .purpose = Purpose::kRecommend,
                      .snapshot = kSnapshot,
                      .reason = "sly",
                      .only_members = {"42"}})
                .error()
                .code,
            core::ErrorCode::kInvalidArgument);
}

TEST_F(GateConsentTest, LeavingOutMoreCannotBringAnybodyBack) {
  ASSERT_TRUE(gate_.RecordWithdrawal({"", {}, {{"films", "42"}}, {Purpose::kRecommend}, ""}, "op"));
  const Permit permit = gate_
                            .Ask({.actor = "op",
                                  .purpose = Purpose::kRecommend,
                                  .snapshot = kSnapshot,
                                  .reason = "price",
                                  .without_members = {"7"}})
                            .value();
  EXPECT_THAT(permit.rows().members, ElementsAre("42", "7"));
}

TEST_F(GateConsentTest, AModelIsUsedUntilSomebodyInItWithdraws) {
  RegisterModel({"41", "42"});
  EXPECT_TRUE(AskModel());
  ASSERT_TRUE(gate_.RecordWithdrawal({"", {}, {{"films", "43"}}, {Purpose::kRecommend}, ""}, "op"));
  EXPECT_TRUE(AskModel()) << "43 is not in it";
  ASSERT_TRUE(gate_.RecordWithdrawal({"", {}, {{"films", "42"}}, {Purpose::kRecommend}, ""}, "op"));
  EXPECT_THAT(AskModel().error().message, HasSubstr("holds material of member films/42"));
  EXPECT_TRUE(AskModel(Purpose::kRemove)) << "it can be read to take 42 out";
}

TEST_F(GateConsentTest, AModelFallsWithAWorkThatWasLinkedToItsTitlesLater) {
  RegisterModel({"41"});
  Record(MakeWork("later", Material::kScreenplay, "ada", {{"films", "1"}}));
  Record(MakeGrant("ada", "later", {}, {Purpose::kRecommend}));
  EXPECT_THAT(AskModel().error().message, HasSubstr("holds material of work later"));
}

TEST_F(GateConsentTest, AModelCarriesTheMeetOfItsInputs) {
  RegisterModel({"41"});
  EXPECT_TRUE(AskModel(Purpose::kMeasure));
  EXPECT_EQ(AskModel(Purpose::kSchedule).error().code, core::ErrorCode::kRefused)
      << "the terms of its snapshot do not permit scheduling";
  const Terms narrower{"second owner", "licence", {Purpose::kMeasure}, std::nullopt, ""};
  ASSERT_TRUE(gate_.RegisterTerms(kSnapshot, narrower, "op"));
  EXPECT_THAT(AskModel(Purpose::kRecommend).error().message, HasSubstr("'second owner'"));
  EXPECT_TRUE(AskModel(Purpose::kMeasure));
}

TEST_F(GateConsentTest, AModelThatIsNotOnRecordOrInQuarantineIsNotUsed) {
  EXPECT_THAT(AskModel().error().message, HasSubstr("is not on record"));
  RegisterModel({"41"});
  ASSERT_TRUE(gate_.RecordQuarantine(kArtifact, "a person is looking into it", "op"));
  EXPECT_THAT(AskModel().error().message, HasSubstr("in quarantine: a person is looking into it"));
  EXPECT_FALSE(gate_.RecordQuarantine(core::HashBytes("other"), "why", "op"));
}

TEST_F(GateConsentTest, ATrainingSetThatIsGoneOrChangedRefusesWhereItIsNeeded) {
  RegisterModel({"41"});
  ASSERT_TRUE(gate_.RecordWithdrawal({"", {}, {{"films", "9"}}, {Purpose::kRecommend}, ""}, "op"));
  const auto path = gate_.SubjectsPath(*gate_.book().models().at(kArtifact).subjects);
  std::string bytes = core::ReadFile(path).value();
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  ASSERT_TRUE(core::WriteFileAtomically(path, bytes));
  EXPECT_EQ(AskModel().error().code, core::ErrorCode::kCorrupt);
  std::filesystem::remove(path);
  EXPECT_FALSE(AskModel());
}

TEST_F(GateConsentTest, RegistrationAsksAgain) {
  ModelEntry entry;
  entry.artifact = kArtifact;
  entry.name = "late";
  entry.inputs = {{kSnapshot, 0}};
  const SubjectTree tree =
      SubjectTree::Make(core::HashBytes("salt"), {{SubjectKind::kMember, "films/42", 1}}).value();
  ASSERT_TRUE(core::MakeFolder(gate_.SubjectsPath(tree.root()).parent_path()));
  ASSERT_TRUE(tree.Save(gate_.SubjectsPath(tree.root())));
  entry.training_set = RootOf(tree);
  EXPECT_TRUE(gate_.AskRegistration("op", entry));
  // While it was being trained, 42 withdrew.
  ASSERT_TRUE(gate_.RecordWithdrawal({"", {}, {{"films", "42"}}, {Purpose::kRecommend}, ""}, "op"));
  EXPECT_EQ(gate_.AskRegistration("op", entry).error().code, core::ErrorCode::kRefused);
}

TEST_F(GateConsentTest, GeneratedTextIsNotEnteredAsLiteraryOrSourceMaterial) {
  Work work = MakeWork("robo", Material::kScreenplay, "ada", {});
  for (const Authorship authorship :
       {Authorship::kGenerated, Authorship::kMixed, Authorship::kUndeclared}) {
    work.authorship = authorship;
    work.generated = authorship == Authorship::kMixed ? "act two" : "";
    for (const WorkStanding standing : {WorkStanding::kLiterary, WorkStanding::kSource}) {
      work.standing = standing;
      const auto entry = gate_.RecordWork(work, "op");
      ASSERT_FALSE(entry);
      EXPECT_EQ(entry.error().code, core::ErrorCode::kRefused);
    }
    EXPECT_EQ(gate_.book().FindWork("robo"), nullptr) << "nothing was entered";
  }
  work.authorship = Authorship::kHuman;
  work.generated.clear();
  EXPECT_TRUE(gate_.RecordWork(work, "op"));
}

const std::vector<std::pair<Attribute, std::string>> kScan = {
    {Attribute::kReplica, "employment-based"}, {Attribute::kReason, "stated"},
    {Attribute::kSecurity, "attested"},        {Attribute::kStrike, "no"},
    {Attribute::kNotice, "at-least-48h"},      {Attribute::kUnion, "bargained"}};

TEST_F(GateConsentTest, AReplicaForOneProjectIsForNoOther) {
  EXPECT_FALSE(AskWork("face", Purpose::kUseReplica, "heist", kScan)) << "nobody was asked";
  Grant grant = MakeGrant("pia", "face", {Purpose::kCreateReplica, Purpose::kUseReplica});
  grant.project = "heist";
  grant.separate = Separate::kYes;
  grant.description = Description::kSpecific;
  grant.describes = "Pia's face, three shots of the chase";
  Record(grant);
  // Obligations first: what they ask for is met, one by one, until nothing is due.
  core::Status answer = AskWork("face", Purpose::kUseReplica, "heist", kScan);
  for (int round = 0; round < 3 && !answer; ++round) {
    ASSERT_EQ(answer.error().code, core::ErrorCode::kRefused) << answer.error().message;
    std::vector<std::string> open;
    for (const auto& [id, record] : gate_.book().obligations()) {
      if (!record.met && record.obligation.kind != ObligationKind::kWait) open.push_back(id);
    }
    ASSERT_THAT(answer.error().message, HasSubstr("an obligation is unmet"));
    for (const std::string& id : open) ASSERT_TRUE(gate_.MeetObligation(id, "receipt", "op"));
    clock_.Set(core::Timestamp{clock_.Now().micros + 49LL * 3'600'000'000});
    answer = AskWork("face", Purpose::kUseReplica, "heist", kScan);
  }
  EXPECT_TRUE(answer) << answer.error().message;
  const core::Status sequel = AskWork("face", Purpose::kUseReplica, "sequel", kScan);
  ASSERT_FALSE(sequel);
  EXPECT_THAT(sequel.error().message, HasSubstr("clause"));
}

TEST_F(GateConsentTest, ObligationsAreMetOnceAndWaitsByTimeAlone) {
  Grant grant = MakeGrant("pia", "face", {Purpose::kCreateReplica});
  grant.separate = Separate::kYes;
  grant.project = "heist";
  grant.description = Description::kSpecific;
  grant.describes = "a scan";
  Record(grant);
  std::vector<std::pair<Attribute, std::string>> declared = kScan;
  std::erase_if(declared, [](const auto& one) { return one.first == Attribute::kNotice; });
  (void)AskWork("face", Purpose::kCreateReplica, "heist", declared);
  for (const auto& [id, record] : std::map(gate_.book().obligations())) {
    if (record.obligation.kind == ObligationKind::kWait) {
      EXPECT_THAT(gate_.MeetObligation(id, "x", "op").error().message, HasSubstr("time alone"));
      continue;
    }
    EXPECT_TRUE(gate_.MeetObligation(id, "receipt", "op"));
    EXPECT_EQ(gate_.MeetObligation(id, "receipt", "op").error().code,
              core::ErrorCode::kAlreadyExists);
  }
  EXPECT_EQ(gate_.MeetObligation("o-0000000000000000", "x", "op").error().code,
            core::ErrorCode::kNotFound);
}

TEST_F(GateConsentTest, TimeOnRecordDoesNotGoBackwards) {
  const Terms terms{
      "X", "licence", {Purpose::kMeasure}, core::ParseTimestamp("2026-06-01").value(), ""};
  const core::Digest other = core::HashBytes("other");
  ASSERT_TRUE(gate_.RegisterTerms(other, terms, "op"));
  const auto ask = [&] {
    return gate_
        .Ask({.actor = "op", .purpose = Purpose::kMeasure, .snapshot = other, .reason = "test"})
        .has_value();
  };
  EXPECT_TRUE(ask());
  clock_.Set(core::ParseTimestamp("2026-07-01").value());
  EXPECT_FALSE(ask());
  clock_.Set(core::ParseTimestamp("2026-03-01").value());
  EXPECT_FALSE(ask()) << "setting the clock back revives nothing";
  Gate again = Gate::Open(folder_.path() / "rights.log", clock_).value();
  EXPECT_FALSE(again.Ask(
      {.actor = "op", .purpose = Purpose::kMeasure, .snapshot = other, .reason = "test"}));
}

TEST_F(GateConsentTest, TwoGatesOnOneLogAreOfOneMind) {
  Gate other = Gate::Open(folder_.path() / "rights.log", clock_).value();
  ASSERT_TRUE(other.RecordWithdrawal({"", {}, {{"films", "5"}}, {Purpose::kRecommend}, ""}, "op"));
  EXPECT_THAT(Ask(Purpose::kRecommend)->rows().members, ElementsAre("5"));
}

TEST_F(GateConsentTest, HeadsRememberWhatWasSigned) {
  const TreeHead head = gate_.SignHead().value();
  EXPECT_EQ(head.tree_size, gate_.log().tree().size());
  EXPECT_EQ(gate_.SignHead()->signature, head.signature) << "nothing new, nothing signed";
  Record(MakeWork("more", Material::kScreenplay, "ada", {}));
  EXPECT_EQ(gate_.SignHead()->tree_size, head.tree_size + 1);
  // Cut the last entry off: the log alone still looks sound.
  const auto path = folder_.path() / "rights.log";
  std::string text = core::ReadFile(path).value();
  text.resize(text.rfind('\n', text.size() - 2) + 1);
  ASSERT_TRUE(core::WriteFileAtomically(path, text));
  ASSERT_TRUE(VerifyLog(path));
  const auto reopened = Gate::Open(path, clock_);
  ASSERT_FALSE(reopened);
  EXPECT_EQ(reopened.error().code, core::ErrorCode::kCorrupt);
}

// Two writers sign while a third opens: nobody takes the others' progress for a rollback.
TEST_F(GateConsentTest, GatesSignAndOpenAtOnce) {
  std::atomic<int> failures{0};
  const auto path = folder_.path() / "rights.log";
  const auto sign = [&](int writer) {
    auto gate = Gate::Open(path, clock_);
    if (!gate) {
      ++failures;
      return;
    }
    for (int i = 0; i < 15; ++i) {
      const std::string id = "w" + std::to_string(writer) + "-" + std::to_string(i);
      if (!gate->RecordWork(MakeWork(id, Material::kScreenplay, "ada", {}), "op")) ++failures;
      if (!gate->SignHead()) ++failures;
    }
  };
  std::thread a(sign, 1);
  std::thread b(sign, 2);
  for (int i = 0; i < 15; ++i) failures += !Gate::Open(path, clock_).has_value();
  a.join();
  b.join();
  EXPECT_EQ(failures, 0);
  ASSERT_TRUE(gate_.CatchUp());
  EXPECT_EQ(gate_.book().works().size(), 32U) << "no entry was lost";
}

TEST_F(GateConsentTest, AKeyThatIsGoneIsNotReplacedInSilence) {
  ASSERT_TRUE(gate_.SignHead());
  std::filesystem::remove(folder_.path() / "keys" / "log.pem");
  Record(MakeWork("more", Material::kScreenplay, "ada", {}));
  EXPECT_THAT(gate_.SignHead().error().message, HasSubstr("put it back"));
}

TEST_F(GateConsentTest, APackThatWouldBreakAPromiseIsNotAdopted) {
  const std::string sly = R"(pack "sly" version "1" {
  title "Sly"; source "nobody"; leaves-out "everything"; effective always;
}
clause anything-goes {
  source "nobody"; says "Everything is permitted.";
  permit (purpose in any);
}
prove nothing-generated {
  says "Nothing is generated.";
  never permits (purpose == train-generative);
}
)";
  const auto adopted = gate_.AdoptPack(sly, "op");
  ASSERT_FALSE(adopted);
  EXPECT_THAT(adopted.error().message, HasSubstr("is refuted"));
}

TEST_F(GateConsentTest, AnOwnPackIsInForceForEveryGateOfTheLog) {
  const std::string own = R"(pack "house-rules" version "1" {
  title "House rules"; source "our board"; leaves-out "the rest"; effective always;
}
clause no-forecasting {
  source "our board"; says "We do not forecast.";
  forbid (purpose == forecast);
}
)";
  EXPECT_TRUE(Ask(Purpose::kForecast));
  const auto adopted = gate_.AdoptPack(own, "op");
  ASSERT_TRUE(adopted) << adopted.error().message;
  EXPECT_THAT(Ask(Purpose::kForecast).error().message, HasSubstr("We do not forecast."));
  Gate again = Gate::Open(folder_.path() / "rights.log", clock_).value();
  EXPECT_FALSE(again.Ask(
      {.actor = "op", .purpose = Purpose::kForecast, .snapshot = kSnapshot, .reason = "test"}));
  EXPECT_FALSE(gate_.AdoptPack(std::string(ShippedPackText("base").value()), "op"));
  EXPECT_FALSE(gate_.AdoptPack("pack", "op"));
}

}  // namespace
}  // namespace klieg::rights
