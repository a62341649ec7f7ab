/// What the verbs of the command line share. One file a verb; each adds its options to the app and,
/// when it is the one that was typed, leaves its action here. The action runs after parsing, so
/// that every error takes one way out (app.cc).
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/progress.h"
#include "flows/session.h"

namespace klieg::cli {

/// Options that every verb has, and the action chosen.
struct Invocation {
  std::string workspace;  ///< --workspace, else KLIEG_WORKSPACE, else the folder here or above.
  size_t threads = 0;
  bool json = false;
  bool quiet = false;
  std::string command;  ///< The words typed and the folder, as JSON.
  std::function<core::Status(Invocation&)> action;
  core::SystemClock clock;
  std::unique_ptr<core::Progress> console;

  core::Progress& progress();
  /// The workspace that was named, or the nearest.
  core::Result<platform::Workspace> FindWorkspace() const;
  /// Opens it.
  core::Result<std::unique_ptr<flows::Session>> OpenSession();
};

/// A verb with its help text and a worked example beneath.
CLI::App* AddVerb(CLI::App& app, Invocation& invocation, const std::string& name,
                  const std::string& description, const std::string& example);

/// Adds --json.
void AddJson(CLI::App& verb, Invocation& invocation);

/// "a=1" → {"a", "1"}. kUsage when there is no '='.
core::Result<std::map<std::string, std::string>> ParseSettings(
    const std::vector<std::string>& settings);

/// Lines with aligned columns: the first row is the heading; columns whose cells are all figures
/// are set flush right.
std::string FormatTable(const std::vector<std::vector<std::string>>& rows);

/// What a filter of interactions takes from the command line.
struct FilterOptions {
  personalize::InteractionFilter filter;
  void AddTo(CLI::App& verb);
};

void AddInit(CLI::App& app, Invocation& invocation);
void AddImport(CLI::App& app, Invocation& invocation);
void AddDatasets(CLI::App& app, Invocation& invocation);
void AddRankers(CLI::App& app, Invocation& invocation);
void AddTrain(CLI::App& app, Invocation& invocation);
void AddTune(CLI::App& app, Invocation& invocation);
void AddEvaluate(CLI::App& app, Invocation& invocation);
void AddRecommend(CLI::App& app, Invocation& invocation);
void AddRuns(CLI::App& app, Invocation& invocation);
void AddModels(CLI::App& app, Invocation& invocation);
void AddLineage(CLI::App& app, Invocation& invocation);
void AddPolicy(CLI::App& app, Invocation& invocation);
void AddReport(CLI::App& app, Invocation& invocation);
void AddVerify(CLI::App& app, Invocation& invocation);
void AddExport(CLI::App& app, Invocation& invocation);
void AddSimulate(CLI::App& app, Invocation& invocation);
void AddRights(CLI::App& app, Invocation& invocation);
void AddProve(CLI::App& app, Invocation& invocation);

/// Runs a command line; returns the exit status: 0 done, 1 failed, 2 usage, 3 refused by the gate.
int RunCommandLine(int argc, const char* const* argv);

}  // namespace klieg::cli
