#include "data/snapshot_files.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/file.h"

namespace klieg::data {
namespace {

namespace fs = std::filesystem;
using core::Error;
using core::ErrorCode;
using core::Fail;
using nlohmann::json;

constexpr uint64_t kManifestBytesMax = uint64_t{16} << 20;
constexpr std::string_view kRepair =
    "restore the folder from a backup, or import the same files again: that replaces a damaged "
    "snapshot";

/// The one text of a JSON value: keys sorted, no blanks; bytes that are not UTF-8 become U+FFFD.
std::string Canonical(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json WithoutChecksum(const StoredManifest& stored) {
  const Manifest& manifest = stored.manifest;
  return {{"format", kManifestFormat},
          {"snapshot", manifest.snapshot.Hex()},
          {"kind", TableKindName(manifest.kind)},
          {"rows", manifest.rows},
          {"rejected", manifest.rejected},
          {"bytes", manifest.bytes},
          {"columns", manifest.columns},
          {"sources", manifest.sources},
          {"data_sha256", stored.data_sha256.Hex()}};
}

tl::unexpected<Error> Damaged(std::string_view name, std::string_view what) {
  return Fail(ErrorCode::kCorrupt, "'{}' is damaged ({}); {}", name, what, kRepair);
}

/// Takes the fields out of checked JSON; throws json::exception when one is missing or of another
/// type.
core::Result<StoredManifest> FromJson(const json& value, std::string_view name) {
  StoredManifest stored;
  Manifest& manifest = stored.manifest;
  const auto snapshot = core::Digest::FromHex(value.at("snapshot").get<std::string>());
  const auto data = core::Digest::FromHex(value.at("data_sha256").get<std::string>());
  const std::string kind = value.at("kind").get<std::string>();
  if (!snapshot || !data) return Damaged(name, "a digest is not one");
  if (kind != TableKindName(TableKind::kInteractions) &&
      kind != TableKindName(TableKind::kTitles)) {
    return Damaged(name, "unknown kind of table");
  }
  manifest.snapshot = *snapshot;
  stored.data_sha256 = *data;
  manifest.kind =
      kind == TableKindName(TableKind::kTitles) ? TableKind::kTitles : TableKind::kInteractions;
  manifest.rows = value.at("rows").get<uint64_t>();
  manifest.rejected = value.at("rejected").get<uint64_t>();
  manifest.bytes = value.at("bytes").get<uint64_t>();
  manifest.columns = value.at("columns").get<std::vector<std::string>>();
  manifest.sources = value.at("sources").get<std::vector<std::string>>();
  return stored;
}

core::Result<StoredManifest> ReadStored(const SnapshotStore& store, const core::Digest& snapshot) {
  const fs::path folder = store.PathOf(snapshot);
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    return Fail(ErrorCode::kNotFound, "there is no snapshot {} in '{}'", snapshot.Short(),
                store.folder().string());
  }
  const fs::path path = folder / kManifestFile;
  core::Result<std::string> text = core::ReadFile(path, kManifestBytesMax);
  if (!text && text.error().code == ErrorCode::kIo) return tl::unexpected<Error>(text.error());
  if (!text) return Damaged(path.string(), text.error().message);
  KLIEG_ASSIGN(StoredManifest stored, ParseManifest(*text, path.string()));
  if (stored.manifest.snapshot != snapshot)
    return Damaged(path.string(), "it is the manifest of another snapshot");
  return stored;
}

}  // namespace

std::string_view TableKindName(TableKind kind) {
  return kind == TableKind::kInteractions ? "interactions" : "titles";
}

core::Digest SnapshotDigest(TableKind kind, const std::vector<std::string>& columns,
                            const core::Digest& data_sha256) {
  std::string text = fmt::format("klieg snapshot 1\n{}\n", TableKindName(kind));
  for (const std::string& column : columns) text += column + "\n";
  text += data_sha256.Hex() + "\n";
  return core::HashBytes(text);
}

std::string ManifestText(const StoredManifest& stored) {
  json value = WithoutChecksum(stored);
  value["checksum"] = core::HashBytes(Canonical(value)).Hex();
  return Canonical(value) + "\n";
}

core::Result<StoredManifest> ParseManifest(std::string_view text, std::string_view name) {
  try {
    json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!value.is_object()) return Damaged(name, "it is not a JSON object");
    // The checksum comes first, in this and all later formats: a flipped digit of the version is
    // damage.
    const std::string checksum = value.value("checksum", "");
    const bool canonical = Canonical(value) + "\n" == text;
    value.erase("checksum");
    if (!canonical || core::HashBytes(Canonical(value)).Hex() != checksum)
      return Damaged(name, "its checksum is wrong");
    if (const int64_t format = value.at("format").get<int64_t>(); format > kManifestFormat) {
      return Fail(ErrorCode::kVersion,
                  "'{}' has format {}, this klieg reads up to {}: it was written by a newer "
                  "version; use that one",
                  name, format, kManifestFormat);
    }
    return FromJson(value, name);
  } catch (const json::exception& exception) {
    return Damaged(name, exception.what());
  }
}

core::Result<SnapshotFiles> VerifySnapshotFiles(const SnapshotStore& store,
                                                const core::Digest& snapshot) {
  KLIEG_ASSIGN(StoredManifest stored, ReadStored(store, snapshot));
  const fs::path path = store.PathOf(snapshot) / kDataFile;
  const core::Result<core::Digest> hash = core::HashFile(path);
  if (!hash && hash.error().code == ErrorCode::kNotFound)
    return Damaged(path.string(), "the file is missing");
  if (!hash) return tl::unexpected<Error>(hash.error());
  const Manifest& manifest = stored.manifest;
  if (*hash != stored.data_sha256 ||
      SnapshotDigest(manifest.kind, manifest.columns, *hash) != snapshot) {
    return Damaged(path.string(),
                   fmt::format("its bytes are not those of snapshot {}", snapshot.Short()));
  }
  return SnapshotFiles{std::move(stored.manifest), path};
}

core::Result<Manifest> ReadManifest(const SnapshotStore& store, const core::Digest& snapshot) {
  KLIEG_ASSIGN(StoredManifest stored, ReadStored(store, snapshot));
  return std::move(stored.manifest);
}

core::Status VerifySnapshot(const SnapshotStore& store, const core::Digest& snapshot) {
  KLIEG_TRY(VerifySnapshotFiles(store, snapshot));
  return {};
}

core::Result<std::vector<core::Digest>> ListSnapshots(const SnapshotStore& store) {
  std::vector<core::Digest> snapshots;
  std::error_code error;
  if (!fs::exists(store.folder(), error) && !error) return snapshots;
  for (fs::directory_iterator entry(store.folder(), error), end; !error && entry != end;
       entry.increment(error)) {
    if (const auto digest = core::Digest::FromHex(entry->path().filename().string()))
      snapshots.push_back(*digest);
  }
  if (error) {
    return Fail(ErrorCode::kIo, "cannot list the snapshots in '{}': {}", store.folder().string(),
                error.message());
  }
  std::ranges::sort(snapshots);
  return snapshots;
}

}  // namespace klieg::data
