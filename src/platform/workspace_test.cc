#include "platform/workspace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "core/file.h"

namespace klieg::platform {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

class WorkspaceTest : public ::testing::Test {
 protected:
  core::Error OpenWith(std::string_view marker) {
    EXPECT_TRUE(core::WriteFileAtomically(folder_.path() / "klieg.toml", marker));
    const auto workspace = Workspace::Open(folder_.path());
    return workspace ? core::Error{core::ErrorCode::kInternal, "opened"} : workspace.error();
  }

  core::TemporaryFolder folder_ = core::TemporaryFolder::Make().value();
};

TEST_F(WorkspaceTest, AWorkspaceThatWasMadeOpens) {
  const fs::path folder = folder_.path() / "new" / "space";
  const Workspace made = Workspace::Init(folder).value();
  const Workspace opened = Workspace::Open(folder).value();
  EXPECT_EQ(made.folder(), opened.folder());
  EXPECT_TRUE(opened.folder().is_absolute());
  EXPECT_TRUE(fs::is_directory(opened.runs()));
}

TEST_F(WorkspaceTest, MakingOneTwiceChangesNothing) {
  ASSERT_TRUE(Workspace::Init(folder_.path()));
  ASSERT_TRUE(core::WriteFileAtomically(folder_.path() / "klieg.toml", "format = 1\n# mine\n"));
  EXPECT_EQ(Workspace::Init(folder_.path()).error().code, core::ErrorCode::kAlreadyExists);
  EXPECT_EQ(core::ReadFile(folder_.path() / "klieg.toml").value(), "format = 1\n# mine\n");
  EXPECT_TRUE(Workspace::Open(folder_.path()));
}

TEST_F(WorkspaceTest, AFolderThatIsNoneSaysHowToMakeOne) {
  const core::Error error = Workspace::Open(folder_.path()).error();
  EXPECT_EQ(error.code, core::ErrorCode::kNotFound);
  EXPECT_THAT(error.message, HasSubstr("klieg init"));
  EXPECT_EQ(Workspace::Open(folder_.path() / "none").error().code, core::ErrorCode::kNotFound);
}

TEST_F(WorkspaceTest, AWorkspaceOfANewerKliegAsksForIt) {
  EXPECT_EQ(OpenWith("format = 2\n").code, core::ErrorCode::kVersion);
}

TEST_F(WorkspaceTest, ADamagedMarkerIsCorrupt) {
  for (const std::string_view marker :
       {"", "# only a comment\n", "format = one\n", "format = 1x\n", "format = 0\n",
        "format = -1\n", "format = 1\nformat = 1\n", "format = 1\nmore = 2\n",
        "format = 99999999999999999999\n", "\x01\x02\x03"}) {
    EXPECT_EQ(OpenWith(marker).code, core::ErrorCode::kCorrupt) << marker;
  }
  EXPECT_EQ(OpenWith(std::string(1 << 20, '#')).code, core::ErrorCode::kCorrupt);
}

TEST_F(WorkspaceTest, TheNearestFolderAboveIsFound) {
  ASSERT_TRUE(Workspace::Init(folder_.path() / "outer"));
  ASSERT_TRUE(Workspace::Init(folder_.path() / "outer/inner"));
  fs::create_directories(folder_.path() / "outer/inner/x/y");
  fs::create_directories(folder_.path() / "outer/z");
  EXPECT_EQ(Workspace::Find(folder_.path() / "outer/inner/x/y")->folder().filename(), "inner");
  EXPECT_EQ(Workspace::Find(folder_.path() / "outer/z")->folder().filename(), "outer");
  EXPECT_THAT(Workspace::Find(folder_.path()).error().message, HasSubstr("klieg init"));
}

TEST_F(WorkspaceTest, AFolderThatMayNotBeWrittenIsSaidToBeSo) {
  const pid_t pid = ::fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    fs::permissions(folder_.path(), fs::perms(0555));
    // To the superuser every folder is open.
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(3);
    const auto workspace = Workspace::Init(folder_.path() / "new");
    ::_exit(!workspace && workspace.error().code == core::ErrorCode::kIo ? 0 : 1);
  }
  int status = -1;
  ::waitpid(pid, &status, 0);
  fs::permissions(folder_.path(), fs::perms(0700));
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace klieg::platform
