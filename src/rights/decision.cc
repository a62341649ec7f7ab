#include "rights/decision.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/hash.h"
#include "rights/terms_decision.h"

namespace klieg::rights {
namespace {

Facts FactsOf(const Use& use) {
  Facts facts = use.declared;
  facts.Set(use.purpose);
  facts.Set(use.action);
  // What the log knows is not for the actor to state.
  for (const Attribute known :
       {Attribute::kConsent, Attribute::kConsenter, Attribute::kEvidence, Attribute::kSeparate,
        Attribute::kDescription, Attribute::kProject}) {
    facts.SetIndex(known, 0);
  }
  return facts;
}

void Add(const ConsentFacts& consent, Facts& facts) {
  facts.Set(consent.consent);
  facts.Set(consent.consenter);
  facts.Set(consent.evidence);
  facts.Set(consent.separate);
  facts.Set(consent.description);
  facts.Set(consent.project);
}

/// When somebody was last told of a use, from the obligations that were met.
class Notices {
 public:
  explicit Notices(const Book& book) {
    for (const auto& [id, record] : book.obligations()) {
      if (record.obligation.kind != ObligationKind::kNotify || !record.met) continue;
      core::Timestamp& last = times_.try_emplace({record.subject, record.project}).first->second;
      last = std::max(last, *record.met);
    }
  }
  bool Empty() const { return times_.empty(); }
  std::optional<core::Timestamp> Find(const std::string& subject,
                                      const std::string& project) const {
    if (times_.empty()) return std::nullopt;
    const auto found = times_.find({subject, project});
    if (found == times_.end()) return std::nullopt;
    return found->second;
  }

 private:
  std::map<std::pair<std::string, std::string>, core::Timestamp> times_;
};

constexpr int64_t kMicrosPerHour = 3'600'000'000;

void AddNotice(const Notices& notices, const std::string& subject, const Use& use,
               core::Timestamp time, Facts& facts) {
  const auto told = notices.Find(subject, use.project);
  if (!told) return;
  const Notice notice = time.micros - told->micros >= 48 * kMicrosPerHour ? Notice::kAtLeast48Hours
                                                                          : Notice::kUnder48Hours;
  facts.Set(std::max(notice, facts.Get<Notice>()));
}

Facts FactsOf(const Book& book, const Notices& notices, const Work& work, const Use& use,
              core::Timestamp time, ConsentFacts& consent,
              Book::Reasons reasons = Book::Reasons::kGive) {
  Facts facts = FactsOf(use);
  facts.Set(work.material);
  facts.Set(work.authorship);
  facts.Set(std::max(work.disclosure, facts.Get<Disclosure>()));
  facts.Set(work.subject);
  facts.Set(work.age);
  consent = book.ConsentOf(work, use, time, reasons);
  Add(consent, facts);
  if (!notices.Empty()) AddNotice(notices, "work " + work.id, use, time, facts);
  return facts;
}

Facts MemberFacts(const Book& book, const SubjectRef& member, const Use& use,
                  core::Timestamp time) {
  Facts facts = FactsOf(use);
  facts.Set(Material::kViewingHistory);
  Add(book.ConsentOf(member, use, time, Book::Reasons::kLeaveOut), facts);
  return facts;
}

std::string ConsentWords(const ConsentFacts& consent) {
  std::string text = fmt::format(
      "consent {}", AttributeValues(Attribute::kConsent)[static_cast<size_t>(consent.consent)]);
  for (size_t i = 0; i < consent.because.size() && i < 3; ++i)
    text += (i == 0 ? " by " : ", ") + consent.because[i];
  return text;
}

Refusal MakeRefusal(const PolicySet& policies, ClauseIndex index, std::string subject,
                    std::string why) {
  const Clause& clause = policies.clause(index);
  const Pack& pack = policies.pack_of(index);
  return {std::move(subject), pack.name,   pack.version,  clause.id,
          clause.source,      clause.says, std::move(why)};
}

Refusal NothingPermits(const PolicySet& policies, std::string subject, std::string why) {
  const Pack& base = policies.packs().front();
  return {std::move(subject), base.name, base.version,
          "default",          "klieg",   "What no clause permits is refused.",
          std::move(why)};
}

std::string ClauseText(const Refusal& refusal) {
  return fmt::format("{} {}, clause {} ({}): {}", refusal.pack, refusal.version, refusal.clause,
                     refusal.source, refusal.says);
}

/// "'forecast' of work heist (consent unknown)", "'register-literary' of work robo (authorship
/// generated)".
std::string UseWords(const std::string& subject, const Facts& facts, const ConsentFacts& consent) {
  const auto action = facts.Get<Action>();
  if (action == Action::kRegisterLiterary || action == Action::kRegisterSource ||
      action == Action::kHandToWriter) {
    return fmt::format("'{}' of {} (authorship {})", facts.Name(Attribute::kAction), subject,
                       facts.Name(Attribute::kAuthorship));
  }
  return fmt::format("'{}' of {} ({})", facts.Name(Attribute::kPurpose), subject,
                     ConsentWords(consent));
}

/// The refusals of one policy decision.
std::vector<Refusal> RefusalsOf(const PolicySet& policies, const PolicyDecision& answer,
                                const std::string& subject, const Facts& facts,
                                const ConsentFacts& consent) {
  const std::string why = UseWords(subject, facts, consent);
  if (answer.because.empty()) return {NothingPermits(policies, subject, why)};
  std::vector<Refusal> refusals;
  for (const ClauseIndex index : answer.because)
    refusals.push_back(MakeRefusal(policies, index, subject, why));
  return refusals;
}

std::string ObligationId(const Pack& pack, const Clause& clause, size_t index,
                         const std::string& subject, const std::string& project) {
  return "o-" + core::HashBytes(fmt::format("klieg obligation v1\n{}\n{}\n{}\n{}\n{}", pack.name,
                                            clause.id, index, subject, project))
                    .Hex()
                    .substr(0, 16);
}

/// What a permission asks for and has not been given.
void AddDue(const Book& book, const Notices& notices, const PolicySet& policies, ClauseIndex index,
            const std::string& subject, const Use& use, const Facts& facts, core::Timestamp time,
            std::vector<DueObligation>& due) {
  const Clause& clause = policies.clause(index);
  const Pack& pack = policies.pack_of(index);
  for (size_t i = 0; i < clause.obligations.size(); ++i) {
    const Obligation& obligation = clause.obligations[i];
    DueObligation one{ObligationId(pack, clause, i, subject, use.project),
                      pack.name,
                      clause.id,
                      obligation,
                      subject,
                      use.project,
                      false,
                      {}};
    const auto record = book.obligations().find(one.id);
    one.opened = record != book.obligations().end();
    if (one.opened && record->second.met) continue;
    if (obligation.kind == ObligationKind::kAskAgain &&
        facts.Get<ProjectMatch>() == ProjectMatch::kSame) {
      continue;  // The consent names this very project: it was asked.
    }
    if (obligation.kind == ObligationKind::kWait) {
      if (facts.Get<Notice>() == Notice::kAtLeast48Hours && obligation.hours <= 48) continue;
      if (const auto told = notices.Find(subject, use.project)) {
        one.due_from = core::Timestamp{told->micros + obligation.hours * kMicrosPerHour};
        if (time >= *one.due_from) continue;
      }
    }
    due.push_back(std::move(one));
  }
}

std::string DueText(const DueObligation& due) {
  std::string text =
      fmt::format("{} {}", ObligationKindName(due.obligation.kind),
                  due.obligation.kind == ObligationKind::kWait
                      ? fmt::format("{} hours after the notice", due.obligation.hours)
                      : due.obligation.what);
  if (due.due_from) text += fmt::format(" (until {})", core::FormatTimestamp(*due.due_from));
  return fmt::format("{} [{}, clause {}]: klieg rights met {}", text, due.pack, due.clause, due.id);
}

/// All refusals in words: what each is about once, then the clauses.
std::string WhyRefused(const std::vector<Refusal>& refusals) {
  std::string text;
  std::string last;
  for (const Refusal& refusal : refusals) {
    if (!text.empty()) text += "; ";
    text += refusal.why == last ? ClauseText(refusal) : RefusalText(refusal);
    last = refusal.why;
  }
  return text;
}

void Finish(Decision& decision) {
  decision.why = WhyRefused(decision.refusals);
  if (decision.refusals.empty()) {
    for (const DueObligation& due : decision.due) {
      decision.why += decision.why.empty() ? "an obligation is unmet: " : "; ";
      decision.why += DueText(due);
    }
  }
  std::ranges::sort(decision.because);
  const auto repeated = std::ranges::unique(decision.because);
  decision.because.erase(repeated.begin(), repeated.end());
  decision.permitted = decision.refusals.empty() && decision.due.empty();
}

/// Adds what the policies say of one subject that must be permitted.
void Require(const Book& book, const Notices& notices, const PolicySet& policies,
             const std::string& subject, const Facts& facts, const ConsentFacts& consent,
             const Use& use, core::Timestamp time, Decision& decision) {
  const PolicyDecision answer = policies.Decide(facts, time);
  if (!answer.permitted) {
    const std::vector<Refusal> refusals = RefusalsOf(policies, answer, subject, facts, consent);
    decision.refusals.insert(decision.refusals.end(), refusals.begin(), refusals.end());
    return;
  }
  for (const ClauseIndex index : answer.because) {
    decision.because.push_back(index);
    AddDue(book, notices, policies, index, subject, use, facts, time, decision.due);
  }
}

/// A member or work with a consent of its own, as one question to the policies.
struct Question {
  const SubjectRef* member = nullptr;
  const Work* work = nullptr;

  std::string Subject() const {
    return member != nullptr ? "member " + member->Text() : "work " + work->id;
  }
  /// With its reasons: asked again for those few that are put into words.
  ConsentFacts Consent(const Book& book, const Use& use, core::Timestamp time) const {
    return member != nullptr ? book.ConsentOf(*member, use, time)
                             : book.ConsentOf(*work, use, time);
  }
};

struct Questions {
  std::vector<Question> questions;
  std::vector<Facts> facts;
};

Questions Gather(const Book& book, const Notices& notices, const Attribution& attribution,
                 const Use& use, core::Timestamp time) {
  Questions gathered;
  gathered.questions.reserve(book.members().size() + book.works().size());
  gathered.facts.reserve(gathered.questions.capacity());
  for (const SubjectRef& member : book.members()) {
    if (!MatchesFamily(member, attribution.families)) continue;
    gathered.facts.push_back(MemberFacts(book, member, use, time));
    gathered.questions.push_back({&member, nullptr});
  }
  for (const auto& [id, work] : book.works()) {
    const bool here = std::ranges::any_of(work.titles, [&](const SubjectRef& title) {
      return MatchesFamily(title, attribution.families);
    });
    if (!here) continue;
    ConsentFacts consent;
    gathered.facts.push_back(
        FactsOf(book, notices, work, use, time, consent, Book::Reasons::kLeaveOut));
    gathered.questions.push_back({nullptr, &work});
  }
  return gathered;
}

/// The reasons for which rows are left out: each clause once, told of the first subject that it
/// refused, so that ten thousand refusals are not put into words.
class Reasons {
 public:
  Reasons(const Book& book, const PolicySet& policies, const Use& use, core::Timestamp time)
      : book_(book), policies_(policies), use_(use), time_(time) {}

  void Add(const PolicyDecision& answer, const Question& question, const Facts& facts) {
    const bool known = answer.because.empty()
                           ? default_told_
                           : std::ranges::all_of(answer.because, [&](ClauseIndex clause) {
                               return told_.contains(clause);
                             });
    if (known) return;
    default_told_ = default_told_ || answer.because.empty();
    told_.insert(answer.because.begin(), answer.because.end());
    for (Refusal& refusal : RefusalsOf(policies_, answer, question.Subject(), facts,
                                       question.Consent(book_, use_, time_))) {
      reasons_.try_emplace({refusal.pack, refusal.clause}, std::move(refusal));
    }
  }

  std::vector<Refusal> Take() {
    std::vector<Refusal> list;
    for (auto& [clause, refusal] : reasons_) list.push_back(std::move(refusal));
    return list;
  }

 private:
  const Book& book_;
  const PolicySet& policies_;
  const Use& use_;
  core::Timestamp time_;
  bool default_told_ = false;
  std::set<ClauseIndex> told_;
  std::map<std::pair<std::string, std::string>, Refusal> reasons_;
};

void SortUnique(std::vector<std::string>& values) {
  std::ranges::sort(values);
  const auto repeated = std::ranges::unique(values);
  values.erase(repeated.begin(), repeated.end());
}

}  // namespace

std::string RefusalText(const Refusal& refusal) {
  if (refusal.pack == "terms") return refusal.why;
  return fmt::format("{}: {}", refusal.why, ClauseText(refusal));
}

Decision DecideWork(const Book& book, const PolicySet& policies, const Work& work, const Use& use,
                    core::Timestamp time) {
  Decision decision;
  const Notices notices(book);
  ConsentFacts consent;
  const Facts facts = FactsOf(book, notices, work, use, time, consent);
  Require(book, notices, policies, "work " + work.id, facts, consent, use, time, decision);
  Finish(decision);
  return decision;
}

SnapshotDecision DecideSnapshot(const Book& book, const PolicySet& policies,
                                const core::Digest& snapshot, const Use& use,
                                core::Timestamp time) {
  SnapshotDecision result;
  Decision& decision = result.decision;
  std::vector<Terms> terms;
  for (const auto& [owner, owned] : book.TermsOf(snapshot)) terms.push_back(owned);
  const TermsVerdict verdict = DecideTerms(snapshot, terms, use.purpose, time);
  decision.terms = verdict.terms;
  const std::string subject = "snapshot " + snapshot.Short();
  if (!verdict.permitted) {
    decision.refusals.push_back({subject, "terms", "1", std::string(PurposeName(use.purpose)),
                                 "terms of the dataset's owner",
                                 "What the owner of a dataset does not permit is refused.",
                                 verdict.why});
    Finish(decision);
    return result;
  }
  const Notices notices(book);
  const Attribution& attribution = book.AttributionOf(snapshot);
  // The rows as such: viewing histories of members of whom nothing particular is known. Tables of
  // titles hold no viewing history, but the question is the same or milder for them.
  Facts facts = FactsOf(use);
  facts.Set(Material::kViewingHistory);
  Require(book, notices, policies, subject, facts, {}, use, time, decision);
  for (const std::string& id : attribution.works) {
    const Work* work = book.FindWork(id);
    if (work == nullptr) continue;
    ConsentFacts consent;
    facts = FactsOf(book, notices, *work, use, time, consent);
    Require(book, notices, policies, "work " + id, facts, consent, use, time, decision);
  }
  if (decision.refusals.empty()) {
    const Questions asked = Gather(book, notices, attribution, use, time);
    const std::vector<PolicyDecision> answers = policies.DecideAll(asked.facts, time);
    Reasons reasons(book, policies, use, time);
    for (size_t i = 0; i < answers.size(); ++i) {
      const Question& question = asked.questions[i];
      if (answers[i].permitted) {
        for (const ClauseIndex index : answers[i].because) {
          if (policies.clause(index).obligations.empty()) continue;
          AddDue(book, notices, policies, index, question.Subject(), use, asked.facts[i], time,
                 decision.due);
        }
        continue;
      }
      if (answers[i].stops_run) {
        const std::vector<Refusal> refusals =
            RefusalsOf(policies, answers[i], question.Subject(), asked.facts[i],
                       question.Consent(book, use, time));
        decision.refusals.insert(decision.refusals.end(), refusals.begin(), refusals.end());
        continue;
      }
      reasons.Add(answers[i], question, asked.facts[i]);
      if (question.member != nullptr) {
        result.rows.members.push_back(question.member->id);
      } else {
        for (const SubjectRef& title : question.work->titles) {
          if (MatchesFamily(title, attribution.families)) result.rows.titles.push_back(title.id);
        }
      }
    }
    result.rows.reasons = reasons.Take();
    SortUnique(result.rows.members);
    SortUnique(result.rows.titles);
  }
  Finish(decision);
  return result;
}

std::vector<RefusedSubject> RefusedSubjects(const Book& book, const PolicySet& policies,
                                            const core::Digest& snapshot, const Use& use,
                                            core::Timestamp time) {
  const Attribution& attribution = book.AttributionOf(snapshot);
  const Notices notices(book);
  const Questions asked = Gather(book, notices, attribution, use, time);
  const std::vector<PolicyDecision> answers = policies.DecideAll(asked.facts, time);
  std::vector<RefusedSubject> refused;
  for (size_t i = 0; i < answers.size(); ++i) {
    if (answers[i].permitted) continue;
    const Question& question = asked.questions[i];
    const Refusal refusal = RefusalsOf(policies, answers[i], question.Subject(), asked.facts[i],
                                       question.Consent(book, use, time))
                                .front();
    if (question.work != nullptr) {
      refused.push_back({"work", question.work->id, refusal});
      // A work that was linked to its titles after a training is found by them.
      for (const SubjectRef& title : question.work->titles) {
        for (const std::string& family : attribution.families) {
          if (title.family == "*" || title.family == family)
            refused.push_back({"title", family + "/" + title.id, refusal});
        }
      }
      continue;
    }
    for (const std::string& family : attribution.families) {
      if (question.member->family == "*" || question.member->family == family)
        refused.push_back({"member", family + "/" + question.member->id, refusal});
    }
  }
  for (const std::string& id : attribution.works) {
    const Work* work = book.FindWork(id);
    if (work == nullptr) continue;
    const Decision decision = DecideWork(book, policies, *work, use, time);
    if (!decision.refusals.empty()) refused.push_back({"work", id, decision.refusals.front()});
  }
  return refused;
}

}  // namespace klieg::rights
