// EXPECT: Permit::Permit\(\).* is private|private constructor of class .*Permit
// Nor made with empty braces.
#include "data/snapshot.h"
#include "rights/gate.h"

namespace klieg {

const rights::Permit& Forge() {
  static const rights::Permit permit{};
  return permit;
}

}  // namespace klieg
