#include <vector>

#include "personalize/blend.h"
#include "personalize/ease.h"
#include "personalize/ease_sparse.h"
#include "personalize/ials.h"
#include "personalize/item_knn.h"
#include "personalize/learner.h"
#include "personalize/popularity.h"

namespace klieg::personalize {

std::span<const Learner> Learners() {
  static const std::vector<Learner> learners = {
      PopularityLearner(), ItemKnnLearner(), EaseLearner(), EdlaeLearner(),
      EaseSparseLearner(), IalsLearner(),    BlendLearner()};
  return learners;
}

core::Result<const Learner*> FindLearner(std::string_view name) {
  std::string names;
  for (const Learner& learner : Learners()) {
    if (learner.name == name) return &learner;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", learner.name);
  }
  return core::Fail(core::ErrorCode::kInvalidArgument, "there is no ranker '{}'; there are: {}",
                    name, names);
}

}  // namespace klieg::personalize
