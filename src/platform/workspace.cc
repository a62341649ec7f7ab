#include "platform/workspace.h"

#include <charconv>
#include <string>
#include <string_view>

#include "core/file.h"

namespace klieg::platform {
namespace {

namespace fs = std::filesystem;
using core::ErrorCode;

constexpr int kFormat = 1;
constexpr std::string_view kMarkerName = "klieg.toml";

/// The number behind "format =" of a marker file; 0 when there is none.
int ReadFormat(std::string_view text) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.starts_with("format")) continue;
    const size_t digit = line.find_first_of("0123456789");
    if (digit == std::string_view::npos || line.find('=') > digit) return 0;
    int format = 0;
    const auto [stop, error] = std::from_chars(line.data() + digit, line.data() + line.size(), format);
    return error == std::errc() && stop == line.data() + line.size() ? format : 0;
  }
  return 0;
}

}  // namespace

core::Result<Workspace> Workspace::Init(const fs::path& folder) {
  const fs::path marker = folder / kMarkerName;
  std::error_code error;
  if (fs::exists(marker, error)) {
    return core::Fail(ErrorCode::kAlreadyExists, "there is a workspace in '{}' already; nothing was changed", folder.string());
  }
  Workspace workspace(folder);
  KLIEG_TRY(core::MakeFolder(folder));
  for (const fs::path& part : {workspace.snapshots(), workspace.models(), workspace.runs()}) KLIEG_TRY(core::MakeFolder(part));
  // Written last: a folder without the marker is no workspace, however far a killed init came.
  KLIEG_TRY(core::WriteFileAtomically(
      marker, fmt::format("# A klieg workspace. Do not change by hand.\nformat = {}\n", kFormat)));
  return workspace;
}

core::Result<Workspace> Workspace::Open(const fs::path& folder) {
  const auto text = core::ReadFile(folder / kMarkerName, 1 << 16);
  if (!text) {
    if (text.error().code != ErrorCode::kNotFound) return tl::unexpected<core::Error>(text.error());
    return core::Fail(ErrorCode::kNotFound, "there is no workspace in '{}': make one with klieg init {}", folder.string(),
                      folder.string());
  }
  const int format = ReadFormat(*text);
  if (format < 1) {
    return core::Fail(ErrorCode::kCorrupt, "'{}' is damaged: expected a line 'format = {}'", (folder / kMarkerName).string(),
                      kFormat);
  }
  if (format > kFormat) {
    return core::Fail(ErrorCode::kVersion, "the workspace '{}' has format {}, this klieg knows up to {}: use a newer klieg",
                      folder.string(), format, kFormat);
  }
  return Workspace(folder);
}

core::Result<Workspace> Workspace::Find(const fs::path& start) {
  std::error_code error;
  for (fs::path folder = fs::absolute(start, error); !error; folder = folder.parent_path()) {
    if (fs::exists(folder / kMarkerName, error)) return Open(folder);
    if (folder == folder.parent_path()) break;
  }
  return core::Fail(ErrorCode::kNotFound, "there is no workspace in '{}' or above it: make one with klieg init DIR, or name one with "
                    "--workspace", start.string());
}

}  // namespace klieg::platform
