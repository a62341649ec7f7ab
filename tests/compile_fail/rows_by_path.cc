// EXPECT: could not convert|invalid initialization of reference|no known conversion|no matching
// function for call to .ReadInteractions Rows are read from an opened snapshot, not from a file.
#include "data/snapshot.h"
#include "rights/gate.h"

namespace klieg {

core::Result<data::InteractionTable> Read(const std::filesystem::path& file) {
  return data::ReadInteractions(file);
}

}  // namespace klieg
