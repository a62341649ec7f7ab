/// Learners: what turns interactions into rankers. One declaration each; the list is in
/// learners.cc.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/progress.h"
#include "core/thread_pool.h"
#include "personalize/hyper_parameters.h"
#include "personalize/interactions.h"
#include "personalize/ranker.h"
#include "rights/gate.h"

namespace klieg::personalize {

/// What a training run is given besides data and hyper-parameters. Does not own.
struct TrainContext {
  core::ThreadPool& pool;
  core::Progress& progress;
  uint64_t seed = 1;
  uint64_t memory_limit_bytes =
      0;  ///< 0: what is available. A learner that needs more refuses with kOutOfMemory.
};

struct Removal;      // personalize/removal.h
struct RemovalData;  // personalize/removal.h

struct Learner {
  std::string_view name;     ///< "ease"
  std::string_view summary;  ///< One sentence.
  std::string_view source;   ///< Paper and equation.
  std::span<const HyperParameter> hyper_parameters;
  /// Same data, values and seed give the same bytes for any number of threads.
  core::Result<std::unique_ptr<Ranker>> (*train)(const Interactions& data,
                                                 const HyperParameters& values,
                                                 const TrainContext& context);
  /// The inverse of Ranker::Save.
  core::Result<std::unique_ptr<Ranker>> (*load)(const std::string& prefix,
                                                std::shared_ptr<const learn::TensorFile> file);
  /// Takes members and titles out of a model that `train` made with these values, without training
  /// again. Called by RemoveFromModel (removal.h), which has checked the data and states the
  /// contract; null where a model has to be trained again.
  core::Result<Removal> (*remove)(const Ranker& model, const RemovalData& data,
                                  const HyperParameters& values,
                                  const TrainContext& context) = nullptr;
};

/// Every learner there is, in the order of the documentation.
std::span<const Learner> Learners();

/// Fails with kInvalidArgument, listing the names there are.
core::Result<const Learner*> FindLearner(std::string_view name);

/// A ranker with what is needed to use it elsewhere: names of titles, what made it.
struct Model {
  std::unique_ptr<Ranker> ranker;
  std::vector<std::string> title_names;
  std::map<std::string, std::string> hyper_parameters;
  uint64_t seed = 0;
  std::string code_version;
  std::string instruction_set;
};

/// Writes the model file; returns its digest, the model's identity. Same model, same bytes.
core::Result<core::Digest> SaveModel(const Model& model, const std::filesystem::path& path);

/// The file of a model in the folder of models: its digest names it.
std::filesystem::path ModelPath(const std::filesystem::path& folder, const core::Digest& artifact);

/// Loads the model that the permit names, and no other, from the folder of models. Verifies every
/// byte against its digest (kCorrupt). kNotFound: it is not there. kVersion: written by a newer
/// klieg.
core::Result<Model> LoadModel(const std::filesystem::path& folder,
                              const rights::ModelPermit& permit);

}  // namespace klieg::personalize
