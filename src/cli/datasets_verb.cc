#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/verb.h"

namespace klieg::cli {
namespace {

std::string DescribeTerms(const std::vector<rights::Terms>& terms) {
  std::string text;
  for (const rights::Terms& one : terms) {
    std::vector<std::string_view> purposes;
    for (const rights::Purpose purpose : one.purposes)
      purposes.push_back(rights::PurposeName(purpose));
    text += fmt::format(
        "{}{}: {}{}", text.empty() ? "" : "; ", one.owner, fmt::join(purposes, ", "),
        one.expires ? fmt::format(", until {}", core::FormatTimestamp(*one.expires).substr(0, 10))
                    : "");
  }
  return text;
}

core::Status ListDatasets(Invocation& call) {
  KLIEG_ASSIGN(const auto session, call.OpenSession());
  KLIEG_ASSIGN(const std::vector<platform::DatasetRecord> datasets,
               session->store().ListDatasets());
  nlohmann::json list = nlohmann::json::array();
  std::vector<std::vector<std::string>> rows = {
      {"dataset", "kind", "rows", "snapshot", "imported", "terms"}};
  for (const platform::DatasetRecord& one : datasets) {
    KLIEG_ASSIGN(const core::Digest digest, core::Digest::FromHex(one.snapshot));
    KLIEG_ASSIGN(const data::Manifest manifest, data::ReadManifest(session->snapshots(), digest));
    const std::string terms = DescribeTerms(session->gate().TermsOf(digest));
    list.push_back({{"name", one.name},
                    {"version", one.version},
                    {"kind", one.kind},
                    {"rows", manifest.rows},
                    {"snapshot", one.snapshot},
                    {"run", one.run},
                    {"terms", terms},
                    {"created", core::FormatTimestamp(one.created)}});
    rows.push_back({fmt::format("{}@{}", one.name, one.version), one.kind,
                    fmt::format("{}", manifest.rows), digest.Short(),
                    core::FormatTimestamp(one.created).substr(0, 16), terms});
  }
  if (call.json) {
    fmt::print("{}\n", list.dump(1));
  } else {
    fmt::print("{}", FormatTable(rows));
  }
  return {};
}

}  // namespace

void AddDatasets(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = AddVerb(app, invocation, "datasets",
                           "List datasets and the terms they are under", "klieg datasets");
  AddJson(*verb, invocation);
  verb->callback([&invocation] { invocation.action = ListDatasets; });
}

}  // namespace klieg::cli
