/// The texts of the shipped packs as the build put them into the program (cmake/EmbedPacks.cmake).
/// Ask ShippedPacks() and ShippedPackText() of policy.h instead.
#pragma once

#include <span>
#include <string_view>

namespace klieg::rights::internal {

struct EmbeddedPack {
  std::string_view name;  ///< Of the file, without ".policy"; that of the pack.
  std::string_view text;
};

std::span<const EmbeddedPack> EmbeddedPacks();

}  // namespace klieg::rights::internal
