/// Which rows of a table may be read, as the permit says. Internal to src/data: ReadInteractions and
/// ReadTitles apply it, so that no caller sees a row that was left out.
#pragma once

#include "data/tables.h"
#include "rights/decision.h"

namespace klieg::data {

/// Takes rows, and names of members and titles, out of the table. With kAllBut the names left out
/// go, all other names stay, whether or not rows of theirs are left. With kOnly the rows of the named
/// members and titles stay, and all names, so that codes are those of the whole table. Says in
/// `rows_left_out` how many rows went. O(names) when nothing is left out, else O(rows + names).
void ObeyRowRules(const rights::RowRules& rules, InteractionTable& table);
void ObeyRowRules(const rights::RowRules& rules, TitleTable& table);

}  // namespace klieg::data
