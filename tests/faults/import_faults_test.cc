// Imports that are killed, that meet a full disk, or that may not read or write: the store is as it
// was.
//
// Every import runs in a child process: it can be killed there, and its limits and user do not
// touch the test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>

#include "core/clock.h"
#include "core/file.h"
#include "core/random.h"
#include "data/snapshot.h"

namespace klieg::data {
namespace {

namespace fs = std::filesystem;
using core::ErrorCode;

constexpr int kDone = 0;
constexpr int kFailedBase =
    100;  // exit status of a child whose import failed: this plus the ErrorCode
constexpr int kNotPermitted = 77;

/// Runs `prepare` and the import in a child; gives its process id at once.
pid_t StartImport(
    const SnapshotStore& store, const fs::path& file,
    const std::function<void()>& prepare = [] {}) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  prepare();
  ImportRequest request;
  request.files = {file};
  request.threads = 2;
  const auto report = Import(store, request, core::SilentProgress());
  if (!report) std::fprintf(stderr, "  (child) %s\n", report.error().message.c_str());
  ::_exit(report ? kDone : kFailedBase + static_cast<int>(report.error().code));
}

/// Exit status, or minus the signal that ended the child.
int Await(pid_t child) {
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int Status(ErrorCode code) { return kFailedBase + static_cast<int>(code); }

class ImportFaultsTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::permissions(folder_.path(), fs::perms::all);  // for the child that is another user
    csv_ = folder_.path() / "log.csv";
    core::Random random(1);
    std::string text = "user,item,rating,ts\n";
    for (int row = 0; row < 100'000; ++row) {
      text += fmt::format("{},{},{},{}\n", random.Next(), random.Below(90'000), random.Below(10),
                          random.Below(1'000'000'000));
    }
    std::ofstream(csv_, std::ios::binary) << text;
  }

  std::vector<std::string> Leftovers() const {
    std::vector<std::string> names;
    if (!fs::exists(store_.folder())) return names;
    for (const auto& entry : fs::directory_iterator(store_.folder())) {
      const std::string name = entry.path().filename().string();
      if (name != ".lock" && !core::Digest::FromHex(name)) names.push_back(name);
    }
    return names;
  }

  /// What stands in the store is whole.
  void ExpectAllVerify() const {
    const auto snapshots = ListSnapshots(store_);
    ASSERT_TRUE(snapshots);
    for (const core::Digest& snapshot : *snapshots) {
      const auto verified = VerifySnapshot(store_, snapshot);
      EXPECT_TRUE(verified) << verified.error().message;
    }
  }

  core::TemporaryFolder folder_ = core::TemporaryFolder::Make().value();
  SnapshotStore store_{folder_.path() / "snapshots"};
  fs::path csv_;
};

TEST_F(ImportFaultsTest, KilledAtAnyMoment) {
  const core::Stopwatch watch;
  ASSERT_EQ(Await(StartImport(store_, csv_)), kDone);
  const double whole_seconds = watch.WallSeconds();
  const std::vector<core::Digest> expected = *ListSnapshots(store_);
  ASSERT_EQ(expected.size(), 1U);

  core::Random random(2);
  int killed = 0;
  for (int repeat = 0; repeat < 8; ++repeat) {
    fs::remove_all(store_.folder());
    const pid_t child = StartImport(store_, csv_);
    ::usleep(static_cast<useconds_t>(random.Uniform() * whole_seconds * 1e6));
    ::kill(child, SIGKILL);
    killed += Await(child) == -SIGKILL ? 1 : 0;
    ExpectAllVerify();
    EXPECT_LE(ListSnapshots(store_)->size(), 1U);
    // The next import clears what is left, and gives the same snapshot.
    ASSERT_EQ(Await(StartImport(store_, csv_)), kDone);
    EXPECT_EQ(*ListSnapshots(store_), expected);
    EXPECT_THAT(Leftovers(), testing::IsEmpty());
    ExpectAllVerify();
  }
  EXPECT_GT(killed, 0) << "every import was done before its kill: the test tests nothing";
}

TEST_F(ImportFaultsTest, KilledImportLeavesOtherSnapshotsAlone) {
  const fs::path other = folder_.path() / "other.csv";
  std::ofstream(other) << "user,item\n1,2\n";
  ASSERT_EQ(Await(StartImport(store_, other)), kDone);
  const std::vector<core::Digest> before = *ListSnapshots(store_);
  const pid_t child = StartImport(store_, csv_);
  // Killed as soon as it has something to leave behind.
  for (int wait = 0; wait < 5000 && Leftovers().empty(); ++wait) ::usleep(1000);
  ::kill(child, SIGKILL);
  ASSERT_EQ(Await(child), -SIGKILL);
  EXPECT_EQ(*ListSnapshots(store_), before);
  EXPECT_EQ(Leftovers().size(), 1U);
  ExpectAllVerify();
  ASSERT_EQ(Await(StartImport(store_, other)), kDone);
  EXPECT_THAT(Leftovers(), testing::IsEmpty());
}

/// A file may not grow beyond some size: what a quota does.
TEST_F(ImportFaultsTest, FilesMayNotGrow) {
  for (const rlim_t limit : {rlim_t{0}, rlim_t{1000}, rlim_t{500'000}}) {
    const int status = Await(StartImport(store_, csv_, [&] {
      ::signal(SIGXFSZ, SIG_IGN);  // so that write says EFBIG
      const rlimit bound{limit, limit};
      ::setrlimit(RLIMIT_FSIZE, &bound);
    }));
    EXPECT_EQ(status, Status(ErrorCode::kIo)) << "limit " << limit;
    EXPECT_TRUE(ListSnapshots(store_)->empty());
    EXPECT_THAT(Leftovers(), testing::IsEmpty());
  }
  EXPECT_EQ(Await(StartImport(store_, csv_)), kDone) << "with room again, it works";
}

/// A file system of its own with 1 MiB, in a mount namespace of the child.
TEST_F(ImportFaultsTest, DiskIsFull) {
  const fs::path disk = folder_.path() / "disk";
  fs::create_directory(disk);
  const SnapshotStore store(disk / "snapshots");
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=1m") != 0) {
      ::_exit(kNotPermitted);
    }
    ImportRequest request;
    request.files = {csv_};
    const auto report = Import(store, request, core::SilentProgress());
    if (report) ::_exit(1);
    std::fprintf(stderr, "  (child) %s\n", report.error().message.c_str());
    if (report.error().code != ErrorCode::kIo) ::_exit(2);
    if (!ListSnapshots(store)->empty()) ::_exit(3);
    // Only the lock is left, and the room is free again: a small import works.
    const fs::path small = folder_.path() / "small.csv";
    std::ofstream(small) << "user,item\n1,2\n";
    request.files = {small};
    ::_exit(Import(store, request, core::SilentProgress()) ? kDone : 4);
  }
  const int status = Await(child);
  if (status == kNotPermitted) GTEST_SKIP() << "mounting is not permitted here";
  EXPECT_EQ(status, kDone);
}

/// As an ordinary user: root may do everything.
void BecomeOrdinary() {
  if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) ::_exit(kNotPermitted);
}

TEST_F(ImportFaultsTest, StoreMayNotBeWritten) {
  fs::create_directory(store_.folder());
  fs::permissions(store_.folder(), fs::perms::owner_read | fs::perms::owner_exec |
                                       fs::perms::others_read | fs::perms::others_exec);
  const int status = Await(StartImport(store_, csv_, BecomeOrdinary));
  if (status == kNotPermitted) GTEST_SKIP() << "changing the user is not permitted here";
  EXPECT_EQ(status, Status(ErrorCode::kIo));
  fs::permissions(store_.folder(), fs::perms::owner_all);
  EXPECT_TRUE(ListSnapshots(store_)->empty());
  EXPECT_THAT(Leftovers(), testing::IsEmpty());
}

TEST_F(ImportFaultsTest, FileMayNotBeRead) {
  for (const char* name : {"log.csv", "log.parquet"}) {
    const fs::path file = folder_.path() / name;
    if (!fs::exists(file)) std::ofstream(file) << "x";
    fs::permissions(file, fs::perms::none);
    const int status = Await(StartImport(store_, file, BecomeOrdinary));
    if (status == kNotPermitted) GTEST_SKIP() << "changing the user is not permitted here";
    EXPECT_EQ(status, Status(ErrorCode::kIo)) << name;
  }
}

/// The file is there when its header is read and gone when its rows are.
class VanishingFile : public core::Progress {
 public:
  explicit VanishingFile(fs::path file) : file_(std::move(file)) {}
  std::unique_ptr<core::ProgressTask> Begin(std::string name, uint64_t total,
                                            std::string unit) override {
    fs::remove(file_);
    return core::SilentProgress().Begin(std::move(name), total, std::move(unit));
  }
  void Say(std::string_view) override {}

 private:
  fs::path file_;
};

TEST_F(ImportFaultsTest, FileVanishes) {
  VanishingFile progress(csv_);
  ImportRequest request;
  request.files = {csv_};
  const auto report = Import(store_, request, progress);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kNotFound) << report.error().message;
  EXPECT_THAT(Leftovers(), testing::IsEmpty());
}

/// Somebody goes on writing the file while it is read.
class GrowingFile : public core::Progress {
 public:
  explicit GrowingFile(fs::path file) : file_(std::move(file)) {}
  class Task : public core::ProgressTask {
   public:
    explicit Task(fs::path file) : file_(std::move(file)) {}
    void Advance(uint64_t) override { std::ofstream(file_, std::ios::app) << "1,2,3,4\n"; }
    void SetNote(std::string) override {}

   private:
    fs::path file_;
  };
  std::unique_ptr<core::ProgressTask> Begin(std::string, uint64_t, std::string) override {
    return std::make_unique<Task>(file_);
  }
  void Say(std::string_view) override {}

 private:
  fs::path file_;
};

TEST_F(ImportFaultsTest, FileGrowsWhileItIsRead) {
  GrowingFile progress(csv_);
  ImportRequest request;
  request.files = {csv_};
  const auto report = Import(store_, request, progress);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kIo) << report.error().message;
  EXPECT_THAT(report.error().message, testing::HasSubstr("somebody changes it"));
  EXPECT_THAT(Leftovers(), testing::IsEmpty());
}

}  // namespace
}  // namespace klieg::data
