/// Proofs for the people concerned, made from the log, the training sets and a signed head.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/error.h"
#include "flows/session.h"
#include "rights/proof.h"

namespace klieg::flows {

struct ProveRequest {
  std::string model;  ///< "house" or "house@1".
  rights::SubjectKind kind = rights::SubjectKind::kMember;
  std::string id;              ///< "films/42"; of members and titles "42" will do.
  std::filesystem::path head;  ///< A published head to prove against; empty: a new one is signed.
};

struct Proof {
  std::string text;              ///< Canonical JSON, docs/formats/proofs.md.
  rights::TreeHead head;         ///< What it is to be checked against.
  std::optional<uint64_t> rows;  ///< None: the subject was not in the training set.
  std::string subject;           ///< "member films/42"
  std::string model;             ///< "house@1"
};

/// kInvalidArgument when the head is older than the model's registration, or not of this log.
core::Result<Proof> ProveSubject(Session& session, const ProveRequest& request);

/// That the log of `since` is the beginning of that of `head` (empty: a new one is signed).
core::Result<Proof> ProveConsistency(Session& session, const std::filesystem::path& since,
                                     const std::filesystem::path& head);

}  // namespace klieg::flows
