#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/verb.h"
#include "flows/report_flow.h"

namespace klieg::cli {

void AddReport(CLI::App& app, Invocation& invocation) {
  struct Options {
    flows::ReportRequest request;
    std::string output;
  };
  auto options = std::make_shared<Options>();
  CLI::App* verb = AddVerb(app, invocation, "report",
                           "Write one HTML page: leaderboard, costs, examples, sources",
                           "klieg report --output films.html");
  AddJson(*verb, invocation);
  verb->add_option("--output", options->output,
                   "File to write (default: report.html in the workspace)");
  verb->add_option("--dataset", options->request.dataset, "Only this dataset");
  verb->add_option("--model", options->request.model,
                   "Model whose recommendations are shown (default: the newest)");
  verb->add_option("--member", options->request.members,
                   "Member to show (repeatable; default: three are chosen)")
      ->take_all();
  verb->callback([&invocation, options] {
    invocation.action = [options](Invocation& call) -> core::Status {
      options->request.output = options->output;
      KLIEG_ASSIGN(const auto session, call.OpenSession());
      KLIEG_ASSIGN(const flows::ReportOutcome outcome,
                   flows::WriteReport(*session, options->request));
      if (call.json) {
        const nlohmann::json object = {{"path", outcome.path.string()},
                                       {"run", outcome.run},
                                       {"evaluations", outcome.evaluations},
                                       {"members", outcome.members}};
        fmt::print("{}\n", object.dump(1));
      } else {
        fmt::print("report: {} ({} evaluations, {} example members)\n", outcome.path.string(),
                   outcome.evaluations, outcome.members);
      }
      return {};
    };
  });
}

}  // namespace klieg::cli
