#include "data/rejected_rows.h"

#include <cerrno>
#include <cstring>

#include "core/file.h"

namespace klieg::data {
namespace {

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c;
    if (c == '"') quoted += c;
  }
  return quoted + "\"";
}

}  // namespace

tl::unexpected<core::Error> RejectedRows::WriteFailure() const {
  return core::Fail(core::ErrorCode::kIo, "cannot write '{}': {}", path_.string(),
                    std::strerror(errno));
}

core::Status RejectedRows::Add(std::string_view file, uint64_t line, Reason reason,
                               std::string_view row) {
  errno = 0;
  if (count_ == 0) {
    stream_.open(path_, std::ios::binary | std::ios::trunc);
    stream_ << "file,line,reason,row\n";
  }
  ++count_;
  ++by_reason_[std::string(ReasonName(reason))];
  stream_ << Quoted(file) << ',' << line << ',' << Quoted(ReasonName(reason)) << ',' << Quoted(row)
          << '\n';
  if (!stream_) return WriteFailure();
  return {};
}

core::Status RejectedRows::Finish() {
  if (count_ == 0) return {};
  errno = 0;
  stream_.close();
  if (!stream_) return WriteFailure();
  return core::SyncPath(path_);
}

}  // namespace klieg::data
