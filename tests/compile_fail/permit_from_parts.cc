// EXPECT: no matching (function|constructor)
// Nor put together from its parts.
#include "data/snapshot.h"
#include "rights/gate.h"

namespace klieg {

rights::Permit Forge(const core::Digest& snapshot) {
  return rights::Permit{snapshot, rights::Purpose::kRecommend, 0, snapshot, {}};
}

}  // namespace klieg
