#include "flows/document_card.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "flows/document_text.h"
#include "flows/html_text.h"

namespace klieg::flows {
namespace {

using Json = nlohmann::ordered_json;

bool IsCost(const platform::RunMetric& metric) {
  return metric.name == "train_seconds" || metric.name == "peak_bytes";
}

std::string MetricText(const platform::RunMetric& metric) {
  if (metric.name == "train_seconds") return DurationText(metric.value);
  if (metric.name == "peak_bytes") return BytesText(static_cast<uint64_t>(metric.value));
  const bool interval = metric.low && metric.high;
  return Fixed(metric.value, interval ? DecimalsFor(metric.value, *metric.low, *metric.high)
                                      : DecimalsFor(metric.value, 0, 0));
}

std::string IntervalText(const platform::RunMetric& metric) {
  if (!metric.low || !metric.high) return "none";
  const int decimals = DecimalsFor(metric.value, *metric.low, *metric.high);
  return fmt::format("{} to {}", Fixed(*metric.low, decimals), Fixed(*metric.high, decimals));
}

std::string Purposes(const rights::Terms& terms) {
  std::vector<std::string> names;
  for (const rights::Purpose purpose : terms.purposes)
    names.emplace_back(rights::PurposeName(purpose));
  return names.empty() ? "nothing" : JoinWords(names);
}

std::string Standing(const ModelFacts& facts) {
  if (!facts.Quarantine().empty()) return "In quarantine: it may not be used.";
  if (facts.newer_version)
    return fmt::format("In the registry; version {} is newer.", *facts.newer_version);
  return "In the registry; the newest version of its name.";
}

Section WhatItIs(const ModelFacts& facts) {
  FactList list;
  list.facts.push_back({"Name and version", {Say(facts.Label())}});
  list.facts.push_back({"Learner", {Code(facts.record.ranker)}});
  list.facts.push_back(
      {"Purpose", facts.entry ? Line{Code(facts.entry->purpose),
                                     Say(", that is: " + PurposePhrase(facts.entry->purpose))}
                              : Line{Say("not on record")}});
  list.facts.push_back({"Made",
                        {Say(DateTimeText(facts.record.created)), Say(" by run "),
                         Code(facts.record.run), Say(" of " + facts.run.actor)}});
  list.facts.push_back({"SHA-256 of its file", {Code(facts.record.digest)}});
  list.facts.push_back({"Size in memory", {Say(BytesText(facts.record.bytes))}});
  list.facts.push_back({"State", {Say(Standing(facts))}});
  Section section{"What it is", {}};
  for (const LedgerQuarantine& one : facts.quarantines) {
    section.blocks.push_back(Notice{
        {Strong("In quarantine"), Say(fmt::format(" since {} (log entry {}): {}",
                                                  DateText(one.time), one.sequence, one.why))}});
  }
  if (!facts.entry) {
    section.blocks.push_back(
        Notice{{Say("The rights log has no entry for this model: the gate "
                    "does not let it be used. Train it again.")}});
  }
  section.blocks.push_back(std::move(list));
  return section;
}

FactList InputFacts(const ModelInputFacts& input) {
  const DataFacts& data = input.data;
  FactList list;
  list.facts.push_back({"Dataset", {Say(data.Label())}});
  list.facts.push_back({"Snapshot", {Code(data.snapshot)}});
  if (data.manifest) {
    list.facts.push_back(
        {"Rows in the snapshot",
         {Say(fmt::format("{} ({} rejected at import)", CountText(data.manifest->rows),
                          CountText(data.manifest->rejected)))}});
    for (const std::string& source : data.manifest->sources)
      list.facts.push_back({"Read from", {Code(source)}});
  } else {
    list.facts.push_back({"Rows", {Say("missing: the snapshot is not in this workspace")}});
  }
  for (const LedgerTerms& one : data.terms) {
    list.facts.push_back({"Owner", {Say(one.terms.owner)}});
    list.facts.push_back({"Licence", {Say(one.terms.licence)}});
    list.facts.push_back(
        {"Terms permit",
         {Say(fmt::format("{}; expiry: {}; log entry {}, ", Purposes(one.terms),
                          one.terms.expires ? DateText(*one.terms.expires) : "never",
                          one.sequence)),
          Code(one.digest.Short())}});
  }
  if (data.terms.empty()) list.facts.push_back({"Terms", {Say("missing")}});
  if (input.decision) {
    const LedgerDecision& decision = *input.decision;
    list.facts.push_back({"Permission to read it",
                          {Say(fmt::format("log entry {}, {}, for ", decision.sequence,
                                           DateTimeText(decision.time))),
                           Code(decision.purpose), Say(decision.clauses.empty() ? "" : ", by "),
                           Say(JoinWords(decision.clauses))}});
  } else {
    list.facts.push_back({"Permission to read it", {Say("missing: not in the log")}});
  }
  return list;
}

Section TrainingData(const ModelFacts& facts) {
  Section section{"What it learnt from", {}};
  for (const ModelInputFacts& input : facts.inputs) section.blocks.push_back(InputFacts(input));
  FactList set;
  set.facts.push_back(
      {"Interactions it learnt from",
       {Say(facts.interactions ? CountText(*facts.interactions)
                               : "missing: " + (facts.training_set_problem.empty()
                                                    ? "it cannot be told from the "
                                                      "training set"
                                                    : facts.training_set_problem))}});
  set.facts.push_back({"Rows left out by consents",
                       {Say(facts.rows_left_out ? CountText(*facts.rows_left_out)
                                                : "missing: the run did not finish")}});
  if (facts.entry) {
    const Json parameters = Json::parse(facts.entry->parameters, nullptr, false);
    if (parameters.is_object() && parameters.contains("filter"))
      set.facts.push_back({"Filter", {Code(parameters.at("filter").dump())}});
  }
  if (facts.entry && facts.entry->training_set) {
    const rights::SubjectSetRoot& root = *facts.entry->training_set;
    set.facts.push_back({"Training-set root", {Code(root.root.Hex())}});
    set.facts.push_back({"Members, titles and works in it", {Say(CountText(root.subjects))}});
  } else {
    set.facts.push_back({"Training-set root", {Say("missing")}});
  }
  section.blocks.push_back(std::move(set));
  if (!facts.works.empty()) {
    Table table{{"Work on record", "Title", "Rows"}, {false, false, true}, {}};
    for (const WorkRows& work : facts.works)
      table.rows.push_back({{Code(work.id)}, {Say(work.title)}, {Say(CountText(work.rows))}});
    section.blocks.push_back(std::move(table));
  } else if (facts.training_set_problem.empty()) {
    section.blocks.push_back(
        Paragraph{{Say("No work of a writer or performer on record is in its training set.")}});
  }
  return section;
}

/// "1 member and 0 titles, by down-date, for withdrawal w-25; no weight is further than 1.2e-4 from
/// training from scratch".
std::string RemovalText(const std::string& removal) {
  const Json object = Json::parse(removal, nullptr, false);
  if (!object.is_object() || !object.contains("method")) return removal;
  std::string text = fmt::format("{} and {}, by {}, for withdrawal {}",
                                 CountOf(object.value("members", uint64_t{0}), "member", "members"),
                                 CountOf(object.value("titles", uint64_t{0}), "title", "titles"),
                                 object.value("method", ""), object.value("cause", "unknown"));
  const double bound = std::strtod(object.value("bound", "0").c_str(), nullptr);
  text += bound > 0
              ? fmt::format("; no weight is further than {:.2g} from training from scratch", bound)
              : "; equal to training from scratch";
  return text;
}

Section LeftOut(const ModelFacts& facts) {
  Section section{"Who was left out, and who was removed", {}};
  Bullets bullets;
  for (const ModelInputFacts& input : facts.inputs) {
    if (!input.decision || !input.decision->rows) continue;
    const LedgerRows& rows = *input.decision->rows;
    bullets.lines.push_back({Say(fmt::format(
        "From {}: {} and {} were {} (log entry {}).", input.data.Label(),
        CountOf(rows.members, "member", "members"), CountOf(rows.titles, "title", "titles"),
        rows.rule == "only" ? "read, and nothing else" : "left out", input.decision->sequence))});
    for (const rights::Refusal& reason : rows.reasons) {
      bullets.lines.push_back(
          {Say(reason.says + " "), Say(fmt::format("({} {}, clause {}; {})", reason.pack,
                                                   reason.version, reason.clause, reason.source))});
    }
  }
  if (facts.entry && !facts.entry->removal.empty()) {
    bullets.lines.push_back(
        {Say(fmt::format("This model came from another one by removal: {} (log "
                         "entry {}).",
                         RemovalText(facts.entry->removal), facts.entry->sequence))});
  }
  for (const LedgerModel& successor : facts.successors) {
    bullets.lines.push_back({Say(fmt::format(
        "{} was made from this model by removal on {}: {} (log entry {}).", successor.Label(),
        DateText(successor.time), RemovalText(successor.removal), successor.sequence))});
  }
  if (bullets.lines.empty()) {
    section.blocks.push_back(Paragraph{
        {Say("Nobody was left out by a consent, and no removal from this model is on record.")}});
  } else {
    section.blocks.push_back(std::move(bullets));
  }
  return section;
}

Section HowItWasMade(const ModelFacts& facts) {
  FactList list;
  const Json values = Json::parse(facts.record.parameters, nullptr, false);
  if (values.is_object()) {
    for (const auto& [key, value] : values.items())
      list.facts.push_back(
          {key, {Code(value.is_string() ? value.get<std::string>() : value.dump())}});
  }
  list.facts.push_back({"Seed", {Code(SeedOf(facts))}});
  list.facts.push_back({"Code version", {Code(facts.run.code_version)}});
  list.facts.push_back({"Instruction set", {Code(facts.run.instruction_set)}});
  for (const platform::RunMetric& metric : facts.run.metrics) {
    if (IsCost(metric))
      list.facts.push_back({metric.name + " (" + metric.method + ")", {Say(MetricText(metric))}});
  }
  return {"How it was made", {std::move(list)}};
}

Section HowWell(const ModelFacts& facts) {
  Section section{"How well it does", {}};
  if (facts.measurements.empty()) {
    section.blocks.push_back(
        Notice{{Say("Missing: no finished evaluation with this learner, these settings and this "
                    "seed is on "
                    "record. Measure it with "),
                Code("klieg evaluate " + facts.record.name + " --split strong"), Say(".")}});
  } else {
    section.blocks.push_back(Paragraph{
        {Say("Measured by training the same learner with the same settings and seed on one part of "
             "the data, and judging it on people it had not seen. The figures are of that "
             "training, not of this very file.")}});
  }
  for (const Measurement& one : facts.measurements) {
    section.blocks.push_back(
        Paragraph{{Strong(fmt::format("{}, split {}", one.dataset, one.split)),
                   Say(one.split_description.empty() ? "" : " (" + one.split_description + ")"),
                   Say(fmt::format(", measured {}, run ", DateText(one.ended))), Code(one.run)}});
    Table table{{"Metric", "Value", "95 % interval", "Method"}, {false, true, true, false}, {}};
    for (const platform::RunMetric& metric : one.metrics) {
      if (IsCost(metric)) continue;
      table.rows.push_back({{Say(metric.name)},
                            {Say(MetricText(metric))},
                            {Say(IntervalText(metric))},
                            {Say(metric.method)}});
    }
    section.blocks.push_back(std::move(table));
  }
  if (facts.other_measurements > 0) {
    section.blocks.push_back(Paragraph{
        {Say(fmt::format("{} of this learner under other settings or seeds {} not shown: they "
                         "are about other models.",
                         CountOf(facts.other_measurements, "measurement", "measurements"),
                         facts.other_measurements == 1 ? "is" : "are"))}});
  }
  return section;
}

Section Limits(const ModelFacts& facts) {
  Bullets bullets;
  bullets.lines.push_back(
      {Say("It ranks titles that were in its training data, for members with a history. It says "
           "nothing about new titles, and it makes no content.")});
  bullets.lines.push_back(
      {Say("Its figures hold for the audience and the season of the data named above.")});
  bullets.lines.push_back(
      {Say("The training-set root commits to what is said to have been trained on. That the file "
           "follows from it is shown by training it again: "),
       Code("klieg verify model " + facts.Label()), Say(".")});
  if (facts.measurements.empty())
    bullets.lines.push_back({Say("Nobody has measured how well it does.")});
  if (!facts.interactions)
    bullets.lines.push_back({Say("How many rows it learnt from cannot be told from the records.")});
  return {"Limits", {std::move(bullets)}};
}

Json RefusalsJson(const std::vector<rights::Refusal>& refusals) {
  Json list = Json::array();
  for (const rights::Refusal& one : refusals) {
    list.push_back({{"pack", one.pack},
                    {"version", one.version},
                    {"clause", one.clause},
                    {"source", one.source},
                    {"says", one.says}});
  }
  return list;
}

Json InputJson(const ModelInputFacts& input) {
  Json object = {{"dataset", input.data.Label()}, {"snapshot", input.data.snapshot}};
  if (input.data.manifest) {
    object["rows"] = input.data.manifest->rows;
    object["rejected"] = input.data.manifest->rejected;
    object["sources"] = input.data.manifest->sources;
    object["data_sha256"] = input.data.data_sha256;
  }
  Json terms = Json::array();
  for (const LedgerTerms& one : input.data.terms) {
    Json permits = Json::array();
    for (const rights::Purpose purpose : one.terms.purposes)
      permits.push_back(std::string(rights::PurposeName(purpose)));
    terms.push_back({{"owner", one.terms.owner},
                     {"licence", one.terms.licence},
                     {"permits", std::move(permits)},
                     {"expires", one.terms.expires ? core::FormatTimestamp(*one.terms.expires)
                                                   : std::string("never")},
                     {"source", one.terms.source},
                     {"digest", one.digest.Hex()},
                     {"log_entry", one.sequence}});
  }
  object["terms"] = std::move(terms);
  if (!input.decision) {
    object["decision"] = nullptr;
    return object;
  }
  const LedgerDecision& decision = *input.decision;
  object["decision"] = {{"log_entry", decision.sequence},
                        {"time", core::FormatTimestamp(decision.time)},
                        {"purpose", decision.purpose},
                        {"clauses", decision.clauses}};
  if (decision.rows) {
    object["decision"]["left_out"] = {{"rule", decision.rows->rule},
                                      {"members", decision.rows->members},
                                      {"titles", decision.rows->titles},
                                      {"reasons", RefusalsJson(decision.rows->reasons)}};
  }
  return object;
}

Json FigureJson(std::optional<double> value) {
  return value ? Json(*value) : Json();  // What is no finite number becomes null.
}

Json MeasurementJson(const Measurement& one) {
  Json metrics = Json::array();
  for (const platform::RunMetric& metric : one.metrics) {
    metrics.push_back({{"name", metric.name},
                       {"value", FigureJson(metric.value)},
                       {"low", FigureJson(metric.low)},
                       {"high", FigureJson(metric.high)},
                       {"method", metric.method}});
  }
  return {{"run", one.run},
          {"ended", core::FormatTimestamp(one.ended)},
          {"dataset", one.dataset},
          {"split", one.split},
          {"split_description", one.split_description},
          {"subject", one.subject},
          {"metrics", std::move(metrics)}};
}

Json CountJson(std::optional<uint64_t> count) { return count ? Json(*count) : Json(); }

Json HistoryJson(const ModelFacts& facts) {
  Json quarantines = Json::array();
  for (const LedgerQuarantine& one : facts.quarantines) {
    quarantines.push_back(
        {{"log_entry", one.sequence}, {"time", core::FormatTimestamp(one.time)}, {"why", one.why}});
  }
  Json successors = Json::array();
  for (const LedgerModel& one : facts.successors) {
    successors.push_back({{"model", one.Label()},
                          {"log_entry", one.sequence},
                          {"removal", Json::parse(one.removal, nullptr, false)}});
  }
  return {{"quarantines", std::move(quarantines)},
          {"removed_into", std::move(successors)},
          {"newer_version", facts.newer_version ? Json(*facts.newer_version) : Json()}};
}

}  // namespace

Outline ModelCard(const ModelFacts& facts, const Ledger& ledger) {
  Outline card;
  card.kind = "Model card";
  card.title = facts.Label();
  card.lede = {Say(fmt::format(
      "A model for {}, made by the learner {} on {}. {}",
      facts.entry ? PurposePhrase(facts.entry->purpose) : "a purpose that is not on record",
      facts.record.ranker, DateText(facts.record.created), Standing(facts)))};
  card.sections = {WhatItIs(facts),     TrainingData(facts), LeftOut(facts),
                   HowItWasMade(facts), HowWell(facts),      Limits(facts)};
  card.footer = {
      Say(fmt::format("Generated by Klieg from the registry and the rights log as of {} ({}); "
                      "nothing on this page was typed by hand. Root of the log: ",
                      CountOf(ledger.entries, "entry", "entries"), DateTimeText(ledger.time))),
      Code(ledger.root.Hex())};
  return card;
}

std::string ModelCardJson(const ModelFacts& facts, const Ledger& ledger) {
  Json inputs = Json::array();
  for (const ModelInputFacts& input : facts.inputs) inputs.push_back(InputJson(input));
  Json measurements = Json::array();
  for (const Measurement& one : facts.measurements) measurements.push_back(MeasurementJson(one));
  Json works = Json::array();
  for (const WorkRows& work : facts.works)
    works.push_back({{"id", work.id}, {"title", work.title}, {"rows", work.rows}});
  Json training = {{"inputs", std::move(inputs)},
                   {"interactions", CountJson(facts.interactions)},
                   {"rows_left_out", CountJson(facts.rows_left_out)},
                   {"works", std::move(works)}};
  if (facts.entry && facts.entry->training_set) {
    training["training_set"] = {{"root", facts.entry->training_set->root.Hex()},
                                {"subjects", facts.entry->training_set->subjects}};
  }
  const Json values = Json::parse(facts.record.parameters, nullptr, false);
  Json model = {{"name", facts.record.name},
                {"version", facts.record.version},
                {"digest", facts.record.digest},
                {"learner", facts.record.ranker},
                {"purpose", facts.entry ? Json(facts.entry->purpose) : Json()},
                {"created", core::FormatTimestamp(facts.record.created)},
                {"bytes", facts.record.bytes},
                {"run", facts.record.run},
                {"actor", facts.run.actor},
                {"hyper_parameters", values},
                {"seed", SeedOf(facts)},
                {"code_version", facts.run.code_version},
                {"instruction_set", facts.run.instruction_set},
                {"log_entry", facts.entry ? Json(facts.entry->sequence) : Json()},
                {"removal", facts.entry && !facts.entry->removal.empty()
                                ? Json::parse(facts.entry->removal, nullptr, false)
                                : Json()}};
  const Json card = {{"format", "klieg-model-card"},
                     {"version", 1},
                     {"log",
                      {{"entries", ledger.entries},
                       {"root", ledger.root.Hex()},
                       {"time", core::FormatTimestamp(ledger.time)}}},
                     {"model", std::move(model)},
                     {"training", std::move(training)},
                     {"evaluations", std::move(measurements)},
                     {"history", HistoryJson(facts)}};
  return DocumentJson(card);
}

}  // namespace klieg::flows
