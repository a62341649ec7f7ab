/// The book: what the log says about parties, works, consent, obligations and models, as one state.
///
///     Book book;
///     for (const LogEntry& entry : entries) KLIEG_TRY(book.Learn(entry));
///     const ConsentFacts consent = book.ConsentOf(*book.FindWork("heist"), use, now);
///
/// A pure fold over log entries: the same entries give the same book. It answers and checks; it
/// decides nothing (decision.h) and writes nothing (gate.h).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/hash.h"
#include "rights/facts.h"
#include "rights/log.h"
#include "rights/records.h"
#include "rights/terms.h"

namespace klieg::rights {

/// What somebody wants to do, apart from with what.
struct Use {
  Purpose purpose = Purpose::kMeasure;
  Action action = Action::kUse;
  std::string project;  ///< Name of the production; may be empty.
  Facts declared;  ///< What the actor states: strike, notice, replica … (purpose and action are
                   ///< overwritten by the above).
};

/// What the grants in force say about one use of one subject.
struct ConsentFacts {
  Consent consent = Consent::kUnknown;
  Consenter consenter = Consenter::kNobody;
  Evidence evidence = Evidence::kNone;
  Separate separate = Separate::kNo;
  Description description = Description::kNone;
  ProjectMatch project = ProjectMatch::kNone;
  std::vector<std::string> because;  ///< Ids of the grants and withdrawals that decided.
};

struct RecordedGrant {
  std::string id;
  Grant grant;
  bool is_signed = false;  ///< With the grantor's key, verified when it was recorded.
  uint64_t sequence = 0;
  core::Timestamp recorded;
  std::string superseded_by;  ///< Id; empty while it stands.
};

struct RecordedWithdrawal {
  std::string id;  ///< "w-17": its place in the log.
  Withdrawal withdrawal;
  uint64_t sequence = 0;
  core::Timestamp recorded;
  std::string superseded_by;
};

/// One obligation of one permission, for one subject and project.
struct RecordedObligation {
  std::string id;  ///< "o-" and 16 digits.
  std::string pack;
  std::string clause;
  Obligation obligation;
  std::string subject;  ///< "work heist", "snapshot 3f2a…"
  std::string project;
  core::Timestamp opened;
  std::optional<core::Timestamp> met;
  std::string evidence;  ///< Of its being met, in words or as a hash.
};

/// A model's entry: what it was made of and from.
struct RecordedModel {
  core::Digest artifact;
  std::string name;
  int64_t version = 0;
  std::vector<core::Digest> inputs;      ///< Snapshots.
  std::optional<core::Digest> subjects;  ///< Root of its training set; none: of models only.
  Purpose purpose = Purpose::kRecommend;
  uint64_t sequence = 0;
  std::string body;        ///< Of the entry: everything.
  std::string quarantine;  ///< Why it may not be used, empty while it may.
};

/// How the rows of a snapshot are attributed.
struct Attribution {
  std::set<std::string> families;  ///< Dataset families of its ids; empty: not recorded, any.
  std::set<std::string> works;     ///< Works that every row belongs to.
};

class Book {
 public:
  /// kCorrupt when an entry of a kind that the book knows cannot be read. Other kinds are passed
  /// over.
  core::Status Learn(const LogEntry& entry);

  const Party* FindParty(std::string_view id) const;
  const Work* FindWork(std::string_view id) const;
  const RecordedGrant* FindGrant(std::string_view id) const;
  const std::map<std::string, Party, std::less<>>& parties() const { return parties_; }
  const std::map<std::string, Work, std::less<>>& works() const { return works_; }
  const std::vector<RecordedGrant>& grants() const { return grants_; }
  const std::vector<RecordedWithdrawal>& withdrawals() const { return withdrawals_; }
  const std::map<std::string, RecordedObligation>& obligations() const { return obligations_; }
  /// Models by the digest of their file; of several entries the latest counts.
  const std::map<core::Digest, RecordedModel>& models() const { return models_; }
  /// Text of every pack adopted, by name.
  const std::map<std::string, std::string>& adopted_packs() const { return adopted_packs_; }
  /// Terms in force for a snapshot, by owner.
  const std::map<std::string, Terms>& TermsOf(const core::Digest& snapshot) const;
  const Attribution& AttributionOf(const core::Digest& snapshot) const;
  const std::map<core::Digest, std::map<std::string, Terms>>& terms() const { return terms_; }
  /// Members named in any grant or withdrawal.
  const std::set<SubjectRef>& members() const { return members_; }
  /// Time of the last entry: time on record does not go backwards.
  core::Timestamp last_time() const { return last_time_; }

  /// What the consents in force at `time` say. Every holder of the work must permit; any refusal
  /// wins. O(grants of the work's holders).
  /// Without reasons `because` stays empty, which is what ten thousand questions at once want.
  enum class Reasons { kGive, kLeaveOut };
  ConsentFacts ConsentOf(const Work& work, const Use& use, core::Timestamp time,
                         Reasons reasons = Reasons::kGive) const;
  ConsentFacts ConsentOf(const SubjectRef& member, const Use& use, core::Timestamp time,
                         Reasons reasons = Reasons::kGive) const;

  /// Whether a record may follow what is in the book. The errors are those of records.h, and:
  /// kNotFound for parties, works and superseded records that are not there; kAlreadyExists for a
  /// grant that stands already; kInvalidArgument for a grant that has expired, that contradicts a
  /// standing one it does not supersede, whose grantor holds no right in a work, or that lacks or
  /// fails the signature that the grantor's key asks for.
  core::Status CheckNew(const Party& party) const;
  core::Status CheckNew(const Work& work) const;
  core::Status CheckNew(const SignedGrant& grant, core::Timestamp now) const;
  core::Status CheckNew(const Withdrawal& withdrawal) const;

 private:
  bool Speaks(const std::string& grantor, const std::string& holder) const;
  Consenter ConsenterOf(const std::string& grantor, const std::string& holder) const;
  void HearWithdrawals(const Work& work, const std::string& speaker, Purpose purpose,
                       Reasons reasons, ConsentFacts& said) const;
  core::Status LearnObligation(const LogEntry& entry);
  core::Status LearnModel(const LogEntry& entry);
  core::Status LearnTerms(const LogEntry& entry);
  core::Status LearnAttribution(const LogEntry& entry);
  void Supersede(const std::vector<std::string>& ids, const std::string& by);

  std::map<std::string, Party, std::less<>> parties_;
  std::map<std::string, Work, std::less<>> works_;
  std::vector<RecordedGrant> grants_;
  std::vector<RecordedWithdrawal> withdrawals_;
  std::unordered_map<std::string, std::vector<size_t>> grants_of_work_;
  std::unordered_map<std::string, std::vector<size_t>> grants_of_member_;       // By id alone.
  std::unordered_map<std::string, std::vector<size_t>> withdrawals_of_member_;  // By id alone.
  std::unordered_map<std::string, std::vector<size_t>> withdrawals_of_party_;
  std::unordered_map<std::string, std::set<std::string>> representatives_;  // Holder → parties.
  std::map<std::string, RecordedObligation> obligations_;
  std::map<core::Digest, RecordedModel> models_;
  std::map<std::string, std::string> adopted_packs_;
  std::map<core::Digest, std::map<std::string, Terms>> terms_;
  std::map<core::Digest, Attribution> attributions_;
  std::set<SubjectRef> members_;
  core::Timestamp last_time_{INT64_MIN};
};

/// Whether a reference speaks of this id in any of these families (none: any family).
bool Matches(const SubjectRef& ref, const std::set<std::string>& families, std::string_view id);
bool MatchesFamily(const SubjectRef& ref, const std::set<std::string>& families);

/// Kinds of log entries, as the gate writes and the book reads them: docs/formats/log.md.
inline constexpr std::string_view kTermsKind = "terms";
inline constexpr std::string_view kDecisionKind = "decision";
inline constexpr std::string_view kPartyKind = "party";
inline constexpr std::string_view kWorkKind = "work";
inline constexpr std::string_view kGrantKind = "grant";
inline constexpr std::string_view kWithdrawalKind = "withdrawal";
inline constexpr std::string_view kAttributionKind = "attribution";
inline constexpr std::string_view kObligationKind = "obligation";
inline constexpr std::string_view kPackKind = "pack";
inline constexpr std::string_view kModelKind = "model";
inline constexpr std::string_view kQuarantineKind = "quarantine";

}  // namespace klieg::rights
