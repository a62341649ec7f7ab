#include "platform/metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "platform/actor.h"

namespace klieg::platform {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
namespace fs = std::filesystem;

const std::string kDigest(64, 'a');
const std::string kSnapshot(64, 'b');

class MetadataTest : public ::testing::Test {
 protected:
  std::unique_ptr<MetadataStore> Open() {
    auto store = MetadataStore::Open(workspace_, clock_);
    EXPECT_TRUE(store) << store.error().message;
    return std::move(store).value();
  }
  platform::Run Start(MetadataStore& store, std::string kind = "train") {
    return store
        .StartRun({.kind = std::move(kind),
                   .name = "a run",
                   .command = "{}",
                   .parameters = "{}",
                   .seed = 1,
                   .repeats = ""})
        .value();
  }
  void Put(const std::string& path, std::string_view bytes) {
    fs::create_directories((workspace_.folder() / path).parent_path());
    ASSERT_TRUE(core::WriteFileAtomically(workspace_.folder() / path, bytes));
  }

  core::TemporaryFolder folder_ = core::TemporaryFolder::Make().value();
  Workspace workspace_ = Workspace::Init(folder_.path() / "a b'c").value();
  core::FixedClock clock_{core::ParseTimestamp("2026-03-01T09:30:00.123456Z").value()};
};

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

TEST_F(MetadataTest, AFinishedRunComesBackAsItWasRecorded) {
  auto store = Open();
  std::string id;
  {
    platform::Run run = store
                            ->StartRun({.kind = "train",
                                        .name = "ease on 'films': x",
                                        .command = R"({"argv":["a:b"]})",
                                        .parameters = R"({"l":1})",
                                        .seed = std::numeric_limits<uint64_t>::max(),
                                        .repeats = "20260101-000000-0000"})
                            .value();
    id = run.id();
    EXPECT_TRUE(fs::is_directory(run.folder()));
    Put("runs/" + id + "/report.html", "hello");
    ASSERT_TRUE(run.AddInput({"train", "snapshot", kSnapshot, 12}));
    ASSERT_TRUE(run.AddInput({"model", "model", kDigest, -1}));
    ASSERT_TRUE(run.AddMetrics(
        {{"ease", "ndcg@100", 0.1, 0.05, 0.15, "bootstrap"}, {"", "rows", 1e300, {}, {}, ""}}));
    ASSERT_TRUE(run.AddMetric(
        {"ease", "undefined", std::nan(""), {}, std::numeric_limits<double>::infinity(), ""}));
    ASSERT_TRUE(run.AddArtifact({"report.html", "runs/" + id + "/report.html", ""}));
    clock_.Set(core::Timestamp{clock_.Now().micros + 5'000'000});
    ASSERT_TRUE(run.Finish());
  }
  const RunRecord run = Open()->GetRun(id).value();
  EXPECT_EQ(run.id, "20260301-093000-1f9a");
  EXPECT_EQ(run.spec.name, "ease on 'films': x");
  EXPECT_EQ(run.spec.command, R"({"argv":["a:b"]})");
  EXPECT_EQ(run.spec.seed, std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(run.spec.repeats, "20260101-000000-0000");
  EXPECT_EQ(run.state, RunState::kFinished);
  EXPECT_EQ(run.error, "");
  EXPECT_EQ(run.actor, CurrentActor());
  EXPECT_FALSE(run.code_version.empty());
  EXPECT_FALSE(run.instruction_set.empty());
  EXPECT_EQ(core::FormatTimestamp(run.started), "2026-03-01T09:30:00.123456Z");
  EXPECT_EQ(core::FormatTimestamp(run.ended.value()), "2026-03-01T09:30:05.123456Z");
  EXPECT_GT(run.wall_seconds, 0);
  EXPECT_GT(run.peak_bytes, 1U << 20);
  ASSERT_THAT(run.inputs, SizeIs(2));
  EXPECT_EQ(run.inputs[0].digest, kSnapshot);
  EXPECT_EQ(run.inputs[0].permit_sequence, 12);
  EXPECT_EQ(run.inputs[1].kind, "model");
  ASSERT_THAT(run.metrics, SizeIs(3));
  EXPECT_EQ(run.metrics[0].value, 0.1);
  EXPECT_EQ(run.metrics[0].low, 0.05);
  EXPECT_EQ(run.metrics[1].value, 1e300);
  EXPECT_EQ(run.metrics[1].low, std::nullopt);
  EXPECT_TRUE(std::isnan(run.metrics[2].value));
  EXPECT_EQ(run.metrics[2].high, std::numeric_limits<double>::infinity());
  ASSERT_THAT(run.artifacts, SizeIs(1));
  EXPECT_EQ(run.artifacts[0].digest, core::HashBytes("hello").Hex());
}

TEST_F(MetadataTest, RunsOfOneMomentHaveIdsOfTheirOwnInOrder) {
  auto store = Open();
  std::vector<std::string> started;
  for (int i = 0; i < 5; ++i) started.insert(started.begin(), Start(*store).id());
  std::vector<std::string> listed;
  const std::vector<RunRecord> runs = store->ListRuns().value();
  for (const RunRecord& run : runs) listed.push_back(run.id);
  EXPECT_EQ(listed, started) << "newest first";
}

TEST_F(MetadataTest, ARunLeftWithoutFinishHasFailed) {
  auto store = Open();
  const std::string id = Start(*store).id();
  const RunRecord run = store->GetRun(id).value();
  EXPECT_EQ(run.state, RunState::kFailed);
  EXPECT_EQ(run.error, "ended without a result");
}

TEST_F(MetadataTest, AFailureIsRecordedAndHandedOn) {
  auto store = Open();
  platform::Run run = Start(*store);
  const auto failed = run.Fail({core::ErrorCode::kIo, "no space"});
  EXPECT_EQ(failed.value().code, core::ErrorCode::kIo);
  EXPECT_EQ(store->GetRun(run.id())->state, RunState::kFailed);
  EXPECT_EQ(store->GetRun(run.id())->error, "no space");
  EXPECT_FALSE(run.AddMetric({})) << "a run that has ended takes nothing more";
  EXPECT_FALSE(run.Finish());
}

TEST_F(MetadataTest, ARunOutlivesItsStore) {
  auto store = Open();
  platform::Run run = Start(*store);
  store.reset();
  EXPECT_TRUE(run.Finish());
  EXPECT_EQ(Open()->GetRun(run.id())->state, RunState::kFinished);
}

TEST_F(MetadataTest, ARunThatIsUnderWayIsLeftAlone) {
  auto store = Open();
  platform::Run run = Start(*store);
  EXPECT_EQ(Open()->GetRun(run.id())->state, RunState::kRunning);
  EXPECT_EQ(store->ListRuns()->front().state, RunState::kRunning);
  EXPECT_TRUE(run.Finish());
}

TEST_F(MetadataTest, AKilledRunIsSeenAsKilled) {
  auto watcher = Open();
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t pid = ::fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    auto store = Open();
    platform::Run run = Start(*store);
    if (::write(ends[1], run.id().data(), run.id().size()) < 0) ::_exit(1);
    ::pause();
    ::_exit(0);
  }
  std::string id(20, '\0');
  ASSERT_EQ(::read(ends[0], id.data(), id.size()), 20);
  EXPECT_EQ(watcher->GetRun(id)->state, RunState::kRunning) << "its process lives";
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  EXPECT_EQ(watcher->ListRuns()->front().state, RunState::kKilled);
  const RunRecord run = Open()->GetRun(id).value();
  EXPECT_EQ(run.state, RunState::kKilled);
  EXPECT_THAT(run.error,
              AllOf(HasSubstr("ended without a result"), HasSubstr("klieg runs --repeat " + id)));
  EXPECT_FALSE(run.ended);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(MetadataTest, AKillAtAnyMomentLeavesAStoreThatOpens) {
  for (int round = 0; round < 10; ++round) {
    const pid_t pid = ::fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      auto store = Open();
      while (true) {
        platform::Run run = Start(*store);
        if (!run.AddMetric({"s", "n", 1, {}, {}, ""}) || !run.Finish()) ::_exit(1);
      }
    }
    ::usleep(static_cast<useconds_t>(3000 + 7000 * round));
    ::kill(pid, SIGKILL);
    int status = 0;
    ::waitpid(pid, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status));
    auto store = Open();
    const std::vector<RunRecord> runs = store->ListRuns().value();
    for (const RunRecord& run : runs) EXPECT_NE(run.state, RunState::kRunning);
    EXPECT_THAT(store->VerifyArtifacts().value(), IsEmpty());
  }
}

TEST_F(MetadataTest, ProcessesThatWriteAtOnceLoseNothing) {
  constexpr int kEach = 15;
  std::vector<pid_t> children;
  for (int child = 0; child < 3; ++child) {
    const pid_t pid = ::fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      auto store = Open();  // The first of them makes the schema.
      for (int i = 0; i < kEach; ++i) {
        platform::Run run = Start(*store);
        const auto model = store->AddModel({.name = "m",
                                            .version = 0,
                                            .digest = kDigest,
                                            .ranker = "ease",
                                            .parameters = "{}",
                                            .run = run.id(),
                                            .snapshot = kSnapshot,
                                            .permit_sequence = 1,
                                            .bytes = 1,
                                            .created = {}});
        if (!model || !run.Finish()) ::_exit(1);
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
  auto store = Open();
  EXPECT_THAT(store->ListRuns().value(), SizeIs(3 * kEach));
  EXPECT_EQ(store->GetModel("m")->version, 3 * kEach);
  EXPECT_THAT(store->ListModels().value(), SizeIs(3 * kEach));
}

TEST_F(MetadataTest, ARunIsFoundByTheBeginningOfItsId) {
  auto store = Open();
  const std::string first = Start(*store).id();
  clock_.Set(core::ParseTimestamp("2026-04-01").value());
  const std::string second = Start(*store).id();
  EXPECT_EQ(store->GetRun("202604")->id, second);
  EXPECT_EQ(store->GetRun(first)->id, first);
  EXPECT_THAT(store->GetRun("2026").error().message, HasSubstr("the beginning of 2 runs"));
  EXPECT_EQ(store->GetRun("2025").error().code, core::ErrorCode::kNotFound);
  EXPECT_EQ(store->GetRun("%").error().code, core::ErrorCode::kNotFound);
  EXPECT_EQ(store->GetRun("").error().code, core::ErrorCode::kInvalidArgument);
}

TEST_F(MetadataTest, DatasetsCountTheirVersions) {
  auto store = Open();
  const platform::Run run = Start(*store, "import");
  const auto add = [&](const std::string& name, const std::string& kind) {
    return store->AddDataset({.name = name,
                              .kind = kind,
                              .version = 0,
                              .snapshot = kSnapshot,
                              .terms = kDigest,
                              .run = run.id(),
                              .created = {}});
  };
  EXPECT_EQ(add("films", "interactions")->version, 1);
  EXPECT_EQ(add("films", "interactions")->version, 2);
  EXPECT_EQ(add("films", "titles")->version, 1);
  EXPECT_EQ(store->GetDataset("films", "interactions")->version, 2);
  EXPECT_EQ(store->GetDataset("films@1", "interactions")->version, 1);
  EXPECT_EQ(store->GetDataset("films", "titles")->run, run.id());
  EXPECT_THAT(store->ListDatasets().value(), SizeIs(3));
  EXPECT_THAT(store->GetDataset("fims", "titles").error().message,
              AllOf(HasSubstr("no titles dataset 'fims'"), HasSubstr("there are: films")));
  EXPECT_THAT(store->GetDataset("films@9", "titles").error().message,
              HasSubstr("has no version 9; the latest is 1"));
  EXPECT_EQ(add("films", "songs").error().code, core::ErrorCode::kInvalidArgument);
  EXPECT_EQ(add("a@1", "titles").error().code, core::ErrorCode::kInvalidArgument);
  EXPECT_EQ(add("", "titles").error().code, core::ErrorCode::kInvalidArgument);
}

TEST_F(MetadataTest, ModelsAreAskedForByNameOrVersion) {
  auto store = Open();
  ModelRecord model{.name = "house",
                    .version = 0,
                    .digest = kDigest,
                    .ranker = "ease",
                    .parameters = R"({"l2":"100"})",
                    .run = "",
                    .snapshot = kSnapshot,
                    .permit_sequence = 3,
                    .bytes = uint64_t{5} << 32,
                    .created = {}};
  EXPECT_EQ(store->AddModel(model)->version, 1);
  model.ranker = "ials";
  EXPECT_EQ(store->AddModel(model)->version, 2);
  EXPECT_EQ(store->GetModel("house")->ranker, "ials");
  const ModelRecord first = store->GetModel("house@1").value();
  EXPECT_EQ(first.ranker, "ease");
  EXPECT_EQ(first.bytes, uint64_t{5} << 32);
  EXPECT_EQ(first.permit_sequence, 3);
  EXPECT_EQ(first.created, clock_.Now());
  EXPECT_THAT(store->GetModel("home").error().message, HasSubstr("there are: house"));
  EXPECT_EQ(store->GetModel("house@x").error().code, core::ErrorCode::kInvalidArgument);
  EXPECT_EQ(store->GetModel("house@0").error().code, core::ErrorCode::kInvalidArgument);
}

TEST_F(MetadataTest, ARunThatDoesNotExistCannotBeReferredTo) {
  auto store = Open();
  EXPECT_EQ(store
                ->AddDataset({.name = "d",
                              .kind = "titles",
                              .version = 0,
                              .snapshot = kSnapshot,
                              .terms = kDigest,
                              .run = "20200101-000000-0000",
                              .created = {}})
                .error()
                .code,
            core::ErrorCode::kInvalidArgument);
  EXPECT_THAT(store->ListDatasets().value(), IsEmpty()) << "a failed call leaves nothing behind";
}

TEST_F(MetadataTest, InputsAndArtifactsThatCannotBeAreRefused) {
  auto store = Open();
  platform::Run run = Start(*store);
  EXPECT_FALSE(run.AddInput({"train", "snapshot", "abc", 1}));
  EXPECT_FALSE(run.AddInput({"train", "picture", kDigest, 1}));
  EXPECT_EQ(run.AddArtifact({"a", "runs/none", ""}).error().code, core::ErrorCode::kNotFound);
  EXPECT_EQ(run.AddArtifact({"a", "../x", kDigest}).error().code,
            core::ErrorCode::kInvalidArgument);
  EXPECT_EQ(run.AddArtifact({"a", "/etc/passwd", ""}).error().code,
            core::ErrorCode::kInvalidArgument);
  EXPECT_EQ(run.AddArtifact({"a", "runs", ""}).error().code, core::ErrorCode::kInvalidArgument);
  EXPECT_TRUE(run.AddArtifact({"a", "runs", kDigest}));
  EXPECT_TRUE(run.AddInput({"train", "snapshot", kDigest, 1}));
  const RunRecord record = store->GetRun(run.id()).value();
  EXPECT_THAT(record.inputs, SizeIs(1));
  EXPECT_THAT(record.artifacts, SizeIs(1));
}

TEST_F(MetadataTest, VerifyFindsAFlippedByteAndAMissingFile) {
  auto store = Open();
  platform::Run run = Start(*store);
  Put("models/whole", "whole");
  Put("models/flipped", "flipped");
  Put("models/gone", "gone");
  for (const std::string name : {"whole", "flipped", "gone"}) {
    ASSERT_TRUE(run.AddArtifact({name, "models/" + name, ""}));
  }
  ASSERT_TRUE(run.Finish());
  EXPECT_THAT(store->VerifyArtifacts().value(), IsEmpty());
  Put("models/flipped", "flipqed");
  fs::remove(workspace_.folder() / "models/gone");
  EXPECT_THAT(
      store->VerifyArtifacts().value(),
      ElementsAre(AllOf(HasSubstr("corrupt: models/flipped"), HasSubstr("expected the bytes")),
                  HasSubstr("not_found: models/gone")));
}

TEST_F(MetadataTest, VerifyFindsAModelWithoutAFile) {
  auto store = Open();
  ASSERT_TRUE(store->AddModel({.name = "house",
                               .version = 0,
                               .digest = kDigest,
                               .ranker = "ease",
                               .parameters = "{}",
                               .run = "",
                               .snapshot = kSnapshot,
                               .permit_sequence = 3,
                               .bytes = 1,
                               .created = {}}));
  EXPECT_THAT(store->VerifyArtifacts().value(), ElementsAre(HasSubstr("not_found: model house@1")));
}

TEST_F(MetadataTest, LineageGoesFromTheModelToTheImport) {
  auto store = Open();
  platform::Run import = Start(*store, "import");
  ASSERT_TRUE(store->AddDataset({.name = "films",
                                 .kind = "interactions",
                                 .version = 0,
                                 .snapshot = kSnapshot,
                                 .terms = kDigest,
                                 .run = import.id(),
                                 .created = {}}));
  ASSERT_TRUE(import.Finish());
  platform::Run train = Start(*store, "train");
  ASSERT_TRUE(train.AddInput({"interactions", "snapshot", kSnapshot, 12}));
  ASSERT_TRUE(store->AddModel({.name = "base",
                               .version = 0,
                               .digest = kDigest,
                               .ranker = "ease",
                               .parameters = "{}",
                               .run = train.id(),
                               .snapshot = kSnapshot,
                               .permit_sequence = 12,
                               .bytes = 1,
                               .created = {}}));
  ASSERT_TRUE(train.Finish());
  platform::Run blend = Start(*store, "train");
  ASSERT_TRUE(blend.AddInput({"part", "model", kDigest, -1}));
  ASSERT_TRUE(blend.AddInput({"part", "model", std::string(64, 'c'), -1}));
  ASSERT_TRUE(store->AddModel({.name = "house",
                               .version = 0,
                               .digest = std::string(64, 'd'),
                               .ranker = "blend",
                               .parameters = "{}",
                               .run = blend.id(),
                               .snapshot = kSnapshot,
                               .permit_sequence = 13,
                               .bytes = 1,
                               .created = {}}));
  const std::function<std::string(const LineageNode&, int)> draw = [&](const LineageNode& node,
                                                                       int depth) {
    std::string text =
        std::string(static_cast<size_t>(depth), ' ') + node.kind + " " + node.id + "\n";
    for (const LineageNode& input : node.inputs) text += draw(input, depth + 1);
    return text;
  };
  EXPECT_EQ(draw(TraceLineage(*store, "house").value(), 0),
            "model house@1\n"
            " run " +
                blend.id() +
                "\n"
                "  model base@1\n"
                "   run " +
                train.id() +
                "\n"
                "    snapshot " +
                kSnapshot +
                "\n"
                "     permit 12\n"
                "     dataset films@1\n"
                "      run " +
                import.id() +
                "\n"
                "  model " +
                std::string(64, 'c') + "\n");
  EXPECT_EQ(TraceLineage(*store, "none").error().code, core::ErrorCode::kNotFound);
}

TEST_F(MetadataTest, AModelMadeFromItselfDoesNotEndInACircle) {
  auto store = Open();
  platform::Run train = Start(*store, "train");
  ASSERT_TRUE(train.AddInput({"part", "model", kDigest, -1}));
  ASSERT_TRUE(store->AddModel({.name = "m",
                               .version = 0,
                               .digest = kDigest,
                               .ranker = "ease",
                               .parameters = "{}",
                               .run = train.id(),
                               .snapshot = kSnapshot,
                               .permit_sequence = 1,
                               .bytes = 1,
                               .created = {}}));
  EXPECT_TRUE(TraceLineage(*store, "m"));
}

TEST_F(MetadataTest, ADamagedDatabaseIsCorruptAndSaysWhatToDo) {
  ASSERT_TRUE(Start(*Open()).Finish());
  std::string bytes = core::ReadFile(workspace_.database()).value();
  for (size_t i = 0; i < 64; ++i) bytes[i] = 'x';
  ASSERT_TRUE(core::WriteFileAtomically(workspace_.database(), bytes));
  const auto store = MetadataStore::Open(workspace_, clock_);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, core::ErrorCode::kCorrupt);
  EXPECT_THAT(store.error().message, AllOf(HasSubstr("klieg.db"), HasSubstr("put a backup back")));
}

TEST_F(MetadataTest, ADamagedPageIsFoundByVerify) {
  {
    auto store = Open();
    for (int i = 0; i < 30; ++i) ASSERT_TRUE(Start(*store).Finish());
  }
  std::fstream file(workspace_.database(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-4096, std::ios::end);
  file.write(std::string(64, '\xff').data(), 64);
  file.close();
  const auto store = MetadataStore::Open(workspace_, clock_);
  const bool found =
      !store || !(*store)->VerifyArtifacts() || !(*store)->VerifyArtifacts()->empty();
  EXPECT_TRUE(found);
}

TEST_F(MetadataTest, ALostDatabaseIsNotMadeAnewOverRuns) {
  ASSERT_TRUE(Start(*Open()).Finish());
  for (const bool empty : {false, true}) {
    fs::remove(workspace_.database());
    if (empty) std::ofstream(workspace_.database()).close();
    const auto store = MetadataStore::Open(workspace_, clock_);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, core::ErrorCode::kCorrupt);
    EXPECT_THAT(store.error().message, HasSubstr("missing or empty"));
  }
}

TEST_F(MetadataTest, AFolderThatMayNotBeWrittenIsSaidToBeSo) {
  ASSERT_TRUE(Start(*Open()).Finish());
  const int status = InChild([&] {
    fs::permissions(folder_.path(), fs::perms(0755));
    for (const fs::directory_entry& entry : fs::directory_iterator(workspace_.folder())) {
      fs::permissions(entry.path(), fs::perms(entry.is_directory() ? 0555 : 0444));
    }
    fs::permissions(workspace_.folder(), fs::perms(0555));
    // To the superuser every folder is open.
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(3);
    const auto store = MetadataStore::Open(workspace_, clock_);
    if (store) ::_exit(1);
    ::_exit(store.error().code == core::ErrorCode::kIo ? 0 : 2);
  });
  fs::permissions(workspace_.folder(), fs::perms(0755));
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace klieg::platform
