// EXPECT: snapshot_.* is private|snapshot_. is a private member
// Nor turned to another snapshot.
#include "data/snapshot.h"
#include "rights/gate.h"

namespace klieg {

void Alter(rights::Permit& permit, const core::Digest& other) { permit.snapshot_ = other; }

}  // namespace klieg
