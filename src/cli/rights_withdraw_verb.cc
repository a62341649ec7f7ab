// klieg rights withdraw | price | used
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/rights_verb.h"
#include "core/file.h"
#include "flows/price_flow.h"
#include "flows/used_page.h"
#include "flows/withdraw_flow.h"

namespace klieg::cli {
namespace {

using nlohmann::json;

struct WithdrawOptions {
  std::string party;
  std::vector<std::string> works;
  std::vector<std::string> members;
  std::vector<std::string> purposes;
  std::string reason;
  std::string again;
  bool keep = false;
};

core::Result<flows::WithdrawRequest> RequestOf(const WithdrawOptions& options) {
  flows::WithdrawRequest request;
  request.again = options.again;
  request.rederive = !options.keep;
  if (!options.again.empty()) return request;
  rights::Withdrawal& withdrawal = request.withdrawal;
  withdrawal.party = options.party;
  withdrawal.works = options.works;
  withdrawal.reason = options.reason;
  std::ranges::sort(withdrawal.works);
  for (const std::string& member : options.members) {
    KLIEG_ASSIGN(rights::SubjectRef ref, rights::ParseSubjectRef(member));
    withdrawal.members.push_back(std::move(ref));
  }
  std::ranges::sort(withdrawal.members);
  for (const std::string& name : options.purposes) {
    KLIEG_ASSIGN(const std::vector<rights::Purpose> purposes, rights::ParsePurposes(name));
    withdrawal.purposes.insert(withdrawal.purposes.end(), purposes.begin(), purposes.end());
  }
  // Taking material out is what a withdrawal is for.
  std::erase(withdrawal.purposes, rights::Purpose::kRemove);
  std::ranges::sort(withdrawal.purposes);
  const auto repeated = std::ranges::unique(withdrawal.purposes);
  withdrawal.purposes.erase(repeated.begin(), repeated.end());
  return request;
}

json ToJson(const flows::WithdrawReport& report) {
  json snapshots = json::array();
  for (const flows::AffectedSnapshot& one : report.snapshots) {
    snapshots.push_back({{"snapshot", one.digest},
                         {"datasets", one.datasets},
                         {"rows", one.rows},
                         {"members", one.members},
                         {"titles", one.titles}});
  }
  json models = json::array();
  for (const flows::AffectedModel& one : report.models) {
    models.push_back({{"model", one.model},
                      {"digest", one.digest},
                      {"subjects", one.subjects},
                      {"rows", one.rows},
                      {"latest", one.latest},
                      {"used_by", one.used_by},
                      {"state", "quarantine"}});
  }
  json rederived = json::array();
  for (const flows::RederivedModel& one : report.rederived) {
    rederived.push_back({{"from", one.from},
                         {"to", one.to},
                         {"digest", one.digest},
                         {"method", one.method},
                         {"bound", one.bound},
                         {"bound_basis", one.bound_basis},
                         {"seconds", one.seconds},
                         {"error", one.error}});
  }
  json steps = json::array();
  for (const flows::Step& step : report.steps)
    steps.push_back({{"step", step.name}, {"seconds", step.seconds}});
  return {{"withdrawal", report.withdrawal},
          {"entry", report.entry},
          {"run", report.run},
          {"snapshots", snapshots},
          {"models", models},
          {"rederived", rederived},
          {"steps", steps}};
}

void Print(const flows::WithdrawReport& report) {
  fmt::print("withdrawal {} (log entry {}): no run reads this material from now on\n",
             report.withdrawal, report.entry);
  for (const flows::AffectedSnapshot& one : report.snapshots) {
    fmt::print("  snapshot {} ({}): {} rows are left out from now on\n", one.digest.substr(0, 12),
               fmt::join(one.datasets, ", "), one.rows);
  }
  if (report.snapshots.empty()) fmt::print("  no snapshot holds it\n");
  for (const flows::AffectedModel& one : report.models) {
    fmt::print(
        "  model {}: {} subjects, {} interactions; in quarantine{}\n", one.model, one.subjects,
        one.rows,
        one.used_by.empty() ? "" : fmt::format("; used by {}", fmt::join(one.used_by, ", ")));
  }
  if (report.models.empty()) fmt::print("  no model was trained on it\n");
  for (const flows::RederivedModel& one : report.rederived) {
    if (!one.error.empty()) {
      fmt::print("  {} could not be derived again and stays in quarantine: {}\n", one.from,
                 one.error);
      continue;
    }
    const std::string exactness =
        one.bound > 0 ? fmt::format("within {:.2g} of training from scratch", one.bound)
                      : std::string("equal to training from scratch");
    fmt::print("  {} takes its place: {} in {:.2f} s, {}\n", one.to, one.method, one.seconds,
               exactness);
  }
  fmt::print("steps:\n");
  for (const flows::Step& step : report.steps)
    fmt::print("  {:8.3f} s  {}\n", step.seconds, step.name);
}

core::Status Withdraw(Invocation& call, const WithdrawOptions& options) {
  KLIEG_ASSIGN(const flows::WithdrawRequest request, RequestOf(options));
  KLIEG_ASSIGN(const auto session, call.OpenSession());
  KLIEG_ASSIGN(const flows::WithdrawReport report, flows::Withdraw(*session, request));
  if (call.json) {
    fmt::print("{}\n", ToJson(report).dump(1));
  } else {
    Print(report);
  }
  const bool failed = std::ranges::any_of(
      report.rederived, [](const flows::RederivedModel& one) { return !one.error.empty(); });
  if (!failed) return {};
  call.json = false;
  return core::Fail(core::ErrorCode::kInternal,
                    "the withdrawal stands, but a model could not be derived again; "
                    "klieg rights withdraw --again {} tries again",
                    report.withdrawal);
}

struct PriceOptions {
  flows::PriceRequest request;
  FilterOptions filter;
  std::vector<std::string> settings;
};

core::Status Price(Invocation& call, PriceOptions options) {
  KLIEG_ASSIGN(options.request.set, ParseSettings(options.settings));
  options.request.filter = options.filter.filter;
  KLIEG_ASSIGN(const auto session, call.OpenSession());
  KLIEG_ASSIGN(const flows::PriceReport report, flows::PriceConsent(*session, options.request));
  const personalize::Comparison& difference = report.difference;
  if (call.json) {
    const json object = {{"run", report.run},
                         {"metric", report.metric},
                         {"with", {report.with, report.with_low, report.with_high}},
                         {"without", {report.without, report.without_low, report.without_high}},
                         {"difference", difference.difference},
                         {"low", difference.low},
                         {"high", difference.high},
                         {"p_value", difference.p_value},
                         {"real", difference.real},
                         {"members_judged", difference.members},
                         {"works", report.works},
                         {"titles", report.titles},
                         {"members", report.members},
                         {"interactions", report.interactions},
                         {"interactions_all", report.interactions_all}};
    fmt::print("{}\n", object.dump(1));
    return {};
  }
  fmt::print(
      "material: {} works, {} titles and {} members here, {} of {} training interactions ({:.2f} "
      "%)\n",
      report.works, report.titles, report.members, report.interactions, report.interactions_all,
      100.0 * static_cast<double>(report.interactions) /
          static_cast<double>(std::max<uint64_t>(report.interactions_all, 1)));
  fmt::print("{} with it     {:.4f} [{:.4f}, {:.4f}]\n", report.metric, report.with,
             report.with_low, report.with_high);
  fmt::print("{} without it  {:.4f} [{:.4f}, {:.4f}]\n", report.metric, report.without,
             report.without_low, report.without_high);
  fmt::print(
      "the difference is {:+.4f} [{:+.4f}, {:+.4f}], {:+.2f} %, p = {:.4f}, on {} members: {}\n",
      difference.difference, difference.low, difference.high,
      report.with > 0 ? 100 * difference.difference / report.with : 0, difference.p_value,
      difference.members,
      difference.real ? "a real difference" : "no difference that these data can show");
  return {};
}

struct UsedOptions {
  std::string party;
  std::string member;
  std::string output;
};

core::Status Used(Invocation& call, const UsedOptions& options) {
  if (options.party.empty() == options.member.empty()) {
    return core::Fail(core::ErrorCode::kUsage, "name a party, or a member with --member films/42");
  }
  KLIEG_ASSIGN(const auto session, call.OpenSession());
  KLIEG_ASSIGN(const flows::UsedReport report,
               options.member.empty() ? flows::HowUsed(*session, options.party)
                                      : flows::HowUsedMember(*session, options.member));
  const std::string name = !options.output.empty()  ? options.output
                           : options.member.empty() ? options.party + ".html"
                                                    : std::string();
  if (!name.empty()) KLIEG_TRY(core::WriteFileAtomically(name, flows::UsedPageHtml(report)));
  if (call.json) {
    fmt::print("{}\n", flows::UsedJson(report));
  } else {
    fmt::print("{}\n", flows::UsedAnswer(report));
    if (!name.empty()) fmt::print("the page: {}\n", name);
  }
  return {};
}

}  // namespace

void AddRightsWithdraw(CLI::App& rights, Invocation& invocation) {
  auto options = std::make_shared<WithdrawOptions>();
  CLI::App* withdraw =
      AddVerb(rights, invocation, "withdraw",
              "Take consent back: found everywhere, stopped, and taken out of the models",
              "klieg rights withdraw --member films/42\n"
              "         klieg rights withdraw --party ada --work heist --purpose recommend");
  AddJson(*withdraw, invocation);
  withdraw->add_option("--party", options->party, "Who withdraws");
  withdraw->add_option("--work", options->works, "Only of these works (repeatable)");
  withdraw->add_option("--member", options->members,
                       "A member, as FAMILY/ID; without family, in every dataset (repeatable)");
  withdraw->add_option("--purpose", options->purposes,
                       "Purpose or group of purposes (repeatable; default: any)");
  withdraw->add_option("--reason", options->reason, "Why, in words");
  withdraw->add_option("--again", options->again,
                       "Carry out a withdrawal on record again, as w-17");
  withdraw->add_flag("--keep-models", options->keep,
                     "Leave the models in quarantine; derive none again");
  withdraw->callback([&invocation, options] {
    if (options->purposes.empty()) options->purposes = {"any"};
    invocation.action = [options](Invocation& call) { return Withdraw(call, *options); };
  });

  auto used_options = std::make_shared<UsedOptions>();
  CLI::App* used = AddVerb(rights, invocation, "used",
                           "How somebody's work was used: a page for them, in plain words",
                           "klieg rights used ada -o ada.html");
  AddJson(*used, invocation);
  used->add_option("PARTY", used_options->party, "The party");
  used->add_option("--member", used_options->member, "Or a member, as films/42");
  used->add_option("-o,--output", used_options->output, "File for the page (default: PARTY.html)");
  used->callback([&invocation, used_options] {
    invocation.action = [used_options](Invocation& call) { return Used(call, *used_options); };
  });

  auto price = std::make_shared<PriceOptions>();
  CLI::App* verb =
      AddVerb(rights, invocation, "price",
              "What recommendations lose without somebody's material, with an interval",
              "klieg rights price --without ada --dataset films --ranker ease");
  AddJson(*verb, invocation);
  verb->add_option("--without", price->request.without,
                   "Party; of a guild, all whom it represents (repeatable)");
  verb->add_option("--without-member", price->request.members, "Member, as films/42 (repeatable)");
  verb->add_option("--dataset", price->request.dataset, "Dataset to learn from")->required();
  verb->add_option("--ranker", price->request.ranker, "Which ranker (klieg rankers)");
  verb->add_option("--set", price->settings, "Hyper-parameter: name=value (repeatable)")
      ->take_all();
  verb->add_option("--metric", price->request.metric, "Quality measure");
  verb->add_option("--seed", price->request.seed, "Seed of all random choices");
  price->filter.AddTo(*verb);
  verb->callback([&invocation, price] {
    invocation.action = [price](Invocation& call) { return Price(call, *price); };
  });
}

}  // namespace klieg::cli
