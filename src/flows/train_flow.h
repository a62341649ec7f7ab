/// Training: a dataset through the gate, a learner, a model file under its digest, an entry in the
/// registry. One run.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/error.h"
#include "flows/session.h"
#include "personalize/learner.h"

namespace klieg::flows {

struct TrainOptions {
  std::string ranker;
  std::string dataset;
  std::string model;                       ///< The name it gets.
  std::map<std::string, std::string> set;  ///< Hyper-parameters.
  bool tuned =
      false;  ///< Start from the best trial of the latest tuning of this ranker and dataset.
  uint64_t seed = 1;
  personalize::InteractionFilter filter;
  std::string repeats;  ///< Run that this one repeats.
  Without without;      ///< Left out although they may be used.
};

struct TrainOutcome {
  platform::ModelRecord model;
  std::string run;
  double train_seconds = 0;
  uint64_t peak_bytes = 0;
  uint64_t members = 0;
  uint64_t titles = 0;
  uint64_t interactions = 0;
  uint64_t rows_left_out = 0;  ///< Of the snapshot, by consents.
};

core::Result<TrainOutcome> TrainModel(Session& session, const TrainOptions& options);

/// The dataset version that holds a snapshot: "films@2". kNotFound when no dataset does.
core::Result<std::string> DatasetOf(Session& session, const std::string& snapshot);

/// What a model was made with, from its registration in the log; the dataset as name@version.
core::Result<TrainOptions> TrainOptionsOf(Session& session, const platform::ModelRecord& model);

/// The best trial of the latest finished tuning run of this ranker on this dataset; kNotFound says
/// how to make one.
core::Result<std::map<std::string, std::string>> TunedHyperParameters(Session& session,
                                                                      const std::string& ranker,
                                                                      const std::string& dataset);

}  // namespace klieg::flows
