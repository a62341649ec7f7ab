#include "flows/document_openlineage.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/version.h"
#include "flows/document_text.h"

namespace klieg::flows {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kSpec = "https://openlineage.io/spec/2-0-2/OpenLineage.json";
constexpr std::string_view kConsentSchema =
    "urn:klieg:schema:consent-facet:1#/$defs/ConsentInputDatasetFacet";
constexpr const char* kNamespace = "klieg";

std::string Producer() { return fmt::format("urn:klieg:producer:{}", core::Version()); }

Json Facet(std::string_view schema) {
  return {{"_producer", Producer()}, {"_schemaURL", std::string(schema)}};
}

/// A facet of the specification: "SchemaDatasetFacet" at version "1-2-0".
Json StandardFacet(const std::string& name, const std::string& version) {
  return Facet(
      fmt::format("https://openlineage.io/spec/facets/{}/{}.json#/$defs/{}", version, name, name));
}

std::string Upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

Json RunFacets(const platform::RunRecord& run, bool ended) {
  Json engine = StandardFacet("ProcessingEngineRunFacet", "1-1-1");
  engine["version"] = run.code_version;
  engine["name"] = "klieg";
  engine["openlineageAdapterVersion"] = std::string(core::Version());
  Json facets = {{"processing_engine", std::move(engine)}};
  Json parameters = Json::array();
  parameters.push_back({{"key", "seed"}, {"value", std::to_string(run.spec.seed)}});
  const Json values = Json::parse(run.spec.parameters, nullptr, false);
  if (values.is_object()) {
    for (const auto& [key, value] : values.items()) {
      if (key == "seed") continue;
      parameters.push_back(
          {{"key", key}, {"value", value.is_string() ? value.get<std::string>() : value.dump()}});
    }
  }
  Json execution = StandardFacet("ExecutionParametersRunFacet", "1-0-0");
  execution["parameters"] = std::move(parameters);
  facets["executionParameters"] = std::move(execution);
  if (ended && run.state == platform::RunState::kFailed) {
    Json error = StandardFacet("ErrorMessageRunFacet", "1-0-1");
    error["message"] = run.error;
    error["programmingLanguage"] = "C++";
    facets["errorMessage"] = std::move(error);
  }
  return facets;
}

Json JobOf(const platform::RunRecord& run) {
  Json type = StandardFacet("JobTypeJobFacet", "2-0-4");
  type["processingType"] = "BATCH";
  type["integration"] = "KLIEG";
  type["jobType"] = Upper(run.spec.kind);
  return {{"namespace", kNamespace},
          {"name", run.spec.kind + "/" + run.spec.name},
          {"facets", {{"jobType", std::move(type)}}}};
}

Json TermsOf(const DataFacts& data, const LedgerDecision& decision) {
  Json list = Json::array();
  for (const std::string& digest : decision.terms) {
    Json one = {{"digest", digest}};
    for (const LedgerTerms& terms : data.terms) {
      if (terms.digest.Hex() != digest) continue;
      one["owner"] = terms.terms.owner;
      one["licence"] = terms.terms.licence;
      Json permits = Json::array();
      for (const rights::Purpose purpose : terms.terms.purposes)
        permits.push_back(std::string(rights::PurposeName(purpose)));
      one["permits"] = std::move(permits);
      if (terms.terms.expires) one["expires"] = core::FormatTimestamp(*terms.terms.expires);
      one["logEntry"] = terms.sequence;
    }
    list.push_back(std::move(one));
  }
  return list;
}

/// Rows of this input that consents kept out of the run; none: not counted.
std::optional<uint64_t> RowsLeftOut(const platform::RunRecord& run, const LineageInput& input) {
  if (input.decision && !input.decision->rows) return 0;
  if (input.input.role != "interactions" || !input.data) return std::nullopt;
  for (const platform::RunMetric& metric : run.metrics) {
    const bool named = std::ranges::any_of(input.data->names, [&](const auto& dataset) {
      return dataset.name == metric.subject.substr(0, metric.subject.find('@'));
    });
    if (metric.name == "rows_left_out" && named) return static_cast<uint64_t>(metric.value);
  }
  if (run.state == platform::RunState::kFinished) return 0;
  return std::nullopt;
}

Json LeftOut(const platform::RunRecord& run, const LineageInput& input) {
  const std::optional<uint64_t> rows = RowsLeftOut(run, input);
  Json object = {{"rows", rows ? Json(*rows) : Json()}, {"members", 0}, {"titles", 0}};
  const std::optional<LedgerRows>& rules = input.decision->rows;
  if (!rules) return object;
  object["members"] = rules->members;
  object["titles"] = rules->titles;
  object["rule"] = rules->rule;
  object["namesDigest"] = rules->digest;
  Json reasons = Json::array();
  for (const rights::Refusal& reason : rules->reasons) {
    reasons.push_back({{"pack", reason.pack},
                       {"version", reason.version},
                       {"clause", reason.clause},
                       {"source", reason.source},
                       {"says", reason.says}});
  }
  object["reasons"] = std::move(reasons);
  return object;
}

Json ConsentFacet(const platform::RunRecord& run, const LineageInput& input) {
  Json facet = Facet(kConsentSchema);
  const LedgerDecision& decision = *input.decision;
  facet["purpose"] = decision.purpose;
  facet["decision"] = decision.permitted ? "permit" : "refuse";
  facet["action"] = decision.action;
  facet["logEntry"] = decision.sequence;
  facet["decidedAt"] = core::FormatTimestamp(decision.time);
  facet["actor"] = decision.actor;
  if (!decision.project.empty()) facet["project"] = decision.project;
  facet["reason"] = decision.reason;
  facet["terms"] = input.data ? TermsOf(*input.data, decision) : TermsOf({}, decision);
  facet["clauses"] = decision.clauses;
  facet["leftOut"] = LeftOut(run, input);
  return facet;
}

Json SchemaFacet(const data::Manifest& manifest) {
  Json facet = StandardFacet("SchemaDatasetFacet", "1-2-0");
  Json fields = Json::array();
  for (size_t i = 0; i < manifest.columns.size(); ++i) {
    const std::string& column = manifest.columns[i];
    const size_t blank = std::min(column.find(' '), column.size());
    Json field = {{"name", column.substr(0, blank)}};
    if (blank < column.size()) field["type"] = column.substr(blank + 1);
    field["ordinal_position"] = i + 1;
    fields.push_back(std::move(field));
  }
  facet["fields"] = std::move(fields);
  return facet;
}

Json DatasetFacets(const DataFacts& data) {
  Json version = StandardFacet("DatasetVersionDatasetFacet", "1-0-1");
  version["datasetVersion"] = data.snapshot;
  Json facets = {{"version", std::move(version)}};
  if (data.manifest) facets["schema"] = SchemaFacet(*data.manifest);
  Json owners = Json::array();
  for (const LedgerTerms& one : data.terms)
    owners.push_back({{"name", one.terms.owner}, {"type", "OWNER"}});
  if (!owners.empty()) {
    Json ownership = StandardFacet("OwnershipDatasetFacet", "1-0-1");
    ownership["owners"] = std::move(owners);
    facets["ownership"] = std::move(ownership);
  }
  return facets;
}

std::string DatasetName(const DataFacts& data) {
  if (data.names.empty()) return "snapshot/" + data.snapshot;
  return data.names.front().kind + "/" + data.names.front().name;
}

Json InputOf(const platform::RunRecord& run, const LineageInput& input) {
  Json dataset = {{"namespace", kNamespace}};
  Json input_facets = Json::object();
  if (input.data) {
    dataset["name"] = DatasetName(*input.data);
    dataset["facets"] = DatasetFacets(*input.data);
    if (input.data->manifest) {
      Json quality = StandardFacet("DataQualityMetricsInputDatasetFacet", "1-0-3");
      quality["rowCount"] = input.data->manifest->rows;
      quality["bytes"] = input.data->manifest->bytes;
      quality["columnMetrics"] = Json::object();
      input_facets["dataQualityMetrics"] = std::move(quality);
    }
  } else {
    dataset["name"] = input.model ? fmt::format("model/{}", input.model->name)
                                  : fmt::format("{}/{}", input.input.kind, input.input.digest);
    Json version = StandardFacet("DatasetVersionDatasetFacet", "1-0-1");
    version["datasetVersion"] = input.input.digest;
    dataset["facets"] = {{"version", std::move(version)}};
  }
  if (input.decision) input_facets["klieg_consent"] = ConsentFacet(run, input);
  dataset["inputFacets"] = std::move(input_facets);
  return dataset;
}

Json OutputsOf(const RunFacts& facts) {
  Json outputs = Json::array();
  if (facts.imported) {
    Json statistics = StandardFacet("OutputStatisticsOutputDatasetFacet", "1-0-2");
    if (facts.imported->manifest) {
      statistics["rowCount"] = facts.imported->manifest->rows;
      statistics["size"] = facts.imported->manifest->bytes;
      statistics["fileCount"] = 1;
    }
    outputs.push_back({{"namespace", kNamespace},
                       {"name", DatasetName(*facts.imported)},
                       {"facets", DatasetFacets(*facts.imported)},
                       {"outputFacets", {{"outputStatistics", std::move(statistics)}}}});
  }
  for (const platform::ModelRecord& model : facts.models) {
    Json version = StandardFacet("DatasetVersionDatasetFacet", "1-0-1");
    version["datasetVersion"] = model.digest;
    Json statistics = StandardFacet("OutputStatisticsOutputDatasetFacet", "1-0-2");
    statistics["fileCount"] = 1;
    outputs.push_back({{"namespace", kNamespace},
                       {"name", "model/" + model.name},
                       {"facets", {{"version", std::move(version)}}},
                       {"outputFacets", {{"outputStatistics", std::move(statistics)}}}});
  }
  return outputs;
}

Json Event(const RunFacts& facts, const char* type, core::Timestamp time, bool ended) {
  Json inputs = Json::array();
  for (const LineageInput& input : facts.inputs) inputs.push_back(InputOf(facts.run, input));
  return {
      {"eventTime", core::FormatTimestamp(time)},
      {"producer", Producer()},
      {"schemaURL", std::string(kSpec) + "#/$defs/RunEvent"},
      {"eventType", type},
      {"run", {{"runId", UuidOf("run " + facts.run.id)}, {"facets", RunFacets(facts.run, ended)}}},
      {"job", JobOf(facts.run)},
      {"inputs", std::move(inputs)},
      {"outputs", ended ? OutputsOf(facts) : Json::array()}};
}

std::string Line(const Json& event) {
  return event.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

core::Result<RunFacts> GatherRun(Session& session, const Ledger& ledger, const std::string& id) {
  RunFacts facts;
  KLIEG_ASSIGN(facts.run, session.store().GetRun(id));
  KLIEG_ASSIGN(const std::vector<platform::ModelRecord> models, session.store().ListModels());
  for (const platform::RunInput& input : facts.run.inputs) {
    LineageInput one;
    one.input = input;
    if (input.kind == "snapshot") {
      KLIEG_ASSIGN(one.data, GatherSnapshot(session, ledger, input.digest));
    }
    for (const platform::ModelRecord& model : models) {
      if (input.kind == "model" && model.digest == input.digest) one.model = model;
    }
    if (input.permit_sequence >= 0) {
      const auto* decision = ledger.FindDecision(static_cast<uint64_t>(input.permit_sequence));
      const bool about_it = decision != nullptr && (decision->snapshot == input.digest ||
                                                    decision->artifact == input.digest);
      if (about_it) one.decision = *decision;
    }
    facts.inputs.push_back(std::move(one));
  }
  for (const platform::ModelRecord& model : models) {
    if (model.run == facts.run.id) facts.models.push_back(model);
  }
  for (const platform::RunArtifact& artifact : facts.run.artifacts) {
    if (facts.run.spec.kind != "import" || artifact.name != "snapshot") continue;
    KLIEG_ASSIGN(facts.imported, GatherSnapshot(session, ledger, artifact.digest));
  }
  return facts;
}

std::string OpenLineageEvents(const RunFacts& facts) {
  const platform::RunRecord& run = facts.run;
  std::string lines = Line(Event(facts, "START", run.started, false));
  const core::Timestamp end = run.ended.value_or(run.started);
  switch (run.state) {
    case platform::RunState::kRunning:
      break;
    case platform::RunState::kFinished:
      lines += Line(Event(facts, "COMPLETE", end, true));
      break;
    case platform::RunState::kFailed:
      lines += Line(Event(facts, "FAIL", end, true));
      break;
    case platform::RunState::kKilled:
      lines += Line(Event(facts, "ABORT", end, true));
      break;
  }
  return lines;
}

}  // namespace klieg::flows
