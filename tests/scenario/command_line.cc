#include "command_line.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace klieg::scenario {
namespace {

/// Forks and executes; standard output and error go to files in `folder`.
pid_t Start(const char* program, const std::filesystem::path& folder,
            const std::filesystem::path& workspace, const std::vector<std::string>& words) {
  std::vector<std::string> all = {program};
  all.insert(all.end(), words.begin(), words.end());
  std::vector<char*> arguments;
  for (std::string& word : all) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t child = ::fork();
  if (child != 0) return child;
  if (::chdir(folder.c_str()) != 0) ::_exit(126);
  ::setenv("KLIEG_WORKSPACE", workspace.c_str(), 1);
  const int output = ::open("output.txt", O_WRONLY | O_CREAT | O_TRUNC, 0644);
  const int errors = ::open("errors.txt", O_WRONLY | O_CREAT | O_TRUNC, 0644);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(errors, STDERR_FILENO);
  ::execv(program, arguments.data());
  ::_exit(127);
}

Outcome Collect(const std::filesystem::path& folder, int status) {
  Outcome outcome;
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  outcome.output = core::ReadFile(folder / "output.txt").value();
  outcome.errors = core::ReadFile(folder / "errors.txt").value();
  return outcome;
}

}  // namespace

Desk::Desk() : folder_(core::TemporaryFolder::Make().value()) {}

Outcome Desk::Klieg(const std::vector<std::string>& words) const {
  const pid_t child = Start(KLIEG_BINARY, folder(), workspace(), words);
  int status = 0;
  ::waitpid(child, &status, 0);
  return Collect(folder(), status);
}

Outcome Desk::Verify(const std::vector<std::string>& words) const {
  const pid_t child = Start(KLIEG_VERIFY_BINARY, folder(), workspace(), words);
  int status = 0;
  ::waitpid(child, &status, 0);
  return Collect(folder(), status);
}

Outcome Desk::KliegKilledWhen(const std::vector<std::string>& words,
                              const std::function<bool()>& when) const {
  const pid_t child = Start(KLIEG_BINARY, folder(), workspace(), words);
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    if (when()) ::kill(child, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return Collect(folder(), status);
}

std::filesystem::path Desk::Write(const std::string& name, const std::string& text) const {
  const std::filesystem::path path = folder() / name;
  EXPECT_TRUE(core::WriteFileAtomically(path, text).has_value());
  return path;
}

std::filesystem::path Desk::WriteTerms(const std::string& purposes,
                                       const std::string& expires) const {
  return Write("terms-" + std::to_string(std::hash<std::string>()(purposes + expires)) + ".toml",
               "owner = \"the test\"\nlicence = \"none needed\"\npurposes = [" + purposes +
                   "]\nexpires = \"" + expires + "\"\n");
}

void Desk::PrepareFilms(int members, int titles) const {
  const std::string terms = WriteTerms(R"("recommend", "measure")");
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"init", "workspace"},
           {"simulate", "simulated", "--members", std::to_string(members), "--titles",
            std::to_string(titles), "--seed", "7"},
           {"import", "interactions", "simulated/interactions.csv", "--dataset", "films", "--terms",
            terms},
           {"import", "titles", "simulated/titles.csv", "--dataset", "films", "--terms", terms}}) {
    const Outcome outcome = Klieg(words);
    ASSERT_EQ(outcome.status, 0) << words[0] << ": " << outcome.errors;
  }
}

}  // namespace klieg::scenario
