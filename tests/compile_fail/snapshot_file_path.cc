// EXPECT: parquet.* is private|parquet. is a private member
// An open snapshot does not say where its rows lie: who reads the file itself reads rows left out.
#include "data/snapshot.h"
#include "rights/gate.h"

namespace klieg {

std::filesystem::path Path(const data::Snapshot& snapshot) { return snapshot.parquet(); }

}  // namespace klieg
