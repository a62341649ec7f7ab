// write_documents FOLDER: every kind of document of the workspace of document_fixture.h, for validators and browsers.
#include <fmt/format.h>

#include <cstdio>

#include "flows/document_card.h"
#include "flows/document_croissant.h"
#include "flows/document_fixture.h"
#include "flows/document_mlbom.h"
#include "flows/document_openlineage.h"
#include "flows/document_summary.h"
#include "flows/used_page.h"

namespace klieg::flows {
namespace {

core::Status WriteAll(DocumentFixture& desk, const std::filesystem::path& folder) {
  const auto write = [&](const std::string& name, const std::string& text) {
    return core::WriteFileAtomically(folder / name, text);
  };
  Session& session = desk.session();
  KLIEG_TRY(core::MakeFolder(folder));
  TrainOptions failing;
  failing.ranker = "popularity";
  failing.dataset = "films";
  failing.model = "no/such name";
  if (TrainModel(session, failing)) fmt::print(stderr, "a model got a name that is not allowed\n");
  KLIEG_ASSIGN(const Ledger ledger, ReadLedger(session));
  for (const char* name : {"first", "house"}) {
    KLIEG_ASSIGN(const ModelFacts facts, GatherModel(session, ledger, name));
    const std::string stem = name;
    KLIEG_TRY(write(stem + ".cdx.json", ModelBom(facts, ledger)));
    KLIEG_TRY(write(stem + ".card.md", RenderMarkdown(ModelCard(facts, ledger))));
    KLIEG_TRY(write(stem + ".card.html", RenderHtml(ModelCard(facts, ledger))));
    KLIEG_TRY(write(stem + ".summary.html", RenderHtml(TrainingSummary(facts, ledger))));
  }
  KLIEG_ASSIGN(const DataFacts data, GatherDataset(session, ledger, "films"));
  KLIEG_ASSIGN(const std::string croissant,
               CroissantDescription(data, ledger, StandingOf(session, data.snapshot)));
  KLIEG_TRY(write("films.croissant.json", croissant));
  KLIEG_ASSIGN(const std::vector<platform::RunRecord> runs, session.store().ListRuns());
  for (const platform::RunRecord& run : runs) {
    KLIEG_ASSIGN(const RunFacts facts, GatherRun(session, ledger, run.id));
    KLIEG_TRY(write(run.spec.kind + "-" + run.id + ".ndjson", OpenLineageEvents(facts)));
  }
  for (const char* party : {"ana", "bo"}) {
    KLIEG_ASSIGN(const UsedReport report, HowUsed(session, party));
    KLIEG_TRY(write(std::string("used-") + party + ".html", UsedPageHtml(report)));
  }
  KLIEG_ASSIGN(const UsedReport member, HowUsedMember(session, "films/m3"));
  return write("used-member.html", UsedPageHtml(member));
}

}  // namespace
}  // namespace klieg::flows

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: write_documents FOLDER\n");
    return 2;
  }
  klieg::flows::DocumentFixture desk;
  const auto written = klieg::flows::WriteAll(desk, argv[1]);
  if (written) return 0;
  fmt::print(stderr, "{}\n", written.error().message);
  return 1;
}
