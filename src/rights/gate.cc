#include "rights/gate.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/check.h"
#include "core/file.h"
#include "rights/head_file.h"
#include "rights/policy_check.h"
#include "rights/terms_decision.h"

namespace klieg::rights {
namespace {

using core::ErrorCode;
using core::Fail;
using Json = nlohmann::json;

/// Bytes that are not UTF-8, as a file name may have, become U+FFFD: a log of text must hold text.
std::string Dump(const Json& body) {
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json DigestList(const std::vector<core::Digest>& digests) {
  Json list = Json::array();
  for (const core::Digest& digest : digests) list.push_back(digest.Hex());
  return list;
}

Json RefusalJson(const Refusal& refusal) {
  return {{"clause", refusal.clause}, {"pack", refusal.pack},       {"says", refusal.says},
          {"source", refusal.source}, {"subject", refusal.subject}, {"version", refusal.version},
          {"why", refusal.why}};
}

Json RefusalList(const std::vector<Refusal>& refusals) {
  Json list = Json::array();
  for (const Refusal& refusal : refusals) list.push_back(RefusalJson(refusal));
  return list;
}

Json DueList(const std::vector<DueObligation>& due) {
  Json list = Json::array();
  for (const DueObligation& one : due) {
    list.push_back({{"clause", one.clause},
                    {"id", one.id},
                    {"kind", ObligationKindName(one.obligation.kind)},
                    {"pack", one.pack},
                    {"subject", one.subject},
                    {"what", one.obligation.what}});
  }
  return list;
}

/// Declared facts that differ from the default: "what the actor stated".
Json DeclaredJson(const Use& use) {
  Json object = Json::object();
  for (size_t i = 0; i < kAttributeCount; ++i) {
    const auto attribute = static_cast<Attribute>(i);
    if (attribute == Attribute::kPurpose || attribute == Attribute::kAction) continue;
    if (use.declared.Index(attribute) == 0) continue;
    object[std::string(AttributeName(attribute))] = use.declared.Name(attribute);
  }
  return object;
}

Json DecisionBody(std::string_view action, const std::string& actor, const Decision& decision) {
  Json body = {{"action", action},
               {"actor", actor},
               {"decision", decision.permitted ? "permit" : "refuse"},
               {"terms", DigestList(decision.terms)}};
  if (decision.permitted) return body;
  body["why"] = decision.why.substr(0, 4096);
  // A thousand works may refuse; the log names some of them, and the packs do not change.
  if (!decision.refusals.empty()) {
    body["refusals"] =
        RefusalList({decision.refusals.begin(),
                     decision.refusals.begin() + static_cast<std::ptrdiff_t>(std::min<size_t>(
                                                     decision.refusals.size(), 20))});
  }
  if (!decision.due.empty()) body["due"] = DueList(decision.due);
  return body;
}

void AddUse(const Use& use, Json& body) {
  body["purpose"] = PurposeName(use.purpose);
  if (!use.project.empty()) body["project"] = use.project;
  Json declared = DeclaredJson(use);
  if (!declared.empty()) body["declared"] = std::move(declared);
}

void AddClauses(const PolicySet& policies, const Decision& decision, Json& body) {
  Json list = Json::array();
  for (const ClauseIndex index : decision.because) {
    const Pack& pack = policies.pack_of(index);
    list.push_back(fmt::format("{}@{}/{}", pack.name, pack.version, policies.clause(index).id));
  }
  if (!list.empty()) body["clauses"] = std::move(list);
}

void AddRows(const RowRules& rows, Json& body) {
  if (rows.Empty()) return;
  std::string names;
  for (const std::string& id : rows.members) names += "member:" + id + "\n";
  for (const std::string& id : rows.titles) names += "title:" + id + "\n";
  body["rows"] = {{"clauses", RefusalList(rows.reasons)},
                  {"digest", core::HashBytes(names).Hex()},
                  {"members", rows.members.size()},
                  {"rule", rows.kind == RowRules::Kind::kOnly ? "only" : "all-but"},
                  {"titles", rows.titles.size()}};
}

tl::unexpected<core::Error> Refused(const Decision& decision, uint64_t sequence) {
  core::Error error{ErrorCode::kRefused,
                    fmt::format("refused: {}; see log entry {}", decision.why, sequence),
                    Dump({{"due", DueList(decision.due)},
                          {"entry", sequence},
                          {"refusals", RefusalList(decision.refusals)}})};
  return tl::unexpected<core::Error>(std::move(error));
}

core::Status CheckActor(const std::string& actor) {
  if (actor.empty())
    return Fail(ErrorCode::kInvalidArgument, "the gate must know who asks: the actor is empty");
  return {};
}

Decision FromVerdict(const TermsVerdict& verdict) {
  Decision decision;
  decision.permitted = verdict.permitted;
  decision.why = verdict.why;
  decision.terms = verdict.terms;
  if (!verdict.permitted) {
    decision.refusals.push_back({"import", "terms", "1", "expiry", "terms of the dataset's owner",
                                 "Terms that have expired permit nothing.", verdict.why});
  }
  return decision;
}

void Merge(std::vector<std::string>& into, const std::vector<std::string>& more) {
  into.insert(into.end(), more.begin(), more.end());
  std::ranges::sort(into);
  const auto repeated = std::ranges::unique(into);
  into.erase(repeated.begin(), repeated.end());
}

void Append(Decision& into, const Decision& other) {
  into.refusals.insert(into.refusals.end(), other.refusals.begin(), other.refusals.end());
  into.due.insert(into.due.end(), other.due.begin(), other.due.end());
  into.terms.insert(into.terms.end(), other.terms.begin(), other.terms.end());
  into.because.insert(into.because.end(), other.because.begin(), other.because.end());
  if (!other.permitted) {
    if (!into.why.empty()) into.why += "; ";
    into.why += other.why;
  }
}

Json RecordBody(const std::string& actor, const char* key, const std::string& text) {
  return {{"actor", actor}, {key, Json::parse(text, nullptr, false)}};
}

Json ModelBody(const ModelEntry& model, const std::string& actor) {
  Json inputs = Json::array();
  for (const ModelInput& input : model.inputs)
    inputs.push_back({{"permit", input.permit}, {"snapshot", input.snapshot.Hex()}});
  Json body = {{"actor", actor},
               {"artifact", model.artifact.Hex()},
               {"code_version", model.code_version},
               {"inputs", inputs},
               {"instruction_set", model.instruction_set},
               {"learner", model.learner},
               {"name", model.name},
               {"parameters", Json::parse(model.parameters, nullptr, false)},
               {"purpose", PurposeName(model.purpose)},
               {"seed", std::to_string(model.seed)},
               {"version", model.version}};
  if (model.training_set) {
    body["training_set"] = {{"root", model.training_set->root.Hex()},
                            {"rows", model.training_set->rows},
                            {"salt", model.training_set->salt.Hex()},
                            {"subjects", model.training_set->subjects}};
  }
  const Json removal = Json::parse(model.removal, nullptr, false);
  if (removal.is_object() && !removal.empty()) body["removal"] = removal;
  return body;
}

/// No pack may make untrue what those in force promise.
core::Status CheckClaimsStillHold(const PolicySet& together, const Pack& adopted) {
  for (const Pack& pack : together.packs()) {
    for (const ClaimResult& result : CheckClaims(together, pack, pack.effective)) {
      if (result.state == ClaimState::kProven) continue;
      const Claim& claim = pack.claims[result.claim];
      return Fail(
          ErrorCode::kInvalidArgument,
          "with pack '{}' the claim '{}' of '{}' ({}) is {}{}; klieg policy check shows more",
          adopted.name, claim.id, pack.name, claim.says, ClaimStateName(result.state),
          result.counterexample ? ": " + Describe(result.counterexample->facts) : "");
    }
  }
  return {};
}

std::filesystem::path HeadsBeside(const std::filesystem::path& log) {
  return log.parent_path() / "rights.heads";
}

std::vector<core::Digest> SnapshotsOf(const std::vector<ModelInput>& inputs) {
  std::vector<core::Digest> snapshots;
  for (const ModelInput& input : inputs) snapshots.push_back(input.snapshot);
  return snapshots;
}

}  // namespace

core::Result<PolicySet> Gate::PoliciesOf(const Book& book) {
  std::vector<Pack> packs;
  for (const Pack& pack : ShippedPacks()) {
    if (!pack.optional) packs.push_back(pack);
  }
  for (const auto& [name, text] : book.adopted_packs()) {
    KLIEG_ASSIGN(Pack pack, ParsePack(text, name));
    packs.push_back(std::move(pack));
  }
  return PolicySet::Make(std::move(packs));
}

core::Result<Gate> Gate::Open(std::filesystem::path log_path, const core::Clock& clock) {
  // Heads first: every head that was signed by now is of entries that the log has by now, while one
  // that another process signs in between may be of more.
  KLIEG_ASSIGN(const HeadFile heads, HeadFile::Open(HeadsBeside(log_path)));
  Book book;
  KLIEG_ASSIGN(Log log, Log::Open(std::move(log_path),
                                  [&](const LogEntry& entry) { return book.Learn(entry); }));
  auto policies = PoliciesOf(book);
  if (!policies) {
    return Fail(ErrorCode::kCorrupt, "a pack that the log adopted cannot be read: {}",
                policies.error().message);
  }
  Gate gate(std::move(log), clock, std::move(book), std::move(*policies));
  KLIEG_TRY(heads.CheckHeadsAgainst(gate.log_.tree()));
  return gate;
}

std::filesystem::path Gate::HeadsPath() const { return HeadsBeside(log_.path()); }

core::Result<TreeHead> Gate::SignHead() {
  const std::filesystem::path folder = log_.path().parent_path() / "keys";
  const std::filesystem::path path = folder / "log.pem";
  KLIEG_TRY(core::MakeFolder(folder));
  // Of two processes that find no key one makes it; and nobody signs a longer log while we look.
  KLIEG_ASSIGN(const core::FileLock lock, core::FileLock::Acquire(folder / "lock"));
  KLIEG_TRY(CatchUp());
  KLIEG_ASSIGN(HeadFile heads, HeadFile::Open(HeadsPath()));
  const std::optional<TreeHead> latest = heads.Latest();
  if (latest && latest->tree_size == log_.tree().size()) return *latest;
  core::Result<PrivateKey> key = PrivateKey::Load(path);
  if (!key && key.error().code == ErrorCode::kNotFound) {
    if (latest) {
      return Fail(ErrorCode::kNotFound,
                  "the key '{}' with which earlier heads were signed is gone: put it back from its "
                  "copy; a new key would break the chain of heads",
                  path.string());
    }
    KLIEG_ASSIGN(const PrivateKey fresh, PrivateKey::Generate());
    KLIEG_TRY(fresh.Save(path));
    key = PrivateKey::Load(path);
  }
  if (!key) return tl::unexpected<core::Error>(key.error());
  const core::Timestamp now = latest ? std::max(Now(), latest->time) : Now();
  KLIEG_ASSIGN(const TreeHead head, SignTreeHead(*key, log_.tree(), now));
  KLIEG_TRY(heads.Append(head, log_.tree()));
  return head;
}

core::Status Gate::Learn(const LogEntry& entry) {
  KLIEG_TRY(book_.Learn(entry));
  if (entry.kind != kPackKind) return {};
  KLIEG_ASSIGN(policies_, PoliciesOf(book_));
  return {};
}

LogVisitor Gate::Learner() {
  return [this](const LogEntry& entry) { return Learn(entry); };
}

core::Timestamp Gate::Now() const { return std::max(clock_->Now(), book_.last_time()); }

core::Status Gate::CatchUp() { return log_.CatchUp(Learner()); }

core::Result<LogEntry> Gate::Record(const std::function<core::Result<LogDraft>()>& decide) {
  const auto draft = [&]() -> core::Result<std::optional<LogDraft>> {
    KLIEG_ASSIGN(LogDraft made, decide());
    return std::optional(std::move(made));
  };
  KLIEG_ASSIGN(std::optional<LogEntry> entry, log_.AppendDecided(Learner(), draft));
  KLIEG_CHECK(entry.has_value(), "a decision was made and not recorded");
  // Learning from the entry, not from the argument, keeps this gate and a later one of one mind.
  KLIEG_TRY(Learn(*entry));
  return std::move(*entry);
}

core::Status Gate::AskImport(const std::string& actor, const std::string& source,
                             const Terms& terms) {
  KLIEG_TRY(CheckActor(actor));
  KLIEG_TRY(CheckTerms(terms));
  Decision decision;
  KLIEG_ASSIGN(const LogEntry entry, Record([&]() -> core::Result<LogDraft> {
                 const core::Timestamp now = Now();
                 decision = FromVerdict(DecideImport(terms, now));
                 Json body = DecisionBody("import", actor, decision);
                 body["source"] = source;
                 return LogDraft{now, std::string(kDecisionKind), Dump(body)};
               }));
  if (!decision.permitted) return Refused(decision, entry.sequence);
  return {};
}

core::Status Gate::RegisterTerms(const core::Digest& snapshot, const Terms& terms,
                                 const std::string& actor) {
  KLIEG_TRY(CheckActor(actor));
  KLIEG_TRY(CheckTerms(terms));
  const auto decide = [&]() -> core::Result<std::optional<LogDraft>> {
    const auto& owners = book_.TermsOf(snapshot);
    const auto standing = owners.find(terms.owner);
    if (standing != owners.end() && standing->second == terms) return std::optional<LogDraft>();
    const Json body = {{"actor", actor},
                       {"snapshot", snapshot.Hex()},
                       {"terms", Json::parse(CanonicalText(terms), nullptr, false)}};
    return std::optional(LogDraft{Now(), std::string(kTermsKind), Dump(body)});
  };
  KLIEG_ASSIGN(const std::optional<LogEntry> entry, log_.AppendDecided(Learner(), decide));
  return entry ? Learn(*entry) : core::Status();
}

core::Status Gate::RegisterAttribution(const core::Digest& snapshot, const std::string& family,
                                       const std::vector<std::string>& works,
                                       const std::string& actor) {
  KLIEG_TRY(CheckActor(actor));
  KLIEG_TRY(CheckTermsText("family", family));
  const auto decide = [&]() -> core::Result<std::optional<LogDraft>> {
    for (const std::string& work : works) {
      if (book_.FindWork(work) == nullptr) {
        return Fail(ErrorCode::kNotFound,
                    "there is no work '{}' on record: klieg rights work add {}", work, work);
      }
    }
    const Attribution& known = book_.AttributionOf(snapshot);
    const bool all = std::ranges::all_of(
        works, [&](const std::string& work) { return known.works.contains(work); });
    if (known.families.contains(family) && all) return std::optional<LogDraft>();
    const Json body = {
        {"actor", actor}, {"family", family}, {"snapshot", snapshot.Hex()}, {"works", works}};
    return std::optional(LogDraft{Now(), std::string(kAttributionKind), Dump(body)});
  };
  KLIEG_ASSIGN(const std::optional<LogEntry> entry, log_.AppendDecided(Learner(), decide));
  return entry ? Learn(*entry) : core::Status();
}

core::Status Gate::OpenObligations(const std::vector<DueObligation>& due,
                                   const std::string& actor) {
  for (const DueObligation& one : due) {
    const auto decide = [&]() -> core::Result<std::optional<LogDraft>> {
      if (book_.obligations().contains(one.id)) return std::optional<LogDraft>();
      const Json body = {{"actor", actor},
                         {"clause", one.clause},
                         {"hours", one.obligation.hours},
                         {"id", one.id},
                         {"kind", ObligationKindName(one.obligation.kind)},
                         {"pack", one.pack},
                         {"project", one.project},
                         {"state", "open"},
                         {"subject", one.subject},
                         {"what", one.obligation.what}};
      return std::optional(LogDraft{Now(), std::string(kObligationKind), Dump(body)});
    };
    KLIEG_ASSIGN(const std::optional<LogEntry> entry, log_.AppendDecided(Learner(), decide));
    if (entry) KLIEG_TRY(Learn(*entry));
  }
  return {};
}

core::Result<Permit> Gate::Ask(const Request& request) {
  KLIEG_TRY(CheckActor(request.actor));
  const bool removing = !request.only_members.empty() || !request.only_titles.empty();
  if (removing != (request.purpose == Purpose::kRemove)) {
    return Fail(ErrorCode::kInvalidArgument,
                "the purpose 'remove', and no other, reads the rows of named members and titles "
                "only");
  }
  Use use{request.purpose, Action::kUse, request.project, request.declared};
  SnapshotDecision answer;
  KLIEG_ASSIGN(const LogEntry entry, Record([&]() -> core::Result<LogDraft> {
                 const core::Timestamp now = Now();
                 answer = DecideSnapshot(book_, policies_, request.snapshot, use, now);
                 if (removing) {
                   answer.rows = {RowRules::Kind::kOnly, {}, {}, {}};
                   Merge(answer.rows.members, request.only_members);
                   Merge(answer.rows.titles, request.only_titles);
                 } else {
                   Merge(answer.rows.members, request.without_members);
                   Merge(answer.rows.titles, request.without_titles);
                 }
                 Json body = DecisionBody("use", request.actor, answer.decision);
                 AddUse(use, body);
                 AddClauses(policies_, answer.decision, body);
                 if (answer.decision.permitted) AddRows(answer.rows, body);
                 body["reason"] = request.reason;
                 body["snapshot"] = request.snapshot.Hex();
                 return LogDraft{now, std::string(kDecisionKind), Dump(body)};
               }));
  KLIEG_TRY(OpenObligations(answer.decision.due, request.actor));
  if (!answer.decision.permitted) return Refused(answer.decision, entry.sequence);
  Permit permit;
  permit.snapshot_ = request.snapshot;
  permit.purpose_ = request.purpose;
  permit.rows_ = std::move(answer.rows);
  permit.log_sequence_ = entry.sequence;
  permit.log_hash_ = entry.hash;
  permit.terms_ = std::move(answer.decision.terms);
  return permit;
}

core::Result<LogEntry> Gate::AskWork(const WorkRequest& request) {
  KLIEG_TRY(CheckActor(request.actor));
  Decision decision;
  KLIEG_ASSIGN(LogEntry entry, Record([&]() -> core::Result<LogDraft> {
                 const Work* work = book_.FindWork(request.work);
                 if (work == nullptr) {
                   return Fail(ErrorCode::kNotFound,
                               "there is no work '{}' on record: klieg rights show works lists "
                               "them",
                               request.work);
                 }
                 const core::Timestamp now = Now();
                 decision = DecideWork(book_, policies_, *work, request.use, now);
                 Facts facts;
                 facts.Set(request.use.action);
                 Json body = DecisionBody(facts.Name(Attribute::kAction), request.actor, decision);
                 AddUse(request.use, body);
                 AddClauses(policies_, decision, body);
                 body["reason"] = request.reason;
                 body["work"] = request.work;
                 return LogDraft{now, std::string(kDecisionKind), Dump(body)};
               }));
  KLIEG_TRY(OpenObligations(decision.due, request.actor));
  if (!decision.permitted) return Refused(decision, entry.sequence);
  return entry;
}

core::Result<Decision> Gate::DecideModel(const std::vector<core::Digest>& inputs,
                                         const std::optional<core::Digest>& subjects,
                                         const Use& use, const std::string& subject) const {
  Decision decision;
  decision.permitted = true;
  const core::Timestamp now = Now();
  std::vector<RefusedSubject> refused;
  for (const core::Digest& snapshot : inputs) {
    const SnapshotDecision answer = DecideSnapshot(book_, policies_, snapshot, use, now);
    Append(decision, answer.decision);
    if (!answer.decision.permitted) decision.permitted = false;
    const std::vector<RefusedSubject> some = RefusedSubjects(book_, policies_, snapshot, use, now);
    refused.insert(refused.end(), some.begin(), some.end());
  }
  if (refused.empty() || !subjects) return decision;
  // Only now is it worth reading who was in it.
  KLIEG_ASSIGN(const SubjectTree tree, SubjectTree::Load(SubjectsPath(*subjects)));
  if (tree.root() != *subjects) {
    return Fail(ErrorCode::kCorrupt, "'{}' does not have the root that it is named after",
                SubjectsPath(*subjects).string());
  }
  std::set<std::string> told;
  for (const RefusedSubject& one : refused) {
    KLIEG_ASSIGN(const SubjectKind kind, ParseSubjectKind(one.kind));
    if (!tree.Find(kind, one.id)) continue;
    decision.permitted = false;
    Refusal refusal = one.refusal;
    refusal.why = fmt::format("{} holds material of {}", subject, refusal.subject);
    if (!told.insert(refusal.why).second) continue;
    if (told.size() <= 20) {
      if (!decision.why.empty()) decision.why += "; ";
      decision.why += RefusalText(refusal);
    }
    decision.refusals.push_back(std::move(refusal));
  }
  return decision;
}

core::Status Gate::AskRegistration(const std::string& actor, const ModelEntry& model) {
  KLIEG_TRY(CheckActor(actor));
  const Use use{model.purpose, Action::kRegisterModel, {}, {}};
  const std::string subject = "model " + model.artifact.Short();
  Decision decision;
  KLIEG_ASSIGN(const LogEntry entry, Record([&]() -> core::Result<LogDraft> {
                 KLIEG_ASSIGN(decision, DecideModel(SnapshotsOf(model.inputs),
                                                    model.training_set
                                                        ? std::optional(model.training_set->root)
                                                        : std::nullopt,
                                                    use, subject));
                 Json body = DecisionBody("register-model", actor, decision);
                 AddUse(use, body);
                 body["artifact"] = model.artifact.Hex();
                 body["reason"] = fmt::format("register {}", model.name);
                 return LogDraft{Now(), std::string(kDecisionKind), Dump(body)};
               }));
  if (!decision.permitted) return Refused(decision, entry.sequence);
  return {};
}

core::Result<ModelPermit> Gate::AskModel(const ModelRequest& request) {
  KLIEG_TRY(CheckActor(request.actor));
  const Use use{request.purpose, request.action, {}, {}};
  Facts action;
  action.Set(request.action);
  Decision decision;
  KLIEG_ASSIGN(
      const LogEntry entry, Record([&]() -> core::Result<LogDraft> {
        const auto model = book_.models().find(request.artifact);
        std::string subject = "model " + request.artifact.Short();
        if (model == book_.models().end()) {
          decision.refusals.push_back({subject, "base", "1", "registered-models-only", "klieg",
                                       "Only models whose making is on record are used.",
                                       subject + " is not on record: train it again"});
        } else {
          const RecordedModel& record = model->second;
          subject = fmt::format("model {}@{}", record.name, record.version);
          KLIEG_ASSIGN(decision, DecideModel(record.inputs, record.subjects, use, subject));
          if (!record.quarantine.empty() && request.purpose != Purpose::kRemove) {
            decision.refusals.push_back({subject, "base", "1", "quarantine", "klieg",
                                         "A model in quarantine is not used.",
                                         subject + " is in quarantine: " + record.quarantine});
          }
        }
        decision.permitted = decision.refusals.empty() && decision.due.empty();
        if (decision.why.empty() && !decision.permitted) {
          for (const Refusal& refusal : decision.refusals)
            decision.why += (decision.why.empty() ? "" : "; ") + refusal.why;
        }
        Json body = DecisionBody(action.Name(Attribute::kAction), request.actor, decision);
        AddUse(use, body);
        body["artifact"] = request.artifact.Hex();
        body["reason"] = request.reason;
        return LogDraft{Now(), std::string(kDecisionKind), Dump(body)};
      }));
  if (!decision.permitted) return Refused(decision, entry.sequence);
  ModelPermit permit;
  permit.artifact_ = request.artifact;
  permit.purpose_ = request.purpose;
  permit.log_sequence_ = entry.sequence;
  return permit;
}

core::Result<LogEntry> Gate::RecordParty(const Party& party, const std::string& actor) {
  KLIEG_TRY(CheckActor(actor));
  return Record([&]() -> core::Result<LogDraft> {
    KLIEG_TRY(book_.CheckNew(party));
    return LogDraft{Now(), std::string(kPartyKind),
                    Dump(RecordBody(actor, "party", PartyText(party)))};
  });
}

core::Result<LogEntry> Gate::RecordWork(const Work& work, const std::string& actor) {
  KLIEG_TRY(CheckActor(actor));
  if (work.standing != WorkStanding::kNone) {
    const bool literary = work.standing == WorkStanding::kLiterary;
    Use use;
    use.action = literary ? Action::kRegisterLiterary : Action::kRegisterSource;
    Decision decision;
    KLIEG_ASSIGN(const LogEntry entry, Record([&]() -> core::Result<LogDraft> {
                   KLIEG_TRY(book_.CheckNew(work));
                   const core::Timestamp now = Now();
                   decision = DecideWork(book_, policies_, work, use, now);
                   Json body = DecisionBody(literary ? "register-literary" : "register-source",
                                            actor, decision);
                   body["work"] = work.id;
                   return LogDraft{now, std::string(kDecisionKind), Dump(body)};
                 }));
    if (!decision.permitted) return Refused(decision, entry.sequence);
  }
  return Record([&]() -> core::Result<LogDraft> {
    KLIEG_TRY(book_.CheckNew(work));
    return LogDraft{Now(), std::string(kWorkKind), Dump(RecordBody(actor, "work", WorkText(work)))};
  });
}

core::Result<LogEntry> Gate::RecordGrant(const SignedGrant& grant, const std::string& actor) {
  KLIEG_TRY(CheckActor(actor));
  return Record([&]() -> core::Result<LogDraft> {
    KLIEG_TRY(book_.CheckNew(grant, Now()));
    Json body = RecordBody(actor, "grant", GrantText(grant.grant));
    body["id"] = GrantId(grant.grant);
    if (!grant.signature.empty()) {
      body["public_key"] = book_.FindParty(grant.grant.grantor)->public_key;
      body["signature"] = grant.signature;
    }
    return LogDraft{Now(), std::string(kGrantKind), Dump(body)};
  });
}

core::Result<LogEntry> Gate::RecordWithdrawal(const Withdrawal& withdrawal,
                                              const std::string& actor) {
  KLIEG_TRY(CheckActor(actor));
  return Record([&]() -> core::Result<LogDraft> {
    KLIEG_TRY(book_.CheckNew(withdrawal));
    return LogDraft{Now(), std::string(kWithdrawalKind),
                    Dump(RecordBody(actor, "withdrawal", WithdrawalText(withdrawal)))};
  });
}

core::Result<LogEntry> Gate::RecordModel(const ModelEntry& model, const std::string& actor) {
  KLIEG_TRY(CheckActor(actor));
  return Record([&]() -> core::Result<LogDraft> {
    return LogDraft{Now(), std::string(kModelKind), Dump(ModelBody(model, actor))};
  });
}

core::Result<LogEntry> Gate::RecordQuarantine(const core::Digest& artifact, const std::string& why,
                                              const std::string& actor) {
  KLIEG_TRY(CheckActor(actor));
  return Record([&]() -> core::Result<LogDraft> {
    if (!book_.models().contains(artifact)) {
      return Fail(ErrorCode::kNotFound, "no model {} is on record", artifact.Short());
    }
    const Json body = {{"actor", actor}, {"artifact", artifact.Hex()}, {"why", why}};
    return LogDraft{Now(), std::string(kQuarantineKind), Dump(body)};
  });
}

core::Result<LogEntry> Gate::MeetObligation(const std::string& id, const std::string& evidence,
                                            const std::string& actor) {
  KLIEG_TRY(CheckActor(actor));
  KLIEG_TRY(CheckTermsText("evidence", evidence));
  return Record([&]() -> core::Result<LogDraft> {
    const auto found = book_.obligations().find(id);
    if (found == book_.obligations().end()) {
      return Fail(ErrorCode::kNotFound,
                  "there is no obligation '{}': klieg rights show obligations lists them", id);
    }
    if (found->second.met) {
      return Fail(ErrorCode::kAlreadyExists, "obligation {} was met on {}; nothing was added", id,
                  core::FormatTimestamp(*found->second.met));
    }
    if (found->second.obligation.kind == ObligationKind::kWait) {
      return Fail(ErrorCode::kInvalidArgument,
                  "obligation {} is to wait {} hours after the notice: time alone meets it", id,
                  found->second.obligation.hours);
    }
    const Json body = {{"actor", actor}, {"evidence", evidence}, {"id", id}, {"state", "met"}};
    return LogDraft{Now(), std::string(kObligationKind), Dump(body)};
  });
}

core::Result<LogEntry> Gate::AdoptPack(const std::string& text, const std::string& actor) {
  KLIEG_TRY(CheckActor(actor));
  KLIEG_ASSIGN(const Pack pack, ParsePack(text, "the pack"));
  for (const Pack& shipped : ShippedPacks()) {
    if (shipped.name == pack.name && !shipped.optional) {
      return Fail(ErrorCode::kAlreadyExists,
                  "'{}' is a shipped pack that is always in force; give yours another name",
                  pack.name);
    }
  }
  return Record([&]() -> core::Result<LogDraft> {
    std::vector<Pack> packs;
    for (const Pack& one : policies_.packs()) {
      if (one.name != pack.name) packs.push_back(one);
    }
    packs.push_back(pack);
    KLIEG_ASSIGN(const PolicySet together, PolicySet::Make(packs));
    KLIEG_TRY(CheckClaimsStillHold(together, pack));
    const Json body = {
        {"actor", actor}, {"name", pack.name}, {"text", text}, {"version", pack.version}};
    return LogDraft{Now(), std::string(kPackKind), Dump(body)};
  });
}

std::vector<Terms> Gate::TermsOf(const core::Digest& snapshot) const {
  std::vector<Terms> in_force;
  for (const auto& [owner, terms] : book_.TermsOf(snapshot)) in_force.push_back(terms);
  return in_force;
}

std::filesystem::path Gate::SubjectsPath(const core::Digest& root) const {
  return log_.path().parent_path() / "subjects" / (root.Hex() + ".subjects");
}

}  // namespace klieg::rights
