// klieg rights show | packs | explain
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/rights_verb.h"
#include "flows/explain_flow.h"

namespace klieg::cli {
namespace {

using nlohmann::json;

std::string Joined(const std::vector<std::string>& values) {
  return fmt::format("{}", fmt::join(values, " "));
}

std::string Names(const std::vector<rights::Purpose>& purposes) {
  std::string text;
  for (const rights::Purpose purpose : purposes)
    text += (text.empty() ? "" : " ") + std::string(rights::PurposeName(purpose));
  return text;
}

std::string Day(core::Timestamp time) { return core::FormatTimestamp(time).substr(0, 10); }

std::string Until(const rights::Period& period) {
  return period.until ? Day(*period.until) : "never";
}

struct Table {
  std::vector<std::vector<std::string>> rows;
  json list = json::array();
};

Table Parties(const rights::Book& book) {
  Table table{{{"party", "name", "role", "key", "represents"}}, json::array()};
  for (const auto& [id, party] : book.parties()) {
    table.rows.push_back({id, party.name, std::string(rights::PartyRoleName(party.role)),
                          party.public_key.substr(0, 12), Joined(party.represents)});
    table.list.push_back(json::parse(rights::PartyText(party)));
  }
  return table;
}

Table Works(const rights::Book& book) {
  Table table{{{"work", "title", "kind", "holders", "authorship", "as"}}, json::array()};
  for (const auto& [id, work] : book.works()) {
    std::vector<std::string> holders;
    for (const rights::Holding& one : work.holders) holders.push_back(one.party + "=" + one.right);
    const json object = json::parse(rights::WorkText(work));
    table.rows.push_back({id, work.title, object["material"], Joined(holders), object["authorship"],
                          object["standing"]});
    table.list.push_back(object);
  }
  return table;
}

Table Grants(const rights::Book& book) {
  Table table{{{"grant", "by", "permits", "refuses", "about", "project", "from", "until", "state"}},
              json::array()};
  for (const rights::RecordedGrant& record : book.grants()) {
    std::vector<std::string> about = record.grant.works;
    for (const rights::SubjectRef& member : record.grant.members) about.push_back(member.Text());
    const std::string state =
        record.superseded_by.empty() ? "stands" : "superseded by " + record.superseded_by;
    table.rows.push_back({record.id, record.grant.grantor, Names(record.grant.permits),
                          Names(record.grant.refuses), Joined(about), record.grant.project,
                          Day(*record.grant.period.from), Until(record.grant.period), state});
    json object = json::parse(rights::GrantText(record.grant));
    object["id"] = record.id;
    object["entry"] = record.sequence;
    object["signed"] = record.is_signed;
    object["superseded_by"] = record.superseded_by;
    table.list.push_back(std::move(object));
  }
  return table;
}

Table Withdrawals(const rights::Book& book) {
  Table table{{{"withdrawal", "by", "about", "purposes", "on", "reason", "state"}}, json::array()};
  for (const rights::RecordedWithdrawal& record : book.withdrawals()) {
    std::vector<std::string> about = record.withdrawal.works;
    for (const rights::SubjectRef& member : record.withdrawal.members)
      about.push_back("member " + member.Text());
    table.rows.push_back(
        {record.id, record.withdrawal.party, about.empty() ? "all works" : Joined(about),
         fmt::format("{} purposes", record.withdrawal.purposes.size()), Day(record.recorded),
         record.withdrawal.reason,
         record.superseded_by.empty() ? "stands" : "superseded by " + record.superseded_by});
    json object = json::parse(rights::WithdrawalText(record.withdrawal));
    object["id"] = record.id;
    object["superseded_by"] = record.superseded_by;
    table.list.push_back(std::move(object));
  }
  return table;
}

Table Obligations(const rights::Book& book) {
  Table table{{{"obligation", "what", "for", "project", "clause", "opened", "state"}},
              json::array()};
  for (const auto& [id, record] : book.obligations()) {
    const std::string what =
        record.obligation.kind == rights::ObligationKind::kWait
            ? fmt::format("wait {} hours", record.obligation.hours)
            : fmt::format("{} {}", rights::ObligationKindName(record.obligation.kind),
                          record.obligation.what);
    const std::string state = record.met ? "met " + Day(*record.met) : "open";
    table.rows.push_back({id, what, record.subject, record.project,
                          record.pack + "/" + record.clause, Day(record.opened), state});
    table.list.push_back({{"id", id},
                          {"what", what},
                          {"subject", record.subject},
                          {"project", record.project},
                          {"pack", record.pack},
                          {"clause", record.clause},
                          {"opened", core::FormatTimestamp(record.opened)},
                          {"met", record.met ? json(core::FormatTimestamp(*record.met)) : json()},
                          {"evidence", record.evidence}});
  }
  return table;
}

Table Models(const rights::Book& book) {
  Table table{{{"model", "digest", "purpose", "entry", "state"}}, json::array()};
  for (const auto& [digest, record] : book.models()) {
    const std::string state =
        record.quarantine.empty() ? "usable, if asked" : "quarantine: " + record.quarantine;
    table.rows.push_back({fmt::format("{}@{}", record.name, record.version), digest.Short(),
                          std::string(rights::PurposeName(record.purpose)),
                          std::to_string(record.sequence), state});
    table.list.push_back({{"model", fmt::format("{}@{}", record.name, record.version)},
                          {"digest", digest.Hex()},
                          {"entry", record.sequence},
                          {"quarantine", record.quarantine},
                          {"registration", json::parse(record.body, nullptr, false)}});
  }
  return table;
}

core::Status Show(Invocation& call, const std::string& what) {
  KLIEG_ASSIGN(const auto session, call.OpenSession());
  const rights::Book& book = session->gate().book();
  Table table;
  if (what == "parties") table = Parties(book);
  if (what == "works") table = Works(book);
  if (what == "grants") table = Grants(book);
  if (what == "withdrawals") table = Withdrawals(book);
  if (what == "obligations") table = Obligations(book);
  if (what == "models") table = Models(book);
  fmt::print("{}", call.json ? table.list.dump(1) + "\n" : FormatTable(table.rows));
  return {};
}

core::Status Packs(Invocation& call) {
  KLIEG_ASSIGN(const auto session, call.OpenSession());
  const auto& adopted = session->gate().policies().packs();
  json list = json::array();
  std::vector<std::vector<std::string>> rows = {
      {"pack", "version", "clauses", "from", "until", "state", "title"}};
  const auto add = [&](const rights::Pack& pack, bool in_force) {
    const bool now = pack.effective.Contains(session->gate().Now());
    const std::string state = !in_force ? "optional, not adopted"
                              : now     ? "in force"
                                        : "outside its dates";
    rows.push_back({pack.name, pack.version, std::to_string(pack.clauses.size()),
                    pack.effective.from ? Day(*pack.effective.from) : "",
                    pack.effective.until ? Day(*pack.effective.until) : "", state, pack.title});
    list.push_back({{"pack", pack.name},
                    {"version", pack.version},
                    {"title", pack.title},
                    {"source", pack.source},
                    {"clauses", pack.clauses.size()},
                    {"state", state},
                    {"leaves_out", pack.leaves_out},
                    {"digest", pack.digest.Hex()}});
  };
  for (const rights::Pack& pack : adopted) add(pack, true);
  for (const rights::Pack& pack : rights::ShippedPacks()) {
    if (std::ranges::none_of(adopted, [&](const auto& one) { return one.name == pack.name; }))
      add(pack, false);
  }
  if (call.json) {
    fmt::print("{}\n", list.dump(1));
  } else {
    fmt::print("{}\npacks encode agreements in our own words; they are not legal advice\n",
               FormatTable(rows));
  }
  return {};
}

core::Status Explain(Invocation& call, const std::string& run) {
  KLIEG_ASSIGN(const auto session, call.OpenSession());
  KLIEG_ASSIGN(const flows::RunExplanation explanation, flows::ExplainRun(*session, run));
  fmt::print("{}", call.json ? flows::ExplanationJson(explanation) + "\n"
                             : flows::ExplanationText(explanation));
  return {};
}

}  // namespace

void AddRightsShow(CLI::App& rights, Invocation& invocation) {
  auto what = std::make_shared<std::string>();
  CLI::App* show =
      AddVerb(rights, invocation, "show", "List what is on record", "klieg rights show grants");
  AddJson(*show, invocation);
  show->add_option("WHAT", *what, "parties, works, grants, withdrawals, obligations or models")
      ->required()
      ->check(
          CLI::IsMember({"parties", "works", "grants", "withdrawals", "obligations", "models"}));
  show->callback([&invocation, what] {
    invocation.action = [what](Invocation& call) { return Show(call, *what); };
  });

  CLI::App* packs = AddVerb(rights, invocation, "packs",
                            "Rule packs and since when they are in force", "klieg rights packs");
  AddJson(*packs, invocation);
  packs->callback([&invocation] { invocation.action = Packs; });

  auto run = std::make_shared<std::string>();
  CLI::App* explain = AddVerb(rights, invocation, "explain",
                              "By whose permission a run read what it read, and what it left out",
                              "klieg rights explain 20261123-2319");
  AddJson(*explain, invocation);
  explain->add_option("RUN", *run, "Run (klieg runs), or a unique beginning of its id")->required();
  explain->callback([&invocation, run] {
    invocation.action = [run](Invocation& call) { return Explain(call, *run); };
  });
}

}  // namespace klieg::cli
