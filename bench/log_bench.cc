// How fast are the log's batches, its audit and its proofs, beside the least that they must do?
//
// Each line of the table is one operation on a log of generated decisions, with a bare peer timed
// in the same run, one after the other: the same bytes written and synced; the same lines hashed
// twice each, as chain and tree demand; the tree built from ready leaves. Asked: batches of
// 100,000 entries a second, proofs below 1 ms, an audit of 1,000,000 entries below 5 s.
//
//     log_bench [--quick] [ENTRIES]
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/file.h"
#include "core/random.h"
#include "rights/log.h"
#include "rights/merkle_tree.h"
#include "rights/subject_tree.h"

namespace klieg {
namespace {

namespace fs = std::filesystem;
using rights::LogDraft;

constexpr int kRepeats = 5;
constexpr size_t kBatch = 10'000;

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

template <class Work>
double Seconds(Work work) {
  const core::Stopwatch watch;
  work();
  return watch.WallSeconds();
}

std::vector<LogDraft> MakeDrafts(size_t count) {
  const core::Timestamp begin = core::ParseTimestamp("2026-03-01").value();
  std::vector<LogDraft> drafts;
  drafts.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    drafts.push_back(
        {core::Timestamp{begin.micros + static_cast<int64_t>(i) * 1'234'567}, "decision",
         fmt::format(
             R"({{"action":"use","actor":"night-shift","decision":"permit","purpose":"recommend",)"
             R"("reason":"train ease {}","snapshot":"{}"}})",
             i, core::HashBytes(std::to_string(i % 100)).Hex())});
  }
  return drafts;
}

void Append(const fs::path& path, const std::vector<LogDraft>& drafts) {
  auto log = rights::Log::Open(path).value();
  for (size_t begin = 0; begin < drafts.size(); begin += kBatch) {
    const size_t count = std::min(kBatch, drafts.size() - begin);
    log.AppendBatch(std::span(drafts).subspan(begin, count)).value();
  }
}

/// The same bytes, written and synced as often.
void WriteBare(const fs::path& path, std::string_view bytes, size_t batches) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const size_t piece = bytes.size() / batches + 1;
  while (!bytes.empty()) {
    const ssize_t count = ::write(file, bytes.data(), std::min(piece, bytes.size()));
    if (count <= 0 || ::fdatasync(file) != 0) break;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  ::close(file);
}

uint8_t HashLinesTwice(std::string_view bytes) {
  uint8_t sum = 0;
  while (!bytes.empty()) {
    const std::string_view line = bytes.substr(0, bytes.find('\n'));
    sum ^= core::HashBytes(line).bytes[0] ^ rights::LeafHash(line).bytes[0];
    bytes.remove_prefix(line.size() + 1);
  }
  return sum;
}

void Row(std::string_view name, double ours, std::string_view peer, double bare, double count) {
  fmt::print("{:<34}{:>9.3f} s{:>13.0f}/s   {:<34}{:>9.3f} s{:>8.2f} x\n", name, ours, count / ours,
             peer, bare, ours / bare);
}

void Proofs(const rights::MerkleTree& tree) {
  core::Random random(5);
  constexpr size_t kProofs = 2'000;
  std::vector<double> inclusion;
  std::vector<double> consistency;
  for (size_t i = 0; i < kProofs; ++i) {
    // A size that is no power of 2, whose right edge must be hashed.
    const uint64_t size = tree.size() - random.Below(tree.size() / 2);
    const uint64_t index = random.Below(size);
    inclusion.push_back(Seconds([&] { tree.InclusionProof(index, size).value(); }));
    consistency.push_back(Seconds([&] { tree.ConsistencyProof(index + 1, size).value(); }));
  }
  for (auto* times : {&inclusion, &consistency}) {
    std::sort(times->begin(), times->end());
    fmt::print("{:<34}{:>9.2f} us median, {:.2f} us at 99 %\n",
               times == &inclusion ? "inclusion proof" : "consistency proof",
               1e6 * (*times)[kProofs / 2], 1e6 * (*times)[kProofs * 99 / 100]);
  }
}

void Subjects(size_t count) {
  std::vector<rights::Subject> subjects;
  for (size_t i = 0; i < count; ++i) {
    subjects.push_back({rights::SubjectKind::kMember, std::to_string(i), 1 + i % 100});
  }
  std::vector<double> make;
  std::vector<double> keys;
  for (int repeat = 0; repeat < kRepeats; ++repeat) {
    make.push_back(Seconds([&] { rights::SubjectTree::Make({}, subjects).value(); }));
    keys.push_back(Seconds([&] {
      for (const rights::Subject& subject : subjects) {
        rights::SubjectKey({}, subject.kind, subject.id);
      }
    }));
  }
  Row("subject tree", Median(make), "the subjects' keys alone", Median(keys),
      static_cast<double>(count));
}

int Run(size_t count) {
  const auto folder = core::TemporaryFolder::Make().value();
  const fs::path path = folder.path() / "rights.log";
  const fs::path bare_path = folder.path() / "bare";
  const std::vector<LogDraft> drafts = MakeDrafts(count);
  Append(path, drafts);
  const std::string bytes = core::ReadFile(path, uint64_t{1} << 34).value();
  const size_t batches = (count + kBatch - 1) / kBatch;
  fmt::print("{} entries, {:.0f} MiB, batches of {}, median of {}\n", count,
             static_cast<double>(bytes.size()) / (1 << 20), kBatch, kRepeats);

  std::vector<double> append;
  std::vector<double> write;
  std::vector<double> audit;
  std::vector<double> open;
  std::vector<double> hash;
  unsigned sum = 0;
  for (int repeat = 0; repeat < kRepeats; ++repeat) {
    fs::remove(path);
    append.push_back(Seconds([&] { Append(path, drafts); }));
    write.push_back(Seconds([&] { WriteBare(bare_path, bytes, batches); }));
    audit.push_back(Seconds([&] { sum += rights::VerifyLog(path).value().root.bytes[0]; }));
    open.push_back(Seconds([&] { sum += rights::Log::Open(path).value().tree().size() & 1U; }));
    hash.push_back(Seconds([&] { sum += HashLinesTwice(bytes); }));
  }
  const auto entries = static_cast<double>(count);
  Row("append in batches", Median(append), "write and sync the same bytes", Median(write), entries);
  Row("full audit (chain, form, root)", Median(audit), "SHA-256 of each line, twice", Median(hash),
      entries);
  Row("open", Median(open), "SHA-256 of each line, twice", Median(hash), entries);
  Proofs(rights::Log::Open(path).value().tree());
  Subjects(count);
  return sum == 0 ? 1 : 0;
}

}  // namespace
}  // namespace klieg

int main(int argc, char** argv) {
  size_t count = 1'000'000;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--quick") {
      count = 50'000;
    } else {
      std::from_chars(word.data(), word.data() + word.size(), count);
    }
  }
  return klieg::Run(std::max<size_t>(count, 2));
}
