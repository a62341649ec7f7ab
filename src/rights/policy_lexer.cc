#include "rights/policy_lexer.h"

#include <array>

namespace klieg::rights {
namespace {

constexpr std::array<std::string_view, 10> kMarks = {"{", "}", "(", ")",  "[",
                                                     "]", ",", ";", "==", "!="};

bool IsWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

}  // namespace

std::string DescribeToken(const PolicyToken& token) {
  switch (token.kind) {
    case PolicyTokenKind::kWord:
    case PolicyTokenKind::kMark:
      return fmt::format("'{}'", token.text);
    case PolicyTokenKind::kText:
      return "a text in quotes";
    case PolicyTokenKind::kEnd:
      break;
  }
  return "the end of the file";
}

void PolicyLexer::SkipSpace() {
  for (bool comment = false; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == '\n') {
      ++line_;
      comment = false;
    } else if (c == '#') {
      comment = true;
    } else if (!comment && c != ' ' && c != '\t' && c != '\r') {
      return;
    }
  }
}

core::Result<PolicyToken> PolicyLexer::Next() {
  SkipSpace();
  if (at_ >= text_.size()) return PolicyToken{PolicyTokenKind::kEnd, "", line_};
  const std::string_view rest = text_.substr(at_);
  if (rest.front() == '"') return Text();
  for (const std::string_view mark : kMarks) {
    if (!rest.starts_with(mark)) continue;
    at_ += mark.size();
    return PolicyToken{PolicyTokenKind::kMark, std::string(mark), line_};
  }
  size_t length = 0;
  while (length < rest.size() && IsWordCharacter(rest[length])) ++length;
  if (length == 0) {
    const auto byte = static_cast<unsigned char>(rest.front());
    return core::Fail(core::ErrorCode::kInvalidArgument,
                      "outside quotes only words, figures and the marks {{ }} ( ) [ ] , ; == != # "
                      "may stand; found {}",
                      byte > 0x20 && byte < 0x7f ? fmt::format("'{}'", rest.front())
                                                 : fmt::format("byte 0x{:02x}", byte));
  }
  at_ += length;
  return PolicyToken{PolicyTokenKind::kWord, std::string(rest.substr(0, length)), line_};
}

core::Result<PolicyToken> PolicyLexer::Text() {
  PolicyToken token{PolicyTokenKind::kText, "", line_};
  for (++at_; at_ < text_.size() && text_[at_] != '\n'; ++at_) {
    const char c = text_[at_];
    if (c == '"') {
      ++at_;
      return token;
    }
    if (c != '\\') {
      token.text.push_back(c);
      continue;
    }
    const char escaped = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (escaped != '"' && escaped != '\\') {
      return core::Fail(core::ErrorCode::kInvalidArgument,
                        "in a text, a backslash may stand before a quote or a backslash only");
    }
    token.text.push_back(escaped);
    ++at_;
  }
  return core::Fail(core::ErrorCode::kInvalidArgument,
                    "a text must end with a quote on its own line; long texts are written as "
                    "several, one after the other");
}

}  // namespace klieg::rights
