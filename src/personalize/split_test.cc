#include "personalize/split.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/random.h"

namespace klieg::personalize {
namespace {

using core::ErrorCode;
using ::testing::HasSubstr;

struct Event {
  std::string member;
  std::string title;
  int64_t time = 0;
};

/// Interactions from events in the order of a file; names sorted as the importer does.
Interactions Make(const std::vector<Event>& events, bool with_times = true) {
  std::set<std::string> members;
  std::set<std::string> titles;
  for (const Event& event : events) {
    members.insert(event.member);
    titles.insert(event.title);
  }
  Interactions data;
  data.member_names.assign(members.begin(), members.end());
  data.title_names.assign(titles.begin(), titles.end());
  data.matrix.column_count = static_cast<uint32_t>(titles.size());
  for (const std::string& member : data.member_names) {
    std::map<uint32_t, size_t> row;
    for (size_t i = 0; i < events.size(); ++i) {
      if (events[i].member != member) continue;
      row[static_cast<uint32_t>(std::distance(titles.begin(), titles.find(events[i].title)))] = i;
    }
    std::vector<uint32_t> columns;
    for (const auto& [column, i] : row) {
      columns.push_back(column);
      if (with_times) data.times.push_back(events[i].time);
      if (with_times) data.file_order.push_back(static_cast<uint32_t>(i));
    }
    data.matrix.AppendRow(columns);
  }
  return data;
}

Interactions RandomData(uint32_t members, uint32_t titles, uint64_t seed) {
  core::Random random(seed);
  std::vector<Event> events;
  for (uint32_t member = 0; member < members; ++member) {
    const std::vector<uint32_t> order = random.Permutation(titles);
    const uint64_t count = 1 + random.Below(titles / 2);
    for (uint64_t i = 0; i < count; ++i) {
      events.push_back({fmt::format("m{:04}", member), fmt::format("t{:03}", order[i]),
                        static_cast<int64_t>(random.Below(1000))});
    }
  }
  return Make(events);
}

std::set<std::string> Titles(const learn::SparseMatrix& matrix, size_t row,
                             const std::vector<std::string>& names) {
  std::set<std::string> titles;
  for (const uint32_t title : matrix.RowColumns(row)) titles.insert(names[title]);
  return titles;
}

size_t RowOf(const std::vector<std::string>& names, std::string_view name) {
  const auto place = std::ranges::find(names, name);
  EXPECT_NE(place, names.end()) << name;
  return static_cast<size_t>(place - names.begin());
}

/// What every split promises.
void ExpectSound(const Split& split) {
  ASSERT_TRUE(split.fold_in.Validate()) << split.fold_in.Validate().error().message;
  ASSERT_TRUE(split.target.Validate());
  ASSERT_TRUE(split.train.matrix.Validate());
  ASSERT_EQ(split.fold_in.row_count, split.target.row_count);
  ASSERT_EQ(split.member_names.size(), split.target.row_count);
  ASSERT_EQ(split.train.member_names.size(), split.train.member_count());
  ASSERT_EQ(split.train.title_names.size(), split.train.title_count());
  ASSERT_EQ(split.fold_in.column_count, split.train.title_count());
  for (uint32_t e = 0; e < split.target.row_count; ++e) {
    EXPECT_GT(split.target.RowSize(e), 0U);
    for (const uint32_t title : split.target.RowColumns(e)) {
      EXPECT_FALSE(std::ranges::binary_search(split.fold_in.RowColumns(e), title));
    }
  }
  EXPECT_FALSE(split.description.empty());
}

Split Must(core::Result<Split> result) {
  EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().message);
  return result ? std::move(*result) : Split();
}

TEST(StrongSplitTest, HeldOutMembersAreNobodyElse) {
  const Interactions data = RandomData(200, 40, 1);
  const SplitOptions options{.seed = 4, .heldout_share = 0.2};
  const Split validation =
      Must(MakeSplit(data, SplitKind::kStrong, SplitPart::kValidation, options));
  const Split test = Must(MakeSplit(data, SplitKind::kStrong, SplitPart::kTest, options));
  ExpectSound(validation);
  ExpectSound(test);
  EXPECT_EQ(validation.train.member_names, test.train.member_names);
  EXPECT_EQ(validation.train.matrix, test.train.matrix);
  EXPECT_EQ(test.train.member_count(), 120U);
  std::set<std::string> seen(test.train.member_names.begin(), test.train.member_names.end());
  for (const Split* split : {&validation, &test}) {
    for (const std::string& member : split->member_names)
      EXPECT_TRUE(seen.insert(member).second) << member;
  }
  EXPECT_GT(test.member_names.size(), 25U);
}

TEST(StrongSplitTest, AFifthOfAHistoryRoundedDownIsTheTarget) {
  std::vector<Event> events;
  for (int member = 0; member < 400; ++member) {
    const int count = 1 + member % 20;
    for (int title = 0; title < count; ++title)
      events.push_back({fmt::format("m{:03}", member), fmt::format("t{:02}", title)});
  }
  const Interactions data = Make(events);
  const Split split = Must(
      MakeSplit(data, SplitKind::kStrong, SplitPart::kTest, {.seed = 3, .heldout_share = 0.3}));
  ExpectSound(split);
  for (size_t e = 0; e < split.member_names.size(); ++e) {
    const size_t history = data.matrix.RowSize(RowOf(data.member_names, split.member_names[e]));
    EXPECT_GE(history, 5U) << "members with fewer are not judged";
    EXPECT_EQ(split.target.RowSize(e), history / 5);
    EXPECT_EQ(split.target.RowSize(e) + split.fold_in.RowSize(e), history);
  }
}

TEST(StrongSplitTest, SameSeedSameSplitAndOtherSeedOtherSplit) {
  const Interactions data = RandomData(100, 40, 2);
  const Split a = Must(MakeSplit(data, SplitKind::kStrong, SplitPart::kTest, {.seed = 1}));
  const Split b = Must(MakeSplit(data, SplitKind::kStrong, SplitPart::kTest, {.seed = 1}));
  const Split c = Must(MakeSplit(data, SplitKind::kStrong, SplitPart::kTest, {.seed = 2}));
  EXPECT_EQ(a.target, b.target);
  EXPECT_EQ(a.member_names, b.member_names);
  EXPECT_NE(a.member_names, c.member_names);
}

TEST(StrongSplitTest, TitlesThatTrainingDoesNotKnowAreDropped) {
  // Every member has watched a title of their own: no one else's training can know it.
  std::vector<Event> events;
  for (int member = 0; member < 30; ++member) {
    const std::string name = fmt::format("m{:02}", member);
    for (int title = 0; title < 9; ++title) events.push_back({name, fmt::format("t{}", title)});
    events.push_back({name, "own-" + name});
  }
  const Split split = Must(MakeSplit(Make(events), SplitKind::kStrong, SplitPart::kTest,
                                     {.seed = 3, .heldout_members = 5}));
  ExpectSound(split);
  ASSERT_EQ(split.member_names.size(), 5U);
  for (size_t e = 0; e < 5; ++e) {
    EXPECT_EQ(split.fold_in.RowSize(e) + split.target.RowSize(e), 9U);
    EXPECT_EQ(split.target.RowSize(e), 1U);
  }
}

TEST(StrongSplitTest, KeepsValuesBesideTheirTitles) {
  Interactions data = RandomData(50, 30, 9);
  for (size_t i = 0; i < data.matrix.entry_count(); ++i) {
    data.matrix.values.push_back(static_cast<float>(data.matrix.columns[i]) + 0.5F);
  }
  const Split split =
      Must(MakeSplit(data, SplitKind::kStrong, SplitPart::kTest, {.heldout_members = 10}));
  for (const learn::SparseMatrix* matrix : {&split.fold_in, &split.target, &split.train.matrix}) {
    ASSERT_EQ(matrix->values.size(), matrix->entry_count());
    for (size_t i = 0; i < matrix->entry_count(); ++i) {
      EXPECT_EQ(matrix->values[i], static_cast<float>(matrix->columns[i]) + 0.5F);
    }
  }
}

TEST(StrongSplitTest, TooFewMembersSayWhatToDo) {
  const auto result = MakeSplit(RandomData(3, 20, 1), SplitKind::kStrong, SplitPart::kTest, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(result.error().message, HasSubstr("'last'"));
  EXPECT_FALSE(MakeSplit(RandomData(20, 20, 1), SplitKind::kStrong, SplitPart::kTest,
                         {.heldout_members = 10}));
  EXPECT_FALSE(MakeSplit(RandomData(20, 20, 1), SplitKind::kStrong, SplitPart::kTest,
                         {.heldout_members = 3000000000U}));
}

TEST(StrongSplitTest, SharesOutsideTheirRangeFail) {
  const Interactions data = RandomData(50, 20, 1);
  for (const double bad : {0.0, 1.0, -0.1, 1.5, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_FALSE(MakeSplit(data, SplitKind::kStrong, SplitPart::kTest, {.heldout_share = bad}));
    EXPECT_FALSE(MakeSplit(data, SplitKind::kStrong, SplitPart::kTest, {.fold_in_share = bad}));
    EXPECT_FALSE(MakeSplit(data, SplitKind::kTime, SplitPart::kTest, {.time_share = bad}));
  }
}

TEST(StrongSplitTest, MembersWithShortHistoriesOnlyFail) {
  std::vector<Event> events;
  for (int member = 0; member < 40; ++member) {
    for (int title = 0; title < 4; ++title)
      events.push_back({fmt::format("m{}", member), fmt::format("t{}", title)});
  }
  const auto result = MakeSplit(Make(events), SplitKind::kStrong, SplitPart::kTest, {});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("5 titles"));
}

const std::vector<Event> kStory = {
    {"ada", "x", 30}, {"ada", "a", 10}, {"ada", "z", 20},  // last x, second-last z
    {"bob", "z", 50}, {"bob", "a", 50}, {"bob", "x", 50},
    {"bob", "b", 40},                   // equal times: the file decides
    {"cyd", "a", 5},  {"cyd", "b", 6},  // two only
    {"dan", "b", 99},                   // one only
};

TEST(LastSplitTest, TheLatestInteractionIsTheTarget) {
  const Split split = Must(MakeSplit(Make(kStory), SplitKind::kLast, SplitPart::kTest, {}));
  ExpectSound(split);
  EXPECT_EQ(split.member_names, (std::vector<std::string>{"ada", "bob", "cyd"}));
  EXPECT_EQ(Titles(split.target, 0, split.train.title_names), (std::set<std::string>{"x"}));
  EXPECT_EQ(Titles(split.target, 1, split.train.title_names), (std::set<std::string>{"x"}));
  EXPECT_EQ(Titles(split.target, 2, split.train.title_names), (std::set<std::string>{"b"}));
  EXPECT_EQ(Titles(split.fold_in, 0, split.train.title_names), (std::set<std::string>{"a", "z"}));
  EXPECT_EQ(split.train.member_count(), 4U) << "dan trains";
  EXPECT_EQ(split.train.matrix.entry_count(), 7U);
  EXPECT_EQ(split.train.times.size(), 7U);
}

TEST(LastSplitTest, ValidationTakesTheSecondLastAndNeverSeesTheLast) {
  const Split split = Must(MakeSplit(Make(kStory), SplitKind::kLast, SplitPart::kValidation, {}));
  ExpectSound(split);
  EXPECT_EQ(split.member_names, (std::vector<std::string>{"ada", "bob"}));
  EXPECT_EQ(Titles(split.target, 0, split.train.title_names), (std::set<std::string>{"z"}));
  EXPECT_EQ(Titles(split.target, 1, split.train.title_names), (std::set<std::string>{"a"}));
  EXPECT_EQ(Titles(split.fold_in, 1, split.train.title_names), (std::set<std::string>{"b", "z"}));
  const size_t cyd = RowOf(split.train.member_names, "cyd");
  EXPECT_EQ(Titles(split.train.matrix, cyd, split.train.title_names), (std::set<std::string>{"a"}));
}

TEST(LastSplitTest, WithoutTimesItFailsAndSaysSo) {
  const auto result = MakeSplit(Make(kStory, false), SplitKind::kLast, SplitPart::kTest, {});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("--time"));
}

TEST(LastSplitTest, SingleInteractionsCannotBeSplit) {
  const auto result =
      MakeSplit(Make({{"a", "x", 1}, {"b", "x", 2}}), SplitKind::kLast, SplitPart::kTest, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
}

TEST(TimeSplitTest, NothingInTrainingIsLaterThanATarget) {
  const Interactions data = RandomData(150, 40, 6);
  const Split test = Must(MakeSplit(data, SplitKind::kTime, SplitPart::kTest, {}));
  const Split validation = Must(MakeSplit(data, SplitKind::kTime, SplitPart::kValidation, {}));
  for (const Split* split : {&test, &validation}) {
    ExpectSound(*split);
    const int64_t latest = *std::ranges::max_element(split->train.times);
    for (size_t e = 0; e < split->member_names.size(); ++e) {
      const size_t member = RowOf(data.member_names, split->member_names[e]);
      for (uint64_t entry = data.matrix.row_begin[member];
           entry < data.matrix.row_begin[member + 1]; ++entry) {
        const uint32_t title = data.matrix.columns[entry];
        if (std::ranges::binary_search(split->target.RowColumns(e), title)) {
          EXPECT_GT(data.times[entry], latest);
        }
        if (std::ranges::binary_search(split->fold_in.RowColumns(e), title)) {
          EXPECT_LE(data.times[entry], latest);
        }
      }
    }
  }
  const auto n = static_cast<double>(data.matrix.entry_count());
  EXPECT_NEAR(static_cast<double>(test.train.matrix.entry_count()) / n, 0.8, 0.01);
  EXPECT_NEAR(static_cast<double>(validation.train.matrix.entry_count()) / n, 0.64, 0.01);
}

TEST(TimeSplitTest, ValidationTargetsAreTrainingOfTest) {
  const Interactions data = RandomData(150, 40, 7);
  const Split test = Must(MakeSplit(data, SplitKind::kTime, SplitPart::kTest, {}));
  const Split validation = Must(MakeSplit(data, SplitKind::kTime, SplitPart::kValidation, {}));
  for (size_t e = 0; e < validation.member_names.size(); ++e) {
    const size_t row = RowOf(test.train.member_names, validation.member_names[e]);
    for (const uint32_t title : validation.target.RowColumns(e)) {
      EXPECT_TRUE(std::ranges::binary_search(test.train.matrix.RowColumns(row), title));
    }
  }
}

TEST(TimeSplitTest, MembersWhoCameLaterAreCounted) {
  const Interactions data =
      Make({{"a", "x", 1}, {"a", "y", 2}, {"a", "z", 9}, {"b", "x", 3}, {"new", "x", 10}});
  const Split split =
      Must(MakeSplit(data, SplitKind::kTime, SplitPart::kTest, {.time_share = 0.6}));
  EXPECT_EQ(split.member_names, (std::vector<std::string>{"a"}));
  EXPECT_THAT(split.description, HasSubstr("1 members without history left out"));
  EXPECT_THAT(split.description, HasSubstr("(1 of titles new to everybody)"));
}

TEST(TimeSplitTest, EqualTimesCannotBeDivided) {
  const auto result = MakeSplit(Make({{"a", "x", 7}, {"a", "y", 7}, {"b", "x", 7}}),
                                SplitKind::kTime, SplitPart::kTest, {});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("no moment divides"));
}

TEST(TimeSplitTest, WithoutTimesItFailsAndSaysSo) {
  const auto result = MakeSplit(Make(kStory, false), SplitKind::kTime, SplitPart::kTest, {});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("--time"));
}

TEST(SplitFromTablesTest, TrainingRowsAreTheFoldInAndTheCatalogueGrows) {
  const Interactions train = Make({{"u2", "b"}, {"u1", "a"}, {"u1", "c"}});
  const Interactions target = Make({{"u1", "b"}, {"u1", "new"}, {"u2", "a"}, {"u3", "a"}});
  const Split split = Must(MakeSplitFromTables(train, nullptr, target));
  ExpectSound(split);
  EXPECT_EQ(split.train.title_names, (std::vector<std::string>{"a", "b", "c", "new"}));
  EXPECT_EQ(split.member_names, (std::vector<std::string>{"u1", "u2"}));
  EXPECT_EQ(Titles(split.target, 0, split.train.title_names), (std::set<std::string>{"b", "new"}));
  EXPECT_EQ(Titles(split.fold_in, 0, split.train.title_names), (std::set<std::string>{"a", "c"}));
  EXPECT_THAT(split.description, HasSubstr("1 members of the target without training rows"));
}

TEST(SplitFromTablesTest, WithAFoldInTitlesOutsideTrainingAreDropped) {
  const Interactions train = Make({{"u1", "a"}, {"u1", "b"}, {"u2", "c"}});
  const Interactions fold_in = Make({{"v1", "c"}, {"v1", "unknown"}, {"v2", "a"}, {"v3", "a"}});
  const Interactions target = Make({{"v1", "a"}, {"v1", "other"}, {"v2", "other"}});
  const Split split = Must(MakeSplitFromTables(train, &fold_in, target));
  ExpectSound(split);
  EXPECT_EQ(split.train.title_count(), 3U);
  EXPECT_EQ(split.member_names, (std::vector<std::string>{"v1"}));
  EXPECT_EQ(Titles(split.fold_in, 0, split.train.title_names), (std::set<std::string>{"c"}));
  EXPECT_EQ(Titles(split.target, 0, split.train.title_names), (std::set<std::string>{"a"}));
  EXPECT_THAT(split.description, HasSubstr("2 targets of titles not in training dropped"));
}

TEST(SplitFromTablesTest, ALeakNamesMemberAndTitle) {
  const Interactions train = Make({{"u1", "a"}, {"u1", "b"}});
  const auto result = MakeSplitFromTables(train, nullptr, Make({{"u1", "b"}}));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(result.error().message, HasSubstr("'b'"));
  EXPECT_THAT(result.error().message, HasSubstr("'u1'"));
}

TEST(SplitFromTablesTest, ATargetMemberWithoutFoldInFails) {
  const Interactions train = Make({{"u1", "a"}, {"u1", "b"}});
  const Interactions fold_in = Make({{"v1", "a"}});
  const auto result = MakeSplitFromTables(train, &fold_in, Make({{"v2", "b"}}));
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("'v2'"));
}

TEST(SplitFromTablesTest, FilesThatNameNothingInCommonFail) {
  const auto result = MakeSplitFromTables(Make({{"u1", "a"}}), nullptr, Make({{"w", "z"}}));
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("name members and titles the same way"));
}

TEST(HoldOutInteractionsTest, AShareOfEveryMemberIsHeldOutAndNothingIsLost) {
  const Interactions data = RandomData(80, 40, 5);
  const Split split = Must(HoldOutInteractions(data, 0.2, 3));
  ExpectSound(split);
  EXPECT_EQ(split.train.matrix.entry_count() + split.target.entry_count(),
            data.matrix.entry_count());
  for (size_t e = 0; e < split.member_names.size(); ++e) {
    const size_t history = data.matrix.RowSize(RowOf(data.member_names, split.member_names[e]));
    EXPECT_EQ(split.target.RowSize(e), history / 5);
    const size_t row = RowOf(split.train.member_names, split.member_names[e]);
    EXPECT_TRUE(
        std::ranges::equal(split.train.matrix.RowColumns(row), split.fold_in.RowColumns(e)));
  }
  EXPECT_EQ(split.train.member_count(), 80U);
}

TEST(HoldOutInteractionsTest, NothingToHoldOutFails) {
  EXPECT_FALSE(HoldOutInteractions(Make({{"a", "x"}, {"b", "y"}}), 0.2, 1));
  EXPECT_FALSE(HoldOutInteractions(RandomData(80, 40, 5), 0, 1));
  EXPECT_FALSE(HoldOutInteractions(RandomData(80, 40, 5), 1, 1));
}

TEST(SplitKindTest, NamesRoundTripAndUnknownOnesListTheChoices) {
  for (const std::string_view name : {"strong", "last", "time", "files"}) {
    EXPECT_EQ(SplitKindName(ParseSplitKind(name).value()), name);
  }
  const auto result = ParseSplitKind("random");
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("strong, last, time, files"));
  EXPECT_FALSE(MakeSplit(RandomData(50, 20, 1), SplitKind::kFiles, SplitPart::kTest, {}));
}

}  // namespace
}  // namespace klieg::personalize
