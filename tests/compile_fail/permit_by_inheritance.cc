// EXPECT: use of deleted function .*Forged::Forged\(\)|implicitly-deleted default constructor of
// .*Forged Nor inherited.
#include "data/snapshot.h"
#include "rights/gate.h"

namespace klieg {

struct Forged : rights::Permit {};
Forged forged;

}  // namespace klieg
