#include "personalize/interactions.h"

#include <gtest/gtest.h>

namespace klieg::personalize {
namespace {

data::InteractionTable SampleTable() {
  data::InteractionTable table;
  table.member_names = {"ann", "bob"};
  table.title_names = {"x", "y", "z"};
  table.members = {1, 0, 0, 0};
  table.titles = {2, 1, 0, 1};
  table.times = {5, 9, 7, 8};
  table.values = {4, 5, 1, 2};
  return table;
}

TEST(Interactions, OfRepeatedOnesTheLatestCounts) {
  const Interactions data = MakeInteractions(SampleTable()).value();
  EXPECT_TRUE(data.matrix.Validate().has_value());
  EXPECT_EQ(data.matrix.columns, (std::vector<uint32_t>{0, 1, 2}));
  EXPECT_EQ(data.times, (std::vector<int64_t>{7, 9, 5}));
  EXPECT_EQ(data.file_order, (std::vector<uint32_t>{2, 1, 0}));
}

TEST(Interactions, LowValuesAndShortHistoriesAreLeftOut) {
  const Interactions data = MakeInteractions(SampleTable(), {.value_min = 4}).value();
  EXPECT_EQ(data.matrix.columns, (std::vector<uint32_t>{1, 2}));
  const Interactions long_only = MakeInteractions(SampleTable(), {.interactions_min = 2}).value();
  EXPECT_EQ(long_only.member_names, (std::vector<std::string>{"ann"}));
  EXPECT_EQ(long_only.title_count(), 3U) << "titles stay in the catalogue";
}

TEST(Interactions, NothingLeftIsAnErrorNotAnEmptyMatrix) {
  const auto none = MakeInteractions(SampleTable(), {.value_min = 6});
  ASSERT_FALSE(none.has_value());
  EXPECT_NE(none.error().message.find("none of 4 rows"), std::string::npos) << none.error().message;
}

TEST(Interactions, WithoutTimesTheLastInTheFileCounts) {
  data::InteractionTable table = SampleTable();
  table.times.clear();
  table.values.clear();
  const Interactions data = MakeInteractions(std::move(table)).value();
  EXPECT_TRUE(data.times.empty());
  EXPECT_EQ(data.matrix.entry_count(), 3U);
}

TEST(NameIndex, FindsWhatIsThereAndNothingElse) {
  const std::vector<std::string> names = {"b", "a"};
  const NameIndex index(names);
  EXPECT_EQ(index.Find("a"), 1U);
  EXPECT_FALSE(index.Find("c").has_value());
}

}  // namespace
}  // namespace klieg::personalize
