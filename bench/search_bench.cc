/// How much faster is exact top-k search for one query on one thread than computing every product?
///
///     build/release/bench/search_bench [--quick] [--titles 20000] [--dimensions 128] [--k 100]
///
/// Peers, interleaved in one run: faiss IndexFlatIP (Debian's libfaiss: a generic build without
/// AVX-512, so a hand-built one would be a stronger peer) and our own plain scan. Data: clusters
/// with norms of many sizes, as factors of titles have. Every list is compared with the plain scan:
/// recall must be 1 and the order the same.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "core/check.h"
#include "core/memory.h"
#include "core/random.h"
#include "learn/exact_search.h"

#ifdef KLIEG_BENCH_FAISS
#include <faiss/IndexFlat.h>
#include <omp.h>
#endif

namespace klieg {
namespace {

struct Sizes {
  uint32_t titles = 20000;
  uint32_t dimensions = 128;
  uint32_t k = 100;
  uint32_t queries = 200;
  int rounds = 9;
};

Sizes ParseSizes(int argc, char** argv) {
  Sizes sizes;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--quick") {
      sizes.queries = 40;
      sizes.rounds = 5;
    } else if (i + 1 < argc) {
      const auto value = static_cast<uint32_t>(std::strtoul(argv[++i], nullptr, 10));
      if (name == "--titles") sizes.titles = value;
      if (name == "--dimensions") sizes.dimensions = value;
      if (name == "--k") sizes.k = value;
    }
  }
  return sizes;
}

/// 256 clusters, log-normal norms; members' vectors lie near clusters too.
core::Matrix<float> MakeVectors(uint32_t count, const core::Matrix<float>& centres, double spread,
                                core::Random& random) {
  core::Matrix<float> vectors(count, centres.columns());
  for (uint32_t i = 0; i < count; ++i) {
    const size_t centre = random.Below(centres.rows());
    const double norm = std::exp(0.5 * random.Normal());
    for (size_t j = 0; j < centres.columns(); ++j) {
      vectors(i, j) = static_cast<float>(norm * (centres(centre, j) + spread * random.Normal()));
    }
  }
  return vectors;
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

struct Contender {
  std::string name;
  std::vector<double> seconds;  // of each round
};

void PrintTable(const Sizes& sizes, const std::vector<Contender>& contenders) {
  const double base = Median(contenders.front().seconds);
  fmt::print("{:<28}{:>14}{:>14}{:>10}\n", "one query, one thread", "queries/s", "us/query",
             "ratio");
  for (const Contender& contender : contenders) {
    const double seconds = Median(contender.seconds);
    fmt::print("{:<28}{:>14.0f}{:>14.1f}{:>9.1f}x\n", contender.name, sizes.queries / seconds,
               1e6 * seconds / sizes.queries, base / seconds);
  }
}

void Run(const Sizes& sizes) {
  core::Random random(20240601);
  core::Matrix<float> centres(256, sizes.dimensions);
  for (size_t i = 0; i < centres.rows() * centres.columns(); ++i)
    centres.data()[i] = static_cast<float>(random.Normal());
  const core::Matrix<float> factors = MakeVectors(sizes.titles, centres, 0.5, random);
  const core::Matrix<float> queries = MakeVectors(sizes.queries, centres, 1.0, random);
  auto built = learn::ExactSearch::Build(factors.view());
  KLIEG_CHECK(built.has_value(), "{}", built.error().message);
  const learn::ExactSearch& search = *built;
  learn::SearchScratch scratch;
  const learn::SearchOptions options{.k = sizes.k};

  size_t wrong = 0;
  double rescored = 0;
  for (uint32_t q = 0; q < sizes.queries; ++q) {
    const auto best = search.Find(queries.Row(q), options, scratch).value();
    const auto plain = search.FindPlain(queries.Row(q), options).value();
    wrong += std::ranges::equal(best, plain) ? 0 : 1;
    rescored += static_cast<double>(scratch.rescored()) / sizes.queries;
  }

  std::vector<Contender> contenders;
#ifdef KLIEG_BENCH_FAISS
  omp_set_num_threads(1);
  faiss::IndexFlatIP index(static_cast<int>(sizes.dimensions));
  index.add(sizes.titles, factors.data());
  std::vector<float> distances(sizes.k);
  std::vector<faiss::Index::idx_t> labels(sizes.k);
  contenders.push_back({"faiss IndexFlatIP", {}});
#endif
  contenders.push_back({"plain scan and sort", {}});
  contenders.push_back(
      {fmt::format("exact search, {}", learn::ScanKernelName(search.kernel())), {}});
  for (int round = 0; round < sizes.rounds; ++round) {
    size_t next = 0;
#ifdef KLIEG_BENCH_FAISS
    contenders[next++].seconds.push_back(SecondsOf([&] {
      for (uint32_t q = 0; q < sizes.queries; ++q) {
        index.search(1, queries.Row(q).data(), sizes.k, distances.data(), labels.data());
      }
    }));
#endif
    contenders[next++].seconds.push_back(SecondsOf([&] {
      for (uint32_t q = 0; q < sizes.queries; ++q)
        static_cast<void>(search.FindPlain(queries.Row(q), options));
    }));
    contenders[next++].seconds.push_back(SecondsOf([&] {
      for (uint32_t q = 0; q < sizes.queries; ++q)
        static_cast<void>(search.Find(queries.Row(q), options, scratch));
    }));
  }
  fmt::print("{} titles, {} dimensions, top {}, median of {} rounds of {} queries\n", sizes.titles,
             sizes.dimensions, sizes.k, sizes.rounds, sizes.queries);
  PrintTable(sizes, contenders);
  fmt::print(
      "lists that differ from the plain scan: {} of {}; products computed in full: {:.0f} a query; "
      "codes: {}\n",
      wrong, sizes.queries, rescored, core::FormatBytes(search.bytes()));
#ifndef KLIEG_BENCH_FAISS
  fmt::print(
      "faiss was not found when this was built: apt install libfaiss-dev, configure again\n");
#endif
  KLIEG_CHECK(wrong == 0, "the search is not exact");
}

}  // namespace
}  // namespace klieg

int main(int argc, char** argv) { klieg::Run(klieg::ParseSizes(argc, argv)); }
