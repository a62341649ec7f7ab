#include "platform/schema.h"

#include <string>

namespace klieg::platform {
namespace {

core::Result<int64_t> SchemaVersion(Database& database) {
  return database.Write("read its schema version", [&]() -> core::Result<int64_t> {
    database.sql() << "create table if not exists schema_version "
                      "(version bigint primary key, name text not null, applied text not null)";
    long long version = 0;
    database.sql() << "select coalesce(max(version), 0) from schema_version", soci::into(version);
    return version;
  });
}

core::Status Apply(Database& database, const Migration& migration, core::Timestamp now) {
  return database.Write(fmt::format("run migration {}", migration.name), [&]() -> core::Status {
    for (const std::string& statement : SplitStatements(migration.sql)) database.sql() << statement;
    const long long version = migration.version;
    const std::string name(migration.name);
    const std::string applied = core::FormatTimestamp(now);
    database.sql()
        << "insert into schema_version (version, name, applied) values (:version, :name, :applied)",
        soci::use(version), soci::use(name), soci::use(applied);
    return {};
  });
}

}  // namespace

core::Status Migrate(Database& database, std::span<const Migration> migrations,
                     core::Timestamp now) {
  KLIEG_ASSIGN(const int64_t version, SchemaVersion(database));
  const auto known = static_cast<int64_t>(migrations.size());
  if (version > known) {
    return core::Fail(core::ErrorCode::kVersion,
                      "the metadata store has schema {}, this klieg knows {}: a newer klieg "
                      "changed it, use that one",
                      version, known);
  }
  for (const Migration& migration : migrations.subspan(static_cast<size_t>(version))) {
    KLIEG_TRY(Apply(database, migration, now));
  }
  return {};
}

}  // namespace klieg::platform
