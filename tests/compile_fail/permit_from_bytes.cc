// EXPECT: no matching function for call to .*bit_cast
// Nor read from bytes.
#include <array>
#include <bit>

#include "data/snapshot.h"
#include "rights/gate.h"

namespace klieg {

rights::Permit Forge(const std::array<char, sizeof(rights::Permit)>& bytes) {
  return std::bit_cast<rights::Permit>(bytes);
}

}  // namespace klieg
