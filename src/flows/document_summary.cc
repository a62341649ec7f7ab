#include "flows/document_summary.h"

#include <nlohmann/json.hpp>

#include "flows/document_text.h"
#include "flows/html_text.h"

namespace klieg::flows {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kNoDuty =
    "This summary is given as a courtesy. The duty to publish one (Regulation (EU) 2024/1689, "
    "article 53(1)(d)) falls on providers of general-purpose AI models; this model recommends "
    "titles "
    "and is not one. Only the shape of the Commission’s template is followed.";

constexpr std::string_view kNotCrawled =
    "None. Klieg reads the files that it is given under terms; it crawls and scrapes nothing.";

constexpr std::string_view kKindUnknown =
    "Whether a source is public, licensed or the service’s own is not on record beyond what its "
    "terms say.";

constexpr std::string_view kIllegalContent =
    "Not applicable to ids of members and titles; no text, image, sound or film was read.";

struct SourceFacts {
  std::string name;
  std::string kind;
  std::string modality;
  std::optional<uint64_t> rows;
  std::string acquired;  ///< Date of import; empty: not on record.
  const DataFacts* data = nullptr;
};

SourceFacts SourceOf(const ModelInputFacts& input) {
  SourceFacts source;
  source.name = input.data.Label();
  source.data = &input.data;
  const bool titles = input.data.manifest && input.data.manifest->kind == data::TableKind::kTitles;
  source.kind = titles ? "catalogue of titles" : "viewing histories (user data)";
  source.modality = "tabular: ids, times and values";
  if (titles) source.modality = "tabular: ids, names, years and genres";
  if (input.data.manifest) source.rows = input.data.manifest->rows;
  if (!input.data.names.empty()) source.acquired = DateText(input.data.names.front().created);
  return source;
}

std::string OrMissing(std::optional<uint64_t> count) {
  return count ? CountText(*count) : "missing";
}

uint64_t RowsRefusedMembers(const ModelFacts& facts) {
  uint64_t members = 0;
  for (const ModelInputFacts& input : facts.inputs) {
    if (input.decision && input.decision->rows && input.decision->rows->rule == "all-but")
      members += input.decision->rows->members;
  }
  return members;
}

uint64_t RowsRefusedTitles(const ModelFacts& facts) {
  uint64_t titles = 0;
  for (const ModelInputFacts& input : facts.inputs) {
    if (input.decision && input.decision->rows && input.decision->rows->rule == "all-but")
      titles += input.decision->rows->titles;
  }
  return titles;
}

Section General(const ModelFacts& facts) {
  FactList list;
  list.facts.push_back(
      {"Provider",
       {Say("not on record: Klieg keeps no name of the house; the model was made by the user " +
            facts.run.actor)}});
  list.facts.push_back({"Model", {Say(facts.Label())}});
  list.facts.push_back({"Made on", {Say(DateText(facts.record.created))}});
  list.facts.push_back(
      {"Made from another model",
       {Say(facts.entry && !facts.entry->removal.empty() ? "yes, by removal" : "no")}});
  list.facts.push_back(
      {"Modalities", {Say("tabular data; no text, image, audio or video content")}});
  list.facts.push_back(
      {"Size of the training data",
       {Say(OrMissing(facts.interactions) + " interactions of members with titles")}});
  return {"1. General information", {std::move(list)}};
}

Section Sources(const ModelFacts& facts) {
  Section section{"2. Data sources", {}};
  section.blocks.push_back(Paragraph{{Say(std::string(kKindUnknown))}});
  for (const ModelInputFacts& input : facts.inputs) {
    const SourceFacts source = SourceOf(input);
    FactList list;
    list.facts.push_back({"Dataset", {Say(source.name)}});
    list.facts.push_back({"Kind", {Say(source.kind)}});
    list.facts.push_back({"Modality", {Say(source.modality)}});
    list.facts.push_back({"Rows", {Say(OrMissing(source.rows))}});
    list.facts.push_back(
        {"Acquired", {Say(source.acquired.empty() ? "missing" : source.acquired)}});
    for (const LedgerTerms& one : input.data.terms) {
      list.facts.push_back({"Owner", {Say(one.terms.owner)}});
      list.facts.push_back({"Licence", {Say(one.terms.licence)}});
      list.facts.push_back({"Obtained from",
                            {Say(one.terms.source.empty() ? "missing: the terms name no source"
                                                          : one.terms.source)}});
    }
    section.blocks.push_back(std::move(list));
  }
  section.blocks.push_back(FactList{{{"Crawled or scraped data", {Say(std::string(kNotCrawled))}},
                                     {"Synthetic data", {Say("None is recorded as such.")}}}});
  return section;
}

Section Processing(const ModelFacts& facts) {
  Bullets measures;
  measures.lines.push_back(
      {Say("Every use is decided by a gate before a row is read: terms of the owners first, then "
           "consents and refusals, row by row. Each decision stands in an append-only log.")});
  measures.lines.push_back({Say(fmt::format(
      "Opt-outs honoured in this training: {} and {}; {} rows were left out.",
      CountOf(RowsRefusedMembers(facts), "member", "members"),
      CountOf(RowsRefusedTitles(facts), "title", "titles"), OrMissing(facts.rows_left_out)))});
  measures.lines.push_back({Say(
      fmt::format("Removals from this model on record: {}.", CountText(facts.successors.size())))});
  if (!facts.Quarantine().empty())
    measures.lines.push_back({Say("In quarantine: " + facts.Quarantine())});
  Bullets processing;
  if (facts.entry) {
    const Json parameters = Json::parse(facts.entry->parameters, nullptr, false);
    if (parameters.is_object() && parameters.contains("filter"))
      processing.lines.push_back(
          {Say("Filter before training: "), Code(parameters.at("filter").dump())});
  }
  processing.lines.push_back({Say("Removal of illegal content: " + std::string(kIllegalContent))});
  return {"3. Rights and processing", {std::move(measures), std::move(processing)}};
}

}  // namespace

Outline TrainingSummary(const ModelFacts& facts, const Ledger& ledger) {
  Outline summary;
  summary.kind = "Summary of training content";
  summary.title = facts.Label();
  summary.lede = {Say(std::string(kNoDuty))};
  summary.sections = {General(facts), Sources(facts), Processing(facts)};
  summary.footer = {
      Say(fmt::format("Generated by Klieg from the registry and the rights log as of {} ({}). ",
                      CountOf(ledger.entries, "entry", "entries"), DateTimeText(ledger.time))),
      Say("Not legal advice.")};
  return summary;
}

std::string TrainingSummaryJson(const ModelFacts& facts, const Ledger& ledger) {
  Json sources = Json::array();
  for (const ModelInputFacts& input : facts.inputs) {
    const SourceFacts source = SourceOf(input);
    Json terms = Json::array();
    for (const LedgerTerms& one : input.data.terms) {
      terms.push_back({{"owner", one.terms.owner},
                       {"licence", one.terms.licence},
                       {"source", one.terms.source}});
    }
    sources.push_back({{"name", source.name},
                       {"kind", source.kind},
                       {"modality", source.modality},
                       {"rows", source.rows ? Json(*source.rows) : Json()},
                       {"acquired", source.acquired.empty() ? Json() : Json(source.acquired)},
                       {"snapshot", input.data.snapshot},
                       {"terms", std::move(terms)}});
  }
  const Json summary = {
      {"format", "klieg-training-summary"},
      {"version", 1},
      {"note", std::string(kNoDuty)},
      {"log", {{"entries", ledger.entries}, {"root", ledger.root.Hex()}}},
      {"general",
       {{"provider", nullptr},
        {"model", facts.Label()},
        {"made", core::FormatTimestamp(facts.record.created)},
        {"modalities", Json::array({"tabular"})},
        {"interactions", facts.interactions ? Json(*facts.interactions) : Json()}}},
      {"data_sources",
       {{"note", std::string(kKindUnknown)},
        {"datasets", std::move(sources)},
        {"crawled", std::string(kNotCrawled)},
        {"synthetic", nullptr}}},
      {"rights_and_processing",
       {{"members_left_out", RowsRefusedMembers(facts)},
        {"titles_left_out", RowsRefusedTitles(facts)},
        {"rows_left_out", facts.rows_left_out ? Json(*facts.rows_left_out) : Json()},
        {"removals", facts.successors.size()},
        {"quarantine", facts.Quarantine().empty() ? Json() : Json(facts.Quarantine())},
        {"illegal_content", std::string(kIllegalContent)}}}};
  return DocumentJson(summary);
}

}  // namespace klieg::flows
