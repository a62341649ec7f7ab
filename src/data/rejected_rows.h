/// The file of rows that an import did not keep. Internal to src/data.
///
///     file,line,reason,row
///     "ratings.csv",17,"time not a number","1,31,2.5,yesterday"
///
/// RFC 4180; the row stands as in its file, bytes that are not UTF-8 included, cut after 4 KiB.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>

#include "core/error.h"
#include "data/column_batch.h"

namespace klieg::data {

class RejectedRows {
 public:
  /// The file is made at the first row.
  explicit RejectedRows(std::filesystem::path path) : path_(std::move(path)) {}

  /// `line` counts from 1.
  core::Status Add(std::string_view file, uint64_t line, Reason reason, std::string_view row);

  /// Writes what is left to the disk. kIo when it is full.
  core::Status Finish();

  uint64_t count() const { return count_; }
  const std::map<std::string, uint64_t>& by_reason() const { return by_reason_; }

 private:
  tl::unexpected<core::Error> WriteFailure() const;

  std::filesystem::path path_;
  std::ofstream stream_;
  uint64_t count_ = 0;
  std::map<std::string, uint64_t> by_reason_;
};

}  // namespace klieg::data
