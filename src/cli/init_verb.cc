#include <fmt/format.h>

#include "cli/verb.h"
#include "platform/workspace.h"

namespace klieg::cli {

void AddInit(CLI::App& app, Invocation& invocation) {
  struct Options {
    std::string folder;
  };
  auto options = std::make_shared<Options>();
  CLI::App* verb = AddVerb(app, invocation, "init", "Make a workspace", "klieg init films");
  verb->add_option("DIR", options->folder, "Folder to make it in")->required();
  verb->callback([&invocation, options] {
    invocation.action = [options](Invocation& call) -> core::Status {
      KLIEG_ASSIGN(const platform::Workspace made, platform::Workspace::Init(options->folder));
      KLIEG_ASSIGN(const auto session, flows::Session::Open(made, 1, call.clock, call.progress()));
      fmt::print(
          "workspace {} is ready\nnext: cd {} && klieg import interactions FILE --dataset NAME "
          "--terms FILE\n",
          options->folder, options->folder);
      return {};
    };
  });
}

}  // namespace klieg::cli
