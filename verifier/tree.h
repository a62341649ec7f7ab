/// SHA-256, Ed25519 and the two verifications of RFC 9162, as the RFC's text has them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace klieg_verify {

using Digest = std::array<uint8_t, 32>;
using Path = std::vector<Digest>;

/// Bytes of lower-case hexadecimal digits; DoesNotHold unless there are `size` bytes.
std::string FromHex(std::string_view hex, size_t size);
std::string ToHex(std::string_view bytes);
std::string ToHex(const Digest& digest);
Digest DigestFromHex(std::string_view hex);

Digest Sha256(std::string_view bytes);
Digest LeafHash(std::string_view leaf);
std::string Bytes(const Digest& digest);

/// Whether `signature` is that of the Ed25519 key (32 bytes) over the message.
bool SignatureHolds(std::string_view key, std::string_view message, std::string_view signature);

/// RFC 9162, section 2.1.3.2.
bool IsIncluded(uint64_t index, uint64_t size, const Digest& leaf, const Path& path,
                const Digest& root);

/// RFC 9162, section 2.1.4.2; false for an empty earlier tree, which begins every other.
bool IsConsistent(uint64_t first, uint64_t second, const Digest& first_root,
                  const Digest& second_root, Path path);

}  // namespace klieg_verify
