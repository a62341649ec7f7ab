/// How somebody's work, or somebody's viewing history, was used: everything that the rights log, the
/// registry and the training sets say of one party or member.
///
///     KLIEG_ASSIGN(const UsedReport report, HowUsed(session, "ana-ruiz"));
///     core::WriteFileAtomically("ana-ruiz.html", UsedPageHtml(report));    // used_page.h
///
/// Who was left out of a permitted use stands in the log as counts and a digest of names, not as names.
/// The report finds out by deciding again: it replays the log up to each decision. Reads no rows and
/// adds nothing to the log; the same workspace gives the same report. O(entries · subjects + decisions
/// with rows left out · all works and members with consents).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "flows/session.h"
#include "rights/decision.h"
#include "rights/records.h"

namespace klieg::flows {

struct UsedWork {
  rights::Work work;
  std::vector<std::string> rights;  ///< "author": what the party holds in it.
  std::string on_behalf_of;  ///< Name of the holder whom the party represents; empty: itself.
};

/// A grant or withdrawal, as it was recorded.
struct UsedStatement {
  std::string id;  ///< "g-…" or "w-…"
  uint64_t log_entry = 0;
  core::Timestamp time;
  bool withdrawal = false;
  std::string by;                  ///< Name of who said it.
  std::vector<std::string> about;  ///< Titles of works and members; empty: all of the party's.
  std::vector<rights::Purpose> permits;
  std::vector<rights::Purpose> refuses;
  std::string project;  ///< Only for it; empty: any.
  rights::Period period;
  bool is_signed = false;
  bool has_document = false;  ///< The hash of a signed document is on record.
  std::string reason;         ///< Of a withdrawal.
  std::string superseded_by;
  bool in_force = false;  ///< As of the last entry.
};

struct UsedRows {
  std::string subject;  ///< "work heist", "member films/42"
  uint64_t rows = 0;
  std::string title =
      {};  ///< "films/t1": of a work that the training set knows by this title only,
           ///< because it was linked to it later. Proofs are then about the title.
};

/// On what a use rested.
struct UsedPermission {
  uint64_t log_entry = 0;
  core::Timestamp time;
  std::vector<std::string> owners;   ///< "GroupLens …": whose terms permitted it.
  std::vector<std::string> clauses;  ///< "base@1/analysis"
  std::vector<std::string>
      consents;  ///< Grants of the party that spoke for it; empty: nobody refused.
};

struct UsedModel {
  std::string label;  ///< "house@1"
  std::string artifact;
  std::string learner;
  std::string purpose;
  std::string run;
  core::Timestamp made;
  uint64_t log_entry = 0;
  std::string root;            ///< Of its training set.
  std::vector<UsedRows> rows;  ///< Empty: nothing of the party is in it.
  std::vector<UsedPermission> permissions;
  bool refused_now = false;  ///< The gate would refuse to load it, as of the last entry of the log.
  std::string quarantine;    ///< Why it may not be used; empty: it may.
  std::optional<core::Timestamp> quarantined;
  std::string replaced_by;   ///< Newest version of the name, when this is not it.
  std::string removed_into;  ///< Model made from it without the party's material.
  std::optional<core::Timestamp> removed;
  uint64_t times_used = 0;  ///< Loaded with the gate's consent, to serve or otherwise.
  std::optional<core::Timestamp> last_used;
};

/// A permitted use that made no model: an evaluation, a list of recommendations, a question.
struct UsedOnce {
  uint64_t log_entry = 0;
  core::Timestamp time;
  std::string purpose;
  std::string project;
  std::string actor;
  std::string reason;
  bool asked_only = false;  ///< A question about the work; no rows were read.
  bool certain = false;     ///< A training set shows that the data hold rows of the party.
};

/// A refusal of the gate for the party's sake.
struct UsedRefusal {
  enum class What { kRun, kRows, kModel, kQuestion };
  What what = What::kRun;
  uint64_t log_entry = 0;
  core::Timestamp time;
  std::string purpose;
  std::string project;
  std::string actor;
  std::string reason;
  std::string pack;
  std::string version;
  std::string clause;
  std::string source;
  std::string says;
};

struct UsedObligation {
  std::string id;
  std::string kind;  ///< "pay", …
  std::string what;
  std::string subject;
  std::string project;
  std::string source;  ///< Pack and clause.
  core::Timestamp opened;
  std::optional<core::Timestamp> met;
  std::string evidence;
};

struct UsedReport {
  std::string id;    ///< Of the party, or the member's reference.
  std::string name;  ///< For people.
  std::string role;  ///< "writer"; "member" where only the id is known.
  bool is_member = false;
  std::vector<UsedWork> works;
  std::vector<rights::SubjectRef> members;
  std::vector<UsedStatement> statements;  ///< Oldest first.
  std::vector<UsedModel> models;          ///< That hold the party's material, oldest first.
  std::vector<UsedModel> models_without;  ///< Made of the same data, and holding none of it.
  std::vector<std::string> unreadable;    ///< Models whose training set cannot be read, and why.
  std::vector<UsedOnce> uses;
  std::vector<UsedRefusal> refusals;
  std::vector<UsedObligation> obligations;
  bool generative = false;  ///< Any permitted use for a purpose that is not analytical or removal.
  uint64_t log_entries = 0;
  core::Digest log_root;
  core::Timestamp log_time;
};

/// kNotFound when no such party is on record.
core::Result<UsedReport> HowUsed(Session& session, const std::string& party);

/// `member` as "films/42". A member of whom nothing is on record gets a report that says so: ids are
/// not looked up in the data, which would need a permit.
core::Result<UsedReport> HowUsedMember(Session& session, const std::string& member);

/// The report for programs: docs/reference/documents.md describes the keys.
std::string UsedJson(const UsedReport& report);

}  // namespace klieg::flows
