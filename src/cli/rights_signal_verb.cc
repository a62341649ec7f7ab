// klieg rights signal
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/rights_verb.h"
#include "core/file.h"
#include "rights/signals.h"

namespace klieg::cli {
namespace {

struct Options {
  std::vector<std::string> files;
  std::string kind;
  std::string work;
  std::string to;
};

/// What the grants on record say of each purpose, for one work.
core::Result<rights::Preferences> OfWork(Invocation& call, const std::string& id) {
  KLIEG_ASSIGN(const auto session, call.OpenSession());
  const rights::Work* work = session->gate().book().FindWork(id);
  if (work == nullptr) {
    return core::Fail(core::ErrorCode::kNotFound, "there is no work '{}': klieg rights show works",
                      id);
  }
  rights::Preferences preferences;
  for (const rights::Purpose purpose : rights::AllPurposes()) {
    rights::Use use;
    use.purpose = purpose;
    preferences[purpose] =
        session->gate().book().ConsentOf(*work, use, session->gate().Now()).consent;
  }
  return preferences;
}

core::Result<rights::Preferences> OfFiles(const Options& options) {
  KLIEG_ASSIGN(const rights::SignalKind kind, rights::ParseSignalKind(options.kind));
  rights::Preferences all;
  for (const std::string& file : options.files) {
    KLIEG_ASSIGN(const std::string text, core::ReadFile(file, uint64_t{1} << 20));
    auto preferences = rights::ReadSignal(kind, text);
    if (!preferences) return core::Prefix(preferences.error(), file);
    all = rights::CombinePreferences(all, *preferences);
  }
  return all;
}

core::Status Signal(Invocation& call, const Options& options) {
  if (options.files.empty() == options.work.empty() ||
      options.files.empty() != options.kind.empty()) {
    return core::Fail(core::ErrorCode::kUsage,
                      "name files with --kind, or a work on record with --work");
  }
  core::Result<rights::Preferences> preferences =
      options.files.empty() ? OfWork(call, options.work) : OfFiles(options);
  if (!preferences) return tl::unexpected<core::Error>(preferences.error());
  if (!options.to.empty()) {
    KLIEG_ASSIGN(const rights::SignalKind to, rights::ParseSignalKind(options.to));
    fmt::print("{}\n", rights::WriteSignal(to, *preferences));
    return {};
  }
  nlohmann::json object = nlohmann::json::object();
  std::vector<std::vector<std::string>> rows = {{"purpose", "preference", "meaning"}};
  for (const rights::Purpose purpose : rights::AllPurposes()) {
    const std::string_view value = rights::AttributeValues(
        rights::Attribute::kConsent)[static_cast<size_t>((*preferences)[purpose])];
    object[std::string(rights::PurposeName(purpose))] = value;
    rows.push_back({std::string(rights::PurposeName(purpose)), std::string(value),
                    std::string(rights::PurposeMeaning(purpose))});
  }
  fmt::print("{}", call.json ? object.dump(1) + "\n" : FormatTable(rows));
  return {};
}

}  // namespace

void AddRightsSignal(CLI::App& rights, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* signal =
      AddVerb(rights, invocation, "signal",
              "Read machine-readable preferences, or write what is on record as such "
              "(docs/reference/signals.md)",
              "klieg rights signal manifest.json --kind cawg\n"
              "         klieg rights signal --work night-shift --to aipref");
  AddJson(*signal, invocation);
  signal->add_option("FILE", options->files, "Files of one kind; any refusal wins");
  signal->add_option("--kind", options->kind, "cawg, aipref, tdmrep, rsl, iptc or odrl");
  signal->add_option("--work", options->work, "Instead of files: a work on record");
  signal->add_option("--to", options->to, "Write it as cawg, aipref, tdmrep, rsl, iptc or odrl");
  signal->callback([&invocation, options] {
    invocation.action = [options](Invocation& call) { return Signal(call, *options); };
  });
}

}  // namespace klieg::cli
