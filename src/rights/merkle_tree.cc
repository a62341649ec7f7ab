#include "rights/merkle_tree.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace klieg::rights {
namespace {

using core::Digest;
using core::ErrorCode;
using core::Fail;

/// The largest power of 2 below `size`, which must be at least 2: where RFC 9162 splits a tree.
uint64_t SplitOf(uint64_t size) { return std::bit_floor(size - 1); }

/// Takes digests from the end of a path, the topmost first, and remembers a lack.
class PathReader {
 public:
  explicit PathReader(std::span<const Digest> path) : rest_(path) {}

  Digest TakeTopmost() {
    if (rest_.empty()) {
      lacking_ = true;
      return {};
    }
    const Digest digest = rest_.back();
    rest_ = rest_.first(rest_.size() - 1);
    return digest;
  }

  core::Status CheckUsedUp() const {
    if (lacking_) {
      return Fail(ErrorCode::kInvalidArgument,
                  "the path is too short for a tree of this size: digests were left out, or it "
                  "belongs to another size");
    }
    if (!rest_.empty()) {
      return Fail(ErrorCode::kInvalidArgument,
                  "the path has {} digests more than a tree of this size needs: it belongs to "
                  "another size, or was added to",
                  rest_.size());
    }
    return {};
  }

 private:
  std::span<const Digest> rest_;
  bool lacking_ = false;
};

/// Follows the definition of the path (2.1.3.1) rather than the RFC's loop (2.1.3.2), which
/// klieg-verify uses: two ways to the same answer. At most 64 deep.
Digest RootFromLeaf(uint64_t index, uint64_t size, const Digest& leaf, PathReader& path) {
  if (size == 1) return leaf;
  const uint64_t split = SplitOf(size);
  const Digest sibling = path.TakeTopmost();
  if (index < split) return NodeHash(RootFromLeaf(index, split, leaf, path), sibling);
  return NodeHash(sibling, RootFromLeaf(index - split, size - split, leaf, path));
}

struct TwoRoots {
  Digest from;
  Digest to;
};

/// The roots of the first `from` and of all `to` leaves, as the path has them: SUBPROOF of
/// 2.1.4.1 read backwards. `known` is what the verifier has for a subtree that is all of the
/// smaller tree.
TwoRoots RootsFromPath(uint64_t from, uint64_t to, const Digest* known, PathReader& path) {
  if (from == to) {
    const Digest subtree = known != nullptr ? *known : path.TakeTopmost();
    return {subtree, subtree};
  }
  const uint64_t split = SplitOf(to);
  const Digest sibling = path.TakeTopmost();
  if (from <= split) {
    const TwoRoots left = RootsFromPath(from, split, known, path);
    return {left.from, NodeHash(left.to, sibling)};
  }
  const TwoRoots right = RootsFromPath(from - split, to - split, nullptr, path);
  return {NodeHash(sibling, right.from), NodeHash(sibling, right.to)};
}

core::Status ExpectRoot(const Digest& found, const Digest& expected, std::string_view of) {
  if (found == expected) return {};
  return Fail(ErrorCode::kInvalidArgument, "the path leads to the root {} for {}, expected {}",
              found.Short(), of, expected.Short());
}

}  // namespace

Digest LeafHash(std::string_view leaf) {
  return core::HashPieces({std::string_view("\0", 1), leaf});
}

Digest NodeHash(const Digest& left, const Digest& right) {
  return core::HashPieces({std::string_view("\1", 1), left.view(), right.view()});
}

void MerkleTree::Append(const Digest& leaf) {
  Digest node = leaf;
  for (size_t level = 0;; ++level) {
    if (level == levels_.size()) levels_.emplace_back();
    std::vector<Digest>& nodes = levels_[level];
    nodes.push_back(node);
    if (nodes.size() % 2 != 0) return;
    node = NodeHash(nodes[nodes.size() - 2], node);
  }
}

core::Result<Digest> MerkleTree::Root(uint64_t size) const {
  if (size > this->size()) {
    return Fail(ErrorCode::kInvalidArgument, "a root of {} entries was asked for, there are {}",
                size, this->size());
  }
  return RootOf(0, size);
}

/// The root over leaves [begin, end), which must be a range that the splits of some size give: then
/// a range of a power of 2 leaves is a kept node.
Digest MerkleTree::RootOf(uint64_t begin, uint64_t end) const {
  const uint64_t size = end - begin;
  if (size == 0) return core::HashBytes("");
  if (std::has_single_bit(size)) {
    const auto level = static_cast<size_t>(std::countr_zero(size));
    return levels_[level][begin >> level];
  }
  const uint64_t middle = begin + SplitOf(size);
  return NodeHash(RootOf(begin, middle), RootOf(middle, end));
}

core::Result<MerklePath> MerkleTree::InclusionProof(uint64_t index, uint64_t size) const {
  if (index >= size || size > this->size()) {
    return Fail(ErrorCode::kInvalidArgument,
                "a proof for entry {} among the first {} was asked for, there are {} entries",
                index, size, this->size());
  }
  MerklePath path;
  for (uint64_t begin = 0, end = size; end - begin > 1;) {
    const uint64_t middle = begin + SplitOf(end - begin);
    if (index < middle) {
      path.push_back(RootOf(middle, end));
      end = middle;
    } else {
      path.push_back(RootOf(begin, middle));
      begin = middle;
    }
  }
  std::reverse(path.begin(), path.end());
  return path;
}

core::Result<MerklePath> MerkleTree::ConsistencyProof(uint64_t from, uint64_t to) const {
  if (from == 0 || from > to || to > size()) {
    return Fail(ErrorCode::kInvalidArgument,
                "a proof that the first {} entries begin the first {} was asked for: expected "
                "1 <= from <= to <= {}",
                from, to, size());
  }
  MerklePath path;
  uint64_t begin = 0;
  uint64_t end = to;
  while (end > from) {
    const uint64_t middle = begin + SplitOf(end - begin);
    if (from <= middle) {
      path.push_back(RootOf(middle, end));
      end = middle;
    } else {
      path.push_back(RootOf(begin, middle));
      begin = middle;
    }
  }
  // A subtree that is the whole smaller tree is known to the verifier.
  if (begin > 0) path.push_back(RootOf(begin, end));
  std::reverse(path.begin(), path.end());
  return path;
}

core::Status VerifyInclusion(const LeafPlace& place, const Digest& leaf,
                             std::span<const Digest> path, const Digest& root) {
  if (place.index >= place.tree_size) {
    return Fail(ErrorCode::kInvalidArgument, "there is no entry {} in a tree of {}", place.index,
                place.tree_size);
  }
  PathReader reader(path);
  const Digest found = RootFromLeaf(place.index, place.tree_size, leaf, reader);
  KLIEG_TRY(reader.CheckUsedUp());
  return ExpectRoot(found, root, fmt::format("{} entries", place.tree_size));
}

core::Status VerifyConsistency(const TreeRoot& from, const TreeRoot& to,
                               std::span<const Digest> path) {
  if (from.size == 0) {
    return Fail(ErrorCode::kInvalidArgument,
                "the earlier tree is empty: every tree begins with it, there is nothing to prove");
  }
  if (from.size > to.size) {
    return Fail(ErrorCode::kInvalidArgument,
                "the earlier tree has {} entries and the later one {}: it was rolled back, or they "
                "are swapped",
                from.size, to.size);
  }
  PathReader reader(path);
  const TwoRoots found = RootsFromPath(from.size, to.size, &from.root, reader);
  KLIEG_TRY(reader.CheckUsedUp());
  KLIEG_TRY(ExpectRoot(found.from, from.root, fmt::format("the first {} entries", from.size)));
  return ExpectRoot(found.to, to.root, fmt::format("{} entries", to.size));
}

}  // namespace klieg::rights
