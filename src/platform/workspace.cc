#include "platform/workspace.h"

#include <charconv>
#include <string>
#include <string_view>

#include "core/file.h"

namespace klieg::platform {
namespace {

using core::ErrorCode;
using core::Fail;
namespace fs = std::filesystem;

constexpr std::string_view kMarker = "klieg.toml";
constexpr int64_t kFormat = 1;
constexpr uint64_t kMaxMarkerBytes = 64 << 10;

std::string MarkerText() {
  return fmt::format(
      "# A klieg workspace. Made by `klieg init`; the program keeps this file, people need not "
      "edit it.\n"
      "format = {}\n",
      kFormat);
}

tl::unexpected<core::Error> Damaged(const fs::path& marker, std::string_view found) {
  return Fail(ErrorCode::kCorrupt,
              "'{}' is damaged: expected comments and the one line 'format = {}', found {}; put "
              "the file back, "
              "the rest of the workspace is not affected",
              marker.string(), kFormat, found);
}

/// "format = N" in TOML's spelling; a TOML parser would let through what this program never writes.
core::Result<int64_t> ParseFormat(const fs::path& marker, std::string_view text) {
  int64_t format = 0;
  bool found = false;
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t newline = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, newline);
    text.remove_prefix(std::min(newline + 1, text.size()));
    if (line.empty() || line.starts_with('#')) continue;
    constexpr std::string_view kKey = "format = ";
    if (found || !line.starts_with(kKey))
      return Damaged(marker, fmt::format("something else in line {}", number));
    const auto [end, error] =
        std::from_chars(line.data() + kKey.size(), line.data() + line.size(), format);
    if (error != std::errc() || end != line.data() + line.size() || format < 1) {
      return Damaged(marker, fmt::format("no number in line {}", number));
    }
    found = true;
  }
  if (!found) return Damaged(marker, "no format");
  return format;
}

core::Status CheckMarker(const fs::path& marker) {
  const core::Result<std::string> text = core::ReadFile(marker, kMaxMarkerBytes);
  if (!text && text.error().code == ErrorCode::kInvalidArgument)
    return Damaged(marker, text.error().message);
  if (!text) return tl::unexpected<core::Error>(text.error());
  KLIEG_ASSIGN(const int64_t format, ParseFormat(marker, *text));
  if (format > kFormat) {
    return Fail(ErrorCode::kVersion,
                "the workspace '{}' has format {}, this klieg knows {}: a newer klieg made it, use "
                "that one",
                marker.parent_path().string(), format, kFormat);
  }
  return {};
}

/// Absolute, so that the workspace stays the same one when the process changes its folder.
core::Result<fs::path> Absolute(const fs::path& folder) {
  std::error_code error;
  fs::path absolute = fs::weakly_canonical(fs::absolute(folder, error), error);
  if (error)
    return Fail(ErrorCode::kIo, "cannot find out where '{}' is: {}", folder.string(),
                error.message());
  return absolute;
}

/// Whether there is a marker; a folder that cannot be looked into has none that could be used.
bool HasMarker(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / kMarker, ignored);
}

}  // namespace

core::Result<Workspace> Workspace::Init(const fs::path& folder) {
  KLIEG_ASSIGN(fs::path absolute, Absolute(folder));
  if (HasMarker(absolute)) {
    return Fail(ErrorCode::kAlreadyExists, "'{}' is a workspace already: nothing was changed",
                absolute.string());
  }
  const Workspace workspace(std::move(absolute));
  for (const fs::path& part :
       {workspace.folder(), workspace.snapshots(), workspace.models(), workspace.runs()}) {
    KLIEG_TRY(core::MakeFolder(part));
  }
  KLIEG_TRY(core::WriteFileAtomically(workspace.folder() / kMarker, MarkerText()));
  return workspace;
}

core::Result<Workspace> Workspace::Open(const fs::path& folder) {
  KLIEG_ASSIGN(fs::path absolute, Absolute(folder));
  if (!HasMarker(absolute)) {
    return Fail(ErrorCode::kNotFound,
                "'{}' is not a workspace (it has no {}): make one with klieg init '{}'",
                absolute.string(), kMarker, absolute.string());
  }
  KLIEG_TRY(CheckMarker(absolute / kMarker));
  return Workspace(std::move(absolute));
}

core::Result<Workspace> Workspace::Find(const fs::path& start) {
  KLIEG_ASSIGN(const fs::path absolute, Absolute(start));
  for (fs::path folder = absolute;; folder = folder.parent_path()) {
    if (HasMarker(folder)) return Open(folder);
    if (folder == folder.parent_path()) break;
  }
  return Fail(ErrorCode::kNotFound,
              "there is no workspace in '{}' or a folder above it: make one with klieg init DIR, "
              "or name one with "
              "--workspace",
              absolute.string());
}

}  // namespace klieg::platform
