/// From a trained ranker to an entry in the registry: file, training set, the gate's consent, the log.
#pragma once

#include <string>

#include "core/error.h"
#include "flows/session.h"
#include "personalize/learner.h"
#include "rights/subject_tree.h"

namespace klieg::flows {

/// What a model was trained on, by member, title and work: each with the number of interactions it
/// gave. Ids of members and titles are qualified by the dataset's family ("films/42"). The salt is a
/// secret of the workspace hashed with the snapshot, so that the same data have the same root.
core::Result<rights::SubjectTree> MakeTrainingSet(Session& session,
                                                  const LoadedInteractions& source);

struct ModelToPublish {
  std::string name;     ///< In the registry.
  std::string learner;  ///< "ease"
  std::unique_ptr<personalize::Ranker> ranker;
  std::map<std::string, std::string> hyper_parameters;
  uint64_t seed = 0;
  personalize::InteractionFilter filter;
  std::string removal = "{}";  ///< Canonical JSON: how it came from another model; {}: trained.
};

/// Saves the model file and its training set, asks the gate for registration, adds the version to the
/// registry and records it in the log. `source` is what the ranker was trained on. kRefused leaves
/// the registry as it was.
core::Result<platform::ModelRecord> PublishModel(Session& session, platform::Run& run,
                                                 const LoadedInteractions& source,
                                                 ModelToPublish model);

}  // namespace klieg::flows
