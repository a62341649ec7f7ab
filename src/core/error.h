/// Expected failures as values.
///
///     core::Result<Terms> ParseTerms(std::string_view text) {
///       if (text.empty()) {
///         return core::Fail(core::ErrorCode::kInvalidArgument, "terms file is empty: see …");
///       }
///       KLIEG_ASSIGN(const Purposes purposes, ParsePurposes(text));  // or returns its error
///       ...
///     }
///
/// A message says what was asked, what was expected, what was found and what to do next.
/// Our own bugs are not errors: they are CHECKs (core/check.h). No exception crosses a module.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace klieg::core {

enum class ErrorCode {
  kUsage,            ///< The command line is wrong (exit status 2).
  kInvalidArgument,  ///< A value or an input file is not what was asked for.
  kNotFound,         ///< Something named does not exist.
  kAlreadyExists,    ///< Something would have been overwritten.
  kRefused,          ///< The gate refused: rights, not permissions of files (exit status 3).
  kCorrupt,          ///< Stored bytes do not match their checksum or format.
  kIo,               ///< The operating system refused: no space, no permission, no such device.
  kOutOfMemory,      ///< A request for memory that would not fit was not even tried.
  kVersion,          ///< Written by a newer version of klieg than this one.
  kInterrupted,      ///< Stopped on request (Ctrl-C).
  kInternal,         ///< A component below failed in a way that no input should cause.
};

/// Stable lower-case name, for JSON output: "invalid_argument".
std::string_view ErrorCodeName(ErrorCode code);

struct Error {
  ErrorCode code;
  std::string message;
  std::string details = {};  ///< The same for programs: JSON text of an object; empty: none.
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

/// The failure to return: Fail(ErrorCode::kNotFound, "no dataset named '{}'", name).
template <class... Args>
[[nodiscard]] tl::unexpected<Error> Fail(ErrorCode code, fmt::format_string<Args...> format,
                                         Args&&... args) {
  return tl::unexpected<Error>(Error{code, fmt::format(format, std::forward<Args>(args)...), {}});
}

/// Puts "context: " before the message of an error that passes through.
[[nodiscard]] inline tl::unexpected<Error> Prefix(Error error, std::string_view context) {
  error.message = fmt::format("{}: {}", context, error.message);
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace klieg::core

#define KLIEG_CONCAT_INNER(a, b) a##b
#define KLIEG_CONCAT(a, b) KLIEG_CONCAT_INNER(a, b)

/// Returns the error of `expression` (a Result or Status) from the enclosing function, if it has
/// one.
#define KLIEG_TRY(expression)                                                           \
  do {                                                                                  \
    if (auto klieg_try_result = (expression); !klieg_try_result) {                      \
      return tl::unexpected<::klieg::core::Error>(std::move(klieg_try_result).error()); \
    }                                                                                   \
  } while (false)

/// KLIEG_ASSIGN(auto x, F()): declares x from the value of F(), or returns its error.
#define KLIEG_ASSIGN(declaration, expression) \
  KLIEG_ASSIGN_INNER(KLIEG_CONCAT(klieg_assign_, __LINE__), declaration, expression)
#define KLIEG_ASSIGN_INNER(temporary, declaration, expression)                 \
  auto temporary = (expression);                                               \
  if (!temporary) {                                                            \
    return tl::unexpected<::klieg::core::Error>(std::move(temporary).error()); \
  }                                                                            \
  declaration = std::move(*temporary)
