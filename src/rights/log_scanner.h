/// Reads log bytes that come in pieces: whole lines are checked and handed on, what is left is the
/// tail.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"
#include "rights/log.h"
#include "rights/log_line.h"

namespace klieg::rights {

class LogScanner {
 public:
  /// Begins at `position`, which is the beginning of a line. Every line accepted becomes a leaf of
  /// `tree`, which must outlive the scanner; null: there is none. `visit` may be empty.
  LogScanner(const LogPosition& position, MerkleTree* tree, LogVisitor visit)
      : position_(position), tree_(tree), visit_(std::move(visit)) {}

  /// Fails with kCorrupt or kVersion, prefixed by "line N: ", or with the error of the visitor;
  /// what was accepted until then stands, and the scanner is not to be used further.
  core::Status Feed(std::string_view piece);

  const LogPosition& position() const { return position_; }
  /// Bytes of the lines accepted, newlines included.
  uint64_t accepted_bytes() const { return accepted_bytes_; }
  /// Bytes behind the last newline.
  const std::string& tail() const { return tail_; }
  /// ClassifyLogTail of it, with the line in the message.
  core::Result<LogTail> ClassifyTail() const;

 private:
  core::Status Accept(std::string_view line);

  LogPosition position_;
  MerkleTree* tree_;
  LogVisitor visit_;
  uint64_t accepted_bytes_ = 0;
  std::string tail_;
};

}  // namespace klieg::rights
