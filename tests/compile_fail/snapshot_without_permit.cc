// EXPECT: too few arguments|no matching function for call to .OpenSnapshot
// A snapshot is not opened without a permit.
#include "data/snapshot.h"
#include "rights/gate.h"

namespace klieg {

core::Result<data::Snapshot> Open(const data::SnapshotStore& store) {
  return data::OpenSnapshot(store);
}

}  // namespace klieg
