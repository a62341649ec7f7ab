#include "data/row_rules.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

namespace klieg::data {
namespace {

using rights::RowRules;

/// For each name whether the rules list it.
std::vector<bool> Listed(const std::vector<std::string>& names,
                         const std::vector<std::string>& listed) {
  std::vector<bool> result(names.size(), false);
  if (listed.empty()) return result;
  const std::unordered_set<std::string_view> set(listed.begin(), listed.end());
  for (size_t i = 0; i < names.size(); ++i) result[i] = set.contains(names[i]);
  return result;
}

/// Keeps the elements of `values` whose row is kept; an empty column stays empty.
template <class T>
void Keep(const std::vector<bool>& kept, std::vector<T>& values) {
  if (values.empty()) return;
  size_t end = 0;
  for (size_t row = 0; row < values.size(); ++row) {
    if (!kept[row]) continue;
    if (end != row) values[end] = std::move(values[row]);
    ++end;
  }
  values.resize(end);
}

/// Drops listed names and gives the others new codes; codes of rows must not be of dropped names.
void DropNames(const std::vector<bool>& dropped, std::vector<std::string>& names,
               std::vector<uint32_t>& codes) {
  if (std::ranges::find(dropped, true) == dropped.end()) return;
  std::vector<uint32_t> new_codes(names.size(), 0);
  uint32_t next = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    new_codes[i] = next;
    if (dropped[i]) continue;
    if (next != i) names[next] = std::move(names[i]);
    ++next;
  }
  names.resize(next);
  for (uint32_t& code : codes) code = new_codes[code];
}

}  // namespace

void ObeyRowRules(const RowRules& rules, InteractionTable& table) {
  if (rules.Empty()) return;
  const bool only = rules.kind == RowRules::Kind::kOnly;
  const std::vector<bool> members = Listed(table.member_names, rules.members);
  const std::vector<bool> titles = Listed(table.title_names, rules.titles);
  std::vector<bool> kept(table.members.size());
  for (size_t row = 0; row < kept.size(); ++row)
    kept[row] = (members[table.members[row]] || titles[table.titles[row]]) == only;
  table.rows_left_out = static_cast<uint64_t>(std::ranges::count(kept, false));
  Keep(kept, table.members);
  Keep(kept, table.titles);
  Keep(kept, table.times);
  Keep(kept, table.values);
  if (only) return;
  DropNames(members, table.member_names, table.members);
  DropNames(titles, table.title_names, table.titles);
}

void ObeyRowRules(const RowRules& rules, TitleTable& table) {
  if (rules.Empty()) return;
  const bool only = rules.kind == RowRules::Kind::kOnly;
  std::vector<bool> kept = Listed(table.ids, rules.titles);
  if (!only) kept.flip();
  table.rows_left_out = static_cast<uint64_t>(std::ranges::count(kept, false));
  Keep(kept, table.ids);
  Keep(kept, table.names);
  Keep(kept, table.years);
  Keep(kept, table.genres);
}

}  // namespace klieg::data
