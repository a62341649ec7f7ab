#include "data/tables.h"

#include "data/row_rules.h"
#include "data/snapshot.h"
#include "data/table_reader.h"

namespace klieg::data {

core::Result<InteractionTable> ReadInteractions(const Snapshot& snapshot, size_t threads) {
  KLIEG_ASSIGN(InteractionTable table,
               ReadInteractionFile({snapshot.manifest(), snapshot.parquet()}, threads));
  ObeyRowRules(snapshot.rows_, table);
  return table;
}

core::Result<TitleTable> ReadTitles(const Snapshot& snapshot) {
  KLIEG_ASSIGN(TitleTable table, ReadTitleFile({snapshot.manifest(), snapshot.parquet()}));
  ObeyRowRules(snapshot.rows_, table);
  return table;
}

}  // namespace klieg::data
