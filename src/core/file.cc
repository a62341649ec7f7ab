#include "core/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace klieg::core {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> SystemError(std::string_view action, const fs::path& path, int number) {
  const ErrorCode code = number == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo;
  return Fail(code, "cannot {} '{}': {}", action, path.string(), std::strerror(number));
}

/// A descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  int get() const { return value_; }

 private:
  int value_;
};

Status WriteAll(int descriptor, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return SystemError("write", path, errno);
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Status WriteAndSync(const fs::path& path, std::string_view bytes) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (file.get() < 0) return SystemError("create", path, errno);
  KLIEG_TRY(WriteAll(file.get(), bytes, path));
  if (::fsync(file.get()) != 0) return SystemError("sync", path, errno);
  return {};
}

}  // namespace

Result<std::string> ReadFile(const fs::path& path, uint64_t limit_bytes) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return SystemError("open", path, errno);
  struct stat information{};
  if (::fstat(file.get(), &information) != 0) return SystemError("examine", path, errno);
  if (S_ISDIR(information.st_mode)) {
    return Fail(ErrorCode::kInvalidArgument, "'{}' is a folder, a file was expected",
                path.string());
  }
  std::string bytes;
  std::string piece(1 << 16, '\0');
  while (true) {
    const ssize_t count = ::read(file.get(), piece.data(), piece.size());
    if (count < 0) {
      if (errno == EINTR) continue;
      return SystemError("read", path, errno);
    }
    if (count == 0) return bytes;
    bytes.append(piece.data(), static_cast<size_t>(count));
    if (bytes.size() > limit_bytes) {
      return Fail(ErrorCode::kInvalidArgument, "'{}' is larger than the {} bytes allowed here",
                  path.string(), limit_bytes);
    }
  }
}

Status WriteFileAtomically(const fs::path& path, std::string_view bytes) {
  fs::path temporary = path;
  temporary += fmt::format(".writing-{}", ::getpid());
  if (Status written = WriteAndSync(temporary, bytes); !written) {
    ::unlink(temporary.c_str());
    return written;
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int number = errno;
    ::unlink(temporary.c_str());
    return SystemError("rename to", path, number);
  }
  return SyncPath(path.has_parent_path() ? path.parent_path() : fs::path("."));
}

Status SyncPath(const fs::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return SystemError("open", path, errno);
  if (::fsync(file.get()) != 0) return SystemError("sync", path, errno);
  return {};
}

Status MakeFolder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) {
    return Fail(ErrorCode::kIo, "cannot make the folder '{}': {}", path.string(), error.message());
  }
  return {};
}

Result<uint64_t> FreeDiskBytes(const fs::path& path) {
  std::error_code error;
  const fs::space_info space = fs::space(path, error);
  if (error) {
    return Fail(ErrorCode::kIo, "cannot ask for the free space of '{}': {}", path.string(),
                error.message());
  }
  return space.available;
}

Result<MappedFile> MappedFile::Open(const fs::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return SystemError("open", path, errno);
  struct stat information{};
  if (::fstat(file.get(), &information) != 0) return SystemError("examine", path, errno);
  MappedFile mapped;
  mapped.size_ = static_cast<size_t>(information.st_size);
  if (mapped.size_ == 0) return mapped;  // mmap refuses length 0.
  void* data = ::mmap(nullptr, mapped.size_, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (data == MAP_FAILED) {
    mapped.size_ = 0;
    return SystemError("map", path, errno);
  }
  mapped.data_ = static_cast<const std::byte*>(data);
  return mapped;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

Result<TemporaryFolder> TemporaryFolder::Make(const fs::path& parent) {
  std::error_code error;
  const fs::path base = parent.empty() ? fs::temp_directory_path(error) : parent;
  if (error) return Fail(ErrorCode::kIo, "no temporary folder: {}", error.message());
  std::string pattern = (base / "klieg-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) return SystemError("make a folder in", base, errno);
  TemporaryFolder folder;
  folder.path_ = pattern;
  return folder;
}

TemporaryFolder::TemporaryFolder(TemporaryFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

TemporaryFolder::~TemporaryFolder() {
  if (path_.empty()) return;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

Result<FileLock> FileLock::Lock(const fs::path& path, int operation) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return SystemError("open the lock", path, errno);
  while (::flock(descriptor, operation) != 0) {
    if (errno == EINTR) continue;
    const int number = errno;
    ::close(descriptor);
    if (number == EWOULDBLOCK) {
      return Fail(ErrorCode::kAlreadyExists, "'{}' is locked by another process", path.string());
    }
    return SystemError("lock", path, number);
  }
  return FileLock(descriptor);
}

Result<FileLock> FileLock::Acquire(const fs::path& path) { return Lock(path, LOCK_EX); }
Result<FileLock> FileLock::TryAcquire(const fs::path& path) {
  return Lock(path, LOCK_EX | LOCK_NB);
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace klieg::core
