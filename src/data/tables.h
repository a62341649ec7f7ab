/// The rows of an opened snapshot that its permit covers, by columns. Include data/snapshot.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/error.h"

namespace klieg::data {

class Snapshot;

/// Interactions by columns, in the order of the file. Members and titles are dense codes: the code
/// of a name is its place among the sorted names (numbers sort as numbers, texts by bytes), so that
/// codes do not depend on threads.
struct InteractionTable {
  std::vector<std::string> member_names;  ///< Code → name, sorted.
  std::vector<std::string> title_names;   ///< Code → name, sorted.
  std::vector<uint32_t> members;          ///< [rows] codes
  std::vector<uint32_t> titles;           ///< [rows] codes
  std::vector<int64_t> times;  ///< [rows] seconds since 1970 UTC, or empty when the file had none.
  std::vector<float> values;   ///< [rows], or empty when the file had none.
  uint64_t rows_left_out = 0;  ///< Rows that the permit does not cover; they are not above.
};

/// kInvalidArgument for a snapshot of titles. `threads` 0 means all processors, and does not change
/// the result. O(rows + names · log names) time; memory beyond the result is that of the names.
core::Result<InteractionTable> ReadInteractions(const Snapshot& snapshot, size_t threads = 0);

/// Titles by columns, in the order of the file; every vector has one element a title.
struct TitleTable {
  std::vector<std::string> ids;
  std::vector<std::string> names;  ///< Empty text when unknown.
  std::vector<int32_t> years;      ///< 0 when unknown.
  std::vector<std::vector<std::string>> genres;
  uint64_t rows_left_out = 0;  ///< As of InteractionTable.
};

/// kInvalidArgument for a snapshot of interactions.
core::Result<TitleTable> ReadTitles(const Snapshot& snapshot);

}  // namespace klieg::data
