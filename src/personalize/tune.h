/// Searches hyper-parameters on validation members only: what is chosen by is never what is shown.
///
///     const OnTrial keep = [&](const Trial& trial) {
///       ... record the trial: a killed search loses only the one under way ...
///     };
///     KLIEG_ASSIGN(const Tuning tuning,
///                  Tune(*learner, data, fixed, {.trials = 30}, context, keep));
///     train with tuning.trials[tuning.best].values, judge on SplitPart::kTest
///
/// The first trial is the defaults. Trials 1 to 8 and every third one after them are drawn from the
/// whole of the tuning ranges (random search: Bergstra and Bengio, JMLR 2012); the rest are drawn
/// and then moved towards the best so far, which spends more trials where the good ones are. A
/// trial depends on the seed, its number and the trials before it, so that a search that goes on
/// from completed trials ends like one that was never interrupted.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/error.h"
#include "personalize/evaluate.h"
#include "personalize/learner.h"
#include "personalize/split.h"

namespace klieg::personalize {

struct TuneOptions {
  uint32_t trials = 20;  ///< In all, completed ones included; at least 1.
  uint64_t seed = 1;     ///< Of the draws; the split has its own, training takes the context's.
  std::string metric =
      "ndcg@100";  ///< Mean over members, more is better: ndcg, recall, recall_full, map, mrr or hit_rate.
  SplitKind split = SplitKind::kStrong;
  SplitOptions split_options = {};
  EvaluateOptions evaluate = {.cutoffs = {}};  ///< The metric's cutoff is added.
};

struct Trial {
  uint32_t number = 0;                        ///< From 0.
  std::map<std::string, std::string> values;  ///< What differs from the defaults.
  MetricValue metric;  ///< On validation members; meaningless when there is an error.
  double seconds =
      0;  ///< Training and judging. 0: same values as an earlier trial, not trained again.
  std::string error;  ///< Empty, or why this setting could not be trained or judged.
};

struct Tuning {
  std::vector<Trial> trials;
  size_t best = 0;          ///< Position of the best; the earliest of equal ones.
  std::string description;  ///< Of the validation split.
};

/// Called after each new trial, in order.
using OnTrial = std::function<void(const Trial&)>;

/// `fixed` values stay as they are. A trial that fails is recorded and the search goes on; if every
/// one fails, so does Tune, with the first error. kInvalidArgument: bad options or fixed values,
/// completed trials that are not numbered 0, 1, 2 …, data that cannot be split. kInterrupted ends
/// the search at once.
core::Result<Tuning> Tune(const Learner& learner, const Interactions& data,
                          const std::map<std::string, std::string>& fixed,
                          const TuneOptions& options, const TrainContext& context,
                          const OnTrial& on_trial = {}, std::vector<Trial> completed = {});

/// The same on a validation split that the caller made (HoldOutInteractions, for published files).
core::Result<Tuning> TuneOnSplit(const Learner& learner, const Split& validation,
                                 const std::map<std::string, std::string>& fixed,
                                 const TuneOptions& options, const TrainContext& context,
                                 const OnTrial& on_trial = {}, std::vector<Trial> completed = {});

}  // namespace klieg::personalize
