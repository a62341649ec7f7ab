// klieg rights ask | met | adopt | head
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/rights_verb.h"
#include "core/file.h"
#include "rights/tree_head.h"

namespace klieg::cli {
namespace {

struct AskOptions {
  std::string work;
  std::string purpose;
  std::string action = "use";
  std::string project;
  std::string reason = "asked at the command line";
  std::vector<std::string> declared;
};

core::Status Ask(Invocation& call, const AskOptions& options) {
  rights::WorkRequest request;
  request.work = options.work;
  request.reason = options.reason;
  request.use.project = options.project;
  KLIEG_ASSIGN(request.use.purpose, rights::ParsePurpose(options.purpose));
  KLIEG_ASSIGN(const uint8_t action,
               rights::ParseAttributeValue(rights::Attribute::kAction, options.action));
  request.use.action = static_cast<rights::Action>(action);
  KLIEG_ASSIGN(const auto declared, ParseSettings(options.declared));
  for (const auto& [name, value] : declared) {
    KLIEG_ASSIGN(const rights::Attribute attribute, rights::ParseAttribute(name));
    KLIEG_TRY(request.use.declared.Set(attribute, value));
  }
  KLIEG_ASSIGN(const auto session, call.OpenSession());
  request.actor = session->actor();
  KLIEG_ASSIGN(const rights::LogEntry entry, session->gate().AskWork(request));
  std::string clauses;
  const nlohmann::json body = nlohmann::json::parse(entry.body, nullptr, false);
  if (body.contains("clauses")) {
    for (const auto& clause : body["clauses"])
      clauses += (clauses.empty() ? "" : ", ") + clause.get<std::string>();
  }
  PrintEntry(call, entry,
             fmt::format("permitted: '{}' of work {}{} by {}", options.purpose, options.work,
                         options.project.empty() ? "" : " in project " + options.project, clauses));
  return {};
}

core::Status Met(Invocation& call, const std::string& id, const std::string& evidence) {
  KLIEG_ASSIGN(const auto session, call.OpenSession());
  KLIEG_ASSIGN(const rights::LogEntry entry,
               session->gate().MeetObligation(id, evidence, session->actor()));
  PrintEntry(call, entry, fmt::format("obligation {} is met", id));
  return {};
}

core::Status Adopt(Invocation& call, const std::string& file) {
  const auto shipped = rights::ShippedPackText(file);
  std::string text;
  if (shipped) {
    text = *shipped;
  } else {
    KLIEG_ASSIGN(text, core::ReadFile(file, uint64_t{1} << 20));
  }
  KLIEG_ASSIGN(const auto session, call.OpenSession());
  KLIEG_ASSIGN(const rights::LogEntry entry, session->gate().AdoptPack(text, session->actor()));
  const nlohmann::json body = nlohmann::json::parse(entry.body, nullptr, false);
  PrintEntry(
      call, entry,
      fmt::format("pack {} {} is in force", body.value("name", ""), body.value("version", "")));
  return {};
}

core::Status Head(Invocation& call, const std::string& output) {
  KLIEG_ASSIGN(const auto session, call.OpenSession());
  KLIEG_ASSIGN(const rights::TreeHead head, session->gate().SignHead());
  const std::string text = rights::CanonicalText(head);
  if (!output.empty()) KLIEG_TRY(core::WriteFileAtomically(output, text + "\n"));
  if (call.json || output.empty()) {
    fmt::print("{}\n", text);
  } else {
    fmt::print(
        "head of {} entries, root {}, key {}: {}\npublish it where the studio cannot change it\n",
        head.tree_size, head.root.Short(), head.public_key.Hex().substr(0, 12), output);
  }
  return {};
}

}  // namespace

void AddRightsDecisions(CLI::App& rights, Invocation& invocation) {
  auto ask_options = std::make_shared<AskOptions>();
  CLI::App* ask =
      AddVerb(rights, invocation, "ask", "Ask the gate about one work, before anything is made",
              "klieg rights ask --work face --purpose create-replica --project heist "
              "--declare replica=employment-based");
  AddJson(*ask, invocation);
  ask->add_option("--work", ask_options->work, "The work")->required();
  ask->add_option("--purpose", ask_options->purpose, "What for (docs/reference/purposes.md)")
      ->required();
  ask->add_option("--action", ask_options->action, "What is done (docs/reference/facts.md)");
  ask->add_option("--project", ask_options->project, "Name of the production");
  ask->add_option("--declare", ask_options->declared,
                  "A fact that you state, as in notice=at-least-48h (repeatable)");
  ask->add_option("--reason", ask_options->reason, "Why you ask; goes to the log");
  ask->callback([&invocation, ask_options] {
    invocation.action = [ask_options](Invocation& call) { return Ask(call, *ask_options); };
  });

  auto obligation = std::make_shared<std::pair<std::string, std::string>>();
  CLI::App* met = AddVerb(rights, invocation, "met", "Record that an obligation has been met",
                          "klieg rights met o-0123456789abcdef --evidence 'payslip 2026-11'");
  AddJson(*met, invocation);
  met->add_option("OBLIGATION", obligation->first, "Id (klieg rights show obligations)")
      ->required();
  met->add_option("--evidence", obligation->second, "What shows it, in words or as a SHA-256")
      ->required();
  met->callback([&invocation, obligation] {
    invocation.action = [obligation](Invocation& call) {
      return Met(call, obligation->first, obligation->second);
    };
  });

  auto pack = std::make_shared<std::string>();
  CLI::App* adopt = AddVerb(rights, invocation, "adopt",
                            "Put a pack in force: an optional shipped one, or your own",
                            "klieg rights adopt netflix-productions");
  AddJson(*adopt, invocation);
  adopt->add_option("PACK", *pack, "Name of a shipped pack, or a file")->required();
  adopt->callback([&invocation, pack] {
    invocation.action = [pack](Invocation& call) { return Adopt(call, *pack); };
  });

  auto output = std::make_shared<std::string>();
  CLI::App* head = AddVerb(rights, invocation, "head", "Sign the log as it is, for publication",
                           "klieg rights head -o head.json");
  AddJson(*head, invocation);
  head->add_option("-o,--output", *output, "File for the signed head");
  head->callback([&invocation, output] {
    invocation.action = [output](Invocation& call) { return Head(call, *output); };
  });
}

}  // namespace klieg::cli
