#include "data/block_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/memory.h"

namespace klieg::data {
namespace {

tl::unexpected<core::Error> SystemError(std::string_view action, const std::filesystem::path& path,
                                        int number) {
  const core::ErrorCode code =
      number == ENOENT || number == ENOTDIR ? core::ErrorCode::kNotFound : core::ErrorCode::kIo;
  return core::Fail(code, "cannot {} '{}': {}", action, path.string(), std::strerror(number));
}

}  // namespace

core::Result<BlockReader> BlockReader::Open(const std::filesystem::path& path) {
  // Not blocking, so that a pipe without a writer is refused and not waited for.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return SystemError("open", path, errno);
  struct stat information{};
  const int outcome = ::fstat(descriptor, &information);
  BlockReader reader(path, descriptor,
                     outcome == 0 ? static_cast<uint64_t>(information.st_size) : 0);
  if (outcome != 0) return SystemError("examine", path, errno);
  if (S_ISDIR(information.st_mode)) {
    return core::Fail(
        core::ErrorCode::kInvalidArgument,
        "'{}' is a folder where a file was expected; only MovieLens data come as a folder",
        path.string());
  }
  if (!S_ISREG(information.st_mode)) {
    return core::Fail(core::ErrorCode::kInvalidArgument,
                      "'{}' is not a regular file; an import may read its files twice, so save the "
                      "data to a file first",
                      path.string());
  }
  return reader;
}

BlockReader::BlockReader(BlockReader&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_),
      read_(other.read_),
      at_end_(other.at_end_),
      rest_(std::move(other.rest_)),
      hasher_(std::move(other.hasher_)) {}

BlockReader::~BlockReader() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

core::Status BlockReader::Fill(size_t bytes) {
  const size_t before = rest_.size();
  rest_.resize(before + bytes);
  size_t filled = 0;
  while (filled < bytes && !at_end_) {
    const ssize_t count = ::read(descriptor_, rest_.data() + before + filled, bytes - filled);
    if (count < 0) {
      if (errno == EINTR) continue;
      const int number = errno;
      rest_.resize(before + filled);
      return SystemError("read", path_, number);
    }
    at_end_ = count == 0;
    filled += static_cast<size_t>(count);
  }
  rest_.resize(before + filled);
  read_ += filled;
  hasher_.Update(std::string_view(rest_).substr(before));
  if (at_end_ && read_ != size_) {
    return core::Fail(core::ErrorCode::kIo,
                      "'{}' had {} bytes when the import began and {} when it was read: somebody "
                      "changes it; import it "
                      "when it is finished",
                      path_.string(), size_, read_);
  }
  return {};
}

core::Result<std::string_view> BlockReader::Peek(size_t count) {
  if (rest_.size() < count && !at_end_) KLIEG_TRY(Fill(count - rest_.size()));
  return std::string_view(rest_).substr(0, count);
}

void BlockReader::Skip(size_t count) { rest_.erase(0, count); }

core::Result<std::optional<std::string>> BlockReader::Next(size_t bytes,
                                                           const RecordBoundary& boundary) {
  while (true) {
    if (!at_end_) KLIEG_TRY(Fill(bytes));
    if (rest_.empty() && at_end_) return std::optional<std::string>();
    const size_t whole = boundary(rest_, at_end_);
    if (whole > 0) {
      std::string block = std::move(rest_);
      rest_.assign(block, whole);
      block.resize(whole);
      return std::optional(std::move(block));
    }
    if (rest_.size() > kRecordBytesMax) {
      return core::Fail(core::ErrorCode::kInvalidArgument,
                        "'{}' has a row longer than {}: is it a text file of this format?",
                        path_.string(), core::FormatBytes(kRecordBytesMax));
    }
  }
}

core::Digest BlockReader::Finish() { return hasher_.Finish(); }

}  // namespace klieg::data
