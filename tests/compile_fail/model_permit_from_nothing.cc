// EXPECT: ModelPermit::ModelPermit\(\).* is private|private constructor of class .*ModelPermit
// Nor can the permission to use a model be declared into being.
#include "data/snapshot.h"
#include "rights/gate.h"

namespace klieg {

rights::ModelPermit permit;

}  // namespace klieg
