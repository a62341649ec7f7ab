#include "data/import.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <future>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>

#include "core/file.h"
#include "data/parquet_writer.h"
#include "data/rejected_rows.h"
#include "data/row_source.h"
#include "data/snapshot_files.h"
#include "data/staging.h"

namespace klieg::data {
namespace {

namespace fs = std::filesystem;
using core::Error;
using core::ErrorCode;
using core::Fail;

/// What all attempts of one import share.
struct Context {
  const ImportRequest& request;
  const std::vector<SourceFile>& files;
  const StagingFolder& staging;
  core::Progress& progress;
  size_t threads;
};

/// Removes the rows of ids that were seen before, in this batch or an earlier one.
class TitleFilter {
 public:
  void Apply(Batch& batch) {
    if (batch.rows == 0) return;
    std::vector<size_t> kept;
    for (size_t row = 0; row < batch.rows; ++row) {
      if (seen_.insert(IdText(batch.columns.front(), row)).second) {
        kept.push_back(row);
      } else {
        batch.rejects.push_back(std::move(batch.origins[row]));
      }
    }
    batch.origins.clear();
    if (kept.size() == batch.rows) return;
    for (ColumnBuffer& column : batch.columns) column = Select(column, kept);
    batch.rows = kept.size();
    std::ranges::sort(batch.rejects, {}, &Reject::line);
  }

 private:
  static std::string IdText(const ColumnBuffer& column, size_t row) {
    if (column.type == ColumnType::kVarchar) return std::string(column.Text(row));
    return std::to_string(column.integers[row]);
  }

  static ColumnBuffer Select(const ColumnBuffer& column, const std::vector<size_t>& rows) {
    ColumnBuffer selected;
    selected.type = column.type;
    for (const size_t row : rows) {
      if (column.type == ColumnType::kVarchar) {
        selected.AppendText(column.Text(row));
      } else {
        selected.integers.push_back(column.integers[row]);
      }
    }
    return selected;
  }

  std::unordered_set<std::string> seen_;
};

/// One pass over all files under one choice of id types: the batches in order, and what is to be
/// counted.
class Pass {
 public:
  Pass(const Context& context, const RowConverter& converter)
      : context_(context),
        converter_(converter),
        // One thread writes Parquet, the others parse; a single one does both in turn.
        pool_(std::max<size_t>(context.threads, 2) - 1),
        rejected_(context.staging.snapshot() / kRejectedFile) {}

  /// See NextBatch. Fails with kInternal when restart() is set.
  core::Result<const Batch*> Next() {
    while (true) {
      if (place_ < batches_.size()) {
        current_ = std::move(batches_[place_++]);
        KLIEG_TRY(Account(current_));
        if (current_.rows > 0) return &current_;
        continue;
      }
      place_ = 0;
      KLIEG_ASSIGN(batches_, NextRound());
      if (!batches_.empty()) continue;
      if (source_ != nullptr) KLIEG_TRY(EndFile());
      if (file_ == context_.files.size()) return nullptr;
      KLIEG_TRY(BeginFile());
    }
  }

  /// Set when an id did not fit its column: the types to begin again with.
  const std::optional<IdTypes>& restart() const { return restart_; }

  uint64_t rows_read() const { return rows_read_; }
  uint64_t rows_kept() const { return rows_kept_; }
  RejectedRows& rejected() { return rejected_; }
  const std::vector<std::string>& sources() const { return sources_; }

 private:
  core::Result<std::vector<Batch>> NextRound() {
    if (source_ == nullptr) return std::vector<Batch>();
    if (context_.threads < 2) return source_->Next();
    if (!ahead_.valid()) Prefetch();
    core::Result<std::vector<Batch>> round = ahead_.get();
    if (round && !round->empty()) Prefetch();
    return round;
  }

  /// Parses the next round while the last one is written.
  void Prefetch() {
    ahead_ = std::async(std::launch::async, [source = source_.get()] { return source->Next(); });
  }

  core::Status BeginFile() {
    const SourceFile& file = context_.files[file_];
    std::error_code ignored;
    const uint64_t size = fs::file_size(file.path, ignored);
    task_ = context_.progress.Begin("import " + file.name, ignored ? 0 : size, "bytes");
    lines_ = file.header_lines;
    if (file.parser != nullptr) {
      KLIEG_ASSIGN(source_, OpenTextSource(file, converter_, pool_, *task_));
    } else {
      const DuckDbOptions options{.threads = context_.threads,
                                  .memory_limit_bytes = context_.request.memory_limit_bytes,
                                  .temporary_folder = context_.staging.spill()};
      KLIEG_ASSIGN(source_, OpenParquetSource(file, converter_, options, *task_));
    }
    return {};
  }

  core::Status EndFile() {
    const SourceFile& file = context_.files[file_++];
    sources_.push_back(fmt::format("{} sha256:{}", file.name, source_->Finish().Hex()));
    source_.reset();
    task_.reset();
    return {};
  }

  core::Status Account(Batch& batch) {
    if (batch.member_is_text || batch.title_is_text) {
      restart_ = IdTypes{batch.member_is_text, batch.title_is_text};
      return Fail(ErrorCode::kInternal, "ids are not all integers");
    }
    if (converter_.kind() == TableKind::kTitles) titles_.Apply(batch);
    rows_read_ += batch.rows_read;
    rows_kept_ += batch.rows;
    for (const Reject& reject : batch.rejects) {
      KLIEG_TRY(rejected_.Add(context_.files[file_].name, lines_ + reject.line + 1, reject.reason,
                              reject.row));
    }
    lines_ += batch.lines;
    return {};
  }

  const Context& context_;
  const RowConverter& converter_;
  core::ThreadPool pool_;
  std::unique_ptr<core::ProgressTask> task_;
  std::unique_ptr<RowSource> source_;
  std::future<core::Result<std::vector<Batch>>> ahead_;  // after source_, so that it ends first
  std::vector<Batch> batches_;
  size_t place_ = 0;
  Batch current_;
  size_t file_ = 0;
  uint64_t lines_ = 0;
  TitleFilter titles_;
  RejectedRows rejected_;
  std::optional<IdTypes> restart_;
  uint64_t rows_read_ = 0;
  uint64_t rows_kept_ = 0;
  std::vector<std::string> sources_;
};

core::Status CheckKept(const Pass& pass, const RejectedRows& rejected) {
  if (pass.rows_kept() > 0) return {};
  if (pass.rows_read() == 0) {
    return Fail(ErrorCode::kInvalidArgument,
                "nothing was imported: the files have no rows, only their first line");
  }
  std::vector<std::string> reasons;
  for (const auto& [reason, count] : rejected.by_reason())
    reasons.push_back(fmt::format("{} ({})", reason, count));
  const bool milliseconds =
      rejected.by_reason().contains(std::string(ReasonName(Reason::kTimeInMilliseconds)));
  return Fail(ErrorCode::kInvalidArgument,
              "nothing was imported: none of the {} rows could be kept: {}{}", pass.rows_read(),
              fmt::join(reasons, ", "),
              milliseconds ? "; times are seconds since 1970: divide milliseconds by 1000" : "");
}

/// Writes the manifest beside the data; gives the report as far as the data tell it.
core::Result<ImportReport> Describe(const Context& context, const RowConverter& converter,
                                    Pass& pass) {
  const fs::path data = context.staging.snapshot() / kDataFile;
  KLIEG_TRY(core::SyncPath(data));
  StoredManifest stored;
  KLIEG_ASSIGN(stored.data_sha256, core::HashFile(data));
  std::error_code error;
  Manifest& manifest = stored.manifest;
  manifest.kind = converter.kind();
  manifest.rows = pass.rows_kept();
  manifest.rejected = pass.rejected().count();
  manifest.bytes = fs::file_size(data, error);
  for (const ColumnSpec& column : converter.schema())
    manifest.columns.push_back(ColumnText(column));
  manifest.sources = pass.sources();
  manifest.snapshot = SnapshotDigest(manifest.kind, manifest.columns, stored.data_sha256);
  KLIEG_TRY(
      core::WriteFileAtomically(context.staging.snapshot() / kManifestFile, ManifestText(stored)));

  ImportReport report;
  report.snapshot = manifest.snapshot;
  report.kind = manifest.kind;
  report.rows_read = pass.rows_read();
  report.rows_kept = pass.rows_kept();
  report.rows_rejected = pass.rejected().count();
  report.rejected_by_reason = pass.rejected().by_reason();
  report.bytes = manifest.bytes;
  report.columns = manifest.columns;
  return report;
}

/// One attempt; on the need to begin again with other id types, sets `ids` and gives nothing.
core::Result<std::optional<ImportReport>> Attempt(const Context& context, IdTypes& ids) {
  const RowConverter converter(context.request.kind, context.files.front().columns, ids);
  Pass pass(context, converter);
  const core::Status written = WriteParquet(
      context.staging.snapshot() / kDataFile, converter.schema(), [&] { return pass.Next(); },
      {.memory_limit_bytes = context.request.memory_limit_bytes,
       .temporary_folder = context.staging.spill()});
  if (pass.restart()) {
    ids.member_is_text = ids.member_is_text || pass.restart()->member_is_text;
    ids.title_is_text = ids.title_is_text || pass.restart()->title_is_text;
    return std::optional<ImportReport>();
  }
  if (!written) return tl::unexpected<Error>(written.error());
  KLIEG_TRY(pass.rejected().Finish());
  KLIEG_TRY(CheckKept(pass, pass.rejected()));
  KLIEG_ASSIGN(ImportReport report, Describe(context, converter, pass));
  return std::optional(std::move(report));
}

/// Where the rejected rows of this import are in the end. The same rows may come from another file
/// with other rows to refuse: these go beside the ones that are there.
core::Result<fs::path> KeepRejected(const SnapshotStore& store, const Context& context,
                                    const ImportReport& report) {
  if (report.rows_rejected == 0) return fs::path();
  const fs::path folder = store.PathOf(report.snapshot);
  if (!report.already_present) return folder / kRejectedFile;
  const fs::path mine = context.staging.snapshot() / kRejectedFile;
  KLIEG_ASSIGN(const core::Digest digest, core::HashFile(mine));
  const core::Result<core::Digest> present = core::HashFile(folder / kRejectedFile);
  if (present && *present == digest) return folder / kRejectedFile;
  const fs::path target = folder / fmt::format("rejected-{}.csv", digest.Short());
  std::error_code error;
  fs::rename(mine, target, error);
  if (error) return Fail(ErrorCode::kIo, "cannot write '{}': {}", target.string(), error.message());
  KLIEG_TRY(core::SyncPath(folder));
  return target;
}

core::Result<ImportReport> ImportInto(const SnapshotStore& store, const Context& context) {
  IdTypes ids;
  std::optional<ImportReport> report;
  while (!report) {
    KLIEG_TRY(context.staging.Restart());
    KLIEG_ASSIGN(report, Attempt(context, ids));
  }
  KLIEG_ASSIGN(const bool published, context.staging.Publish(store, report->snapshot));
  report->already_present = !published;
  KLIEG_ASSIGN(report->rejected_file, KeepRejected(store, context, *report));
  return std::move(*report);
}

}  // namespace

core::Result<ImportReport> Import(const SnapshotStore& store, const ImportRequest& request,
                                  core::Progress& progress) {
  KLIEG_ASSIGN(const std::vector<SourceFile> files, ExamineFiles(request));
  KLIEG_ASSIGN(const StagingFolder staging, StagingFolder::Make(store));
  const size_t threads = request.threads == 0 ? core::ProcessorCount() : request.threads;
  core::Result<ImportReport> report =
      ImportInto(store, {request, files, staging, progress, threads});
  if (!report && report.error().code == ErrorCode::kIo) {
    return core::Prefix(std::move(report).error(), "the import stopped and the store is as it was");
  }
  return report;
}

}  // namespace klieg::data
