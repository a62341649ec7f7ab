#include <fmt/format.h>

#include <cstdio>

#include "cli/verb.h"
#include "core/file.h"
#include "flows/document_card.h"
#include "flows/document_croissant.h"
#include "flows/document_mlbom.h"
#include "flows/document_openlineage.h"
#include "flows/document_summary.h"

namespace klieg::cli {
namespace {

struct Options {
  std::string subject;  ///< A model, dataset or run.
  std::string output;
  std::string format;
};

/// Makes the text of one document.
using Maker =
    std::function<core::Result<std::string>(flows::Session&, const flows::Ledger&, const Options&)>;

core::Status Write(const Options& options, const std::string& text) {
  if (options.output.empty()) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return {};
  }
  KLIEG_TRY(core::WriteFileAtomically(options.output, text));
  fmt::print(stderr, "wrote {} ({} bytes)\n", options.output, text.size());
  return {};
}

/// What --format says, else what the ending of the output file says, else the first choice.
std::string FormatOf(const Options& options, const std::vector<std::string>& choices) {
  if (!options.format.empty()) return options.format;
  for (const std::string& choice : choices) {
    if (options.output.ends_with("." + choice)) return choice;
  }
  return choices.front();
}

struct Document {
  std::string name;
  std::string subject;
  std::string description;
  std::string example;
  std::vector<std::string> formats;
  Maker make;
};

void AddDocument(CLI::App& parent, Invocation& invocation, const Document& document) {
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      AddVerb(parent, invocation, document.name, document.description, document.example);
  verb->add_option(document.subject, options->subject)->required();
  verb->add_option("-o,--output", options->output, "File to write (default: standard output)");
  if (document.formats.size() > 1) {
    verb->add_option("--format", options->format,
                     fmt::format("{} (default: by the ending of the file, else {})",
                                 fmt::join(document.formats, ", "), document.formats.front()))
        ->check(CLI::IsMember(document.formats));
  }
  verb->callback([&invocation, options, document] {
    invocation.action = [options, document](Invocation& call) -> core::Status {
      KLIEG_ASSIGN(const auto session, call.OpenSession());
      KLIEG_ASSIGN(const flows::Ledger ledger, flows::ReadLedger(*session));
      options->format = FormatOf(*options, document.formats);
      KLIEG_ASSIGN(const std::string text, document.make(*session, ledger, *options));
      return Write(*options, text);
    };
  });
}

std::string Rendered(const flows::Outline& outline, const std::string& format) {
  return format == "html" ? flows::RenderHtml(outline) : flows::RenderMarkdown(outline);
}

core::Result<std::string> Card(flows::Session& session, const flows::Ledger& ledger,
                               const Options& options) {
  KLIEG_ASSIGN(const flows::ModelFacts facts, flows::GatherModel(session, ledger, options.subject));
  if (options.format == "json") return flows::ModelCardJson(facts, ledger);
  return Rendered(flows::ModelCard(facts, ledger), options.format);
}

core::Result<std::string> Summary(flows::Session& session, const flows::Ledger& ledger,
                                  const Options& options) {
  KLIEG_ASSIGN(const flows::ModelFacts facts, flows::GatherModel(session, ledger, options.subject));
  if (options.format == "json") return flows::TrainingSummaryJson(facts, ledger);
  return Rendered(flows::TrainingSummary(facts, ledger), options.format);
}

core::Result<std::string> Croissant(flows::Session& session, const flows::Ledger& ledger,
                                    const Options& options) {
  KLIEG_ASSIGN(const flows::DataFacts data, flows::GatherDataset(session, ledger, options.subject));
  return flows::CroissantDescription(data, ledger, flows::StandingOf(session, data.snapshot));
}

core::Result<std::string> MlBom(flows::Session& session, const flows::Ledger& ledger,
                                const Options& options) {
  KLIEG_ASSIGN(const flows::ModelFacts facts, flows::GatherModel(session, ledger, options.subject));
  return flows::ModelBom(facts, ledger);
}

core::Result<std::string> OpenLineage(flows::Session& session, const flows::Ledger& ledger,
                                      const Options& options) {
  KLIEG_ASSIGN(const flows::RunFacts facts, flows::GatherRun(session, ledger, options.subject));
  return flows::OpenLineageEvents(facts);
}

}  // namespace

void AddExport(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand(
      "export", "Write a document about a model, dataset or run: generated, never typed");
  verb->footer("example: klieg export card house -o house.html");
  verb->require_subcommand(1);
  AddDocument(*verb, invocation,
              {"card",
               "MODEL",
               "Model card: origin, terms, figures, removals",
               "klieg export card house@1 -o house.html",
               {"md", "html", "json"},
               Card});
  AddDocument(
      *verb, invocation,
      {"croissant",
       "DATASET",
       "Croissant 1.1 description with the conditions of use as ODRL (NAME:titles for titles)",
       "klieg export croissant films -o films.json",
       {"json"},
       Croissant});
  AddDocument(*verb, invocation,
              {"mlbom",
               "MODEL",
               "CycloneDX 1.6 bill of materials of a model and its data",
               "klieg export mlbom house -o house.cdx.json",
               {"json"},
               MlBom});
  AddDocument(*verb, invocation,
              {"openlineage",
               "RUN",
               "OpenLineage 2-0-2 events of a run, with consent facets",
               "klieg export openlineage 20260301-093000-1f3a -o run.ndjson",
               {"json"},
               OpenLineage});
  AddDocument(*verb, invocation,
              {"summary",
               "MODEL",
               "Summary of training content in the shape of the EU template, as a courtesy",
               "klieg export summary house -o summary.md",
               {"md", "html", "json"},
               Summary});
}

}  // namespace klieg::cli
