// EXPECT: invalid initialization of reference of type .const .*Permit|no known conversion|no
// matching function for call to .OpenSnapshot Knowing its digest is not enough.
#include "data/snapshot.h"
#include "rights/gate.h"

namespace klieg {

core::Result<data::Snapshot> Open(const data::SnapshotStore& store, const core::Digest& snapshot) {
  return data::OpenSnapshot(store, snapshot);
}

}  // namespace klieg
