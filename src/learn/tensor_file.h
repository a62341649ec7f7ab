/// Named arrays and a JSON header in one file: the form in which models are stored.
/// docs/formats/tensors.md gives the bytes. A file is mapped, not read, so that opening a large
/// model costs little; its SHA-256 is its address.
///
///     learn::TensorFileWriter writer;
///     writer.SetHeader(header_json);
///     writer.Add("item_factors", factors.view());
///     KLIEG_ASSIGN(core::Digest digest, writer.Write(path));      // atomic
///
///     KLIEG_ASSIGN(learn::TensorFile file, learn::TensorFile::Open(path));
///     KLIEG_ASSIGN(core::MatrixView<const float> factors, file.Floats("item_factors"));
///
/// Little-endian, arrays on 64-byte boundaries. Same content, same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/matrix.h"

namespace klieg::learn {

enum class TensorType : uint32_t {
  kFloat32 = 1,
  kUint32 = 2,
  kUint64 = 3,
  kInt64 = 4,
  kBytes = 5,
  kFloat64 = 6
};

/// Bytes of one element.
uint64_t TensorElementBytes(TensorType type);

/// One array that a writer holds: rows × columns elements, row r at data + r · stride_bytes.
struct TensorView {
  std::string name;
  TensorType type;
  uint64_t rows;
  uint64_t columns;
  uint64_t stride_bytes;
  const std::byte* data;
};

/// Collects views (not copies: they must live until Write) and writes them in the order added.
class TensorFileWriter {
 public:
  /// Any JSON text; shown by people's tools, interpreted by the caller.
  void SetHeader(std::string json) { header_ = std::move(json); }
  void Add(std::string name, core::MatrixView<const float> matrix);
  void Add(std::string name, std::span<const float> values);
  void Add(std::string name, std::span<const uint32_t> values);
  void Add(std::string name, std::span<const uint64_t> values);
  void Add(std::string name, std::span<const int64_t> values);
  /// Strings, stored as offsets and one run of bytes ("name.offsets", "name.bytes").
  void Add(std::string name, std::span<const std::string> strings);

  /// What was added, in order; valid as long as what was added. For comparing models without
  /// writing them.
  std::vector<TensorView> Tensors() const;

  /// Writes beside `path`, syncs, renames; kIo leaves nothing behind. Returns the digest of the
  /// file.
  core::Result<core::Digest> Write(const std::filesystem::path& path) const;

 private:
  struct Entry {
    std::string name;
    TensorType type;
    uint64_t rows;
    uint64_t columns;
    uint64_t stride_bytes;
    const std::byte* data;
    std::vector<std::byte> owned;
  };
  void AddEntry(std::string name, TensorType type, uint64_t rows, uint64_t columns,
                uint64_t stride_bytes, const void* data);
  std::string header_ = "{}";
  std::vector<Entry> entries_;
};

/// A file opened for reading. Views live as long as it does. Thread-safe.
class TensorFile {
 public:
  /// Checks magic, version, bounds and names (kCorrupt, kVersion), not the digest of the content:
  /// see Verify.
  static core::Result<TensorFile> Open(const std::filesystem::path& path);

  /// Reads everything and compares with the digest the caller expects: kCorrupt if one bit differs.
  static core::Status Verify(const std::filesystem::path& path, const core::Digest& expected);

  const std::string& header() const { return header_; }
  bool Has(const std::string& name) const { return entries_.contains(name); }
  core::Result<core::MatrixView<const float>> Floats(const std::string& name) const;
  core::Result<std::span<const uint32_t>> Uint32s(const std::string& name) const;
  core::Result<std::span<const uint64_t>> Uint64s(const std::string& name) const;
  core::Result<std::span<const int64_t>> Int64s(const std::string& name) const;
  core::Result<std::vector<std::string>> Strings(const std::string& name) const;

 private:
  struct Entry {
    TensorType type;
    uint64_t rows;
    uint64_t columns;
    uint64_t offset;
  };
  explicit TensorFile(core::MappedFile file) : file_(std::move(file)) {}
  core::Result<const Entry*> Find(const std::string& name, TensorType type) const;
  core::MappedFile file_;
  std::string header_;
  std::map<std::string, Entry> entries_;
};

}  // namespace klieg::learn
