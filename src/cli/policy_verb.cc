#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/verb.h"
#include "core/file.h"
#include "rights/policy.h"
#include "rights/policy_check.h"
#include "rights/policy_pages.h"
#include "rights/policy_syntax.h"

namespace klieg::cli {
namespace {

using rights::ClaimResult;
using rights::ClaimState;
using rights::Pack;
using rights::PolicySet;
using Json = nlohmann::json;

struct CheckOptions {
  std::string file;
  bool alone = false;
  std::vector<std::string> adopted;
};

std::string Day(const std::optional<core::Timestamp>& time) {
  return time ? core::FormatTimestamp(*time).substr(0, 10) : "";
}

/// A file, or the name of a pack that comes with klieg.
core::Result<Pack> ReadPack(const std::string& file) {
  const auto shipped = rights::ShippedPackText(file);
  if (shipped) return rights::ParsePack(*shipped, file + ".policy");
  core::Result<std::string> text = core::ReadFile(file, rights::kMaxPolicyBytes);
  if (text) return rights::ParsePack(*text, file);
  if (text.error().code != core::ErrorCode::kNotFound) return tl::unexpected(text.error());
  return core::Fail(core::ErrorCode::kNotFound, "{}; and {}", text.error().message,
                    shipped.error().message);
}

/// Base, the shipped packs that are in force (or adopted), and the pack itself, last. A shipped pack
/// of the same name makes room for it.
core::Result<PolicySet> PoliciesFor(const Pack& pack, const CheckOptions& options) {
  for (const std::string& name : options.adopted) {
    KLIEG_TRY(rights::ShippedPackText(name));
  }
  std::vector<Pack> packs;
  for (const Pack& shipped : rights::ShippedPacks()) {
    const bool adopted = std::ranges::count(options.adopted, shipped.name) > 0;
    const bool wanted = shipped.name == "base" || adopted || (!options.alone && !shipped.optional);
    if (wanted && shipped.name != pack.name) packs.push_back(shipped);
  }
  packs.push_back(pack);
  return PolicySet::Make(std::move(packs));
}

Json ToJson(const rights::Facts& facts) {
  Json object = Json::object();
  for (size_t a = 0; a < rights::kAttributeCount; ++a) {
    const auto attribute = static_cast<rights::Attribute>(a);
    object[std::string(rights::AttributeName(attribute))] = facts.Name(attribute);
  }
  return object;
}

Json ToJson(const PolicySet& policies, rights::ClauseIndex index) {
  const Pack& pack = policies.pack_of(index);
  const rights::Clause& clause = policies.clause(index);
  return {{"pack", pack.name},
          {"version", pack.version},
          {"clause", clause.id},
          {"source", clause.source},
          {"says", clause.says}};
}

Json ToJson(const PolicySet& policies, const rights::Claim& claim, const ClaimResult& result) {
  Json object = {{"claim", claim.id},
                 {"says", claim.says},
                 {"line", claim.line},
                 {"state", rights::ClaimStateName(result.state)},
                 {"facts", result.facts ? Json(*result.facts) : Json()},
                 {"moments", result.moments},
                 {"pieces", result.pieces}};
  if (result.counterexample) {
    const rights::Counterexample& example = *result.counterexample;
    Json permitted_by = Json::array();
    for (const auto index : example.permitted_by) permitted_by.push_back(ToJson(policies, index));
    object["counterexample"] = {
        {"words", rights::Describe(example.facts)},
        {"facts", ToJson(example.facts)},
        {"time", core::FormatTimestamp(example.time)},
        {"permitted_by", permitted_by},
        {"missing", example.missing ? Json(rights::ObligationKindName(*example.missing)) : Json()}};
  }
  return object;
}

void PrintResult(const PolicySet& policies, const rights::Claim& claim, const ClaimResult& result) {
  const std::string state(rights::ClaimStateName(result.state));
  fmt::print("{:9}  {}: {}\n", result.state == ClaimState::kRefuted ? "REFUTED" : state, claim.id,
             claim.says);
  const std::string facts = result.facts ? fmt::format("{}", *result.facts) : "very many";
  if (result.state == ClaimState::kProven) {
    fmt::print("           for {} different facts at {} stretches of time, in {} pieces\n", facts,
               result.moments, result.pieces);
  } else if (!result.counterexample) {
    fmt::print("           {} different facts are too many cases to tell apart\n", facts);
  } else {
    const rights::Counterexample& example = *result.counterexample;
    fmt::print("           permitted{} at {}: {}\n",
               example.missing
                   ? fmt::format(" without '{}'", rights::ObligationKindName(*example.missing))
                   : "",
               Day(example.time), rights::Describe(example.facts));
    for (const auto index : example.permitted_by) {
      fmt::print("           by {} {}, clause {}: {}\n", policies.pack_of(index).name,
                 policies.pack_of(index).version, policies.clause(index).id,
                 policies.clause(index).says);
    }
  }
}

core::Status CheckPolicy(Invocation& call, const CheckOptions& options) {
  KLIEG_ASSIGN(const Pack pack, ReadPack(options.file));
  KLIEG_ASSIGN(const PolicySet policies, PoliciesFor(pack, options));
  const auto results = rights::CheckClaims(policies, pack, pack.effective);
  const auto idle =
      rights::FindIdleClauses(policies, static_cast<uint32_t>(policies.packs().size() - 1));
  const auto proven = std::ranges::count(results, ClaimState::kProven, &ClaimResult::state);
  const auto open = static_cast<std::ptrdiff_t>(results.size()) - proven;
  if (call.json) {
    Json claims = Json::array();
    for (const ClaimResult& one : results) {
      claims.push_back(ToJson(policies, pack.claims[one.claim], one));
    }
    Json warnings = Json::array();
    for (const auto& one : idle) {
      warnings.push_back({{"clause", policies.clause(one.clause).id}, {"what", one.what}});
    }
    Json with = Json::array();
    for (const Pack& one : policies.packs()) with.push_back(one.name);
    const Json report = {{"pack", pack.name},
                         {"version", pack.version},
                         {"digest", pack.digest.Hex()},
                         {"packs", with},
                         {"clauses", pack.clauses.size()},
                         {"claims", claims},
                         {"warnings", warnings},
                         {"proven", open == 0}};
    fmt::print("{}\n", report.dump(1));
  } else {
    std::vector<std::string_view> with;
    for (const Pack& one : policies.packs()) with.push_back(one.name);
    fmt::print("{} {}: {} clauses, {} claims, together with {}\n", pack.name, pack.version,
               pack.clauses.size(), pack.claims.size(), fmt::join(with, ", "));
    for (const ClaimResult& one : results) PrintResult(policies, pack.claims[one.claim], one);
    for (const auto& one : idle) {
      fmt::print("warning    {} {}\n", policies.clause(one.clause).id, one.what);
    }
  }
  if (open == 0) return {};
  // Printed already: the error only carries the exit status.
  call.json = false;
  return core::Fail(core::ErrorCode::kInvalidArgument, "{} of {} claims are not proven", open,
                    results.size());
}

core::Status ListPacks(const Invocation& call) {
  Json list = Json::array();
  std::vector<std::vector<std::string>> rows = {
      {"pack", "version", "from", "until", "clauses", "claims", "title"}};
  for (const Pack& pack : rights::ShippedPacks()) {
    list.push_back({{"name", pack.name},
                    {"version", pack.version},
                    {"title", pack.title},
                    {"source", pack.source},
                    {"leaves_out", pack.leaves_out},
                    {"from", pack.effective.from ? Json(Day(pack.effective.from)) : Json()},
                    {"until", pack.effective.until ? Json(Day(pack.effective.until)) : Json()},
                    {"optional", pack.optional},
                    {"clauses", pack.clauses.size()},
                    {"claims", pack.claims.size()},
                    {"digest", pack.digest.Hex()}});
    rows.push_back({pack.name + (pack.optional ? " (optional)" : ""), pack.version,
                    Day(pack.effective.from), Day(pack.effective.until),
                    fmt::format("{}", pack.clauses.size()), fmt::format("{}", pack.claims.size()),
                    pack.title});
  }
  fmt::print("{}", call.json ? list.dump(1) + "\n" : FormatTable(rows));
  return {};
}

/// A verb that prints a reference page: there is no other form of it.
void AddPage(CLI::App& policy, Invocation& invocation, const std::string& name,
             const std::string& description, std::string (*page)()) {
  CLI::App* verb = AddVerb(policy, invocation, name, description, "klieg policy " + name);
  verb->callback([&invocation, page] {
    invocation.action = [page](Invocation&) -> core::Status {
      fmt::print("{}", page());
      return {};
    };
  });
}

}  // namespace

void AddPolicy(CLI::App& app, Invocation& invocation) {
  CLI::App* policy = app.add_subcommand("policy", "Check policies; list what comes with klieg");
  policy->require_subcommand(1);

  auto options = std::make_shared<CheckOptions>();
  CLI::App* check = AddVerb(*policy, invocation, "check",
                            "Prove what a policy claims for all facts, or show where it is false",
                            "klieg policy check own.policy");
  AddJson(*check, invocation);
  check->add_option("file", options->file, "A policy file, or the name of a pack of klieg's")
      ->required();
  check->add_flag("--alone", options->alone, "Together with base only, not with the other packs");
  check->add_option("--adopt", options->adopted, "Optional packs to count in");
  check->callback([&invocation, options] {
    invocation.action = [options](Invocation& call) { return CheckPolicy(call, *options); };
  });

  auto markdown = std::make_shared<bool>(false);
  CLI::App* packs = AddVerb(*policy, invocation, "packs", "List the packs that come with klieg",
                            "klieg policy packs");
  AddJson(*packs, invocation);
  packs->add_flag("--markdown", *markdown, "As the reference page");
  packs->callback([&invocation, markdown] {
    invocation.action = [markdown](Invocation& call) -> core::Status {
      if (!*markdown) return ListPacks(call);
      fmt::print("{}", rights::PacksMarkdown());
      return {};
    };
  });
  AddPage(*policy, invocation, "facts", "What a policy may ask about", rights::FactsMarkdown);
  AddPage(*policy, invocation, "purposes", "What a use can be for", rights::PurposesMarkdown);
}

}  // namespace klieg::cli
