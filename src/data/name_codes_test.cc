#include "data/name_codes.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/random.h"

namespace klieg::data {
namespace {

/// Second opinion: the place in the sorted list.
void ExpectPlaces(const std::vector<int64_t>& sorted) {
  const IntegerCodes codes(sorted);
  for (size_t place = 0; place < sorted.size(); ++place) {
    EXPECT_EQ(codes.Find(sorted[place]), place);
    if (place > 0 && sorted[place] - 1 != sorted[place - 1]) {
      EXPECT_EQ(codes.Find(sorted[place] - 1), IntegerCodes::kNone);
    }
  }
}

TEST(IntegerCodes, CloseAndFarApart) {
  core::Random random(1);
  for (const uint64_t span : {uint64_t{2000}, uint64_t{1} << 20, uint64_t{1} << 60}) {
    std::set<int64_t> ids;
    while (ids.size() < 1000) ids.insert(static_cast<int64_t>(random.Below(span)) - 500);
    ExpectPlaces({ids.begin(), ids.end()});
  }
}

TEST(IntegerCodes, LimitsOfTheType) {
  const int64_t low = std::numeric_limits<int64_t>::min();
  const int64_t high = std::numeric_limits<int64_t>::max();
  const IntegerCodes both({low, 0, high});
  EXPECT_EQ(both.Find(low), 0U);
  EXPECT_EQ(both.Find(high), 2U);
  EXPECT_EQ(both.Find(1), IntegerCodes::kNone);
  const IntegerCodes at_end({high});
  EXPECT_EQ(at_end.Find(high), 0U);
  EXPECT_EQ(at_end.Find(low), IntegerCodes::kNone);
  EXPECT_THAT(both.Names(),
              testing::ElementsAre("-9223372036854775808", "0", "9223372036854775807"));
}

TEST(IntegerCodes, NoIds) { EXPECT_EQ(IntegerCodes({}).Find(0), IntegerCodes::kNone); }

TEST(TextCodes, SortedPlacesWhateverTheOrderOfArrival) {
  core::Random random(4);
  TextCodes codes;
  std::vector<std::string> arrived;
  std::vector<uint32_t> provisional;
  for (int i = 0; i < 20'000; ++i) {
    arrived.push_back(random.Below(50) == 0 ? "" : fmt::format("name {}", random.Below(5'000)));
    provisional.push_back(codes.Intern(arrived.back()));
  }
  const std::set<std::string> expected(arrived.begin(), arrived.end());
  EXPECT_EQ(codes.size(), expected.size());
  const std::vector<uint32_t> final_codes = codes.Sort();
  const std::vector<std::string> names = codes.TakeNames();
  EXPECT_EQ(names, std::vector<std::string>(expected.begin(), expected.end()));
  for (size_t i = 0; i < arrived.size(); ++i)
    EXPECT_EQ(names[final_codes[provisional[i]]], arrived[i]);
}

}  // namespace
}  // namespace klieg::data
