#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <fstream>
#include <numeric>
#include <set>

#include "core/clock.h"
#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/matrix.h"
#include "core/memory.h"
#include "core/progress.h"
#include "core/random.h"
#include "core/thread_pool.h"
#include "core/version.h"

namespace klieg::core {
namespace {

TEST(Hash, AgreesWithThePublishedVectors) {
  // FIPS 180-4 examples.
  EXPECT_EQ(HashBytes("").Hex(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(HashBytes("abc").Hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Hash, PiecesGiveTheDigestOfTheWhole) {
  Hasher hasher;
  hasher.Update(std::string_view("a"));
  hasher.Update(std::string_view("bc"));
  EXPECT_EQ(hasher.Finish(), HashBytes("abc"));
}

TEST(Hash, HexThatIsNoDigestIsRefused) {
  EXPECT_EQ(Digest::FromHex(HashBytes("x").Hex()).value(), HashBytes("x"));
  EXPECT_FALSE(Digest::FromHex("ab").has_value());
  EXPECT_FALSE(Digest::FromHex(std::string(64, 'G')).has_value());
}

TEST(Clock, TimesReadBackAsWritten) {
  for (const int64_t micros :
       {int64_t{0}, int64_t{-1}, int64_t{951782400'000000}, int64_t{1772357400'123456}}) {
    EXPECT_EQ(ParseTimestamp(FormatTimestamp({micros})).value().micros, micros);
  }
  EXPECT_EQ(FormatTimestamp({951782400'000000}), "2000-02-29T00:00:00.000000Z");
  EXPECT_EQ(ParseTimestamp("2000-02-29").value().micros, 951782400'000000);
}

TEST(Clock, TextThatIsNoTimeIsRefused) {
  for (const char* text :
       {"", "2026", "2026-13-01", "2026-02-30", "2026-01-01T25:00:00Z", "2026-01-01T10:00:00",
        "2026-01-01T10:00:00.Z", "2026/01/01", "2026-01-01T10:00:00.1234567Z"}) {
    EXPECT_FALSE(ParseTimestamp(text).has_value()) << text;
  }
}

TEST(Random, IsTheSameEverywhere) {
  // First outputs of xoshiro256++ seeded by splitmix64(1), recomputed independently.
  Random random(1);
  const uint64_t first = random.Next();
  Random again(1);
  EXPECT_EQ(again.Next(), first);
  EXPECT_NE(Random(2).Next(), first);
}

TEST(Random, ForksDoNotDependOnWhatWasDrawn) {
  Random drawn(7);
  for (int i = 0; i < 10; ++i) drawn.Next();
  EXPECT_EQ(drawn.Fork(3).Next(), Random(7).Fork(3).Next());
  EXPECT_NE(Random(7).Fork(3).Next(), Random(7).Fork(4).Next());
}

TEST(Random, BelowIsUniform) {
  Random random(5);
  std::vector<int> counts(7, 0);
  for (int i = 0; i < 70'000; ++i) ++counts[random.Below(7)];
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 500);
}

TEST(Random, NormalHasMeanZeroAndVarianceOne) {
  Random random(5);
  double sum = 0;
  double squares = 0;
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.Normal();
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.02);
  EXPECT_NEAR(squares / kDraws, 1, 0.02);
}

TEST(Random, PermutationHoldsEachOnce) {
  Random random(5);
  std::vector<uint32_t> order = random.Permutation(100);
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
  std::sort(order.begin(), order.end());
  for (uint32_t i = 0; i < 100; ++i) EXPECT_EQ(order[i], i);
}

TEST(ThreadPool, EveryIndexRunsOnce) {
  for (const size_t threads : {1U, 2U, 5U}) {
    ThreadPool pool(threads);
    for (int round = 0; round < 50; ++round) {
      std::vector<std::atomic<int>> hits(101);
      std::atomic<bool> worker_in_range = true;
      pool.ParallelFor(hits.size(), [&](size_t index, size_t worker) {
        ++hits[index];
        if (worker >= threads) worker_in_range = false;
      });
      for (const auto& hit : hits) EXPECT_EQ(hit, 1);
      EXPECT_TRUE(worker_in_range);
    }
  }
}

TEST(ThreadPool, CallsFromWithinATaskRunInPlace) {
  ThreadPool pool(3);
  std::atomic<int> count = 0;
  pool.ParallelFor(4,
                   [&](size_t, size_t) { pool.ParallelFor(5, [&](size_t, size_t) { ++count; }); });
  EXPECT_EQ(count, 20);
}

TEST(File, AFailedWriteLeavesTheOldFile) {
  const TemporaryFolder folder = TemporaryFolder::Make().value();
  const auto path = folder.path() / "a";
  ASSERT_TRUE(WriteFileAtomically(path, "old").has_value());
  EXPECT_FALSE(WriteFileAtomically(folder.path() / "missing" / "a", "new").has_value());
  ASSERT_TRUE(WriteFileAtomically(path, "new").has_value());
  EXPECT_EQ(ReadFile(path).value(), "new");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1)
      << "no temporary file is left";
}

TEST(File, AFileThatIsTooLargeOrAFolderIsRefused) {
  const TemporaryFolder folder = TemporaryFolder::Make().value();
  ASSERT_TRUE(WriteFileAtomically(folder.path() / "a", std::string(100, 'x')).has_value());
  EXPECT_EQ(ReadFile(folder.path() / "a", 99).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(ReadFile(folder.path()).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(ReadFile(folder.path() / "b").error().code, ErrorCode::kNotFound);
}

TEST(File, ALockKeepsOthersOut) {
  const TemporaryFolder folder = TemporaryFolder::Make().value();
  {
    const auto held = FileLock::Acquire(folder.path() / "lock");
    ASSERT_TRUE(held.has_value());
    EXPECT_EQ(FileLock::TryAcquire(folder.path() / "lock").error().code, ErrorCode::kAlreadyExists);
  }
  EXPECT_TRUE(FileLock::TryAcquire(folder.path() / "lock").has_value());
}

TEST(File, AnEmptyFileMapsToNoBytes) {
  const TemporaryFolder folder = TemporaryFolder::Make().value();
  ASSERT_TRUE(WriteFileAtomically(folder.path() / "a", "").has_value());
  EXPECT_TRUE(MappedFile::Open(folder.path() / "a").value().bytes().empty());
}

TEST(Matrix, IsZeroedAndAligned) {
  Matrix<float> matrix(3, 5);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(matrix.data()) % 64, 0U);
  EXPECT_EQ(std::accumulate(matrix.data(), matrix.data() + 15, 0.0F), 0);
  matrix(2, 4) = 7;
  const Matrix<float> moved = std::move(matrix);
  EXPECT_EQ(moved(2, 4), 7);
  EXPECT_EQ(moved.view().Rows(2, 1)(0, 4), 7);
}

TEST(Memory, ARequestThatIsTooLargeSaysWhatToDo) {
  EXPECT_TRUE(RequireMemory(1, 0, "a byte", "").has_value());
  const Status refused = RequireMemory(uint64_t{3} << 30, uint64_t{1} << 30,
                                       "ease on 20,000 titles", "use ease-sparse");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kOutOfMemory);
  EXPECT_EQ(refused.error().message,
            "ease on 20,000 titles needs 3.0 GiB, there are 1.0 GiB: use ease-sparse");
  EXPECT_GT(AvailableMemoryBytes(), uint64_t{1} << 20);
  EXPECT_GT(PeakResidentBytes(), uint64_t{1} << 20);
}

TEST(Progress, RatesAndRemainingTimeAreInWords) {
  EXPECT_EQ(DescribeRate(50, 100, 10, "epochs"), "50 of 100 epochs, 5 epochs/s, 10 s left");
  EXPECT_EQ(DescribeRate(2'000'000, 20'000'000, 10, "rows"),
            "2.0 M of 20.0 M rows, 200.0 k rows/s, 1 min 30 s left");
  EXPECT_EQ(DescribeRate(3, 0, 2, "rows"), "3 rows, 1.5 rows/s");
}

TEST(Version, NamesCodeAndCompiler) {
  EXPECT_NE(CodeVersion().find('+'), std::string::npos);
  EXPECT_TRUE(CodeVersion().starts_with(std::string(Version())));
  EXPECT_FALSE(InstructionSet().empty());
}

}  // namespace
}  // namespace klieg::core
