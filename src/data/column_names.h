/// Which column of a file means what. Internal to src/data.
///
/// An explicit name must be there (exactly, or else by letters alone). Without one the usual names
/// are tried in order; upper case, "_", "-" and blanks make no difference, so that userId, user_id
/// and "User ID" are one name.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "data/import.h"

namespace klieg::data {

/// The places of a row, by kind of table.
///   interactions   member, title, time, value
///   titles         title, name, year, genres
inline constexpr size_t kRoles = 4;
enum InteractionRole : size_t { kMemberRole, kTitleRole, kTimeRole, kValueRole };
enum TitleRole : size_t { kIdRole, kNameRole, kYearRole, kGenresRole };

/// Column number of each role; nothing where the file has no such column.
using RoleColumns = std::array<std::optional<size_t>, kRoles>;

/// The text of a row by role; meaningless where RoleColumns has nothing.
using RoleFields = std::array<std::string_view, kRoles>;

/// kInvalidArgument when a needed column (member and title) or an explicitly named one is missing
/// or stands there twice: the message lists the columns of the file and the names that were tried.
/// `file` is for messages.
core::Result<RoleColumns> ResolveColumns(TableKind kind, const ColumnNames& names,
                                         const std::vector<std::string>& header,
                                         std::string_view file);

}  // namespace klieg::data
