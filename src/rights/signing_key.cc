#include "rights/signing_key.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/file.h"

namespace klieg::rights {
namespace {

using core::ErrorCode;
using core::Fail;
namespace fs = std::filesystem;

constexpr size_t kMaxKeyFileBytes = 16 << 10;

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeBio {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
};
using KeyPointer = std::unique_ptr<EVP_PKEY, FreeKey>;
using ContextPointer = std::unique_ptr<EVP_MD_CTX, FreeContext>;
using BioPointer = std::unique_ptr<BIO, FreeBio>;

const uint8_t* BytesOf(std::string_view text) {
  return reinterpret_cast<const uint8_t*>(text.data());
}

template <size_t kSize>
std::string ToHex(const std::array<uint8_t, kSize>& bytes) {
  std::string hex;
  for (const uint8_t byte : bytes) hex += fmt::format("{:02x}", byte);
  return hex;
}

template <size_t kSize>
core::Result<std::array<uint8_t, kSize>> FromHexDigits(std::string_view hex,
                                                       std::string_view what) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<uint8_t, kSize> bytes{};
  const bool clean = hex.find_first_not_of(kDigits) == std::string_view::npos;
  if (hex.size() != 2 * kSize || !clean) {
    return Fail(ErrorCode::kInvalidArgument,
                "{} has {} lower-case hexadecimal digits, found {} characters", what, 2 * kSize,
                hex.size());
  }
  for (size_t i = 0; i < kSize; ++i) {
    bytes[i] = static_cast<uint8_t>(kDigits.find(hex[2 * i]) * 16 + kDigits.find(hex[2 * i + 1]));
  }
  return bytes;
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

tl::unexpected<core::Error> SystemError(std::string_view action, const fs::path& path, int number) {
  const ErrorCode code = number == ENOENT   ? ErrorCode::kNotFound
                         : number == EEXIST ? ErrorCode::kAlreadyExists
                                            : ErrorCode::kIo;
  return Fail(code, "cannot {} the key file '{}': {}", action, path.string(),
              std::strerror(number));
}

/// A text that is wiped from memory when it is no longer needed.
class SecretText {
 public:
  SecretText() = default;
  SecretText(const SecretText&) = delete;
  SecretText& operator=(const SecretText&) = delete;
  SecretText(SecretText&&) = default;
  SecretText& operator=(SecretText&&) = delete;
  ~SecretText() { OPENSSL_cleanse(text_.data(), text_.size()); }
  std::string& text() { return text_; }
  std::string_view view() const { return text_; }

 private:
  std::string text_;
};

core::Result<SecretText> ReadSecret(const fs::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return SystemError("open", path, errno);
  struct stat information{};
  if (::fstat(file.get(), &information) != 0) return SystemError("examine", path, errno);
  if (!S_ISREG(information.st_mode)) {
    return Fail(ErrorCode::kInvalidArgument, "'{}' is not a file, a key was expected",
                path.string());
  }
  if ((information.st_mode & 077) != 0) {
    return Fail(
        ErrorCode::kInvalidArgument,
        "others than its owner may use the key file '{}' (mode {:03o}): whoever read it can "
        "sign in your name. If nobody did, run chmod 600 on it; else make a new key",
        path.string(), information.st_mode & 0777);
  }
  SecretText secret;
  secret.text().resize(kMaxKeyFileBytes);
  size_t size = 0;
  while (size < kMaxKeyFileBytes) {
    const ssize_t count = ::read(file.get(), &secret.text()[size], kMaxKeyFileBytes - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return SystemError("read", path, errno);
    if (count == 0) break;
    size += static_cast<size_t>(count);
  }
  OPENSSL_cleanse(&secret.text()[size], kMaxKeyFileBytes - size);
  secret.text().resize(size);
  return secret;
}

core::Status WriteSecret(const fs::path& path, std::string_view bytes) {
  const Descriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() < 0) return SystemError("create", path, errno);
  // What the umask took away is given back, and nothing beyond.
  if (::fchmod(file.get(), 0600) != 0) return SystemError("protect", path, errno);
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemError("write", path, errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  if (::fsync(file.get()) != 0) return SystemError("sync", path, errno);
  return {};
}

/// Answers the question for a passphrase with none, where OpenSSL would ask at the terminal.
int NoPassphrase(char*, int, int, void*) { return 0; }

}  // namespace

std::string PublicKey::Hex() const { return ToHex(bytes); }

core::Result<PublicKey> PublicKey::FromHex(std::string_view hex) {
  KLIEG_ASSIGN(const auto bytes, FromHexDigits<32>(hex, "a public key"));
  return PublicKey{bytes};
}

core::Digest PublicKey::Id() const {
  return core::HashBytes({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string Signature::Hex() const { return ToHex(bytes); }

core::Result<Signature> Signature::FromHex(std::string_view hex) {
  KLIEG_ASSIGN(const auto bytes, FromHexDigits<64>(hex, "a signature"));
  return Signature{bytes};
}

struct PrivateKey::Handle {
  KeyPointer key;
};

PrivateKey::PrivateKey(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
PrivateKey::PrivateKey(PrivateKey&&) noexcept = default;
PrivateKey& PrivateKey::operator=(PrivateKey&&) noexcept = default;
PrivateKey::~PrivateKey() = default;

core::Result<PrivateKey> PrivateKey::FromHandle(std::unique_ptr<Handle> handle) {
  PrivateKey key(std::move(handle));
  size_t size = key.public_key_.bytes.size();
  if (EVP_PKEY_get_raw_public_key(key.handle_->key.get(), key.public_key_.bytes.data(), &size) !=
          1 ||
      size != key.public_key_.bytes.size()) {
    return Fail(ErrorCode::kInternal, "libcrypto gives no public key for a private one");
  }
  return key;
}

core::Result<PrivateKey> PrivateKey::Generate() {
  KeyPointer key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  if (key == nullptr) return Fail(ErrorCode::kInternal, "libcrypto cannot make an Ed25519 key");
  return FromHandle(std::make_unique<Handle>(std::move(key)));
}

core::Result<PrivateKey> PrivateKey::FromSeed(std::span<const uint8_t, 32> seed) {
  KeyPointer key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
  if (key == nullptr) return Fail(ErrorCode::kInternal, "libcrypto cannot make an Ed25519 key");
  return FromHandle(std::make_unique<Handle>(std::move(key)));
}

core::Result<PrivateKey> PrivateKey::Load(const fs::path& path) {
  KLIEG_ASSIGN(const SecretText secret, ReadSecret(path));
  const BioPointer bio(
      BIO_new_mem_buf(secret.view().data(), static_cast<int>(secret.view().size())));
  KeyPointer key(bio == nullptr
                     ? nullptr
                     : PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
  if (key == nullptr || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_ED25519) {
    return Fail(ErrorCode::kCorrupt,
                "'{}' holds no Ed25519 key: expected PEM with PKCS #8 and no passphrase, as "
                "'openssl genpkey -algorithm ed25519' writes it",
                path.string());
  }
  return FromHandle(std::make_unique<Handle>(std::move(key)));
}

core::Status PrivateKey::Save(const fs::path& path) const {
  const BioPointer bio(BIO_new(BIO_s_secmem()));
  if (bio == nullptr || PEM_write_bio_PKCS8PrivateKey(bio.get(), handle_->key.get(), nullptr,
                                                      nullptr, 0, nullptr, nullptr) != 1) {
    return Fail(ErrorCode::kInternal, "libcrypto cannot write an Ed25519 key");
  }
  char* data = nullptr;
  const auto size = static_cast<size_t>(BIO_get_mem_data(bio.get(), &data));
  fs::path temporary = path;
  temporary += fmt::format(".writing-{}", ::getpid());
  core::Status written = WriteSecret(temporary, {data, size});
  // A link, not a rename: it fails where there is a file already, in the same step.
  if (written && ::link(temporary.c_str(), path.c_str()) != 0) {
    written = SystemError("make", path, errno);
  }
  ::unlink(temporary.c_str());
  KLIEG_TRY(written);
  return core::SyncPath(path.has_parent_path() ? path.parent_path() : fs::path("."));
}

core::Result<Signature> PrivateKey::Sign(std::string_view message) const {
  const ContextPointer context(EVP_MD_CTX_new());
  Signature signature;
  size_t size = signature.bytes.size();
  if (context == nullptr ||
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, handle_->key.get()) != 1 ||
      EVP_DigestSign(context.get(), signature.bytes.data(), &size, BytesOf(message),
                     message.size()) != 1 ||
      size != signature.bytes.size()) {
    return Fail(ErrorCode::kInternal, "libcrypto cannot sign");
  }
  return signature;
}

core::Status VerifySignature(const PublicKey& key, std::string_view message,
                             const Signature& signature) {
  const KeyPointer handle(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.bytes.data(), key.bytes.size()));
  const ContextPointer context(EVP_MD_CTX_new());
  if (handle == nullptr || context == nullptr ||
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, handle.get()) != 1 ||
      EVP_DigestVerify(context.get(), signature.bytes.data(), signature.bytes.size(),
                       BytesOf(message), message.size()) != 1) {
    return Fail(ErrorCode::kCorrupt, "the signature is not one of the key {}… over these bytes",
                key.Hex().substr(0, 12));
  }
  return {};
}

}  // namespace klieg::rights
