// Bad files and bad rows: each a clear error, or a row that is counted and kept in rejected.csv.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "data/import_fixture.h"

namespace klieg::data {
namespace {

namespace fs = std::filesystem;
using core::ErrorCode;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

class ImportBadInputTest : public ImportFixture {
 protected:
  void ExpectFailure(const core::Result<ImportReport>& report, ErrorCode code,
                     std::string_view words) const {
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, code) << report.error().message;
    EXPECT_THAT(report.error().message, HasSubstr(std::string(words)));
    if (fs::exists(store_.folder())) {
      EXPECT_THAT(Leftovers(), IsEmpty());
      EXPECT_THAT(*ListSnapshots(store_), IsEmpty());
    }
  }

  /// Imports good rows with one bad one on line 3, and expects it to be refused.
  void ExpectRejected(std::string_view header, std::string_view good, std::string_view bad,
                      std::string_view reason, TableKind kind = TableKind::kInteractions,
                      const std::string& name = "log.csv") const {
    const std::string text = fmt::format("{}\n{}\n{}\n", header, good, bad);
    const auto report = RunText(name, text, kind);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->rows_read, 2U);
    EXPECT_EQ(report->rows_kept, 1U);
    EXPECT_EQ(report->rows_rejected, 1U);
    EXPECT_EQ(report->rejected_by_reason,
              (std::map<std::string, uint64_t>{{std::string(reason), 1}}));
    const auto rejected = core::ReadFile(report->rejected_file);
    ASSERT_TRUE(rejected) << rejected.error().message;
    EXPECT_THAT(*rejected, HasSubstr(fmt::format("\"{}\",3,\"{}\",", name, reason)))
        << "file, line and reason";
    EXPECT_EQ(ReadManifest(store_, report->snapshot)->rejected, 1U);
  }
};

constexpr std::string_view kHeader = "user,item,rating,ts";
constexpr std::string_view kGood = "1,2,3.5,100";

TEST_F(ImportBadInputTest, MissingMember) {
  ExpectRejected(kHeader, kGood, ",2,3.5,100", "missing member");
}
TEST_F(ImportBadInputTest, MemberOfBlanks) {
  ExpectRejected(kHeader, kGood, "  ,2,3.5,100", "missing member");
}
TEST_F(ImportBadInputTest, MissingTitle) {
  ExpectRejected(kHeader, kGood, "1,,3.5,100", "missing title");
}
TEST_F(ImportBadInputTest, MissingTime) {
  ExpectRejected(kHeader, kGood, "1,2,3.5,", "missing time");
}
TEST_F(ImportBadInputTest, MissingValue) {
  ExpectRejected(kHeader, kGood, "1,2,,100", "missing value");
}
TEST_F(ImportBadInputTest, TimeNotANumber) {
  ExpectRejected(kHeader, kGood, "1,2,3.5,noon", "time not a number");
}
TEST_F(ImportBadInputTest, TimeOutOfRange) {
  ExpectRejected(kHeader, kGood, "1,2,3.5,-5", "time out of range");
}
TEST_F(ImportBadInputTest, TimeInMilliseconds) {
  ExpectRejected(kHeader, kGood, "1,2,3.5,1700000000000", "time in milliseconds");
}
TEST_F(ImportBadInputTest, ValueNotANumber) {
  ExpectRejected(kHeader, kGood, "1,2,good,100", "value not a number");
}
TEST_F(ImportBadInputTest, ValueNaN) {
  ExpectRejected(kHeader, kGood, "1,2,NaN,100", "value not finite");
}
TEST_F(ImportBadInputTest, ValueInfinite) {
  ExpectRejected(kHeader, kGood, "1,2,-inf,100", "value not finite");
}
TEST_F(ImportBadInputTest, TooFewColumns) {
  ExpectRejected(kHeader, kGood, "1,2,3.5", "wrong number of columns");
}
TEST_F(ImportBadInputTest, TooManyColumns) {
  ExpectRejected(kHeader, kGood, "1,2,3,4,5", "wrong number of columns");
}
TEST_F(ImportBadInputTest, UnclosedQuote) {
  ExpectRejected(kHeader, kGood, "\"1,2,3.5,100", "bad quoting");
}
TEST_F(ImportBadInputTest, BytesThatAreNotUtf8) {
  ExpectRejected(kHeader, kGood, "Am\xE9lie,2,3,4", "bad encoding");
}
TEST_F(ImportBadInputTest, NulByte) {
  ExpectRejected(kHeader, kGood, std::string_view("1\0,2,3,4", 8), "NUL byte");
}
TEST_F(ImportBadInputTest, YearNotANumber) {
  ExpectRejected("id,year", "1,1999", "2,soon", "year not a number", TableKind::kTitles);
}
TEST_F(ImportBadInputTest, YearOutOfRange) {
  ExpectRejected("id,year", "1,1999", "2,-4", "year out of range", TableKind::kTitles);
}
TEST_F(ImportBadInputTest, TitleWithoutId) {
  ExpectRejected("id,name", "1,A", ",B", "missing title", TableKind::kTitles);
}
TEST_F(ImportBadInputTest, BrokenJson) {
  ExpectRejected("", "{\"user\":1,\"item\":2}", "{\"user\":1,", "not a JSON object",
                 TableKind::kInteractions, "log.jsonl");
}
TEST_F(ImportBadInputTest, JsonThatIsNoObject) {
  ExpectRejected("", "{\"user\":1,\"item\":2}", "[1,2]", "not a JSON object",
                 TableKind::kInteractions, "log.jsonl");
}
TEST_F(ImportBadInputTest, JsonWithoutTheKey) {
  ExpectRejected("", "{\"user\":1,\"item\":2}", "{\"user\":1}", "missing title",
                 TableKind::kInteractions, "log.jsonl");
}
TEST_F(ImportBadInputTest, JsonWithAnEscapedNul) {
  ExpectRejected("", "{\"user\":1,\"item\":2}", "{\"user\":\"a\\u0000b\",\"item\":2}", "NUL byte",
                 TableKind::kInteractions, "log.jsonl");
}

TEST_F(ImportBadInputTest, DuplicateTitleIdsKeepTheFirst) {
  const auto report =
      RunText("t.csv", "id,name\n1,First\n2,Other\n1,Second\n1,Third\n", TableKind::kTitles);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->rows_read, 4U);
  EXPECT_EQ(report->rejected_by_reason, (std::map<std::string, uint64_t>{{"duplicate title", 2}}));
  EXPECT_EQ(*core::ReadFile(report->rejected_file),
            "file,line,reason,row\n\"t.csv\",4,\"duplicate "
            "title\",\"1,Second\"\n\"t.csv\",5,\"duplicate title\",\"1,Third\"\n");
  EXPECT_EQ(Titles(report->snapshot).names, (std::vector<std::string>{"First", "Other"}));
}

TEST_F(ImportBadInputTest, RepeatedInteractionsAreKept) {
  const auto report = RunText("log.csv", "user,item,ts\n1,2,3\n1,2,3\n");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->rows_kept, 2U);
}

TEST_F(ImportBadInputTest, LineNumbersCountLinesInsideQuotesAndEmptyLines) {
  const auto report = RunText("log.csv", "user,item\n\"a\nb\",1\n\nc,\n");
  ASSERT_TRUE(report);
  EXPECT_THAT(*core::ReadFile(report->rejected_file),
              HasSubstr("\"log.csv\",5,\"missing title\",\"c,\""));
}

TEST_F(ImportBadInputTest, SameRowsFromAFileWithOtherRejects) {
  const auto clean = RunText("clean.csv", "user,item\n1,2\n");
  const auto dirty = RunText("dirty.csv", "user,item\n1,2\n,3\n");
  ASSERT_TRUE(clean);
  ASSERT_TRUE(dirty) << dirty.error().message;
  EXPECT_EQ(clean->snapshot, dirty->snapshot);
  EXPECT_TRUE(dirty->already_present);
  EXPECT_THAT(*core::ReadFile(dirty->rejected_file),
              HasSubstr("\"dirty.csv\",3,\"missing member\",\",3\""));
  EXPECT_TRUE(VerifySnapshot(store_, clean->snapshot));
}

TEST_F(ImportBadInputTest, EmptyFile) {
  ExpectFailure(RunText("log.csv", ""), ErrorCode::kInvalidArgument, "is empty");
}
TEST_F(ImportBadInputTest, FileOfLineEnds) {
  ExpectFailure(RunText("log.csv", "\n\r\n"), ErrorCode::kInvalidArgument, "is empty");
}
TEST_F(ImportBadInputTest, EmptyJsonFile) {
  ExpectFailure(RunText("l.jsonl", ""), ErrorCode::kInvalidArgument, "is empty");
}
TEST_F(ImportBadInputTest, JsonFileOfBlanks) {
  ExpectFailure(RunText("l.jsonl", "  \n"), ErrorCode::kInvalidArgument, "no JSON object");
}
TEST_F(ImportBadInputTest, HeaderWithoutRows) {
  ExpectFailure(RunText("log.csv", "user,item\n"), ErrorCode::kInvalidArgument, "no rows");
}
TEST_F(ImportBadInputTest, NoRowIsGood) {
  const auto report = RunText("log.csv", "user,item,ts\n1,2,1700000000000\n,2,3\n");
  ExpectFailure(report, ErrorCode::kInvalidArgument, "none of the 2 rows");
  EXPECT_THAT(report.error().message,
              AllOf(HasSubstr("missing member (1)"), HasSubstr("divide milliseconds by 1000")));
}
TEST_F(ImportBadInputTest, FileWithoutHeaderShowsWhatItTookForOne) {
  ExpectFailure(RunText("log.csv", "1,2,3.5\n1,3,4\n"), ErrorCode::kInvalidArgument, "1, 2, 3.5");
}
TEST_F(ImportBadInputTest, MissingColumn) {
  ExpectFailure(RunText("log.csv", "user,when\n1,2\n"), ErrorCode::kInvalidArgument, "user, when");
}
TEST_F(ImportBadInputTest, FileIsNotThere) {
  ExpectFailure(Run(Request(folder_.path() / "no.csv")), ErrorCode::kNotFound, "no.csv");
  ExpectFailure(Run(Request(folder_.path() / "no.parquet")), ErrorCode::kNotFound, "no.parquet");
  ImportRequest request = Request(folder_.path() / "no");
  request.format = FileFormat::kMovieLens;
  ExpectFailure(Run(request), ErrorCode::kNotFound, "no file or folder");
}
TEST_F(ImportBadInputTest, NoFile) {
  ExpectFailure(Run(ImportRequest{}), ErrorCode::kInvalidArgument, "no file");
}
TEST_F(ImportBadInputTest, FolderWhereAFileIsExpected) {
  for (const FileFormat format :
       {FileFormat::kCsv, FileFormat::kParquet, FileFormat::kJsonLines, FileFormat::kAdjacency}) {
    ImportRequest request = Request(folder_.path());
    request.format = format;
    ExpectFailure(Run(request), ErrorCode::kInvalidArgument, "file");
  }
}
TEST_F(ImportBadInputTest, FolderThatIsNotMovieLens) {
  fs::create_directory(folder_.path() / "ml");
  ExpectFailure(Run(Request(folder_.path() / "ml")), ErrorCode::kNotFound,
                "neither ratings.csv nor ratings.dat");
}
TEST_F(ImportBadInputTest, PipeIsRefusedAndNotWaitedFor) {
  const fs::path path = folder_.path() / "pipe.csv";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  ExpectFailure(Run(Request(path)), ErrorCode::kInvalidArgument, "not a regular file");
}
TEST_F(ImportBadInputTest, UnknownEnding) {
  ExpectFailure(RunText("log.xlsx", "x"), ErrorCode::kInvalidArgument, "--format");
}
TEST_F(ImportBadInputTest, CompressedAndWideTexts) {
  ExpectFailure(RunText("log.csv", "\x1F\x8B\x08 rest"), ErrorCode::kInvalidArgument, "compressed");
  ExpectFailure(RunText("log.csv", std::string_view("\xFF\xFEu\0", 4)), ErrorCode::kInvalidArgument,
                "UTF-16");
  ExpectFailure(RunText("log.csv", "PAR1...."), ErrorCode::kInvalidArgument, "--format parquet");
}
TEST_F(ImportBadInputTest, JsonArray) {
  ExpectFailure(RunText("log.json", "[{\"user\":1,\"item\":2}]"), ErrorCode::kInvalidArgument,
                "one object a line");
}
TEST_F(ImportBadInputTest, AdjacencyHoldsNoTitles) {
  ImportRequest request = Request(File("a.txt", "1 2\n"), TableKind::kTitles);
  request.format = FileFormat::kAdjacency;
  ExpectFailure(Run(request), ErrorCode::kInvalidArgument, "not titles");
}
TEST_F(ImportBadInputTest, FilesWithDifferentColumns) {
  ImportRequest request = Request(File("a.csv", "user,item,ts\n1,2,3\n"));
  request.files.push_back(File("b.csv", "user,item\n1,2\n"));
  ExpectFailure(Run(request), ErrorCode::kInvalidArgument, "only one has times");
}

TEST_F(ImportBadInputTest, TruncatedParquet) {
  const auto good = RunText("log.csv", "user,item\n1,2\n3,4\n");
  ASSERT_TRUE(good);
  const std::string bytes = *core::ReadFile(store_.PathOf(good->snapshot) / kDataFile);
  fs::remove_all(store_.folder());
  for (const size_t size : {size_t{0}, size_t{4}, bytes.size() / 2, bytes.size() - 1}) {
    ExpectFailure(RunText("cut.parquet", std::string_view(bytes).substr(0, size)),
                  ErrorCode::kInvalidArgument, "cut.parquet");
  }
}
TEST_F(ImportBadInputTest, ParquetThatIsNone) {
  ExpectFailure(RunText("x.parquet", "user,item\n1,2\n1,2\n"), ErrorCode::kInvalidArgument,
                "x.parquet");
}

TEST_F(ImportBadInputTest, LongLines) {
  const std::string id(5'000'000, 'x');
  const auto report = RunText("log.csv", "user,item\n" + id + ",1\n,1\n");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(Interactions(report->snapshot).member_names.front().size(), id.size());
  EXPECT_EQ(report->rows_rejected, 1U);
  fs::remove_all(store_.folder());
  ExpectFailure(RunText("log.csv", "user,item\n1,2\n" + std::string(20'000'000, 'x')),
                ErrorCode::kInvalidArgument, "row longer than 16.0 MiB");
}

TEST_F(ImportBadInputTest, LongRejectedRowsAreCut) {
  const auto report = RunText("log.csv", "user,item\n1,2\n," + std::string(100'000, 'x') + "\n");
  ASSERT_TRUE(report);
  EXPECT_LT(fs::file_size(report->rejected_file), 5000U);
}

TEST_F(ImportBadInputTest, TooLittleMemory) {
  ImportRequest request = Request(File("log.csv", "user,item\n1,2\n"));
  request.memory_limit_bytes = 1;
  ExpectFailure(Run(request), ErrorCode::kOutOfMemory, "memory");
}

TEST(ParseFileFormat, UnknownNameListsTheNames) {
  EXPECT_EQ(*ParseFileFormat("jsonl"), FileFormat::kJsonLines);
  const auto format = ParseFileFormat("excel");
  ASSERT_FALSE(format);
  EXPECT_THAT(format.error().message, AllOf(HasSubstr("adjacency"), HasSubstr("excel")));
}

}  // namespace
}  // namespace klieg::data
