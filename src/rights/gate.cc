#include "rights/gate.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/check.h"
#include "rights/terms_decision.h"

namespace klieg::rights {
namespace {

using core::ErrorCode;
using core::Fail;
using Json = nlohmann::json;

constexpr const char* kTermsKind = "terms";
constexpr const char* kDecisionKind = "decision";

/// Bytes that are not UTF-8, as a file name may have, become U+FFFD: a log of text must hold text.
std::string Dump(const Json& body) {
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json DigestList(const std::vector<core::Digest>& digests) {
  Json list = Json::array();
  for (const core::Digest& digest : digests) list.push_back(digest.Hex());
  return list;
}

Json DecisionBody(const char* action, const std::string& actor, const Decision& decision) {
  Json body = {{"action", action},
               {"actor", actor},
               {"decision", decision.permitted ? "permit" : "refuse"},
               {"terms", DigestList(decision.terms)}};
  if (!decision.permitted) body["why"] = decision.why;
  return body;
}

tl::unexpected<core::Error> Refusal(const Decision& decision, uint64_t sequence) {
  return Fail(ErrorCode::kRefused, "refused: {}; see log entry {}", decision.why, sequence);
}

core::Status CheckActor(const std::string& actor) {
  if (actor.empty())
    return Fail(ErrorCode::kInvalidArgument, "the gate must know who asks: the actor is empty");
  return {};
}

/// The "terms" entry's body, read back.
struct TermsRecord {
  core::Digest snapshot;
  Terms terms;
};

core::Result<TermsRecord> ReadTermsRecord(const std::string& body) {
  const Json object = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  const auto snapshot = object.find("snapshot");
  const auto terms = object.find("terms");
  if (snapshot == object.end() || !snapshot->is_string() || terms == object.end() ||
      !terms->is_object()) {
    return Fail(ErrorCode::kCorrupt, "expected 'snapshot' and 'terms'");
  }
  TermsRecord record;
  KLIEG_ASSIGN(record.snapshot, core::Digest::FromHex(snapshot->get<std::string>()));
  KLIEG_ASSIGN(record.terms, ParseCanonicalTerms(Dump(*terms)));
  return record;
}

}  // namespace

core::Result<Gate> Gate::Open(std::filesystem::path log_path, const core::Clock& clock) {
  KnownTerms known;
  KLIEG_ASSIGN(Log log, Log::Open(std::move(log_path),
                                  [&](const LogEntry& entry) { return Learn(entry, known); }));
  return Gate(std::move(log), clock, std::move(known));
}

/// Entries of kinds that this version does not know are kept and passed over: they can only have
/// been written by a version that knows more, and that one refuses where we would have to.
core::Status Gate::Learn(const LogEntry& entry, KnownTerms& known) {
  if (entry.kind != kTermsKind) return {};
  core::Result<TermsRecord> record = ReadTermsRecord(entry.body);
  if (!record) {
    return Fail(ErrorCode::kCorrupt, "entry {} holds no readable terms: {}", entry.sequence,
                record.error().message);
  }
  const std::string owner = record->terms.owner;
  known[record->snapshot].insert_or_assign(owner, std::move(record->terms));
  return {};
}

LogVisitor Gate::Learner() {
  return [this](const LogEntry& entry) { return Learn(entry, terms_); };
}

core::Result<LogEntry> Gate::Record(const std::function<LogDraft()>& decide) {
  KLIEG_ASSIGN(std::optional<LogEntry> entry,
               log_.AppendDecided(Learner(), [&] { return std::optional(decide()); }));
  KLIEG_CHECK(entry.has_value(), "a decision was made and not recorded");
  return std::move(*entry);
}

core::Status Gate::AskImport(const std::string& actor, const std::string& source,
                             const Terms& terms) {
  KLIEG_TRY(CheckActor(actor));
  KLIEG_TRY(CheckTerms(terms));
  const core::Timestamp now = clock_->Now();
  const Decision decision = DecideImport(terms, now);
  KLIEG_ASSIGN(const LogEntry entry, Record([&] {
                 Json body = DecisionBody("import", actor, decision);
                 body["source"] = source;
                 return LogDraft{now, kDecisionKind, Dump(body)};
               }));
  if (!decision.permitted) return Refusal(decision, entry.sequence);
  return {};
}

core::Status Gate::RegisterTerms(const core::Digest& snapshot, const Terms& terms,
                                 const std::string& actor) {
  KLIEG_TRY(CheckActor(actor));
  KLIEG_TRY(CheckTerms(terms));
  const auto decide = [&]() -> core::Result<std::optional<LogDraft>> {
    const auto owners = terms_.find(snapshot);
    if (owners != terms_.end()) {
      const auto standing = owners->second.find(terms.owner);
      if (standing != owners->second.end() && standing->second == terms)
        return std::optional<LogDraft>();
    }
    const Json body = {{"actor", actor},
                       {"snapshot", snapshot.Hex()},
                       {"terms", Json::parse(CanonicalText(terms), nullptr, false)}};
    return std::optional(LogDraft{clock_->Now(), kTermsKind, Dump(body)});
  };
  KLIEG_ASSIGN(const std::optional<LogEntry> entry, log_.AppendDecided(Learner(), decide));
  // Learning from the entry, not from the argument, keeps this gate and a later one of the same
  // mind.
  return entry ? Learn(*entry, terms_) : core::Status();
}

core::Result<Permit> Gate::Ask(const Request& request) {
  KLIEG_TRY(CheckActor(request.actor));
  Decision decision;
  KLIEG_ASSIGN(const LogEntry entry, Record([&] {
                 const core::Timestamp now = clock_->Now();
                 decision =
                     DecideUse(request.snapshot, TermsOf(request.snapshot), request.purpose, now);
                 Json body = DecisionBody("use", request.actor, decision);
                 body["purpose"] = PurposeName(request.purpose);
                 body["reason"] = request.reason;
                 body["snapshot"] = request.snapshot.Hex();
                 return LogDraft{now, kDecisionKind, Dump(body)};
               }));
  if (!decision.permitted) return Refusal(decision, entry.sequence);
  Permit permit;
  permit.snapshot_ = request.snapshot;
  permit.purpose_ = request.purpose;
  permit.log_sequence_ = entry.sequence;
  permit.log_hash_ = entry.hash;
  permit.terms_ = std::move(decision.terms);
  return permit;
}

std::vector<Terms> Gate::TermsOf(const core::Digest& snapshot) const {
  std::vector<Terms> in_force;
  const auto owners = terms_.find(snapshot);
  if (owners == terms_.end()) return in_force;
  for (const auto& [owner, terms] : owners->second) in_force.push_back(terms);
  return in_force;
}

}  // namespace klieg::rights
