// Text files, parsed by several threads in rounds of one block each.
#include "data/block_reader.h"
#include "data/row_source.h"

namespace klieg::data {
namespace {

constexpr size_t kBlockBytes = size_t{2} << 20;

class TextSource : public RowSource {
 public:
  TextSource(BlockReader reader, const SourceFile& file, const RowConverter& converter,
             core::ThreadPool& pool, core::ProgressTask& progress)
      : reader_(std::move(reader)),
        file_(file),
        converter_(converter),
        pool_(pool),
        progress_(progress) {}

  core::Result<std::vector<Batch>> Next() override {
    std::vector<std::string> blocks;
    const RecordBoundary boundary = [&](std::string_view text, bool at_end) {
      return file_.parser->WholeRecords(text, at_end);
    };
    while (blocks.size() < pool_.threads()) {
      KLIEG_ASSIGN(std::optional<std::string> block, reader_.Next(kBlockBytes, boundary));
      if (!block) break;
      progress_.Advance(block->size());
      blocks.push_back(std::move(*block));
    }
    std::vector<Batch> batches(blocks.size());
    pool_.ParallelFor(blocks.size(), [&](size_t block, size_t) {
      batches[block] = file_.parser->Parse(blocks[block], converter_);
    });
    return batches;
  }

  core::Digest Finish() override { return reader_.Finish(); }

 private:
  BlockReader reader_;
  const SourceFile& file_;
  const RowConverter& converter_;
  core::ThreadPool& pool_;
  core::ProgressTask& progress_;
};

}  // namespace

core::Result<std::unique_ptr<RowSource>> OpenTextSource(const SourceFile& file,
                                                        const RowConverter& converter,
                                                        core::ThreadPool& pool,
                                                        core::ProgressTask& progress) {
  KLIEG_ASSIGN(BlockReader reader, BlockReader::Open(file.path));
  KLIEG_TRY(reader.Peek(file.header_bytes));
  reader.Skip(file.header_bytes);
  progress.Advance(file.header_bytes);
  return std::make_unique<TextSource>(std::move(reader), file, converter, pool, progress);
}

}  // namespace klieg::data
