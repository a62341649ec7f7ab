// EXPECT: Permit::Permit\(\).* is private|private constructor of class .*Permit
// A permit cannot be declared into being.
#include "data/snapshot.h"
#include "rights/gate.h"

namespace klieg {

rights::Permit permit;

}  // namespace klieg
