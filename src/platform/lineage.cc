#include <algorithm>
#include <set>

#include "platform/metadata.h"

namespace klieg::platform {
namespace {

std::string Versioned(const std::string& name, int64_t version) {
  return fmt::format("{}@{}", name, version);
}

std::string Short(const std::string& digest) { return digest.substr(0, 12); }

/// Follows what came from what. Reads the store's lists once.
class Tracer {
 public:
  Tracer(MetadataStore& store, std::vector<ModelRecord> models, std::vector<DatasetRecord> datasets)
      : store_(store), models_(std::move(models)), datasets_(std::move(datasets)) {}

  core::Result<LineageNode> Model(const ModelRecord& model) {
    LineageNode node{
        "model",
        Versioned(model.name, model.version),
        fmt::format("{}@{} ({}), digest {}, made {}", model.name, model.version, model.ranker,
                    Short(model.digest), core::FormatTimestamp(model.created).substr(0, 10)),
        {}};
    KLIEG_TRY(AddRun(model.run, node));
    return node;
  }

 private:
  core::Status AddRun(const std::string& id, LineageNode& parent) {
    if (id.empty()) return {};
    KLIEG_ASSIGN(const RunRecord run, store_.GetRun(id));
    LineageNode node{"run",
                     run.id,
                     fmt::format("{}: {}, {}, by {}, seed {}, code {} on {}", run.id, run.spec.name,
                                 RunStateName(run.state), run.actor, run.spec.seed,
                                 run.code_version, run.instruction_set),
                     {}};
    // A store that was tampered with could lead in a circle.
    if (branch_.insert(run.id).second) {
      for (const RunInput& input : run.inputs) KLIEG_TRY(AddInput(input, node));
      branch_.erase(run.id);
    }
    parent.inputs.push_back(std::move(node));
    return {};
  }

  core::Status AddInput(const RunInput& input, LineageNode& run) {
    LineageNode node;
    if (input.kind == "model") {
      KLIEG_ASSIGN(node, ModelInput(input));
    } else {
      KLIEG_ASSIGN(node, SnapshotInput(input));
    }
    run.inputs.push_back(std::move(node));
    return {};
  }

  /// The first model with these bytes: later ones of the same bytes were made from it or like it.
  core::Result<LineageNode> ModelInput(const RunInput& input) {
    const ModelRecord* first = nullptr;
    for (const ModelRecord& model : models_) {
      if (model.digest == input.digest && (first == nullptr || model.created < first->created))
        first = &model;
    }
    if (first != nullptr) return Model(*first);
    return LineageNode{"model",
                       input.digest,
                       fmt::format("{} ({}), not in the registry", Short(input.digest), input.role),
                       {}};
  }

  core::Result<LineageNode> SnapshotInput(const RunInput& input) {
    LineageNode node{
        "snapshot", input.digest, fmt::format("{} ({})", Short(input.digest), input.role), {}};
    if (input.permit_sequence >= 0) {
      node.inputs.push_back({"permit",
                             fmt::format("{}", input.permit_sequence),
                             fmt::format("decision {} of the gate", input.permit_sequence),
                             {}});
    }
    for (const DatasetRecord& dataset : datasets_) {
      if (dataset.snapshot != input.digest) continue;
      LineageNode child{"dataset",
                        Versioned(dataset.name, dataset.version),
                        fmt::format("{}@{} ({}), under terms {}", dataset.name, dataset.version,
                                    dataset.kind, Short(dataset.terms)),
                        {}};
      KLIEG_TRY(AddRun(dataset.run, child));
      node.inputs.push_back(std::move(child));
    }
    return node;
  }

  MetadataStore& store_;
  std::vector<ModelRecord> models_;
  std::vector<DatasetRecord> datasets_;
  std::set<std::string> branch_;
};

}  // namespace

core::Result<LineageNode> TraceLineage(MetadataStore& store, const std::string& model) {
  KLIEG_ASSIGN(const ModelRecord record, store.GetModel(model));
  KLIEG_ASSIGN(std::vector<ModelRecord> models, store.ListModels());
  KLIEG_ASSIGN(std::vector<DatasetRecord> datasets, store.ListDatasets());
  return Tracer(store, std::move(models), std::move(datasets)).Model(record);
}

}  // namespace klieg::platform
