/// The key that signs heads of the log: Ed25519 (RFC 8032), by OpenSSL.
///
///     KLIEG_ASSIGN(const PrivateKey key, PrivateKey::Generate());
///     KLIEG_TRY(key.Save(folder / "log-key.pem"));
///     KLIEG_ASSIGN(const Signature signature, key.Sign(text));
///     KLIEG_TRY(VerifySignature(key.public_key(), text, signature));
///
/// The file is PEM with PKCS #8, as `openssl pkey` reads and writes it, without a passphrase: it is
/// guarded by its permissions. Whoever can read it can sign any history in the house's name; keep it
/// on the machine that writes the log, and a copy in a safe.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/hash.h"

namespace klieg::rights {

/// Text form: 64 lower-case hexadecimal digits.
struct PublicKey {
  std::array<uint8_t, 32> bytes{};

  std::string Hex() const;
  /// kInvalidArgument for any other text. That the bytes are a point on the curve is found out by
  /// verifying, which fails.
  static core::Result<PublicKey> FromHex(std::string_view hex);
  /// SHA-256 of the 32 bytes: what a log is known by.
  core::Digest Id() const;
  auto operator<=>(const PublicKey&) const = default;
};

/// Text form: 128 lower-case hexadecimal digits.
struct Signature {
  std::array<uint8_t, 64> bytes{};

  std::string Hex() const;
  static core::Result<Signature> FromHex(std::string_view hex);
  auto operator<=>(const Signature&) const = default;
};

/// Can be moved, not copied. Signing is safe from many threads.
class PrivateKey {
 public:
  /// From the operating system's source of randomness.
  static core::Result<PrivateKey> Generate();

  /// The key of a seed: for published test vectors and tests that need the same key each time.
  static core::Result<PrivateKey> FromSeed(std::span<const uint8_t, 32> seed);

  /// kNotFound; kInvalidArgument when others than the owner may use the file, with the command
  /// that mends it; kCorrupt when it holds no Ed25519 key. Never asks for a passphrase.
  static core::Result<PrivateKey> Load(const std::filesystem::path& path);

  /// Writes a new file, whole or not at all, that only its owner may read. kAlreadyExists when
  /// there is one: a key is never overwritten.
  core::Status Save(const std::filesystem::path& path) const;

  core::Result<Signature> Sign(std::string_view message) const;

  const PublicKey& public_key() const { return public_key_; }

  PrivateKey(PrivateKey&&) noexcept;
  PrivateKey& operator=(PrivateKey&&) noexcept;
  ~PrivateKey();

 private:
  struct Handle;
  explicit PrivateKey(std::unique_ptr<Handle> handle);
  static core::Result<PrivateKey> FromHandle(std::unique_ptr<Handle> handle);

  std::unique_ptr<Handle> handle_;
  PublicKey public_key_;
};

/// kCorrupt when the signature is not that of this key over this message. Any bytes may be given.
core::Status VerifySignature(const PublicKey& key, std::string_view message,
                             const Signature& signature);

}  // namespace klieg::rights
