/// A signed head: "at this time the log had so many entries, and this root". Whoever keeps one can
/// tell for ever whether the log they are shown later is still the same history.
///
///     KLIEG_ASSIGN(const TreeHead head, SignTreeHead(key, log.tree(), clock.Now()));
///     publish(CanonicalText(head));
///
/// docs/formats/heads.md gives the bytes. Heads of the log's own machine are kept in rights.heads
/// (head_file.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/error.h"
#include "core/hash.h"
#include "rights/merkle_tree.h"
#include "rights/signing_key.h"

namespace klieg::rights {

struct TreeHead {
  core::Digest log_id;     ///< SHA-256 of the public key.
  uint64_t tree_size = 0;  ///< Entries of the log; at most 2^53 - 1.
  core::Digest root;       ///< Of the Merkle tree over them.
  core::Timestamp time;    ///< When it was signed, by the signer's clock. Years 1 to 9999.
  PublicKey public_key;
  Signature signature;
  bool operator==(const TreeHead&) const = default;
};

/// Signs the tree as it is. kInvalidArgument when the time cannot be written.
core::Result<TreeHead> SignTreeHead(const PrivateKey& key, const MerkleTree& tree,
                                    core::Timestamp time);

/// One line of canonical JSON without a newline.
std::string CanonicalText(const TreeHead& head);

/// kCorrupt unless the text is, byte for byte, what CanonicalText gives for some head (one newline
/// may follow); kVersion for a later format. Never crashes, whatever the bytes. Says nothing about
/// the signature.
core::Result<TreeHead> ParseTreeHead(std::string_view text);

/// Whether the head is signed by the key that it names, and that key is `expected` where one is
/// given. kCorrupt says what is wrong. Without an expected key, anybody could have made the head.
core::Status VerifyTreeHead(const TreeHead& head, const std::optional<PublicKey>& expected = {});

}  // namespace klieg::rights
