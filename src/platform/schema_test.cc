#include "platform/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "core/file.h"

namespace klieg::platform {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SchemaTest : public ::testing::Test {
 protected:
  std::string Value(const std::string& query) {
    std::string value;
    database_->sql() << query, soci::into(value);
    return value;
  }

  core::TemporaryFolder folder_ = core::TemporaryFolder::Make().value();
  std::unique_ptr<Database> database_ = Database::Open(folder_.path() / "t.db").value();
};

constexpr Migration kFirst{1, "0001_a",
                           "create table a (x text);\ninsert into a values ('one');\n"};
constexpr Migration kSecond{2, "0002_b", "insert into a values ('two');\n"};
constexpr Migration kBroken{2, "0002_b",
                            "insert into a values ('two');\ninsert into none values (1);\n"};

TEST_F(SchemaTest, MigrationsRunOnceAndInOrder) {
  ASSERT_TRUE(Migrate(*database_, std::array{kFirst}, {}));
  ASSERT_TRUE(Migrate(*database_, std::array{kFirst, kSecond}, {}));
  ASSERT_TRUE(Migrate(*database_, std::array{kFirst, kSecond}, {}));
  EXPECT_EQ(Value("select group_concat(x) from a"), "one,two");
  EXPECT_EQ(Value("select group_concat(name) from schema_version"), "0001_a,0002_b");
}

TEST_F(SchemaTest, ASchemaOfANewerProgramIsLeftAlone) {
  ASSERT_TRUE(Migrate(*database_, std::array{kFirst, kSecond}, {}));
  const core::Status older = Migrate(*database_, std::array{kFirst}, {});
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().code, core::ErrorCode::kVersion);
  EXPECT_THAT(older.error().message, HasSubstr("has schema 2, this klieg knows 1"));
}

TEST_F(SchemaTest, AMigrationThatFailsLeavesTheSchemaBeforeIt) {
  ASSERT_TRUE(Migrate(*database_, std::array{kFirst}, {}));
  EXPECT_FALSE(Migrate(*database_, std::array{kFirst, kBroken}, {}));
  EXPECT_EQ(Value("select group_concat(x) from a"), "one");
  EXPECT_TRUE(Migrate(*database_, std::array{kFirst, kSecond}, {}));
}

TEST(Migrations, TheEmbeddedOnesAreNumberedFromOne) {
  int64_t expected = 0;
  for (const Migration& migration : AllMigrations()) EXPECT_EQ(migration.version, ++expected);
  EXPECT_GE(expected, 1);
}

TEST(Migrations, TheEmbeddedTextIsThatOfTheFile) {
  const std::string file =
      core::ReadFile(std::string(KLIEG_SOURCE_DIR) + "/src/platform/migrations/0001_first.sql")
          .value();
  EXPECT_EQ(AllMigrations()[0].sql, file);
}

TEST(Migrations, StatementsEndAtTheEndOfALine) {
  EXPECT_THAT(SplitStatements("-- why; so\ncreate table a (\n  x text  -- no;te\n);\n\ninsert into "
                              "a values (';x');  \nlast"),
              ElementsAre("create table a (\n  x text  -- no;te\n)\n",
                          "insert into a values (';x')\n", "last\n"));
}

}  // namespace
}  // namespace klieg::platform
