#include "data/snapshot.h"

#include <utility>

#include "data/snapshot_files.h"

namespace klieg::data {

core::Result<Snapshot> OpenSnapshot(const SnapshotStore& store, const rights::Permit& permit) {
  KLIEG_ASSIGN(SnapshotFiles files, VerifySnapshotFiles(store, permit.snapshot()));
  Snapshot snapshot;
  snapshot.manifest_ = std::move(files.manifest);
  snapshot.parquet_ = std::move(files.parquet);
  snapshot.rows_ = permit.rows();
  return snapshot;
}

}  // namespace klieg::data
