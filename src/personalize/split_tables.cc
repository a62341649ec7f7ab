// Splits that were published as files: names are matched, nothing is drawn.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "personalize/split.h"

namespace klieg::personalize {
namespace {

using core::ErrorCode;
using Positions = std::unordered_map<std::string_view, uint32_t>;

Positions PositionsOf(const std::vector<std::string>& names) {
  Positions positions;
  positions.reserve(names.size());
  for (uint32_t i = 0; i < names.size(); ++i) positions.emplace(names[i], i);
  return positions;
}

std::optional<uint32_t> Find(const Positions& positions, std::string_view name) {
  const auto place = positions.find(name);
  if (place == positions.end()) return std::nullopt;
  return place->second;
}

/// Which column of the catalogue each title of a table is; none: not in the catalogue.
std::vector<std::optional<uint32_t>> MapTitles(const Interactions& table,
                                               const Positions& catalogue) {
  std::vector<std::optional<uint32_t>> column_of(table.title_count());
  for (uint32_t title = 0; title < table.title_count(); ++title) {
    column_of[title] = Find(catalogue, table.title_names[title]);
  }
  return column_of;
}

/// One member's row in the columns of the catalogue; titles that are not in it are dropped and
/// counted.
struct Row {
  std::vector<uint32_t> columns;
  std::vector<float> values;
};

Row MapRow(const learn::SparseMatrix& matrix, uint32_t row,
           std::span<const std::optional<uint32_t>> column_of, uint64_t& dropped) {
  std::vector<std::pair<uint32_t, float>> entries;
  for (uint64_t entry = matrix.row_begin[row]; entry < matrix.row_begin[row + 1]; ++entry) {
    const std::optional<uint32_t> column = column_of[matrix.columns[entry]];
    if (column) entries.emplace_back(*column, matrix.Value(entry));
    dropped += column ? 0 : 1;
  }
  std::ranges::sort(entries);
  Row mapped;
  for (const auto& [column, value] : entries) {
    mapped.columns.push_back(column);
    if (!matrix.values.empty()) mapped.values.push_back(value);
  }
  return mapped;
}

core::Status CheckNoOverlap(const Row& fold_in, const Row& target, const std::string& member,
                            const std::vector<std::string>& title_names) {
  std::vector<uint32_t> common;
  std::ranges::set_intersection(fold_in.columns, target.columns, std::back_inserter(common));
  if (common.empty()) return {};
  return core::Fail(ErrorCode::kInvalidArgument,
                    "leak: title '{}' of member '{}' is in the target and in the history it is to "
                    "be found from ({} such "
                    "titles of this member); remove it from one of the files",
                    title_names[common.front()], member, common.size());
}

/// What is counted on the way, for the description.
struct Counts {
  uint64_t fold_in_dropped = 0;
  uint64_t target_dropped = 0;
  uint64_t members_without_target = 0;
  uint64_t members_unknown = 0;
};

std::string Describe(const Split& split, const Counts& counts, bool has_fold_in) {
  std::string text = fmt::format(
      "files: {} members with {} interactions train, {} members are judged on {} targets, {}",
      split.train.member_count(), split.train.matrix.entry_count(), split.member_names.size(),
      split.target.entry_count(),
      has_fold_in ? "folded in from their own file" : "their training rows are folded in");
  const auto add = [&text](uint64_t count, std::string_view what) {
    if (count > 0) text += fmt::format(", {} {}", count, what);
  };
  add(counts.fold_in_dropped, "fold-in interactions of titles not in training dropped");
  add(counts.target_dropped, "targets of titles not in training dropped");
  add(counts.members_without_target, "members left without a target are not judged");
  add(counts.members_unknown, "members of the target without training rows are not judged");
  return text;
}

/// The catalogue of training grows by the titles that only the target has.
void AddTitles(const Interactions& target, Interactions& train) {
  const std::vector<std::string> known = train.title_names;
  const Positions catalogue = PositionsOf(known);
  for (const std::string& title : target.title_names) {
    if (!catalogue.contains(title)) train.title_names.push_back(title);
  }
  train.matrix.column_count = static_cast<uint32_t>(train.title_names.size());
}

}  // namespace

core::Result<Split> MakeSplitFromTables(Interactions train, const Interactions* fold_in,
                                        const Interactions& target) {
  if (fold_in == nullptr) AddTitles(target, train);
  Split split;
  split.train = std::move(train);
  split.fold_in.column_count = split.train.title_count();
  split.target.column_count = split.train.title_count();

  const Interactions& history = fold_in != nullptr ? *fold_in : split.train;
  const Positions catalogue = PositionsOf(split.train.title_names);
  const Positions members = PositionsOf(history.member_names);
  const auto history_columns = MapTitles(history, catalogue);
  const auto target_columns = MapTitles(target, catalogue);
  Counts counts;
  for (uint32_t row = 0; row < target.member_count(); ++row) {
    const std::string& name = target.member_names[row];
    const std::optional<uint32_t> member = Find(members, name);
    if (!member && fold_in != nullptr) {
      return core::Fail(ErrorCode::kInvalidArgument,
                        "member '{}' is in the target but not in the fold-in; every member of the "
                        "target needs a history "
                        "there, so check that the two files belong together",
                        name);
    }
    if (!member) {
      ++counts.members_unknown;
      continue;
    }
    const Row known = MapRow(history.matrix, *member, history_columns, counts.fold_in_dropped);
    const Row wanted = MapRow(target.matrix, row, target_columns, counts.target_dropped);
    KLIEG_TRY(CheckNoOverlap(known, wanted, name, split.train.title_names));
    if (wanted.columns.empty()) {
      ++counts.members_without_target;
      continue;
    }
    split.fold_in.AppendRow(known.columns, known.values);
    split.target.AppendRow(wanted.columns, wanted.values);
    split.member_names.push_back(name);
  }
  if (split.member_names.empty()) {
    return core::Fail(
        ErrorCode::kInvalidArgument,
        "none of the {} members of the target can be judged: {} have no training rows, {} have no "
        "target "
        "title that is in training; check that the files name members and titles the same way",
        target.member_count(), counts.members_unknown, counts.members_without_target);
  }
  split.description = Describe(split, counts, fold_in != nullptr);
  return split;
}

}  // namespace klieg::personalize
