/// What generated documents need of the rights log: decisions, terms, models and quarantines, each
/// with its place and time. Read in one pass; nothing is added to the log.
///
///     KLIEG_ASSIGN(const Ledger ledger, ReadLedger(session));
///     const LedgerModel* model = ledger.FindModel(digest);
///
/// Parties, works, grants and obligations are in the gate's book (rights/book.h), which is as of the
/// same entry.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/hash.h"
#include "flows/session.h"
#include "rights/decision.h"
#include "rights/log.h"
#include "rights/subject_tree.h"
#include "rights/terms.h"

namespace klieg::flows {

/// Rows of a permitted snapshot that were not read, as the decision records them.
struct LedgerRows {
  std::string rule;  ///< "all-but" or "only".
  uint64_t members = 0;
  uint64_t titles = 0;
  std::string digest;                    ///< Of the names, which the log does not hold.
  std::vector<rights::Refusal> reasons;  ///< One for each clause that refused any.
};

struct LedgerDecision {
  uint64_t sequence = 0;
  core::Timestamp time;
  bool permitted = false;
  std::string action;  ///< "use", "serve", "register-model", "import", …
  std::string actor;
  std::string purpose;
  std::string project;
  std::string reason;
  std::string why;       ///< Of a refusal.
  std::string snapshot;  ///< What it is about: one of these three; the others are empty.
  std::string artifact;
  std::string work;
  std::vector<std::string> terms;    ///< Digests.
  std::vector<std::string> clauses;  ///< "base@1/analysis"
  std::vector<rights::Refusal> refusals;
  std::optional<LedgerRows> rows;
};

struct LedgerTerms {
  uint64_t sequence = 0;
  core::Timestamp time;
  std::string snapshot;
  rights::Terms terms;
  core::Digest digest;
};

struct LedgerInput {
  std::string snapshot;
  uint64_t permit = 0;  ///< Place of the decision.
};

struct LedgerModel {
  uint64_t sequence = 0;
  core::Timestamp time;
  std::string artifact;
  std::string name;
  int64_t version = 0;
  std::string learner;
  std::string parameters;  ///< JSON.
  std::string seed;
  std::string code_version;
  std::string instruction_set;
  std::string purpose;
  std::vector<LedgerInput> inputs;
  std::optional<rights::SubjectSetRoot> training_set;
  std::string removal;  ///< JSON of an object; empty: it did not come from another model.

  std::string Label() const { return fmt::format("{}@{}", name, version); }
};

struct LedgerQuarantine {
  uint64_t sequence = 0;
  core::Timestamp time;
  std::string artifact;
  std::string why;
  std::string actor;
};

struct Ledger {
  uint64_t entries = 0;
  core::Digest root;     ///< Of the Merkle tree over the entries.
  core::Timestamp time;  ///< Of the last entry.
  std::map<uint64_t, LedgerDecision> decisions;
  std::vector<LedgerTerms> terms;
  std::vector<LedgerModel> models;  ///< In order; a model registered again occurs again.
  std::vector<LedgerQuarantine> quarantines;

  const LedgerDecision* FindDecision(uint64_t sequence) const;
  /// The latest entry for this file; null when there is none.
  const LedgerModel* FindModel(std::string_view artifact) const;
  /// Terms in force for a snapshot: of each owner the latest, in the order of owners.
  std::vector<LedgerTerms> TermsOf(std::string_view snapshot) const;
  /// Models that came from this one by removal: their entry's removal names its digest or label.
  std::vector<const LedgerModel*> SuccessorsOf(const LedgerModel& model) const;
};

/// Learns one entry; kinds that no document speaks of are passed over. kCorrupt when the body of a
/// kind it knows cannot be read.
core::Status LearnEntry(const rights::LogEntry& entry, Ledger& ledger);

/// Reads the whole log: the gate catches up first, so that its book and the ledger agree.
core::Result<Ledger> ReadLedger(Session& session);

}  // namespace klieg::flows
