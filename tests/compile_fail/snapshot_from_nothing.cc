// EXPECT: Snapshot::Snapshot\(\).* is private|private constructor of class .*Snapshot
// Nor is one declared into being.
#include "data/snapshot.h"
#include "rights/gate.h"

namespace klieg {

data::Snapshot snapshot;

}  // namespace klieg
