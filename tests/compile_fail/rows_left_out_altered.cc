// EXPECT: rows_.* is private|rows_. is a private member
// Who is left out is the gate's to say.
#include "data/snapshot.h"
#include "rights/gate.h"

namespace klieg {

void Alter(rights::Permit& permit) { permit.rows_ = {}; }

}  // namespace klieg
