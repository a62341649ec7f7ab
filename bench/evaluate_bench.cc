/// How much does judging cost beyond the matrix product that it cannot avoid?
///
///     build/release/bench/evaluate_bench [--quick] [--members 10000] [--titles 20000]
///     [--dimensions 128] [--threads 2]
///
/// Bound, interleaved in one run: the bare products of the same members and titles with the same
/// threads, in the same batches (and, as a second bound, in the largest that fit), their results
/// thrown away. Evaluate does the products, the lists of the whole catalogue, every metric at four
/// cutoffs and 2000 bootstrap samples.
#include <cblas.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "core/check.h"
#include "core/random.h"
#include "learn/blas.h"
#include "personalize/evaluate.h"

namespace klieg {
namespace {

struct Sizes {
  uint32_t members = 10000;
  uint32_t titles = 20000;
  uint32_t dimensions = 128;
  uint32_t threads = 2;
  int rounds = 5;
};

Sizes ParseSizes(int argc, char** argv) {
  Sizes sizes;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--quick") {
      sizes.members = 2000;
    } else if (i + 1 < argc) {
      const auto value = static_cast<uint32_t>(std::strtoul(argv[++i], nullptr, 10));
      if (name == "--members") sizes.members = value;
      if (name == "--titles") sizes.titles = value;
      if (name == "--dimensions") sizes.dimensions = value;
      if (name == "--threads") sizes.threads = value;
    }
  }
  return sizes;
}

/// scores [count × T] = members' rows · titles'.
void Multiply(const core::Matrix<float>& members, size_t first, size_t count,
              const core::Matrix<float>& titles, core::MatrixView<float> scores) {
  const auto d = static_cast<int>(titles.columns());
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<int>(count),
              static_cast<int>(titles.rows()), d, 1.0F, members.Row(first).data(), d, titles.data(),
              d, 0.0F, scores.data(), static_cast<int>(scores.stride()));
}

/// Factors that are known for members and titles: scoring is the product and nothing else.
class FactorRanker : public personalize::Ranker {
 public:
  FactorRanker(const core::Matrix<float>& members, const core::Matrix<float>& titles)
      : members_(members), titles_(titles) {}
  std::string_view kind() const override { return "factors"; }
  uint32_t title_count() const override { return static_cast<uint32_t>(titles_.rows()); }
  void Score(const learn::SparseMatrix&, size_t first, size_t count,
             core::MatrixView<float> scores) const override {
    Multiply(members_, first, count, titles_, scores);
  }
  personalize::Explanation Explain(std::span<const uint32_t>, std::span<const float>,
                                   personalize::TitleIndex) const override {
    return {};
  }
  void Save(const std::string&, learn::TensorFileWriter&) const override {}
  uint64_t bytes() const override { return 0; }

 private:
  const core::Matrix<float>& members_;
  const core::Matrix<float>& titles_;
};

core::Matrix<float> RandomMatrix(size_t rows, size_t columns, core::Random& random) {
  core::Matrix<float> matrix(rows, columns);
  for (size_t i = 0; i < rows * columns; ++i)
    matrix.data()[i] = static_cast<float>(random.Normal());
  return matrix;
}

/// 40 titles of history and 10 of target for every member.
personalize::Split MakeSplit(const Sizes& sizes, core::Random& random) {
  personalize::Split split;
  split.fold_in.column_count = sizes.titles;
  split.target.column_count = sizes.titles;
  for (uint32_t e = 0; e < sizes.members; ++e) {
    std::vector<uint32_t> titles(50);
    for (uint32_t& title : titles) title = static_cast<uint32_t>(random.Below(sizes.titles));
    std::ranges::sort(titles);
    titles.erase(std::ranges::unique(titles).begin(), titles.end());
    std::vector<uint32_t> rows[2];
    for (size_t i = 0; i < titles.size(); ++i) rows[i % 5 == 0 ? 1 : 0].push_back(titles[i]);
    split.fold_in.AppendRow(rows[0]);
    split.target.AppendRow(rows[1]);
    split.member_names.push_back(fmt::format("{}", e));
  }
  return split;
}

/// As MovieLens has them: 19 genres, one to three a title.
personalize::TitleFacts MakeFacts(const Sizes& sizes, core::Random& random) {
  personalize::TitleFacts facts;
  for (uint32_t t = 0; t < sizes.titles; ++t) {
    std::vector<std::string> genres(1 + random.Below(3));
    for (std::string& genre : genres) genre = fmt::format("genre {}", random.Below(19));
    facts.genres.push_back(genres);
    facts.train_counts.push_back(static_cast<uint32_t>(1 + random.Below(1000)));
  }
  return facts;
}

template <class Work>
double SecondsOf(const Work& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void Run(const Sizes& sizes) {
  learn::InitializeBlas();
  core::Random random(7);
  const core::Matrix<float> members = RandomMatrix(sizes.members, sizes.dimensions, random);
  const core::Matrix<float> titles = RandomMatrix(sizes.titles, sizes.dimensions, random);
  const personalize::Split split = MakeSplit(sizes, random);
  const personalize::TitleFacts facts = MakeFacts(sizes, random);
  const FactorRanker ranker(members, titles);
  core::ThreadPool pool(sizes.threads);

  // Scores are written to the same few pages again and again: no fault of a fresh page is in the
  // bound.
  constexpr size_t kLargeBatch = 1024;
  std::vector<core::Matrix<float>> tiles;
  for (size_t worker = 0; worker < pool.threads(); ++worker)
    tiles.emplace_back(kLargeBatch, sizes.titles);
  const auto multiply_all = [&](size_t batch) {
    pool.ParallelFor((sizes.members + batch - 1) / batch, [&](size_t b, size_t worker) {
      const size_t first = b * batch;
      Multiply(members, first, std::min<size_t>(batch, sizes.members - first), titles,
               tiles[worker].view());
    });
  };
  const auto evaluate = [&](const personalize::TitleFacts& known) {
    const auto result =
        personalize::Evaluate(ranker, split, known, {}, pool, core::SilentProgress());
    KLIEG_CHECK(result.has_value(), "{}", result.error().message);
  };

  const std::vector<std::string> names = {"bare product, batches of 128",
                                          "bare product, batches of 1024", "evaluate, accuracy",
                                          "evaluate, all metrics"};
  std::vector<std::vector<double>> seconds(names.size());
  for (int round = 0; round <= sizes.rounds; ++round) {
    const double times[] = {SecondsOf([&] { multiply_all(128); }),
                            SecondsOf([&] { multiply_all(kLargeBatch); }),
                            SecondsOf([&] { evaluate({}); }), SecondsOf([&] { evaluate(facts); })};
    // The first round meets cold pages and is not counted.
    for (size_t i = 0; i < names.size() && round > 0; ++i) seconds[i].push_back(times[i]);
  }
  const double bound = std::min(Median(seconds[0]), Median(seconds[1]));
  fmt::print("{} members, {} titles, {} dimensions, {} threads, {}, median of {}\n", sizes.members,
             sizes.titles, sizes.dimensions, sizes.threads, learn::BlasDescription(), sizes.rounds);
  fmt::print("{:<34}{:>10}{:>16}\n", "", "seconds", "times the bound");
  for (size_t i = 0; i < names.size(); ++i) {
    fmt::print("{:<34}{:>10.3f}{:>15.2f}x\n", names[i], Median(seconds[i]),
               Median(seconds[i]) / bound);
  }
}

}  // namespace
}  // namespace klieg

int main(int argc, char** argv) { klieg::Run(klieg::ParseSizes(argc, argv)); }
