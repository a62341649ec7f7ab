// What kind of file is it, and which of its columns mean what?
#include <algorithm>
#include <map>

#include "data/block_reader.h"
#include "data/row_source.h"
#include "data/utf8.h"

namespace klieg::data {
namespace {

namespace fs = std::filesystem;
using core::ErrorCode;
using core::Fail;

constexpr size_t kHeadBytes = size_t{1} << 20;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

const std::map<std::string, FileFormat, std::less<>>& FormatNames() {
  static const std::map<std::string, FileFormat, std::less<>> names = {
      {"auto", FileFormat::kAuto},
      {"csv", FileFormat::kCsv},
      {"tsv", FileFormat::kTsv},
      {"movielens", FileFormat::kMovieLens},
      {"parquet", FileFormat::kParquet},
      {"jsonl", FileFormat::kJsonLines},
      {"adjacency", FileFormat::kAdjacency}};
  return names;
}

std::string LowerExtension(const fs::path& path) {
  std::string extension = path.extension().string();
  std::ranges::transform(extension, extension.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return extension;
}

core::Result<FileFormat> GuessFormat(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return FileFormat::kMovieLens;
  static const std::map<std::string, FileFormat, std::less<>> by_extension = {
      {".csv", FileFormat::kCsv},         {".tsv", FileFormat::kTsv},
      {".tab", FileFormat::kTsv},         {".parquet", FileFormat::kParquet},
      {".jsonl", FileFormat::kJsonLines}, {".ndjson", FileFormat::kJsonLines},
      {".json", FileFormat::kJsonLines},  {".dat", FileFormat::kMovieLens}};
  const auto found = by_extension.find(LowerExtension(path));
  if (found != by_extension.end()) return found->second;
  return Fail(ErrorCode::kInvalidArgument,
              "the name of '{}' does not tell its format (.csv .tsv .parquet .jsonl .ndjson .json "
              ".dat, or a MovieLens "
              "folder); say --format csv, tsv, movielens, parquet, jsonl or adjacency; unpack "
              "compressed files first",
              path.string());
}

/// The table of a MovieLens folder that is asked for; a file stands for itself.
core::Result<fs::path> MovieLensTable(const fs::path& path, TableKind kind) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    return Fail(ErrorCode::kNotFound, "there is no file or folder '{}'", path.string());
  }
  if (!fs::is_directory(path, error)) return path;
  const std::string stem = kind == TableKind::kInteractions ? "ratings" : "movies";
  for (const char* extension : {".csv", ".dat"}) {
    if (fs::exists(path / (stem + extension), error)) return path / (stem + extension);
  }
  return Fail(ErrorCode::kNotFound,
              "the folder '{}' holds neither {}.csv nor {}.dat: it is not a MovieLens folder",
              path.string(), stem, stem);
}

struct Head {
  std::string text;  // first bytes, without byte order mark
  size_t mark_bytes = 0;
  bool whole = false;  // the file has no more
};

core::Result<Head> ReadHead(const fs::path& path) {
  KLIEG_ASSIGN(BlockReader reader, BlockReader::Open(path));
  KLIEG_ASSIGN(std::string_view text, reader.Peek(kHeadBytes));
  Head head;
  head.whole = text.size() == reader.size();
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    return Fail(ErrorCode::kInvalidArgument,
                "'{}' is UTF-16; convert it to UTF-8 first (iconv -f UTF-16 -t UTF-8)",
                path.string());
  }
  if (text.starts_with("\x1F\x8B") || text.starts_with("PK\x03\x04") ||
      text.starts_with("\x28\xB5\x2F\xFD")) {
    return Fail(ErrorCode::kInvalidArgument, "'{}' is compressed; unpack it first", path.string());
  }
  if (text.starts_with("PAR1")) {
    return Fail(ErrorCode::kInvalidArgument, "'{}' is a Parquet file; say --format parquet",
                path.string());
  }
  if (text.starts_with(kByteOrderMark)) head.mark_bytes = kByteOrderMark.size();
  head.text = text.substr(head.mark_bytes);
  if (head.text.find_first_not_of("\r\n") == std::string::npos) {
    return Fail(ErrorCode::kInvalidArgument,
                "'{}' is empty; expected a first line of column names and rows below",
                path.string());
  }
  return head;
}

/// The one of , ; | and tab that stands most often in the first line, outside of quotes.
std::string GuessDelimiter(std::string_view text) {
  std::map<char, size_t> counts;
  bool quoted = false;
  for (const char c : text) {
    if (c == '\n' && !quoted) break;
    if (c == '"') quoted = !quoted;
    if (!quoted) ++counts[c];
  }
  char best = ',';
  for (const char c : {';', '\t', '|'}) {
    if (counts[c] > counts[best]) best = c;
  }
  return std::string(1, best);
}

/// Reads the header of a CSV or TSV file.
core::Result<SourceFile> ExamineDelimited(const fs::path& path, std::string delimiter,
                                          const ImportRequest& request) {
  KLIEG_ASSIGN(const Head head, ReadHead(path));
  DelimitedFormat format;
  format.dialect = {delimiter.empty() ? GuessDelimiter(head.text) : std::move(delimiter), true};
  RecordScanner scanner(head.text, format.dialect, head.whole);
  Record record;
  SourceFile file;
  bool found = false;
  while (!found && scanner.Next(record)) {
    file.header_lines += record.lines;
    found = !record.text.empty();
  }
  if (!found || record.bad_quoting || !IsUtf8(record.text) ||
      record.text.find('\0') != std::string_view::npos) {
    return Fail(ErrorCode::kInvalidArgument,
                "the first line of '{}' is not a list of column names in UTF-8{}", path.string(),
                record.bad_quoting ? ": its quotes do not match" : "");
  }
  std::vector<std::string> header;
  for (const std::string_view field : record.fields) {
    const size_t begin = std::min(field.find_first_not_of(" \t"), field.size());
    header.emplace_back(field.substr(begin, field.find_last_not_of(" \t") + 1 - begin));
  }
  KLIEG_ASSIGN(file.columns, ResolveColumns(request.kind, request.columns, header, path.string()));
  file.path = path;
  file.header_bytes = head.mark_bytes + scanner.position();
  format.column_count = header.size();
  format.columns = file.columns;
  file.parser = MakeDelimitedParser(std::move(format));
  return file;
}

/// ratings.dat and movies.dat have no header: their columns are known.
core::Result<SourceFile> ExamineDat(const fs::path& path, const ImportRequest& request) {
  KLIEG_ASSIGN(const Head head, ReadHead(path));
  const std::vector<std::string> header =
      request.kind == TableKind::kInteractions
          ? std::vector<std::string>{"userId", "movieId", "rating", "timestamp"}
          : std::vector<std::string>{"movieId", "title", "genres"};
  SourceFile file;
  KLIEG_ASSIGN(file.columns, ResolveColumns(request.kind, request.columns, header, path.string()));
  file.path = path;
  file.header_bytes = head.mark_bytes;
  file.parser = MakeDelimitedParser({.dialect = {"::", false},
                                     .column_count = header.size(),
                                     .columns = file.columns,
                                     .latin1_allowed = true});
  return file;
}

core::Result<SourceFile> ExamineJsonLines(const fs::path& path, const ImportRequest& request) {
  KLIEG_ASSIGN(const Head head, ReadHead(path));
  if (head.text[head.text.find_first_not_of(" \t\r\n")] == '[') {
    return Fail(ErrorCode::kInvalidArgument,
                "'{}' is one JSON array; expected one object a line (jq -c '.[]' makes it so)",
                path.string());
  }
  const std::vector<std::string> keys = JsonKeys(head.text, head.whole, 1000);
  if (keys.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                "'{}' has no JSON object in its first lines; expected one object a line",
                path.string());
  }
  SourceFile file;
  KLIEG_ASSIGN(file.columns, ResolveColumns(request.kind, request.columns, keys, path.string()));
  JsonLinesFormat format;
  for (size_t role = 0; role < kRoles; ++role) {
    if (file.columns[role]) format.keys[role] = keys[*file.columns[role]];
  }
  file.path = path;
  file.header_bytes = head.mark_bytes;
  file.parser = MakeJsonLinesParser(std::move(format));
  return file;
}

core::Result<SourceFile> ExamineAdjacency(const fs::path& path, const ImportRequest& request) {
  if (request.kind == TableKind::kTitles) {
    return Fail(ErrorCode::kInvalidArgument,
                "'{}': an adjacency file holds interactions, not titles", path.string());
  }
  KLIEG_ASSIGN(const Head head, ReadHead(path));
  SourceFile file;
  file.path = path;
  file.columns[kMemberRole] = 0;
  file.columns[kTitleRole] = 1;
  file.header_bytes = head.mark_bytes;
  file.parser = MakeAdjacencyParser();
  return file;
}

core::Result<SourceFile> ExamineFile(const fs::path& given, const ImportRequest& request) {
  FileFormat format = request.format;
  if (format == FileFormat::kAuto) {
    KLIEG_ASSIGN(format, GuessFormat(given));
  }
  fs::path path = given;
  if (format == FileFormat::kMovieLens) {
    KLIEG_ASSIGN(path, MovieLensTable(given, request.kind));
    if (LowerExtension(path) == ".dat") return ExamineDat(path, request);
  }
  switch (format) {
    case FileFormat::kTsv:
      return ExamineDelimited(path, "\t", request);
    case FileFormat::kParquet:
      return ExamineParquet(path, request);
    case FileFormat::kJsonLines:
      return ExamineJsonLines(path, request);
    case FileFormat::kAdjacency:
      return ExamineAdjacency(path, request);
    case FileFormat::kMovieLens:
      return ExamineDelimited(path, ",", request);
    default:
      return ExamineDelimited(path, "", request);
  }
}

}  // namespace

core::Result<FileFormat> ParseFileFormat(std::string_view name) {
  const auto found = FormatNames().find(name);
  if (found != FormatNames().end()) return found->second;
  return Fail(ErrorCode::kInvalidArgument,
              "unknown file format; there are auto, csv, tsv, movielens, parquet, jsonl and "
              "adjacency: '{}'",
              name);
}

core::Result<std::vector<SourceFile>> ExamineFiles(const ImportRequest& request) {
  if (request.files.empty())
    return Fail(ErrorCode::kInvalidArgument, "no file was given to import");
  std::vector<SourceFile> files;
  for (const fs::path& path : request.files) {
    KLIEG_ASSIGN(SourceFile file, ExamineFile(path, request));
    file.name = file.path.filename().string();
    for (size_t role = 0; role < kRoles; ++role) {
      const bool same = files.empty() || request.kind == TableKind::kTitles ||
                        files.front().columns[role].has_value() == file.columns[role].has_value();
      if (!same) {
        return Fail(ErrorCode::kInvalidArgument,
                    "'{}' and '{}' do not have the same columns (only one has {}); import them as "
                    "two datasets, or name "
                    "the columns",
                    files.front().path.string(), file.path.string(),
                    role == kTimeRole ? "times" : "values");
      }
    }
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace klieg::data
