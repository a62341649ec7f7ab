// Damage of every kind to a snapshot that was good.
#include "data/snapshot_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "data/import_fixture.h"

namespace klieg::data {
namespace {

namespace fs = std::filesystem;
using core::ErrorCode;
using testing::HasSubstr;

class SnapshotFilesTest : public ImportFixture {
 protected:
  void SetUp() override {
    const auto report = RunText("log.csv", "user,item,ts\na,2,3\nb,5,6\n");
    ASSERT_TRUE(report) << report.error().message;
    id_ = report->snapshot;
  }

  fs::path Path(std::string_view file) const { return store_.PathOf(id_) / file; }

  void ExpectBroken(ErrorCode code) const {
    const core::Status status = VerifySnapshot(store_, id_);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, code) << status.error().message;
    if (code == ErrorCode::kCorrupt) {
      EXPECT_THAT(status.error().message, HasSubstr("import the same files again"));
    }
  }

  core::Digest id_;
};

TEST_F(SnapshotFilesTest, GoodOneVerifies) {
  EXPECT_TRUE(VerifySnapshot(store_, id_));
  const auto manifest = ReadManifest(store_, id_);
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->snapshot, id_);
  EXPECT_EQ(manifest->rows, 2U);
  EXPECT_EQ(manifest->kind, TableKind::kInteractions);
  EXPECT_EQ(manifest->bytes, fs::file_size(Path(kDataFile)));
}

TEST_F(SnapshotFilesTest, OneFlippedBitInAnyByteIsDetected) {
  for (const std::string_view file : {kDataFile, kManifestFile}) {
    const std::string good = *core::ReadFile(Path(file));
    for (size_t place = 0; place < good.size(); ++place) {
      std::string bad = good;
      bad[place] = static_cast<char>(bad[place] ^ (1 << (place % 8)));
      File(fs::relative(Path(file), folder_.path()).string(), bad);
      ExpectBroken(ErrorCode::kCorrupt);
    }
    File(fs::relative(Path(file), folder_.path()).string(), good);
  }
  EXPECT_TRUE(VerifySnapshot(store_, id_));
}

TEST_F(SnapshotFilesTest, MissingAndShortenedFiles) {
  for (const std::string_view file : {kDataFile, kManifestFile}) {
    const std::string good = *core::ReadFile(Path(file));
    fs::remove(Path(file));
    ExpectBroken(ErrorCode::kCorrupt);
    File(fs::relative(Path(file), folder_.path()).string(), good.substr(0, good.size() - 1));
    ExpectBroken(ErrorCode::kCorrupt);
    File(fs::relative(Path(file), folder_.path()).string(), "");
    ExpectBroken(ErrorCode::kCorrupt);
    File(fs::relative(Path(file), folder_.path()).string(), good);
  }
}

TEST_F(SnapshotFilesTest, SnapshotThatIsNotThere) {
  const core::Status status = VerifySnapshot(store_, core::HashBytes("other"));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kNotFound);
}

TEST_F(SnapshotFilesTest, FolderUnderTheNameOfAnother) {
  const core::Digest other = core::HashBytes("other");
  fs::copy(store_.PathOf(id_), store_.PathOf(other));
  const core::Status status = VerifySnapshot(store_, other);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kCorrupt);
}

TEST_F(SnapshotFilesTest, NewerFormatIsAVersionAndNotDamage) {
  nlohmann::json value = nlohmann::json::parse(*core::ReadFile(Path(kManifestFile)));
  value.erase("checksum");
  value["format"] = kManifestFormat + 1;
  value["something new"] = true;
  value["checksum"] = core::HashBytes(value.dump()).Hex();
  File(fs::relative(Path(kManifestFile), folder_.path()).string(), value.dump() + "\n");
  ExpectBroken(ErrorCode::kVersion);
  // And an import of the same rows does not touch it.
  const auto report = RunText("log.csv", "user,item,ts\na,2,3\nb,5,6\n");
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kVersion);
}

TEST_F(SnapshotFilesTest, RowsOfManifestAndDataMustAgree) {
  auto files = VerifySnapshotFiles(store_, id_);
  ASSERT_TRUE(files);
  files->manifest.rows = 3;
  const auto table = ReadInteractionFile(*files, 1);
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code, ErrorCode::kCorrupt);
}

TEST_F(SnapshotFilesTest, TableOfTheOtherKind) {
  const auto table = ReadTitleFile(*VerifySnapshotFiles(store_, id_));
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(table.error().message, HasSubstr("holds interactions; titles were asked for"));
}

TEST_F(SnapshotFilesTest, ImportingAgainReplacesADamagedOne) {
  File(fs::relative(Path(kDataFile), folder_.path()).string(), "garbage");
  ExpectBroken(ErrorCode::kCorrupt);
  const auto report = RunText("log.csv", "user,item,ts\na,2,3\nb,5,6\n");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_FALSE(report->already_present);
  EXPECT_EQ(report->snapshot, id_);
  EXPECT_TRUE(VerifySnapshot(store_, id_));
}

TEST_F(SnapshotFilesTest, ListIsSortedAndSkipsWhatIsNoSnapshot) {
  const auto second = RunText("t.csv", "id,name\n1,A\n", TableKind::kTitles);
  ASSERT_TRUE(second);
  File("snapshots/notes.txt", "x");
  std::vector<core::Digest> expected = {id_, second->snapshot};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(*ListSnapshots(store_), expected);
  EXPECT_TRUE(ListSnapshots(SnapshotStore(folder_.path() / "nowhere"))->empty());
}

/// What is under the digest, spelled out: a change here is a new format.
TEST(SnapshotDigest, CoversSchemaAndData) {
  const core::Digest data = core::HashBytes("bytes");
  const std::vector<std::string> columns = {"member BIGINT", "title BIGINT"};
  const core::Digest expected = core::HashBytes(
      "klieg snapshot 1\ninteractions\nmember BIGINT\ntitle BIGINT\n" + data.Hex() + "\n");
  EXPECT_EQ(SnapshotDigest(TableKind::kInteractions, columns, data), expected);
  EXPECT_NE(SnapshotDigest(TableKind::kTitles, columns, data), expected);
  EXPECT_NE(SnapshotDigest(TableKind::kInteractions, {"member VARCHAR", "title BIGINT"}, data),
            expected);
}

TEST(ParseManifest, BytesOfAnyKindGiveAnError) {
  for (const std::string text :
       {"", "{}", "[]", "null", "{\"checksum\":1}", "{\"format\":\"x\"}\n", "\xFF\xFE", "{"}) {
    const auto manifest = ParseManifest(text, "m");
    ASSERT_FALSE(manifest) << text;
    EXPECT_EQ(manifest.error().code, ErrorCode::kCorrupt);
  }
}

}  // namespace
}  // namespace klieg::data
