#include "core/hash.h"

#include <openssl/evp.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "core/check.h"

namespace klieg::core {
namespace {

/// SHA-256 fetched once: OpenSSL 3 looks EVP_sha256() up anew at every start of a digest, which
/// takes longer than hashing a short message.
const EVP_MD* Sha256() {
  static const EVP_MD* const kAlgorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  KLIEG_CHECK(kAlgorithm != nullptr, "libcrypto offers no SHA-256");
  return kAlgorithm;
}

/// A context that serves one digest after the other.
class ReusedContext {
 public:
  ReusedContext() : context_(EVP_MD_CTX_new()) {
    KLIEG_CHECK(context_ != nullptr, "no memory for SHA-256");
  }
  ~ReusedContext() { EVP_MD_CTX_free(context_); }
  ReusedContext(const ReusedContext&) = delete;
  ReusedContext& operator=(const ReusedContext&) = delete;

  Digest Hash(std::initializer_list<std::string_view> pieces) {
    KLIEG_CHECK(EVP_DigestInit_ex2(context_, Sha256(), nullptr) == 1, "SHA-256 start");
    for (const std::string_view piece : pieces) {
      KLIEG_CHECK(EVP_DigestUpdate(context_, piece.data(), piece.size()) == 1, "SHA-256 update");
    }
    Digest digest;
    KLIEG_CHECK(EVP_DigestFinal_ex(context_, digest.bytes.data(), nullptr) == 1, "SHA-256 finish");
    return digest;
  }

 private:
  EVP_MD_CTX* context_;
};

}  // namespace

std::string Digest::Hex() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(64);
  for (const uint8_t byte : bytes) {
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 15]);
  }
  return hex;
}

Result<Digest> Digest::FromHex(std::string_view hex) {
  if (hex.size() != 64) {
    return Fail(ErrorCode::kInvalidArgument, "a SHA-256 digest has 64 hexadecimal digits, found {}",
                hex.size());
  }
  const auto nibble = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
  };
  Digest digest;
  for (size_t i = 0; i < 32; ++i) {
    const int high = nibble(hex[2 * i]);
    const int low = nibble(hex[2 * i + 1]);
    if (high < 0 || low < 0) {
      return Fail(ErrorCode::kInvalidArgument,
                  "a SHA-256 digest has lower-case hexadecimal digits only, found '{}'",
                  hex.substr(2 * i, 2));
    }
    digest.bytes[i] = static_cast<uint8_t>(high * 16 + low);
  }
  return digest;
}

struct Hasher::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() {
    KLIEG_CHECK(context != nullptr && EVP_DigestInit_ex2(context, Sha256(), nullptr) == 1,
                "libcrypto offers no SHA-256");
  }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Hasher::Hasher() : state_(std::make_unique<State>()) {}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::Update(std::string_view bytes) {
  KLIEG_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1, "SHA-256 update");
}

void Hasher::Update(std::span<const std::byte> bytes) {
  KLIEG_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1, "SHA-256 update");
}

Digest Hasher::Finish() {
  Digest digest;
  unsigned int length = 0;
  KLIEG_CHECK(
      EVP_DigestFinal_ex(state_->context, digest.bytes.data(), &length) == 1 && length == 32,
      "SHA-256 finish");
  return digest;
}

Digest HashBytes(std::string_view bytes) { return HashPieces({bytes}); }

Digest HashPieces(std::initializer_list<std::string_view> pieces) {
  // Scratch, not state: no call sees what another left.
  thread_local ReusedContext context;
  return context.Hash(pieces);
}

Result<Digest> HashFile(const std::filesystem::path& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) {
    return Fail(errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo, "cannot open '{}': {}",
                path.string(), std::strerror(errno));
  }
  Hasher hasher;
  std::vector<char> buffer(1 << 20);
  size_t count = 0;
  while ((count = std::fread(buffer.data(), 1, buffer.size(), file)) > 0) {
    hasher.Update(std::string_view(buffer.data(), count));
  }
  const bool failed = std::ferror(file) != 0;
  std::fclose(file);
  if (failed) {
    return Fail(ErrorCode::kIo, "cannot read '{}': {}", path.string(), std::strerror(errno));
  }
  return hasher.Finish();
}

}  // namespace klieg::core
