/// A model without what may no longer be in it.
#pragma once

#include <string>

#include "core/error.h"
#include "flows/session.h"
#include "personalize/learner.h"
#include "personalize/removal.h"

namespace klieg::flows {

struct Rederivation {
  platform::ModelRecord model;
  std::string method;
  double bound = 0;
  std::string bound_basis;
  double seconds = 0;
};

/// Publishes the next version of `record`, made of the same snapshot and settings without whatever
/// the gate leaves out by now. `cause` ("w-17") goes into the registration.
core::Result<Rederivation> RederiveModel(Session& session, platform::Run& run,
                                         const platform::ModelRecord& record,
                                         const std::string& cause);

}  // namespace klieg::flows
