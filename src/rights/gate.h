/// The gate: who may read which snapshot, or use which model, for what. Under the tables, not above
/// them: data::OpenSnapshot takes a Permit, a Permit comes from Gate::Ask only, and Ask writes its
/// decision to the log before it returns. Models likewise: loading one takes a ModelPermit.
///
///     KLIEG_ASSIGN(rights::Gate gate, rights::Gate::Open(workspace.log_path(), clock));
///     KLIEG_ASSIGN(rights::Permit permit, gate.Ask({.actor = user, .purpose = Purpose::kRecommend,
///                                                   .snapshot = id, .reason = "train ease"}));
///     KLIEG_ASSIGN(data::Snapshot snapshot, data::OpenSnapshot(store, permit));
///
/// Everything the gate knows it learnt from the log (book.h), never from a database; what permits and
/// what refuses is a pure function (decision.h) of the book, the packs in force (policy.h) and the
/// time. The gate only gathers, asks, and records. There is nothing that switches it off.
///
/// Time does not go backwards: when the machine's clock is behind the last entry, decisions are made
/// and recorded as of that entry, so that setting the clock back revives no expired terms.
///
/// Used from one thread at a time. Gates of several processes on one log see each other's entries:
/// reading what is new, deciding and recording are one step under the log's lock.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/hash.h"
#include "rights/book.h"
#include "rights/decision.h"
#include "rights/log.h"
#include "rights/policy.h"
#include "rights/purpose.h"
#include "rights/records.h"
#include "rights/subject_tree.h"
#include "rights/terms.h"
#include "rights/tree_head.h"

namespace klieg::rights {

/// A recorded decision in favour: one purpose, one snapshot, and which of its rows. Only the gate can
/// make one.
class Permit {
 public:
  const core::Digest& snapshot() const { return snapshot_; }
  Purpose purpose() const { return purpose_; }
  /// Rows that may be read; data::ReadInteractions and ReadTitles obey it.
  const RowRules& rows() const { return rows_; }
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
  RowRules rows_;
  uint64_t log_sequence_ = 0;
  core::Digest log_hash_;
  std::vector<core::Digest> terms_;
};

/// A recorded decision in favour of using one model for one purpose. Only the gate can make one.
class ModelPermit {
 public:
  const core::Digest& artifact() const { return artifact_; }
  Purpose purpose() const { return purpose_; }
  uint64_t log_sequence() const { return log_sequence_; }

 private:
  friend class Gate;
  ModelPermit() = default;
  core::Digest artifact_;
  Purpose purpose_ = Purpose::kMeasure;
  uint64_t log_sequence_ = 0;
};

struct Request {
  std::string actor;  ///< Who asks: a user name.
  Purpose purpose = Purpose::kMeasure;
  core::Digest snapshot;
  std::string reason;  ///< What for, in words: "train ease as night-shift". Goes to the log.
  std::string project = {};
  Facts declared = {};
  /// Purpose kRemove only: the members and titles whose rows are to be read in order to be removed.
  std::vector<std::string> only_members = {};
  std::vector<std::string> only_titles = {};
  /// Members and titles to leave out although they may be used: what would the result be without
  /// them? Adds to what the consents leave out, and can take nothing from it.
  std::vector<std::string> without_members = {};
  std::vector<std::string> without_titles = {};
};

struct WorkRequest {
  std::string actor;
  std::string work;
  Use use;
  std::string reason;
};

struct ModelRequest {
  std::string actor;
  core::Digest artifact;
  Purpose purpose = Purpose::kRecommend;
  Action action = Action::kServe;  ///< kUse, kPromote or kServe.
  std::string reason;
};

/// One snapshot that a model was made of.
struct ModelInput {
  core::Digest snapshot;
  uint64_t permit = 0;  ///< Place of the decision in the log.
  auto operator<=>(const ModelInput&) const = default;
};

/// What the log says of a model: enough to make it again, and to ask again.
struct ModelEntry {
  core::Digest artifact;  ///< Of the model's file.
  std::string name;
  int64_t version = 0;
  std::string learner;
  std::string parameters = "{}";  ///< Canonical JSON of an object.
  uint64_t seed = 0;
  std::string code_version;
  std::string instruction_set;
  Purpose purpose = Purpose::kRecommend;
  std::vector<ModelInput> inputs;
  std::optional<SubjectSetRoot> training_set;
  std::string removal = "{}";  ///< How it came from another model by removal; {}: it did not.
};

class Gate {
 public:
  /// Opens the log and learns what it says. kCorrupt, too, when a head that was signed here is no
  /// longer one of this log: it was rolled back or rewritten. `clock` must outlive the gate. Training sets are read
  /// from the folder "subjects" beside the log.
  static core::Result<Gate> Open(std::filesystem::path log_path, const core::Clock& clock);

  // Asking. Every answer is on record before it is given; a refusal is kRefused, its message names
  // the clause, its pack, version and source, and Error::details holds the same as JSON. Any other
  // failure (the log cannot be written, or is damaged) permits nothing either.

  /// Whether an import under these terms may begin: they must not have expired. `source` names the
  /// files.
  core::Status AskImport(const std::string& actor, const std::string& source, const Terms& terms);

  /// Whether a snapshot may be read, and which rows. Obligations that stand in the way are opened.
  core::Result<Permit> Ask(const Request& request);

  /// Whether one work may be used so. Gives no access to anything: what rights officers ask.
  core::Result<LogEntry> AskWork(const WorkRequest& request);

  /// Whether a model may be put in the registry: its inputs are decided again, and so is its training
  /// set, which must lie in the folder of training sets.
  core::Status AskRegistration(const std::string& actor, const ModelEntry& model);

  /// Whether a registered model may be used. Refused when any input's terms or consents refuse by
  /// now, when its training set holds anybody who is refused, or when it is in quarantine.
  core::Result<ModelPermit> AskModel(const ModelRequest& request);

  // Recording. Each returns the entry; the errors are those of Book::CheckNew.

  /// Binds terms to a snapshot. Registering equal terms again adds nothing.
  core::Status RegisterTerms(const core::Digest& snapshot, const Terms& terms,
                             const std::string& actor);
  /// Says of which family the ids of a snapshot are, and to which works all its rows belong.
  core::Status RegisterAttribution(const core::Digest& snapshot, const std::string& family,
                                   const std::vector<std::string>& works, const std::string& actor);
  core::Result<LogEntry> RecordParty(const Party& party, const std::string& actor);
  /// A text that is entered as literary or source material is decided by the policies first.
  core::Result<LogEntry> RecordWork(const Work& work, const std::string& actor);
  core::Result<LogEntry> RecordGrant(const SignedGrant& grant, const std::string& actor);
  core::Result<LogEntry> RecordWithdrawal(const Withdrawal& withdrawal, const std::string& actor);
  core::Result<LogEntry> RecordModel(const ModelEntry& model, const std::string& actor);
  core::Result<LogEntry> RecordQuarantine(const core::Digest& artifact, const std::string& why,
                                          const std::string& actor);
  /// kNotFound when no such obligation was opened; kAlreadyExists when it has been met. A wait cannot
  /// be met by saying so (kInvalidArgument).
  core::Result<LogEntry> MeetObligation(const std::string& id, const std::string& evidence,
                                        const std::string& actor);
  /// Puts a pack in force from now on: an optional shipped one, or one's own. Refused when the claims
  /// of the packs in force would no longer hold with it.
  core::Result<LogEntry> AdoptPack(const std::string& text, const std::string& actor);

  /// Signs the log as it is, with the workspace's key ("keys/log.pem" beside the log, made at first
  /// need), and keeps the head in "rights.heads". An unchanged log is not signed again: the latest
  /// head is returned.
  core::Result<TreeHead> SignHead();

  // Looking. As of the last call that read the log.

  std::vector<Terms> TermsOf(const core::Digest& snapshot) const;
  const Book& book() const { return book_; }
  const PolicySet& policies() const { return policies_; }
  Log& log() { return log_; }
  /// Reads what other processes added.
  core::Status CatchUp();
  std::filesystem::path SubjectsPath(const core::Digest& root) const;
  /// The clock's time, or that of the last entry when the clock is behind it.
  core::Timestamp Now() const;
  std::filesystem::path HeadsPath() const;

 private:
  Gate(Log log, const core::Clock& clock, Book book, PolicySet policies)
      : log_(std::move(log)),
        clock_(&clock),
        book_(std::move(book)),
        policies_(std::move(policies)) {}

  static core::Result<PolicySet> PoliciesOf(const Book& book);
  core::Status Learn(const LogEntry& entry);
  LogVisitor Learner();
  /// Learns what is new, then appends the draft that `decide` makes, as one step under the lock, and
  /// learns it too.
  core::Result<LogEntry> Record(const std::function<core::Result<LogDraft>()>& decide);
  core::Status OpenObligations(const std::vector<DueObligation>& due, const std::string& actor);
  core::Result<Decision> DecideModel(const std::vector<core::Digest>& inputs,
                                     const std::optional<core::Digest>& subjects, const Use& use,
                                     const std::string& subject) const;

  Log log_;
  const core::Clock* clock_;
  Book book_;
  PolicySet policies_;
};

}  // namespace klieg::rights
