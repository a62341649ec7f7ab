#include "rights/book.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "rights/grant_signature.h"

namespace klieg::rights {
namespace {

using core::ErrorCode;
using core::Fail;
using Json = nlohmann::json;

std::string Dump(const Json& object) {
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

tl::unexpected<core::Error> Unreadable(const LogEntry& entry, std::string_view why) {
  return Fail(ErrorCode::kCorrupt, "entry {} holds no readable {}: {}", entry.sequence, entry.kind,
              why);
}

/// The record within an entry's body: {"actor": …, "<key>": {…}}.
core::Result<std::string> RecordText(const LogEntry& entry, const char* key) {
  const Json body = Json::parse(entry.body, nullptr, /*allow_exceptions=*/false);
  const auto record = body.find(key);
  if (record == body.end() || !record->is_object()) return Unreadable(entry, "no record");
  return Dump(*record);
}

std::string TextOf(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool Contains(const std::vector<Purpose>& purposes, Purpose purpose) {
  return std::ranges::find(purposes, purpose) != purposes.end();
}

bool ConditionsHold(const Grant& grant, const Use& use) {
  return std::ranges::all_of(grant.conditions, [&](const auto& condition) {
    Facts facts = use.declared;
    facts.Set(use.purpose);
    facts.Set(use.action);
    return std::ranges::find(condition.second, facts.Index(condition.first)) !=
           condition.second.end();
  });
}

Evidence EvidenceOf(const RecordedGrant& record) {
  if (record.is_signed) return Evidence::kSignature;
  return record.grant.evidence.empty() ? Evidence::kNone : Evidence::kDocument;
}

/// How strong a permission is, in the order in which policies ask.
auto Strength(const ConsentFacts& facts) {
  return std::tuple(facts.evidence, facts.separate, facts.description, facts.project,
                    facts.consenter);
}

/// Adds what one grant says to what one holder has said so far.
void Hear(const RecordedGrant& record, const Use& use, Consenter consenter, Book::Reasons reasons,
          ConsentFacts& said) {
  const Grant& grant = record.grant;
  const bool named = !grant.project.empty();
  const bool same = named && grant.project == use.project;
  if (Contains(grant.refuses, use.purpose) && (!named || same)) {
    if (said.consent != Consent::kRefused) said.because.clear();
    said.consent = Consent::kRefused;
    if (reasons == Book::Reasons::kGive) said.because.push_back(record.id);
    return;
  }
  if (said.consent == Consent::kRefused || !Contains(grant.permits, use.purpose)) return;
  if (named && !same) {
    if (said.consent == Consent::kUnknown) said.project = ProjectMatch::kOther;
    return;
  }
  if (!ConditionsHold(grant, use)) return;
  ConsentFacts one;
  one.consent = Consent::kPermitted;
  one.consenter = consenter;
  one.evidence = EvidenceOf(record);
  one.separate = grant.separate;
  one.description = grant.description;
  one.project = same ? ProjectMatch::kSame : ProjectMatch::kNone;
  if (reasons == Book::Reasons::kGive) one.because = {record.id};
  if (said.consent == Consent::kUnknown || Strength(one) > Strength(said)) said = std::move(one);
}

void Refuse(const RecordedWithdrawal& record, Book::Reasons reasons, ConsentFacts& said) {
  if (said.consent != Consent::kRefused) said = ConsentFacts();
  said.consent = Consent::kRefused;
  if (reasons == Book::Reasons::kGive) said.because.push_back(record.id);
}

/// Of several holders: any refusal refuses, all must permit, and the weakest words count.
ConsentFacts Meet(ConsentFacts a, const ConsentFacts& b) {
  a.because.insert(a.because.end(), b.because.begin(), b.because.end());
  if (a.consent == Consent::kRefused || b.consent == Consent::kRefused) {
    a.consent = Consent::kRefused;
    return a;
  }
  a.consent = std::min(a.consent, b.consent);
  a.consenter = std::min(a.consenter, b.consenter);
  a.evidence = std::min(a.evidence, b.evidence);
  a.separate = std::min(a.separate, b.separate);
  a.description = std::min(a.description, b.description);
  // kNone < kOther < kSame as values; a mention of another project is the weaker of kOther and kSame.
  a.project = std::min(a.project, b.project);
  return a;
}

bool InForce(const RecordedGrant& record, core::Timestamp time) {
  return record.superseded_by.empty() && record.grant.period.Contains(time);
}

bool Overlap(const Period& a, const Period& b) {
  return (!a.until || !b.from || *b.from < *a.until) && (!b.until || !a.from || *a.from < *b.until);
}

template <class T>
bool Intersect(const std::vector<T>& a, const std::vector<T>& b) {
  return std::ranges::any_of(a, [&](const T& one) { return std::ranges::find(b, one) != b.end(); });
}

}  // namespace

bool MatchesFamily(const SubjectRef& ref, const std::set<std::string>& families) {
  return ref.family == "*" || families.empty() || families.contains(ref.family);
}

bool Matches(const SubjectRef& ref, const std::set<std::string>& families, std::string_view id) {
  return ref.id == id && MatchesFamily(ref, families);
}

core::Status Book::Learn(const LogEntry& entry) {
  last_time_ = std::max(last_time_, entry.time);
  if (entry.kind == kTermsKind) return LearnTerms(entry);
  if (entry.kind == kAttributionKind) return LearnAttribution(entry);
  if (entry.kind == kObligationKind) return LearnObligation(entry);
  if (entry.kind == kModelKind || entry.kind == kQuarantineKind) return LearnModel(entry);
  if (entry.kind == kPartyKind) {
    KLIEG_ASSIGN(const std::string text, RecordText(entry, "party"));
    auto party = ParseParty(text);
    if (!party) return Unreadable(entry, party.error().message);
    for (const std::string& holder : party->represents) representatives_[holder].insert(party->id);
    parties_.insert_or_assign(party->id, *party);
  } else if (entry.kind == kWorkKind) {
    KLIEG_ASSIGN(const std::string text, RecordText(entry, "work"));
    auto work = ParseWork(text);
    if (!work) return Unreadable(entry, work.error().message);
    works_.insert_or_assign(work->id, *work);
  } else if (entry.kind == kGrantKind) {
    KLIEG_ASSIGN(const std::string text, RecordText(entry, "grant"));
    auto grant = ParseGrant(text);
    if (!grant) return Unreadable(entry, grant.error().message);
    const Json body = Json::parse(entry.body, nullptr, false);
    RecordedGrant record{GrantId(*grant), std::move(*grant), !TextOf(body, "signature").empty(),
                         entry.sequence,  entry.time,        {}};
    Supersede(record.grant.supersedes, record.id);
    for (const std::string& work : record.grant.works)
      grants_of_work_[work].push_back(grants_.size());
    for (const SubjectRef& member : record.grant.members) {
      grants_of_member_[member.id].push_back(grants_.size());
      members_.insert(member);
    }
    grants_.push_back(std::move(record));
  } else if (entry.kind == kWithdrawalKind) {
    KLIEG_ASSIGN(const std::string text, RecordText(entry, "withdrawal"));
    auto withdrawal = ParseWithdrawal(text);
    if (!withdrawal) return Unreadable(entry, withdrawal.error().message);
    for (const SubjectRef& member : withdrawal->members) {
      members_.insert(member);
      withdrawals_of_member_[member.id].push_back(withdrawals_.size());
    }
    if (!withdrawal->party.empty())
      withdrawals_of_party_[withdrawal->party].push_back(withdrawals_.size());
    withdrawals_.push_back({fmt::format("w-{}", entry.sequence),
                            std::move(*withdrawal),
                            entry.sequence,
                            entry.time,
                            {}});
  } else if (entry.kind == kPackKind) {
    const Json body = Json::parse(entry.body, nullptr, false);
    const std::string name = TextOf(body, "name");
    const std::string text = TextOf(body, "text");
    if (name.empty() || text.empty()) return Unreadable(entry, "expected 'name' and 'text'");
    adopted_packs_.insert_or_assign(name, text);
  }
  return {};
}

core::Status Book::LearnTerms(const LogEntry& entry) {
  const Json body = Json::parse(entry.body, nullptr, false);
  const auto snapshot = core::Digest::FromHex(TextOf(body, "snapshot"));
  const auto record = body.find("terms");
  if (!snapshot || record == body.end() || !record->is_object())
    return Unreadable(entry, "expected 'snapshot' and 'terms'");
  auto terms = ParseCanonicalTerms(Dump(*record));
  if (!terms) return Unreadable(entry, terms.error().message);
  const std::string owner = terms->owner;
  terms_[*snapshot].insert_or_assign(owner, std::move(*terms));
  return {};
}

core::Status Book::LearnAttribution(const LogEntry& entry) {
  const Json body = Json::parse(entry.body, nullptr, false);
  const auto snapshot = core::Digest::FromHex(TextOf(body, "snapshot"));
  const std::string family = TextOf(body, "family");
  const auto works = body.find("works");
  if (!snapshot || family.empty() || works == body.end() || !works->is_array())
    return Unreadable(entry, "expected 'snapshot', 'family' and 'works'");
  Attribution& attribution = attributions_[*snapshot];
  attribution.families.insert(family);
  for (const Json& work : *works) {
    if (!work.is_string()) return Unreadable(entry, "a work is no text");
    attribution.works.insert(work.get<std::string>());
  }
  return {};
}

core::Status Book::LearnObligation(const LogEntry& entry) {
  const Json body = Json::parse(entry.body, nullptr, false);
  const std::string id = TextOf(body, "id");
  if (id.empty()) return Unreadable(entry, "expected 'id'");
  const std::string state = TextOf(body, "state");
  if (state == "met") {
    const auto found = obligations_.find(id);
    if (found == obligations_.end()) return Unreadable(entry, "met, but never opened");
    found->second.met = entry.time;
    found->second.evidence = TextOf(body, "evidence");
    return {};
  }
  if (state != "open") return Unreadable(entry, "expected 'state' to be open or met");
  RecordedObligation record;
  record.id = id;
  record.pack = TextOf(body, "pack");
  record.clause = TextOf(body, "clause");
  record.subject = TextOf(body, "subject");
  record.project = TextOf(body, "project");
  record.obligation.what = TextOf(body, "what");
  const std::string kind = TextOf(body, "kind");
  bool known = false;
  for (const ObligationKind one : {ObligationKind::kPay, ObligationKind::kNotify,
                                   ObligationKind::kWait, ObligationKind::kAskAgain}) {
    if (ObligationKindName(one) != kind) continue;
    record.obligation.kind = one;
    known = true;
  }
  if (!known) return Unreadable(entry, "unknown kind of obligation");
  const auto hours = body.find("hours");
  if (hours != body.end() && hours->is_number_unsigned())
    record.obligation.hours = hours->get<uint32_t>();
  record.opened = entry.time;
  obligations_.try_emplace(id, std::move(record));
  return {};
}

core::Status Book::LearnModel(const LogEntry& entry) {
  const Json body = Json::parse(entry.body, nullptr, false);
  const auto artifact = core::Digest::FromHex(TextOf(body, "artifact"));
  if (!artifact) return Unreadable(entry, "expected 'artifact'");
  if (entry.kind == kQuarantineKind) {
    const auto found = models_.find(*artifact);
    if (found == models_.end()) return Unreadable(entry, "of a model that was never registered");
    found->second.quarantine = TextOf(body, "why");
    return {};
  }
  RecordedModel record;
  record.artifact = *artifact;
  record.name = TextOf(body, "name");
  record.sequence = entry.sequence;
  record.body = entry.body;
  const auto version = body.find("version");
  if (version != body.end() && version->is_number_integer())
    record.version = version->get<int64_t>();
  const auto purpose = ParsePurpose(TextOf(body, "purpose"));
  if (!purpose) return Unreadable(entry, "expected 'purpose'");
  record.purpose = *purpose;
  const auto inputs = body.find("inputs");
  if (inputs == body.end() || !inputs->is_array()) return Unreadable(entry, "expected 'inputs'");
  for (const Json& input : *inputs) {
    const auto snapshot = input.is_object() ? core::Digest::FromHex(TextOf(input, "snapshot"))
                                            : core::Digest::FromHex("");
    if (!snapshot) return Unreadable(entry, "an input without 'snapshot'");
    record.inputs.push_back(*snapshot);
  }
  const auto set = body.find("training_set");
  if (set != body.end() && set->is_object()) {
    const auto root = core::Digest::FromHex(TextOf(*set, "root"));
    if (!root) return Unreadable(entry, "a training set without 'root'");
    record.subjects = *root;
  }
  models_.insert_or_assign(*artifact, std::move(record));
  return {};
}

void Book::Supersede(const std::vector<std::string>& ids, const std::string& by) {
  for (const std::string& id : ids) {
    for (RecordedGrant& record : grants_) {
      if (record.id == id) record.superseded_by = by;
    }
    for (RecordedWithdrawal& record : withdrawals_) {
      if (record.id == id) record.superseded_by = by;
    }
  }
}

const Party* Book::FindParty(std::string_view id) const {
  const auto found = parties_.find(id);
  return found == parties_.end() ? nullptr : &found->second;
}

const Work* Book::FindWork(std::string_view id) const {
  const auto found = works_.find(id);
  return found == works_.end() ? nullptr : &found->second;
}

const RecordedGrant* Book::FindGrant(std::string_view id) const {
  const auto found = std::ranges::find(grants_, id, &RecordedGrant::id);
  return found == grants_.end() ? nullptr : &*found;
}

const std::map<std::string, Terms>& Book::TermsOf(const core::Digest& snapshot) const {
  static const std::map<std::string, Terms> none;
  const auto found = terms_.find(snapshot);
  return found == terms_.end() ? none : found->second;
}

const Attribution& Book::AttributionOf(const core::Digest& snapshot) const {
  static const Attribution none;
  const auto found = attributions_.find(snapshot);
  return found == attributions_.end() ? none : found->second;
}

bool Book::Speaks(const std::string& grantor, const std::string& holder) const {
  return ConsenterOf(grantor, holder) != Consenter::kNobody;
}

Consenter Book::ConsenterOf(const std::string& grantor, const std::string& holder) const {
  if (grantor == holder) return Consenter::kSelf;
  const Party* party = FindParty(grantor);
  if (party == nullptr || !std::ranges::binary_search(party->represents, holder))
    return Consenter::kNobody;
  if (party->role == PartyRole::kEstate) return Consenter::kRepresentative;
  return party->role == PartyRole::kGuild ? Consenter::kUnion : Consenter::kOther;
}

void Book::HearWithdrawals(const Work& work, const std::string& speaker, Purpose purpose,
                           Reasons reasons, ConsentFacts& said) const {
  const auto indices = withdrawals_of_party_.find(speaker);
  if (indices == withdrawals_of_party_.end()) return;
  for (const size_t index : indices->second) {
    const RecordedWithdrawal& record = withdrawals_[index];
    const Withdrawal& withdrawal = record.withdrawal;
    if (!record.superseded_by.empty() || !Contains(withdrawal.purposes, purpose)) continue;
    // Without works all are meant, unless it is about members only.
    const bool meant = withdrawal.works.empty()
                           ? withdrawal.members.empty()
                           : std::ranges::binary_search(withdrawal.works, work.id);
    if (meant) Refuse(record, reasons, said);
  }
}

ConsentFacts Book::ConsentOf(const Work& work, const Use& use, core::Timestamp time,
                             Reasons reasons) const {
  ConsentFacts all;
  bool first = true;
  const auto indices = grants_of_work_.find(work.id);
  for (const Holding& holding : work.holders) {
    ConsentFacts said;
    if (indices != grants_of_work_.end()) {
      for (const size_t index : indices->second) {
        const RecordedGrant& record = grants_[index];
        const Consenter consenter = ConsenterOf(record.grant.grantor, holding.party);
        if (consenter == Consenter::kNobody || !InForce(record, time)) continue;
        Hear(record, use, consenter, reasons, said);
      }
    }
    if (!withdrawals_of_party_.empty()) {
      HearWithdrawals(work, holding.party, use.purpose, reasons, said);
      if (const auto others = representatives_.find(holding.party);
          others != representatives_.end()) {
        for (const std::string& other : others->second)
          HearWithdrawals(work, other, use.purpose, reasons, said);
      }
    }
    all = first ? std::move(said) : Meet(std::move(all), said);
    first = false;
  }
  return all;
}

ConsentFacts Book::ConsentOf(const SubjectRef& member, const Use& use, core::Timestamp time,
                             Reasons reasons) const {
  ConsentFacts said;
  // A reference to any family speaks of this one too, and a question about any of all.
  const auto same = [&](const SubjectRef& ref) {
    return ref.id == member.id &&
           (ref.family == member.family || ref.family == "*" || member.family == "*");
  };
  if (const auto found = grants_of_member_.find(member.id); found != grants_of_member_.end()) {
    for (const size_t index : found->second) {
      const RecordedGrant& record = grants_[index];
      if (std::ranges::any_of(record.grant.members, same) && InForce(record, time))
        Hear(record, use, Consenter::kSelf, reasons, said);
    }
  }
  const auto found = withdrawals_of_member_.find(member.id);
  if (found == withdrawals_of_member_.end()) return said;
  for (const size_t index : found->second) {
    const RecordedWithdrawal& record = withdrawals_[index];
    if (record.superseded_by.empty() && Contains(record.withdrawal.purposes, use.purpose) &&
        std::ranges::any_of(record.withdrawal.members, same)) {
      Refuse(record, reasons, said);
    }
  }
  return said;
}

core::Status Book::CheckNew(const Party& party) const {
  KLIEG_TRY(CheckParty(party));
  for (const std::string& other : party.represents) {
    if (FindParty(other) == nullptr)
      return Fail(ErrorCode::kNotFound,
                  "party '{}' represents '{}', who is not recorded: klieg rights party add {}",
                  party.id, other, other);
  }
  return {};
}

core::Status Book::CheckNew(const Work& work) const {
  KLIEG_TRY(CheckWork(work));
  for (const Holding& holding : work.holders) {
    if (FindParty(holding.party) == nullptr) {
      return Fail(ErrorCode::kNotFound,
                  "work '{}' names '{}', who is not recorded: klieg rights party add {}", work.id,
                  holding.party, holding.party);
    }
  }
  return {};
}

core::Status Book::CheckNew(const SignedGrant& signed_grant, core::Timestamp now) const {
  const Grant& grant = signed_grant.grant;
  KLIEG_TRY(CheckGrant(grant));
  const std::string id = GrantId(grant);
  if (const RecordedGrant* standing = FindGrant(id); standing != nullptr) {
    return Fail(
        ErrorCode::kAlreadyExists, "this grant stands already: {}, entry {}{}; nothing was added",
        id, standing->sequence,
        standing->superseded_by.empty() ? "" : ", since superseded by " + standing->superseded_by);
  }
  if (grant.period.until && *grant.period.until <= now) {
    return Fail(ErrorCode::kInvalidArgument,
                "the grant ended on {}, which has passed: ask '{}' for a new one",
                core::FormatTimestamp(*grant.period.until), grant.grantor);
  }
  for (const std::string& party : {grant.grantor, grant.grantee}) {
    if (FindParty(party) == nullptr) {
      return Fail(ErrorCode::kNotFound,
                  "the grant names '{}', who is not recorded: klieg rights party add {}", party,
                  party);
    }
  }
  for (const std::string& name : grant.works) {
    const Work* work = FindWork(name);
    if (work == nullptr) {
      return Fail(ErrorCode::kNotFound,
                  "the grant names the work '{}', which is not recorded: klieg rights work add {}",
                  name, name);
    }
    if (std::ranges::none_of(work->holders, [&](const Holding& holding) {
          return Speaks(grant.grantor, holding.party);
        })) {
      return Fail(ErrorCode::kInvalidArgument,
                  "'{}' holds no right in the work '{}' and represents nobody who does",
                  grant.grantor, name);
    }
  }
  if (!grant.members.empty() && FindParty(grant.grantor)->role != PartyRole::kMember) {
    return Fail(ErrorCode::kInvalidArgument,
                "only a member can grant the use of a viewing history; '{}' is a {}", grant.grantor,
                PartyRoleName(FindParty(grant.grantor)->role));
  }
  for (const std::string& old : grant.supersedes) {
    const bool withdrawal =
        std::ranges::find(withdrawals_, old, &RecordedWithdrawal::id) != withdrawals_.end();
    const RecordedGrant* earlier = FindGrant(old);
    if (!withdrawal && earlier == nullptr)
      return Fail(ErrorCode::kNotFound, "the grant supersedes '{}', which is not recorded", old);
    if (earlier != nullptr && earlier->grant.grantor != grant.grantor) {
      return Fail(ErrorCode::kInvalidArgument,
                  "the grant supersedes {}, which is not by '{}' but by '{}'", old, grant.grantor,
                  earlier->grant.grantor);
    }
  }
  for (const RecordedGrant& other : grants_) {
    const Grant& old = other.grant;
    const bool standing =
        other.superseded_by.empty() && (!old.period.until || *old.period.until > now);
    const bool named = std::ranges::find(grant.supersedes, other.id) != grant.supersedes.end();
    if (!standing || named || old.grantor != grant.grantor || old.project != grant.project ||
        !Overlap(old.period, grant.period) ||
        !(Intersect(old.works, grant.works) || Intersect(old.members, grant.members))) {
      continue;
    }
    if (Intersect(old.permits, grant.refuses) || Intersect(old.refuses, grant.permits)) {
      return Fail(ErrorCode::kInvalidArgument,
                  "the grant contradicts {} of the same grantor, which stands: name it under "
                  "'supersedes' if it is to be replaced",
                  other.id);
    }
  }
  const std::string& key = FindParty(grant.grantor)->public_key;
  if (signed_grant.signature.empty()) {
    if (key.empty()) return {};
    return Fail(
        ErrorCode::kInvalidArgument,
        "'{}' has a key, so that grants need a signature: klieg rights sign GRANT --key FILE",
        grant.grantor);
  }
  if (key.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                "the grant is signed, but no key of '{}' is recorded to check it with",
                grant.grantor);
  }
  if (auto valid = CheckGrantSignature(grant, key, signed_grant.signature); !valid) {
    return Fail(ErrorCode::kInvalidArgument, "the signature of the grant is not by '{}': {}",
                grant.grantor, valid.error().message);
  }
  return {};
}

core::Status Book::CheckNew(const Withdrawal& withdrawal) const {
  KLIEG_TRY(CheckWithdrawal(withdrawal));
  if (!withdrawal.party.empty() && FindParty(withdrawal.party) == nullptr) {
    return Fail(ErrorCode::kNotFound, "there is no party '{}' on record", withdrawal.party);
  }
  for (const std::string& name : withdrawal.works) {
    const Work* work = FindWork(name);
    if (work == nullptr) return Fail(ErrorCode::kNotFound, "there is no work '{}' on record", name);
    if (std::ranges::none_of(work->holders, [&](const Holding& holding) {
          return Speaks(withdrawal.party, holding.party);
        })) {
      return Fail(ErrorCode::kInvalidArgument, "'{}' holds no right in the work '{}'",
                  withdrawal.party, name);
    }
  }
  return {};
}

}  // namespace klieg::rights
