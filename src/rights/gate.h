/// The gate: who may read which snapshot for what. Under the tables, not above them:
/// data::OpenSnapshot takes a Permit, a Permit comes from Gate::Ask only, and Ask writes its
/// decision to the log before it returns.
///
///     KLIEG_ASSIGN(rights::Gate gate, rights::Gate::Open(workspace.log_path(), clock));
///     KLIEG_ASSIGN(rights::Permit permit, gate.Ask({.actor = user, .purpose = Purpose::kRecommend,
///                                                   .snapshot = id, .reason = "train ease"}));
///     KLIEG_ASSIGN(data::Snapshot snapshot, data::OpenSnapshot(store, permit));
///
/// Terms are registered in the log itself, never in a database, so that what the gate knows is what
/// the log says. Several owners may register terms for one snapshot (the same bytes imported
/// twice): the latest terms of each owner stand, and all of them must permit. What permits and what
/// refuses is rights/policy.h's question: the gate gathers what the log knows, asks the policy, and
/// records.
///
/// Used from one thread at a time. Gates of several processes on one log see each other's entries:
/// reading what is new, deciding and recording are one step under the log's lock.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/hash.h"
#include "rights/log.h"
#include "rights/purpose.h"
#include "rights/terms.h"

namespace klieg::rights {

/// A recorded decision in favour: one purpose, one snapshot. Only the gate can make one.
class Permit {
 public:
  const core::Digest& snapshot() const { return snapshot_; }
  Purpose purpose() const { return purpose_; }
  /// Place of the decision in the log.
  uint64_t log_sequence() const { return log_sequence_; }
  const core::Digest& log_hash() const { return log_hash_; }
  /// Digests of the terms it rests on, one per owner.
  const std::vector<core::Digest>& terms() const { return terms_; }

 private:
  friend class Gate;
  Permit() = default;
  core::Digest snapshot_;
  Purpose purpose_ = Purpose::kMeasure;
  uint64_t log_sequence_ = 0;
  core::Digest log_hash_;
  std::vector<core::Digest> terms_;
};

struct Request {
  std::string actor;  ///< Who asks: a user name.
  Purpose purpose = Purpose::kMeasure;
  core::Digest snapshot;
  std::string reason;  ///< What for, in words: "train ease as night-shift". Goes to the log.
};

class Gate {
 public:
  /// Opens the log and learns the registered terms from it. `clock` must outlive the gate.
  static core::Result<Gate> Open(std::filesystem::path log_path, const core::Clock& clock);

  /// Whether an import under these terms may begin: they must not have expired. Recorded, refusals
  /// too; a refusal is kRefused. `source` names the files.
  core::Status AskImport(const std::string& actor, const std::string& source, const Terms& terms);

  /// Binds terms to a snapshot, in the log. Registering equal terms again adds nothing.
  core::Status RegisterTerms(const core::Digest& snapshot, const Terms& terms,
                             const std::string& actor);

  /// Decides and records. kRefused names the term that refuses: the purpose not permitted, the date
  /// of expiry, or that no terms are registered for the snapshot. Any other failure (the log cannot
  /// be written, or is damaged) gives no permit either. Terms that another process registered
  /// before this call count.
  core::Result<Permit> Ask(const Request& request);

  /// The terms in force for a snapshot, one per owner in the order of owners; empty when none are
  /// registered. Reads nothing from disk: as of the last call that did.
  std::vector<Terms> TermsOf(const core::Digest& snapshot) const;

 private:
  /// What the log says, as far as it was read: snapshot → owner → the owner's latest terms.
  using KnownTerms = std::map<core::Digest, std::map<std::string, Terms>>;
  static core::Status Learn(const LogEntry& entry, KnownTerms& known);

  Gate(Log log, const core::Clock& clock, KnownTerms terms)
      : log_(std::move(log)), clock_(&clock), terms_(std::move(terms)) {}
  LogVisitor Learner();
  /// Learns what is new, then lets `decide` make the entry that is appended whatever it says.
  core::Result<LogEntry> Record(const std::function<LogDraft()>& decide);

  Log log_;
  const core::Clock* clock_;
  KnownTerms terms_;
};

}  // namespace klieg::rights
