#include "data/staging.h"

#include <gtest/gtest.h>

#include <thread>

#include "data/import_fixture.h"

namespace klieg::data {
namespace {

namespace fs = std::filesystem;

class StagingTest : public ImportFixture {};

TEST_F(StagingTest, WhatADeadImportLeftIsCleared) {
  File("snapshots/.staging-1-0/snapshot/data.parquet", "half");
  File("snapshots/.staging-1-0/lock", "");
  File("snapshots/.staging-2-0/killed-before-its-lock", "");
  ASSERT_TRUE(RunText("log.csv", "user,item\n1,2\n"));
  EXPECT_TRUE(Leftovers().empty());
}

TEST_F(StagingTest, ALiveImportIsLeftAlone) {
  const auto live = StagingFolder::Make(store_);
  ASSERT_TRUE(live) << live.error().message;
  ASSERT_TRUE(RunText("log.csv", "user,item\n1,2\n"));
  EXPECT_TRUE(fs::exists(live->snapshot()));
  EXPECT_EQ(Leftovers().size(), 1U);
}

TEST_F(StagingTest, FailedImportLeavesNothing) {
  ASSERT_FALSE(RunText("log.csv", "user,item\n,2\n"));
  EXPECT_TRUE(Leftovers().empty());
  EXPECT_TRUE(ListSnapshots(store_)->empty());
}

TEST_F(StagingTest, ImportsAtOnceMakeOneCopy) {
  const ImportRequest request = Request(File("log.csv", "user,item\n1,2\n3,4\n"));
  std::vector<core::Result<ImportReport>> reports(
      4, core::Fail(core::ErrorCode::kInternal, "not run"));
  std::vector<std::thread> threads;
  for (auto& report : reports) threads.emplace_back([&] { report = Run(request); });
  for (std::thread& thread : threads) thread.join();
  int made = 0;
  for (const auto& report : reports) {
    ASSERT_TRUE(report) << report.error().message;
    made += report->already_present ? 0 : 1;
  }
  EXPECT_EQ(made, 1);
  EXPECT_EQ(ListSnapshots(store_)->size(), 1U);
  EXPECT_TRUE(Leftovers().empty());
}

TEST_F(StagingTest, StoreWhereAFileIs) {
  const SnapshotStore store(File("file", "x"));
  const auto report =
      Import(store, Request(File("log.csv", "user,item\n1,2\n")), core::SilentProgress());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, core::ErrorCode::kIo);
}

}  // namespace
}  // namespace klieg::data
