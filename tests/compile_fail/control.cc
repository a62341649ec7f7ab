// EXPECT: compiles
// The way that is open: ask the gate, and open what it permits.
#include "data/snapshot.h"
#include "rights/gate.h"

namespace klieg {

core::Result<data::Snapshot> Open(rights::Gate& gate, const data::SnapshotStore& store,
                                  const rights::Request& request) {
  KLIEG_ASSIGN(const rights::Permit permit, gate.Ask(request));
  const rights::Permit copy = permit;
  return data::OpenSnapshot(store, copy);
}

}  // namespace klieg
