#include "personalize/interactions.h"

#include <algorithm>
#include <numeric>

namespace klieg::personalize {
namespace {

/// Row numbers of the table that the filter keeps, in order of (member, title, time, place in the
/// file).
std::vector<uint32_t> SortedRows(const data::InteractionTable& table, double value_min) {
  // Counting sort by member keeps this linear; the few rows of one member are sorted by comparison.
  const size_t rows = table.members.size();
  std::vector<uint64_t> begin(table.member_names.size() + 1, 0);
  const auto kept = [&](size_t row) {
    return table.values.empty() || static_cast<double>(table.values[row]) >= value_min;
  };
  for (size_t row = 0; row < rows; ++row) {
    if (kept(row)) ++begin[table.members[row] + 1];
  }
  std::partial_sum(begin.begin(), begin.end(), begin.begin());
  std::vector<uint32_t> order(begin.back());
  std::vector<uint64_t> next(begin.begin(), begin.end() - 1);
  for (size_t row = 0; row < rows; ++row) {
    if (kept(row)) order[next[table.members[row]]++] = static_cast<uint32_t>(row);
  }
  for (size_t member = 0; member + 1 < begin.size(); ++member) {
    const auto first = order.begin() + static_cast<ptrdiff_t>(begin[member]);
    const auto last = order.begin() + static_cast<ptrdiff_t>(begin[member + 1]);
    std::sort(first, last, [&](uint32_t a, uint32_t b) {
      if (table.titles[a] != table.titles[b]) return table.titles[a] < table.titles[b];
      if (!table.times.empty() && table.times[a] != table.times[b])
        return table.times[a] < table.times[b];
      return a < b;
    });
  }
  return order;
}

}  // namespace

core::Result<Interactions> MakeInteractions(data::InteractionTable table,
                                            const InteractionFilter& filter) {
  const std::vector<uint32_t> order = SortedRows(table, filter.value_min);
  Interactions result;
  result.title_names = std::move(table.title_names);
  result.matrix.column_count = static_cast<uint32_t>(result.title_names.size());
  std::vector<uint32_t> row_columns;
  std::vector<int64_t> row_times;
  std::vector<uint32_t> row_places;
  for (size_t i = 0; i < order.size();) {
    const uint32_t member = table.members[order[i]];
    row_columns.clear();
    row_times.clear();
    row_places.clear();
    for (; i < order.size() && table.members[order[i]] == member; ++i) {
      const uint32_t title = table.titles[order[i]];
      const int64_t time = table.times.empty() ? 0 : table.times[order[i]];
      if (!row_columns.empty() && row_columns.back() == title) {
        row_times.back() = time;  // Sorted by time: the later one replaces the earlier.
        row_places.back() = order[i];
      } else {
        row_columns.push_back(title);
        row_times.push_back(time);
        row_places.push_back(order[i]);
      }
    }
    if (row_columns.size() < filter.interactions_min) continue;
    result.matrix.AppendRow(row_columns);
    result.member_names.push_back(std::move(table.member_names[member]));
    if (table.times.empty()) continue;
    result.times.insert(result.times.end(), row_times.begin(), row_times.end());
    result.file_order.insert(result.file_order.end(), row_places.begin(), row_places.end());
  }
  if (result.matrix.row_count == 0) {
    return core::Fail(core::ErrorCode::kInvalidArgument,
                      "none of {} rows is left with a value of at least {} and {} interactions a "
                      "member: lower the limits",
                      table.members.size(), filter.value_min, filter.interactions_min);
  }
  return result;
}

NameIndex::NameIndex(const std::vector<std::string>& names) {
  index_.reserve(names.size());
  for (size_t i = 0; i < names.size(); ++i) index_.emplace(names[i], static_cast<uint32_t>(i));
}

std::optional<uint32_t> NameIndex::Find(std::string_view name) const {
  const auto found = index_.find(std::string(name));
  return found == index_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace klieg::personalize
