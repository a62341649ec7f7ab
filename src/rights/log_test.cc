#include "rights/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "core/file.h"
#include "core/random.h"
#include "rights/log_line.h"

namespace klieg::rights {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
namespace fs = std::filesystem;

const core::Timestamp kTime = core::ParseTimestamp("2026-03-01T09:30:00.000001Z").value();

/// Lines of a log with `count` entries, newlines included.
std::vector<std::string> MakeLines(size_t count) {
  std::vector<std::string> lines;
  core::Digest previous;
  for (size_t i = 0; i < count; ++i) {
    LogEntry entry;
    entry.sequence = i;
    entry.time = kTime;
    entry.kind = "note";
    entry.body = fmt::format(R"({{"n":{}}})", i);
    entry.previous = previous;
    lines.push_back(RenderLogLine(entry).value());
    previous = entry.hash;
  }
  return lines;
}

std::string Join(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

/// Runs `work` in a child and returns its wait status.
template <class Work>
int InChild(Work work) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    work();
    ::_exit(0);
  }
  int status = -1;
  ::waitpid(pid, &status, 0);
  return status;
}

class LogTest : public ::testing::Test {
 protected:
  void Put(std::string_view bytes) { ASSERT_TRUE(core::WriteFileAtomically(path_, bytes)); }
  std::string Bytes() { return core::ReadFile(path_).value(); }
  size_t CountEntries() { return VerifyLog(path_).value().entries; }

  core::TemporaryFolder folder_ = core::TemporaryFolder::Make().value();
  fs::path path_ = folder_.path() / "rights.log";
};

TEST_F(LogTest, TheBytesAreThoseOfTheFormatPage) {
  Log log = Log::Open(path_).value();
  const LogEntry entry = log.Append(kTime, "note", R"({"text":"hello"})").value();
  const std::string hashed =
      R"({"sequence":0,"time":"2026-03-01T09:30:00.000001Z","kind":"note","body":{"text":"hello"},)"
      R"("previous":"0000000000000000000000000000000000000000000000000000000000000000")";
  EXPECT_EQ(entry.hash, core::HashBytes(hashed));
  // From sha256sum, not from this program.
  EXPECT_EQ(entry.hash.Hex(), "6c043d606836c790195d3fc8f9e0892f8d8489d608d422fa63a20520953829f1");
  EXPECT_EQ(Bytes(), hashed + R"(,"hash":")" + entry.hash.Hex() + "\"}\n");
}

TEST_F(LogTest, ThePageShowsALogThatVerifies) {
  const std::string page =
      core::ReadFile(fs::path(KLIEG_SOURCE_DIR) / "docs/formats/log.md").value();
  const size_t begin = page.find("{\"sequence\":0");
  ASSERT_NE(begin, std::string::npos);
  const size_t end = page.find("```", begin);
  const LogSummary summary = VerifyLogBytes(page.substr(begin, end - begin)).value();
  EXPECT_EQ(summary.entries, 3U);
  EXPECT_NE(page.find(summary.root.Hex()), std::string::npos);
}

TEST_F(LogTest, EntriesComeBackInOrder) {
  {
    Log log = Log::Open(path_).value();
    for (int i = 0; i < 5; ++i)
      ASSERT_TRUE(log.Append(kTime, "note", fmt::format(R"({{"n":{}}})", i)));
  }
  Log log = Log::Open(path_).value();
  std::vector<std::string> bodies;
  ASSERT_TRUE(log.ForEach([&](const LogEntry& entry) { bodies.push_back(entry.body); }));
  EXPECT_THAT(bodies, ::testing::ElementsAre(R"({"n":0})", R"({"n":1})", R"({"n":2})", R"({"n":3})",
                                             R"({"n":4})"));
}

TEST_F(LogTest, AnEmptyLogVerifies) {
  Log log = Log::Open(path_).value();
  const LogSummary summary = VerifyLog(path_).value();
  EXPECT_EQ(summary.entries, 0U);
  EXPECT_EQ(summary.head, core::Digest());
  EXPECT_FALSE(summary.torn_tail);
}

TEST_F(LogTest, AnEntryThatCannotStandIsRefusedAndNothingIsAdded) {
  Log log = Log::Open(path_).value();
  const auto code = [&](core::Timestamp time, std::string_view kind, std::string_view body) {
    return log.Append(time, kind, body).error().code;
  };
  using enum core::ErrorCode;
  EXPECT_EQ(code(kTime, "", "{}"), kInvalidArgument);
  EXPECT_EQ(code(kTime, "Note", "{}"), kInvalidArgument);
  EXPECT_EQ(code(kTime, std::string(33, 'a'), "{}"), kInvalidArgument);
  EXPECT_EQ(code(kTime, "note", "[]"), kInvalidArgument);
  EXPECT_EQ(code(kTime, "note", "{ }"), kInvalidArgument);
  EXPECT_EQ(code(kTime, "note", "{\"a\":1}\n{}"), kInvalidArgument);
  EXPECT_EQ(code(kTime, "note", R"({"a":")" + std::string(kMaxLogBodyBytes, 'x') + "\"}"),
            kInvalidArgument);
  EXPECT_EQ(code(core::Timestamp{INT64_MAX / 2}, "note", "{}"), kInvalidArgument);
  EXPECT_EQ(code(core::ParseTimestamp("0001-01-01").value().micros > 0
                     ? core::Timestamp{}
                     : core::Timestamp{core::ParseTimestamp("0001-01-01")->micros - 1},
                 "note", "{}"),
            kInvalidArgument);
  EXPECT_EQ(Bytes(), "");
  EXPECT_TRUE(log.Append(kTime, "note", "{}"));
}

TEST_F(LogTest, EveryFlippedByteIsFound) {
  const std::string good = Join(MakeLines(4));
  const LogSummary whole = VerifyLogBytes(good).value();
  for (size_t i = 0; i < good.size(); ++i) {
    for (const int mask : {0x01, 0x20, 0x80, 0xff}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ mask);
      const core::Result<LogSummary> summary = VerifyLogBytes(bad);
      ASSERT_FALSE(summary) << "byte " << i << " mask " << mask;
      ASSERT_EQ(summary.error().code, core::ErrorCode::kCorrupt);
      const size_t line = 1 + static_cast<size_t>(std::count(
                                  good.begin(), good.begin() + static_cast<long>(i), '\n'));
      ASSERT_THAT(summary.error().message, HasSubstr(fmt::format("line {}:", line)))
          << "byte " << i;
    }
  }
  EXPECT_EQ(whole.entries, 4U);
}

TEST_F(LogTest, EveryByteLeftOutOrPutInIsFound) {
  const std::string good = Join(MakeLines(3));
  for (size_t i = 0; i < good.size(); ++i) {
    std::string less = good;
    less.erase(i, 1);
    const core::Result<LogSummary> summary = VerifyLogBytes(less);
    // Without its last newline the last entry is unfinished, and is reported so.
    EXPECT_EQ(summary.has_value(), i + 1 == good.size()) << i;
    std::string more = good;
    more.insert(i, 1, i % 2 == 0 ? ' ' : '\n');
    ASSERT_FALSE(VerifyLogBytes(more)) << i;
  }
}

TEST_F(LogTest, TruncationAtEveryLengthLeavesAPrefixThatOpens) {
  const std::vector<std::string> lines = MakeLines(3);
  const std::string good = Join(lines);
  for (size_t length = 0; length <= good.size(); ++length) {
    const std::string_view prefix = std::string_view(good).substr(0, length);
    const auto complete = static_cast<size_t>(std::count(prefix.begin(), prefix.end(), '\n'));
    const bool torn = !prefix.empty() && prefix.back() != '\n';
    const LogSummary summary = VerifyLogBytes(prefix).value();
    ASSERT_EQ(summary.entries, complete) << length;
    ASSERT_EQ(summary.torn_tail, torn) << length;
  }
  // Opening is slower: at the lengths where something could be special.
  for (const size_t length : {size_t{1}, lines[0].size() - 1, lines[0].size(), lines[0].size() + 1,
                              good.size() - 70, good.size() - 2, good.size() - 1}) {
    Put(std::string_view(good).substr(0, length));
    Log log = Log::Open(path_).value();
    // All but the newline is there: the entry is kept. Anything less is cut off.
    const bool lacks_newline = length < good.size() && good[length] == '\n';
    const auto complete = static_cast<size_t>(
        std::count(good.begin(), good.begin() + static_cast<long>(length), '\n'));
    EXPECT_EQ(CountEntries(), complete + (lacks_newline ? 1 : 0)) << length;
    EXPECT_FALSE(VerifyLog(path_)->torn_tail);
    EXPECT_TRUE(log.Append(kTime, "note", "{}"));
    EXPECT_TRUE(VerifyLog(path_));
  }
}

TEST_F(LogTest, EntriesMovedRepeatedOrLeftOutAreFound) {
  const std::vector<std::string> lines = MakeLines(4);
  const auto error = [&](const std::vector<size_t>& order) {
    std::string text;
    for (const size_t i : order) text += lines[i];
    return VerifyLogBytes(text).error().message;
  };
  EXPECT_THAT(error({0, 2, 1, 3}), HasSubstr("line 2: expected entry 1, found entry 2"));
  EXPECT_THAT(error({0, 1, 1, 2}), HasSubstr("line 3: expected entry 2, found entry 1"));
  EXPECT_THAT(error({0, 1, 3}), HasSubstr("line 3"));
  EXPECT_THAT(error({1, 2, 3}), HasSubstr("line 1"));
  EXPECT_THAT(error({0, 1, 2, 3, 0}), HasSubstr("line 5"));
}

TEST_F(LogTest, AnEntryOfAnotherHistoryIsFound) {
  std::vector<std::string> lines = MakeLines(3);
  LogEntry forged;
  forged.sequence = 1;
  forged.time = kTime;
  forged.kind = "note";
  forged.body = R"({"n":"forged"})";
  forged.previous = ParseLogLine(std::string_view(lines[0]).substr(0, lines[0].size() - 1))->hash;
  lines[1] = RenderLogLine(forged).value();
  EXPECT_THAT(VerifyLogBytes(Join(lines)).error().message,
              HasSubstr("line 3: entry 2 follows an entry with hash"));
}

/// Hashes that fit do not make a line that this program would not have written acceptable.
TEST_F(LogTest, AValidHashOverANonCanonicalLineIsNotEnough) {
  const std::string zeros(64, '0');
  const auto check = [&](const std::string& sequence, const std::string& time,
                         const std::string& body) {
    const std::string hashed =
        fmt::format(R"({{"sequence":{},"time":"{}","kind":"note","body":{},"previous":"{}")",
                    sequence, time, body, zeros);
    const std::string line = hashed + R"(,"hash":")" + core::HashBytes(hashed).Hex() + "\"}\n";
    return VerifyLogBytes(line).has_value();
  };
  const std::string time = "2026-03-01T09:30:00.000001Z";
  EXPECT_TRUE(check("0", time, "{}"));
  EXPECT_FALSE(check("00", time, "{}"));
  EXPECT_FALSE(check("0", "2026-03-01T09:30:00.00000Z", "{}"));
  EXPECT_FALSE(check("0", time, "{ }"));
  EXPECT_FALSE(check("0", time, "[]"));
  EXPECT_FALSE(check("0", time, R"({"b":1,"a":2})"));
  EXPECT_FALSE(check("0", time, R"({},"more":{})"));
  EXPECT_FALSE(check("0", time, R"({"a":1.5})"));
}

// ParseLogLine does not render what it read: here it is shown that nothing else can come of it.
// The edits are followed by a fitting hash, so that only the form decides.
TEST_F(LogTest, WhatIsReadIsWhatWouldBeWritten) {
  static constexpr std::string_view kAlphabet = "0123456789-:.TZ {}\"\\,abn+";
  const std::string line = MakeLines(12).back();
  const std::string hashed = line.substr(0, line.find(R"(,"hash")"));
  core::Random random(12);
  size_t accepted = 0;
  for (int round = 0; round < 40'000; ++round) {
    std::string text = hashed;
    for (uint64_t edits = 1 + random.Below(2); edits > 0; --edits) {
      const size_t at = random.Below(text.size());
      const char c = kAlphabet[random.Below(kAlphabet.size())];
      switch (random.Below(4)) {
        case 0:
          text.erase(at, 1);
          break;
        case 1:
          text.insert(at, 1, c);
          break;
        default:
          text[at] = c;
      }
    }
    text += R"(,"hash":")" + core::HashBytes(text).Hex() + "\"}";
    core::Result<LogEntry> entry = ParseLogLine(text);
    if (!entry) continue;
    ++accepted;
    ASSERT_EQ(RenderLogLine(*entry).value(), text + "\n");
  }
  EXPECT_GT(accepted, 1000U);
}

TEST_F(LogTest, ALineOfANewerFormatAsksForTheNewerProgram) {
  EXPECT_EQ(VerifyLogBytes("{\"format\":2,\"x\":1}\n").error().code, core::ErrorCode::kVersion);
  EXPECT_EQ(VerifyLogBytes("{\"format\":2,\"x\"").error().code, core::ErrorCode::kVersion);
}

TEST_F(LogTest, ADamagedLogIsNotOpened) {
  std::string bytes = Join(MakeLines(3));
  bytes[bytes.find("note", MakeLines(1)[0].size())] = 'N';
  Put(bytes);
  const core::Error error = Log::Open(path_).error();
  EXPECT_EQ(error.code, core::ErrorCode::kCorrupt);
  EXPECT_THAT(error.message, HasSubstr(path_.string()));
  EXPECT_THAT(error.message, HasSubstr("line 2"));
  EXPECT_EQ(Bytes(), bytes) << "a damaged log must be left as it was found";
}

TEST_F(LogTest, AChangedLastNewlineIsDamageAndNotAnUnfinishedEntry) {
  std::string bytes = Join(MakeLines(2));
  bytes.back() = ' ';
  Put(bytes);
  EXPECT_EQ(Log::Open(path_).error().code, core::ErrorCode::kCorrupt);
  EXPECT_EQ(Bytes(), bytes);
}

TEST_F(LogTest, ALogThatBecameShorterIsCorrupt) {
  const std::vector<std::string> lines = MakeLines(3);
  Put(Join(lines));
  Log log = Log::Open(path_).value();
  ASSERT_EQ(::truncate(path_.c_str(), static_cast<off_t>(lines[0].size())), 0);
  EXPECT_THAT(log.Append(kTime, "note", "{}").error().message, HasSubstr("rolled back"));
  EXPECT_THAT(log.ForEach([](const LogEntry&) {}).error().message, HasSubstr("rolled back"));
  EXPECT_EQ(Bytes(), lines[0]);
}

TEST_F(LogTest, AnotherHistoryOfTheSameLengthIsCorrupt) {
  Put(Join(MakeLines(3)));
  Log log = Log::Open(path_).value();
  std::string other;
  core::Digest previous;
  for (size_t i = 0; i < 3; ++i) {
    LogEntry entry{i,        core::Timestamp{kTime.micros + 1},
                   "note",   fmt::format(R"({{"n":{}}})", i),
                   previous, {}};
    other += RenderLogLine(entry).value();
    previous = entry.hash;
  }
  Put(other);
  ASSERT_TRUE(VerifyLog(path_));
  EXPECT_EQ(log.Append(kTime, "note", "{}").error().code, core::ErrorCode::kCorrupt);
  EXPECT_EQ(log.ForEach([](const LogEntry&) {}).error().code, core::ErrorCode::kCorrupt);
  EXPECT_EQ(Bytes(), other);
}

TEST_F(LogTest, AFullDiskLeavesTheLogAsItWas) {
  Put(Join(MakeLines(2)));
  const std::string before = Bytes();
  const int status = InChild([&] {
    Log log = Log::Open(path_).value();
    // A limit in the middle of the next line: the write is short, then fails, as on a disk that
    // fills up.
    const rlimit limit = {before.size() + 40, before.size() + 40};
    ::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const auto entry = log.Append(kTime, "note", "{}");
    if (entry || entry.error().code != core::ErrorCode::kIo) ::_exit(1);
    if (core::ReadFile(path_).value() != before) ::_exit(2);
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(Bytes(), before);
  EXPECT_TRUE(Log::Open(path_)->Append(kTime, "note", "{}"));
}

TEST_F(LogTest, AFolderThatMayNotBeWrittenIsSaidToBeSo) {
  const int status = InChild([&] {
    fs::permissions(folder_.path(), fs::perms(0555));
    // To the superuser every folder is open.
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(3);
    const auto log = Log::Open(path_);
    ::_exit(!log && log.error().code == core::ErrorCode::kIo ? 0 : 1);
  });
  fs::permissions(folder_.path(), fs::perms(0700));
  EXPECT_EQ(status, 0);
}

TEST_F(LogTest, AFolderInPlaceOfTheLogIsRefused) {
  fs::create_directory(path_);
  EXPECT_FALSE(Log::Open(path_));
  EXPECT_FALSE(VerifyLog(path_));
  EXPECT_EQ(VerifyLog(folder_.path() / "none").error().code, core::ErrorCode::kNotFound);
}

TEST_F(LogTest, ProcessesThatAppendAtOnceLoseNothing) {
  constexpr int kProcesses = 3;
  constexpr int kEach = 40;
  std::vector<pid_t> children;
  for (int child = 0; child < kProcesses; ++child) {
    const pid_t pid = ::fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      Log log = Log::Open(path_).value();
      for (int i = 0; i < kEach; ++i) {
        if (!log.Append(kTime, "note", fmt::format(R"({{"child":{},"n":{}}})", child, i)))
          ::_exit(1);
      }
      ::_exit(0);
    }
    children.push_back(pid);
  }
  for (const pid_t pid : children) {
    int status = -1;
    ::waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0);
  }
  std::vector<int> next(kProcesses, 0);
  Log log = Log::Open(path_).value();
  ASSERT_TRUE(log.ForEach([&](const LogEntry& entry) {
    for (int child = 0; child < kProcesses; ++child) {
      if (entry.body ==
          fmt::format(R"({{"child":{},"n":{}}})", child, next[static_cast<size_t>(child)])) {
        ++next[static_cast<size_t>(child)];
        return;
      }
    }
    ADD_FAILURE() << "out of order: " << entry.body;
  }));
  EXPECT_THAT(next, ::testing::Each(kEach));
}

// A child appends as fast as it can and reports each acknowledged entry through a pipe until it is
// killed. Whatever the moment: the log opens, verifies, and holds every entry that was
// acknowledged.
TEST_F(LogTest, AKillAtAnyMomentLosesNoAcknowledgedEntry) {
  core::Random random(7);
  ASSERT_TRUE(Log::Open(path_));  // A child may be killed before it has made the file.
  uint64_t acknowledged = 0;
  for (int round = 0; round < 25; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    const pid_t pid = ::fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      ::close(pipe_ends[0]);
      core::Result<Log> log = Log::Open(path_);
      while (log) {
        const auto entry =
            log->Append(kTime, "note", R"({"text":")" + std::string(3000, 'x') + "\"}");
        if (!entry || ::write(pipe_ends[1], &entry->sequence, sizeof(entry->sequence)) < 0) break;
      }
      ::_exit(1);
    }
    ::close(pipe_ends[1]);
    ::usleep(static_cast<useconds_t>(2000 + random.Below(20'000)));
    ::kill(pid, SIGKILL);
    int status = 0;
    ::waitpid(pid, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "the child failed instead of being killed";
    uint64_t sequence = 0;
    while (::read(pipe_ends[0], &sequence, sizeof(sequence)) == sizeof(sequence))
      acknowledged = sequence + 1;
    ::close(pipe_ends[0]);
    const core::Result<LogSummary> summary = VerifyLog(path_);
    ASSERT_TRUE(summary) << summary.error().message;
    ASSERT_GE(summary->entries, acknowledged);
  }
  Log log = Log::Open(path_).value();
  EXPECT_TRUE(log.Append(kTime, "note", "{}"));
  EXPECT_FALSE(VerifyLog(path_)->torn_tail);
  EXPECT_GT(acknowledged, 0U) << "no child lived long enough to append: the test tested nothing";
}

TEST_F(LogTest, AppendDecidedSeesWhatOthersAddedBeforeItDecides) {
  Log mine = Log::Open(path_).value();
  Log other = Log::Open(path_).value();
  ASSERT_TRUE(other.Append(kTime, "note", R"({"n":1})"));
  std::vector<std::string> seen;
  const auto visit = [&](const LogEntry& entry) -> core::Status {
    seen.push_back(entry.body);
    return {};
  };
  const auto nothing = mine.AppendDecided(visit, [] { return std::optional<LogDraft>(); });
  EXPECT_FALSE(nothing.value().has_value());
  EXPECT_THAT(seen, ::testing::ElementsAre(R"({"n":1})"));
  const auto entry =
      mine.AppendDecided(visit, [] { return std::optional(LogDraft{kTime, "note", "{}"}); });
  EXPECT_EQ(entry.value()->sequence, 1U);
  EXPECT_THAT(seen, SizeIs(1)) << "an entry is visited once, and one's own not at all";
}

TEST_F(LogTest, AVisitorThatFailsStopsTheAppend) {
  Log mine = Log::Open(path_).value();
  Log other = Log::Open(path_).value();
  ASSERT_TRUE(other.Append(kTime, "note", "{}"));
  const auto refuse = [](const LogEntry&) -> core::Status {
    return core::Fail(core::ErrorCode::kCorrupt, "no");
  };
  const auto draft = [] { return std::optional(LogDraft{kTime, "note", "{}"}); };
  EXPECT_FALSE(mine.AppendDecided(refuse, draft));
  EXPECT_FALSE(mine.AppendDecided(refuse, draft)) << "what was not accepted must be shown again";
  EXPECT_EQ(CountEntries(), 1U);
}

std::vector<LogDraft> MakeDrafts(size_t count, size_t begin = 0) {
  std::vector<LogDraft> drafts;
  for (size_t i = begin; i < begin + count; ++i) {
    drafts.push_back({kTime, "note", fmt::format(R"({{"n":{}}})", i)});
  }
  return drafts;
}

TEST_F(LogTest, ABatchIsWhatSingleAppendsWouldHaveWritten) {
  Log log = Log::Open(path_).value();
  ASSERT_TRUE(log.Append(kTime, "note", R"({"n":0})"));
  const std::vector<LogEntry> entries = log.AppendBatch(MakeDrafts(5, 1)).value();
  EXPECT_EQ(Bytes(), Join(MakeLines(6)));
  ASSERT_THAT(entries, SizeIs(5));
  EXPECT_EQ(entries[4].sequence, 5U);
  EXPECT_EQ(entries[4].hash, VerifyLog(path_)->head);
  EXPECT_THAT(log.AppendBatch({}).value(), SizeIs(0));
  EXPECT_EQ(log.Append(kTime, "note", "{}")->sequence, 6U);
}

TEST_F(LogTest, ABatchWithOneBadEntryAddsNone) {
  Log log = Log::Open(path_).value();
  std::vector<LogDraft> drafts = MakeDrafts(5);
  drafts[3].body = "{ }";
  const core::Error error = log.AppendBatch(drafts).error();
  EXPECT_EQ(error.code, core::ErrorCode::kInvalidArgument);
  EXPECT_THAT(error.message, HasSubstr("entry 4 of the batch"));
  EXPECT_EQ(Bytes(), "");
  EXPECT_EQ(log.tree().size(), 0U);
  drafts[3].body = "{}";
  EXPECT_TRUE(log.AppendBatch(drafts));
}

TEST_F(LogTest, ABatchSeesWhatOthersAdded) {
  Log mine = Log::Open(path_).value();
  Log other = Log::Open(path_).value();
  ASSERT_TRUE(other.AppendBatch(MakeDrafts(3)));
  size_t seen = 0;
  const auto count = [&](const LogEntry&) -> core::Status {
    ++seen;
    return {};
  };
  ASSERT_TRUE(mine.AppendBatch(MakeDrafts(2, 3), count));
  EXPECT_EQ(seen, 3U);
  EXPECT_EQ(mine.tree().size(), 5U);
  EXPECT_EQ(other.tree().size(), 3U);
  ASSERT_TRUE(other.CatchUp(count));
  EXPECT_EQ(seen, 5U);
  EXPECT_EQ(other.tree().Root(), mine.tree().Root());
}

TEST_F(LogTest, TheTreeIsOverTheLines) {
  const std::vector<std::string> lines = MakeLines(7);
  MerkleTree tree;
  for (const std::string& line : lines) {
    tree.Append(LeafHash(std::string_view(line).substr(0, line.size() - 1)));
  }
  EXPECT_EQ(VerifyLogBytes(Join(lines))->root, tree.Root());
  EXPECT_EQ(VerifyLogBytes("")->root, core::HashBytes(""));
  Put(Join(lines));
  MerkleTree verified;
  EXPECT_EQ(VerifyLog(path_, &verified)->root, tree.Root());
  EXPECT_EQ(verified.Root(5).value(), tree.Root(5).value());
  EXPECT_EQ(Log::Open(path_)->tree().Root(), tree.Root());
  // An entry kept from a torn end is in the tree as well.
  Put(Join(lines).substr(0, Join(lines).size() - 1));
  EXPECT_EQ(VerifyLog(path_)->root, tree.Root(6).value());
  Log log = Log::Open(path_).value();
  EXPECT_EQ(log.tree().Root(), tree.Root());
  const LogEntry next = log.Append(kTime, "note", R"({"n":7})").value();
  EXPECT_EQ(log.tree().Root(), VerifyLog(path_)->root);
  EXPECT_EQ(next.sequence, 7U);
}

// A batch that was cut anywhere leaves a log with the entries that are whole, the root of those,
// and room for the next.
TEST_F(LogTest, ABatchCutAnywhereLeavesWholeEntries) {
  const std::vector<std::string> lines = MakeLines(5);
  const std::string before = Join({lines[0], lines[1]});
  const std::string batch = Join({lines[2], lines[3], lines[4]});
  MerkleTree tree;
  for (const std::string& line : lines) {
    tree.Append(LeafHash(std::string_view(line).substr(0, line.size() - 1)));
  }
  for (size_t length = 0; length <= batch.size(); ++length) {
    const std::string bytes = before + batch.substr(0, length);
    const LogSummary summary = VerifyLogBytes(bytes).value();
    const auto whole = static_cast<size_t>(std::count(bytes.begin(), bytes.end(), '\n'));
    ASSERT_GE(whole, 2U) << "what was acknowledged before is there";
    ASSERT_EQ(summary.entries, whole);
    ASSERT_EQ(summary.root, tree.Root(whole).value());
    if (length % 61 != 0) continue;
    Put(bytes);
    Log log = Log::Open(path_).value();
    ASSERT_TRUE(log.AppendBatch(MakeDrafts(2)));
    ASSERT_EQ(VerifyLog(path_)->root, log.tree().Root());
  }
}

TEST_F(LogTest, AFullDiskTakesAWholeBatchBack) {
  Put(Join(MakeLines(2)));
  const std::string before = Bytes();
  const int status = InChild([&] {
    Log log = Log::Open(path_).value();
    // Room for one entry and a half.
    const rlimit limit = {before.size() + 400, before.size() + 400};
    ::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const auto entries = log.AppendBatch(MakeDrafts(5));
    if (entries || entries.error().code != core::ErrorCode::kIo) ::_exit(1);
    if (core::ReadFile(path_).value() != before) ::_exit(2);
    if (log.tree().size() != 2) ::_exit(3);
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(Bytes(), before);
}

// As AKillAtAnyMoment, with batches: no entry of an acknowledged batch is lost, and what an
// unacknowledged one left verifies.
TEST_F(LogTest, AKillAtAnyMomentLosesNoAcknowledgedBatch) {
  core::Random random(8);
  ASSERT_TRUE(Log::Open(path_));
  uint64_t acknowledged = 0;
  for (int round = 0; round < 15; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    const pid_t pid = ::fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      ::close(pipe_ends[0]);
      core::Result<Log> log = Log::Open(path_);
      const std::vector<LogDraft> drafts = MakeDrafts(200);
      while (log) {
        const auto entries = log->AppendBatch(drafts);
        if (!entries) break;
        const uint64_t last = entries->back().sequence;
        if (::write(pipe_ends[1], &last, sizeof(last)) < 0) break;
      }
      ::_exit(1);
    }
    ::close(pipe_ends[1]);
    ::usleep(static_cast<useconds_t>(3000 + random.Below(25'000)));
    ::kill(pid, SIGKILL);
    int status = 0;
    ::waitpid(pid, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "the child failed instead of being killed";
    uint64_t sequence = 0;
    while (::read(pipe_ends[0], &sequence, sizeof(sequence)) == sizeof(sequence))
      acknowledged = sequence + 1;
    ::close(pipe_ends[0]);
    const core::Result<LogSummary> summary = VerifyLog(path_);
    ASSERT_TRUE(summary) << summary.error().message;
    ASSERT_GE(summary->entries, acknowledged);
  }
  EXPECT_GT(acknowledged, 0U) << "no child lived long enough to append: the test tested nothing";
  Log log = Log::Open(path_).value();
  EXPECT_TRUE(log.AppendBatch(MakeDrafts(1)));
  EXPECT_EQ(VerifyLog(path_)->root, log.tree().Root());
}

}  // namespace
}  // namespace klieg::rights
