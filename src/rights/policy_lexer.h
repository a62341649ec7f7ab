/// Words, texts and marks of a policy file, one after the other, each with its line.
///
///     PolicyLexer lexer(text);
///     KLIEG_ASSIGN(const PolicyToken token, lexer.Next());   // kEnd at the end, again and again
///
/// Spaces and line ends part tokens; a comment goes from # to the end of its line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/error.h"

namespace klieg::rights {

enum class PolicyTokenKind {
  kWord,  ///< Letters, digits, - and _: names, dates, figures.
  kText,  ///< What stood in double quotes, without them; \" and \\ are the only escapes.
  kMark,  ///< One of { } ( ) [ ] , ; == !=
  kEnd,
};

struct PolicyToken {
  PolicyTokenKind kind = PolicyTokenKind::kEnd;
  std::string text;
  size_t line = 1;

  bool Is(std::string_view word_or_mark) const {
    return (kind == PolicyTokenKind::kWord || kind == PolicyTokenKind::kMark) &&
           text == word_or_mark;
  }
};

/// "'forbid'", "a text in quotes", "the end of the file": for messages.
std::string DescribeToken(const PolicyToken& token);

class PolicyLexer {
 public:
  /// `text` must outlive the lexer.
  explicit PolicyLexer(std::string_view text) : text_(text) {}

  /// kInvalidArgument, without file and line: the caller knows the file, line() the line.
  core::Result<PolicyToken> Next();

  size_t line() const { return line_; }

 private:
  void SkipSpace();
  core::Result<PolicyToken> Text();

  std::string_view text_;
  size_t at_ = 0;
  size_t line_ = 1;
};

}  // namespace klieg::rights
