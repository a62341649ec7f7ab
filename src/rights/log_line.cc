#include "rights/log_line.h"

#include <algorithm>
#include <charconv>

#include "rights/canonical_json.h"

namespace klieg::rights {
namespace {

using core::ErrorCode;
using core::Fail;

constexpr std::string_view kBegin = R"({"sequence":)";
constexpr std::string_view kNewerFormat = R"({"format":)";
constexpr std::string_view kTime = R"(,"time":")";
constexpr std::string_view kKind = R"(","kind":")";
constexpr std::string_view kBody = R"(","body":)";
constexpr std::string_view kPrevious = R"(,"previous":")";
constexpr std::string_view kHash = R"(","hash":")";
constexpr std::string_view kEnd = R"("})";
constexpr size_t kHexDigits = 64;
constexpr size_t kTimeLength = 27;
constexpr size_t kMaxKindLength = 32;
/// From kPrevious to the end every line has the same length.
constexpr size_t kHashLength = kHash.size() + kHexDigits + kEnd.size();
constexpr size_t kSuffixLength = kPrevious.size() + kHexDigits + kHashLength;

bool IsKind(std::string_view kind) {
  if (kind.empty() || kind.size() > kMaxKindLength || kind[0] == '-') return false;
  return kind.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string_view::npos;
}

/// The text that the hash is taken of: the line up to and without `","hash":`, closing quote
/// included.
std::string HashedText(const LogEntry& entry) {
  const fmt::format_int sequence(entry.sequence);
  const std::string time = core::FormatTimestamp(entry.time);
  const std::string previous = entry.previous.Hex();
  std::string text;
  text.reserve(kBegin.size() + kTime.size() + kKind.size() + kBody.size() + sequence.size() +
               time.size() + entry.kind.size() + entry.body.size() + kSuffixLength + 1);
  text.append(kBegin).append(sequence.data(), sequence.size()).append(kTime).append(time);
  text.append(kKind).append(entry.kind).append(kBody).append(entry.body);
  text.append(kPrevious).append(previous).push_back('"');
  return text;
}

/// Whether the time lies in the years 1 to 9999, which the format can write.
bool CanBeWritten(core::Timestamp time) {
  static const core::Timestamp kFirst = core::ParseTimestamp("0001-01-01").value();
  static const core::Timestamp kLast = core::ParseTimestamp("9999-12-31T23:59:59.999999Z").value();
  return kFirst <= time && time <= kLast;
}

/// Takes pieces from the front of a line.
class Pieces {
 public:
  explicit Pieces(std::string_view line) : rest_(line) {}

  core::Status Word(std::string_view word) {
    if (!rest_.starts_with(word)) return Fail(ErrorCode::kCorrupt, "expected {}", word);
    rest_.remove_prefix(word.size());
    return {};
  }
  std::string_view UpTo(std::string_view characters) {
    const size_t length = std::min(rest_.find_first_of(characters), rest_.size());
    return Take(length);
  }
  std::string_view Take(size_t length) {
    const std::string_view piece = rest_.substr(0, length);
    rest_.remove_prefix(piece.size());
    return piece;
  }
  size_t size() const { return rest_.size(); }

 private:
  std::string_view rest_;
};

core::Result<uint64_t> ParseSequence(std::string_view digits) {
  if (digits.size() > 1 && digits[0] == '0') {
    return Fail(ErrorCode::kCorrupt, "the sequence has a leading zero");
  }
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return Fail(ErrorCode::kCorrupt, "the sequence is not a number");
  }
  return value;
}

core::Result<core::Digest> ParseDigest(std::string_view hex) {
  auto digest = core::Digest::FromHex(hex);
  if (!digest) return Fail(ErrorCode::kCorrupt, "{}", digest.error().message);
  return digest;
}

core::Result<LogEntry> SplitLine(std::string_view line) {
  LogEntry entry;
  Pieces pieces(line);
  KLIEG_TRY(pieces.Word(kBegin));
  KLIEG_ASSIGN(entry.sequence, ParseSequence(pieces.UpTo(",")));
  KLIEG_TRY(pieces.Word(kTime));
  const core::Result<core::Timestamp> time = core::ParseTimestamp(pieces.Take(kTimeLength));
  if (!time) return Fail(ErrorCode::kCorrupt, "{}", time.error().message);
  entry.time = *time;
  KLIEG_TRY(pieces.Word(kKind));
  entry.kind = pieces.UpTo("\"");
  if (!IsKind(entry.kind))
    return Fail(ErrorCode::kCorrupt, "the kind is not a word of a-z and '-'");
  KLIEG_TRY(pieces.Word(kBody));
  if (pieces.size() < kSuffixLength) return Fail(ErrorCode::kCorrupt, "the line is too short");
  entry.body = pieces.Take(pieces.size() - kSuffixLength);
  KLIEG_TRY(pieces.Word(kPrevious));
  KLIEG_ASSIGN(entry.previous, ParseDigest(pieces.Take(kHexDigits)));
  KLIEG_TRY(pieces.Word(kHash));
  KLIEG_ASSIGN(entry.hash, ParseDigest(pieces.Take(kHexDigits)));
  KLIEG_TRY(pieces.Word(kEnd));
  return entry;
}

core::Status CheckBody(std::string_view body) {
  if (body.size() > kMaxLogBodyBytes) {
    return Fail(ErrorCode::kInvalidArgument, "the body has {} bytes, at most {} are allowed",
                body.size(), kMaxLogBodyBytes);
  }
  return CheckCanonicalObject(body);
}

}  // namespace

core::Result<std::string> RenderLogLine(LogEntry& entry) {
  if (!IsKind(entry.kind)) {
    return Fail(ErrorCode::kInvalidArgument,
                "'{}' is no kind of log entry: expected 1 to {} of a-z and '-'", entry.kind,
                kMaxKindLength);
  }
  KLIEG_TRY(CheckBody(entry.body));
  if (!CanBeWritten(entry.time)) {
    return Fail(ErrorCode::kInvalidArgument,
                "the time lies outside the years 1 to 9999: check the clock");
  }
  std::string line = HashedText(entry);
  entry.hash = core::HashBytes(line);
  // The closing quote of "previous" was hashed; kHash begins with it.
  line.append(kHash.substr(1)).append(entry.hash.Hex()).append(kEnd).push_back('\n');
  return line;
}

core::Result<LogEntry> ParseLogLine(std::string_view line) {
  if (line.starts_with(kNewerFormat)) {
    return Fail(ErrorCode::kVersion, "a newer klieg wrote this entry: use that version");
  }
  KLIEG_ASSIGN(LogEntry entry, SplitLine(line));
  // No second rendering is needed to know that these are the bytes RenderLogLine writes: the words
  // between the values are compared, body and kind are taken as they stand, and of a sequence, a
  // digest and a time of 27 characters only the canonical text is read. The tests render again.
  if (core::HashBytes(line.substr(0, line.size() - kHashLength + 1)) != entry.hash) {
    return Fail(ErrorCode::kCorrupt,
                "the hash does not match the entry: it was changed after it was written");
  }
  if (auto body = CheckBody(entry.body); !body) {
    return Fail(ErrorCode::kCorrupt, "the body is {}", body.error().message);
  }
  return entry;
}

core::Status CheckFollows(const LogEntry& entry, const LogPosition& position) {
  if (entry.sequence != position.next_sequence) {
    return Fail(ErrorCode::kCorrupt,
                "expected entry {}, found entry {}: entries were left out, repeated or moved",
                position.next_sequence, entry.sequence);
  }
  if (entry.previous != position.head) {
    return Fail(
        ErrorCode::kCorrupt,
        "entry {} follows an entry with hash {}, the one before has {}: history was rewritten",
        entry.sequence, entry.previous.Short(), position.head.Short());
  }
  return {};
}

core::Result<LogEntry> AcceptLogLine(std::string_view line, LogPosition& position) {
  KLIEG_ASSIGN(LogEntry entry, ParseLogLine(line));
  KLIEG_TRY(CheckFollows(entry, position));
  position = {entry.sequence + 1, entry.hash};
  return entry;
}

core::Result<LogTail> ClassifyLogTail(std::string_view tail, const LogPosition& position) {
  if (tail.empty()) return LogTail::kNone;
  LogPosition scratch = position;
  const core::Result<LogEntry> whole = AcceptLogLine(tail, scratch);
  if (whole) return LogTail::kComplete;
  if (whole.error().code == ErrorCode::kVersion) return tl::unexpected<core::Error>(whole.error());
  // A changed newline leaves one byte too many behind a whole entry.
  scratch = position;
  if (AcceptLogLine(tail.substr(0, tail.size() - 1), scratch)) {
    return Fail(ErrorCode::kCorrupt, "the newline behind entry {} was changed",
                position.next_sequence);
  }
  return LogTail::kTorn;
}

}  // namespace klieg::rights
