/// popularity: what most members watched, lately or ever; the floor under every other ranker.
///
///     KLIEG_ASSIGN(auto ranker, TrainPopularity(data, {.window_days = 90}));
///
/// A title's score is the number of members who watched it within the window, whatever the history;
/// the values of interactions are not used. The count itself, not its logarithm, so that an
/// explanation can be read by anyone.
#pragma once

#include <memory>
#include <vector>

#include "core/error.h"
#include "personalize/interactions.h"
#include "personalize/learner.h"
#include "personalize/ranker.h"

namespace klieg::personalize {

struct PopularityOptions {
  /// Only interactions at most this many days before the latest one in the data count; 0: all do.
  /// Measured from the data and not from the clock, so that the same data always give the same
  /// model.
  double window_days = 0;
};

/// kInvalidArgument when a window is asked for and the data have no times. O(N).
core::Result<std::unique_ptr<Ranker>> TrainPopularity(const Interactions& data,
                                                      const PopularityOptions& options);

/// The declaration under the name "popularity".
const Learner& PopularityLearner();

}  // namespace klieg::personalize
