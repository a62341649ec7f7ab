/// Brings a database to the schema that this program knows.
#pragma once

#include <cstdint>
#include <span>

#include "core/clock.h"
#include "core/error.h"
#include "platform/database.h"
#include "platform/migrations.h"

namespace klieg::platform {

/// Runs the migrations that are missing, each in a transaction of its own with its line in
/// schema_version. kVersion, and nothing changed, when the database has been through more of them
/// than are given.
core::Status Migrate(Database& database, std::span<const Migration> migrations,
                     core::Timestamp now);

}  // namespace klieg::platform
