#include "rights/log_scanner.h"

namespace klieg::rights {
namespace {

/// No line is longer: a body, and less than this around it.
constexpr size_t kMaxLineBytes = kMaxLogBodyBytes + 1024;

}  // namespace

core::Status LogScanner::Feed(std::string_view piece) {
  while (true) {
    const size_t newline = piece.find('\n');
    if (newline == std::string_view::npos) break;
    if (tail_.empty()) {
      KLIEG_TRY(Accept(piece.substr(0, newline)));
    } else {
      tail_.append(piece.substr(0, newline));
      const std::string line = std::move(tail_);
      tail_.clear();
      KLIEG_TRY(Accept(line));
    }
    piece.remove_prefix(newline + 1);
  }
  tail_.append(piece);
  if (tail_.size() > kMaxLineBytes) {
    return core::Fail(core::ErrorCode::kCorrupt, "line {}: longer than any entry can be",
                      position_.next_sequence + 1);
  }
  return {};
}

core::Status LogScanner::Accept(std::string_view line) {
  LogPosition next = position_;
  const core::Result<LogEntry> entry = AcceptLogLine(line, next);
  // Every line before this one was accepted and holds one entry, so that the sequence counts the
  // lines.
  if (!entry)
    return core::Prefix(entry.error(), fmt::format("line {}", position_.next_sequence + 1));
  if (visit_) KLIEG_TRY(visit_(*entry));
  if (tree_ != nullptr) tree_->Append(LeafHash(line));
  position_ = next;
  accepted_bytes_ += line.size() + 1;
  return {};
}

core::Result<LogTail> LogScanner::ClassifyTail() const {
  core::Result<LogTail> tail = ClassifyLogTail(tail_, position_);
  if (!tail) return core::Prefix(tail.error(), fmt::format("line {}", position_.next_sequence + 1));
  return tail;
}

}  // namespace klieg::rights
