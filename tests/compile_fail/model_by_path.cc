// EXPECT: too few arguments|no matching function for call to .LoadModel|could not convert|no known conversion|invalid initialization of reference
// A model is loaded with the gate's permission, not from a path.
#include "data/snapshot.h"
#include "personalize/learner.h"

namespace klieg {

core::Result<personalize::Model> Load(const std::filesystem::path& folder,
                                      const core::Digest& digest) {
  return personalize::LoadModel(folder, digest);
}

}  // namespace klieg
