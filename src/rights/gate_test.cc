#include "rights/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/file.h"

namespace klieg::rights {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const core::Digest kSnapshot = core::HashBytes("snapshot");

Terms MakeTerms(std::string owner, std::vector<Purpose> purposes, std::string_view expires = "") {
  Terms terms;
  terms.owner = std::move(owner);
  terms.licence = "by letter";
  terms.purposes = std::move(purposes);
  if (!expires.empty()) terms.expires = core::ParseTimestamp(expires).value();
  return terms;
}

class GateTest : public ::testing::Test {
 protected:
  Gate Open() { return Gate::Open(log_path_, clock_).value(); }

  std::vector<LogEntry> Entries() {
    std::vector<LogEntry> entries;
    Log log = Log::Open(log_path_).value();
    EXPECT_TRUE(log.ForEach([&](const LogEntry& entry) { entries.push_back(entry); }));
    return entries;
  }

  Request Use(Purpose purpose) { return {"ada", purpose, kSnapshot, "train ease"}; }

  core::TemporaryFolder folder_ = core::TemporaryFolder::Make().value();
  std::filesystem::path log_path_ = folder_.path() / "rights.log";
  core::FixedClock clock_{core::ParseTimestamp("2026-03-01").value()};
};

TEST_F(GateTest, APermitSaysWhatItIsForAndWhereItIsRecorded) {
  Gate gate = Open();
  const Terms terms = MakeTerms("X", {Purpose::kRecommend});
  ASSERT_TRUE(gate.RegisterTerms(kSnapshot, terms, "ada"));
  const Permit permit = gate.Ask(Use(Purpose::kRecommend)).value();
  EXPECT_EQ(permit.snapshot(), kSnapshot);
  EXPECT_EQ(permit.purpose(), Purpose::kRecommend);
  EXPECT_THAT(permit.terms(), ElementsAre(TermsDigest(terms)));
  const std::vector<LogEntry> entries = Entries();
  ASSERT_THAT(entries, SizeIs(2));
  EXPECT_EQ(permit.log_sequence(), 1U);
  EXPECT_EQ(permit.log_hash(), entries[1].hash);
  EXPECT_EQ(entries[1].time, clock_.Now());
  EXPECT_EQ(
      entries[1].body,
      fmt::format(
          R"({{"action":"use","actor":"ada","clauses":["base@1/analysis"],"decision":"permit","purpose":"recommend",)"
          R"("reason":"train ease","snapshot":"{}","terms":["{}"]}})",
          kSnapshot.Hex(), TermsDigest(terms).Hex()));
}

TEST_F(GateTest, APurposeThatIsNotPermittedIsRefusedOnRecord) {
  Gate gate = Open();
  ASSERT_TRUE(gate.RegisterTerms(kSnapshot, MakeTerms("X", {Purpose::kMeasure}), "ada"));
  const core::Error error = gate.Ask(Use(Purpose::kRecommend)).error();
  EXPECT_EQ(error.code, core::ErrorCode::kRefused);
  EXPECT_EQ(error.message, "refused: the terms of 'X' for snapshot " + kSnapshot.Short() +
                               " do not permit 'recommend' (permitted: measure); see log entry 1");
  const auto body = nlohmann::json::parse(Entries().at(1).body);
  EXPECT_EQ(body["decision"], "refuse");
  EXPECT_THAT(body["why"].get<std::string>(), HasSubstr("do not permit 'recommend'"));
}

TEST_F(GateTest, NothingIsPermittedWithoutTerms) {
  Gate gate = Open();
  const core::Error error = gate.Ask(Use(Purpose::kMeasure)).error();
  EXPECT_EQ(error.code, core::ErrorCode::kRefused);
  EXPECT_THAT(error.message,
              HasSubstr("no terms are registered for snapshot " + kSnapshot.Short()));
  EXPECT_THAT(Entries(), SizeIs(1));
}

TEST_F(GateTest, TermsOfOneSnapshotSayNothingOfAnother) {
  Gate gate = Open();
  ASSERT_TRUE(
      gate.RegisterTerms(core::HashBytes("other"), MakeTerms("X", {Purpose::kMeasure}), "ada"));
  EXPECT_EQ(gate.Ask(Use(Purpose::kMeasure)).error().code, core::ErrorCode::kRefused);
}

TEST_F(GateTest, TermsEndAtTheMomentOfTheirExpiry) {
  Gate gate = Open();
  ASSERT_TRUE(
      gate.RegisterTerms(kSnapshot, MakeTerms("X", {Purpose::kMeasure}, "2027-01-01"), "ada"));
  clock_.Set(core::ParseTimestamp("2026-12-31T23:59:59.999999Z").value());
  EXPECT_TRUE(gate.Ask(Use(Purpose::kMeasure)));
  clock_.Set(core::ParseTimestamp("2027-01-01").value());
  EXPECT_THAT(gate.Ask(Use(Purpose::kMeasure)).error().message, HasSubstr("expired on 2027-01-01"));
}

TEST_F(GateTest, EveryOwnerMustPermit) {
  Gate gate = Open();
  ASSERT_TRUE(gate.RegisterTerms(kSnapshot,
                                 MakeTerms("A", {Purpose::kRecommend, Purpose::kMeasure}), "ada"));
  ASSERT_TRUE(gate.RegisterTerms(kSnapshot, MakeTerms("B", {Purpose::kMeasure}), "ada"));
  EXPECT_THAT(gate.Ask(Use(Purpose::kRecommend)).error().message, HasSubstr("'B'"));
  EXPECT_THAT(gate.Ask(Use(Purpose::kMeasure)).value().terms(), SizeIs(2));
}

TEST_F(GateTest, ARefusalNamesEveryTermThatRefuses) {
  Gate gate = Open();
  ASSERT_TRUE(gate.RegisterTerms(kSnapshot, MakeTerms("A", {}), "ada"));
  ASSERT_TRUE(
      gate.RegisterTerms(kSnapshot, MakeTerms("B", {Purpose::kMeasure}, "2026-01-01"), "ada"));
  const std::string message = gate.Ask(Use(Purpose::kMeasure)).error().message;
  EXPECT_THAT(message, HasSubstr("'A' for snapshot"));
  EXPECT_THAT(message, HasSubstr("(permitted: nothing)"));
  EXPECT_THAT(message, HasSubstr("'B' for snapshot"));
}

TEST_F(GateTest, TheLatestTermsOfAnOwnerStand) {
  Gate gate = Open();
  ASSERT_TRUE(gate.RegisterTerms(kSnapshot, MakeTerms("A", {Purpose::kRecommend}), "ada"));
  EXPECT_TRUE(gate.Ask(Use(Purpose::kRecommend)));
  ASSERT_TRUE(gate.RegisterTerms(kSnapshot, MakeTerms("A", {}), "ada"));
  EXPECT_FALSE(gate.Ask(Use(Purpose::kRecommend)));
  EXPECT_THAT(gate.TermsOf(kSnapshot), SizeIs(1));
}

TEST_F(GateTest, RegisteringEqualTermsAgainAddsNothing) {
  Gate gate = Open();
  const Terms first = MakeTerms("A", {Purpose::kRecommend});
  const Terms second = MakeTerms("A", {Purpose::kMeasure});
  ASSERT_TRUE(gate.RegisterTerms(kSnapshot, first, "ada"));
  ASSERT_TRUE(gate.RegisterTerms(kSnapshot, first, "bob"));
  EXPECT_THAT(Entries(), SizeIs(1));
  ASSERT_TRUE(gate.RegisterTerms(kSnapshot, second, "ada"));
  ASSERT_TRUE(gate.RegisterTerms(kSnapshot, first, "ada"));
  EXPECT_THAT(Entries(), SizeIs(3));
  EXPECT_THAT(gate.TermsOf(kSnapshot), ElementsAre(first));
}

TEST_F(GateTest, ANewGateKnowsWhatTheLogSays) {
  const Terms terms = MakeTerms("\"A\" \xc3\xa9", {Purpose::kForecast}, "2030-01-01");
  ASSERT_TRUE(Open().RegisterTerms(kSnapshot, terms, "ada"));
  EXPECT_THAT(Open().TermsOf(kSnapshot), ElementsAre(terms));
}

TEST_F(GateTest, TermsRegisteredThroughAnotherGateCountAtOnce) {
  Gate early = Open();
  Gate late = Open();
  ASSERT_TRUE(late.RegisterTerms(kSnapshot, MakeTerms("A", {Purpose::kRecommend}), "ada"));
  EXPECT_TRUE(early.Ask(Use(Purpose::kRecommend)));
  ASSERT_TRUE(late.RegisterTerms(kSnapshot, MakeTerms("A", {}), "ada"));
  EXPECT_EQ(early.Ask(Use(Purpose::kRecommend)).error().code, core::ErrorCode::kRefused);
}

TEST_F(GateTest, AnImportUnderExpiredTermsIsRefusedOnRecord) {
  Gate gate = Open();
  EXPECT_TRUE(gate.AskImport("ada", "a.csv", MakeTerms("A", {})));
  const core::Error error =
      gate.AskImport("ada", "b.csv", MakeTerms("A", {}, "2026-03-01")).error();
  EXPECT_EQ(error.code, core::ErrorCode::kRefused);
  EXPECT_THAT(error.message, HasSubstr("expired on 2026-03-01"));
  EXPECT_THAT(error.message, HasSubstr("see log entry 1"));
  const std::vector<LogEntry> entries = Entries();
  ASSERT_THAT(entries, SizeIs(2));
  EXPECT_THAT(entries[0].body, HasSubstr(R"("decision":"permit")"));
  EXPECT_THAT(entries[1].body, HasSubstr(R"("source":"b.csv")"));
}

TEST_F(GateTest, BytesThatAreNotTextDoNotKeepADecisionFromTheRecord) {
  Gate gate = Open();
  EXPECT_TRUE(gate.AskImport("ada", "\xff\n\x01.csv", MakeTerms("A", {})));
  EXPECT_THAT(Entries(), SizeIs(1));
}

TEST_F(GateTest, SomebodyMustAsk) {
  Gate gate = Open();
  EXPECT_EQ(gate.Ask({"", Purpose::kMeasure, kSnapshot, ""}).error().code,
            core::ErrorCode::kInvalidArgument);
  EXPECT_EQ(gate.AskImport("", "a", MakeTerms("A", {})).error().code,
            core::ErrorCode::kInvalidArgument);
  EXPECT_EQ(gate.RegisterTerms(kSnapshot, MakeTerms("A", {}), "").error().code,
            core::ErrorCode::kInvalidArgument);
}

TEST_F(GateTest, TermsThatCouldNotStandInAFileAreNotRegistered) {
  Gate gate = Open();
  EXPECT_EQ(gate.RegisterTerms(kSnapshot, MakeTerms("", {}), "ada").error().code,
            core::ErrorCode::kInvalidArgument);
  EXPECT_THAT(Entries(), IsEmpty());
}

TEST_F(GateTest, ALogThatCannotBeWrittenGivesNoPermit) {
  Gate gate = Open();
  ASSERT_TRUE(gate.RegisterTerms(kSnapshot, MakeTerms("A", {Purpose::kRecommend}), "ada"));
  std::filesystem::remove(log_path_);
  const auto permit = gate.Ask(Use(Purpose::kRecommend));
  ASSERT_FALSE(permit);
  EXPECT_EQ(permit.error().code, core::ErrorCode::kCorrupt);
  EXPECT_FALSE(std::filesystem::exists(log_path_))
      << "a lost log must not be replaced by an empty one";
}

TEST_F(GateTest, EntriesOfUnknownKindsArePassedOver) {
  {
    Log log = Log::Open(log_path_).value();
    ASSERT_TRUE(log.Append(clock_.Now(), "from-the-future", R"({"a":1})"));
  }
  EXPECT_TRUE(Gate::Open(log_path_, clock_));
}

TEST_F(GateTest, ATermsEntryThatHoldsNoTermsIsCorrupt) {
  for (const std::string_view body :
       {R"({})", R"({"snapshot":"00","terms":{}})", R"({"snapshot":1,"terms":2})"}) {
    std::filesystem::remove(log_path_);
    Log log = Log::Open(log_path_).value();
    ASSERT_TRUE(log.Append(clock_.Now(), "terms", body));
    const auto gate = Gate::Open(log_path_, clock_);
    ASSERT_FALSE(gate);
    EXPECT_THAT(gate.error().message, HasSubstr("entry 0 holds no readable terms"));
  }
}

// Two processes decide at once while a third withdraws: every decision in the log must agree with
// the terms that stand above it in the log, which is what deciding under the lock is for.
TEST_F(GateTest, DecisionsOfSeveralProcessesAgreeWithTheTermsBeforeThem) {
  ASSERT_TRUE(Open().RegisterTerms(kSnapshot, MakeTerms("A", {Purpose::kRecommend}), "ada"));
  std::vector<pid_t> children;
  for (int child = 0; child < 3; ++child) {
    const pid_t pid = ::fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      Gate gate = Open();
      for (int i = 0; i < 20; ++i) {
        if (child == 0) {
          const bool permit = i % 2 == 1;
          if (!gate.RegisterTerms(kSnapshot,
                                  MakeTerms("A", permit ? std::vector{Purpose::kRecommend}
                                                        : std::vector<Purpose>{}),
                                  "ada")) {
            ::_exit(1);
          }
        } else if (const auto permit = gate.Ask(Use(Purpose::kRecommend));
                   !permit && permit.error().code != core::ErrorCode::kRefused) {
          ::_exit(2);
        }
      }
      ::_exit(0);
    }
    children.push_back(pid);
  }
  for (const pid_t pid : children) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0);
  }
  bool permits = false;
  size_t decisions = 0;
  for (const LogEntry& entry : Entries()) {
    const auto body = nlohmann::json::parse(entry.body);
    if (entry.kind == "terms") {
      permits = !body["terms"]["purposes"].empty();
    } else {
      ++decisions;
      EXPECT_EQ(body["decision"], permits ? "permit" : "refuse") << entry.sequence;
    }
  }
  EXPECT_EQ(decisions, 40U);
}

}  // namespace
}  // namespace klieg::rights
