#include "flows/document_croissant.h"

#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "flows/document_text.h"

namespace klieg::flows {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kConformsTo = "http://mlcommons.org/croissant/1.1";
constexpr const char* kFile = "data.parquet";

/// Names that stand for themselves in the vocabulary of Croissant; the others need the lines below.
constexpr const char* kCroissantTerms[] = {
    "arrayShape", "citeAs",   "column",    "containedIn", "equivalentProperty",
    "excludes",   "extract",  "field",     "fileObject",  "fileProperty",
    "fileSet",    "format",   "includes",  "isArray",     "isLiveDataset",
    "jsonPath",   "key",      "md5",       "parentField", "recordSet",
    "references", "regex",    "readLines", "sdVersion",   "separator",
    "source",     "subField", "transform", "unArchive",   "value"};

Json Context() {
  Json context = {{"@language", "en"},
                  {"@vocab", "http://schema.org/"},
                  {"sc", "http://schema.org/"},
                  {"cr", "http://mlcommons.org/croissant/"},
                  {"dct", "http://purl.org/dc/terms/"},
                  {"odrl", "http://www.w3.org/ns/odrl/2/"},
                  {"prov", "http://www.w3.org/ns/prov#"},
                  {"xsd", "http://www.w3.org/2001/XMLSchema#"},
                  {"klieg", "urn:klieg:"},
                  {"conformsTo", "dct:conformsTo"},
                  {"data", {{"@id", "cr:data"}, {"@type", "@json"}}},
                  {"dataType", {{"@id", "cr:dataType"}, {"@type", "@vocab"}}},
                  {"examples", {{"@id", "cr:examples"}, {"@type", "@json"}}}};
  for (const char* term : kCroissantTerms) context[term] = std::string("cr:") + term;
  return context;
}

struct Column {
  std::string name;
  std::string type;
};

Column Split(const std::string& column) {
  const size_t blank = column.find(' ');
  return {column.substr(0, blank), blank == std::string::npos ? "" : column.substr(blank + 1)};
}

std::string DataType(const std::string& type) {
  if (type == "BIGINT" || type == "INTEGER") return "sc:Integer";
  if (type == "FLOAT" || type == "DOUBLE") return "sc:Float";
  return "sc:Text";
}

std::string Meaning(const std::string& column) {
  static const std::map<std::string, std::string> kMeanings = {
      {"member", "Who watched: the id of a member, no name."},
      {"title", "What was watched or is described: the id of a title."},
      {"time", "When, in seconds since 1970-01-01 UTC."},
      {"value", "Rating, number of plays or the like; its unit is that of the source."},
      {"name", "Name of the title; empty: unknown."},
      {"year", "Year of release; 0: unknown."},
      {"genres", "Genres, separated by |; empty: unknown."}};
  const auto found = kMeanings.find(column);
  return found == kMeanings.end() ? "A column of the source." : found->second;
}

Json RecordSet(const data::Manifest& manifest) {
  const std::string id(data::TableKindName(manifest.kind));
  Json fields = Json::array();
  for (const std::string& text : manifest.columns) {
    const Column column = Split(text);
    fields.push_back(
        {{"@type", "cr:Field"},
         {"@id", id + "/" + column.name},
         {"name", column.name},
         {"description", Meaning(column.name)},
         {"dataType", DataType(column.type)},
         {"source", {{"fileObject", {{"@id", kFile}}}, {"extract", {{"column", column.name}}}}}});
  }
  Json records = {{"@type", "cr:RecordSet"}, {"@id", id}, {"name", id}};
  records["description"] = fmt::format("{} rows; {} rows of the source were rejected at import.",
                                       manifest.rows, manifest.rejected);
  if (manifest.kind == data::TableKind::kTitles) records["key"] = {{"@id", id + "/title"}};
  records["field"] = std::move(fields);
  return records;
}

bool IsAddress(const std::string& text) {
  return text.starts_with("https://") || text.starts_with("http://");
}

Json PurposeConstraint(rights::Purpose purpose) {
  return {{"@type", "odrl:Constraint"},
          {"odrl:leftOperand", {{"@id", "odrl:purpose"}}},
          {"odrl:operator", {{"@id", "odrl:eq"}}},
          {"odrl:rightOperand",
           {{"@id", "klieg:purpose:" + std::string(rights::PurposeName(purpose))}}}};
}

Json ExpiryConstraint(core::Timestamp expires) {
  return {{"@type", "odrl:Constraint"},
          {"odrl:leftOperand", {{"@id", "odrl:dateTime"}}},
          {"odrl:operator", {{"@id", "odrl:lt"}}},
          {"odrl:rightOperand",
           {{"@type", "xsd:dateTime"}, {"@value", core::FormatTimestamp(expires)}}}};
}

Json Rule(const char* type, rights::Purpose purpose, const std::string& description) {
  Json rule = {{"@type", type}};
  if (!description.empty()) rule["description"] = description;
  rule["odrl:target"] = {{"@id", kFile}};
  rule["odrl:action"] = {{"@id", "odrl:use"}};
  rule["odrl:constraint"] = Json::array({PurposeConstraint(purpose)});
  return rule;
}

/// The first moment at which any owner's terms permit nothing.
std::optional<core::Timestamp> EarliestExpiry(const std::vector<LedgerTerms>& terms) {
  std::optional<core::Timestamp> earliest;
  for (const LedgerTerms& one : terms) {
    if (one.terms.expires && (!earliest || *one.terms.expires < *earliest))
      earliest = one.terms.expires;
  }
  return earliest;
}

std::string RowsText(const rights::RowRules& rows) {
  if (rows.Empty()) return {};
  return fmt::format("Without the rows of {} and {} who refuse.",
                     CountOf(rows.members.size(), "member", "members"),
                     CountOf(rows.titles.size(), "title", "titles"));
}

Json Permission(const PurposeStanding& standing, std::optional<core::Timestamp> expires) {
  Json rule = Rule("odrl:Permission", standing.purpose, RowsText(standing.answer.rows));
  if (expires) rule["odrl:constraint"].push_back(ExpiryConstraint(*expires));
  Json duties = Json::array();
  for (const rights::DueObligation& due : standing.answer.decision.due) {
    duties.push_back({{"@type", "odrl:Duty"},
                      {"@id", "klieg:obligation:" + due.id},
                      {"description", fmt::format("{}: {} (for {})",
                                                  rights::ObligationKindName(due.obligation.kind),
                                                  due.obligation.what, due.subject)},
                      {"odrl:action",
                       {{"@id", "klieg:duty:" + std::string(rights::ObligationKindName(
                                                    due.obligation.kind))}}}});
  }
  if (!duties.empty()) rule["odrl:duty"] = std::move(duties);
  return rule;
}

std::string WhyNot(const rights::Decision& decision) {
  std::string text;
  for (const rights::Refusal& refusal : decision.refusals) {
    if (!text.empty()) text += " ";
    text +=
        fmt::format("{} ({} {}, clause {}).", refusal.pack == "terms" ? refusal.why : refusal.says,
                    refusal.pack, refusal.version, refusal.clause);
    if (text.size() > 600) break;
  }
  return text;
}

Json Offer(const DataFacts& data, const Ledger& ledger,
           const std::vector<PurposeStanding>& standings) {
  Json permissions = Json::array();
  Json prohibitions = Json::array();
  const std::optional<core::Timestamp> expires = EarliestExpiry(data.terms);
  for (const PurposeStanding& one : standings) {
    if (one.answer.decision.refusals.empty()) {
      permissions.push_back(Permission(one, expires));
    } else {
      prohibitions.push_back(Rule("odrl:Prohibition", one.purpose, WhyNot(one.answer.decision)));
    }
  }
  Json assigners = Json::array();
  for (const LedgerTerms& one : data.terms)
    assigners.push_back({{"@type", "odrl:Party"}, {"name", one.terms.owner}});
  Json offer = {{"@type", {"CreativeWork", "odrl:Offer"}},
                {"@id", fmt::format("klieg:offer:{}:{}", data.snapshot, ledger.entries)},
                {"name", "What this dataset may be used for"},
                {"description",
                 fmt::format("Made from the terms of its owners and the policies in force at entry "
                             "{} of the rights log, {}. Purposes are those of Klieg.",
                             ledger.entries == 0 ? 0 : ledger.entries - 1,
                             core::FormatTimestamp(ledger.time))},
                {"odrl:profile", {{"@id", "klieg:odrl-profile:1"}}}};
  if (!assigners.empty()) offer["odrl:assigner"] = std::move(assigners);
  if (!permissions.empty()) offer["odrl:permission"] = std::move(permissions);
  if (!prohibitions.empty()) offer["odrl:prohibition"] = std::move(prohibitions);
  return offer;
}

Json Sources(const data::Manifest& manifest) {
  constexpr std::string_view kMark = " sha256:";
  Json sources = Json::array();
  for (const std::string& text : manifest.sources) {
    const size_t mark = text.rfind(kMark);
    Json source = {{"@type", "prov:Entity"}};
    if (mark != std::string::npos) {
      const std::string digest = text.substr(mark + kMark.size());
      source["@id"] = "klieg:sha256:" + digest;
      source["prov:label"] = text.substr(0, mark);
      source["sha256"] = digest;
    } else {
      source["prov:label"] = text;
    }
    sources.push_back(std::move(source));
  }
  return sources;
}

Json Generation(const platform::RunRecord& run) {
  Json activity = {{"@type", "prov:Activity"},
                   {"@id", "klieg:run:" + run.id},
                   {"prov:label", "import by klieg " + run.code_version},
                   {"prov:startedAtTime", core::FormatTimestamp(run.started)}};
  if (run.ended) activity["prov:endedAtTime"] = core::FormatTimestamp(*run.ended);
  activity["prov:wasAssociatedWith"] = {{"@type", "prov:Agent"}, {"prov:label", run.actor}};
  return activity;
}

}  // namespace

core::Result<std::string> CroissantDescription(const DataFacts& data, const Ledger& ledger,
                                               const std::vector<PurposeStanding>& standings) {
  if (!data.manifest) {
    return core::Fail(core::ErrorCode::kNotFound,
                      "snapshot {} is not in the store of this workspace: import it again, or "
                      "restore it from a backup",
                      data.snapshot);
  }
  const std::string identity = "urn:klieg:snapshot:" + data.snapshot;
  std::string url = identity;
  Json licences = Json::array();
  Json creators = Json::array();
  for (const LedgerTerms& one : data.terms) {
    licences.push_back({{"@type", "CreativeWork"}, {"name", one.terms.licence}});
    creators.push_back({{"@type", "Organization"}, {"name", one.terms.owner}});
    if (url == identity && IsAddress(one.terms.source)) url = one.terms.source;
  }
  const std::string description = fmt::format(
      "{} imported into Klieg as snapshot {}. {}",
      data.manifest->kind == data::TableKind::kTitles ? "A table of titles"
                                                      : "Interactions of members with titles",
      data.snapshot.substr(0, 12),
      data.terms.empty() ? "No terms are on record, so that nothing is permitted."
                         : "Licence and owner are those of the terms it was imported under.");
  Json document = {{"@context", Context()},
                   {"@type", "sc:Dataset"},
                   {"@id", identity},
                   {"conformsTo", std::string(kConformsTo)},
                   {"name", data.names.empty() ? data.snapshot : data.names.front().name},
                   {"description", description}};
  if (!data.names.empty()) document["version"] = fmt::format("{}.0.0", data.names.front().version);
  document["url"] = url;
  document["identifier"] = identity;
  if (!licences.empty()) document["license"] = std::move(licences);
  if (!creators.empty()) document["creator"] = std::move(creators);
  if (!data.names.empty()) {
    const std::string created = core::FormatTimestamp(data.names.front().created);
    document["datePublished"] = created;
    document["dateCreated"] = created;
  }
  document["isLiveDataset"] = false;
  document["usageInfo"] = Offer(data, ledger, standings);
  document["prov:wasDerivedFrom"] = Sources(*data.manifest);
  if (data.import_run) document["prov:wasGeneratedBy"] = Generation(*data.import_run);
  document["distribution"] =
      Json::array({{{"@type", "cr:FileObject"},
                    {"@id", kFile},
                    {"name", kFile},
                    {"description", "The rows; to be read through the gate only."},
                    {"contentUrl", fmt::format("snapshots/{}/{}", data.snapshot, kFile)},
                    {"contentSize", fmt::format("{} B", data.manifest->bytes)},
                    {"encodingFormat", "application/vnd.apache.parquet"},
                    {"sha256", data.data_sha256}}});
  document["recordSet"] = Json::array({RecordSet(*data.manifest)});
  return DocumentJson(document);
}

}  // namespace klieg::flows
