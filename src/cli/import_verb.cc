#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/verb.h"
#include "core/memory.h"
#include "flows/import_flow.h"

namespace klieg::cli {
namespace {

struct Options {
  std::string kind;
  std::vector<std::string> files;
  std::string format = "auto";
  std::string terms;
  flows::ImportOptions import;
};

void PrintJson(const flows::ImportOutcome& outcome) {
  const data::ImportReport& report = outcome.report;
  const nlohmann::json object = {{"dataset", outcome.dataset.name},
                                 {"version", outcome.dataset.version},
                                 {"kind", outcome.dataset.kind},
                                 {"snapshot", report.snapshot.Hex()},
                                 {"rows_read", report.rows_read},
                                 {"rows_kept", report.rows_kept},
                                 {"rows_rejected", report.rows_rejected},
                                 {"rejected_by_reason", report.rejected_by_reason},
                                 {"rejected_file", report.rejected_file.string()},
                                 {"already_present", report.already_present},
                                 {"bytes", report.bytes},
                                 {"columns", report.columns},
                                 {"run", outcome.run}};
  fmt::print("{}\n", object.dump(1));
}

void PrintWords(const flows::ImportOutcome& outcome) {
  const data::ImportReport& report = outcome.report;
  fmt::print("{} {}@{}: {} rows read = {} kept + {} rejected\n", outcome.dataset.kind,
             outcome.dataset.name, outcome.dataset.version, report.rows_read, report.rows_kept,
             report.rows_rejected);
  for (const auto& [reason, count] : report.rejected_by_reason)
    fmt::print("  {} rejected: {}\n", count, reason);
  if (report.rows_rejected > 0) fmt::print("  see {}\n", report.rejected_file.string());
  fmt::print("snapshot {} ({}{})\n", report.snapshot.Short(), core::FormatBytes(report.bytes),
             report.already_present ? ", was already there" : "");
}

core::Status Import(Invocation& call, Options& options) {
  options.import.terms_file = options.terms;
  options.import.request.kind =
      options.kind == "titles" ? data::TableKind::kTitles : data::TableKind::kInteractions;
  options.import.request.files.assign(options.files.begin(), options.files.end());
  KLIEG_ASSIGN(options.import.request.format, data::ParseFileFormat(options.format));
  options.import.request.threads = call.threads;
  KLIEG_ASSIGN(const auto session, call.OpenSession());
  KLIEG_ASSIGN(const flows::ImportOutcome outcome, flows::ImportDataset(*session, options.import));
  call.json ? PrintJson(outcome) : PrintWords(outcome);
  return {};
}

}  // namespace

void AddImport(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      AddVerb(app, invocation, "import", "Read files into an immutable snapshot, under terms",
              "klieg import interactions ratings.csv --dataset films --terms terms.toml --member "
              "userId --title movieId");
  AddJson(*verb, invocation);
  verb->add_option("KIND", options->kind, "interactions or titles")
      ->required()
      ->check(CLI::IsMember({"interactions", "titles"}));
  verb->add_option("FILE", options->files, "Files, or a MovieLens folder")->required();
  verb->add_option("--dataset", options->import.dataset, "Name of the dataset")->required();
  verb->add_option("--terms", options->terms,
                   "Terms of use: owner, licence, purposes, expiry (examples/terms/)")
      ->required();
  verb->add_option("--format", options->format,
                   "auto, csv, tsv, movielens, parquet, jsonl or adjacency");
  verb->add_option(
      "--family", options->import.family,
      "Family of the ids of members and titles, so that films/42 is one of them in every "
      "dataset of the family (default: the dataset's name)");
  verb->add_option("--work", options->import.works,
                   "Work that every row belongs to, by its id in klieg rights (repeatable)");
  data::ColumnNames& columns = options->import.request.columns;
  verb->add_option("--member", columns.member, "Column that names the member");
  verb->add_option("--title", columns.title, "Column that names the title");
  verb->add_option("--time", columns.time, "Column with the time");
  verb->add_option("--value", columns.value, "Column with the value (a rating, minutes watched)");
  verb->callback([&invocation, options] {
    invocation.action = [options](Invocation& call) { return Import(call, *options); };
  });
}

}  // namespace klieg::cli
