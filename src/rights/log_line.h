/// One line of the log: the bytes of an entry, and the rule that ties it to the entry before.
/// docs/formats/log.md is the description for readers of other programs.
#pragma once

#include <string>
#include <string_view>

#include "core/error.h"
#include "rights/log.h"

namespace klieg::rights {

inline constexpr size_t kMaxLogBodyBytes = size_t{1} << 20;

/// Fills in previous and hash, and returns the line with its newline. kInvalidArgument when kind,
/// time or body cannot stand in a log.
core::Result<std::string> RenderLogLine(LogEntry& entry);

/// Reads a line without its newline. kCorrupt unless it is, byte for byte, what RenderLogLine
/// writes for some entry; whether that entry belongs here is CheckFollows' question. kVersion for a
/// line of a later format.
core::Result<LogEntry> ParseLogLine(std::string_view line);

/// The place in a log at which the next entry goes.
struct LogPosition {
  uint64_t next_sequence = 0;
  core::Digest head;  ///< Zeros at the beginning.
};

/// kCorrupt unless the entry is the one for this place.
core::Status CheckFollows(const LogEntry& entry, const LogPosition& position);

/// ParseLogLine and CheckFollows, then moves `position` behind the entry.
core::Result<LogEntry> AcceptLogLine(std::string_view line, LogPosition& position);

/// What the bytes behind the last newline are.
enum class LogTail {
  kNone,      ///< There are none.
  kTorn,      ///< Part of an entry whose writer was stopped.
  kComplete,  ///< A whole entry that lacks only its newline.
};

/// kCorrupt when a whole entry is followed by other bytes: no torn write leaves that, a changed
/// newline does, and the entry must not be mistaken for an unfinished one.
core::Result<LogTail> ClassifyLogTail(std::string_view tail, const LogPosition& position);

}  // namespace klieg::rights
