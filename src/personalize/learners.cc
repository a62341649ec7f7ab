#include <algorithm>
#include <array>

#include "personalize/learner.h"

namespace klieg::personalize {

std::span<const Learner> Learners() {
  static const std::vector<Learner> learners = {};
  return learners;
}

core::Result<const Learner*> FindLearner(std::string_view name) {
  std::string names;
  for (const Learner& learner : Learners()) {
    if (learner.name == name) return &learner;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", learner.name);
  }
  return core::Fail(core::ErrorCode::kInvalidArgument, "there is no ranker '{}'; there are: {}", name, names);
}

}  // namespace klieg::personalize
