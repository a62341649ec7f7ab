/// "name" and "name@3": how datasets and models are asked for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"

namespace klieg::platform {

struct NameVersion {
  std::string name;
  int64_t version = 0;  ///< 0: the latest.
};

core::Result<NameVersion> ParseNameVersion(std::string_view text);

/// Whether something may be called so: 1 to 200 bytes without '@', '/' and control characters.
/// `what` is "dataset", "model".
core::Status CheckName(std::string_view what, std::string_view name);

}  // namespace klieg::platform
