// What a writer, a performer and a member are told of how their material was used.
#include "flows/used_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "flows/document_facts.h"
#include "flows/document_fixture.h"

namespace klieg::flows {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST(HowUsed, AWriterSeesWhichModelsHoldTheirWorkAndOnWhosePermission) {
  DocumentFixture desk;
  const UsedReport report = HowUsed(desk.session(), "ana").value();
  ASSERT_THAT(report.models, SizeIs(2));
  EXPECT_EQ(report.models[0].label, "first@1");
  EXPECT_THAT(report.models[0].permissions.at(0).consents, IsEmpty()) << "made before she spoke";
  EXPECT_EQ(report.models[0].permissions.at(0).owners.at(0), DocumentFixture::kOwner);
  EXPECT_EQ(report.models[1].label, "house@1");
  ASSERT_THAT(report.statements, SizeIs(1));
  EXPECT_THAT(report.models[1].permissions.at(0).consents,
              testing::ElementsAre(report.statements[0].id));
  EXPECT_THAT(report.models_without, IsEmpty());
}

TEST(HowUsed, RowsAreThoseOfTheTrainingSet) {
  DocumentFixture desk;
  const UsedReport report = HowUsed(desk.session(), "ana").value();
  const Ledger ledger = ReadLedger(desk.session()).value();
  const LedgerModel* model = ledger.FindModel(report.models.at(1).artifact);
  ASSERT_NE(model, nullptr);
  const rights::SubjectTree tree = LoadTrainingSet(desk.session(), *model).value();
  ASSERT_THAT(report.models[1].rows, SizeIs(1));
  EXPECT_EQ(report.models[1].rows[0].subject, "work heist");
  EXPECT_EQ(report.models[1].rows[0].rows, tree.Find(rights::SubjectKind::kWork, "heist").value());
  // The work was recorded after the first model: it is found by its title.
  EXPECT_EQ(report.models[0].rows.at(0).rows, 40U);
  EXPECT_EQ(report.models[0].rows.at(0).title, "films/t1");
  EXPECT_THAT(UsedPageHtml(report), HasSubstr("klieg prove house@1 --work heist -o proof.json"));
  EXPECT_THAT(UsedPageHtml(HowUsed(desk.session(), "bo").value()),
              HasSubstr("klieg prove house@1 --work ballad -o proof.json"))
      << "the first model knows it as a title only";
}

TEST(HowUsed, APerformerWhoRefusedSeesWhatWasLeftOut) {
  DocumentFixture desk;
  const UsedReport report = HowUsed(desk.session(), "bo").value();
  ASSERT_THAT(report.models, SizeIs(1)) << "made before he spoke";
  EXPECT_EQ(report.models[0].label, "first@1");
  EXPECT_TRUE(report.models[0].refused_now) << "the gate would not load it any more";
  EXPECT_THAT(UsedPageHtml(report), HasSubstr("May not be used: refused"));
  ASSERT_THAT(report.models_without, SizeIs(1));
  EXPECT_EQ(report.models_without[0].label, "house@1");
  EXPECT_FALSE(report.models_without[0].refused_now);
  ASSERT_THAT(report.refusals, SizeIs(1));
  EXPECT_EQ(report.refusals[0].what, UsedRefusal::What::kRows);
  EXPECT_EQ(report.refusals[0].purpose, "recommend");
  ASSERT_THAT(report.uses, SizeIs(1)) << "he permitted measuring";
  EXPECT_EQ(report.uses[0].purpose, "measure");
}

TEST(HowUsed, ARefusedRequestIsTold) {
  DocumentFixture desk;
  const UsedReport report = HowUsed(desk.session(), "ana").value();
  ASSERT_FALSE(report.refusals.empty());
  EXPECT_EQ(report.refusals.back().what, UsedRefusal::What::kQuestion);
  EXPECT_EQ(report.refusals.back().purpose, "train-generative");
  EXPECT_FALSE(report.generative);
}

TEST(HowUsed, AMemberIsFoundByIdAlone) {
  DocumentFixture desk;
  const UsedReport report = HowUsedMember(desk.session(), "films/m3").value();
  ASSERT_THAT(report.models, SizeIs(1));
  EXPECT_EQ(report.models[0].rows.at(0).subject, "member films/m3");
  EXPECT_EQ(report.models_without.at(0).label, "house@1");
  EXPECT_TRUE(report.statements.at(0).withdrawal);
  const UsedReport stranger = HowUsedMember(desk.session(), "films/nobody").value();
  EXPECT_THAT(stranger.models, IsEmpty());
  EXPECT_THAT(stranger.refusals, IsEmpty());
}

TEST(HowUsed, AModelThatMayNotBeLoadedIsARefusalForTheirSake) {
  DocumentFixture desk;
  desk.Withdraw("ana", {});
  const auto artifact =
      core::Digest::FromHex(desk.session().store().GetModel("house")->digest).value();
  EXPECT_FALSE(desk.session().gate().AskModel({.actor = "server",
                                               .artifact = artifact,
                                               .purpose = rights::Purpose::kRecommend,
                                               .action = rights::Action::kServe,
                                               .reason = "serve"}));
  ASSERT_TRUE(desk.session().gate().RecordQuarantine(artifact, "withdrawal", "desk"));
  const UsedReport report = HowUsed(desk.session(), "ana").value();
  EXPECT_EQ(report.refusals.back().what, UsedRefusal::What::kModel);
  EXPECT_EQ(report.models.at(1).quarantine, "withdrawal");
  EXPECT_EQ(report.models.at(1).times_used, 0U);
  EXPECT_THAT(UsedPageHtml(report), HasSubstr("Locked: may not be used"));
}

TEST(HowUsed, ModelsInUseAreCounted) {
  DocumentFixture desk;
  const auto artifact =
      core::Digest::FromHex(desk.session().store().GetModel("house")->digest).value();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(desk.session().gate().AskModel({.actor = "server",
                                                .artifact = artifact,
                                                .purpose = rights::Purpose::kRecommend,
                                                .action = rights::Action::kServe,
                                                .reason = "serve"}));
  }
  EXPECT_EQ(HowUsed(desk.session(), "ana")->models.at(1).times_used, 3U);
}

TEST(HowUsed, AnUnknownPartyIsAnError) {
  DocumentFixture desk;
  EXPECT_EQ(HowUsed(desk.session(), "nobody").error().code, core::ErrorCode::kNotFound);
  EXPECT_EQ(HowUsedMember(desk.session(), "films/").error().code,
            core::ErrorCode::kInvalidArgument);
}

TEST(UsedPage, EscapesEveryName) {
  DocumentFixture desk;
  UsedReport report = HowUsed(desk.session(), "ana").value();
  report.name += "\n</title><script>alert(1)</script>";
  const std::string page = UsedPageHtml(report);
  EXPECT_THAT(page, HasSubstr("Ana &lt;b&gt;Ruiz&lt;/b&gt; &amp; &quot;Co&quot;"));
  EXPECT_THAT(page, HasSubstr("The &lt;i&gt;Heist&lt;/i&gt; &amp; After"));
  EXPECT_THAT(page, HasSubstr("fine-tune a &lt;script&gt; model"));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("<i>")));
  const json object = json::parse(UsedJson(report));
  EXPECT_EQ(object.at("name"), report.name);
}

TEST(UsedPage, IsTheSameBytesForTheSameWorkspace) {
  DocumentFixture desk;
  const std::string page = UsedPageHtml(HowUsed(desk.session(), "ana").value());
  desk.clock().Set(desk.Later());
  desk.Open();
  EXPECT_EQ(UsedPageHtml(HowUsed(desk.session(), "ana").value()), page);
}

TEST(UsedPage, EmptyReportsSaySo) {
  UsedReport report;
  report.id = report.name = "nobody";
  report.role = "writer";
  const std::string page = UsedPageHtml(report);
  EXPECT_THAT(page, HasSubstr("No work of nobody is on record."));
  EXPECT_THAT(page, HasSubstr("Nothing is on record from you"));
  EXPECT_THAT(page, HasSubstr("Nothing was refused on your account so far."));
}

}  // namespace
}  // namespace klieg::flows
