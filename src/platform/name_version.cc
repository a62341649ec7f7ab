#include "platform/name_version.h"

#include <algorithm>
#include <charconv>

namespace klieg::platform {
namespace {

constexpr size_t kMaxNameBytes = 200;

}  // namespace

core::Result<NameVersion> ParseNameVersion(std::string_view text) {
  const size_t at = text.rfind('@');
  if (at == std::string_view::npos) return NameVersion{std::string(text), 0};
  const std::string_view digits = text.substr(at + 1);
  NameVersion parsed{std::string(text.substr(0, at)), 0};
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), parsed.version);
  if (error != std::errc() || end != digits.data() + digits.size() || parsed.version < 1) {
    return core::Fail(
        core::ErrorCode::kInvalidArgument,
        "'{}': behind '@' stands a version from 1 on, or nothing and no '@' for the latest", text);
  }
  return parsed;
}

core::Status CheckName(std::string_view what, std::string_view name) {
  const bool bad = std::any_of(name.begin(), name.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f || c == '@' || c == '/';
  });
  if (name.empty() || name.size() > kMaxNameBytes || bad) {
    return core::Fail(core::ErrorCode::kInvalidArgument,
                      "'{}' cannot be the name of a {}: expected 1 to {} bytes without '@', '/' "
                      "and control characters",
                      name, what, kMaxNameBytes);
  }
  return {};
}

}  // namespace klieg::platform
