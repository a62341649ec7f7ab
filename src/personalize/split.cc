#include "personalize/split.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "core/check.h"
#include "core/random.h"

namespace klieg::personalize {
namespace {

using core::ErrorCode;

constexpr std::array<std::pair<std::string_view, SplitKind>, 4> kKinds = {{
    {"strong", SplitKind::kStrong},
    {"last", SplitKind::kLast},
    {"time", SplitKind::kTime},
    {"files", SplitKind::kFiles},
}};

/// Members with fewer interactions are not divided (Liang et al. 2018, appendix).
constexpr size_t kStrongInteractionsMin = 5;

/// Where an interaction goes.
enum class Side : uint8_t { kTrain, kTarget, kNowhere };

/// A matrix row by row, with what stands beside its entries.
class Rows {
 public:
  explicit Rows(const Interactions& source) : source_(source) {
    result_.matrix.column_count = source.title_count();
    result_.title_names = source.title_names;
  }

  /// Adds the entries of one member that are on `side`; nothing happens when there are none.
  void Append(uint32_t member, std::span<const Side> sides, Side side) {
    const uint64_t begin = source_.matrix.row_begin[member];
    std::vector<uint32_t> columns;
    std::vector<float> values;
    for (uint64_t entry = begin; entry < source_.matrix.row_begin[member + 1]; ++entry) {
      if (sides[entry - begin] != side) continue;
      columns.push_back(source_.matrix.columns[entry]);
      if (!source_.matrix.values.empty()) values.push_back(source_.matrix.values[entry]);
      if (!source_.times.empty()) result_.times.push_back(source_.times[entry]);
      if (!source_.file_order.empty()) result_.file_order.push_back(source_.file_order[entry]);
    }
    if (columns.empty()) return;
    result_.matrix.AppendRow(columns, values);
    result_.member_names.push_back(source_.member_names[member]);
  }

  Interactions Take() && { return std::move(result_); }

 private:
  const Interactions& source_;
  Interactions result_;
};

/// Adds one row of a matrix: the entries of a source row for which keep(place in the row) holds.
template <class Keep>
void AppendSelected(const learn::SparseMatrix& source, uint32_t row, const Keep& keep,
                    learn::SparseMatrix& destination) {
  const std::span<const uint32_t> all_columns = source.RowColumns(row);
  const std::span<const float> all_values = source.RowValues(row);
  std::vector<uint32_t> columns;
  std::vector<float> values;
  for (size_t i = 0; i < all_columns.size(); ++i) {
    if (!keep(i)) continue;
    columns.push_back(all_columns[i]);
    if (!all_values.empty()) values.push_back(all_values[i]);
  }
  destination.AppendRow(columns, values);
}

Split EmptySplit(uint32_t title_count) {
  Split split;
  split.fold_in.column_count = title_count;
  split.target.column_count = title_count;
  return split;
}

core::Status CheckShare(double share, std::string_view name) {
  if (share > 0 && share < 1) return {};
  return core::Fail(ErrorCode::kInvalidArgument,
                    "{} must lie between 0 and 1, both excluded: it is {}", name, share);
}

// ---------------------------------------------------------------- strong

/// Who is held out: a permutation of all members, its end is test, what lies before that is
/// validation.
struct HeldOut {
  std::vector<uint32_t> train;  // increasing
  std::vector<uint32_t> part;   // the part asked for, increasing
};

core::Result<HeldOut> HoldOut(uint32_t members, SplitPart part, const SplitOptions& options) {
  KLIEG_TRY(CheckShare(options.heldout_share, "the share of held-out members"));
  const auto by_share = static_cast<uint32_t>(options.heldout_share * members);
  const uint32_t heldout = options.heldout_members != 0 ? options.heldout_members : by_share;
  if (heldout == 0 || uint64_t{2} * heldout >= members) {
    return core::Fail(ErrorCode::kInvalidArgument,
                      "cannot hold out {} members for validation and as many for test of {} and "
                      "still train on some; "
                      "hold out fewer members, or judge with the split 'last' or 'time', which "
                      "hold out interactions",
                      std::max(heldout, 1U), members);
  }
  core::Random random = core::Random(options.seed).Fork(0);
  std::vector<uint32_t> order = random.Permutation(members);
  const auto train_end = order.begin() + (members - 2 * heldout);
  const auto part_begin = part == SplitPart::kValidation ? train_end : train_end + heldout;
  HeldOut result;
  result.train.assign(order.begin(), train_end);
  result.part.assign(part_begin, part_begin + heldout);
  std::ranges::sort(result.train);
  std::ranges::sort(result.part);
  return result;
}

/// Which of the `count` titles of a held-out member's history are its target: int(share · count) of
/// them, by chance.
std::vector<bool> DrawTargets(size_t count, double target_share, core::Random random) {
  std::vector<bool> is_target(count, false);
  if (count < kStrongInteractionsMin) return is_target;
  // The shares are typed as decimals: without the small term int(0.2 · 5) would be 0.
  const auto targets = static_cast<size_t>(target_share * static_cast<double>(count) + 1e-9);
  const std::vector<uint32_t> order = random.Permutation(static_cast<uint32_t>(count));
  for (size_t i = 0; i < targets; ++i) is_target[order[i]] = true;
  return is_target;
}

core::Result<Split> SplitStrong(const Interactions& data, SplitPart part,
                                const SplitOptions& options) {
  KLIEG_TRY(CheckShare(options.fold_in_share, "the fold-in share"));
  KLIEG_ASSIGN(const HeldOut heldout, HoldOut(data.member_count(), part, options));
  Split split = EmptySplit(data.title_count());
  Rows train(data);
  for (const uint32_t member : heldout.train) {
    train.Append(member, std::vector<Side>(data.matrix.RowSize(member), Side::kTrain),
                 Side::kTrain);
  }
  split.train = std::move(train).Take();
  const std::vector<uint32_t> known = learn::ColumnCounts(split.train.matrix);
  for (const uint32_t member : heldout.part) {
    const std::span<const uint32_t> titles = data.matrix.RowColumns(member);
    const auto count = static_cast<size_t>(std::count_if(
        titles.begin(), titles.end(), [&](uint32_t title) { return known[title] > 0; }));
    // A stream for each member: one member's history does not move another's draw.
    const std::vector<bool> is_target = DrawTargets(
        count, 1 - options.fold_in_share, core::Random(options.seed).Fork(1 + uint64_t{member}));
    if (std::ranges::find(is_target, true) == is_target.end()) continue;
    std::vector<Side> sides(titles.size(), Side::kNowhere);
    for (size_t i = 0, place = 0; i < titles.size(); ++i) {
      if (known[titles[i]] > 0) sides[i] = is_target[place++] ? Side::kTarget : Side::kTrain;
    }
    AppendSelected(
        data.matrix, member, [&](size_t i) { return sides[i] == Side::kTrain; }, split.fold_in);
    AppendSelected(
        data.matrix, member, [&](size_t i) { return sides[i] == Side::kTarget; }, split.target);
    split.member_names.push_back(data.member_names[member]);
  }
  if (split.member_names.empty()) {
    return core::Fail(ErrorCode::kInvalidArgument,
                      "none of the {} held-out members has {} titles that training knows; hold out "
                      "more members, or "
                      "judge with the split 'last'",
                      heldout.part.size(), kStrongInteractionsMin);
  }
  split.description = fmt::format(
      "strong: {} members with {} interactions train, {} of {} held-out members are judged, {:.0f} "
      "% of their history is "
      "folded in, seed {}",
      split.train.member_count(), split.train.matrix.entry_count(), split.member_names.size(),
      heldout.part.size(), 100 * options.fold_in_share, options.seed);
  return split;
}

// ---------------------------------------------------------------- last and time

/// Makes a split of train rows and target rows of the same members. `side_of(entry)` decides for
/// every interaction. Counts members that have a target and no history: they cannot be judged.
template <class SideOf>
Split SplitEntries(const Interactions& data, const SideOf& side_of, uint64_t& without_history) {
  Split split = EmptySplit(data.title_count());
  Rows train(data);
  without_history = 0;
  for (uint32_t member = 0; member < data.member_count(); ++member) {
    const uint64_t begin = data.matrix.row_begin[member];
    std::vector<Side> sides(data.matrix.RowSize(member));
    for (size_t i = 0; i < sides.size(); ++i) sides[i] = side_of(member, begin + i);
    train.Append(member, sides, Side::kTrain);
    if (std::ranges::find(sides, Side::kTarget) == sides.end()) continue;
    if (std::ranges::find(sides, Side::kTrain) == sides.end()) {
      ++without_history;
      continue;
    }
    AppendSelected(
        data.matrix, member, [&](size_t i) { return sides[i] == Side::kTrain; }, split.fold_in);
    AppendSelected(
        data.matrix, member, [&](size_t i) { return sides[i] == Side::kTarget; }, split.target);
    split.member_names.push_back(data.member_names[member]);
  }
  split.train = std::move(train).Take();
  return split;
}

/// Target titles that no training member watched: no learner can know them from interactions.
uint64_t UnknownTargets(const Split& split) {
  const std::vector<uint32_t> known = learn::ColumnCounts(split.train.matrix);
  const std::vector<uint32_t>& titles = split.target.columns;
  return static_cast<uint64_t>(std::count_if(titles.begin(), titles.end(),
                                             [&](uint32_t title) { return known[title] == 0; }));
}

/// Entries of a member from the latest to the earliest; of equal times the later in the file is the
/// later one.
std::vector<uint64_t> LatestFirst(const Interactions& data, uint32_t member) {
  std::vector<uint64_t> entries(data.matrix.RowSize(member));
  std::iota(entries.begin(), entries.end(), data.matrix.row_begin[member]);
  const auto key = [&](uint64_t entry) {
    const uint64_t place = data.file_order.empty() ? entry : data.file_order[entry];
    return std::pair(data.times[entry], place);
  };
  std::ranges::sort(entries, [&](uint64_t a, uint64_t b) { return key(a) > key(b); });
  return entries;
}

core::Result<Split> SplitLast(const Interactions& data, SplitPart part) {
  if (data.times.empty()) {
    return core::Fail(ErrorCode::kInvalidArgument,
                      "the split 'last' needs to know when members watched, and these interactions "
                      "have no times; "
                      "import them with --time COLUMN, or use the split 'strong'");
  }
  const size_t target_rank = part == SplitPart::kTest ? 0 : 1;
  std::vector<Side> sides(data.matrix.entry_count(), Side::kTrain);
  for (uint32_t member = 0; member < data.member_count(); ++member) {
    const std::vector<uint64_t> entries = LatestFirst(data, member);
    // Of a single interaction nothing can be held out; it is training in both parts.
    if (entries.size() < 2) continue;
    for (size_t rank = 0; rank < target_rank; ++rank) sides[entries[rank]] = Side::kNowhere;
    // Enough must be left as history: else validation trains on what is left and judges nothing
    // here.
    if (entries.size() >= target_rank + 2) sides[entries[target_rank]] = Side::kTarget;
  }
  uint64_t without_history = 0;
  Split split =
      SplitEntries(data, [&](uint32_t, uint64_t entry) { return sides[entry]; }, without_history);
  if (split.member_names.empty()) {
    return core::Fail(ErrorCode::kInvalidArgument,
                      "no member has the {} interactions that the split 'last' needs to hold one "
                      "out; use the split "
                      "'strong', or more data",
                      target_rank + 2);
  }
  split.description = fmt::format(
      "last: the {} interaction of {} members is the target, all before it ({} interactions) "
      "train and are folded in",
      part == SplitPart::kTest ? "last" : "second-last", split.member_names.size(),
      split.train.matrix.entry_count());
  return split;
}

/// The moment before which `share` of the sorted times lie (fewer when many are equal).
int64_t Moment(std::span<const int64_t> sorted_times, double share) {
  const auto place = static_cast<size_t>(share * static_cast<double>(sorted_times.size()));
  return sorted_times[std::min(place, sorted_times.size() - 1)];
}

std::string FormatMoment(int64_t seconds) { return fmt::format("{} s since 1970 UTC", seconds); }

/// Fails when training holds anything that is not earlier than every target.
core::Status CheckNoLeak(const Split& split, int64_t moment, int64_t first_target_time) {
  const auto latest = std::ranges::max_element(split.train.times);
  if (latest == split.train.times.end() || (*latest < moment && moment <= first_target_time))
    return {};
  return core::Fail(ErrorCode::kInternal,
                    "leak: training holds an interaction at {} but the targets begin at {} and the "
                    "moment of the split is {}",
                    *latest, first_target_time, moment);
}

core::Result<Split> SplitTime(const Interactions& data, SplitPart part,
                              const SplitOptions& options) {
  KLIEG_TRY(CheckShare(options.time_share, "the share of interactions before the moment"));
  if (data.times.empty()) {
    return core::Fail(ErrorCode::kInvalidArgument,
                      "the split 'time' needs times, and these interactions have none; import them "
                      "with --time COLUMN, or "
                      "use the split 'strong'");
  }
  std::vector<int64_t> sorted_times = data.times;
  std::ranges::sort(sorted_times);
  int64_t end = std::numeric_limits<int64_t>::max();
  int64_t moment = Moment(sorted_times, options.time_share);
  if (part == SplitPart::kValidation) {
    end = moment;
    sorted_times.erase(std::ranges::lower_bound(sorted_times, end), sorted_times.end());
    if (!sorted_times.empty()) moment = Moment(sorted_times, options.time_share);
  }
  if (sorted_times.empty() || moment == sorted_times.front()) {
    return core::Fail(ErrorCode::kInvalidArgument,
                      "no moment divides these interactions: {:.0f} % of them are not before any "
                      "moment but the first "
                      "({}); use the split 'last' or 'strong'",
                      100 * options.time_share, FormatMoment(moment));
  }
  int64_t first_target_time = std::numeric_limits<int64_t>::max();
  const auto side_of = [&](uint32_t, uint64_t entry) {
    const int64_t time = data.times[entry];
    if (time < moment) return Side::kTrain;
    if (part == SplitPart::kValidation && time >= end) return Side::kNowhere;
    first_target_time = std::min(first_target_time, time);
    return Side::kTarget;
  };
  uint64_t without_history = 0;
  Split split = SplitEntries(data, side_of, without_history);
  KLIEG_TRY(CheckNoLeak(split, moment, first_target_time));
  if (split.member_names.empty()) {
    return core::Fail(ErrorCode::kInvalidArgument,
                      "no member watched both before and after the moment {}: nobody can be "
                      "judged; use the split 'strong'",
                      FormatMoment(moment));
  }
  split.description = fmt::format(
      "time: {} interactions before {} train, {} members with history are judged on {} later "
      "ones{} ({} of titles new to "
      "everybody), {} members without history left out",
      split.train.matrix.entry_count(), FormatMoment(moment), split.member_names.size(),
      split.target.entry_count(),
      part == SplitPart::kValidation ? fmt::format(" before {}", FormatMoment(end)) : "",
      UnknownTargets(split), without_history);
  return split;
}

}  // namespace

core::Result<SplitKind> ParseSplitKind(std::string_view name) {
  for (const auto& [kind_name, kind] : kKinds) {
    if (kind_name == name) return kind;
  }
  return core::Fail(ErrorCode::kInvalidArgument,
                    "no split is named '{}'; there are: strong, last, time, files", name);
}

std::string_view SplitKindName(SplitKind kind) {
  for (const auto& [kind_name, value] : kKinds) {
    if (value == kind) return kind_name;
  }
  KLIEG_CHECK(false, "split kind {}", static_cast<int>(kind));
  return {};
}

core::Result<Split> MakeSplit(const Interactions& data, SplitKind kind, SplitPart part,
                              const SplitOptions& options) {
  switch (kind) {
    case SplitKind::kStrong:
      return SplitStrong(data, part, options);
    case SplitKind::kLast:
      return SplitLast(data, part);
    case SplitKind::kTime:
      return SplitTime(data, part, options);
    case SplitKind::kFiles:
      break;
  }
  return core::Fail(ErrorCode::kInvalidArgument,
                    "the split 'files' is given by files, not made: name them with --train, "
                    "--fold-in and --target");
}

core::Result<Split> HoldOutInteractions(const Interactions& data, double share, uint64_t seed) {
  KLIEG_TRY(CheckShare(share, "the share of held-out interactions"));
  std::vector<Side> sides(data.matrix.entry_count(), Side::kTrain);
  for (uint32_t member = 0; member < data.member_count(); ++member) {
    const std::vector<bool> is_target = DrawTargets(data.matrix.RowSize(member), share,
                                                    core::Random(seed).Fork(1 + uint64_t{member}));
    for (size_t i = 0; i < is_target.size(); ++i) {
      if (is_target[i]) sides[data.matrix.row_begin[member] + i] = Side::kTarget;
    }
  }
  uint64_t without_history = 0;
  Split split =
      SplitEntries(data, [&](uint32_t, uint64_t entry) { return sides[entry]; }, without_history);
  if (split.member_names.empty()) {
    return core::Fail(ErrorCode::kInvalidArgument,
                      "no member has {} interactions, of which a share of {} could be held out; "
                      "hold out a larger share",
                      kStrongInteractionsMin, share);
  }
  split.description = fmt::format(
      "interactions: {:.0f} % of the interactions of {} members with at least {} are held out by "
      "chance, seed {}; {} train",
      100 * share, split.member_names.size(), kStrongInteractionsMin, seed,
      split.train.matrix.entry_count());
  return split;
}

}  // namespace klieg::personalize
