#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/verb.h"
#include "core/memory.h"

namespace klieg::cli {
namespace {

core::Status ListModels(Invocation& call) {
  KLIEG_ASSIGN(const auto session, call.OpenSession());
  KLIEG_ASSIGN(const std::vector<platform::ModelRecord> models, session->store().ListModels());
  nlohmann::json list = nlohmann::json::array();
  std::vector<std::vector<std::string>> rows = {
      {"model", "ranker", "size", "trained", "run", "digest"}};
  for (const platform::ModelRecord& one : models) {
    list.push_back({{"name", one.name},
                    {"version", one.version},
                    {"ranker", one.ranker},
                    {"digest", one.digest},
                    {"bytes", one.bytes},
                    {"run", one.run},
                    {"snapshot", one.snapshot},
                    {"permit", one.permit_sequence},
                    {"hyper_parameters", nlohmann::json::parse(one.parameters, nullptr, false)},
                    {"created", core::FormatTimestamp(one.created)}});
    rows.push_back({fmt::format("{}@{}", one.name, one.version), one.ranker,
                    core::FormatBytes(one.bytes), core::FormatTimestamp(one.created).substr(0, 16),
                    one.run, one.digest.substr(0, 12)});
  }
  if (call.json) {
    fmt::print("{}\n", list.dump(1));
  } else {
    fmt::print("{}", FormatTable(rows));
  }
  return {};
}

nlohmann::json ToJson(const platform::LineageNode& node) {
  nlohmann::json inputs = nlohmann::json::array();
  for (const platform::LineageNode& input : node.inputs) inputs.push_back(ToJson(input));
  return {{"kind", node.kind}, {"id", node.id}, {"label", node.label}, {"inputs", inputs}};
}

void PrintTree(const platform::LineageNode& node, const std::string& indent) {
  fmt::print("{}{}  {}\n", indent, node.kind, node.label.empty() ? node.id : node.label);
  for (const platform::LineageNode& input : node.inputs) PrintTree(input, indent + "  ");
}

}  // namespace

void AddModels(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = AddVerb(app, invocation, "models", "List models", "klieg models");
  AddJson(*verb, invocation);
  verb->callback([&invocation] { invocation.action = ListModels; });
}

void AddLineage(CLI::App& app, Invocation& invocation) {
  auto model = std::make_shared<std::string>();
  CLI::App* verb = AddVerb(app, invocation, "lineage",
                           "What a model rests on: run, decision of the gate, snapshot, import",
                           "klieg lineage house");
  AddJson(*verb, invocation);
  verb->add_option("MODEL", *model, "Model: name or name@version")->required();
  verb->callback([&invocation, model] {
    invocation.action = [model](Invocation& call) -> core::Status {
      KLIEG_ASSIGN(const auto session, call.OpenSession());
      KLIEG_ASSIGN(const platform::LineageNode root,
                   platform::TraceLineage(session->store(), *model));
      if (call.json) {
        fmt::print("{}\n", ToJson(root).dump(1));
      } else {
        PrintTree(root, "");
      }
      return {};
    };
  });
}

}  // namespace klieg::cli
