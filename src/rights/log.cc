#include "rights/log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/check.h"
#include "core/file.h"
#include "rights/log_line.h"
#include "rights/log_scanner.h"

namespace klieg::rights {
namespace {

using core::ErrorCode;
using core::Fail;
namespace fs = std::filesystem;

constexpr size_t kPieceBytes = size_t{1} << 20;
constexpr std::string_view kLineEnd = "\"}\n";

tl::unexpected<core::Error> SystemError(std::string_view action, const fs::path& path, int number) {
  return Fail(ErrorCode::kIo, "cannot {} the log '{}': {}", action, path.string(),
              std::strerror(number));
}

fs::path LockPath(const fs::path& log) {
  fs::path lock = log;
  lock += ".lock";
  return lock;
}

/// Hands bytes [begin, end) of the file to the scanner.
core::Status FeedFile(int descriptor, const fs::path& path, uint64_t begin, uint64_t end,
                      LogScanner& scanner) {
  std::string piece(static_cast<size_t>(std::min<uint64_t>(kPieceBytes, end - begin)), '\0');
  while (begin < end) {
    const auto wanted = static_cast<size_t>(std::min<uint64_t>(piece.size(), end - begin));
    const ssize_t count = ::pread(descriptor, piece.data(), wanted, static_cast<off_t>(begin));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return SystemError("read", path, errno);
    if (count == 0) return Fail(ErrorCode::kCorrupt, "the log became shorter while it was read");
    KLIEG_TRY(scanner.Feed(std::string_view(piece.data(), static_cast<size_t>(count))));
    begin += static_cast<uint64_t>(count);
  }
  return {};
}

core::Error InLog(core::Error error, const fs::path& path) {
  if (error.code == ErrorCode::kCorrupt || error.code == ErrorCode::kVersion) {
    error.message = fmt::format("the log '{}': {}", path.string(), error.message);
  }
  return error;
}

/// A descriptor that closes itself.
class ReadOnlyFile {
 public:
  static core::Result<ReadOnlyFile> Open(const fs::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor >= 0) return ReadOnlyFile(descriptor);
    if (errno == ENOENT) return Fail(ErrorCode::kNotFound, "there is no log '{}'", path.string());
    return SystemError("open", path, errno);
  }
  ReadOnlyFile(ReadOnlyFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  ReadOnlyFile& operator=(ReadOnlyFile&&) = delete;
  ~ReadOnlyFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int get() const { return descriptor_; }

  core::Result<uint64_t> Size(const fs::path& path) const {
    struct stat information{};
    if (::fstat(descriptor_, &information) != 0) return SystemError("examine", path, errno);
    if (!S_ISREG(information.st_mode)) {
      return Fail(ErrorCode::kInvalidArgument, "'{}' is not a file, a log was expected",
                  path.string());
    }
    return static_cast<uint64_t>(information.st_size);
  }

 private:
  explicit ReadOnlyFile(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace

/// The log while it is locked: nobody else appends as long as this object lives.
class Log::OpenFile {
 public:
  static core::Result<OpenFile> Open(const fs::path& path, bool create) {
    auto lock = core::FileLock::Acquire(LockPath(path));
    if (!lock) {
      return Fail(ErrorCode::kIo,
                  "cannot lock the log '{}' (nothing may be decided without a record): {}",
                  path.string(), lock.error().message);
    }
    const int flags = O_RDWR | O_APPEND | O_CLOEXEC | (create ? O_CREAT : 0);
    const int descriptor = ::open(path.c_str(), flags, 0644);
    if (descriptor < 0) {
      if (errno == ENOENT && !create) {
        return Fail(ErrorCode::kCorrupt, "it has disappeared since it was opened");
      }
      return SystemError("open", path, errno);
    }
    return OpenFile(path, std::move(*lock), descriptor);
  }
  OpenFile(OpenFile&& other) noexcept
      : path_(std::move(other.path_)),
        lock_(std::move(other.lock_)),
        descriptor_(std::exchange(other.descriptor_, -1)) {}
  OpenFile& operator=(OpenFile&&) = delete;
  ~OpenFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  int descriptor() const { return descriptor_; }

  core::Result<uint64_t> Size() const {
    struct stat information{};
    if (::fstat(descriptor_, &information) != 0) return SystemError("examine", path_, errno);
    return static_cast<uint64_t>(information.st_size);
  }

  /// One write(2) as a rule; the loop is for the short writes that a nearly full disk gives.
  core::Status Append(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return SystemError("write to", path_, errno);
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return Sync();
  }

  core::Status Sync() {
    if (::fdatasync(descriptor_) != 0) return SystemError("sync", path_, errno);
    return {};
  }

  core::Status Truncate(uint64_t size) {
    if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0 || ::fdatasync(descriptor_) != 0) {
      return SystemError("cut an unfinished entry off", path_, errno);
    }
    return {};
  }

 private:
  OpenFile(fs::path path, core::FileLock lock, int descriptor)
      : path_(std::move(path)), lock_(std::move(lock)), descriptor_(descriptor) {}
  fs::path path_;
  core::FileLock lock_;
  int descriptor_;
};

core::Result<Log> Log::Open(fs::path path, const LogVisitor& visit) {
  Log log(std::move(path));
  KLIEG_ASSIGN(OpenFile file, OpenFile::Open(log.path_, /*create=*/true));
  if (auto known = log.ReadNew(file, visit); !known) {
    return tl::unexpected<core::Error>(InLog(known.error(), log.path_));
  }
  if (log.verified_bytes_ == 0) {
    KLIEG_TRY(
        core::SyncPath(log.path_.has_parent_path() ? log.path_.parent_path() : fs::path(".")));
  }
  return log;
}

core::Result<LogEntry> Log::Append(core::Timestamp time, std::string_view kind,
                                   std::string_view body) {
  KLIEG_ASSIGN(std::optional<LogEntry> entry, AppendDecided({}, [&] {
                 return std::optional(LogDraft{time, std::string(kind), std::string(body)});
               }));
  KLIEG_CHECK(entry.has_value(), "a draft was given and no entry made");
  return std::move(*entry);
}

core::Result<std::optional<LogEntry>> Log::AppendDecided(
    const LogVisitor& visit, const std::function<core::Result<std::optional<LogDraft>>()>& decide) {
  KLIEG_ASSIGN(OpenFile file, OpenAndCatchUp(visit));
  KLIEG_ASSIGN(const std::optional<LogDraft> draft, decide());
  if (!draft) return std::optional<LogEntry>();
  KLIEG_ASSIGN(std::vector<LogEntry> entries, AppendDrafts(file, {&*draft, 1}));
  return std::optional(std::move(entries.front()));
}

core::Result<std::vector<LogEntry>> Log::AppendBatch(std::span<const LogDraft> drafts,
                                                     const LogVisitor& visit) {
  KLIEG_ASSIGN(OpenFile file, OpenAndCatchUp(visit));
  return AppendDrafts(file, drafts);
}

core::Status Log::CatchUp(const LogVisitor& visit) {
  KLIEG_TRY(OpenAndCatchUp(visit));
  return {};
}

core::Result<Log::OpenFile> Log::OpenAndCatchUp(const LogVisitor& visit) {
  core::Result<OpenFile> file = OpenFile::Open(path_, /*create=*/false);
  if (!file) return tl::unexpected<core::Error>(InLog(file.error(), path_));
  if (auto known = ReadNew(*file, visit); !known) {
    return tl::unexpected<core::Error>(InLog(known.error(), path_));
  }
  return file;
}

core::Result<std::vector<LogEntry>> Log::AppendDrafts(OpenFile& file,
                                                      std::span<const LogDraft> drafts) {
  std::vector<LogEntry> entries;
  std::vector<core::Digest> leaves;
  std::string lines;
  entries.reserve(drafts.size());
  leaves.reserve(drafts.size());
  for (const LogDraft& draft : drafts) {
    LogEntry& entry = entries.emplace_back();
    entry.sequence = next_sequence_ + entries.size() - 1;
    entry.time = draft.time;
    entry.kind = draft.kind;
    entry.body = draft.body;
    entry.previous = entries.size() == 1 ? head_ : entries[entries.size() - 2].hash;
    const core::Result<std::string> line = RenderLogLine(entry);
    if (!line) {
      if (drafts.size() == 1) return tl::unexpected<core::Error>(line.error());
      return core::Prefix(line.error(), fmt::format("entry {} of the batch", entries.size()));
    }
    leaves.push_back(LeafHash(std::string_view(*line).substr(0, line->size() - 1)));
    lines += *line;
  }
  if (entries.empty()) return entries;
  KLIEG_TRY(Write(file, lines));
  verified_bytes_ += lines.size();
  next_sequence_ += entries.size();
  head_ = entries.back().hash;
  for (const core::Digest& leaf : leaves) tree_.Append(leaf);
  return entries;
}

core::Status Log::ForEach(const std::function<void(const LogEntry&)>& visit) {
  uint64_t end = 0;
  {
    // Under the lock no entry is half written. Afterwards these bytes no longer change.
    KLIEG_ASSIGN(const OpenFile file, OpenFile::Open(path_, /*create=*/false));
    KLIEG_ASSIGN(end, file.Size());
  }
  KLIEG_ASSIGN(const ReadOnlyFile file, ReadOnlyFile::Open(path_));
  LogScanner scanner({}, nullptr, [&](const LogEntry& entry) -> core::Status {
    if (entry.sequence + 1 == next_sequence_ && entry.hash != head_) {
      return Fail(ErrorCode::kCorrupt, "entry {} is another one than when it was read before",
                  entry.sequence);
    }
    visit(entry);
    return {};
  });
  core::Status read = FeedFile(file.get(), path_, 0, end, scanner);
  if (read && scanner.position().next_sequence < next_sequence_) {
    read = Fail(ErrorCode::kCorrupt, "it had {} entries and now has {}: it was rolled back",
                next_sequence_, scanner.position().next_sequence);
  }
  if (!read) return tl::unexpected<core::Error>(InLog(read.error(), path_));
  return {};
}

core::Status Log::ReadNew(OpenFile& file, const LogVisitor& visit) {
  KLIEG_ASSIGN(const uint64_t size, file.Size());
  if (size < verified_bytes_) {
    return Fail(ErrorCode::kCorrupt, "it had {} bytes and now has {}: it was rolled back",
                verified_bytes_, size);
  }
  KLIEG_TRY(CheckNotRewritten(file));
  LogScanner scanner({next_sequence_, head_}, &tree_, visit);
  const core::Status read = FeedFile(file.descriptor(), path_, verified_bytes_, size, scanner);
  // What was visited counts as seen even when a later line is damaged.
  verified_bytes_ += scanner.accepted_bytes();
  next_sequence_ = scanner.position().next_sequence;
  head_ = scanner.position().head;
  KLIEG_TRY(read);
  // A writer killed between write and sync left entries that could still go; what is relied upon
  // must stay.
  if (scanner.accepted_bytes() > 0) KLIEG_TRY(file.Sync());
  KLIEG_ASSIGN(const LogTail tail, scanner.ClassifyTail());
  if (tail == LogTail::kTorn) return file.Truncate(verified_bytes_);
  if (tail == LogTail::kNone) return {};
  KLIEG_TRY(file.Append("\n"));
  LogScanner last({next_sequence_, head_}, &tree_, visit);
  KLIEG_TRY(last.Feed(scanner.tail() + '\n'));
  verified_bytes_ += last.accepted_bytes();
  next_sequence_ = last.position().next_sequence;
  head_ = last.position().head;
  return {};
}

/// Cheap: looks at the end of the last entry that was verified, not at all of them again.
core::Status Log::CheckNotRewritten(const OpenFile& file) const {
  if (verified_bytes_ == 0) return {};
  const std::string expected = head_.Hex().append(kLineEnd);
  std::string found(expected.size(), '\0');
  const ssize_t count = ::pread(file.descriptor(), found.data(), found.size(),
                                static_cast<off_t>(verified_bytes_ - found.size()));
  if (count < 0) return SystemError("read", path_, errno);
  if (found != expected) {
    return Fail(ErrorCode::kCorrupt, "entry {} is another one than when it was read before",
                next_sequence_ - 1);
  }
  return {};
}

core::Status Log::Write(OpenFile& file, std::string_view lines) const {
  core::Status written = file.Append(lines);
  if (written) return {};
  if (core::Status cut = file.Truncate(verified_bytes_); !cut) {
    return core::Prefix(written.error(), cut.error().message);
  }
  return written;
}

core::Result<LogSummary> VerifyLog(const fs::path& path, MerkleTree* tree) {
  KLIEG_ASSIGN(const ReadOnlyFile file, ReadOnlyFile::Open(path));
  KLIEG_ASSIGN(const uint64_t size, file.Size(path));
  MerkleTree grown;
  LogScanner scanner({}, &grown, {});
  core::Status read = FeedFile(file.get(), path, 0, size, scanner);
  if (!read) return tl::unexpected<core::Error>(InLog(read.error(), path));
  const core::Result<LogTail> tail = scanner.ClassifyTail();
  if (!tail) return tl::unexpected<core::Error>(InLog(tail.error(), path));
  const LogSummary summary = {scanner.position().next_sequence, scanner.position().head,
                              grown.Root(), *tail != LogTail::kNone};
  if (tree != nullptr) *tree = std::move(grown);
  return summary;
}

core::Result<LogSummary> VerifyLogBytes(std::string_view bytes) {
  MerkleTree tree;
  LogScanner scanner({}, &tree, {});
  KLIEG_TRY(scanner.Feed(bytes));
  KLIEG_ASSIGN(const LogTail tail, scanner.ClassifyTail());
  return LogSummary{scanner.position().next_sequence, scanner.position().head, tree.Root(),
                    tail != LogTail::kNone};
}

}  // namespace klieg::rights
