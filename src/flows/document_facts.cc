#include "flows/document_facts.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "flows/evaluate_flow.h"

namespace klieg::flows {
namespace {

using core::ErrorCode;
using nlohmann::json;

/// The manifest's own words on the bytes of the rows: docs/formats/snapshot.md.
core::Result<std::string> DataSha256(Session& session, const core::Digest& snapshot) {
  const std::filesystem::path file = session.snapshots().PathOf(snapshot) / "manifest.json";
  KLIEG_ASSIGN(const std::string text, core::ReadFile(file));
  const json manifest = json::parse(text, nullptr, false);
  if (!manifest.is_object() || !manifest.contains("data_sha256")) {
    return core::Fail(ErrorCode::kCorrupt, "'{}' has no data_sha256: run klieg verify",
                      file.string());
  }
  return manifest.at("data_sha256").get<std::string>();
}

std::map<std::string, std::string> HyperParametersOf(const std::string& text) {
  std::map<std::string, std::string> values;
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) return values;
  for (const auto& [key, value] : object.items())
    values[key] = value.is_string() ? value.get<std::string>() : value.dump();
  return values;
}

/// Whether `ranker`, one entry of an evaluation's parameters, is this model's learner; `same` when
/// the settings are too.
bool IsLearnerOf(const json& ranker, const ModelFacts& facts, bool& same) {
  if (ranker.value("ranker", "") != facts.record.ranker) return false;
  const json values = ranker.value("hyper_parameters", json::object());
  same = HyperParametersOf(values.dump()) == HyperParametersOf(facts.record.parameters) &&
         std::to_string(ranker.value("seed", uint64_t{0})) == SeedOf(facts);
  return true;
}

/// What the evaluation's own artifact says of the split; empty when the file is not the one that the
/// run recorded.
std::string SplitDescription(Session& session, const platform::RunRecord& run) {
  for (const platform::RunArtifact& artifact : run.artifacts) {
    if (artifact.name != "evaluation") continue;
    const auto text = core::ReadFile(session.workspace().folder() / artifact.path);
    if (!text || core::HashBytes(*text).Hex() != artifact.digest) return {};
    const auto evaluation = ParseEvaluationJson(*text);
    if (evaluation) return evaluation->split_description;
  }
  return {};
}

core::Status AddMeasurements(Session& session, ModelFacts& facts) {
  KLIEG_ASSIGN(std::vector<platform::RunRecord> runs, session.store().ListRuns());
  std::reverse(runs.begin(), runs.end());
  for (const platform::RunRecord& listed : runs) {
    if (listed.spec.kind != "evaluate" || listed.state != platform::RunState::kFinished) continue;
    const json parameters = json::parse(listed.spec.parameters, nullptr, false);
    if (!parameters.is_object() || !parameters.contains("rankers")) continue;
    for (const json& ranker : parameters.at("rankers")) {
      bool same = false;
      if (!IsLearnerOf(ranker, facts, same)) continue;
      if (!same) {
        ++facts.other_measurements;
        continue;
      }
      KLIEG_ASSIGN(const platform::RunRecord run, session.store().GetRun(listed.id));
      Measurement one{run.id,
                      run.ended.value_or(run.started),
                      parameters.value("dataset", ""),
                      parameters.value("split", ""),
                      SplitDescription(session, run),
                      ranker.value("name", ""),
                      {}};
      for (const platform::RunMetric& metric : run.metrics) {
        if (metric.subject == one.subject) one.metrics.push_back(metric);
      }
      facts.measurements.push_back(std::move(one));
    }
  }
  return {};
}

core::Status AddInputs(Session& session, const Ledger& ledger, ModelFacts& facts) {
  std::vector<LedgerInput> inputs;
  if (facts.entry) {
    inputs = facts.entry->inputs;
  } else {
    inputs = {{facts.record.snapshot,
               static_cast<uint64_t>(std::max<int64_t>(facts.record.permit_sequence, 0))}};
  }
  for (const LedgerInput& input : inputs) {
    ModelInputFacts one;
    KLIEG_ASSIGN(one.data, GatherSnapshot(session, ledger, input.snapshot));
    one.permit = input.permit;
    const LedgerDecision* decision = ledger.FindDecision(input.permit);
    if (decision != nullptr && decision->snapshot == input.snapshot) one.decision = *decision;
    facts.inputs.push_back(std::move(one));
  }
  return {};
}

void AddTrainingSet(Session& session, ModelFacts& facts) {
  if (!facts.entry) return;
  const auto tree = LoadTrainingSet(session, *facts.entry);
  if (!tree) {
    facts.training_set_problem = tree.error().message;
    return;
  }
  uint64_t rows_of_works = 0;
  for (const auto& [id, work] : session.gate().book().works()) {
    const auto rows = tree->Find(rights::SubjectKind::kWork, id);
    if (!rows) continue;
    facts.works.push_back({id, work.title, *rows});
    rows_of_works += *rows;
  }
  facts.interactions = InteractionsOf(*tree, rows_of_works);
}

void AddLedger(const Ledger& ledger, ModelFacts& facts) {
  const LedgerModel* entry = ledger.FindModel(facts.record.digest);
  for (const LedgerModel& one : ledger.models) {
    // Training the same again gives the same bytes: then each version has an entry of its own.
    if (one.artifact == facts.record.digest && one.Label() == facts.Label()) entry = &one;
  }
  if (entry != nullptr) {
    facts.entry = *entry;
    for (const LedgerModel* successor : ledger.SuccessorsOf(*entry))
      facts.successors.push_back(*successor);
  }
  for (const auto& [sequence, decision] : ledger.decisions) {
    if (decision.action == "register-model" && decision.artifact == facts.record.digest)
      facts.registration = decision;
  }
  for (const LedgerQuarantine& one : ledger.quarantines) {
    // A model that was registered again after its quarantine is out of it: book.h.
    if (one.artifact == facts.record.digest &&
        (!facts.entry || one.sequence > facts.entry->sequence))
      facts.quarantines.push_back(one);
  }
}

}  // namespace

std::string SeedOf(const ModelFacts& facts) {
  return facts.entry && !facts.entry->seed.empty() ? facts.entry->seed
                                                   : std::to_string(facts.run.spec.seed);
}

std::string DataFacts::Label() const {
  if (names.empty()) return snapshot.substr(0, 12);
  return fmt::format("{}@{}", names.front().name, names.front().version);
}

core::Result<DataFacts> GatherSnapshot(Session& session, const Ledger& ledger,
                                       const std::string& snapshot) {
  DataFacts facts;
  facts.snapshot = snapshot;
  KLIEG_ASSIGN(const core::Digest digest, core::Digest::FromHex(snapshot));
  auto manifest = data::ReadManifest(session.snapshots(), digest);
  if (manifest) {
    facts.manifest = std::move(*manifest);
    KLIEG_ASSIGN(facts.data_sha256, DataSha256(session, digest));
  } else if (manifest.error().code != ErrorCode::kNotFound) {
    return tl::unexpected<core::Error>(manifest.error());
  }
  KLIEG_ASSIGN(const std::vector<platform::DatasetRecord> datasets, session.store().ListDatasets());
  for (const platform::DatasetRecord& one : datasets) {
    if (one.snapshot == snapshot) facts.names.push_back(one);
  }
  std::ranges::stable_sort(facts.names, {}, &platform::DatasetRecord::created);
  facts.terms = ledger.TermsOf(snapshot);
  facts.attribution = session.gate().book().AttributionOf(digest);
  if (!facts.names.empty() && !facts.names.front().run.empty()) {
    KLIEG_ASSIGN(facts.import_run, session.store().GetRun(facts.names.front().run));
  }
  return facts;
}

core::Result<DataFacts> GatherDataset(Session& session, const Ledger& ledger,
                                      const std::string& reference) {
  constexpr std::string_view kTitles = ":titles";
  const bool titles = reference.ends_with(kTitles);
  const std::string name =
      titles ? reference.substr(0, reference.size() - kTitles.size()) : reference;
  const auto record = session.store().GetDataset(name, titles ? "titles" : "interactions");
  if (record) {
    KLIEG_ASSIGN(DataFacts facts, GatherSnapshot(session, ledger, record->snapshot));
    // The name that was asked for comes first, whoever else has the same bytes.
    std::ranges::stable_partition(facts.names, [&](const platform::DatasetRecord& one) {
      return one.name == record->name && one.version == record->version && one.kind == record->kind;
    });
    return facts;
  }
  if (reference.size() >= 8) {
    KLIEG_ASSIGN(const std::vector<core::Digest> snapshots,
                 data::ListSnapshots(session.snapshots()));
    for (const core::Digest& one : snapshots) {
      if (one.Hex().starts_with(reference)) return GatherSnapshot(session, ledger, one.Hex());
    }
  }
  return tl::unexpected<core::Error>(record.error());
}

core::Result<rights::SubjectTree> LoadTrainingSet(Session& session, const LedgerModel& model) {
  if (!model.training_set) {
    return core::Fail(ErrorCode::kNotFound, "the log has no training set of model {}",
                      model.Label());
  }
  const core::Digest& root = model.training_set->root;
  KLIEG_ASSIGN(rights::SubjectTree tree,
               rights::SubjectTree::Load(session.gate().SubjectsPath(root)));
  if (tree.root() != root) {
    return core::Fail(
        ErrorCode::kCorrupt,
        "'{}' does not have the root that it is named after: restore it from a backup",
        session.gate().SubjectsPath(root).string());
  }
  return tree;
}

core::Result<ModelFacts> GatherModel(Session& session, const Ledger& ledger,
                                     const std::string& name) {
  ModelFacts facts;
  KLIEG_ASSIGN(facts.record, session.store().GetModel(name));
  KLIEG_ASSIGN(facts.run, session.store().GetRun(facts.record.run));
  AddLedger(ledger, facts);
  KLIEG_TRY(AddInputs(session, ledger, facts));
  KLIEG_TRY(AddMeasurements(session, facts));
  KLIEG_ASSIGN(const platform::ModelRecord latest, session.store().GetModel(facts.record.name));
  if (latest.version != facts.record.version) facts.newer_version = latest.version;
  if (facts.run.state == platform::RunState::kFinished) {
    double left_out = 0;
    for (const platform::RunMetric& metric : facts.run.metrics) {
      if (metric.name == "rows_left_out") left_out += metric.value;
    }
    facts.rows_left_out = static_cast<uint64_t>(left_out);
  }
  AddTrainingSet(session, facts);
  return facts;
}

std::vector<PurposeStanding> StandingOf(Session& session, const std::string& snapshot) {
  std::vector<PurposeStanding> standings;
  const auto digest = core::Digest::FromHex(snapshot);
  if (!digest) return standings;
  const rights::Gate& gate = session.gate();
  for (const rights::Purpose purpose : rights::AllPurposes()) {
    const rights::Use use{purpose, rights::Action::kUse, {}, {}};
    standings.push_back({purpose, rights::DecideSnapshot(gate.book(), gate.policies(), *digest, use,
                                                         gate.book().last_time())});
  }
  return standings;
}

std::optional<uint64_t> InteractionsOf(const rights::SubjectTree& tree, uint64_t rows_of_works) {
  if (tree.rows() < rows_of_works || (tree.rows() - rows_of_works) % 2 != 0) return std::nullopt;
  return (tree.rows() - rows_of_works) / 2;
}

}  // namespace klieg::flows
