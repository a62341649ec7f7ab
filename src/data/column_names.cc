#include "data/column_names.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace klieg::data {
namespace {

struct Role {
  std::string_view name;
  bool needed = false;
  std::string explicit_name;
  std::vector<std::string_view> usual;  // as Plain() writes them, best first
};

/// Lower case, letters and digits and whatever is not ASCII.
std::string Plain(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c == '_' || c == '-' || c == ' ' || c == '.') continue;
    plain.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  return plain;
}

std::array<Role, kRoles> RolesOf(TableKind kind, const ColumnNames& names) {
  if (kind == TableKind::kInteractions) {
    return {
        Role{"member",
             true,
             names.member,
             {"member", "memberid", "user", "userid", "uid", "customer", "customerid", "profileid",
              "account"}},
        Role{"title",
             true,
             names.title,
             {"title", "titleid", "item", "itemid", "movie", "movieid", "iid", "sid", "showid",
              "contentid"}},
        Role{"time",
             false,
             names.time,
             {"time", "timestamp", "ts", "datetime", "date", "unixtime", "watchedat", "createdat"}},
        Role{
            "value", false, names.value, {"value", "rating", "score", "weight", "plays", "count"}}};
  }
  // A titles file with both "movieId" and "title" calls the name "title"; one with "title" and
  // "name" the id.
  return {Role{"title",
               true,
               names.title,
               {"titleid", "itemid", "movieid", "showid", "contentid", "iid", "sid", "item", "id",
                "tconst", "title"}},
          Role{"name",
               false,
               "",
               {"name", "titlename", "primarytitle", "title", "originaltitle", "movietitle"}},
          Role{"year", false, "", {"year", "releaseyear", "startyear"}},
          Role{"genres", false, "", {"genres", "genre", "categories"}}};
}

std::vector<size_t> Matches(const std::vector<std::string>& header, std::string_view name,
                            bool exact) {
  std::vector<size_t> found;
  for (size_t i = 0; i < header.size(); ++i) {
    if (exact ? header[i] == name : Plain(header[i]) == Plain(name)) found.push_back(i);
  }
  return found;
}

core::Result<std::optional<size_t>> FindRole(const Role& role,
                                             const std::vector<std::string>& header,
                                             const std::vector<size_t>& taken,
                                             std::string_view file) {
  std::vector<std::string_view> tried = role.usual;
  if (!role.explicit_name.empty()) tried = {role.explicit_name};
  for (const std::string_view name : tried) {
    std::vector<size_t> found;
    if (!role.explicit_name.empty()) found = Matches(header, name, /*exact=*/true);
    if (found.empty()) found = Matches(header, name, /*exact=*/false);
    // An explicit name stands even where another role has the column; usual names step aside.
    if (role.explicit_name.empty()) {
      std::erase_if(found,
                    [&](size_t column) { return std::ranges::find(taken, column) != taken.end(); });
    }
    if (found.size() > 1) {
      return core::Fail(
          core::ErrorCode::kInvalidArgument,
          "'{}': the column '{}' for {} is there {} times; give each column a name of its own",
          file, name, role.name, found.size());
    }
    if (found.size() == 1) return std::optional(found.front());
  }
  if (!role.needed && role.explicit_name.empty()) return std::optional<size_t>();
  return core::Fail(core::ErrorCode::kInvalidArgument,
                    "'{}' has no column for {}: tried {}; the file has {} column{}: {}. The first "
                    "line must name the "
                    "columns; say which one it is (--member, --title, --time, --value)",
                    file, role.name, fmt::join(tried, ", "), header.size(),
                    header.size() == 1 ? "" : "s", fmt::join(header, ", "));
}

}  // namespace

core::Result<RoleColumns> ResolveColumns(TableKind kind, const ColumnNames& names,
                                         const std::vector<std::string>& header,
                                         std::string_view file) {
  const std::array<Role, kRoles> roles = RolesOf(kind, names);
  RoleColumns columns;
  std::vector<size_t> taken;
  // Explicit names first, so that a usual name cannot take their column.
  for (const bool explicit_round : {true, false}) {
    for (size_t i = 0; i < kRoles; ++i) {
      if (roles[i].explicit_name.empty() == explicit_round) continue;
      KLIEG_ASSIGN(columns[i], FindRole(roles[i], header, taken, file));
      if (columns[i]) taken.push_back(*columns[i]);
    }
  }
  return columns;
}

}  // namespace klieg::data
