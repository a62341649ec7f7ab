#include "flows/prove_flow.h"

#include <algorithm>

namespace klieg::flows {
namespace {

core::Result<rights::TreeHead> ReadHead(const std::filesystem::path& path) {
  KLIEG_ASSIGN(const std::string text, core::ReadFile(path, uint64_t{1} << 20));
  auto head = rights::ParseTreeHead(text);
  if (!head) return core::Prefix(head.error(), path.string());
  if (auto valid = rights::VerifyTreeHead(*head); !valid)
    return core::Prefix(valid.error(), path.string());
  return head;
}

/// The head that was asked for, which must be one of this log, or a new one.
core::Result<rights::TreeHead> HeadFor(Session& session, const std::filesystem::path& path) {
  KLIEG_ASSIGN(const rights::TreeHead latest, session.gate().SignHead());
  if (path.empty()) return latest;
  KLIEG_ASSIGN(const rights::TreeHead head, ReadHead(path));
  const rights::MerkleTree& tree = session.gate().log().tree();
  if (head.public_key != latest.public_key || head.tree_size > tree.size() ||
      tree.Root(head.tree_size) != head.root) {
    return core::Fail(core::ErrorCode::kInvalidArgument,
                      "'{}' is not a head of this log: it is of {} entries with root {}, by key {}",
                      path.string(), head.tree_size, head.root.Short(),
                      head.public_key.Hex().substr(0, 12));
  }
  return head;
}

core::Result<rights::LogEntry> EntryAt(Session& session, uint64_t sequence) {
  std::optional<rights::LogEntry> found;
  KLIEG_TRY(session.gate().log().ForEach([&](const rights::LogEntry& entry) {
    if (entry.sequence == sequence) found = entry;
  }));
  if (!found) return core::Fail(core::ErrorCode::kCorrupt, "the log has no entry {}", sequence);
  return std::move(*found);
}

/// Members and titles are named with their family; "42" means that of the model's data.
core::Result<std::string> QualifiedId(Session& session, const rights::RecordedModel& model,
                                      rights::SubjectKind kind, const std::string& id) {
  if (kind == rights::SubjectKind::kWork || id.find('/') != std::string::npos) return id;
  std::set<std::string> families;
  for (const core::Digest& input : model.inputs) {
    const auto& some = session.gate().book().AttributionOf(input).families;
    families.insert(some.begin(), some.end());
  }
  if (families.size() == 1) return *families.begin() + "/" + id;
  return core::Fail(core::ErrorCode::kInvalidArgument,
                    "'{}' may be of {} families of datasets ({}): name one, as in films/{}", id,
                    families.size(), fmt::join(families, ", "), id);
}

}  // namespace

core::Result<Proof> ProveSubject(Session& session, const ProveRequest& request) {
  KLIEG_ASSIGN(const platform::ModelRecord record, session.store().GetModel(request.model));
  KLIEG_ASSIGN(const core::Digest artifact, core::Digest::FromHex(record.digest));
  const auto& models = session.gate().book().models();
  const auto entry = models.find(artifact);
  if (entry == models.end() || !entry->second.subjects) {
    return core::Fail(
        core::ErrorCode::kNotFound,
        "the log holds no training set of {}@{}: it was made by an older klieg; train "
        "it again",
        record.name, record.version);
  }
  const rights::RecordedModel model = entry->second;
  Proof proof;
  KLIEG_ASSIGN(proof.head, HeadFor(session, request.head));
  if (model.sequence >= proof.head.tree_size) {
    return core::Fail(core::ErrorCode::kInvalidArgument,
                      "the head '{}' is of {} entries, and {}@{} was registered as entry {} after "
                      "it: publish a new head (klieg rights head)",
                      request.head.string(), proof.head.tree_size, record.name, record.version,
                      model.sequence);
  }
  KLIEG_ASSIGN(const std::string id, QualifiedId(session, model, request.kind, request.id));
  KLIEG_ASSIGN(const rights::SubjectTree set,
               rights::SubjectTree::Load(session.gate().SubjectsPath(*model.subjects)));
  KLIEG_ASSIGN(const rights::LogEntry registration, EntryAt(session, model.sequence));
  KLIEG_ASSIGN(proof.text, rights::MakeSubjectProof(registration, session.gate().log().tree(),
                                                    proof.head.tree_size, set, request.kind, id));
  // What is handed out holds: the first reader is us.
  KLIEG_TRY(rights::VerifyProof(proof.text, proof.head));
  proof.rows = set.Find(request.kind, id);
  proof.subject = fmt::format("{} {}", rights::SubjectKindName(request.kind), id);
  proof.model = fmt::format("{}@{}", record.name, record.version);
  return proof;
}

core::Result<Proof> ProveConsistency(Session& session, const std::filesystem::path& since,
                                     const std::filesystem::path& head) {
  Proof proof;
  KLIEG_ASSIGN(proof.head, HeadFor(session, head));
  KLIEG_ASSIGN(const rights::TreeHead from, HeadFor(session, since));
  KLIEG_ASSIGN(proof.text,
               rights::MakeConsistencyProof(from, proof.head, session.gate().log().tree()));
  KLIEG_TRY(rights::VerifyProof(proof.text, proof.head, {.since = from}));
  return proof;
}

}  // namespace klieg::flows
