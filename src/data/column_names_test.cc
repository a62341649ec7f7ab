#include "data/column_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace klieg::data {
namespace {

using testing::AllOf;
using testing::HasSubstr;

core::Result<RoleColumns> Interactions(const std::vector<std::string>& header,
                                       const ColumnNames& names = {}) {
  return ResolveColumns(TableKind::kInteractions, names, header, "log.csv");
}

core::Result<RoleColumns> Titles(const std::vector<std::string>& header) {
  return ResolveColumns(TableKind::kTitles, {}, header, "titles.csv");
}

TEST(ColumnNames, UsualNamesInAnySpelling) {
  for (const auto& header :
       std::vector<std::vector<std::string>>{{"userId", "movieId", "rating", "timestamp"},
                                             {"USER_ID", "Item-Id", "Rating", "ts"},
                                             {"member", "title", "value", "time"},
                                             {"uid", "sid", "score", "date"}}) {
    const auto columns = Interactions(header);
    ASSERT_TRUE(columns) << columns.error().message;
    EXPECT_EQ(*columns, (RoleColumns{0, 1, 3, 2}));
  }
}

TEST(ColumnNames, TimeAndValueMayBeMissing) {
  const auto columns = Interactions({"item", "user"});
  ASSERT_TRUE(columns);
  EXPECT_EQ(*columns, (RoleColumns{1, 0, std::nullopt, std::nullopt}));
}

TEST(ColumnNames, ExplicitNameGoesBeforeUsualOnes) {
  const auto columns = Interactions({"user", "household", "movie"},
                                    {.member = "household", .title = "", .time = "", .value = ""});
  ASSERT_TRUE(columns);
  EXPECT_EQ((*columns)[kMemberRole], 1U);
}

TEST(ColumnNames, ExplicitNameIsMatchedExactlyFirst) {
  const auto columns = Interactions({"USER", "user", "movie"},
                                    {.member = "user", .title = "", .time = "", .value = ""});
  ASSERT_TRUE(columns) << columns.error().message;
  EXPECT_EQ((*columns)[kMemberRole], 1U);
}

TEST(ColumnNames, MissingColumnListsWhatThereIsAndWhatWasTried) {
  const auto columns = Interactions({"viewer", "movieId"});
  ASSERT_FALSE(columns);
  EXPECT_EQ(columns.error().code, core::ErrorCode::kInvalidArgument);
  EXPECT_THAT(columns.error().message,
              AllOf(HasSubstr("log.csv"), HasSubstr("member"), HasSubstr("userid"),
                    HasSubstr("viewer, movieId"), HasSubstr("--member")));
}

TEST(ColumnNames, MisnamedExplicitColumnIsAnErrorEvenForTimes) {
  const auto columns = Interactions({"user", "movie", "ts"},
                                    {.member = "", .title = "", .time = "when", .value = ""});
  ASSERT_FALSE(columns);
  EXPECT_THAT(columns.error().message,
              AllOf(HasSubstr("tried when"), HasSubstr("user, movie, ts")));
}

TEST(ColumnNames, SameNameTwiceIsAnError) {
  const auto columns = Interactions({"user", "movie", "User"});
  ASSERT_FALSE(columns);
  EXPECT_THAT(columns.error().message, HasSubstr("2 times"));
}

TEST(ColumnNames, TitleIsTheNameWhereAnIdStandsBesideIt) {
  EXPECT_EQ(*Titles({"movieId", "title", "genres"}), (RoleColumns{0, 1, std::nullopt, 2}));
  EXPECT_EQ(*Titles({"title", "name", "year", "genre"}), (RoleColumns{0, 1, 2, 3}));
  EXPECT_EQ(*Titles({"id", "title", "name"}), (RoleColumns{0, 2, std::nullopt, std::nullopt}));
  EXPECT_EQ(*Titles({"title"}), (RoleColumns{0, std::nullopt, std::nullopt, std::nullopt}));
}

}  // namespace
}  // namespace klieg::data
