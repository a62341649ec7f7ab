/// Files that are written whole or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/error.h"

namespace klieg::core {

/// The whole file. Fails with kNotFound, kIo, or kInvalidArgument when it is larger than
/// `limit_bytes`.
Result<std::string> ReadFile(const std::filesystem::path& path,
                             uint64_t limit_bytes = uint64_t{1} << 30);

/// Writes `path` so that a reader, and a machine that loses power, sees the old bytes or the new
/// ones, never a mixture: temporary file beside it, fsync, rename, fsync of the folder.
/// On failure (kIo: no space, no permission) the old file stands and the temporary one is gone.
Status WriteFileAtomically(const std::filesystem::path& path, std::string_view bytes);

/// Forces a file or folder that exists to stable storage.
Status SyncPath(const std::filesystem::path& path);

/// Creates the folder and its parents; an existing folder is fine.
Status MakeFolder(const std::filesystem::path& path);

/// Bytes of the file system of `path` that an ordinary user can still write.
Result<uint64_t> FreeDiskBytes(const std::filesystem::path& path);

/// A read-only view of a whole file in memory. The view lives as long as the object.
class MappedFile {
 public:
  static Result<MappedFile> Open(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();
  std::span<const std::byte> bytes() const { return {data_, size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }

 private:
  MappedFile() = default;
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

/// A fresh folder under the system's temporary folder (or `parent`), removed with all it holds at
/// the end.
class TemporaryFolder {
 public:
  static Result<TemporaryFolder> Make(const std::filesystem::path& parent = {});
  TemporaryFolder(TemporaryFolder&& other) noexcept;
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder();
  const std::filesystem::path& path() const { return path_; }

 private:
  TemporaryFolder() = default;
  std::filesystem::path path_;
};

/// An exclusive lock on a file (created when missing), held until destruction or the end of the
/// process, however that comes. Two objects in one process exclude each other too.
class FileLock {
 public:
  /// Waits until the lock is free.
  static Result<FileLock> Acquire(const std::filesystem::path& path);
  /// Fails at once with kAlreadyExists when somebody holds it.
  static Result<FileLock> TryAcquire(const std::filesystem::path& path);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  static Result<FileLock> Lock(const std::filesystem::path& path, int operation);
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace klieg::core
