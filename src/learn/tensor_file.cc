#include "learn/tensor_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>

#include "core/check.h"

namespace klieg::learn {
namespace {

static_assert(std::endian::native == std::endian::little, "tensor files are little-endian");

constexpr char kMagic[8] = {'K', 'L', 'I', 'E', 'G', 'T', 'F', '\n'};
constexpr uint32_t kFormatVersion = 1;
constexpr uint64_t kAlignment = 64;
constexpr uint64_t kNameLengthMax = 256;

/// The first bytes of a file; the directory and the header text follow.
struct Preamble {
  char magic[8];
  uint32_t version;
  uint32_t entry_count;
  uint64_t header_bytes;
  uint64_t directory_bytes;
};
static_assert(sizeof(Preamble) == 32);

struct DirectoryEntry {
  uint32_t type;
  uint32_t name_bytes;
  uint64_t rows;
  uint64_t columns;
  uint64_t offset;
};
static_assert(sizeof(DirectoryEntry) == 32);

uint64_t RoundUp(uint64_t value) { return (value + kAlignment - 1) / kAlignment * kAlignment; }

/// Writes to a file that only becomes visible when all went well, hashing what passes.
class HashingFile {
 public:
  explicit HashingFile(std::filesystem::path path) : path_(std::move(path)), temporary_(path_) {
    temporary_ += fmt::format(".writing-{}", ::getpid());
    file_ = std::fopen(temporary_.c_str(), "wb");
    if (file_ == nullptr) failure_ = errno;
  }
  HashingFile(const HashingFile&) = delete;
  HashingFile& operator=(const HashingFile&) = delete;
  ~HashingFile() {
    if (file_ == nullptr) return;
    std::fclose(file_);
    ::unlink(temporary_.c_str());
  }

  void Write(const void* data, uint64_t bytes) {
    if (failure_ != 0 || bytes == 0) return;
    hasher_.Update(std::string_view(static_cast<const char*>(data), bytes));
    if (std::fwrite(data, 1, bytes, file_) != bytes) failure_ = errno;
    written_ += bytes;
  }

  void PadTo(uint64_t offset) {
    static constexpr char kZeros[kAlignment] = {};
    while (written_ < offset && failure_ == 0)
      Write(kZeros, std::min(kAlignment, offset - written_));
  }

  core::Result<core::Digest> Commit() {
    if (failure_ == 0 && (std::fflush(file_) != 0 || ::fsync(::fileno(file_)) != 0))
      failure_ = errno;
    if (failure_ == 0 && ::rename(temporary_.c_str(), path_.c_str()) != 0) failure_ = errno;
    if (failure_ != 0) {
      return core::Fail(core::ErrorCode::kIo, "cannot write '{}': {}", path_.string(),
                        std::strerror(failure_));
    }
    std::fclose(file_);
    file_ = nullptr;
    const std::filesystem::path folder = path_.has_parent_path() ? path_.parent_path() : ".";
    KLIEG_TRY(core::SyncPath(folder));
    return hasher_.Finish();
  }

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  std::FILE* file_ = nullptr;
  core::Hasher hasher_;
  uint64_t written_ = 0;
  int failure_ = 0;
};

}  // namespace

uint64_t TensorElementBytes(TensorType type) {
  switch (type) {
    case TensorType::kFloat32:
    case TensorType::kUint32:
      return 4;
    case TensorType::kUint64:
    case TensorType::kInt64:
    case TensorType::kFloat64:
      return 8;
    case TensorType::kBytes:
      return 1;
  }
  return 0;
}

std::vector<TensorView> TensorFileWriter::Tensors() const {
  std::vector<TensorView> tensors;
  for (const Entry& entry : entries_) {
    tensors.push_back({.name = entry.name,
                       .type = entry.type,
                       .rows = entry.rows,
                       .columns = entry.columns,
                       .stride_bytes = entry.stride_bytes,
                       .data = entry.data != nullptr ? entry.data : entry.owned.data()});
  }
  return tensors;
}

void TensorFileWriter::AddEntry(std::string name, TensorType type, uint64_t rows, uint64_t columns,
                                uint64_t stride_bytes, const void* data) {
  KLIEG_CHECK(!name.empty() && name.size() <= kNameLengthMax, "tensor name '{}'", name);
  entries_.push_back({std::move(name),
                      type,
                      rows,
                      columns,
                      stride_bytes,
                      static_cast<const std::byte*>(data),
                      {}});
}

void TensorFileWriter::Add(std::string name, core::MatrixView<const float> matrix) {
  AddEntry(std::move(name), TensorType::kFloat32, matrix.rows(), matrix.columns(),
           matrix.stride() * sizeof(float), matrix.data());
}

void TensorFileWriter::Add(std::string name, std::span<const float> values) {
  AddEntry(std::move(name), TensorType::kFloat32, 1, values.size(), values.size_bytes(),
           values.data());
}

void TensorFileWriter::Add(std::string name, std::span<const uint32_t> values) {
  AddEntry(std::move(name), TensorType::kUint32, 1, values.size(), values.size_bytes(),
           values.data());
}

void TensorFileWriter::Add(std::string name, std::span<const uint64_t> values) {
  AddEntry(std::move(name), TensorType::kUint64, 1, values.size(), values.size_bytes(),
           values.data());
}

void TensorFileWriter::Add(std::string name, std::span<const int64_t> values) {
  AddEntry(std::move(name), TensorType::kInt64, 1, values.size(), values.size_bytes(),
           values.data());
}

void TensorFileWriter::Add(std::string name, std::span<const std::string> strings) {
  std::vector<uint64_t> offsets = {0};
  std::string bytes;
  for (const std::string& text : strings) {
    bytes += text;
    offsets.push_back(bytes.size());
  }
  const auto own = [this](std::string entry_name, TensorType type, const void* data, uint64_t count,
                          uint64_t size) {
    AddEntry(std::move(entry_name), type, 1, count, size, nullptr);
    Entry& entry = entries_.back();
    const auto* first = static_cast<const std::byte*>(data);
    entry.owned.assign(first, first + size);
  };
  own(name + ".offsets", TensorType::kUint64, offsets.data(), offsets.size(), offsets.size() * 8);
  own(name + ".bytes", TensorType::kBytes, bytes.data(), bytes.size(), bytes.size());
}

core::Result<core::Digest> TensorFileWriter::Write(const std::filesystem::path& path) const {
  std::vector<DirectoryEntry> directory;
  uint64_t directory_bytes = 0;
  for (const Entry& entry : entries_) directory_bytes += sizeof(DirectoryEntry) + entry.name.size();
  uint64_t offset = RoundUp(sizeof(Preamble) + header_.size() + directory_bytes);
  for (const Entry& entry : entries_) {
    directory.push_back({static_cast<uint32_t>(entry.type),
                         static_cast<uint32_t>(entry.name.size()), entry.rows, entry.columns,
                         offset});
    offset = RoundUp(offset + entry.rows * entry.columns * TensorElementBytes(entry.type));
  }

  HashingFile file(path);
  Preamble preamble{};
  std::copy(std::begin(kMagic), std::end(kMagic), preamble.magic);
  preamble.version = kFormatVersion;
  preamble.entry_count = static_cast<uint32_t>(entries_.size());
  preamble.header_bytes = header_.size();
  preamble.directory_bytes = directory_bytes;
  file.Write(&preamble, sizeof(preamble));
  file.Write(header_.data(), header_.size());
  for (size_t i = 0; i < entries_.size(); ++i) {
    file.Write(&directory[i], sizeof(DirectoryEntry));
    file.Write(entries_[i].name.data(), entries_[i].name.size());
  }
  for (size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    file.PadTo(directory[i].offset);
    const std::byte* data = entry.data != nullptr ? entry.data : entry.owned.data();
    const uint64_t row_bytes = entry.columns * TensorElementBytes(entry.type);
    if (row_bytes == entry.stride_bytes) {
      file.Write(data, row_bytes * entry.rows);
    } else {
      for (uint64_t row = 0; row < entry.rows; ++row)
        file.Write(data + row * entry.stride_bytes, row_bytes);
    }
  }
  file.PadTo(offset);
  return file.Commit();
}

core::Result<TensorFile> TensorFile::Open(const std::filesystem::path& path) {
  using core::ErrorCode;
  KLIEG_ASSIGN(core::MappedFile mapped, core::MappedFile::Open(path));
  const std::string_view text = mapped.text();
  const auto corrupt = [&path](std::string_view what) {
    return core::Fail(ErrorCode::kCorrupt,
                      "'{}' is not a whole tensor file: {}; restore or retrain it", path.string(),
                      what);
  };
  Preamble preamble{};
  if (text.size() < sizeof(preamble)) return corrupt("it is shorter than the preamble");
  std::memcpy(&preamble, text.data(), sizeof(preamble));
  if (!std::equal(std::begin(kMagic), std::end(kMagic), preamble.magic))
    return corrupt("its first bytes are not KLIEGTF");
  if (preamble.version > kFormatVersion) {
    return core::Fail(ErrorCode::kVersion,
                      "'{}' has tensor format {}, this klieg reads up to {}: use a newer klieg",
                      path.string(), preamble.version, kFormatVersion);
  }
  const uint64_t rest = text.size() - sizeof(preamble);
  if (preamble.header_bytes > rest || preamble.directory_bytes > rest - preamble.header_bytes) {
    return corrupt("header and directory reach beyond its end");
  }

  TensorFile file(std::move(mapped));
  const char* cursor = text.data() + sizeof(preamble);
  file.header_.assign(cursor, preamble.header_bytes);
  cursor += preamble.header_bytes;
  const char* const directory_end = cursor + preamble.directory_bytes;
  for (uint32_t i = 0; i < preamble.entry_count; ++i) {
    DirectoryEntry entry{};
    if (static_cast<uint64_t>(directory_end - cursor) < sizeof(entry))
      return corrupt("its directory is cut short");
    std::memcpy(&entry, cursor, sizeof(entry));
    cursor += sizeof(entry);
    if (entry.name_bytes == 0 || entry.name_bytes > kNameLengthMax ||
        static_cast<uint64_t>(directory_end - cursor) < entry.name_bytes) {
      return corrupt("a name in its directory is cut short");
    }
    const std::string name(cursor, entry.name_bytes);
    cursor += entry.name_bytes;
    const auto type = static_cast<TensorType>(entry.type);
    const uint64_t size = TensorElementBytes(type);
    const uint64_t limit = std::numeric_limits<uint64_t>::max();
    const bool overflows = size == 0 ||
                           (entry.columns != 0 && entry.rows > limit / entry.columns) ||
                           entry.rows * entry.columns > limit / size;
    if (overflows || entry.offset % kAlignment != 0 || entry.offset > text.size() ||
        entry.rows * entry.columns * size > text.size() - entry.offset) {
      return corrupt(fmt::format("array '{}' lies outside the file", name));
    }
    file.entries_[name] = {type, entry.rows, entry.columns, entry.offset};
  }
  return file;
}

core::Status TensorFile::Verify(const std::filesystem::path& path, const core::Digest& expected) {
  KLIEG_ASSIGN(const core::Digest found, core::HashFile(path));
  if (found == expected) return {};
  return core::Fail(core::ErrorCode::kCorrupt,
                    "'{}' has changed: its digest is {}, expected {}; restore it or retrain",
                    path.string(), found.Short(), expected.Short());
}

core::Result<const TensorFile::Entry*> TensorFile::Find(const std::string& name,
                                                        TensorType type) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) {
    return core::Fail(core::ErrorCode::kCorrupt, "the model file has no array '{}'", name);
  }
  if (found->second.type != type) {
    return core::Fail(core::ErrorCode::kCorrupt,
                      "array '{}' of the model file has type {}, expected {}", name,
                      static_cast<uint32_t>(found->second.type), static_cast<uint32_t>(type));
  }
  return &found->second;
}

core::Result<core::MatrixView<const float>> TensorFile::Floats(const std::string& name) const {
  KLIEG_ASSIGN(const Entry* entry, Find(name, TensorType::kFloat32));
  const auto* data = reinterpret_cast<const float*>(file_.bytes().data() + entry->offset);
  return core::MatrixView<const float>(data, entry->rows, entry->columns);
}

core::Result<std::span<const uint32_t>> TensorFile::Uint32s(const std::string& name) const {
  KLIEG_ASSIGN(const Entry* entry, Find(name, TensorType::kUint32));
  return std::span(reinterpret_cast<const uint32_t*>(file_.bytes().data() + entry->offset),
                   entry->columns);
}

core::Result<std::span<const uint64_t>> TensorFile::Uint64s(const std::string& name) const {
  KLIEG_ASSIGN(const Entry* entry, Find(name, TensorType::kUint64));
  return std::span(reinterpret_cast<const uint64_t*>(file_.bytes().data() + entry->offset),
                   entry->columns);
}

core::Result<std::span<const int64_t>> TensorFile::Int64s(const std::string& name) const {
  KLIEG_ASSIGN(const Entry* entry, Find(name, TensorType::kInt64));
  return std::span(reinterpret_cast<const int64_t*>(file_.bytes().data() + entry->offset),
                   entry->columns);
}

core::Result<std::vector<std::string>> TensorFile::Strings(const std::string& name) const {
  KLIEG_ASSIGN(const std::span<const uint64_t> offsets, Uint64s(name + ".offsets"));
  KLIEG_ASSIGN(const Entry* bytes, Find(name + ".bytes", TensorType::kBytes));
  const auto* text = reinterpret_cast<const char*>(file_.bytes().data() + bytes->offset);
  std::vector<std::string> strings;
  for (size_t i = 0; i + 1 < offsets.size(); ++i) {
    if (offsets[i] > offsets[i + 1] || offsets[i + 1] > bytes->columns) {
      return core::Fail(core::ErrorCode::kCorrupt, "strings '{}' of the model file overlap", name);
    }
    strings.emplace_back(text + offsets[i], offsets[i + 1] - offsets[i]);
  }
  return strings;
}

}  // namespace klieg::learn
