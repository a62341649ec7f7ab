/// The append-only, hash-chained log of everything the gate was told and decided.
/// docs/formats/log.md gives its bytes. One entry a line; each holds the hash of the one before, so
/// that no entry can be changed, left out or put elsewhere without every later hash being wrong.
///
/// Any number of processes may append: each append takes the lock file beside the log, reads what
/// others added, writes, and syncs to disk before it returns. A kill at any moment leaves a log
/// that opens: a torn last line (no newline) is cut off at the next open for appending, and
/// reported by Verify as torn, not as damage. A last entry that lacks nothing but its newline is
/// kept and given one.
///
/// The lines are the leaves of a Merkle tree (merkle_tree.h; a leaf is a line without its newline),
/// which grows with what was verified: heads and proofs come from Log::tree().
///
/// One Log object is used from one thread at a time; several objects, in one process or many,
/// exclude each other. An object holds 64 bytes of memory for each entry: the tree.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/hash.h"
#include "rights/merkle_tree.h"

namespace klieg::rights {

struct LogEntry {
  uint64_t sequence = 0;  ///< 0, 1, 2 …
  core::Timestamp time;
  std::string kind;       ///< "terms", "decision", …
  std::string body;       ///< One line of canonical JSON: an object.
  core::Digest previous;  ///< Hash of the entry before; zeros for the first.
  core::Digest hash;      ///< SHA-256 over the fields above, see docs/formats/log.md.
};

struct LogSummary {
  uint64_t entries = 0;
  core::Digest head;       ///< Hash of the last entry; zeros when empty.
  core::Digest root;       ///< Of the Merkle tree over the entries.
  bool torn_tail = false;  ///< Bytes of an unfinished entry follow the last one.
};

/// An entry to be: what the writer chooses. Sequence and hashes follow from the place in the log.
struct LogDraft {
  core::Timestamp time;
  std::string kind;  ///< 1 to 32 of a-z and '-', beginning with a letter.
  std::string body;  ///< Canonical JSON text of an object (canonical_json.h), at most 1 MiB.
};

/// Learns one verified entry. An error stops the reading and is returned to the caller.
using LogVisitor = std::function<core::Status(const LogEntry&)>;

class Log {
 public:
  /// Opens, or makes, the log at `path` and verifies the chain as far as it goes. Fails with
  /// kCorrupt, naming the line, when an entry is damaged; with kVersion when a newer klieg wrote
  /// one. `visit`, when given, is called for every entry in order.
  static core::Result<Log> Open(std::filesystem::path path, const LogVisitor& visit = {});

  /// Adds an entry and syncs it to disk. `body` is canonical JSON text of an object. After a
  /// failure nothing was added.
  core::Result<LogEntry> Append(core::Timestamp time, std::string_view kind, std::string_view body);

  /// Adds entries one after the other with one write and one sync: what many single appends would
  /// add, for the time of one. After a failure nothing was added, and no entry of a batch is handed
  /// out before all are on disk. A kill in between may leave the first entries of a batch that
  /// nobody was told of: whole ones, which verify. No drafts, no entries. `visit` as in
  /// AppendDecided: whoever learns from the log gives it to every call that looks.
  core::Result<std::vector<LogEntry>> AppendBatch(std::span<const LogDraft> drafts,
                                                  const LogVisitor& visit = {});

  /// Decides with the whole log known, and appends, as one step that no other process can come
  /// between: takes the lock, calls `visit` for the entries that were added since this object last
  /// looked, then `decide`, and appends what that returns. No draft: nothing is appended, and none
  /// is returned.
  core::Result<std::optional<LogEntry>> AppendDecided(
      const LogVisitor& visit,
      const std::function<core::Result<std::optional<LogDraft>>()>& decide);

  /// Calls `visit` for every entry in order, verified, those of other processes included. Reads the
  /// file again from its first byte; does not count as having looked for AppendDecided.
  core::Status ForEach(const std::function<void(const LogEntry&)>& visit);

  /// The tree over all entries that this object has verified or written. What other processes add
  /// is in it after the next call that looks (an append, CatchUp).
  const MerkleTree& tree() const { return tree_; }

  /// Reads and verifies what other processes added since this object last looked.
  core::Status CatchUp(const LogVisitor& visit = {});

  const std::filesystem::path& path() const { return path_; }

 private:
  class OpenFile;
  explicit Log(std::filesystem::path path) : path_(std::move(path)) {}
  core::Result<OpenFile> OpenAndCatchUp(const LogVisitor& visit);
  core::Status ReadNew(OpenFile& file, const LogVisitor& visit);
  core::Status CheckNotRewritten(const OpenFile& file) const;
  core::Result<std::vector<LogEntry>> AppendDrafts(OpenFile& file,
                                                   std::span<const LogDraft> drafts);
  core::Status Write(OpenFile& file, std::string_view lines) const;

  std::filesystem::path path_;
  // What this object has verified so far: appending needs to read only what came after.
  uint64_t verified_bytes_ = 0;
  uint64_t next_sequence_ = 0;
  core::Digest head_;
  MerkleTree tree_;
};

/// Checks the whole file from its first byte. kCorrupt names the line and what is wrong with it.
/// Changes nothing on disk. `tree`, when given, is set to the tree over the entries, which heads are
/// compared with. 1,000,000 entries take about two seconds.
core::Result<LogSummary> VerifyLog(const std::filesystem::path& path, MerkleTree* tree = nullptr);

/// Checks log bytes held in memory: what VerifyLog and the fuzz target share. Never crashes,
/// whatever the bytes.
core::Result<LogSummary> VerifyLogBytes(std::string_view bytes);

}  // namespace klieg::rights
