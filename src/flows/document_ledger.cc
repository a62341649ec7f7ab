#include "flows/document_ledger.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "rights/book.h"

namespace klieg::flows {
namespace {

using nlohmann::json;

std::vector<std::string> Texts(const json& body, const char* key) {
  std::vector<std::string> texts;
  if (body.contains(key)) texts = body.at(key).get<std::vector<std::string>>();
  return texts;
}

rights::Refusal RefusalOf(const json& object) {
  return {object.value("subject", ""), object.value("pack", ""),   object.value("version", ""),
          object.value("clause", ""),  object.value("source", ""), object.value("says", ""),
          object.value("why", "")};
}

std::vector<rights::Refusal> RefusalsOf(const json& list) {
  std::vector<rights::Refusal> refusals;
  for (const json& one : list) refusals.push_back(RefusalOf(one));
  return refusals;
}

LedgerDecision DecisionOf(const rights::LogEntry& entry, const json& body) {
  LedgerDecision decision;
  decision.sequence = entry.sequence;
  decision.time = entry.time;
  decision.permitted = body.at("decision").get<std::string>() == "permit";
  decision.action = body.at("action").get<std::string>();
  decision.actor = body.at("actor").get<std::string>();
  decision.purpose = body.value("purpose", "");
  decision.project = body.value("project", "");
  decision.reason = body.value("reason", "");
  decision.why = body.value("why", "");
  decision.snapshot = body.value("snapshot", "");
  decision.artifact = body.value("artifact", "");
  decision.work = body.value("work", "");
  decision.terms = Texts(body, "terms");
  decision.clauses = Texts(body, "clauses");
  if (body.contains("refusals")) decision.refusals = RefusalsOf(body.at("refusals"));
  if (body.contains("rows")) {
    const json& rows = body.at("rows");
    decision.rows = LedgerRows{rows.at("rule").get<std::string>(),
                               rows.at("members").get<uint64_t>(),
                               rows.at("titles").get<uint64_t>(),
                               rows.value("digest", ""),
                               {}};
    if (rows.contains("clauses")) decision.rows->reasons = RefusalsOf(rows.at("clauses"));
  }
  return decision;
}

core::Result<LedgerTerms> TermsOfEntry(const rights::LogEntry& entry, const json& body) {
  LedgerTerms terms{entry.sequence, entry.time, body.at("snapshot").get<std::string>(), {}, {}};
  KLIEG_ASSIGN(terms.terms, rights::ParseCanonicalTerms(body.at("terms").dump()));
  terms.digest = rights::TermsDigest(terms.terms);
  return terms;
}

core::Result<LedgerModel> ModelOf(const rights::LogEntry& entry, const json& body) {
  LedgerModel model;
  model.sequence = entry.sequence;
  model.time = entry.time;
  model.artifact = body.at("artifact").get<std::string>();
  model.name = body.at("name").get<std::string>();
  model.version = body.at("version").get<int64_t>();
  model.learner = body.at("learner").get<std::string>();
  model.parameters = body.at("parameters").dump();
  model.seed = body.at("seed").get<std::string>();
  model.code_version = body.at("code_version").get<std::string>();
  model.instruction_set = body.at("instruction_set").get<std::string>();
  model.purpose = body.at("purpose").get<std::string>();
  for (const json& input : body.at("inputs")) {
    model.inputs.push_back(
        {input.at("snapshot").get<std::string>(), input.at("permit").get<uint64_t>()});
  }
  if (body.contains("training_set")) {
    const json& set = body.at("training_set");
    rights::SubjectSetRoot root;
    KLIEG_ASSIGN(root.root, core::Digest::FromHex(set.at("root").get<std::string>()));
    KLIEG_ASSIGN(root.salt, core::Digest::FromHex(set.at("salt").get<std::string>()));
    root.rows = set.at("rows").get<uint64_t>();
    root.subjects = set.at("subjects").get<uint64_t>();
    model.training_set = root;
  }
  if (body.contains("removal")) model.removal = body.at("removal").dump();
  return model;
}

/// Whether any text within is one of the two.
bool Mentions(const json& value, const std::string& artifact, const std::string& label) {
  if (value.is_string()) {
    const auto text = value.get<std::string>();
    return text == artifact || text == label;
  }
  if (!value.is_structured()) return false;
  return std::any_of(value.begin(), value.end(),
                     [&](const json& inner) { return Mentions(inner, artifact, label); });
}

core::Status LearnBody(const rights::LogEntry& entry, const json& body, Ledger& ledger) {
  if (entry.kind == rights::kDecisionKind) {
    ledger.decisions.emplace(entry.sequence, DecisionOf(entry, body));
  } else if (entry.kind == rights::kTermsKind) {
    KLIEG_ASSIGN(LedgerTerms terms, TermsOfEntry(entry, body));
    ledger.terms.push_back(std::move(terms));
  } else if (entry.kind == rights::kModelKind) {
    KLIEG_ASSIGN(LedgerModel model, ModelOf(entry, body));
    ledger.models.push_back(std::move(model));
  } else if (entry.kind == rights::kQuarantineKind) {
    ledger.quarantines.push_back({entry.sequence, entry.time,
                                  body.at("artifact").get<std::string>(),
                                  body.at("why").get<std::string>(), body.value("actor", "")});
  }
  return {};
}

}  // namespace

const LedgerDecision* Ledger::FindDecision(uint64_t sequence) const {
  const auto found = decisions.find(sequence);
  return found == decisions.end() ? nullptr : &found->second;
}

const LedgerModel* Ledger::FindModel(std::string_view artifact) const {
  const auto found = std::find_if(models.rbegin(), models.rend(), [&](const LedgerModel& model) {
    return model.artifact == artifact;
  });
  return found == models.rend() ? nullptr : &*found;
}

std::vector<LedgerTerms> Ledger::TermsOf(std::string_view snapshot) const {
  std::map<std::string, LedgerTerms> by_owner;
  for (const LedgerTerms& one : terms) {
    if (one.snapshot == snapshot) by_owner.insert_or_assign(one.terms.owner, one);
  }
  std::vector<LedgerTerms> in_force;
  for (auto& [owner, one] : by_owner) in_force.push_back(std::move(one));
  return in_force;
}

std::vector<const LedgerModel*> Ledger::SuccessorsOf(const LedgerModel& model) const {
  std::vector<const LedgerModel*> successors;
  for (const LedgerModel& one : models) {
    if (one.removal.empty() || one.artifact == model.artifact) continue;
    if (Mentions(json::parse(one.removal, nullptr, false), model.artifact, model.Label()))
      successors.push_back(&one);
  }
  return successors;
}

core::Status LearnEntry(const rights::LogEntry& entry, Ledger& ledger) {
  ledger.entries = entry.sequence + 1;
  ledger.time = entry.time;
  try {
    return LearnBody(entry, json::parse(entry.body), ledger);
  } catch (const json::exception& error) {
    return core::Fail(core::ErrorCode::kCorrupt,
                      "log entry {} of kind '{}' cannot be read: {}; klieg verify checks the log",
                      entry.sequence, entry.kind, error.what());
  }
}

core::Result<Ledger> ReadLedger(Session& session) {
  rights::Gate& gate = session.gate();
  KLIEG_TRY(gate.CatchUp());
  Ledger ledger;
  const uint64_t known = gate.log().tree().size();
  ledger.root = gate.log().tree().Root();
  core::Status learnt;
  KLIEG_TRY(gate.log().ForEach([&](const rights::LogEntry& entry) {
    // What others add meanwhile is not in the book yet.
    if (entry.sequence >= known || !learnt) return;
    learnt = LearnEntry(entry, ledger);
  }));
  KLIEG_TRY(std::move(learnt));
  return ledger;
}

}  // namespace klieg::flows
