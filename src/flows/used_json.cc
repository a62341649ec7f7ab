#include <nlohmann/json.hpp>

#include "flows/document_text.h"
#include "flows/used_report.h"

namespace klieg::flows {
namespace {

using Json = nlohmann::ordered_json;

Json Time(const std::optional<core::Timestamp>& time) {
  return time ? Json(core::FormatTimestamp(*time)) : Json();
}

Json Purposes(const std::vector<rights::Purpose>& purposes) {
  Json list = Json::array();
  for (const rights::Purpose purpose : purposes)
    list.push_back(std::string(rights::PurposeName(purpose)));
  return list;
}

Json Refs(const std::vector<rights::SubjectRef>& refs) {
  Json list = Json::array();
  for (const rights::SubjectRef& ref : refs) list.push_back(ref.Text());
  return list;
}

Json ToJson(const UsedWork& used) {
  return {{"id", used.work.id},
          {"title", used.work.title},
          {"rights", used.rights},
          {"on_behalf_of", used.on_behalf_of},
          {"titles", Refs(used.work.titles)}};
}

Json ToJson(const UsedStatement& one) {
  return {{"id", one.id},
          {"log_entry", one.log_entry},
          {"time", core::FormatTimestamp(one.time)},
          {"kind", one.withdrawal ? "withdrawal" : "grant"},
          {"by", one.by},
          {"about", one.about},
          {"permits", Purposes(one.permits)},
          {"refuses", Purposes(one.refuses)},
          {"project", one.project},
          {"from", Time(one.period.from)},
          {"until", Time(one.period.until)},
          {"signed", one.is_signed},
          {"document", one.has_document},
          {"reason", one.reason},
          {"superseded_by", one.superseded_by},
          {"in_force", one.in_force}};
}

Json ToJson(const UsedModel& model) {
  Json rows = Json::array();
  for (const UsedRows& one : model.rows)
    rows.push_back({{"subject", one.subject}, {"rows", one.rows}, {"title", one.title}});
  Json permissions = Json::array();
  for (const UsedPermission& one : model.permissions) {
    permissions.push_back({{"log_entry", one.log_entry},
                           {"time", core::FormatTimestamp(one.time)},
                           {"owners", one.owners},
                           {"clauses", one.clauses},
                           {"consents", one.consents}});
  }
  return {{"model", model.label},
          {"artifact", model.artifact},
          {"learner", model.learner},
          {"purpose", model.purpose},
          {"run", model.run},
          {"made", core::FormatTimestamp(model.made)},
          {"log_entry", model.log_entry},
          {"training_set", model.root},
          {"rows", std::move(rows)},
          {"permissions", std::move(permissions)},
          {"refused_now", model.refused_now},
          {"quarantine", model.quarantine.empty() ? Json() : Json(model.quarantine)},
          {"quarantined", Time(model.quarantined)},
          {"replaced_by", model.replaced_by.empty() ? Json() : Json(model.replaced_by)},
          {"removed_into", model.removed_into.empty() ? Json() : Json(model.removed_into)},
          {"removed", Time(model.removed)},
          {"times_used", model.times_used},
          {"last_used", Time(model.last_used)}};
}

Json ToJson(const UsedOnce& use) {
  return {{"log_entry", use.log_entry},
          {"time", core::FormatTimestamp(use.time)},
          {"purpose", use.purpose},
          {"project", use.project},
          {"actor", use.actor},
          {"reason", use.reason},
          {"question_only", use.asked_only},
          {"certain", use.certain}};
}

const char* WhatName(UsedRefusal::What what) {
  switch (what) {
    case UsedRefusal::What::kRun:
      return "run";
    case UsedRefusal::What::kRows:
      return "rows";
    case UsedRefusal::What::kModel:
      return "model";
    case UsedRefusal::What::kQuestion:
      return "question";
  }
  return "run";
}

Json ToJson(const UsedRefusal& refusal) {
  return {{"refused", WhatName(refusal.what)},
          {"log_entry", refusal.log_entry},
          {"time", core::FormatTimestamp(refusal.time)},
          {"purpose", refusal.purpose},
          {"project", refusal.project},
          {"actor", refusal.actor},
          {"reason", refusal.reason},
          {"pack", refusal.pack},
          {"version", refusal.version},
          {"clause", refusal.clause},
          {"source", refusal.source},
          {"says", refusal.says}};
}

Json ToJson(const UsedObligation& one) {
  return {{"id", one.id},
          {"kind", one.kind},
          {"what", one.what},
          {"subject", one.subject},
          {"project", one.project},
          {"source", one.source},
          {"opened", core::FormatTimestamp(one.opened)},
          {"met", Time(one.met)},
          {"evidence", one.evidence}};
}

template <class T>
Json List(const std::vector<T>& values) {
  Json list = Json::array();
  for (const T& value : values) list.push_back(ToJson(value));
  return list;
}

}  // namespace

std::string UsedJson(const UsedReport& report) {
  return DocumentJson({{"format", "klieg-used"},
                       {"version", 1},
                       {"party", report.id},
                       {"name", report.name},
                       {"role", report.role},
                       {"log",
                        {{"entries", report.log_entries},
                         {"root", report.log_root.Hex()},
                         {"time", core::FormatTimestamp(report.log_time)}}},
                       {"works", List(report.works)},
                       {"members", Refs(report.members)},
                       {"statements", List(report.statements)},
                       {"models", List(report.models)},
                       {"models_without", List(report.models_without)},
                       {"models_unreadable", report.unreadable},
                       {"uses", List(report.uses)},
                       {"refusals", List(report.refusals)},
                       {"obligations", List(report.obligations)}});
}

}  // namespace klieg::flows
