#include "data/row_rules.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

namespace klieg::data {
namespace {

using rights::RowRules;

/// For each name whether the rules list it. Bytes, not bits: they are looked up once a row.
std::vector<uint8_t> Listed(const std::vector<std::string>& names,
                            const std::vector<std::string>& listed) {
  std::vector<uint8_t> result(names.size(), 0);
  if (listed.empty()) return result;
  const std::unordered_set<std::string_view> set(listed.begin(), listed.end());
  for (size_t i = 0; i < names.size(); ++i) result[i] = set.contains(names[i]);
  return result;
}

/// Drops listed names; for each old code its new one.
std::vector<uint32_t> DropNames(const std::vector<uint8_t>& dropped,
                                std::vector<std::string>& names) {
  std::vector<uint32_t> new_codes(names.size(), 0);
  uint32_t next = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    new_codes[i] = next;
    if (dropped[i] != 0) continue;
    if (next != i) names[next] = std::move(names[i]);
    ++next;
  }
  names.resize(next);
  return new_codes;
}

/// Moves the rows that are kept together, without a branch on what is random: every row is written
/// where the next one to be kept belongs.
template <class KeepRow, class MoveRow>
size_t Compact(size_t rows, const KeepRow& keep, const MoveRow& move) {
  size_t end = 0;
  for (size_t row = 0; row < rows; ++row) {
    const bool kept = keep(row);
    move(row, end);
    end += kept ? 1 : 0;
  }
  return end;
}

}  // namespace

void ObeyRowRules(const RowRules& rules, InteractionTable& table) {
  if (rules.Empty()) return;
  const bool only = rules.kind == RowRules::Kind::kOnly;
  const std::vector<uint8_t> members = Listed(table.member_names, rules.members);
  const std::vector<uint8_t> titles = Listed(table.title_names, rules.titles);
  std::vector<uint32_t> member_codes;
  std::vector<uint32_t> title_codes;
  if (!only) {
    member_codes = DropNames(members, table.member_names);
    title_codes = DropNames(titles, table.title_names);
  }
  const size_t rows = table.members.size();
  const uint8_t wanted = only ? 1 : 0;
  size_t end = 0;
  const auto keep = [&](size_t row) {
    return static_cast<uint8_t>(members[table.members[row]] | titles[table.titles[row]]) == wanted;
  };
  // Codes last: what is kept is decided by the old ones.
  if (!table.times.empty()) {
    end = Compact(rows, keep, [&](size_t from, size_t to) { table.times[to] = table.times[from]; });
    table.times.resize(end);
  }
  if (!table.values.empty()) {
    end =
        Compact(rows, keep, [&](size_t from, size_t to) { table.values[to] = table.values[from]; });
    table.values.resize(end);
  }
  end = Compact(rows, keep, [&](size_t from, size_t to) {
    const uint32_t member = table.members[from];
    const uint32_t title = table.titles[from];
    table.members[to] = only ? member : member_codes[member];
    table.titles[to] = only ? title : title_codes[title];
  });
  table.members.resize(end);
  table.titles.resize(end);
  table.rows_left_out = rows - end;
}

namespace {

template <class T>
void KeepListed(const std::vector<uint8_t>& listed, uint8_t wanted, std::vector<T>& values) {
  size_t end = 0;
  for (size_t row = 0; row < values.size(); ++row) {
    if (listed[row] != wanted) continue;
    if (end != row) values[end] = std::move(values[row]);
    ++end;
  }
  values.resize(end);
}

}  // namespace

void ObeyRowRules(const RowRules& rules, TitleTable& table) {
  if (rules.Empty()) return;
  const uint8_t wanted = rules.kind == RowRules::Kind::kOnly ? 1 : 0;
  const std::vector<uint8_t> listed = Listed(table.ids, rules.titles);
  table.rows_left_out =
      static_cast<uint64_t>(std::ranges::count(listed, static_cast<uint8_t>(1 - wanted)));
  KeepListed(listed, wanted, table.names);
  KeepListed(listed, wanted, table.years);
  KeepListed(listed, wanted, table.genres);
  KeepListed(listed, wanted, table.ids);
}

}  // namespace klieg::data
