#include "rights/head_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/file.h"

namespace klieg::rights {
namespace {

using core::ErrorCode;
using core::Fail;
namespace fs = std::filesystem;

constexpr uint64_t kMaxFileBytes = uint64_t{1} << 30;
constexpr size_t kMaxLineBytes = 4096;

std::string Name(const TreeHead& head) {
  return fmt::format("the head of {} ({} entries, root {})", core::FormatTimestamp(head.time),
                     head.tree_size, head.root.Short());
}

/// Whether `next` may stand behind `last` in one file. What the log says is another question.
core::Status CheckFollows(const TreeHead& last, const TreeHead& next) {
  if (next.public_key != last.public_key) {
    return Fail(ErrorCode::kInvalidArgument,
                "{} is signed by the key {}…, the heads before by {}…: a new key begins a new file",
                Name(next), next.public_key.Hex().substr(0, 12),
                last.public_key.Hex().substr(0, 12));
  }
  if (next.tree_size < last.tree_size) {
    return Fail(ErrorCode::kInvalidArgument, "{} is smaller than {}: the log was rolled back",
                Name(next), Name(last));
  }
  if (next.tree_size == last.tree_size && next.root != last.root) {
    return Fail(ErrorCode::kInvalidArgument, "{} has another root than {}: two histories",
                Name(next), Name(last));
  }
  if (next.time < last.time) {
    return Fail(ErrorCode::kInvalidArgument,
                "{} is earlier than {}: the clock was set back; set it right, or wait", Name(next),
                Name(last));
  }
  return {};
}

core::Status CheckAgainst(const TreeHead& head, const MerkleTree& tree) {
  if (head.tree_size > tree.size()) {
    return Fail(ErrorCode::kCorrupt,
                "{} was signed, and the log has {} entries: it was rolled back", Name(head),
                tree.size());
  }
  KLIEG_ASSIGN(const core::Digest root, tree.Root(head.tree_size));
  if (root != head.root) {
    return Fail(
        ErrorCode::kCorrupt,
        "{} was signed, and the first {} entries now have the root {}: history was rewritten",
        Name(head), head.tree_size, root.Short());
  }
  return {};
}

core::Result<TreeHead> ReadLine(std::string_view line, const std::vector<TreeHead>& before) {
  KLIEG_ASSIGN(TreeHead head, ParseTreeHead(line));
  KLIEG_TRY(VerifyTreeHead(head));
  if (!before.empty()) {
    if (core::Status follows = CheckFollows(before.back(), head); !follows) {
      return Fail(ErrorCode::kCorrupt, "{}", follows.error().message);
    }
  }
  return head;
}

core::Result<RecordedHeads> ParseHeadsAfter(std::string_view bytes, std::vector<TreeHead> before) {
  RecordedHeads result;
  result.heads = std::move(before);
  const auto in_line = [&](core::Error error) {
    return core::Prefix(std::move(error), fmt::format("line {}", result.heads.size() + 1));
  };
  std::string_view rest = bytes;
  for (size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    // ParseTreeHead allows one newline at the end; here it separates.
    const core::Result<TreeHead> head = ReadLine(rest.substr(0, end), result.heads);
    if (!head) return in_line(head.error());
    result.heads.push_back(*head);
    rest.remove_prefix(end + 1);
  }
  result.whole_bytes = bytes.size() - rest.size();
  if (rest.empty()) return result;
  if (rest.size() > kMaxLineBytes) {
    return in_line({ErrorCode::kCorrupt, "longer than any head can be"});
  }
  // A line without its newline is a head or the beginning of one; a head and one more byte is a
  // newline that was changed.
  if (ParseTreeHead(rest)) {
    const core::Result<TreeHead> head = ReadLine(rest, result.heads);
    if (!head) return in_line(head.error());
    result.heads.push_back(*head);
    result.newline_missing = true;
    return result;
  }
  if (ParseTreeHead(rest.substr(0, rest.size() - 1))) {
    return in_line({ErrorCode::kCorrupt, "the newline behind it was changed"});
  }
  result.torn_tail = true;
  return result;
}

/// The file while its lock is held.
class OpenHeads {
 public:
  static core::Result<OpenHeads> Open(const fs::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (descriptor < 0) return Error("open", path);
    return OpenHeads(path, descriptor);
  }
  OpenHeads(OpenHeads&& other) noexcept
      : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}
  OpenHeads& operator=(OpenHeads&&) = delete;
  ~OpenHeads() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  /// Adds bytes behind `size`; after a failure the file ends there again.
  core::Status Append(uint64_t size, std::string_view bytes) const {
    core::Status written = WriteAndSync(bytes);
    if (!written) KLIEG_TRY(Truncate(size));
    return written;
  }

  core::Status Truncate(uint64_t size) const {
    if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) return Error("cut", path_);
    return {};
  }

 private:
  OpenHeads(fs::path path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

  static tl::unexpected<core::Error> Error(std::string_view action, const fs::path& path) {
    return Fail(ErrorCode::kIo, "cannot {} the heads '{}': {}", action, path.string(),
                std::strerror(errno));
  }

  core::Status WriteAndSync(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return Error("write to", path_);
      bytes.remove_prefix(static_cast<size_t>(count));
    }
    if (::fdatasync(descriptor_) != 0) return Error("sync", path_);
    return {};
  }

  fs::path path_;
  int descriptor_;
};

fs::path LockPath(fs::path path) {
  path += ".lock";
  return path;
}

}  // namespace

core::Result<RecordedHeads> ParseHeads(std::string_view bytes) {
  return ParseHeadsAfter(bytes, {});
}

core::Result<HeadFile> HeadFile::Open(fs::path path) {
  HeadFile file(std::move(path));
  KLIEG_TRY(file.ReadAgain());
  return file;
}

core::Result<RecordedHeads> HeadFile::ReadAgain() {
  core::Result<std::string> bytes = core::ReadFile(path_, kMaxFileBytes);
  if (!bytes && bytes.error().code == ErrorCode::kNotFound) bytes = std::string();
  if (!bytes) return tl::unexpected<core::Error>(bytes.error());
  if (!bytes->starts_with(text_)) {
    return Fail(ErrorCode::kCorrupt,
                "the heads '{}' are no longer those that were read before: they were rolled back "
                "or rewritten",
                path_.string());
  }
  std::vector<TreeHead> known = heads_;
  // A head that lacked its newline is read again with it.
  known.resize(std::min<size_t>(known.size(),
                                static_cast<size_t>(std::count(text_.begin(), text_.end(), '\n'))));
  core::Result<RecordedHeads> read =
      ParseHeadsAfter(std::string_view(*bytes).substr(text_.size()), std::move(known));
  if (!read) return core::Prefix(read.error(), fmt::format("the heads '{}'", path_.string()));
  read->whole_bytes += text_.size();
  text_ = bytes->substr(0, read->whole_bytes);
  heads_ = read->heads;
  return read;
}

std::optional<TreeHead> HeadFile::Latest() const {
  if (heads_.empty()) return std::nullopt;
  return heads_.back();
}

core::Status HeadFile::CheckHeadsAgainst(const MerkleTree& tree) const {
  for (const TreeHead& head : heads_) KLIEG_TRY(CheckAgainst(head, tree));
  return {};
}

core::Status HeadFile::Append(const TreeHead& head, const MerkleTree& tree) {
  if (core::Status good = VerifyTreeHead(head); !good) {
    return Fail(ErrorCode::kInvalidArgument, "{}", good.error().message);
  }
  KLIEG_ASSIGN(const core::FileLock lock, core::FileLock::Acquire(LockPath(path_)));
  KLIEG_ASSIGN(const RecordedHeads recorded, ReadAgain());
  // The log must still contain the last head before a new one may vouch for it.
  if (!heads_.empty()) {
    KLIEG_TRY(CheckAgainst(heads_.back(), tree));
    KLIEG_TRY(CheckFollows(heads_.back(), head));
  }
  if (core::Status fits = CheckAgainst(head, tree); !fits) {
    return Fail(ErrorCode::kInvalidArgument, "{}", fits.error().message);
  }
  KLIEG_ASSIGN(const OpenHeads file, OpenHeads::Open(path_));
  if (recorded.torn_tail) KLIEG_TRY(file.Truncate(text_.size()));
  const std::string kept = recorded.newline_missing ? CanonicalText(heads_.back()) : std::string();
  const std::string added = (kept.empty() ? "" : "\n") + CanonicalText(head) + '\n';
  KLIEG_TRY(file.Append(text_.size() + kept.size(), added));
  text_ += kept + added;
  if (heads_.empty()) {
    KLIEG_TRY(core::SyncPath(path_.has_parent_path() ? path_.parent_path() : fs::path(".")));
  }
  heads_.push_back(head);
  return {};
}

}  // namespace klieg::rights
