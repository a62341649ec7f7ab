#include "flows/document_mlbom.h"

#include <nlohmann/json.hpp>

#include "core/version.h"
#include "flows/document_text.h"

namespace klieg::flows {
namespace {

using Json = nlohmann::ordered_json;

Json Property(const std::string& name, const std::string& value) {
  return {{"name", "klieg:" + name}, {"value", value}};
}

Json Sha256(const std::string& hex) {
  return Json::array({{{"alg", "SHA-256"}, {"content", hex}}});
}

bool IsAddress(const std::string& text) {
  return text.starts_with("https://") || text.starts_with("http://");
}

Json Licences(const std::vector<LedgerTerms>& terms) {
  Json licences = Json::array();
  for (const LedgerTerms& one : terms) {
    Json licence = {{"name", one.terms.licence}, {"acknowledgement", "declared"}};
    Json licensing = {{"licensor", {{"organization", {{"name", one.terms.owner}}}}}};
    if (one.terms.expires) licensing["expiration"] = core::FormatTimestamp(*one.terms.expires);
    licence["licensing"] = std::move(licensing);
    licences.push_back({{"license", std::move(licence)}});
  }
  return licences;
}

std::string PurposeList(const rights::Terms& terms) {
  std::vector<std::string> names;
  for (const rights::Purpose purpose : terms.purposes)
    names.emplace_back(rights::PurposeName(purpose));
  return names.empty() ? "none" : JoinWords(names);
}

Json Governance(const DataFacts& data) {
  Json owners = Json::array();
  for (const LedgerTerms& one : data.terms)
    owners.push_back({{"organization", {{"name", one.terms.owner}}}});
  Json governance = Json::object();
  if (data.import_run)
    governance["custodians"] = Json::array({{{"contact", {{"name", data.import_run->actor}}}}});
  if (!owners.empty()) governance["owners"] = std::move(owners);
  return governance;
}

Json DataProperties(const ModelInputFacts& input) {
  const DataFacts& data = input.data;
  Json properties = Json::array(
      {Property("snapshot", data.snapshot), Property("permit", std::to_string(input.permit))});
  if (data.manifest) {
    properties.push_back(Property("rows", std::to_string(data.manifest->rows)));
    properties.push_back(Property("rows_rejected", std::to_string(data.manifest->rejected)));
    for (const std::string& source : data.manifest->sources)
      properties.push_back(Property("source", source));
  }
  for (const LedgerTerms& one : data.terms) {
    properties.push_back(Property("terms", one.digest.Hex()));
    properties.push_back(Property("terms_permit", PurposeList(one.terms)));
  }
  if (input.decision && input.decision->rows) {
    const LedgerRows& rows = *input.decision->rows;
    properties.push_back(Property("members_left_out", std::to_string(rows.members)));
    properties.push_back(Property("titles_left_out", std::to_string(rows.titles)));
  }
  return properties;
}

Json DataComponent(const ModelInputFacts& input) {
  const DataFacts& data = input.data;
  const bool titles = data.manifest && data.manifest->kind == data::TableKind::kTitles;
  Json dataset = {{"bom-ref", "dataset:" + data.snapshot},
                  {"type", "dataset"},
                  {"name", data.Label()},
                  {"classification", titles ? "catalogue" : "viewing history, personal"}};
  if (!titles)
    dataset["sensitiveData"] = Json::array({"who watched what: ids of members, no names"});
  if (Json governance = Governance(data); !governance.empty())
    dataset["governance"] = std::move(governance);

  Json component = {{"type", "data"}, {"bom-ref", "data:" + data.snapshot}};
  component["name"] = data.names.empty() ? data.Label() : data.names.front().name;
  component["version"] =
      data.names.empty() ? data.snapshot : std::to_string(data.names.front().version);
  if (!data.data_sha256.empty()) component["hashes"] = Sha256(data.data_sha256);
  if (!data.terms.empty()) component["licenses"] = Licences(data.terms);
  Json references = Json::array();
  for (const LedgerTerms& one : data.terms) {
    if (IsAddress(one.terms.source)) {
      references.push_back({{"type", "source-distribution"},
                            {"url", one.terms.source},
                            {"comment", "as the terms of the owner name it"}});
    }
  }
  if (!references.empty()) component["externalReferences"] = std::move(references);
  component["data"] = Json::array({std::move(dataset)});
  component["properties"] = DataProperties(input);
  return component;
}

Json Metrics(const ModelFacts& facts) {
  Json metrics = Json::array();
  for (const Measurement& one : facts.measurements) {
    for (const platform::RunMetric& metric : one.metrics) {
      Json object = {{"type", metric.name},
                     {"value", FigureText(metric.value)},
                     {"slice", fmt::format("dataset {}, split {}, run {}; {}", one.dataset,
                                           one.split, one.run, metric.method)}};
      if (metric.low && metric.high) {
        object["confidenceInterval"] = {{"lowerBound", FigureText(*metric.low)},
                                        {"upperBound", FigureText(*metric.high)}};
      }
      metrics.push_back(std::move(object));
    }
  }
  return metrics;
}

Json Considerations(const ModelFacts& facts) {
  Json limitations =
      Json::array({"Scores only titles that were in the training data; a member is scored from "
                   "their history."});
  if (facts.measurements.empty())
    limitations.push_back("No finished evaluation with these settings is on record.");
  if (!facts.Quarantine().empty())
    limitations.push_back("In quarantine, not to be used: " + facts.Quarantine());
  Json risks = Json::array(
      {{{"name", "Material of somebody who refuses or withdraws"},
        {"mitigationStrategy",
         "Rows are decided one by one before training and again whenever the model is loaded; what "
         "was trained on is committed to by the training-set root."}}});
  Json use_cases = Json::array();
  if (facts.entry) use_cases.push_back(facts.entry->purpose);
  return {{"useCases", std::move(use_cases)},
          {"technicalLimitations", std::move(limitations)},
          {"ethicalConsiderations", std::move(risks)}};
}

Json ModelCard(const ModelFacts& facts) {
  Json datasets = Json::array();
  for (const ModelInputFacts& input : facts.inputs)
    datasets.push_back({{"ref", "data:" + input.data.snapshot}});
  Json settings = Json::array();
  const Json values = Json::parse(facts.record.parameters, nullptr, false);
  if (values.is_object()) {
    for (const auto& [key, value] : values.items()) {
      settings.push_back(Property("hyper_parameter:" + key,
                                  value.is_string() ? value.get<std::string>() : value.dump()));
    }
  }
  return {{"bom-ref", "model-card:" + facts.record.digest},
          {"modelParameters",
           {{"task", "recommendation"},
            {"architectureFamily", facts.record.ranker},
            {"datasets", std::move(datasets)},
            {"inputs", Json::array({{{"format", "titles that a member watched"}}})},
            {"outputs", Json::array({{{"format", "a score for every title"}}})}}},
          {"quantitativeAnalysis", {{"performanceMetrics", Metrics(facts)}}},
          {"considerations", Considerations(facts)},
          {"properties", std::move(settings)}};
}

Json ModelProperties(const ModelFacts& facts) {
  Json properties = Json::array({Property("run", facts.record.run), Property("seed", SeedOf(facts)),
                                 Property("code_version", facts.run.code_version),
                                 Property("instruction_set", facts.run.instruction_set),
                                 Property("bytes", std::to_string(facts.record.bytes))});
  if (facts.entry) {
    properties.push_back(Property("log_entry", std::to_string(facts.entry->sequence)));
    if (facts.entry->training_set) {
      properties.push_back(Property("training_set_root", facts.entry->training_set->root.Hex()));
      properties.push_back(
          Property("training_set_subjects", std::to_string(facts.entry->training_set->subjects)));
    }
    if (!facts.entry->removal.empty())
      properties.push_back(Property("removal", facts.entry->removal));
  }
  if (facts.interactions)
    properties.push_back(Property("interactions", std::to_string(*facts.interactions)));
  if (facts.rows_left_out)
    properties.push_back(Property("rows_left_out", std::to_string(*facts.rows_left_out)));
  for (const LedgerQuarantine& one : facts.quarantines) {
    properties.push_back(
        Property("quarantine", fmt::format("entry {}: {}", one.sequence, one.why)));
  }
  return properties;
}

}  // namespace

std::string ModelBom(const ModelFacts& facts, const Ledger& ledger) {
  const std::string model_ref = "model:" + facts.record.digest;
  Json model = {{"type", "machine-learning-model"},
                {"bom-ref", model_ref},
                {"name", facts.record.name},
                {"version", std::to_string(facts.record.version)},
                {"description", fmt::format("{} model for {}", facts.record.ranker,
                                            facts.entry ? PurposePhrase(facts.entry->purpose)
                                                        : "an unrecorded purpose")},
                {"hashes", Sha256(facts.record.digest)},
                {"modelCard", ModelCard(facts)},
                {"properties", ModelProperties(facts)}};
  Json components = Json::array();
  Json leaves = Json::array();
  Json depends_on = Json::array();
  for (const ModelInputFacts& input : facts.inputs) {
    components.push_back(DataComponent(input));
    depends_on.push_back("data:" + input.data.snapshot);
    leaves.push_back({{"ref", "data:" + input.data.snapshot}});
  }
  Json dependencies = Json::array({{{"ref", model_ref}, {"dependsOn", std::move(depends_on)}}});
  for (Json& leaf : leaves) dependencies.push_back(std::move(leaf));
  const Json tool = {
      {"type", "application"}, {"name", "klieg"}, {"version", std::string(core::Version())}};
  const Json bom = {
      {"$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json"},
      {"bomFormat", "CycloneDX"},
      {"specVersion", "1.6"},
      {"serialNumber", "urn:uuid:" + UuidOf(fmt::format("mlbom {} {} {}", facts.Label(),
                                                        facts.record.digest, ledger.root.Hex()))},
      {"version", 1},
      {"metadata",
       {{"timestamp", core::FormatTimestamp(ledger.time)},
        {"lifecycles", Json::array({{{"phase", "post-build"}}})},
        {"tools", {{"components", Json::array({tool})}}},
        {"component", std::move(model)},
        {"properties", Json::array({Property("log_entries", std::to_string(ledger.entries)),
                                    Property("log_root", ledger.root.Hex())})}}},
      {"components", std::move(components)},
      {"dependencies", std::move(dependencies)}};
  return DocumentJson(bom);
}

}  // namespace klieg::flows
