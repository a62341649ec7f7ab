#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "cli/verb.h"
#include "core/version.h"
#include "platform/workspace.h"

namespace klieg::cli {
namespace {

int ExitStatus(core::ErrorCode code) {
  switch (code) {
    case core::ErrorCode::kUsage:
      return 2;
    case core::ErrorCode::kRefused:
      return 3;
    default:
      return 1;
  }
}

int Report(const core::Error& error, bool json) {
  if (json) {
    nlohmann::json object = {
        {"error", {{"code", core::ErrorCodeName(error.code)}, {"message", error.message}}}};
    if (!error.details.empty())
      object["error"]["details"] = nlohmann::json::parse(error.details, nullptr, false);
    fmt::print("{}\n", object.dump(1));
  }
  fmt::print(stderr, "klieg: {}\n", error.message);
  return ExitStatus(error.code);
}

bool IsFigure(const std::string& cell) {
  return cell.empty() || cell.find_first_not_of("0123456789.,+-[] %e") == std::string::npos;
}

/// Characters, not bytes: good enough for names in Latin scripts.
size_t Width(const std::string& text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

core::Progress& Invocation::progress() {
  if (quiet) return core::SilentProgress();
  if (console == nullptr) console = core::MakeConsoleProgress();
  return *console;
}

core::Result<platform::Workspace> Invocation::FindWorkspace() const {
  std::string folder = workspace;
  if (folder.empty()) {
    if (const char* value = std::getenv("KLIEG_WORKSPACE"); value != nullptr) folder = value;
  }
  return folder.empty() ? platform::Workspace::Find(std::filesystem::current_path())
                        : platform::Workspace::Open(folder);
}

core::Result<std::unique_ptr<flows::Session>> Invocation::OpenSession() {
  KLIEG_ASSIGN(const platform::Workspace opened, FindWorkspace());
  return flows::Session::Open(opened, threads, clock, progress(), command);
}

CLI::App* AddVerb(CLI::App& app, Invocation& invocation, const std::string& name,
                  const std::string& description, const std::string& example) {
  CLI::App* verb = app.add_subcommand(name, description);
  verb->footer("example: " + example);
  verb->add_option(
      "--workspace", invocation.workspace,
      "Folder of the workspace (default: KLIEG_WORKSPACE, else this folder or the nearest above)");
  verb->add_option("--threads", invocation.threads,
                   "Threads (default: all processors); does not change results")
      ->check(CLI::Range(1, 1024));
  verb->add_flag("--quiet", invocation.quiet, "No progress on standard error");
  return verb;
}

void AddJson(CLI::App& verb, Invocation& invocation) {
  verb.add_flag("--json", invocation.json, "Print JSON to standard output");
}

core::Result<std::map<std::string, std::string>> ParseSettings(
    const std::vector<std::string>& settings) {
  std::map<std::string, std::string> result;
  for (const std::string& setting : settings) {
    const size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) {
      return core::Fail(core::ErrorCode::kUsage,
                        "--set {}: expected name=value, for example lambda=200", setting);
    }
    result[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  return result;
}

std::string FormatTable(const std::vector<std::vector<std::string>>& rows) {
  if (rows.empty()) return {};
  const size_t columns = rows.front().size();
  std::vector<size_t> widths(columns, 0);
  std::vector<bool> figures(columns, true);
  for (size_t r = 0; r < rows.size(); ++r) {
    for (size_t c = 0; c < columns; ++c) {
      widths[c] = std::max(widths[c], Width(rows[r][c]));
      if (r > 0 && !IsFigure(rows[r][c])) figures[c] = false;
    }
  }
  std::string text;
  for (const std::vector<std::string>& row : rows) {
    std::string line;
    for (size_t c = 0; c < columns; ++c) {
      const std::string padding(widths[c] - Width(row[c]), ' ');
      line += (c > 0 ? "  " : "") + (figures[c] ? padding + row[c] : row[c] + padding);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

void FilterOptions::AddTo(CLI::App& verb) {
  verb.add_option("--value-min", filter.value_min,
                  "Leave out interactions whose value is below (ratings: 4)");
  verb.add_option("--interactions-min", filter.interactions_min,
                  "Leave out members with fewer interactions");
}

int RunCommandLine(int argc, const char* const* argv) {
  CLI::App app("Klieg: the machine-learning platform of a streaming service and its studio",
               "klieg");
  app.set_version_flag("--version", core::CodeVersion());
  app.require_subcommand(1);
  app.footer(
      "exit status: 0 done, 1 failed, 2 usage, 3 refused by the gate\n"
      "start here:  klieg init films && cd films && klieg import interactions ratings.csv "
      "--dataset films --terms terms.toml");
  Invocation invocation;
  std::error_code ignored;
  invocation.command = nlohmann::json{{"argv", std::vector<std::string>(argv, argv + argc)},
                                      {"folder", std::filesystem::current_path(ignored).string()}}
                           .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  AddInit(app, invocation);
  AddImport(app, invocation);
  AddDatasets(app, invocation);
  AddRankers(app, invocation);
  AddTrain(app, invocation);
  AddTune(app, invocation);
  AddEvaluate(app, invocation);
  AddRecommend(app, invocation);
  AddRuns(app, invocation);
  AddModels(app, invocation);
  AddLineage(app, invocation);
  AddPolicy(app, invocation);
  AddReport(app, invocation);
  AddVerify(app, invocation);
  AddExport(app, invocation);
  AddSimulate(app, invocation);
  AddRights(app, invocation);
  AddProve(app, invocation);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int status = app.exit(error, std::cout, std::cerr);
    return status == 0 ? 0 : 2;
  }
  const core::Status status = invocation.action(invocation);
  return status ? 0 : Report(status.error(), invocation.json);
}

}  // namespace klieg::cli
