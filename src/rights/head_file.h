/// `rights.heads` beside the log: every head that was signed, one a line, never changed. It is the
/// machine's own memory of what it has published: a log that was rolled back or written anew no
/// longer fits it.
///
///     KLIEG_ASSIGN(HeadFile heads, HeadFile::Open(workspace.heads_path()));
///     KLIEG_TRY(heads.CheckHeadsAgainst(log.tree()));
///     KLIEG_TRY(heads.Append(head, log.tree()));
///
/// Whoever can rewrite the log can rewrite this file too: what protects against the house itself
/// are heads that others keep.
///
/// The rules of the log hold: an append takes the lock file beside it, writes one line and syncs it;
/// a torn last line is cut off at the next append; a whole one that lacks its newline is kept. Used
/// from one thread at a time.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "rights/merkle_tree.h"
#include "rights/tree_head.h"

namespace klieg::rights {

struct RecordedHeads {
  std::vector<TreeHead> heads;
  uint64_t whole_bytes = 0;      ///< Of the lines that end with a newline.
  bool torn_tail = false;        ///< Part of a line follows, which is no head.
  bool newline_missing = false;  ///< The last of `heads` lacks its newline.
};

/// Reads the bytes of a file of heads. kCorrupt names the line: a head that is damaged, whose
/// signature does not hold, of another key than the first, smaller or earlier than the one before,
/// or of equal size with another root. Never crashes, whatever the bytes. One signature is verified
/// for each line.
core::Result<RecordedHeads> ParseHeads(std::string_view bytes);

class HeadFile {
 public:
  /// Reads the file; a file that is missing holds no heads and is made by the first Append.
  /// Changes nothing on disk.
  static core::Result<HeadFile> Open(std::filesystem::path path);

  /// As of the last call that looked, in the order of the file.
  const std::vector<TreeHead>& heads() const { return heads_; }
  std::optional<TreeHead> Latest() const;

  /// kCorrupt names the first head that is no prefix of the log: it was rolled back or rewritten
  /// after that head was signed.
  core::Status CheckHeadsAgainst(const MerkleTree& tree) const;

  /// Adds a head of this very tree and syncs it to disk. kInvalidArgument when it is not signed,
  /// does not fit the tree, is smaller or earlier than the last one, or of another key; kCorrupt
  /// when the heads on file do not fit the tree, or the file was changed. After a failure nothing
  /// was added.
  core::Status Append(const TreeHead& head, const MerkleTree& tree);

 private:
  explicit HeadFile(std::filesystem::path path) : path_(std::move(path)) {}
  /// Reads what others added; must hold the lock to rely upon it.
  core::Result<RecordedHeads> ReadAgain();

  std::filesystem::path path_;
  std::string text_;  ///< The whole lines read so far: what must still be there.
  std::vector<TreeHead> heads_;
};

}  // namespace klieg::rights
