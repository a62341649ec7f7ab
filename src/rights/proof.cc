#include "rights/proof.h"

#include "rights/log_line.h"
#include "rights/proof_json.h"

namespace klieg::rights {
namespace {

using core::ErrorCode;
using core::Fail;
using nlohmann::json;

constexpr std::string_view kProofKind = "klieg-proof";
/// A line of 1 MiB, every byte escaped, and the paths.
constexpr size_t kMaxProofBytes = size_t{4} << 20;

struct Claim {
  core::Digest artifact;
  std::string id;
  SubjectKind kind = SubjectKind::kMember;
  std::string name;
  uint64_t version = 0;
  std::optional<uint64_t> rows;
};

struct SubjectEvidence {
  Claim claim;
  std::string line;
  uint64_t index = 0;
  uint64_t tree_size = 0;
  MerklePath path;
  SubjectProof subject;
};

struct ConsistencyEvidence {
  TreeRoot from;
  TreeRoot to;
  MerklePath path;
};

json JsonOf(const SubjectWitness& witness) {
  return {{"index", witness.index},
          {"key", witness.leaf.key.Hex()},
          {"path", JsonOfPath(witness.path)},
          {"rows", witness.leaf.rows}};
}

std::string Render(const SubjectEvidence& evidence) {
  const Claim& claim = evidence.claim;
  json witnesses = json::array();
  for (const SubjectWitness& one : evidence.subject.witnesses) witnesses.push_back(JsonOf(one));
  const json proof = {{"claim",
                       {{"artifact", claim.artifact.Hex()},
                        {"id", claim.id},
                        {"kind", SubjectKindName(claim.kind)},
                        {"name", claim.name},
                        {"present", claim.rows.has_value()},
                        {"rows", claim.rows.value_or(0)},
                        {"version", claim.version}}},
                      {"format", 1},
                      {"kind", kProofKind},
                      {"proves", "subject"},
                      {"registration",
                       {{"index", evidence.index},
                        {"line", evidence.line},
                        {"path", JsonOfPath(evidence.path)},
                        {"tree_size", evidence.tree_size}}},
                      {"witnesses", witnesses}};
  return proof.dump();
}

json JsonOf(const TreeRoot& tree) { return {{"root", tree.root.Hex()}, {"tree_size", tree.size}}; }

std::string Render(const ConsistencyEvidence& evidence) {
  const json proof = {{"format", 1},
                      {"from", JsonOf(evidence.from)},
                      {"kind", kProofKind},
                      {"path", JsonOfPath(evidence.path)},
                      {"proves", "consistency"},
                      {"to", JsonOf(evidence.to)}};
  return proof.dump();
}

core::Status AsCorrupt(core::Status status, std::string_view where) {
  if (status) return status;
  return Fail(ErrorCode::kCorrupt, "{}: {}", where, status.error().message);
}

core::Result<Claim> ReadClaim(const JsonObject& object) {
  Claim claim;
  KLIEG_ASSIGN(claim.artifact, object.DigestAt("artifact"));
  KLIEG_ASSIGN(claim.id, object.Text("id"));
  KLIEG_ASSIGN(const std::string kind, object.Text("kind"));
  const core::Result<SubjectKind> known = ParseSubjectKind(kind);
  if (!known) return Fail(ErrorCode::kCorrupt, "the claim's kind: {}", known.error().message);
  claim.kind = *known;
  KLIEG_TRY(AsCorrupt(CheckSubjectId(claim.kind, claim.id), "the claim"));
  KLIEG_ASSIGN(claim.name, object.Text("name"));
  KLIEG_ASSIGN(claim.version, object.Number("version"));
  KLIEG_ASSIGN(const bool present, object.Flag("present"));
  KLIEG_ASSIGN(const uint64_t rows, object.Number("rows"));
  if (present) claim.rows = rows;
  return claim;
}

core::Result<SubjectWitness> ReadWitness(const JsonObject& object) {
  SubjectWitness witness;
  KLIEG_ASSIGN(witness.index, object.Number("index"));
  KLIEG_ASSIGN(witness.leaf.key, object.DigestAt("key"));
  KLIEG_ASSIGN(witness.path, object.Path("path"));
  KLIEG_ASSIGN(witness.leaf.rows, object.Number("rows"));
  return witness;
}

core::Result<SubjectEvidence> ReadSubject(const JsonObject& object) {
  SubjectEvidence evidence;
  KLIEG_ASSIGN(const JsonObject claim, object.Object("claim"));
  KLIEG_ASSIGN(evidence.claim, ReadClaim(claim));
  KLIEG_ASSIGN(const JsonObject registration, object.Object("registration"));
  KLIEG_ASSIGN(evidence.index, registration.Number("index"));
  KLIEG_ASSIGN(evidence.line, registration.Text("line"));
  KLIEG_ASSIGN(evidence.path, registration.Path("path"));
  KLIEG_ASSIGN(evidence.tree_size, registration.Number("tree_size"));
  evidence.subject.rows = evidence.claim.rows;
  KLIEG_ASSIGN(const std::vector<JsonObject> witnesses, object.Objects("witnesses"));
  for (const JsonObject& one : witnesses) {
    KLIEG_ASSIGN(SubjectWitness witness, ReadWitness(one));
    evidence.subject.witnesses.push_back(std::move(witness));
  }
  return evidence;
}

core::Result<TreeRoot> ReadRoot(const JsonObject& object, const char* key) {
  TreeRoot tree;
  KLIEG_ASSIGN(const JsonObject member, object.Object(key));
  KLIEG_ASSIGN(tree.root, member.DigestAt("root"));
  KLIEG_ASSIGN(tree.size, member.Number("tree_size"));
  return tree;
}

core::Result<ConsistencyEvidence> ReadConsistency(const JsonObject& object) {
  ConsistencyEvidence evidence;
  KLIEG_ASSIGN(evidence.from, ReadRoot(object, "from"));
  KLIEG_ASSIGN(evidence.to, ReadRoot(object, "to"));
  KLIEG_ASSIGN(evidence.path, object.Path("path"));
  return evidence;
}

/// A proof that writes to other bytes than were read has members too many or another order.
core::Status CheckCanonical(const std::string& rendered, std::string_view text) {
  if (rendered == text) return {};
  return Fail(ErrorCode::kCorrupt, "the proof is not in its canonical form");
}

core::Status FalseIf(bool wrong, std::string_view message) {
  if (!wrong) return {};
  return Fail(ErrorCode::kCorrupt, "{}", message);
}

core::Status CheckSize(uint64_t in_proof, const TreeHead& head) {
  if (in_proof == head.tree_size) return {};
  return Fail(ErrorCode::kInvalidArgument,
              "the proof was made for the head of {} entries, this head has {}: take the head of "
              "that size, or ask for a proof for this head",
              in_proof, head.tree_size);
}

core::Status CheckExpected(const Claim& claim, const ProofExpectation& expected) {
  if ((expected.kind && *expected.kind != claim.kind) ||
      (expected.id && *expected.id != claim.id)) {
    return Fail(ErrorCode::kInvalidArgument, "the proof is about {} '{}', not the one asked about",
                SubjectKindName(claim.kind), claim.id);
  }
  if (expected.artifact && *expected.artifact != claim.artifact) {
    return Fail(ErrorCode::kInvalidArgument,
                "the proof is about the model {}@{} ({}), not the one asked about", claim.name,
                claim.version, claim.artifact.Short());
  }
  return {};
}

core::Status CheckClaim(const Claim& claim, const ModelRegistration& model) {
  return FalseIf(claim.artifact != model.artifact || claim.name != model.name ||
                     claim.version != model.version,
                 "the claim names another model than the log's entry");
}

core::Result<ProvenClaim> VerifySubject(const SubjectEvidence& evidence, const TreeHead& head,
                                        const ProofExpectation& expected) {
  KLIEG_TRY(CheckSize(evidence.tree_size, head));
  KLIEG_ASSIGN(const LogEntry entry, ParseLogLine(evidence.line));
  KLIEG_TRY(FalseIf(entry.sequence != evidence.index,
                    "the log's entry stands at another place than the proof says"));
  KLIEG_TRY(AsCorrupt(VerifyInclusion({evidence.index, evidence.tree_size}, LeafHash(evidence.line),
                                      evidence.path, head.root),
                      "the model's entry is not in the log of this head"));
  KLIEG_ASSIGN(const ModelRegistration model, ParseModelRegistration(entry));
  const Claim& claim = evidence.claim;
  KLIEG_TRY(CheckClaim(claim, model));
  KLIEG_TRY(
      AsCorrupt(VerifySubjectProof(model.training_set, claim.kind, claim.id, evidence.subject),
                "what is claimed of the subject does not follow"));
  KLIEG_TRY(CheckExpected(claim, expected));
  ProvenClaim proven;
  proven.kind = ProvenClaim::Kind::kSubject;
  proven.subject_kind = claim.kind;
  proven.id = claim.id;
  proven.rows = claim.rows;
  proven.model = model;
  proven.entry = entry.sequence;
  proven.recorded = entry.time;
  return proven;
}

core::Result<ProvenClaim> VerifyConsistent(const ConsistencyEvidence& evidence,
                                           const TreeHead& head, const ProofExpectation& expected) {
  if (!expected.since) {
    return Fail(ErrorCode::kInvalidArgument,
                "this proof connects two heads: give the earlier one too");
  }
  const TreeHead& since = *expected.since;
  KLIEG_TRY(AsCorrupt(VerifyTreeHead(since, head.public_key), "the earlier head"));
  KLIEG_TRY(CheckSize(evidence.to.size, head));
  KLIEG_TRY(CheckSize(evidence.from.size, since));
  KLIEG_TRY(FalseIf(evidence.to.root != head.root || evidence.from.root != since.root,
                    "the proof connects other roots than those of the two heads"));
  KLIEG_TRY(AsCorrupt(VerifyConsistency(evidence.from, evidence.to, evidence.path),
                      "the later log does not begin with the earlier one"));
  ProvenClaim proven;
  proven.kind = ProvenClaim::Kind::kConsistency;
  proven.from_size = evidence.from.size;
  return proven;
}

core::Result<ProvenClaim> VerifyObject(const JsonObject& object, std::string_view text,
                                       const TreeHead& head, const ProofExpectation& expected) {
  KLIEG_TRY(object.ExpectKind(kProofKind));
  KLIEG_ASSIGN(const std::string proves, object.Text("proves"));
  if (proves == "consistency") {
    KLIEG_ASSIGN(const ConsistencyEvidence evidence, ReadConsistency(object));
    KLIEG_TRY(CheckCanonical(Render(evidence), text));
    return VerifyConsistent(evidence, head, expected);
  }
  if (proves != "subject") {
    return Fail(ErrorCode::kCorrupt, "expected it to prove subject or consistency, found '{}'",
                proves);
  }
  KLIEG_ASSIGN(const SubjectEvidence evidence, ReadSubject(object));
  KLIEG_TRY(CheckCanonical(Render(evidence), text));
  return VerifySubject(evidence, head, expected);
}

}  // namespace

core::Result<ModelRegistration> ParseModelRegistration(const LogEntry& entry) {
  if (entry.kind != kModelEntryKind) {
    return Fail(ErrorCode::kCorrupt, "entry {} is of kind '{}', expected '{}'", entry.sequence,
                entry.kind, kModelEntryKind);
  }
  ModelRegistration model;
  KLIEG_ASSIGN(const JsonObject body, JsonObject::Parse(entry.body, kMaxLogBodyBytes));
  KLIEG_ASSIGN(model.artifact, body.DigestAt("artifact"));
  KLIEG_ASSIGN(model.name, body.Text("name"));
  KLIEG_ASSIGN(model.version, body.Number("version"));
  KLIEG_ASSIGN(const JsonObject set, body.Object("training_set"));
  KLIEG_ASSIGN(model.training_set.root, set.DigestAt("root"));
  KLIEG_ASSIGN(model.training_set.salt, set.DigestAt("salt"));
  KLIEG_ASSIGN(model.training_set.subjects, set.Number("subjects"));
  KLIEG_ASSIGN(model.training_set.rows, set.Number("rows"));
  return model;
}

core::Result<std::string> MakeSubjectProof(const LogEntry& registration, const MerkleTree& tree,
                                           uint64_t tree_size, const SubjectTree& set,
                                           SubjectKind kind, std::string_view id) {
  KLIEG_TRY(CheckSubjectId(kind, id));
  SubjectEvidence evidence;
  LogEntry entry = registration;
  KLIEG_ASSIGN(evidence.line, RenderLogLine(entry));
  evidence.line.pop_back();
  evidence.index = entry.sequence;
  evidence.tree_size = tree_size;
  KLIEG_ASSIGN(evidence.path, tree.InclusionProof(entry.sequence, tree_size));
  if (tree.leaf(entry.sequence) != LeafHash(evidence.line)) {
    return Fail(ErrorCode::kInvalidArgument, "entry {} is not the one of this log", entry.sequence);
  }
  KLIEG_ASSIGN(const ModelRegistration model, ParseModelRegistration(entry));
  if (RootOf(set) != model.training_set) {
    return Fail(ErrorCode::kInvalidArgument,
                "the list of subjects has the root {} ({} subjects), and {}@{} was registered with "
                "{} ({} subjects): it belongs to another model, or was changed",
                set.root().Short(), set.size(), model.name, model.version,
                model.training_set.root.Short(), model.training_set.subjects);
  }
  evidence.subject = set.Prove(kind, id);
  evidence.claim = {model.artifact, std::string(id), kind,
                    model.name,     model.version,   evidence.subject.rows};
  return Render(evidence);
}

core::Result<std::string> MakeConsistencyProof(const TreeHead& from, const TreeHead& to,
                                               const MerkleTree& tree) {
  ConsistencyEvidence evidence;
  evidence.from = {from.tree_size, from.root};
  evidence.to = {to.tree_size, to.root};
  KLIEG_ASSIGN(evidence.path, tree.ConsistencyProof(from.tree_size, to.tree_size));
  for (const TreeRoot& one : {evidence.from, evidence.to}) {
    KLIEG_ASSIGN(const core::Digest root, tree.Root(one.size));
    if (root != one.root) {
      return Fail(ErrorCode::kInvalidArgument,
                  "the head of {} entries has the root {}, the log has {}: the head is another "
                  "log's, or history was rewritten",
                  one.size, one.root.Short(), root.Short());
    }
  }
  return Render(evidence);
}

core::Result<ProvenClaim> VerifyProof(std::string_view text, const TreeHead& head,
                                      const ProofExpectation& expected) {
  KLIEG_TRY(VerifyTreeHead(head, expected.key));
  text = WithoutNewline(text);
  const core::Result<JsonObject> object = JsonObject::Parse(text, kMaxProofBytes);
  if (!object) return core::Prefix(object.error(), "this is no proof");
  return VerifyObject(*object, text, head, expected);
}

}  // namespace klieg::rights
