#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/verb.h"
#include "flows/verify_flow.h"
#include "flows/verify_model_flow.h"

namespace klieg::cli {
namespace {

using Findings = core::Result<std::vector<flows::Finding>>;

core::Status Print(Invocation& call, const std::vector<flows::Finding>& findings) {
  nlohmann::json list = nlohmann::json::array();
  for (const flows::Finding& one : findings) {
    list.push_back({{"what", one.what}, {"sound", one.sound}, {"detail", one.detail}});
    if (!call.json) fmt::print("{:5}  {}: {}\n", one.sound ? "sound" : "BAD", one.what, one.detail);
  }
  if (call.json) fmt::print("{}\n", list.dump(1));
  const auto bad = std::ranges::count(findings, false, &flows::Finding::sound);
  if (bad == 0) return {};
  // Printed already: the error only carries the exit status.
  call.json = false;
  return core::Fail(core::ErrorCode::kCorrupt, "{} of {} checks failed", bad, findings.size());
}

core::Status VerifyAll(Invocation& call) {
  KLIEG_ASSIGN(const auto session, call.OpenSession());
  KLIEG_ASSIGN(const std::vector<flows::Finding> findings, flows::VerifyWorkspace(*session));
  return Print(call, findings);
}

/// A session needs a sound log; the log alone is looked at without one.
core::Status VerifyLog(Invocation& call) {
  KLIEG_ASSIGN(const platform::Workspace workspace, call.FindWorkspace());
  return Print(call, flows::VerifyLogAndHeads(workspace));
}

void AddModelCheck(CLI::App& verb, Invocation& invocation, const std::string& name,
                   const std::string& description,
                   Findings (*check)(flows::Session&, const std::string&)) {
  auto model = std::make_shared<std::string>();
  CLI::App* one = AddVerb(verb, invocation, name, description, "klieg verify " + name + " house");
  AddJson(*one, invocation);
  one->add_option("MODEL", *model, "Model: name or name@version")->required();
  one->callback([&invocation, model, check] {
    invocation.action = [model, check](Invocation& call) -> core::Status {
      KLIEG_ASSIGN(const auto session, call.OpenSession());
      KLIEG_ASSIGN(const std::vector<flows::Finding> findings, check(*session, *model));
      return Print(call, findings);
    };
  });
}

}  // namespace

void AddVerify(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = AddVerb(
      app, invocation, "verify",
      "Check log, snapshots, models and artifacts against their digests; or make a model again",
      "klieg verify; klieg verify log; klieg verify model house; klieg verify removal house");
  AddJson(*verb, invocation);
  verb->require_subcommand(0, 1);
  CLI::App* log =
      AddVerb(*verb, invocation, "log", "The log alone: every hash, and every head that was signed",
              "klieg verify log");
  AddJson(*log, invocation);
  AddModelCheck(*verb, invocation, "model",
                "Train a model again from what the log says of it: same bytes?",
                flows::VerifyModel);
  AddModelCheck(*verb, invocation, "removal",
                "Compare a model that came by removal with training from scratch",
                flows::VerifyRemoval);
  log->callback([&invocation] { invocation.action = VerifyLog; });
  verb->callback([&invocation] {
    if (!invocation.action) invocation.action = VerifyAll;
  });
}

}  // namespace klieg::cli
