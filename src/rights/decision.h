/// From the book and the policies to a decision about one use. Pure: it reads no clock, no file and no
/// log, so that the same question has the same answer for ever, and an auditor can ask it again from
/// what the log recorded.
///
/// A snapshot may be used when (1) the terms of every owner permit it (terms_decision.h), (2) the
/// policies permit it for what its rows are as such, for nobody in particular, and (3) for every work
/// that the whole dataset belongs to. Members and titles with consents of their own are decided one
/// by one: what is refused is left out, or stops the run where the clause says so.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/hash.h"
#include "rights/book.h"
#include "rights/facts.h"
#include "rights/policy.h"

namespace klieg::rights {

/// Why something was refused, for people and for programs.
struct Refusal {
  std::string subject;  ///< "work heist", "member films/42", "snapshot 3f2a…"
  std::string pack;     ///< "terms" for the terms of a dataset's owner.
  std::string version;
  std::string clause;
  std::string source;
  std::string says;
  std::string why;  ///< One sentence with the particulars.
  auto operator<=>(const Refusal&) const = default;
};

/// An obligation that stands between a permission and the use.
struct DueObligation {
  std::string id;
  std::string pack;
  std::string clause;
  Obligation obligation;
  std::string subject;
  std::string project;
  bool opened = false;                      ///< It is on record already.
  std::optional<core::Timestamp> due_from;  ///< kWait: when it will have been met.
};

struct Decision {
  bool permitted = false;
  std::string why;  ///< Of a refusal: everything that refuses, in words. Empty when permitted.
  std::vector<Refusal> refusals;
  std::vector<DueObligation> due;    ///< Unmet; permitted is then false.
  std::vector<core::Digest> terms;   ///< Digests of the terms that were weighed.
  std::vector<ClauseIndex> because;  ///< Permissions that applied, each once.
};

/// Which rows of a permitted snapshot may be read.
struct RowRules {
  enum class Kind { kAllBut, kOnly };
  Kind kind = Kind::kAllBut;
  std::vector<std::string> members;  ///< Ids, sorted: left out (kAllBut) or the only ones (kOnly).
  std::vector<std::string> titles;   ///< Ids, sorted; with kOnly a row of either is read.
  std::vector<Refusal> reasons;      ///< Of what is left out, one for each clause that refused any.
  bool Empty() const { return kind == Kind::kAllBut && members.empty() && titles.empty(); }
};

struct SnapshotDecision {
  Decision decision;
  RowRules rows;
};

/// One subject alone: what a rights officer asks before anything is made.
Decision DecideWork(const Book& book, const PolicySet& policies, const Work& work, const Use& use,
                    core::Timestamp time);

/// O(works and members with consents of their own · log).
SnapshotDecision DecideSnapshot(const Book& book, const PolicySet& policies,
                                const core::Digest& snapshot, const Use& use, core::Timestamp time);

/// Members and titles of one snapshot for whom this use is refused, as "kind" and id: "member",
/// "title" or "work", ids of members and titles with each family of the snapshot ("films/42").
struct RefusedSubject {
  std::string kind;
  std::string id;
  Refusal refusal;
};
std::vector<RefusedSubject> RefusedSubjects(const Book& book, const PolicySet& policies,
                                            const core::Digest& snapshot, const Use& use,
                                            core::Timestamp time);

/// "wga-2023-mba-72 1, clause no-generated-literary-material (2023 MBA, article 72.B): …"
std::string RefusalText(const Refusal& refusal);

}  // namespace klieg::rights
