// The whole path through the gate: import, terms, permit, open, read.
#include "data/snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <type_traits>

#include "data/import_fixture.h"

namespace klieg::data {
namespace {

using testing::ElementsAre;

// Nobody makes a snapshot but OpenSnapshot, and nobody opens one by its digest alone.
static_assert(!std::is_default_constructible_v<Snapshot>);
static_assert(!std::is_copy_constructible_v<Snapshot>);
static_assert(!std::is_default_constructible_v<rights::Permit>);
static_assert(
    !std::is_invocable_v<decltype(&OpenSnapshot), const SnapshotStore&, const core::Digest&>);

class SnapshotTest : public ImportFixture {
 protected:
  core::Result<rights::Permit> Ask(const core::Digest& snapshot) {
    return gate_.Ask({"tester", rights::Purpose::kRecommend, snapshot, "test"});
  }

  void Register(const core::Digest& snapshot) {
    const rights::Terms terms{"owner", "licence", {rights::Purpose::kRecommend}, std::nullopt, ""};
    ASSERT_TRUE(gate_.RegisterTerms(snapshot, terms, "tester"));
  }

  core::FixedClock clock_{core::Timestamp{1'700'000'000'000'000}};
  rights::Gate gate_ = rights::Gate::Open(folder_.path() / "gate.log", clock_).value();
};

TEST_F(SnapshotTest, InteractionsAreReadUnderAPermit) {
  const auto report = RunText("log.csv", "user,item,ts\nb,2,3\na,5,6\n");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_FALSE(Ask(report->snapshot)) << "no terms, no permit";
  Register(report->snapshot);
  const auto permit = Ask(report->snapshot);
  ASSERT_TRUE(permit) << permit.error().message;
  const auto snapshot = OpenSnapshot(store_, *permit);
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  EXPECT_EQ(snapshot->id(), report->snapshot);
  EXPECT_EQ(snapshot->manifest().rows, 2U);
  const auto table = ReadInteractions(*snapshot);
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_THAT(table->member_names, ElementsAre("a", "b"));
  EXPECT_THAT(table->members, ElementsAre(1, 0));
  EXPECT_FALSE(ReadTitles(*snapshot));
}

TEST_F(SnapshotTest, TitlesAreReadUnderAPermit) {
  const auto report = RunText("t.csv", "id,title\n7,Heat (1995)\n", TableKind::kTitles);
  ASSERT_TRUE(report) << report.error().message;
  Register(report->snapshot);
  const auto snapshot = OpenSnapshot(store_, *Ask(report->snapshot));
  ASSERT_TRUE(snapshot) << snapshot.error().message;
  const auto table = ReadTitles(*snapshot);
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_THAT(table->names, ElementsAre("Heat"));
  EXPECT_THAT(table->years, ElementsAre(1995));
}

TEST_F(SnapshotTest, DamagedSnapshotIsNotOpenedWithAPermitEither) {
  const auto report = RunText("log.csv", "user,item\n1,2\n");
  ASSERT_TRUE(report);
  Register(report->snapshot);
  const auto permit = Ask(report->snapshot);
  ASSERT_TRUE(permit);
  std::filesystem::resize_file(store_.PathOf(report->snapshot) / kDataFile, 20);
  const auto snapshot = OpenSnapshot(store_, *permit);
  ASSERT_FALSE(snapshot);
  EXPECT_EQ(snapshot.error().code, core::ErrorCode::kCorrupt);
}

TEST_F(SnapshotTest, PermitForASnapshotThatIsGone) {
  const auto report = RunText("log.csv", "user,item\n1,2\n");
  ASSERT_TRUE(report);
  Register(report->snapshot);
  std::filesystem::remove_all(store_.PathOf(report->snapshot));
  const auto snapshot = OpenSnapshot(store_, *Ask(report->snapshot));
  ASSERT_FALSE(snapshot);
  EXPECT_EQ(snapshot.error().code, core::ErrorCode::kNotFound);
}

}  // namespace
}  // namespace klieg::data
