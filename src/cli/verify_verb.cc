#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/verb.h"
#include "flows/verify_flow.h"

namespace klieg::cli {

void AddVerify(CLI::App& app, Invocation& invocation) {
  CLI::App* verb =
      AddVerb(app, invocation, "verify",
              "Check log, snapshots, models and artifacts against their digests", "klieg verify");
  AddJson(*verb, invocation);
  verb->callback([&invocation] {
    invocation.action = [](Invocation& call) -> core::Status {
      KLIEG_ASSIGN(const auto session, call.OpenSession());
      KLIEG_ASSIGN(const std::vector<flows::Finding> findings, flows::VerifyWorkspace(*session));
      nlohmann::json list = nlohmann::json::array();
      for (const flows::Finding& one : findings) {
        list.push_back({{"what", one.what}, {"sound", one.sound}, {"detail", one.detail}});
        if (!call.json)
          fmt::print("{:5}  {}: {}\n", one.sound ? "sound" : "BAD", one.what, one.detail);
      }
      if (call.json) fmt::print("{}\n", list.dump(1));
      const auto bad = std::ranges::count(findings, false, &flows::Finding::sound);
      if (bad == 0) return {};
      // Printed already: the error only carries the exit status.
      call.json = false;
      return core::Fail(core::ErrorCode::kCorrupt, "{} of {} checks failed", bad, findings.size());
    };
  });
}

}  // namespace klieg::cli
