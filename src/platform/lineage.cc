#include <algorithm>

#include "core/hash.h"
#include "platform/metadata.h"

namespace klieg::platform {
namespace {

/// Deep enough for models made of models; a cycle cannot be written, but a damaged store must not hang us.
constexpr int kDepthMax = 32;

std::string Short(const std::string& digest) { return digest.substr(0, 12); }

/// The datasets that name a snapshot, and the run that imported each.
core::Result<std::vector<LineageNode>> TraceSnapshot(MetadataStore& store, const std::string& snapshot) {
  std::vector<LineageNode> nodes;
  KLIEG_ASSIGN(const std::vector<DatasetRecord> datasets, store.ListDatasets());
  for (const DatasetRecord& one : datasets) {
    if (one.snapshot != snapshot) continue;
    LineageNode node{"dataset", fmt::format("{}@{}", one.name, one.version),
                     fmt::format("{}@{} ({}), under terms {}", one.name, one.version, one.kind, Short(one.terms)), {}};
    KLIEG_ASSIGN(const RunRecord run, store.GetRun(one.run));
    node.inputs.push_back({"run", run.id, fmt::format("{}: {} by {}, {}", run.id, run.spec.name, run.actor, run.spec.parameters), {}});
    nodes.push_back(std::move(node));
  }
  return nodes;
}

core::Result<LineageNode> TraceModelRecord(MetadataStore& store, const ModelRecord& model, int depth);

core::Result<LineageNode> TraceRun(MetadataStore& store, const std::string& id, int depth) {
  KLIEG_ASSIGN(const RunRecord run, store.GetRun(id));
  LineageNode node{"run", run.id,
                   fmt::format("{}: {} by {}, seed {}, code {} on {}", run.id, run.spec.name, run.actor, run.spec.seed,
                               run.code_version, run.instruction_set),
                   {}};
  for (const RunInput& input : run.inputs) {
    if (input.permit_sequence >= 0) {
      node.inputs.push_back({"permit", fmt::format("{}", input.permit_sequence),
                             fmt::format("decision {} of the gate, for {} {}", input.permit_sequence, input.kind, Short(input.digest)),
                             {}});
    }
    if (input.kind == "snapshot") {
      KLIEG_ASSIGN(std::vector<LineageNode> sources, TraceSnapshot(store, input.digest));
      node.inputs.push_back({"snapshot", input.digest, fmt::format("{} ({})", Short(input.digest), input.role), std::move(sources)});
      continue;
    }
    KLIEG_ASSIGN(const std::vector<ModelRecord> models, store.ListModels());
    const auto model = std::ranges::find(models, input.digest, &ModelRecord::digest);
    if (model == models.end() || depth >= kDepthMax) {
      node.inputs.push_back({input.kind, input.digest, Short(input.digest), {}});
      continue;
    }
    KLIEG_ASSIGN(LineageNode above, TraceModelRecord(store, *model, depth + 1));
    node.inputs.push_back(std::move(above));
  }
  return node;
}

core::Result<LineageNode> TraceModelRecord(MetadataStore& store, const ModelRecord& model, int depth) {
  LineageNode node{"model", model.digest,
                   fmt::format("{}@{} ({}), digest {}", model.name, model.version, model.ranker, Short(model.digest)), {}};
  KLIEG_ASSIGN(LineageNode run, TraceRun(store, model.run, depth));
  node.inputs.push_back(std::move(run));
  return node;
}

}  // namespace

core::Result<LineageNode> TraceLineage(MetadataStore& store, const std::string& model) {
  KLIEG_ASSIGN(const ModelRecord record, store.GetModel(model));
  return TraceModelRecord(store, record, 0);
}

}  // namespace klieg::platform
