/// One connection to the metadata database, through SOCI. The only file, with its .cc, that knows
/// which engine lies below; everything else in this module writes SQL that SQLite and PostgreSQL
/// both take.
///
/// SOCI reports failure by exceptions: every use goes through Guard, which turns them into errors.
#pragma once

#include <soci/soci.h>

#include <filesystem>
#include <string_view>
#include <type_traits>

#include "core/error.h"

namespace klieg::platform {

class Database {
 public:
  /// Opens or makes the SQLite file and sets it up: write-ahead log, full synchronisation (what was
  /// committed survives a power cut), foreign keys, and waiting up to 20 s for other writers.
  static core::Result<std::unique_ptr<Database>> Open(const std::filesystem::path& file);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  soci::session& sql() { return session_; }

  /// Calls work(), which returns a Result or Status, and turns an exception into an error. `doing`
  /// completes "the metadata store failed to …".
  template <class Work>
  std::invoke_result_t<Work> Guard(std::string_view doing, Work work) {
    try {
      return work();
    } catch (const std::exception& exception) {
      return tl::unexpected<core::Error>(Describe(doing, exception));
    }
  }

  /// Guard within a transaction that takes the right to write at its beginning, so that what it
  /// reads cannot change before it writes. Rolled back when work() fails.
  template <class Work>
  std::invoke_result_t<Work> Write(std::string_view doing, Work work) {
    return Guard(doing, [&]() -> std::invoke_result_t<Work> {
      WriteTransaction transaction(session_);
      auto result = work();
      if (result) transaction.Commit();
      return result;
    });
  }

  /// "ok", or what SQLite's own check of every page found.
  core::Result<std::string> CheckIntegrity();

 private:
  class WriteTransaction {
   public:
    explicit WriteTransaction(soci::session& session);
    WriteTransaction(const WriteTransaction&) = delete;
    WriteTransaction& operator=(const WriteTransaction&) = delete;
    ~WriteTransaction();
    void Commit();

   private:
    soci::session& session_;
    bool open_ = true;
  };

  explicit Database(std::filesystem::path file) : file_(std::move(file)) {}
  core::Status SetUp();
  core::Error Describe(std::string_view doing, const std::exception& exception) const;

  std::filesystem::path file_;
  soci::session session_;
};

}  // namespace klieg::platform
