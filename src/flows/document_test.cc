// Generated documents say what the registry and the log say, follow them when they change, and let no
// name become markup.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "flows/document_card.h"
#include "flows/document_croissant.h"
#include "flows/document_fixture.h"
#include "flows/document_mlbom.h"
#include "flows/document_openlineage.h"
#include "flows/document_summary.h"
#include "flows/document_text.h"

namespace klieg::flows {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

/// Everything that is written about one model, in one text, to look for names in.
std::string AllTexts(DocumentFixture& desk, const std::string& model) {
  const Ledger ledger = ReadLedger(desk.session()).value();
  const ModelFacts facts = GatherModel(desk.session(), ledger, model).value();
  const DataFacts data = GatherSnapshot(desk.session(), ledger, desk.snapshot()).value();
  return RenderMarkdown(ModelCard(facts, ledger)) + RenderHtml(ModelCard(facts, ledger)) +
         ModelCardJson(facts, ledger) + RenderMarkdown(TrainingSummary(facts, ledger)) +
         TrainingSummaryJson(facts, ledger) + ModelBom(facts, ledger) +
         CroissantDescription(data, ledger, StandingOf(desk.session(), desk.snapshot())).value() +
         OpenLineageEvents(GatherRun(desk.session(), ledger, facts.record.run).value());
}

json Card(DocumentFixture& desk, const std::string& model) {
  const Ledger ledger = ReadLedger(desk.session()).value();
  return json::parse(ModelCardJson(GatherModel(desk.session(), ledger, model).value(), ledger));
}

TEST(Documents, AreTheSameBytesForTheSameWorkspace) {
  DocumentFixture desk;
  const std::string first = AllTexts(desk, "house");
  const core::Digest log = core::HashFile(desk.folder() / "rights.log").value();
  desk.clock().Set(desk.Later());
  desk.Open();
  EXPECT_EQ(AllTexts(desk, "house"), first);
  EXPECT_EQ(core::HashFile(desk.folder() / "rights.log").value(), log)
      << "a document must not add to the log";
}

TEST(Documents, CardHasTheFiguresOfTheRegistry) {
  DocumentFixture desk;
  const json card = Card(desk, "house");
  const platform::ModelRecord record = desk.session().store().GetModel("house").value();
  EXPECT_EQ(card.at("model").at("digest"), record.digest);
  EXPECT_EQ(card.at("model").at("bytes"), record.bytes);
  EXPECT_EQ(card.at("training").at("inputs").at(0).at("decision").at("log_entry"),
            record.permit_sequence);
  const json evaluation = card.at("evaluations").at(0);
  const platform::RunRecord run =
      desk.session().store().GetRun(evaluation.at("run").get<std::string>()).value();
  size_t at = 0;
  for (const platform::RunMetric& metric : run.metrics) {
    if (metric.subject != "house") continue;
    const json& shown = evaluation.at("metrics").at(at++);
    EXPECT_EQ(shown.at("name"), metric.name);
    EXPECT_EQ(shown.at("value"), metric.value);
    if (metric.low) {
      EXPECT_EQ(shown.at("low"), *metric.low);
      EXPECT_EQ(shown.at("high"), *metric.high);
    }
    EXPECT_EQ(shown.at("method"), metric.method);
  }
  EXPECT_GT(at, 0U);
  EXPECT_EQ(evaluation.at("metrics").size(), at) << "and no other";
}

TEST(Documents, CountInteractionsAndRowsLeftOutAsTheTrainingDid) {
  DocumentFixture desk;
  const TrainOutcome again = desk.Train("again");
  const json card = Card(desk, "again");
  EXPECT_EQ(card.at("training").at("interactions"), again.interactions);
  EXPECT_EQ(card.at("training").at("rows_left_out"), again.rows_left_out);
  EXPECT_GT(again.rows_left_out, 0U);
  const json left_out = card.at("training").at("inputs").at(0).at("decision").at("left_out");
  EXPECT_EQ(left_out.at("members"), 1);
  EXPECT_EQ(left_out.at("titles"), 1);
  const json first = Card(desk, "first");
  EXPECT_EQ(first.at("training").at("rows_left_out"), 0);
  EXPECT_EQ(first.at("training").at("interactions"), again.interactions + again.rows_left_out);
}

TEST(Documents, FollowTheLogWhenAModelIsQuarantined) {
  DocumentFixture desk;
  EXPECT_TRUE(Card(desk, "house").at("history").at("quarantines").empty());
  const auto artifact =
      core::Digest::FromHex(desk.session().store().GetModel("house")->digest).value();
  ASSERT_TRUE(desk.session().gate().RecordQuarantine(artifact, "Ana <withdrew>", "desk"));
  const json card = Card(desk, "house");
  EXPECT_EQ(card.at("history").at("quarantines").at(0).at("why"), "Ana <withdrew>");
  const std::string texts = AllTexts(desk, "house");
  EXPECT_THAT(texts, HasSubstr("In quarantine: Ana &lt;withdrew&gt;"));
}

TEST(Documents, FollowTheTermsWhenTheyChange) {
  DocumentFixture desk;
  const auto offer = [&] {
    const Ledger ledger = ReadLedger(desk.session()).value();
    const DataFacts data = GatherSnapshot(desk.session(), ledger, desk.snapshot()).value();
    return json::parse(
               *CroissantDescription(data, ledger, StandingOf(desk.session(), desk.snapshot())))
        .at("usageInfo");
  };
  const auto purposes = [](const json& rules) {
    std::vector<std::string> names;
    for (const json& rule : rules)
      names.push_back(rule.at("odrl:constraint").at(0).at("odrl:rightOperand").at("@id"));
    return names;
  };
  EXPECT_THAT(purposes(offer().at("odrl:permission")),
              testing::ElementsAre("klieg:purpose:recommend", "klieg:purpose:measure",
                                   "klieg:purpose:remove"));
  EXPECT_EQ(offer()
                .at("odrl:permission")
                .at(0)
                .at("odrl:constraint")
                .at(1)
                .at("odrl:rightOperand")
                .at("@value"),
            "2030-01-01T00:00:00.000000Z");
  rights::Terms terms =
      desk.session().gate().TermsOf(core::Digest::FromHex(desk.snapshot()).value()).front();
  terms.purposes = {rights::Purpose::kMeasure};
  terms.expires.reset();
  ASSERT_TRUE(desk.session().gate().RegisterTerms(core::Digest::FromHex(desk.snapshot()).value(),
                                                  terms, "desk"));
  EXPECT_THAT(purposes(offer().at("odrl:permission")),
              testing::ElementsAre("klieg:purpose:measure", "klieg:purpose:remove"));
  EXPECT_EQ(offer().at("odrl:permission").at(0).at("odrl:constraint").size(), 1U);
}

TEST(Documents, SayThatAnEvaluationIsMissing) {
  DocumentFixture desk;
  TrainOptions options;
  options.ranker = "item-knn";
  options.dataset = "films";
  options.model = "unmeasured";
  ASSERT_TRUE(TrainModel(desk.session(), options));
  const Ledger ledger = ReadLedger(desk.session()).value();
  const ModelFacts facts = GatherModel(desk.session(), ledger, "unmeasured").value();
  EXPECT_THAT(RenderMarkdown(ModelCard(facts, ledger)),
              HasSubstr("Missing: no finished evaluation"));
  EXPECT_TRUE(json::parse(ModelBom(facts, ledger))
                  .at("metadata")
                  .at("component")
                  .at("modelCard")
                  .at("quantitativeAnalysis")
                  .at("performanceMetrics")
                  .empty());
}

TEST(Documents, SayThatATrainingSetIsMissing) {
  DocumentFixture desk;
  std::filesystem::remove_all(desk.folder() / "subjects");
  const json card = Card(desk, "house");
  EXPECT_TRUE(card.at("training").at("interactions").is_null());
  const Ledger ledger = ReadLedger(desk.session()).value();
  const ModelFacts facts = GatherModel(desk.session(), ledger, "house").value();
  EXPECT_THAT(RenderMarkdown(ModelCard(facts, ledger)), HasSubstr("missing: "));
}

TEST(Documents, EscapeNamesInEveryFormat) {
  DocumentFixture desk;
  const Ledger ledger = ReadLedger(desk.session()).value();
  const ModelFacts facts = GatherModel(desk.session(), ledger, "house").value();
  const std::string html = RenderHtml(ModelCard(facts, ledger));
  EXPECT_THAT(html, HasSubstr("Studio &lt;A&gt; &amp; &#39;B&#39;"));
  EXPECT_THAT(html, Not(HasSubstr("<A>")));
  EXPECT_THAT(html, HasSubstr("The &lt;i&gt;Heist&lt;/i&gt; &amp; After"));
  const std::string markdown = RenderMarkdown(ModelCard(facts, ledger));
  EXPECT_THAT(markdown, HasSubstr("Studio &lt;A&gt; &amp; &#39;B&#39; \\| \\[c\\](d)"));
  EXPECT_THAT(markdown, Not(HasSubstr("<A>")));
  const json bom = json::parse(ModelBom(facts, ledger));
  EXPECT_EQ(bom.at("components")
                .at(0)
                .at("data")
                .at(0)
                .at("governance")
                .at("owners")
                .at(0)
                .at("organization")
                .at("name"),
            DocumentFixture::kOwner);
}

TEST(Documents, OpenLineageTellsOnWhosePermissionAnInputWasRead) {
  DocumentFixture desk;
  const Ledger ledger = ReadLedger(desk.session()).value();
  const platform::ModelRecord model = desk.session().store().GetModel("house").value();
  const std::string lines = OpenLineageEvents(GatherRun(desk.session(), ledger, model.run).value());
  const size_t end = lines.find('\n');
  const json start = json::parse(lines.substr(0, end));
  const json complete = json::parse(lines.substr(end + 1));
  EXPECT_EQ(start.at("eventType"), "START");
  EXPECT_EQ(complete.at("eventType"), "COMPLETE");
  EXPECT_EQ(start.at("run").at("runId"), complete.at("run").at("runId"));
  const json consent = complete.at("inputs").at(0).at("inputFacets").at("klieg_consent");
  EXPECT_EQ(consent.at("purpose"), "recommend");
  EXPECT_EQ(consent.at("logEntry"), model.permit_sequence);
  EXPECT_EQ(consent.at("leftOut").at("members"), 1);
  EXPECT_EQ(consent.at("leftOut").at("rows"),
            Card(desk, "house").at("training").at("rows_left_out"));
  EXPECT_EQ(consent.at("terms").at(0).at("owner"), DocumentFixture::kOwner);
  EXPECT_EQ(complete.at("outputs").at(0).at("name"), "model/house");
}

TEST(Documents, UnknownNamesAreErrorsThatSayWhatThereIs) {
  DocumentFixture desk;
  const Ledger ledger = ReadLedger(desk.session()).value();
  EXPECT_THAT(GatherModel(desk.session(), ledger, "nobody").error().message, HasSubstr("house"));
  EXPECT_THAT(GatherDataset(desk.session(), ledger, "nothing").error().message, HasSubstr("films"));
  EXPECT_EQ(GatherRun(desk.session(), ledger, "1999").error().code, core::ErrorCode::kNotFound);
  EXPECT_TRUE(GatherDataset(desk.session(), ledger, desk.snapshot().substr(0, 10)));
}

TEST(Ledger, AnEntryThatCannotBeReadIsNamed) {
  Ledger ledger;
  rights::LogEntry entry;
  entry.sequence = 7;
  entry.kind = "decision";
  for (const char* body : {"{}", "[]", "not json", R"({"decision":1})",
                           R"({"action":"use","actor":"a","decision":"permit","rows":{}})"}) {
    entry.body = body;
    const core::Status status = LearnEntry(entry, ledger);
    ASSERT_FALSE(status) << body;
    EXPECT_EQ(status.error().code, core::ErrorCode::kCorrupt);
    EXPECT_THAT(status.error().message, HasSubstr("log entry 7"));
  }
  entry.kind = "a-kind-of-later";
  EXPECT_TRUE(LearnEntry(entry, ledger)) << "its body is JSON or not: nobody reads it";
}

TEST(DocumentText, MarkdownSaysWhatTheTextSays) {
  EXPECT_EQ(EscapeMarkdown("a|b"), "a\\|b");
  EXPECT_EQ(EscapeMarkdown("line\nnext\r\n"), "line next  ");
  EXPECT_EQ(EscapeMarkdown("# not a heading"), "\\# not a heading");
  EXPECT_EQ(EscapeMarkdown("- not a list"), "\\- not a list");
  EXPECT_EQ(EscapeMarkdown("12. not a list"), "12\\. not a list");
  EXPECT_EQ(EscapeMarkdown("0.298"), "0.298");
  EXPECT_EQ(EscapeMarkdown("<b>&'\""), "&lt;b&gt;&amp;&#39;&quot;");
  EXPECT_EQ(EscapeMarkdown("\xff"), "\xEF\xBF\xBD");
  EXPECT_EQ(MarkdownCode("a`b|c"), "`` a`b\\|c ``");
  EXPECT_EQ(MarkdownCode(""), "`  `");
}

TEST(DocumentText, UuidsDependOnTheNameAlone) {
  EXPECT_EQ(UuidOf("a"), UuidOf("a"));
  EXPECT_NE(UuidOf("a"), UuidOf("b"));
  EXPECT_THAT(
      UuidOf("a"),
      testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
}

TEST(DocumentText, DatesAreWritten) {
  const core::Timestamp time = core::ParseTimestamp("2026-12-01T09:05:59.5Z").value();
  EXPECT_EQ(DateText(time), "1 December 2026");
  EXPECT_EQ(DateTimeText(time), "1 December 2026, 09:05 UTC");
}

}  // namespace
}  // namespace klieg::flows
