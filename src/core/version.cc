#include "core/version.h"

#include <fmt/format.h>

#include "core/version_generated.h"

namespace klieg::core {

std::string_view Version() { return KLIEG_VERSION; }

std::string CodeVersion() {
#if defined(__clang__)
  const std::string compiler =
      fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  const std::string compiler =
      fmt::format("g++ {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
  return fmt::format("{}+{} ({})", KLIEG_VERSION, KLIEG_SOURCE_DIGEST, compiler);
}

std::string InstructionSet() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return "x86-64 avx512";
  if (__builtin_cpu_supports("avx2")) return "x86-64 avx2";
  return "x86-64";
#elif defined(__aarch64__)
  return "arm64";
#else
  return "generic";
#endif
}

}  // namespace klieg::core
