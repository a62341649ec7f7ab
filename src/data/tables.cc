#include "data/tables.h"

#include "data/snapshot.h"
#include "data/table_reader.h"

namespace klieg::data {

core::Result<InteractionTable> ReadInteractions(const Snapshot& snapshot, size_t threads) {
  return ReadInteractionFile({snapshot.manifest(), snapshot.parquet()}, threads);
}

core::Result<TitleTable> ReadTitles(const Snapshot& snapshot) {
  return ReadTitleFile({snapshot.manifest(), snapshot.parquet()});
}

}  // namespace klieg::data
