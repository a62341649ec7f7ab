/// The schema of the metadata store as a row of steps: src/platform/migrations/*.sql, embedded at
/// build time. A step that has been released is never changed; the next one changes the schema.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace klieg::platform {

struct Migration {
  int64_t version;        ///< 1, 2, …
  std::string_view name;  ///< Of the file, without its extension.
  std::string_view sql;
};

/// In order of version, without gaps.
std::span<const Migration> AllMigrations();

/// The statements of a migration, without comment lines. A statement ends with a semicolon at the
/// end of a line.
std::vector<std::string> SplitStatements(std::string_view sql);

}  // namespace klieg::platform
