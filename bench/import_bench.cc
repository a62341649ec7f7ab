// How long does an import take beside DuckDB's own way from CSV to Parquet?
//
//     import_bench [--quick] [rows] [threads]        20 M rows (--quick: 1 M), 2 threads
//
// Both read userId,movieId,rating,timestamp and write snappy Parquet in one process. The import also checks every
// field, hashes source and result, syncs to disk and publishes. Interleaved; medians of five.
#include <duckdb.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/file.h"
#include "core/memory.h"
#include "core/random.h"
#include "data/snapshot.h"

namespace klieg {
namespace {

namespace fs = std::filesystem;

constexpr int kRepeats = 5;

struct Figures {
  double wall_seconds = 0;
  double cpu_seconds = 0;
};

Figures Measure(const std::function<void()>& work) {
  const core::Stopwatch watch;
  work();
  return {watch.WallSeconds(), watch.CpuSeconds()};
}

Figures Median(std::vector<Figures> runs) {
  std::ranges::sort(runs, {}, &Figures::wall_seconds);
  return runs[runs.size() / 2];
}

[[noreturn]] void Stop(std::string_view message) {
  fmt::print(stderr, "{}\n", message);
  std::exit(1);
}

/// A service of 138 k members and 20 k titles: ids with a long tail, half-star ratings, ten years.
void WriteCsv(const fs::path& path, uint64_t rows) {
  core::Random random(20);
  std::ofstream stream(path, std::ios::binary);
  stream << "userId,movieId,rating,timestamp\n";
  std::string text;
  for (uint64_t row = 0; row < rows; ++row) {
    const double tail = random.Uniform();
    fmt::format_to(std::back_inserter(text), "{},{},{:.1f},{}\n", 1 + row * 138'000 / rows,
                   1 + static_cast<uint64_t>(20'000 * tail * tail * tail),
                   0.5 * static_cast<double>(1 + random.Below(10)),
                   1'000'000'000 + random.Below(315'000'000));
    if (text.size() > (1 << 20)) {
      stream << text;
      text.clear();
    }
  }
  stream << text;
  stream.close();
  if (!stream) Stop("cannot write the CSV file");
}

void Query(duckdb_connection connection, const std::string& sql) {
  duckdb_result result;
  if (duckdb_query(connection, sql.c_str(), &result) != DuckDBSuccess)
    Stop(duckdb_result_error(&result));
  duckdb_destroy_result(&result);
}

/// DuckDB as it comes: types from a sample, order kept, snappy.
void CopyWithDuckDb(const fs::path& csv, const fs::path& parquet, size_t threads) {
  duckdb_database database;
  duckdb_connection connection;
  if (duckdb_open(nullptr, &database) != DuckDBSuccess) Stop("DuckDB does not start");
  if (duckdb_connect(database, &connection) != DuckDBSuccess) Stop("DuckDB gives no connection");
  Query(connection, fmt::format("SET threads = {}", threads));
  Query(connection, fmt::format("COPY (FROM read_csv('{}')) TO '{}' (FORMAT parquet)", csv.string(),
                                parquet.string()));
  duckdb_disconnect(&connection);
  duckdb_close(&database);
}

void ImportCsv(const fs::path& csv, const fs::path& store, size_t threads, uint64_t rows) {
  data::ImportRequest request;
  request.files = {csv};
  request.threads = threads;
  const auto report = data::Import(data::SnapshotStore(store), request, core::SilentProgress());
  if (!report) Stop(report.error().message);
  if (report->rows_kept != rows || report->already_present) Stop("the import did not do its work");
}

void Run(uint64_t rows, size_t threads) {
  const auto folder = core::TemporaryFolder::Make();
  if (!folder) Stop(folder.error().message);
  const fs::path csv = folder->path() / "interactions.csv";
  const fs::path parquet = folder->path() / "duckdb.parquet";
  const fs::path store = folder->path() / "snapshots";
  WriteCsv(csv, rows);
  // Written back to disk first: a first run that waits for it was measured at four times the
  // others.
  if (!core::SyncPath(csv)) Stop("cannot sync the CSV file");

  std::vector<Figures> duckdb;
  std::vector<Figures> klieg;
  for (int repeat = 0; repeat < kRepeats; ++repeat) {
    fs::remove(parquet);
    fs::remove_all(store);
    duckdb.push_back(Measure([&] { CopyWithDuckDb(csv, parquet, threads); }));
    klieg.push_back(Measure([&] { ImportCsv(csv, store, threads, rows); }));
  }
  const Figures base = Median(duckdb);
  const Figures ours = Median(klieg);
  fmt::print("{} rows, {} of CSV, {} threads, median of {}\n", rows,
             core::FormatBytes(fs::file_size(csv)), threads, kRepeats);
  fmt::print("{:<28} {:>8} {:>8} {:>8}\n", "", "wall s", "CPU s", "ratio");
  fmt::print("{:<28} {:>8.2f} {:>8.2f} {:>8.2f}\n", "DuckDB, CSV to Parquet", base.wall_seconds,
             base.cpu_seconds, 1.0);
  fmt::print("{:<28} {:>8.2f} {:>8.2f} {:>8.2f}   (bound: 1.50)\n", "klieg import",
             ours.wall_seconds, ours.cpu_seconds, ours.wall_seconds / base.wall_seconds);
}

}  // namespace
}  // namespace klieg

int main(int argc, char** argv) {
  uint64_t rows = 20'000'000;
  size_t threads = 2;
  int place = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--quick") {
      rows = 1'000'000;
    } else if (place++ == 0) {
      rows = std::strtoull(argv[i], nullptr, 10);
    } else {
      threads = std::strtoull(argv[i], nullptr, 10);
    }
  }
  klieg::Run(rows, threads);
  return 0;
}
