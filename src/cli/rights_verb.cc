#include "cli/rights_verb.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace klieg::cli {

void PrintEntry(const Invocation& call, const rights::LogEntry& entry, const std::string& words) {
  if (call.json) {
    const nlohmann::json object = {{"entry", entry.sequence},
                                   {"kind", entry.kind},
                                   {"time", core::FormatTimestamp(entry.time)},
                                   {"body", nlohmann::json::parse(entry.body, nullptr, false)}};
    fmt::print("{}\n", object.dump(1));
    return;
  }
  fmt::print("{} (log entry {})\n", words, entry.sequence);
}

void AddRights(CLI::App& app, Invocation& invocation) {
  CLI::App* rights = app.add_subcommand(
      "rights", "Parties, works, consents, obligations, withdrawals: who agreed to what");
  rights->require_subcommand(1);
  rights->footer(
      "example: klieg rights party add ada --name 'Ada Writer' --role writer\n"
      "         klieg rights work add heist --kind screenplay --title 'The Heist' --holder "
      "ada=author --authorship human\n"
      "         klieg rights grant grant.toml");
  AddRightsRecords(*rights, invocation);
  AddRightsDecisions(*rights, invocation);
  AddRightsShow(*rights, invocation);
  AddRightsWithdraw(*rights, invocation);
  AddRightsSignal(*rights, invocation);
}

}  // namespace klieg::cli
