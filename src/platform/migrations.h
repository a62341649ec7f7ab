/// The migrations of the metadata store, embedded from migrations/*.sql at build time. Statements end with ";" at the end of a line.
#pragma once

#include <span>

namespace klieg::platform {

struct Migration {
  const char* name;  ///< "0001_runs_datasets_models.sql": its place in the order is its version.
  const char* sql;
};

std::span<const Migration> Migrations();

}  // namespace klieg::platform
