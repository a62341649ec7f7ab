/// For tests of src/data: a store in a temporary folder, and imports of texts into it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "core/file.h"
#include "core/progress.h"
#include "data/import.h"
#include "data/snapshot_files.h"
#include "data/table_reader.h"

namespace klieg::data {

class ImportFixture : public testing::Test {
 protected:
  /// Writes a file beside the store.
  std::filesystem::path File(const std::string& name, std::string_view bytes) const {
    const std::filesystem::path path = folder_.path() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  static ImportRequest Request(std::filesystem::path file,
                               TableKind kind = TableKind::kInteractions) {
    ImportRequest request;
    request.kind = kind;
    request.files = {std::move(file)};
    request.threads = 2;
    return request;
  }

  core::Result<ImportReport> Run(const ImportRequest& request) const {
    return Import(store_, request, core::SilentProgress());
  }

  core::Result<ImportReport> RunText(const std::string& name, std::string_view bytes,
                                     TableKind kind = TableKind::kInteractions) const {
    return Run(Request(File(name, bytes), kind));
  }

  /// The rows of a snapshot; fails the test when it does not verify.
  InteractionTable Interactions(const core::Digest& snapshot, size_t threads = 2) const {
    const auto files = VerifySnapshotFiles(store_, snapshot);
    EXPECT_TRUE(files) << (files ? "" : files.error().message);
    if (!files) return {};
    auto table = ReadInteractionFile(*files, threads);
    EXPECT_TRUE(table) << (table ? "" : table.error().message);
    return table ? std::move(*table) : InteractionTable{};
  }

  TitleTable Titles(const core::Digest& snapshot) const {
    const auto files = VerifySnapshotFiles(store_, snapshot);
    EXPECT_TRUE(files) << (files ? "" : files.error().message);
    if (!files) return {};
    auto table = ReadTitleFile(*files);
    EXPECT_TRUE(table) << (table ? "" : table.error().message);
    return table ? std::move(*table) : TitleTable{};
  }

  /// "member title" of every row, in order.
  static std::vector<std::string> Pairs(const InteractionTable& table) {
    std::vector<std::string> pairs;
    for (size_t row = 0; row < table.members.size(); ++row) {
      pairs.push_back(table.member_names[table.members[row]] + " " +
                      table.title_names[table.titles[row]]);
    }
    return pairs;
  }

  /// Names in the store that are neither snapshots nor its lock.
  std::vector<std::string> Leftovers() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(store_.folder())) {
      const std::string name = entry.path().filename().string();
      if (name != ".lock" && !core::Digest::FromHex(name)) names.push_back(name);
    }
    return names;
  }

  core::TemporaryFolder folder_ = core::TemporaryFolder::Make().value();
  SnapshotStore store_{folder_.path() / "snapshots"};
};

}  // namespace klieg::data
