/// CHECK(condition) << aborts with file, line and condition: for our own bugs, never for input.
///
///     KLIEG_CHECK(rows == scores.rows(), "scores of {} rows for {} members", scores.rows(), rows);
///
/// It stays on in release builds: a wrong result that goes on is worse than a stop.
#pragma once

#include <fmt/format.h>

namespace klieg::core {
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition,
                              const std::string& message);
}  // namespace klieg::core

#define KLIEG_CHECK(condition, ...)                                                              \
  do {                                                                                           \
    if (!(condition)) [[unlikely]] {                                                             \
      ::klieg::core::CheckFailed(__FILE__, __LINE__, #condition, ::fmt::format("" __VA_ARGS__)); \
    }                                                                                            \
  } while (false)
