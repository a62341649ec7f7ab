/// Reads a text file in pieces that end where a record ends, and hashes it on the way. Internal to
/// src/data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/hash.h"

namespace klieg::data {

/// Longest record: a file without line ends is not held in memory whole.
inline constexpr size_t kRecordBytesMax = size_t{16} << 20;

/// Bytes at the front of `text` that make whole records; `at_end` when nothing follows `text`.
using RecordBoundary = std::function<size_t(std::string_view text, bool at_end)>;

/// One pass over one file, front to back. Move-only; not thread-safe.
class BlockReader {
 public:
  /// kNotFound, kIo; kInvalidArgument when it is a folder or a device.
  static core::Result<BlockReader> Open(const std::filesystem::path& path);
  BlockReader(BlockReader&& other) noexcept;
  BlockReader& operator=(BlockReader&&) = delete;
  ~BlockReader();

  /// Size when it was opened.
  uint64_t size() const { return size_; }

  /// The first bytes, at most `count`, without taking them: to learn the header and the encoding.
  core::Result<std::string_view> Peek(size_t count);

  /// Drops bytes that Peek has shown.
  void Skip(size_t count);

  /// About `bytes` more, cut by `boundary`; nothing at the end. kInvalidArgument when a record is
  /// longer than kRecordBytesMax; kIo when the file became shorter while it was read.
  core::Result<std::optional<std::string>> Next(size_t bytes, const RecordBoundary& boundary);

  /// Digest of the whole file, once Next has come to the end.
  core::Digest Finish();

 private:
  BlockReader(std::filesystem::path path, int descriptor, uint64_t size)
      : path_(std::move(path)), descriptor_(descriptor), size_(size) {}
  core::Status Fill(size_t bytes);

  std::filesystem::path path_;
  int descriptor_ = -1;
  uint64_t size_ = 0;
  uint64_t read_ = 0;
  bool at_end_ = false;
  std::string rest_;  // read, not yet handed out
  core::Hasher hasher_;
};

}  // namespace klieg::data
