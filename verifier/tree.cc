#include "tree.h"

#include <openssl/evp.h>

#include <memory>

#include "json.h"

namespace klieg_verify {
namespace {

Digest NodeHash(const Digest& left, const Digest& right) {
  return Sha256("\1" + Bytes(left) + Bytes(right));
}

const uint8_t* Octets(std::string_view bytes) {
  return reinterpret_cast<const uint8_t*>(bytes.data());
}

}  // namespace

std::string FromHex(std::string_view hex, size_t size) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  if (hex.size() != 2 * size || hex.find_first_not_of(kDigits) != std::string_view::npos)
    throw DoesNotHold("expected " + std::to_string(2 * size) + " lower-case hexadecimal digits");
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2)
    bytes.push_back(static_cast<char>(kDigits.find(hex[i]) * 16 + kDigits.find(hex[i + 1])));
  return bytes;
}

std::string ToHex(std::string_view bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char byte : bytes) {
    hex.push_back(kDigits[static_cast<uint8_t>(byte) >> 4]);
    hex.push_back(kDigits[static_cast<uint8_t>(byte) & 15]);
  }
  return hex;
}

std::string ToHex(const Digest& digest) { return ToHex(Bytes(digest)); }

Digest DigestFromHex(std::string_view hex) {
  const std::string bytes = FromHex(hex, 32);
  Digest digest;
  for (size_t i = 0; i < 32; ++i) digest[i] = static_cast<uint8_t>(bytes[i]);
  return digest;
}

std::string Bytes(const Digest& digest) { return std::string(digest.begin(), digest.end()); }

Digest Sha256(std::string_view bytes) {
  Digest digest;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1)
    throw std::logic_error("libcrypto offers no SHA-256");
  return digest;
}

Digest LeafHash(std::string_view leaf) { return Sha256(std::string(1, '\0') + std::string(leaf)); }

bool SignatureHolds(std::string_view key, std::string_view message, std::string_view signature) {
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> handle(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Octets(key), key.size()),
      EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                   EVP_MD_CTX_free);
  return handle && context &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, handle.get()) == 1 &&
         EVP_DigestVerify(context.get(), Octets(signature), signature.size(), Octets(message),
                          message.size()) == 1;
}

bool IsIncluded(uint64_t index, uint64_t size, const Digest& leaf, const Path& path,
                const Digest& root) {
  if (index >= size) return false;
  uint64_t fn = index;
  uint64_t sn = size - 1;
  Digest r = leaf;
  for (const Digest& p : path) {
    if (sn == 0) return false;
    if (fn % 2 == 1 || fn == sn) {
      r = NodeHash(p, r);
      while (fn % 2 == 0 && fn != 0) {
        fn /= 2;
        sn /= 2;
      }
    } else {
      r = NodeHash(r, p);
    }
    fn /= 2;
    sn /= 2;
  }
  return sn == 0 && r == root;
}

bool IsConsistent(uint64_t first, uint64_t second, const Digest& first_root,
                  const Digest& second_root, Path path) {
  if (first == 0 || first > second) return false;
  if (first == second) return path.empty() && first_root == second_root;
  if (path.empty()) return false;
  if ((first & (first - 1)) == 0) path.insert(path.begin(), first_root);
  uint64_t fn = first - 1;
  uint64_t sn = second - 1;
  while (fn % 2 == 1) {
    fn /= 2;
    sn /= 2;
  }
  Digest fr = path[0];
  Digest sr = path[0];
  for (size_t i = 1; i < path.size(); ++i) {
    if (sn == 0) return false;
    if (fn % 2 == 1 || fn == sn) {
      fr = NodeHash(path[i], fr);
      sr = NodeHash(path[i], sr);
      while (fn % 2 == 0 && fn != 0) {
        fn /= 2;
        sn /= 2;
      }
    } else {
      sr = NodeHash(sr, path[i]);
    }
    fn /= 2;
    sn /= 2;
  }
  return fr == first_root && sr == second_root && sn == 0;
}

}  // namespace klieg_verify
