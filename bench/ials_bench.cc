// How much faster than Eigen, row by row, is an epoch of exact alternating least squares, and how
// far from the arithmetic is it?
//
//     ials_bench [--quick] [--members M] [--titles T] [--interactions N] [--dimensions D]
//                [--repeats R] [--threads P]
//
// The peer does what google-research's iALS does (ials_peers.h), with as many threads. Epochs run
// in turn; medians of wall and of processor seconds are compared (the latter mean something on a
// busy machine too). The floor counts the operations of the direct method, a d x d system for every
// row, at the speed of a large sgemm measured in the same run.
#include <cblas.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "core/matrix.h"
#include "core/thread_pool.h"
#include "generated_interactions.h"
#include "ials_peers.h"
#include "learn/als_trainer.h"
#include "learn/blas.h"

namespace klieg::bench {
namespace {

struct Arguments {
  GeneratedShape shape;
  uint32_t dimensions = 128;
  int repeats = 5;
  size_t threads = 2;
};

Arguments Parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--quick") {
      arguments.shape = {.members = 7000, .titles = 3000, .interactions = 500000};
      continue;
    }
    const auto value = i + 1 < argc ? std::strtoull(argv[++i], nullptr, 10) : 0;
    if (value == 0) {
      fmt::print(stderr, "ials_bench: '{}' needs a positive number after it\n", name);
      std::exit(2);
    }
    if (name == "--members") {
      arguments.shape.members = static_cast<uint32_t>(value);
    } else if (name == "--titles") {
      arguments.shape.titles = static_cast<uint32_t>(value);
    } else if (name == "--interactions") {
      arguments.shape.interactions = value;
    } else if (name == "--dimensions") {
      arguments.dimensions = static_cast<uint32_t>(value);
    } else if (name == "--repeats") {
      arguments.repeats = static_cast<int>(value);
    } else if (name == "--threads") {
      arguments.threads = value;
    } else {
      fmt::print(stderr, "ials_bench: unknown option '{}'\n", name);
      std::exit(2);
    }
  }
  return arguments;
}

struct Seconds {
  double wall = 0;
  double processor = 0;
};

double ProcessorSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

template <class F>
Seconds Measure(F&& work) {
  const double processor = ProcessorSeconds();
  const auto begin = std::chrono::steady_clock::now();
  work();
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  return {wall.count(), ProcessorSeconds() - processor};
}

Seconds Median(const std::vector<Seconds>& all) {
  const auto middle = [&](double Seconds::* field) {
    std::vector<double> values;
    for (const Seconds& one : all) values.push_back(one.*field);
    std::ranges::sort(values);
    return values[values.size() / 2];
  };
  return {middle(&Seconds::wall), middle(&Seconds::processor)};
}

/// Floating-point operations a second of one thread in a large product.
double SgemmRate() {
  constexpr int kSize = 2048;
  core::Matrix<float> a(kSize, kSize);
  core::Matrix<float> b(kSize, kSize);
  core::Matrix<float> c(kSize, kSize);
  std::fill_n(a.data(), kSize * kSize, 1.0F);
  std::fill_n(b.data(), kSize * kSize, 1.0F);
  std::vector<Seconds> times;
  for (int repeat = 0; repeat < 5; ++repeat) {
    times.push_back(Measure([&] {
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, kSize, kSize, kSize, 1, a.data(),
                  kSize, b.data(), kSize, 0, c.data(), kSize);
    }));
  }
  return 2.0 * kSize * kSize * kSize / Median(times).processor;
}

double DirectOperations(const learn::SparseMatrix& entries, double d) {
  const double entry_count = static_cast<double>(entries.entry_count());
  const double rows = static_cast<double>(entries.row_count) + entries.column_count;
  return 2 * entry_count * d * (d + 1) + rows * d * d * d / 3;
}

void Run(const Arguments& arguments) {
  learn::InitializeBlas();
  core::ThreadPool pool(arguments.threads);
  const learn::SparseMatrix by_member = GenerateInteractions(arguments.shape, 1);
  const learn::SparseMatrix by_title = learn::Transpose(by_member);
  learn::AlsOptions options;
  options.dimensions = arguments.dimensions;
  learn::AlsTrainer trainer = learn::AlsTrainer::Create(by_member, options, pool).value();
  Factors titles = RandomFactors(by_member.column_count, arguments.dimensions, 1);
  Factors members = RandomFactors(by_member.row_count, arguments.dimensions, 2);

  std::vector<Seconds> ours;
  std::vector<Seconds> peer;
  double objective = 0;
  for (int repeat = 0; repeat < arguments.repeats; ++repeat) {
    ours.push_back(Measure([&] { objective = trainer.RunEpoch(pool).value(); }));
    peer.push_back(Measure([&] {
      EigenHalfEpoch(options.problem, by_member, titles, members, pool);
      EigenHalfEpoch(options.problem, by_title, members, titles, pool);
    }));
  }
  const double rate = SgemmRate();
  const double floor = DirectOperations(by_member, arguments.dimensions) / rate;
  const double defined_objective = learn::AlsObjective(
      options.problem, by_member, trainer.row_factors(), trainer.column_factors(), pool);
  const Seconds our_median = Median(ours);
  const Seconds peer_median = Median(peer);
  fmt::print("{} members x {} titles, {} interactions, d {}, {} threads, median of {} epochs\n",
             by_member.row_count, by_member.column_count, by_member.entry_count(),
             arguments.dimensions, arguments.threads, arguments.repeats);
  fmt::print("{:<34}{:>10}{:>14}\n", "", "wall s", "processor s");
  fmt::print("{:<34}{:>10.3f}{:>14.3f}\n", "exact, this library", our_median.wall,
             our_median.processor);
  fmt::print("{:<34}{:>10.3f}{:>14.3f}\n", "Eigen rankUpdate + LLT", peer_median.wall,
             peer_median.processor);
  fmt::print("{:<34}{:>10.3f}{:>14.3f}   at {:.1f} GFLOP/s a thread\n",
             "floor of the direct method", floor / static_cast<double>(arguments.threads), floor,
             rate / 1e9);
  fmt::print("times faster than the peer          {:.2f} (wall), {:.2f} (processor)   bar: 4\n",
             peer_median.wall / our_median.wall, peer_median.processor / our_median.processor);
  fmt::print(
      "share of the direct method's floor  {:.2f} (processor; above 1: fewer operations were "
      "needed)\n",
      floor / our_median.processor);
  // Eigen takes the widest vectors that this file was compiled for; the peer's own build uses -O3
  // -march=native.
  fmt::print("peer compiled for                   {}\n", Eigen::SimdInstructionSetsInUse());
  fmt::print("objective after the last epoch      {:.6g} (by definition {:.6g})\n", objective,
             defined_objective);
}

}  // namespace
}  // namespace klieg::bench

int main(int argc, char** argv) { klieg::bench::Run(klieg::bench::Parse(argc, argv)); }
