#include "flows/used_report.h"

#include <algorithm>
#include <map>
#include <set>

#include "flows/document_facts.h"
#include "flows/document_ledger.h"

namespace klieg::flows {
namespace {

using core::ErrorCode;
using rights::SubjectKind;

/// Whom the report is about: works by id, members by reference.
struct Subjects {
  std::map<std::string, const rights::Work*> works;
  std::set<rights::SubjectRef> members;

  bool Touches(const rights::Attribution& attribution) const {
    for (const rights::SubjectRef& member : members) {
      if (rights::MatchesFamily(member, attribution.families)) return true;
    }
    return std::ranges::any_of(works, [&](const auto& one) {
      if (attribution.works.contains(one.first)) return true;
      return std::ranges::any_of(one.second->titles, [&](const rights::SubjectRef& title) {
        return rights::MatchesFamily(title, attribution.families);
      });
    });
  }

  /// Whether a refusal's or obligation's subject is one of these: "work heist", "member films/42".
  bool Name(const std::string& subject) const {
    constexpr std::string_view kWork = "work ";
    constexpr std::string_view kMember = "member ";
    if (subject.starts_with(kWork)) return works.contains(subject.substr(kWork.size()));
    if (!subject.starts_with(kMember)) return false;
    const auto ref = rights::ParseSubjectRef(subject.substr(kMember.size()));
    return ref && std::ranges::any_of(members, [&](const rights::SubjectRef& member) {
             const bool family =
                 member.family == ref->family || member.family == "*" || ref->family == "*";
             return family && member.id == ref->id;
           });
  }
};

/// What a decision in favour meant for the subjects, found by deciding it again.
struct Replayed {
  std::set<std::string> consents;         ///< Ids of grants that permitted.
  std::vector<rights::Refusal> left_out;  ///< Of subjects whose rows were left out.
  bool all_left_out = false;
};

/// The log read again from its first entry, so that each decision meets the book of its own time.
class Replay {
 public:
  explicit Replay(const Subjects& subjects) : subjects_(subjects) {
    for (const rights::Pack& pack : rights::ShippedPacks()) {
      if (!pack.optional) shipped_.push_back(pack);
    }
  }

  core::Status See(const rights::LogEntry& entry, const Ledger& ledger) {
    if (const LedgerDecision* decision = ledger.FindDecision(entry.sequence)) Decide(*decision);
    KLIEG_TRY(book_.Learn(entry));
    if (entry.kind == rights::kPackKind) policies_.reset();
    return {};
  }

  const std::map<uint64_t, Replayed>& decisions() const { return decisions_; }

 private:
  const rights::PolicySet* Policies() {
    if (policies_) return &*policies_;
    std::vector<rights::Pack> packs = shipped_;
    for (const auto& [name, text] : book_.adopted_packs()) {
      auto pack = rights::ParsePack(text, name);
      if (pack) packs.push_back(std::move(*pack));
    }
    auto made = rights::PolicySet::Make(std::move(packs));
    if (!made) return nullptr;
    policies_ = std::move(*made);
    return &*policies_;
  }

  void Decide(const LedgerDecision& decision) {
    if (!decision.permitted || decision.snapshot.empty()) return;
    const auto snapshot = core::Digest::FromHex(decision.snapshot);
    const auto purpose = rights::ParsePurpose(decision.purpose);
    if (!snapshot || !purpose || !subjects_.Touches(book_.AttributionOf(*snapshot))) return;
    const rights::Use use{*purpose, rights::Action::kUse, decision.project, {}};
    Replayed& found = decisions_[decision.sequence];
    AddConsents(use, decision.time, found);
    if (!decision.rows || decision.rows->rule != "all-but") return;
    const rights::PolicySet* policies = Policies();
    if (policies == nullptr) return;
    AddLeftOut(rights::RefusedSubjects(book_, *policies, *snapshot, use, decision.time), found);
  }

  void AddConsents(const rights::Use& use, core::Timestamp time, Replayed& found) const {
    const auto add = [&](const rights::ConsentFacts& consent) {
      if (consent.consent != rights::Consent::kPermitted) return;
      found.consents.insert(consent.because.begin(), consent.because.end());
    };
    for (const auto& [id, known] : subjects_.works) {
      // As it stood then, not as it stands now.
      if (const rights::Work* work = book_.FindWork(id)) add(book_.ConsentOf(*work, use, time));
    }
    for (const rights::SubjectRef& member : subjects_.members)
      add(book_.ConsentOf(member, use, time));
  }

  void AddLeftOut(const std::vector<rights::RefusedSubject>& refused, Replayed& found) const {
    std::set<std::string> out;
    for (const rights::RefusedSubject& one : refused) {
      if (!subjects_.Name(one.refusal.subject)) continue;
      if (out.insert(one.refusal.subject).second) found.left_out.push_back(one.refusal);
    }
    found.all_left_out =
        !out.empty() && out.size() >= subjects_.works.size() + subjects_.members.size();
  }

  const Subjects& subjects_;
  std::vector<rights::Pack> shipped_;
  rights::Book book_;
  std::optional<rights::PolicySet> policies_;
  std::map<uint64_t, Replayed> decisions_;
};

class Reporter {
 public:
  Reporter(Session& session, const Ledger& ledger, const Subjects& subjects,
           const std::map<uint64_t, Replayed>& replayed, UsedReport& report)
      : session_(session),
        ledger_(ledger),
        book_(session.gate().book()),
        subjects_(subjects),
        replayed_(replayed),
        report_(report) {}

  core::Status Fill() {
    KLIEG_ASSIGN(const std::vector<platform::ModelRecord> records, session_.store().ListModels());
    for (const platform::ModelRecord& record : records) {
      runs_[fmt::format("{}@{}", record.name, record.version)] = record.run;
      int64_t& newest = newest_[record.name];
      newest = std::max(newest, record.version);
    }
    KLIEG_ASSIGN(datasets_, session_.store().ListDatasets());
    for (const LedgerModel& model : ledger_.models) AddModel(model);
    for (const auto& [sequence, decision] : ledger_.decisions) AddDecision(decision);
    AddRemovals();
    AddObligations();
    return {};
  }

 private:
  /// Families that the ids of a snapshot may be qualified with in a training set.
  std::set<std::string> FamiliesOf(const std::string& snapshot) const {
    std::set<std::string> families;
    if (const auto digest = core::Digest::FromHex(snapshot))
      families = book_.AttributionOf(*digest).families;
    for (const platform::DatasetRecord& dataset : datasets_) {
      if (families.empty() && dataset.snapshot == snapshot) families.insert(dataset.name);
    }
    return families;
  }

  std::optional<uint64_t> RowsOf(const rights::SubjectTree& tree, SubjectKind kind,
                                 const rights::SubjectRef& ref,
                                 const std::set<std::string>& families) const {
    std::optional<uint64_t> rows;
    for (const std::string& family : families) {
      if (ref.family != "*" && ref.family != family) continue;
      if (const auto found = tree.Find(kind, family + "/" + ref.id))
        rows = rows.value_or(0) + *found;
    }
    return rows;
  }

  std::vector<UsedRows> RowsIn(const rights::SubjectTree& tree,
                               const std::set<std::string>& families) const {
    std::vector<UsedRows> list;
    for (const auto& [id, work] : subjects_.works) {
      if (const auto rows = tree.Find(SubjectKind::kWork, id)) {
        list.push_back({"work " + id, *rows});
        continue;
      }
      // A work that was linked to its titles after the training is found by them.
      for (const rights::SubjectRef& title : work->titles) {
        if (const auto rows = RowsOf(tree, SubjectKind::kTitle, title, families))
          list.push_back({"work " + id, *rows, title.Text()});
      }
    }
    for (const rights::SubjectRef& member : subjects_.members) {
      if (const auto rows = RowsOf(tree, SubjectKind::kMember, member, families))
        list.push_back({"member " + member.Text(), *rows});
    }
    return list;
  }

  void AddModel(const LedgerModel& entry) {
    std::set<std::string> families;
    bool touched = false;
    for (const LedgerInput& input : entry.inputs) {
      families.merge(FamiliesOf(input.snapshot));
      const auto digest = core::Digest::FromHex(input.snapshot);
      if (digest && subjects_.Touches(book_.AttributionOf(*digest))) touched = true;
    }
    const auto tree = LoadTrainingSet(session_, entry);
    if (!tree) {
      if (touched) report_.unreadable.push_back(entry.Label() + ": " + tree.error().message);
      return;
    }
    UsedModel model;
    model.rows = RowsIn(*tree, families);
    if (model.rows.empty() && !touched) return;
    model.label = entry.Label();
    model.artifact = entry.artifact;
    model.learner = entry.learner;
    model.purpose = entry.purpose;
    model.run = runs_.contains(model.label) ? runs_.at(model.label) : "";
    model.made = entry.time;
    model.log_entry = entry.sequence;
    model.root = tree->root().Hex();
    model.refused_now = RefusedNow(entry, *tree);
    for (const LedgerInput& input : entry.inputs) {
      AddPermission(input.permit, model);
      making_.insert(input.permit);
      if (!model.rows.empty()) certain_.insert(input.snapshot);
    }
    for (const LedgerQuarantine& one : ledger_.quarantines) {
      if (one.artifact != entry.artifact || one.sequence < entry.sequence) continue;
      model.quarantine = one.why;
      model.quarantined = one.time;
    }
    if (newest_.contains(entry.name) && newest_.at(entry.name) > entry.version)
      model.replaced_by = fmt::format("{}@{}", entry.name, newest_.at(entry.name));
    (model.rows.empty() ? report_.models_without : report_.models).push_back(std::move(model));
  }

  /// Whether terms, policies or anybody in the training set stand against the model by now.
  bool RefusedNow(const LedgerModel& entry, const rights::SubjectTree& tree) const {
    const auto purpose = rights::ParsePurpose(entry.purpose);
    if (!purpose) return true;
    const rights::PolicySet& policies = session_.gate().policies();
    const rights::Use use{*purpose, rights::Action::kServe, {}, {}};
    const core::Timestamp now = book_.last_time();
    return std::ranges::any_of(entry.inputs, [&](const LedgerInput& input) {
      const auto snapshot = core::Digest::FromHex(input.snapshot);
      if (!snapshot) return true;
      if (!rights::DecideSnapshot(book_, policies, *snapshot, use, now).decision.permitted)
        return true;
      return std::ranges::any_of(rights::RefusedSubjects(book_, policies, *snapshot, use, now),
                                 [&](const rights::RefusedSubject& one) {
                                   const auto kind = rights::ParseSubjectKind(one.kind);
                                   return kind && tree.Find(*kind, one.id).has_value();
                                 });
    });
  }

  void AddPermission(uint64_t sequence, UsedModel& model) const {
    const LedgerDecision* decision = ledger_.FindDecision(sequence);
    if (decision == nullptr) return;
    UsedPermission permission{sequence, decision->time, {}, decision->clauses, {}};
    for (const LedgerTerms& terms : ledger_.TermsOf(decision->snapshot)) {
      if (std::ranges::count(decision->terms, terms.digest.Hex()) > 0)
        permission.owners.push_back(terms.terms.owner);
    }
    if (const auto found = replayed_.find(sequence); found != replayed_.end())
      permission.consents.assign(found->second.consents.begin(), found->second.consents.end());
    model.permissions.push_back(std::move(permission));
  }

  void AddDecision(const LedgerDecision& decision) {
    if (!decision.permitted) {
      AddRefusals(decision);
    } else if (!decision.work.empty()) {
      if (subjects_.works.contains(decision.work)) AddUse(decision, /*asked_only=*/true);
    } else if (!decision.snapshot.empty()) {
      AddPermitted(decision);
    } else if (!decision.artifact.empty() && decision.action != "register-model") {
      for (UsedModel& model : report_.models) {
        if (model.artifact != decision.artifact) continue;
        ++model.times_used;
        model.last_used = decision.time;
      }
    }
  }

  void AddPermitted(const LedgerDecision& decision) {
    const auto found = replayed_.find(decision.sequence);
    if (found == replayed_.end()) return;
    for (const rights::Refusal& refusal : found->second.left_out)
      Refuse(decision, UsedRefusal::What::kRows, refusal);
    // What made a model is told with the model; what left everything out was no use.
    if (!making_.contains(decision.sequence) && !found->second.all_left_out)
      AddUse(decision, /*asked_only=*/false);
  }

  void AddUse(const LedgerDecision& decision, bool asked_only) {
    report_.uses.push_back({decision.sequence, decision.time, decision.purpose, decision.project,
                            decision.actor, decision.reason, asked_only,
                            certain_.contains(decision.snapshot)});
    const auto purpose = rights::ParsePurpose(decision.purpose);
    if (!purpose) return;
    const rights::PurposeGroup group = rights::GroupOf(*purpose);
    if (group != rights::PurposeGroup::kAnalytical && group != rights::PurposeGroup::kStewardship)
      report_.generative = true;
  }

  void AddRefusals(const LedgerDecision& decision) {
    const auto what = !decision.work.empty()       ? UsedRefusal::What::kQuestion
                      : !decision.artifact.empty() ? UsedRefusal::What::kModel
                                                   : UsedRefusal::What::kRun;
    for (const rights::Refusal& refusal : decision.refusals) {
      if (subjects_.Name(refusal.subject)) Refuse(decision, what, refusal);
    }
  }

  void Refuse(const LedgerDecision& decision, UsedRefusal::What what,
              const rights::Refusal& refusal) {
    report_.refusals.push_back({what, decision.sequence, decision.time, decision.purpose,
                                decision.project, decision.actor, decision.reason, refusal.pack,
                                refusal.version, refusal.clause, refusal.source, refusal.says});
  }

  void AddRemovals() {
    for (UsedModel& model : report_.models) {
      const LedgerModel* entry = ledger_.FindModel(model.artifact);
      if (entry == nullptr) continue;
      for (const LedgerModel* successor : ledger_.SuccessorsOf(*entry)) {
        const auto without =
            std::ranges::find(report_.models_without, successor->artifact, &UsedModel::artifact);
        if (without == report_.models_without.end()) continue;
        model.removed_into = successor->Label();
        model.removed = successor->time;
      }
    }
  }

  void AddObligations() {
    for (const auto& [id, one] : book_.obligations()) {
      if (!subjects_.Name(one.subject)) continue;
      report_.obligations.push_back(
          {id, std::string(rights::ObligationKindName(one.obligation.kind)), one.obligation.what,
           one.subject, one.project, one.pack + ", clause " + one.clause, one.opened, one.met,
           one.evidence});
    }
    std::ranges::stable_sort(report_.obligations, {}, &UsedObligation::opened);
  }

  Session& session_;
  const Ledger& ledger_;
  const rights::Book& book_;
  const Subjects& subjects_;
  const std::map<uint64_t, Replayed>& replayed_;
  UsedReport& report_;
  std::map<std::string, std::string> runs_;
  std::map<std::string, int64_t> newest_;
  std::vector<platform::DatasetRecord> datasets_;
  std::set<uint64_t> making_;      ///< Decisions that models rest on.
  std::set<std::string> certain_;  ///< Snapshots that hold rows of the subjects.
};

std::string NameOf(const rights::Book& book, const std::string& party) {
  const rights::Party* known = book.FindParty(party);
  return known == nullptr || known->name.empty() ? party : known->name;
}

std::vector<std::string> About(const rights::Book& book, const std::vector<std::string>& works,
                               const std::vector<rights::SubjectRef>& members) {
  std::vector<std::string> about;
  for (const std::string& id : works) {
    const rights::Work* work = book.FindWork(id);
    about.push_back(work == nullptr || work->title.empty() ? id : work->title);
  }
  for (const rights::SubjectRef& member : members)
    about.push_back("the viewing history of member " + member.Text());
  return about;
}

template <class T>
bool Meets(const T& statement, const Subjects& subjects) {
  return std::ranges::any_of(statement.works,
                             [&](const std::string& id) { return subjects.works.contains(id); }) ||
         std::ranges::any_of(statement.members, [&](const rights::SubjectRef& member) {
           return subjects.Name("member " + member.Text());
         });
}

void AddStatements(const rights::Book& book, const Subjects& subjects,
                   const std::set<std::string>& voices, UsedReport& report) {
  for (const rights::RecordedGrant& one : book.grants()) {
    const rights::Grant& grant = one.grant;
    if (!voices.contains(grant.grantor) && !Meets(grant, subjects)) continue;
    report.statements.push_back(
        {one.id, one.sequence, one.recorded, false, NameOf(book, grant.grantor),
         About(book, grant.works, grant.members), grant.permits, grant.refuses, grant.project,
         grant.period, one.is_signed, !grant.evidence.empty(), "", one.superseded_by,
         one.superseded_by.empty() && grant.period.Contains(book.last_time())});
  }
  for (const rights::RecordedWithdrawal& one : book.withdrawals()) {
    const rights::Withdrawal& withdrawal = one.withdrawal;
    if (!voices.contains(withdrawal.party) && !Meets(withdrawal, subjects)) continue;
    report.statements.push_back(
        {one.id,
         one.sequence,
         one.recorded,
         true,
         withdrawal.party.empty() ? "the member" : NameOf(book, withdrawal.party),
         About(book, withdrawal.works, withdrawal.members),
         {},
         withdrawal.purposes,
         "",
         {},
         false,
         false,
         withdrawal.reason,
         one.superseded_by,
         one.superseded_by.empty()});
  }
  std::ranges::stable_sort(report.statements, {}, &UsedStatement::log_entry);
}

core::Result<UsedReport> Fill(Session& session, const Subjects& subjects,
                              const std::set<std::string>& voices, const Ledger& ledger,
                              UsedReport report) {
  AddStatements(session.gate().book(), subjects, voices, report);
  Replay replay(subjects);
  core::Status seen;
  KLIEG_TRY(session.gate().log().ForEach([&](const rights::LogEntry& entry) {
    if (entry.sequence < ledger.entries && seen) seen = replay.See(entry, ledger);
  }));
  KLIEG_TRY(std::move(seen));
  Reporter reporter(session, ledger, subjects, replay.decisions(), report);
  KLIEG_TRY(reporter.Fill());
  report.log_entries = ledger.entries;
  report.log_root = ledger.root;
  report.log_time = ledger.time;
  return report;
}

}  // namespace

core::Result<UsedReport> HowUsed(Session& session, const std::string& party) {
  KLIEG_ASSIGN(const Ledger ledger, ReadLedger(session));
  const rights::Book& book = session.gate().book();
  const rights::Party* known = book.FindParty(party);
  if (known == nullptr) {
    return core::Fail(
        ErrorCode::kNotFound,
        "no party '{}' is on record: klieg rights show parties lists them; a member is "
        "named by dataset and id, like films/42",
        party);
  }
  UsedReport report;
  report.id = party;
  report.name = NameOf(book, party);
  report.role = rights::PartyRoleName(known->role);
  report.is_member = known->role == rights::PartyRole::kMember;
  Subjects subjects;
  for (const auto& [id, work] : book.works()) {
    UsedWork used{work, {}, {}};
    bool own = false;
    bool represented = false;
    for (const rights::Holding& holding : work.holders) {
      const bool is_party = holding.party == party;
      const bool speaks_for = std::ranges::count(known->represents, holding.party) > 0;
      if (!is_party && !speaks_for) continue;
      used.rights.push_back(holding.right);
      own = own || is_party;
      represented = represented || speaks_for;
      if (!is_party) used.on_behalf_of = NameOf(book, holding.party);
    }
    if (!own && !represented) continue;
    if (own) used.on_behalf_of.clear();
    subjects.works.emplace(id, &work);
    report.works.push_back(std::move(used));
  }
  for (const rights::RecordedGrant& one : book.grants()) {
    if (one.grant.grantor == party)
      subjects.members.insert(one.grant.members.begin(), one.grant.members.end());
  }
  for (const rights::RecordedWithdrawal& one : book.withdrawals()) {
    if (one.withdrawal.party == party)
      subjects.members.insert(one.withdrawal.members.begin(), one.withdrawal.members.end());
  }
  report.members.assign(subjects.members.begin(), subjects.members.end());
  return Fill(session, subjects, {party}, ledger, std::move(report));
}

core::Result<UsedReport> HowUsedMember(Session& session, const std::string& member) {
  KLIEG_ASSIGN(const rights::SubjectRef ref, rights::ParseSubjectRef(member));
  KLIEG_ASSIGN(const Ledger ledger, ReadLedger(session));
  UsedReport report;
  report.id = ref.Text();
  report.name = "Member " + ref.Text();
  report.role = "member";
  report.is_member = true;
  report.members = {ref};
  Subjects subjects;
  subjects.members.insert(ref);
  return Fill(session, subjects, {}, ledger, std::move(report));
}

}  // namespace klieg::flows
