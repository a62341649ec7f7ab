#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/verb.h"
#include "flows/recommend_flow.h"

namespace klieg::cli {
namespace {

struct Options {
  flows::RecommendRequest request;
  bool explain = false;
};

nlohmann::json ToJson(const flows::RecommendOutcome& outcome, bool explain) {
  nlohmann::json members = nlohmann::json::array();
  for (const flows::ReportMember& member : outcome.members) {
    nlohmann::json list = nlohmann::json::array();
    for (const flows::ReportRecommendation& one : member.recommendations) {
      nlohmann::json entry = {{"title", one.title}, {"score", one.score}};
      if (explain) {
        entry["base"] = one.base;
        entry["reasons"] = nlohmann::json::array();
        for (const flows::ReportReason& reason : one.reasons) {
          entry["reasons"].push_back({{"title", reason.title}, {"amount", reason.amount}});
        }
      }
      list.push_back(std::move(entry));
    }
    members.push_back({{"member", member.name},
                       {"history_size", member.history_size},
                       {"recommendations", list}});
  }
  return {{"model", outcome.model.name}, {"version", outcome.model.version}, {"members", members}};
}

void PrintWords(const flows::RecommendOutcome& outcome, bool explain) {
  for (const flows::ReportMember& member : outcome.members) {
    fmt::print("member {} ({} titles watched, lately: {}), model {}@{}\n", member.name,
               member.history_size,
               fmt::join(member.history.begin(),
                         member.history.begin() +
                             static_cast<ptrdiff_t>(std::min<size_t>(3, member.history.size())),
                         "; "),
               outcome.model.name, outcome.model.version);
    size_t rank = 0;
    for (const flows::ReportRecommendation& one : member.recommendations) {
      fmt::print("{:3}. {}  {:.4f}\n", ++rank, one.title, one.score);
      if (!explain) continue;
      if (one.base != 0) fmt::print("       {:+.4f}  whatever the history\n", one.base);
      for (const flows::ReportReason& reason : one.reasons)
        fmt::print("       {:+.4f}  {}\n", reason.amount, reason.title);
    }
  }
}

}  // namespace

void AddRecommend(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      AddVerb(app, invocation, "recommend", "Recommend titles to members, with reasons",
              "klieg recommend --model house --member 17 --top 10 --explain");
  AddJson(*verb, invocation);
  verb->add_option("--model", options->request.model, "Model: name or name@version")->required();
  verb->add_option("--member", options->request.members, "Member (repeatable)")
      ->required()
      ->take_all();
  verb->add_option("--top", options->request.top, "How many titles")->check(CLI::Range(1, 100000));
  verb->add_flag("--explain", options->explain,
                 "The watched titles that contributed, and by how much");
  verb->add_option("--reasons", options->request.reasons, "Contributions named per title")
      ->check(CLI::Range(1, 100000));
  verb->callback([&invocation, options] {
    invocation.action = [options](Invocation& call) -> core::Status {
      if (!options->explain) options->request.reasons = 0;
      KLIEG_ASSIGN(const auto session, call.OpenSession());
      KLIEG_ASSIGN(const flows::RecommendOutcome outcome,
                   flows::Recommend(*session, options->request));
      if (call.json) {
        fmt::print("{}\n", ToJson(outcome, options->explain).dump(1));
      } else {
        PrintWords(outcome, options->explain);
      }
      return {};
    };
  });
}

}  // namespace klieg::cli
