/// What a training set consisted of, as a sorted Merkle tree: so that a member can be shown that
/// their rows were in it, or were not, without being shown anybody else's.
///
///     KLIEG_ASSIGN(const SubjectTree tree, SubjectTree::Make(salt, std::move(subjects)));
///     // root(), salt, size() and rows() go into the log with the model (proof.h)
///     KLIEG_ASSIGN(const SubjectProof proof, tree.Prove(SubjectKind::kMember, "42"));
///
/// A subject is a member, a work or a title, with the number of training rows that are attributed
/// to it. Its key is salted, so that neighbours which a proof must show name nobody:
///
///     key  = SHA-256("klieg subject v1\n" || salt in hex || "\n" || kind || ":" || id)
///     leaf = key (32 bytes) || rows (8 bytes, big-endian)
///
/// The leaves stand in strictly ascending order of keys, and the root is that of RFC 9162 over
/// them. Because of the order, two leaves beside each other show that nothing lies between.
/// Who knows the salt (it stands in the log) can test a guessed id against a neighbour's key: see
/// docs/formats/proofs.md on what that gives away.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/hash.h"
#include "core/thread_pool.h"
#include "rights/merkle_tree.h"

namespace klieg::rights {

enum class SubjectKind { kMember, kWork, kTitle };

/// "member", "work", "title".
std::string_view SubjectKindName(SubjectKind kind);
/// kInvalidArgument lists the names that there are.
core::Result<SubjectKind> ParseSubjectKind(std::string_view name);

inline constexpr size_t kMaxSubjectIdBytes = 1024;

/// No count of rows is larger, nor their sum: what JSON holds exactly.
inline constexpr uint64_t kMaxSubjectRows = (uint64_t{1} << 53) - 1;

struct Subject {
  SubjectKind kind = SubjectKind::kMember;
  std::string id;     ///< UTF-8, 1 to kMaxSubjectIdBytes.
  uint64_t rows = 0;  ///< Training rows attributed to it; at least 1.
};

/// kInvalidArgument for an id that cannot stand in a proof.
core::Status CheckSubjectId(SubjectKind kind, std::string_view id);

/// 32 random bytes, fresh for each training set: the same member then has another key in each.
using SubjectSalt = core::Digest;

/// From the operating system's source of randomness. kInternal when there is none.
core::Result<SubjectSalt> RandomSalt();

core::Digest SubjectKey(const SubjectSalt& salt, SubjectKind kind, std::string_view id);

struct SubjectLeaf {
  core::Digest key;
  uint64_t rows = 0;
  bool operator==(const SubjectLeaf&) const = default;
};

/// The LeafHash of its 40 bytes.
core::Digest HashOfSubject(const SubjectLeaf& leaf);

/// One leaf, shown to be in the tree.
struct SubjectWitness {
  SubjectLeaf leaf;
  uint64_t index = 0;
  MerklePath path;
};

/// In the set: `witnesses` holds the subject's own leaf. Not in the set: the leaves between which
/// it would stand, in their order: two; one at either end of the tree; none of an empty tree.
struct SubjectProof {
  std::optional<uint64_t> rows;
  std::vector<SubjectWitness> witnesses;
};

/// Immutable; may be read from many threads. 104 bytes a subject.
class SubjectTree {
 public:
  /// kInvalidArgument for a subject that occurs twice, has no rows, or has an id that cannot stand
  /// in a proof. O(n log n): about a second for 1,000,000. `pool` may be null; the tree is the same.
  static core::Result<SubjectTree> Make(const SubjectSalt& salt,
                                        const std::vector<Subject>& subjects,
                                        core::ThreadPool* pool = nullptr);

  const SubjectSalt& salt() const { return salt_; }
  uint64_t size() const { return leaves_.size(); }
  core::Digest root() const { return tree_.Root(); }
  /// Sum over all subjects.
  uint64_t rows() const { return rows_; }

  /// The rows attributed to the subject; none when it is not in the set. O(log n).
  std::optional<uint64_t> Find(SubjectKind kind, std::string_view id) const;

  SubjectProof Prove(SubjectKind kind, std::string_view id) const;

  /// The bytes of docs/formats/subjects.md.
  std::string Bytes() const;
  /// kCorrupt unless the bytes are, to the last, what Bytes() gives for some tree; kVersion for a
  /// later format. Never crashes, whatever the bytes.
  static core::Result<SubjectTree> Parse(std::string_view bytes);

  core::Status Save(const std::filesystem::path& path) const;
  static core::Result<SubjectTree> Load(const std::filesystem::path& path);

 private:
  SubjectTree() = default;
  /// Takes leaves in strictly ascending order.
  static core::Result<SubjectTree> FromSorted(const SubjectSalt& salt,
                                              std::vector<SubjectLeaf> leaves,
                                              core::ThreadPool* pool = nullptr);
  SubjectWitness WitnessAt(uint64_t index) const;
  /// Place of the first leaf whose key is not below `key`.
  uint64_t LowerBound(const core::Digest& key) const;

  SubjectSalt salt_;
  std::vector<SubjectLeaf> leaves_;
  MerkleTree tree_;
  uint64_t rows_ = 0;
};

/// What a training set is published as: the registration of a model in the log states it.
struct SubjectSetRoot {
  core::Digest root;
  SubjectSalt salt;
  uint64_t subjects = 0;
  uint64_t rows = 0;
  bool operator==(const SubjectSetRoot&) const = default;
};

SubjectSetRoot RootOf(const SubjectTree& tree);

/// Whether the proof shows what it says about the subject: that it is in the set with proof.rows
/// rows, or that it is not. kInvalidArgument says what is wrong. Any values may be given.
core::Status VerifySubjectProof(const SubjectSetRoot& set, SubjectKind kind, std::string_view id,
                                const SubjectProof& proof);

}  // namespace klieg::rights
