#include "rights/subject_tree.h"

#include <openssl/rand.h>

#include <algorithm>
#include <cstring>

#include "core/file.h"
#include "rights/canonical_json.h"

namespace klieg::rights {
namespace {

using core::Digest;
using core::ErrorCode;
using core::Fail;
namespace fs = std::filesystem;

constexpr std::string_view kKeyDomain = "klieg subject v1\n";
constexpr std::string_view kMagic = "KLIEGSUB";
constexpr uint64_t kVersion = 1;
constexpr size_t kLeafBytes = 40;
constexpr size_t kHeadBytes = kMagic.size() + 8 + 32 + 8;
constexpr size_t kChecksumBytes = 32;

using BigEndian = std::array<char, 8>;

BigEndian ToBigEndian(uint64_t value) {
  BigEndian bytes;
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(value >> (56 - 8 * i));
  return bytes;
}

std::string_view View(const BigEndian& bytes) { return {bytes.data(), bytes.size()}; }

/// Reads fields of fixed size; the caller has checked that they are there.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : rest_(bytes) {}
  std::string_view Take(size_t count) {
    const std::string_view piece = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return piece;
  }
  uint64_t TakeNumber() {
    uint64_t value = 0;
    for (const char byte : Take(8)) value = value << 8 | static_cast<uint8_t>(byte);
    return value;
  }
  Digest TakeDigest() {
    Digest digest;
    const std::string_view piece = Take(digest.bytes.size());
    std::copy(piece.begin(), piece.end(), digest.bytes.begin());
    return digest;
  }

 private:
  std::string_view rest_;
};

core::Status CheckSubject(const Subject& subject) {
  KLIEG_TRY(CheckSubjectId(subject.kind, subject.id));
  if (subject.rows == 0) {
    return Fail(ErrorCode::kInvalidArgument,
                "{} '{}' has no rows: leave out who is not in the training set",
                SubjectKindName(subject.kind), subject.id);
  }
  return {};
}

struct PlacedLeaf {
  SubjectLeaf leaf;
  size_t place;  ///< In the caller's list, to name a duplicate.
};

core::Status Wrong(std::string_view what) { return Fail(ErrorCode::kInvalidArgument, "{}", what); }

core::Status CheckWitness(const SubjectSetRoot& set, const SubjectWitness& witness) {
  return VerifyInclusion({witness.index, set.subjects}, HashOfSubject(witness.leaf), witness.path,
                         set.root);
}

/// That the witnesses leave no place for the key.
core::Status CheckGap(const SubjectSetRoot& set, const Digest& key,
                      const std::vector<SubjectWitness>& witnesses) {
  if (witnesses.empty()) {
    if (set.subjects == 0 && set.root == core::HashBytes("")) return {};
    return Wrong("no neighbours are shown, and the training set is not empty");
  }
  if (witnesses.size() > 2) return Wrong("more than two neighbours are shown");
  const SubjectWitness& first = witnesses.front();
  const SubjectWitness& last = witnesses.back();
  if (witnesses.size() == 2) {
    if (!(first.leaf.key < key && key < last.leaf.key)) {
      return Wrong("the subject's key does not lie between those of the neighbours");
    }
    if (first.index + 1 != last.index || last.index == 0) {
      return Wrong("the neighbours shown do not stand beside each other: others may be between");
    }
    return {};
  }
  if (key < first.leaf.key) {
    if (first.index == 0) return {};
    return Wrong("only a later neighbour is shown, and it is not the first of the set");
  }
  if (first.leaf.key < key) {
    if (first.index + 1 == set.subjects) return {};
    return Wrong("only an earlier neighbour is shown, and it is not the last of the set");
  }
  return Wrong("the neighbour shown is the subject itself: it is in the set");
}

/// In blocks on the pool's threads, or here; the outcome is the same.
template <class F>
void ForEachIndex(size_t count, core::ThreadPool* pool, const F& work) {
  constexpr size_t kBlock = 2048;
  const auto block = [&](size_t index, size_t /*thread*/) {
    const size_t end = std::min(count, (index + 1) * kBlock);
    for (size_t i = index * kBlock; i < end; ++i) work(i);
  };
  const size_t blocks = (count + kBlock - 1) / kBlock;
  if (pool != nullptr && blocks > 1) {
    pool->ParallelFor(blocks, block);
  } else {
    for (size_t i = 0; i < blocks; ++i) block(i, 0);
  }
}

}  // namespace

std::string_view SubjectKindName(SubjectKind kind) {
  switch (kind) {
    case SubjectKind::kMember:
      return "member";
    case SubjectKind::kWork:
      return "work";
    case SubjectKind::kTitle:
      return "title";
  }
  return "unknown";
}

core::Result<SubjectKind> ParseSubjectKind(std::string_view name) {
  for (const SubjectKind kind : {SubjectKind::kMember, SubjectKind::kWork, SubjectKind::kTitle}) {
    if (name == SubjectKindName(kind)) return kind;
  }
  return Fail(ErrorCode::kInvalidArgument, "expected member, work or title, found '{}'", name);
}

core::Status CheckSubjectId(SubjectKind kind, std::string_view id) {
  if (id.empty() || id.size() > kMaxSubjectIdBytes || !IsWellFormedUtf8(id)) {
    return Fail(ErrorCode::kInvalidArgument,
                "the id of a {} has {} bytes: expected 1 to {} bytes of UTF-8",
                SubjectKindName(kind), id.size(), kMaxSubjectIdBytes);
  }
  return {};
}

core::Result<SubjectSalt> RandomSalt() {
  SubjectSalt salt;
  if (RAND_bytes(salt.bytes.data(), static_cast<int>(salt.bytes.size())) != 1) {
    return Fail(ErrorCode::kInternal, "the system gives no random bytes");
  }
  return salt;
}

Digest SubjectKey(const SubjectSalt& salt, SubjectKind kind, std::string_view id) {
  return core::HashPieces({kKeyDomain, salt.Hex(), "\n", SubjectKindName(kind), ":", id});
}

Digest HashOfSubject(const SubjectLeaf& leaf) {
  std::array<char, kLeafBytes> bytes;
  const BigEndian rows = ToBigEndian(leaf.rows);
  std::copy(leaf.key.bytes.begin(), leaf.key.bytes.end(), bytes.begin());
  std::copy(rows.begin(), rows.end(), bytes.begin() + 32);
  return LeafHash({bytes.data(), bytes.size()});
}

core::Result<SubjectTree> SubjectTree::Make(const SubjectSalt& salt,
                                            const std::vector<Subject>& subjects,
                                            core::ThreadPool* pool) {
  for (const Subject& subject : subjects) KLIEG_TRY(CheckSubject(subject));
  std::vector<PlacedLeaf> placed(subjects.size());
  ForEachIndex(subjects.size(), pool, [&](size_t i) {
    placed[i] = {{SubjectKey(salt, subjects[i].kind, subjects[i].id), subjects[i].rows}, i};
  });
  std::sort(placed.begin(), placed.end(), [](const PlacedLeaf& a, const PlacedLeaf& b) {
    const int order =
        std::memcmp(a.leaf.key.bytes.data(), b.leaf.key.bytes.data(), a.leaf.key.bytes.size());
    return order != 0 ? order < 0 : a.place < b.place;
  });
  std::vector<SubjectLeaf> leaves;
  leaves.reserve(placed.size());
  for (const PlacedLeaf& one : placed) {
    if (!leaves.empty() && leaves.back().key == one.leaf.key) {
      const Subject& twice = subjects[one.place];
      return Fail(ErrorCode::kInvalidArgument, "{} '{}' is listed twice: add its rows up",
                  SubjectKindName(twice.kind), twice.id);
    }
    leaves.push_back(one.leaf);
  }
  return FromSorted(salt, std::move(leaves), pool);
}

core::Result<SubjectTree> SubjectTree::FromSorted(const SubjectSalt& salt,
                                                  std::vector<SubjectLeaf> leaves,
                                                  core::ThreadPool* pool) {
  SubjectTree tree;
  tree.salt_ = salt;
  tree.leaves_ = std::move(leaves);
  std::vector<Digest> hashes(tree.leaves_.size());
  ForEachIndex(hashes.size(), pool, [&](size_t i) { hashes[i] = HashOfSubject(tree.leaves_[i]); });
  for (size_t i = 0; i < tree.leaves_.size(); ++i) {
    const SubjectLeaf& leaf = tree.leaves_[i];
    if (leaf.rows > kMaxSubjectRows - tree.rows_) {
      return Fail(ErrorCode::kInvalidArgument, "the subjects have more than {} rows together",
                  kMaxSubjectRows);
    }
    tree.rows_ += leaf.rows;
    tree.tree_.Append(hashes[i]);
  }
  return tree;
}

uint64_t SubjectTree::LowerBound(const Digest& key) const {
  const auto place =
      std::lower_bound(leaves_.begin(), leaves_.end(), key,
                       [](const SubjectLeaf& leaf, const Digest& k) { return leaf.key < k; });
  return static_cast<uint64_t>(place - leaves_.begin());
}

std::optional<uint64_t> SubjectTree::Find(SubjectKind kind, std::string_view id) const {
  const Digest key = SubjectKey(salt_, kind, id);
  const uint64_t place = LowerBound(key);
  if (place == size() || leaves_[place].key != key) return std::nullopt;
  return leaves_[place].rows;
}

SubjectWitness SubjectTree::WitnessAt(uint64_t index) const {
  return {leaves_[index], index, tree_.InclusionProof(index, size()).value()};
}

SubjectProof SubjectTree::Prove(SubjectKind kind, std::string_view id) const {
  const Digest key = SubjectKey(salt_, kind, id);
  const uint64_t place = LowerBound(key);
  SubjectProof proof;
  if (place < size() && leaves_[place].key == key) {
    proof.rows = leaves_[place].rows;
    proof.witnesses.push_back(WitnessAt(place));
    return proof;
  }
  if (place > 0) proof.witnesses.push_back(WitnessAt(place - 1));
  if (place < size()) proof.witnesses.push_back(WitnessAt(place));
  return proof;
}

std::string SubjectTree::Bytes() const {
  std::string bytes;
  bytes.reserve(kHeadBytes + leaves_.size() * kLeafBytes + kChecksumBytes);
  bytes.append(kMagic).append(View(ToBigEndian(kVersion)));
  bytes.append(salt_.view()).append(View(ToBigEndian(size())));
  for (const SubjectLeaf& leaf : leaves_) {
    bytes.append(leaf.key.view()).append(View(ToBigEndian(leaf.rows)));
  }
  bytes.append(core::HashBytes(bytes).view());
  return bytes;
}

core::Result<SubjectTree> SubjectTree::Parse(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) {
    return Fail(ErrorCode::kCorrupt, "this is no list of subjects: it does not begin with {}",
                kMagic);
  }
  if (bytes.size() < kHeadBytes + kChecksumBytes) {
    return Fail(ErrorCode::kCorrupt, "the list of subjects ends in its head: {} bytes",
                bytes.size());
  }
  Fields fields(bytes.substr(kMagic.size()));
  if (const uint64_t version = fields.TakeNumber(); version != kVersion) {
    return Fail(ErrorCode::kVersion,
                "the list of subjects has format {}, this klieg reads {}: use a newer klieg",
                version, kVersion);
  }
  const SubjectSalt salt = fields.TakeDigest();
  const uint64_t count = fields.TakeNumber();
  const size_t leaf_bytes = bytes.size() - kHeadBytes - kChecksumBytes;
  if (leaf_bytes % kLeafBytes != 0 || leaf_bytes / kLeafBytes != count) {
    return Fail(ErrorCode::kCorrupt,
                "the list of subjects says {} subjects and has {} bytes for them", count,
                leaf_bytes);
  }
  const std::string_view body = bytes.substr(0, bytes.size() - kChecksumBytes);
  if (bytes.substr(body.size()) != core::HashBytes(body).view()) {
    return Fail(ErrorCode::kCorrupt, "the list of subjects does not match its checksum");
  }
  std::vector<SubjectLeaf> leaves;
  leaves.reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    SubjectLeaf leaf;
    leaf.key = fields.TakeDigest();
    leaf.rows = fields.TakeNumber();
    if (leaf.rows == 0 || (i > 0 && !(leaves.back().key < leaf.key))) {
      return Fail(ErrorCode::kCorrupt,
                  "subject {} of the list has no rows or does not stand in order", i);
    }
    leaves.push_back(leaf);
  }
  core::Result<SubjectTree> tree = FromSorted(salt, std::move(leaves));
  if (!tree) return Fail(ErrorCode::kCorrupt, "{}", tree.error().message);
  return tree;
}

core::Status SubjectTree::Save(const fs::path& path) const {
  return core::WriteFileAtomically(path, Bytes());
}

core::Result<SubjectTree> SubjectTree::Load(const fs::path& path) {
  KLIEG_ASSIGN(const core::MappedFile file, core::MappedFile::Open(path));
  core::Result<SubjectTree> tree = Parse(file.text());
  if (!tree) return core::Prefix(tree.error(), fmt::format("'{}'", path.string()));
  return tree;
}

SubjectSetRoot RootOf(const SubjectTree& tree) {
  return {tree.root(), tree.salt(), tree.size(), tree.rows()};
}

core::Status VerifySubjectProof(const SubjectSetRoot& set, SubjectKind kind, std::string_view id,
                                const SubjectProof& proof) {
  for (const SubjectWitness& witness : proof.witnesses) KLIEG_TRY(CheckWitness(set, witness));
  const Digest key = SubjectKey(set.salt, kind, id);
  if (!proof.rows) return CheckGap(set, key, proof.witnesses);
  if (proof.witnesses.size() != 1) {
    return Wrong("expected one leaf, the subject's own, for a subject in the set");
  }
  const SubjectLeaf& leaf = proof.witnesses.front().leaf;
  if (leaf.key != key) return Wrong("the leaf shown is not that of the subject");
  if (leaf.rows != *proof.rows || leaf.rows == 0) {
    return Fail(ErrorCode::kInvalidArgument, "the leaf shown has {} rows, {} were claimed",
                leaf.rows, *proof.rows);
  }
  return {};
}

}  // namespace klieg::rights
