/// What learners learn from: a sparse matrix of members by titles, with names and, where known,
/// times.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/error.h"
#include "core/typed_index.h"
#include "data/snapshot.h"
#include "learn/sparse_matrix.h"

namespace klieg::personalize {

using TitleIndex = core::TypedIndex<struct TitleTag>;
using MemberIndex = core::TypedIndex<struct MemberTag>;

/// Letters: M members, T titles, N interactions (one per member and title; the latest counts).
struct Interactions {
  learn::SparseMatrix matrix;  ///< M × T
  std::vector<int64_t>
      times;  ///< [N] seconds since 1970 UTC, beside matrix.columns; empty when unknown.
  std::vector<uint32_t>
      file_order;  ///< [N] place in the file, beside matrix.columns: decides between equal times
                   ///< (leave-last-out); empty when times are.
  std::vector<std::string> member_names;  ///< [M]
  std::vector<std::string> title_names;   ///< [T]

  uint32_t member_count() const { return matrix.row_count; }
  uint32_t title_count() const { return matrix.column_count; }
};

struct InteractionFilter {
  double value_min =
      -1e300;  ///< Rows whose value is below are left out (ratings as implicit feedback).
  uint32_t interactions_min =
      0;  ///< Members with fewer interactions are left out, after the above.
};

/// One entry per member and title: of repeated ones the latest counts (the last in the file when
/// times are equal or unknown). Members left without interactions are dropped, titles are kept.
/// kInvalidArgument when nothing is left.
core::Result<Interactions> MakeInteractions(data::InteractionTable table,
                                            const InteractionFilter& filter = {});

/// Position of a name in a sorted or unsorted list of names; built once, O(1) look-up.
class NameIndex {
 public:
  explicit NameIndex(const std::vector<std::string>& names);
  std::optional<uint32_t> Find(std::string_view name) const;

 private:
  std::unordered_map<std::string, uint32_t> index_;
};

}  // namespace klieg::personalize
