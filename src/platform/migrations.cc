#include "platform/migrations.h"

#include <algorithm>
#include <utility>

namespace klieg::platform {

std::vector<std::string> SplitStatements(std::string_view sql) {
  std::vector<std::string> statements;
  std::string statement;
  while (!sql.empty()) {
    const size_t newline = std::min(sql.find('\n'), sql.size());
    std::string_view line = sql.substr(0, newline);
    sql.remove_prefix(std::min(newline + 1, sql.size()));
    while (line.ends_with(' ') || line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with("--")) continue;
    const bool last = line.ends_with(';');
    if (last) line.remove_suffix(1);
    statement.append(line).push_back('\n');
    if (!last) continue;
    statements.push_back(std::move(statement));
    statement.clear();
  }
  if (!statement.empty()) statements.push_back(std::move(statement));
  return statements;
}

}  // namespace klieg::platform
