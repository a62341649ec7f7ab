/// SHA-256, the address of everything that is stored by content.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/error.h"

namespace klieg::core {

/// A SHA-256 digest. Text form: 64 lower-case hexadecimal digits.
struct Digest {
  std::array<uint8_t, 32> bytes{};

  std::string Hex() const;
  /// First 12 hexadecimal digits, for people.
  std::string Short() const { return Hex().substr(0, 12); }
  static Result<Digest> FromHex(std::string_view hex);
  /// The 32 bytes as text, for hashing and files. Valid as long as the digest.
  std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  auto operator<=>(const Digest&) const = default;
};

/// Digest of a stream of bytes (FIPS 180-4). Not thread-safe.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;

  void Update(std::string_view bytes);
  void Update(std::span<const std::byte> bytes);
  /// Ends the stream; the hasher may not be used again.
  Digest Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Digest of bytes that are at hand: no allocation after a thread's first call.
Digest HashBytes(std::string_view bytes);

/// Digest of the pieces one after the other, as if they had been joined.
Digest HashPieces(std::initializer_list<std::string_view> pieces);

/// Digest of a whole file, read in pieces of 1 MiB. Fails with kNotFound or kIo.
Result<Digest> HashFile(const std::filesystem::path& path);

}  // namespace klieg::core
