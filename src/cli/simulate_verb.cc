#include <fmt/format.h>

#include "cli/verb.h"
#include "personalize/simulated_service.h"

namespace klieg::cli {

void AddSimulate(CLI::App& app, Invocation& invocation) {
  struct Options {
    std::string folder;
    personalize::SimulationOptions simulation;
  };
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      AddVerb(app, invocation, "simulate",
              "Make the files of a small service with planted tastes, to try things on",
              "klieg simulate made-up --members 800 --titles 1200 --seed 1");
  verb->add_option("DIR", options->folder, "Folder for interactions.csv and titles.csv")
      ->required();
  verb->add_option("--members", options->simulation.members, "Members");
  verb->add_option("--titles", options->simulation.titles, "Titles");
  verb->add_option("--tastes", options->simulation.tastes, "Groups of titles that go together");
  verb->add_option("--seed", options->simulation.seed, "Seed: the same gives the same files");
  verb->callback([&invocation, options] {
    invocation.action = [options](Invocation&) -> core::Status {
      KLIEG_ASSIGN(const personalize::SimulatedService service,
                   personalize::Simulate(options->simulation));
      KLIEG_TRY(personalize::WriteSimulatedService(service, options->folder));
      fmt::print("{}: {} members, {} titles, {} interactions of an invented service\n",
                 options->folder, service.members.size(), service.titles.size(),
                 service.interactions.size());
      return {};
    };
  });
}

}  // namespace klieg::cli
