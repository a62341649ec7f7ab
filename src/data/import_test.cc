// Imports from file to table, by format. What is wrong with files and rows is in
// import_bad_input_test.cc.
#include "data/import.h"

#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "core/random.h"
#include "data/duckdb_session.h"
#include "data/import_fixture.h"

namespace klieg::data {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ImportTest : public ImportFixture {};

constexpr std::string_view kRatings =
    "userId,movieId,rating,timestamp\n10,31,2.5,1260759144\n9,1029,3.0,1260759179\n10,7,4,0\n";

TEST_F(ImportTest, CsvBecomesATableInTheOrderOfTheFile) {
  const auto report = RunText("ratings.csv", kRatings);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->rows_read, 3U);
  EXPECT_EQ(report->rows_kept, 3U);
  EXPECT_EQ(report->rows_rejected, 0U);
  EXPECT_TRUE(report->rejected_file.empty());
  EXPECT_FALSE(report->already_present);
  EXPECT_THAT(report->columns,
              ElementsAre("member BIGINT", "title BIGINT", "time BIGINT", "value FLOAT"));
  EXPECT_EQ(report->bytes, fs::file_size(store_.PathOf(report->snapshot) / kDataFile));

  const InteractionTable table = Interactions(report->snapshot);
  EXPECT_THAT(table.member_names, ElementsAre("9", "10")) << "numbers sort as numbers";
  EXPECT_THAT(table.title_names, ElementsAre("7", "31", "1029"));
  EXPECT_THAT(table.members, ElementsAre(1, 0, 1));
  EXPECT_THAT(table.titles, ElementsAre(1, 2, 0));
  EXPECT_THAT(table.times, ElementsAre(1260759144, 1260759179, 0));
  EXPECT_THAT(table.values, ElementsAre(2.5F, 3.0F, 4.0F));
  EXPECT_THAT(Leftovers(), IsEmpty());
}

TEST_F(ImportTest, TextIdsSortByBytes) {
  const auto report = RunText("log.csv", "user,item\nzoë,b\n10,a\n9,B\nAnn,\xC3\xA9t\xC3\xA9\n");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(report->columns, ElementsAre("member VARCHAR", "title VARCHAR"));
  const InteractionTable table = Interactions(report->snapshot);
  EXPECT_THAT(table.member_names, ElementsAre("10", "9", "Ann", "zoë"));
  EXPECT_THAT(table.title_names, ElementsAre("B", "a", "b", "été"));
  EXPECT_THAT(table.times, IsEmpty());
  EXPECT_THAT(table.values, IsEmpty());
}

TEST_F(ImportTest, OneIdWithALeadingZeroMakesItsColumnText) {
  const auto report = RunText("log.csv", "user,item\n7,1\n007,1\n");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(report->columns, ElementsAre("member VARCHAR", "title BIGINT"));
  EXPECT_THAT(Interactions(report->snapshot).member_names, ElementsAre("007", "7"))
      << "two members, not one";
}

TEST_F(ImportTest, IdThatDoesNotFitLateInALargeFileIsSeen) {
  std::string text = "user,item\n";
  for (int i = 0; i < 400'000; ++i) text += fmt::format("{},{}\n", i % 1000, i % 77);
  text += "1,last one\n";
  const auto report = RunText("log.csv", text);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(report->columns, ElementsAre("member BIGINT", "title VARCHAR"));
  EXPECT_EQ(report->rows_kept, 400'001U);
  EXPECT_EQ(Pairs(Interactions(report->snapshot)).back(), "1 last one");
}

TEST_F(ImportTest, TsvSemicolonsQuotesByteOrderMarkAndCrlf) {
  const auto tsv = RunText("log.tsv", "user\titem\na,b\tx\n");
  const auto semicolons = RunText("log.csv", "\xEF\xBB\xBF\"user\";item\r\n\"a,b\";x\r\n\r\n");
  ASSERT_TRUE(tsv) << tsv.error().message;
  ASSERT_TRUE(semicolons) << semicolons.error().message;
  EXPECT_EQ(tsv->snapshot, semicolons->snapshot) << "the same rows have the same address";
  EXPECT_TRUE(semicolons->already_present);
  EXPECT_EQ(semicolons->rows_read, 1U) << "the empty line is no row";
  EXPECT_THAT(Pairs(Interactions(tsv->snapshot)), ElementsAre("a,b x"));
}

TEST_F(ImportTest, QuotedFieldsMayHoldLineEnds) {
  const auto report = RunText("titles.csv", "id,name\n1,\"Two\nlines\"\n2,\"Say \"\"hi\"\"\"\n",
                              TableKind::kTitles);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(Titles(report->snapshot).names, ElementsAre("Two\nlines", "Say \"hi\""));
}

TEST_F(ImportTest, JsonLines) {
  const auto report = RunText(
      "log.jsonl",
      "{\"user\":\"u1\",\"item\":5,\"ts\":\"2000-07-30T18:45:03Z\",\"more\":{\"user\":\"no\"}}\n\n"
      "{\"ts\":964982703.5,\"item\":6,\"user\":\"u2\"}\r\n");
  ASSERT_TRUE(report) << report.error().message;
  const InteractionTable table = Interactions(report->snapshot);
  EXPECT_THAT(Pairs(table), ElementsAre("u1 5", "u2 6"));
  EXPECT_THAT(table.times, ElementsAre(964982703, 964982703));
  EXPECT_THAT(report->columns, ElementsAre("member VARCHAR", "title BIGINT", "time BIGINT"));
}

TEST_F(ImportTest, JsonListsOfGenres) {
  const auto report = RunText(
      "titles.ndjson", "{\"id\":1,\"name\":\"A\",\"year\":1999,\"genres\":[\"Drama\",\"War\"]}\n",
      TableKind::kTitles);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(Titles(report->snapshot).genres, ElementsAre(ElementsAre("Drama", "War")));
}

TEST_F(ImportTest, AdjacencyHasOneRowATitle) {
  ImportRequest request = Request(File("train.txt", "0 5 6 7\n1 5\n\n2 \t6 \n"));
  request.format = FileFormat::kAdjacency;
  const auto report = Run(request);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(Pairs(Interactions(report->snapshot)),
              ElementsAre("0 5", "0 6", "0 7", "1 5", "2 6"));
}

TEST_F(ImportTest, MovieLensFolderWithDatFilesInLatin1) {
  File("ml/ratings.dat", "1::1193::5::978300760\n2::661::3::978302109\n");
  File("ml/movies.dat",
       "1193::Am\xE9lie (2001)::Comedy|Romance\n661::Alien: \"X\" (1979)::(no genres listed)\n");
  const auto ratings = Run(Request(folder_.path() / "ml"));
  ASSERT_TRUE(ratings) << ratings.error().message;
  EXPECT_THAT(Interactions(ratings->snapshot).values, ElementsAre(5.0F, 3.0F));
  const auto movies = Run(Request(folder_.path() / "ml", TableKind::kTitles));
  ASSERT_TRUE(movies) << movies.error().message;
  const TitleTable titles = Titles(movies->snapshot);
  EXPECT_THAT(titles.ids, ElementsAre("1193", "661"));
  EXPECT_THAT(titles.names, ElementsAre("Amélie", "Alien: \"X\""));
  EXPECT_THAT(titles.years, ElementsAre(2001, 1979));
  EXPECT_THAT(titles.genres, ElementsAre(ElementsAre("Comedy", "Romance"), IsEmpty()));
}

TEST_F(ImportTest, TitlesWithAYearColumnKeepTheirNames) {
  const auto report =
      RunText("titles.csv", "id,title,year,genres\n1,2046 (2004),2004,Drama\n2,Soon,3000,\n3,,,\n",
              TableKind::kTitles);
  ASSERT_TRUE(report) << report.error().message;
  const TitleTable titles = Titles(report->snapshot);
  EXPECT_THAT(titles.names, ElementsAre("2046 (2004)", "Soon", ""));
  EXPECT_THAT(titles.years, ElementsAre(2004, 3000, 0)) << "a year to come is kept";
}

TEST_F(ImportTest, SeveralFilesAreOneTableInTheirOrder) {
  ImportRequest request = Request(File("b.csv", "user,item\n2,1\n"));
  request.files.push_back(File("a.jsonl", "{\"item\":1,\"user\":1}\n"));
  const auto report = Run(request);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(Pairs(Interactions(report->snapshot)), ElementsAre("2 1", "1 1"));
  const auto manifest = ReadManifest(store_, report->snapshot);
  ASSERT_TRUE(manifest);
  ASSERT_EQ(manifest->sources.size(), 2U);
  EXPECT_EQ(manifest->sources[0], "b.csv sha256:" + core::HashFile(request.files[0])->Hex());
  EXPECT_EQ(manifest->sources[1], "a.jsonl sha256:" + core::HashFile(request.files[1])->Hex());
}

/// A table that DuckDB writes itself, with types as pandas leaves them.
TEST_F(ImportTest, ParquetWithTimestampsAndDoubleIds) {
  const fs::path path = folder_.path() / "log.parquet";
  const auto session = DuckDbSession::Open({}).value();
  ASSERT_TRUE(session->Execute(
      fmt::format("COPY (SELECT * FROM (VALUES (1.0::DOUBLE, 'x', TIMESTAMP '2000-07-30 "
                  "18:45:03.5', true), (2.0, 'y', TIMESTAMP "
                  "'1970-01-01 00:00:01', false), (NULL, 'z', TIMESTAMP '2000-01-01 00:00:00', "
                  "true)) t(\"user\", item, ts, rating)) TO {}",
                  SqlLiteral(path.string()))));
  const auto report = Run(Request(path));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->rows_read, 3U);
  EXPECT_THAT(report->rejected_by_reason,
              ElementsAre(std::pair<const std::string, uint64_t>("missing member", 1)));
  const InteractionTable table = Interactions(report->snapshot);
  EXPECT_THAT(Pairs(table), ElementsAre("1 x", "2 y"));
  EXPECT_THAT(table.times, ElementsAre(964982703, 1));
  EXPECT_THAT(table.values, ElementsAre(1.0F, 0.0F));
}

TEST_F(ImportTest, SnapshotsThatAreImportedAgainAsParquetAreTheSame) {
  const auto first = RunText("ratings.csv", kRatings);
  ASSERT_TRUE(first);
  const auto second = Run(Request(store_.PathOf(first->snapshot) / kDataFile));
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->snapshot, first->snapshot);
}

TEST_F(ImportTest, PathsWithPatternCharactersAndQuotesAreTakenAsTheyAre) {
  const SnapshotStore store(folder_.path() / "we[i]rd * d'ir?");
  const fs::path file = File("odd [1]*'.csv", kRatings);
  const auto report = Import(store, Request(file), core::SilentProgress());
  ASSERT_TRUE(report) << report.error().message;
  const auto files = VerifySnapshotFiles(store, report->snapshot);
  ASSERT_TRUE(files);
  const auto table = ReadInteractionFile(*files, 1);
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->members.size(), 3U);
  // And as a source.
  fs::copy(files->parquet, folder_.path() / "a[b]*.parquet");
  const auto again =
      Import(store, Request(folder_.path() / "a[b]*.parquet"), core::SilentProgress());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->snapshot, report->snapshot);
}

TEST_F(ImportTest, SameBytesAgainMakeNoSecondCopy) {
  const auto first = RunText("ratings.csv", kRatings);
  const auto second = RunText("other-name.csv", kRatings);
  ASSERT_TRUE(first);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(first->snapshot, second->snapshot);
  EXPECT_TRUE(second->already_present);
  EXPECT_EQ(ListSnapshots(store_)->size(), 1U);
  EXPECT_THAT(Leftovers(), IsEmpty());
}

/// Several rounds of blocks, rejected rows among them.
std::string LargeLog(uint64_t rows) {
  core::Random random(11);
  std::string text = "user,item,rating,ts\n";
  for (uint64_t row = 0; row < rows; ++row) {
    if (row % 1000 == 999) text += "bad row\n";
    text += fmt::format("{},{},{:.1f},{}\n", random.Below(5000), random.Below(900),
                        0.5 * static_cast<double>(random.Below(10)),
                        1'000'000'000 + random.Below(300'000'000));
  }
  return text;
}

TEST_F(ImportTest, NumberOfThreadsDoesNotShow) {
  ImportRequest request = Request(File("large.csv", LargeLog(300'000)));
  std::vector<core::Digest> digests;
  std::vector<std::string> rejected;
  for (const size_t threads : {1, 2, 5}) {
    request.threads = threads;
    const SnapshotStore store(folder_.path() / fmt::format("store-{}", threads));
    const auto report = Import(store, request, core::SilentProgress());
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->rows_read, 300'300U);
    EXPECT_EQ(report->rows_kept, 300'000U);
    digests.push_back(report->snapshot);
    rejected.push_back(*core::ReadFile(report->rejected_file));
    const auto table = ReadInteractionFile(*VerifySnapshotFiles(store, report->snapshot), threads);
    ASSERT_TRUE(table) << table.error().message;
    EXPECT_EQ(Pairs(*table).size(), 300'000U);
  }
  EXPECT_EQ(digests[0], digests[1]);
  EXPECT_EQ(digests[0], digests[2]);
  EXPECT_EQ(rejected[0], rejected[1]);
  EXPECT_EQ(rejected[0], rejected[2]);
  EXPECT_THAT(rejected[0],
              HasSubstr("\"large.csv\",1001,\"wrong number of columns\",\"bad row\"\n"));
  EXPECT_THAT(rejected[0],
              HasSubstr("\"large.csv\",300300,\"wrong number of columns\",\"bad row\"\n"));
}

/// Second opinion: DuckDB's own CSV reader.
TEST_F(ImportTest, AgreesWithDuckDbsReaderOnAGoodFile) {
  core::Random random(5);
  std::string text = "user,item,rating,ts\n";
  for (int row = 0; row < 30'000; ++row) {
    const char* name[] = {"plain", "\"a, b\"", "\"x \"\"y\"\" z\"", "\"two\nlines\"", "é"};
    text += fmt::format("{},{},{},{}\n", random.Below(700), name[random.Below(5)],
                        random.Below(100) * 0.1, random.Below(4'000'000'000));
  }
  const fs::path file = File("log.csv", text);
  const auto report = Run(Request(file));
  ASSERT_TRUE(report) << report.error().message;
  const InteractionTable table = Interactions(report->snapshot);
  ASSERT_EQ(table.members.size(), 30'000U);

  const auto session = DuckDbSession::Open({}).value();
  size_t row = 0;
  ASSERT_TRUE(session->ForEachChunk(
      fmt::format("SELECT \"user\"::BIGINT, item, rating::FLOAT, ts::BIGINT FROM read_csv({}, "
                  "header = true, all_varchar = "
                  "true, delim = ',', quote = '\"', escape = '\"')",
                  SqlLiteral(file.string())),
      [&](duckdb_data_chunk chunk) -> core::Status {
        const auto data = [&](idx_t column) {
          return duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, column));
        };
        for (idx_t i = 0; i < duckdb_data_chunk_get_size(chunk); ++i, ++row) {
          EXPECT_EQ(table.member_names[table.members[row]],
                    std::to_string(static_cast<const int64_t*>(data(0))[i]));
          EXPECT_EQ(table.title_names[table.titles[row]], VectorText(data(1), i));
          EXPECT_EQ(table.values[row], static_cast<const float*>(data(2))[i]);
          EXPECT_EQ(table.times[row], static_cast<const int64_t*>(data(3))[i]);
        }
        return {};
      }));
  EXPECT_EQ(row, 30'000U);
}

TEST_F(ImportTest, MovieLensLatestSmall) {
  const char* data = std::getenv("KLIEG_DATA");
  if (data == nullptr) GTEST_SKIP() << "KLIEG_DATA is not set: no MovieLens folder to read";
  const fs::path folder = fs::path(data) / "ml-latest-small";
  if (!fs::exists(folder)) GTEST_SKIP() << folder << " is not there";
  const auto ratings = Run(Request(folder));
  ASSERT_TRUE(ratings) << ratings.error().message;
  EXPECT_EQ(ratings->rows_read, 100'836U);
  EXPECT_EQ(ratings->rows_kept, 100'836U);
  const InteractionTable table = Interactions(ratings->snapshot);
  EXPECT_EQ(table.member_names.size(), 610U);
  EXPECT_EQ(table.title_names.size(), 9'724U);
  const auto movies = Run(Request(folder, TableKind::kTitles));
  ASSERT_TRUE(movies) << movies.error().message;
  EXPECT_EQ(movies->rows_kept, 9'742U);
  const TitleTable titles = Titles(movies->snapshot);
  EXPECT_EQ(titles.names.front(), "Toy Story");
  EXPECT_EQ(titles.years.front(), 1995);
  EXPECT_THAT(titles.genres.front(),
              ElementsAre("Adventure", "Animation", "Children", "Comedy", "Fantasy"));
}

}  // namespace
}  // namespace klieg::data
