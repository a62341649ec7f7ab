#include "platform/database.h"

#include <soci/sqlite3/soci-sqlite3.h>

namespace klieg::platform {
namespace {

using core::ErrorCode;

constexpr int kBusySeconds = 20;

/// What an SQLite result code means to the person who reads the message.
struct Meaning {
  ErrorCode code;
  std::string_view advice;
};

Meaning MeaningOf(int result) {
  switch (result & 0xff) {  // Extended codes keep the plain one in their low byte.
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {ErrorCode::kCorrupt,
              "the file is damaged: move it and its -wal and -shm files away and put a backup "
              "back; snapshots, models "
              "and the rights log are not in it and are unharmed"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::kIo, "another process kept it busy: try again"};
    case SQLITE_FULL:
      return {ErrorCode::kIo, "the disk is full: make room and repeat"};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH:
      return {ErrorCode::kIo, "the file and its folder must be writable for this user"};
    case SQLITE_IOERR:
      return {ErrorCode::kIo, "the disk failed or is full"};
    case SQLITE_CONSTRAINT:
      return {ErrorCode::kInvalidArgument, "something named does not exist, or exists already"};
    default:
      return {ErrorCode::kInternal, "please report this"};
  }
}

}  // namespace

Database::WriteTransaction::WriteTransaction(soci::session& session) : session_(session) {
  // SQLite's plain "begin" takes no lock; two such transactions that read and then write would fail
  // instead of waiting.
  session_ << "begin immediate";
}

Database::WriteTransaction::~WriteTransaction() {
  if (!open_) return;
  try {
    session_ << "rollback";
  } catch (const std::exception&) {
    // SQLite rolls back by itself after the failures in which this fails.
  }
}

void Database::WriteTransaction::Commit() {
  session_ << "commit";
  open_ = false;
}

core::Result<std::unique_ptr<Database>> Database::Open(const std::filesystem::path& file) {
  // SOCI has no way to write a quote in a connection string.
  if (file.string().find('"') != std::string::npos) {
    return core::Fail(ErrorCode::kInvalidArgument,
                      "'{}': a workspace's path may not contain a double quote", file.string());
  }
  std::unique_ptr<Database> database(new Database(file));
  KLIEG_TRY(database->Guard("open", [&]() -> core::Status {
    database->session_.open(*soci::factory_sqlite3(),
                            fmt::format("db=\"{}\" timeout={}", file.string(), kBusySeconds));
    return database->SetUp();
  }));
  return database;
}

core::Status Database::SetUp() {
  std::string mode;
  session_ << "pragma journal_mode = wal", soci::into(mode);
  if (mode != "wal") {
    return core::Fail(
        ErrorCode::kIo,
        "'{}' cannot have a write-ahead log here (SQLite says '{}'): is the folder on "
        "a local disk and writable?",
        file_.string(), mode);
  }
  session_ << "pragma synchronous = full";
  session_ << "pragma foreign_keys = on";
  return {};
}

core::Result<std::string> Database::CheckIntegrity() {
  return Guard("check itself", [&]() -> core::Result<std::string> {
    std::string verdict;
    session_ << "pragma integrity_check(1)", soci::into(verdict);
    return verdict;
  });
}

core::Error Database::Describe(std::string_view doing, const std::exception& exception) const {
  Meaning meaning = {ErrorCode::kInternal, "please report this"};
  if (const auto* error = dynamic_cast<const soci::sqlite3_soci_error*>(&exception)) {
    meaning = MeaningOf(error->result());
  }
  return {meaning.code, fmt::format("the metadata store '{}' failed to {}: {} ({})", file_.string(),
                                    doing, meaning.advice, exception.what())};
}

}  // namespace klieg::platform
