#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/verb.h"
#include "core/memory.h"

namespace klieg::cli {
namespace {

using nlohmann::json;

json ToJson(const platform::RunRecord& run) {
  json object = {{"id", run.id},
                 {"kind", run.spec.kind},
                 {"name", run.spec.name},
                 {"state", platform::RunStateName(run.state)},
                 {"actor", run.actor},
                 {"seed", run.spec.seed},
                 {"repeats", run.spec.repeats},
                 {"code_version", run.code_version},
                 {"instruction_set", run.instruction_set},
                 {"started", core::FormatTimestamp(run.started)},
                 {"ended", run.ended ? json(core::FormatTimestamp(*run.ended)) : json()},
                 {"wall_seconds", run.wall_seconds},
                 {"cpu_seconds", run.cpu_seconds},
                 {"peak_bytes", run.peak_bytes},
                 {"error", run.error},
                 {"parameters", json::parse(run.spec.parameters, nullptr, false)},
                 {"command", json::parse(run.spec.command, nullptr, false)},
                 {"inputs", json::array()},
                 {"metrics", json::array()},
                 {"artifacts", json::array()}};
  for (const platform::RunInput& one : run.inputs) {
    object["inputs"].push_back({{"role", one.role},
                                {"kind", one.kind},
                                {"digest", one.digest},
                                {"permit", one.permit_sequence}});
  }
  for (const platform::RunMetric& one : run.metrics) {
    object["metrics"].push_back({{"subject", one.subject},
                                 {"name", one.name},
                                 {"value", one.value},
                                 {"low", one.low ? json(*one.low) : json()},
                                 {"high", one.high ? json(*one.high) : json()},
                                 {"method", one.method}});
  }
  for (const platform::RunArtifact& one : run.artifacts) {
    object["artifacts"].push_back({{"name", one.name}, {"path", one.path}, {"digest", one.digest}});
  }
  return object;
}

core::Status ListRuns(Invocation& call) {
  KLIEG_ASSIGN(const auto session, call.OpenSession());
  KLIEG_ASSIGN(const std::vector<platform::RunRecord> runs, session->store().ListRuns());
  json list = json::array();
  std::vector<std::vector<std::string>> rows = {{"run", "state", "what", "seconds", "peak", "by"}};
  for (const platform::RunRecord& run : runs) {
    list.push_back({{"id", run.id},
                    {"kind", run.spec.kind},
                    {"name", run.spec.name},
                    {"state", platform::RunStateName(run.state)},
                    {"started", core::FormatTimestamp(run.started)},
                    {"wall_seconds", run.wall_seconds},
                    {"peak_bytes", run.peak_bytes},
                    {"error", run.error}});
    rows.push_back({run.id, std::string(platform::RunStateName(run.state)), run.spec.name,
                    fmt::format("{:.2f}", run.wall_seconds), core::FormatBytes(run.peak_bytes),
                    run.actor});
  }
  if (call.json) {
    fmt::print("{}\n", list.dump(1));
  } else {
    fmt::print("{}", FormatTable(rows));
  }
  return {};
}

core::Status ShowRun(Invocation& call, const std::string& id) {
  KLIEG_ASSIGN(const auto session, call.OpenSession());
  KLIEG_ASSIGN(const platform::RunRecord run, session->store().GetRun(id));
  const json object = ToJson(run);
  if (call.json) {
    fmt::print("{}\n", object.dump(1));
    return {};
  }
  fmt::print(
      "run {}: {}\n  state       {}{}\n  by          {}\n  started     {}\n  took        {:.2f} s "
      "wall, {:.2f} s processor, peak {}\n"
      "  code        {} ({})\n  seed        {}\n  parameters  {}\n",
      run.id, run.spec.name, platform::RunStateName(run.state),
      run.error.empty() ? "" : ": " + run.error, run.actor, core::FormatTimestamp(run.started),
      run.wall_seconds, run.cpu_seconds, core::FormatBytes(run.peak_bytes), run.code_version,
      run.instruction_set, run.spec.seed, object["parameters"].dump());
  for (const platform::RunInput& one : run.inputs) {
    fmt::print("  input       {} {} {}{}\n", one.role, one.kind, one.digest.substr(0, 12),
               one.permit_sequence >= 0
                   ? fmt::format(", decision {} of the gate", one.permit_sequence)
                   : "");
  }
  for (const platform::RunMetric& one : run.metrics) {
    fmt::print("  figure      {} {} = {:.6g}{}\n", one.subject, one.name, one.value,
               one.low && one.high ? fmt::format(" [{:.6g}, {:.6g}]", *one.low, *one.high) : "");
  }
  for (const platform::RunArtifact& one : run.artifacts)
    fmt::print("  artifact    {} {}\n", one.name, one.path);
  return {};
}

/// Runs the recorded command line again, in the folder it was typed in.
core::Status RepeatRun(Invocation& call, const std::string& id) {
  std::vector<std::string> words;
  std::string folder;
  {
    KLIEG_ASSIGN(const auto session, call.OpenSession());
    KLIEG_ASSIGN(const platform::RunRecord run, session->store().GetRun(id));
    const json command = json::parse(run.spec.command, nullptr, false);
    if (!command.is_object() || !command.contains("argv") || !command.contains("folder")) {
      return core::Fail(core::ErrorCode::kNotFound, "run {} recorded no command line to repeat",
                        run.id);
    }
    words = command["argv"].get<std::vector<std::string>>();
    folder = command["folder"].get<std::string>();
    if (std::ranges::find(words, "--workspace") == words.end()) {
      words.insert(
          words.begin() + 2,
          {"--workspace", std::filesystem::absolute(session->workspace().folder()).string()});
    }
  }
  std::error_code error;
  std::filesystem::current_path(folder, error);
  if (error) {
    return core::Fail(core::ErrorCode::kNotFound,
                      "the command was typed in '{}', which cannot be entered: {}", folder,
                      error.message());
  }
  call.progress().Say(fmt::format("repeating: {}", fmt::join(words, " ")));
  std::vector<const char*> arguments;
  for (const std::string& word : words) arguments.push_back(word.c_str());
  if (RunCommandLine(static_cast<int>(arguments.size()), arguments.data()) != 0) {
    return core::Fail(core::ErrorCode::kInternal, "the repeated run did not succeed");
  }
  return {};
}

}  // namespace

void AddRuns(CLI::App& app, Invocation& invocation) {
  struct Options {
    std::string id;
    std::string repeat;
  };
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      AddVerb(app, invocation, "runs",
              "List runs, show one, or repeat one (a killed tuning goes on where it stopped)",
              "klieg runs; klieg runs 20260301-093000; klieg runs --repeat 20260301-093000");
  AddJson(*verb, invocation);
  verb->add_option("RUN", options->id, "Show this run (the first characters will do)");
  verb->add_option("--repeat", options->repeat, "Run the command of this run again");
  verb->callback([&invocation, options] {
    invocation.action = [options](Invocation& call) {
      if (!options->repeat.empty()) return RepeatRun(call, options->repeat);
      return options->id.empty() ? ListRuns(call) : ShowRun(call, options->id);
    };
  });
}

}  // namespace klieg::cli
