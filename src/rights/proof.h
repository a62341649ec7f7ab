/// The proof that a writer, a performer or a member gets: a small JSON file that is checked against
/// a signed head, offline, by a program that shares no code with this one (verifier/).
///
///     KLIEG_ASSIGN(const std::string proof, MakeSubjectProof(registration, log.tree(),
///                                                            head.tree_size, subjects,
///                                                            SubjectKind::kMember, "42"));
///     KLIEG_ASSIGN(const ProvenClaim claim, VerifyProof(proof, head, {.key = house_key}));
///
/// Two things can be proven. *Subject*: that a member, work or title was, or was not, in the
/// training set of a model, as the log recorded it. *Consistency*: that the log of a later head
/// begins with the log of an earlier one. A proof never contains the head that it is checked
/// against: that comes from whoever checks. docs/formats/proofs.md gives the bytes, the steps of a
/// verifier, and what none of this can prove.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/error.h"
#include "core/hash.h"
#include "rights/log.h"
#include "rights/merkle_tree.h"
#include "rights/signing_key.h"
#include "rights/subject_tree.h"
#include "rights/tree_head.h"

namespace klieg::rights {

/// The kind of the log entry that registers a model.
inline constexpr std::string_view kModelEntryKind = "model";

/// What such an entry's body must hold; it may hold more.
///
///     {"artifact":"<hex>","name":"house","training_set":{"root":"<hex>","rows":9,"salt":"<hex>",
///      "subjects":3},"version":1}
struct ModelRegistration {
  core::Digest artifact;  ///< Digest of the model's file.
  std::string name;
  uint64_t version = 0;
  SubjectSetRoot training_set;
};

/// kCorrupt when the entry is of another kind or its body lacks a member.
core::Result<ModelRegistration> ParseModelRegistration(const LogEntry& entry);

/// A proof for the head of `tree_size` entries. `registration` is the log's own entry; `set` is what
/// its body names. kInvalidArgument when they do not belong together, or the entry lies beyond
/// `tree_size`.
core::Result<std::string> MakeSubjectProof(const LogEntry& registration, const MerkleTree& tree,
                                           uint64_t tree_size, const SubjectTree& set,
                                           SubjectKind kind, std::string_view id);

/// A proof that the log of `from` is the beginning of that of `to`, both heads of `tree`.
core::Result<std::string> MakeConsistencyProof(const TreeHead& from, const TreeHead& to,
                                               const MerkleTree& tree);

/// What a verifier knows from elsewhere; what is not given is not compared.
struct ProofExpectation {
  std::optional<PublicKey> key =
      std::nullopt;  ///< Whose head it must be. Without it, anybody's will do.
  std::optional<TreeHead> since =
      std::nullopt;  ///< The earlier head; a consistency proof needs it.
  std::optional<SubjectKind> kind =
      std::nullopt;                              ///< The claim must be about this kind of subject,
  std::optional<std::string> id = std::nullopt;  ///< with this id.
  std::optional<core::Digest> artifact =
      std::nullopt;  ///< The claim must be about this model file.
};

/// What was proven, read from the evidence.
struct ProvenClaim {
  enum class Kind { kSubject, kConsistency };
  Kind kind = Kind::kSubject;
  // Of a subject:
  SubjectKind subject_kind = SubjectKind::kMember;
  std::string id;
  std::optional<uint64_t> rows;  ///< None: it was not in the training set.
  ModelRegistration model;
  uint64_t entry = 0;        ///< Place of the registration in the log.
  core::Timestamp recorded;  ///< When, by the clock of the log's machine.
  // Of consistency:
  uint64_t from_size = 0;
};

/// Checks a proof against a head. The error says what does not hold: kCorrupt for a proof or head
/// that is damaged or false, kInvalidArgument for one that is about something else than expected
/// (another head, subject or model), kVersion for a later format. Any bytes may be given.
core::Result<ProvenClaim> VerifyProof(std::string_view text, const TreeHead& head,
                                      const ProofExpectation& expected = {});

}  // namespace klieg::rights
