/// The Merkle tree over the log's lines, and its two proofs: RFC 9162, section 2.1, with SHA-256
/// (the same tree as RFC 6962).
///
///     LeafHash(bytes) = H(0x00 || bytes)        Root(0 leaves) = H()
///     NodeHash(l, r)  = H(0x01 || l || r)       Root(1 leaf)   = its leaf hash
///     Root(n leaves)  = NodeHash(Root(first k), Root(the others)), k the largest power of 2 < n
///
///     MerkleTree tree;
///     tree.Append(LeafHash(line));
///     KLIEG_ASSIGN(std::vector<core::Digest> path, tree.InclusionProof(index, size));
///     KLIEG_TRY(VerifyInclusion({index, size}, LeafHash(line), path, root));
///
/// The tree only grows, and remembers every earlier size: a proof can be made for any of them.
///
/// Drawn for seven leaves; complete nodes (kept) are named by level and place, the others (made
/// when asked for) are stars:
///
///                 *
///             /       \                 .
///          2.0          *
///         /   \        /  \             .
///      1.0     1.1   1.2   |
///      / \     / \   / \   |
///     0   1   2   3 4   5  6
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/hash.h"

namespace klieg::rights {

core::Digest LeafHash(std::string_view leaf);
core::Digest NodeHash(const core::Digest& left, const core::Digest& right);

/// Digests from the leaf (or the smaller tree) upwards, as RFC 9162 orders them.
using MerklePath = std::vector<core::Digest>;

/// Keeps two digests a leaf. Not thread-safe while it grows.
class MerkleTree {
 public:
  /// `leaf` is a LeafHash. One NodeHash on average.
  void Append(const core::Digest& leaf);

  uint64_t size() const { return levels_.empty() ? 0 : levels_[0].size(); }

  /// The hash of leaf `index`, which must be below size().
  const core::Digest& leaf(uint64_t index) const { return levels_[0][index]; }

  core::Digest Root() const { return RootOf(0, size()); }
  /// The root that the tree had with `size` leaves. kInvalidArgument when it never had as many.
  /// O(log size) hashes, like the proofs.
  core::Result<core::Digest> Root(uint64_t size) const;

  /// That leaf `index` is the one at that place among the first `size`: RFC 9162, 2.1.3.1.
  /// kInvalidArgument unless index < size <= size().
  core::Result<MerklePath> InclusionProof(uint64_t index, uint64_t size) const;

  /// That the first `from` leaves are the beginning of the first `to`: RFC 9162, 2.1.4.1.
  /// kInvalidArgument unless 0 < from <= to <= size(). Empty when both are equal.
  core::Result<MerklePath> ConsistencyProof(uint64_t from, uint64_t to) const;

 private:
  core::Digest RootOf(uint64_t begin, uint64_t end) const;

  /// levels_[h][i] is the root of the complete subtree over leaves [i 2^h, (i + 1) 2^h).
  std::vector<std::vector<core::Digest>> levels_;
};

/// A place in a tree of some size. Its own type because two bare numbers would be swapped one day.
struct LeafPlace {
  uint64_t index = 0;
  uint64_t tree_size = 0;
};

/// Whether `path` leads from the leaf hash at `place` to `root`. kInvalidArgument says what is
/// wrong: a place outside the tree, a path of a length that no proof for it has, or another root
/// than expected. Any values may be given.
core::Status VerifyInclusion(const LeafPlace& place, const core::Digest& leaf,
                             std::span<const core::Digest> path, const core::Digest& root);

struct TreeRoot {
  uint64_t size = 0;
  core::Digest root;
};

/// Whether `path` shows that the tree `from` is the beginning of the tree `to`. Trees of equal size
/// need an equal root and no path. A `from` without leaves is refused: it is the beginning of every
/// tree, so that a proof of it would say nothing. Errors as VerifyInclusion.
core::Status VerifyConsistency(const TreeRoot& from, const TreeRoot& to,
                               std::span<const core::Digest> path);

}  // namespace klieg::rights
