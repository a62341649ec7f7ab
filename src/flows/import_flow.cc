#include "flows/import_flow.h"

#include <nlohmann/json.hpp>

namespace klieg::flows {
namespace {

using nlohmann::json;

std::string KindName(data::TableKind kind) {
  return kind == data::TableKind::kTitles ? "titles" : "interactions";
}

json FileNames(const data::ImportRequest& request) {
  json files = json::array();
  for (const std::filesystem::path& file : request.files) files.push_back(file.string());
  return files;
}

core::Result<ImportOutcome> ImportIntoRun(Session& session, platform::Run& run,
                                          const ImportOptions& options,
                                          const rights::Terms& terms) {
  ImportOutcome outcome;
  outcome.run = run.id();
  KLIEG_ASSIGN(outcome.report, ImportUnderTerms(session, options.request, terms));
  KLIEG_TRY(session.gate().RegisterAttribution(
      outcome.report.snapshot, options.family.empty() ? options.dataset : options.family,
      options.works, session.actor()));
  KLIEG_TRY(run.AddArtifact(
      {.name = "snapshot",
       .path = (std::filesystem::path("snapshots") / outcome.report.snapshot.Hex()).string(),
       .digest = outcome.report.snapshot.Hex()}));
  KLIEG_TRY(run.AddMetrics({{.subject = {},
                             .name = "rows_read",
                             .value = static_cast<double>(outcome.report.rows_read),
                             .low = {},
                             .high = {},
                             .method = "count"},
                            {.subject = {},
                             .name = "rows_kept",
                             .value = static_cast<double>(outcome.report.rows_kept),
                             .low = {},
                             .high = {},
                             .method = "count"},
                            {.subject = {},
                             .name = "rows_rejected",
                             .value = static_cast<double>(outcome.report.rows_rejected),
                             .low = {},
                             .high = {},
                             .method = "count"}}));
  const std::string kind = KindName(options.request.kind);
  const std::string terms_digest = rights::TermsDigest(terms).Hex();
  const auto current = session.store().GetDataset(options.dataset, kind);
  if (current && current->snapshot == outcome.report.snapshot.Hex() &&
      current->terms == terms_digest) {
    outcome.dataset = *current;
    return outcome;
  }
  KLIEG_ASSIGN(outcome.dataset,
               session.store().AddDataset({.name = options.dataset,
                                           .kind = kind,
                                           .version = 0,
                                           .snapshot = outcome.report.snapshot.Hex(),
                                           .terms = terms_digest,
                                           .run = run.id(),
                                           .created = {}}));
  return outcome;
}

}  // namespace

core::Result<data::ImportReport> ImportUnderTerms(Session& session,
                                                  const data::ImportRequest& request,
                                                  const rights::Terms& terms) {
  KLIEG_TRY(session.gate().AskImport(session.actor(), FileNames(request).dump(), terms));
  KLIEG_ASSIGN(const data::ImportReport report,
               data::Import(session.snapshots(), request, session.progress()));
  KLIEG_TRY(session.gate().RegisterTerms(report.snapshot, terms, session.actor()));
  return report;
}

core::Result<ImportOutcome> ImportDataset(Session& session, const ImportOptions& options) {
  KLIEG_ASSIGN(const rights::Terms terms, rights::ReadTerms(options.terms_file));
  const std::string kind = KindName(options.request.kind);
  const json parameters = {{"dataset", options.dataset},
                           {"files", FileNames(options.request)},
                           {"terms", rights::TermsDigest(terms).Hex()}};
  KLIEG_ASSIGN(
      platform::Run run,
      session.store().StartRun({.kind = "import",
                                .name = fmt::format("import {} as {}", kind, options.dataset),
                                .command = session.command(),
                                .parameters = parameters.dump(),
                                .seed = 0,
                                .repeats = {}}));
  auto outcome = ImportIntoRun(session, run, options, terms);
  if (!outcome) return run.Fail(outcome.error());
  KLIEG_TRY(run.Finish());
  return outcome;
}

}  // namespace klieg::flows
