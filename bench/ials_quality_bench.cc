// How long does each solver train until it ranks as well as plain conjugate gradients do after 16
// epochs?
//
//     ials_quality_bench [--quick] [--dimensions D] [--threads P] [ADJACENCY_FILE …]
//
// Data: all pairs of the files together, else planted tastes in the size of MovieLens 1M. One
// member in twelve is held out (strong generalisation, 80/20 fold-in). The peer is a conjugate
// gradient solver after the manner of benfred/implicit (ials_peers.h), minimising the same
// objective. Only training is timed; every epoch is judged by NDCG@100, and the first epoch within
// .001 of the peer's last counts.
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/progress.h"
#include "core/thread_pool.h"
#include "ials_data.h"
#include "ials_peers.h"
#include "learn/als_trainer.h"
#include "learn/factor_gram.h"
#include "learn/packed_triangle.h"
#include "personalize/evaluate.h"
#include "personalize/ials_ranker.h"
#include "personalize/split.h"

namespace klieg::bench {
namespace {

constexpr int kEpochs = 16;
constexpr double kTolerance = 0.001;

struct Arguments {
  std::vector<std::string> files;
  PlantedShape shape;
  uint32_t dimensions = 128;
  size_t threads = 2;
};

Arguments Parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--quick") {
      arguments.shape = {.members = 1500, .titles = 1000, .interactions = 60000};
    } else if (name == "--dimensions" && i + 1 < argc) {
      arguments.dimensions = static_cast<uint32_t>(std::strtoul(argv[++i], nullptr, 10));
    } else if (name == "--threads" && i + 1 < argc) {
      arguments.threads = std::strtoul(argv[++i], nullptr, 10);
    } else if (name.starts_with("--")) {
      fmt::print(stderr, "ials_quality_bench: unknown option '{}'\n", name);
      std::exit(2);
    } else {
      arguments.files.emplace_back(name);
    }
  }
  return arguments;
}

double ProcessorSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

personalize::Interactions WithNames(learn::SparseMatrix matrix) {
  personalize::Interactions data;
  for (uint32_t member = 0; member < matrix.row_count; ++member) {
    data.member_names.push_back(fmt::format("m{}", member));
  }
  for (uint32_t title = 0; title < matrix.column_count; ++title) {
    data.title_names.push_back(fmt::format("t{}", title));
  }
  data.matrix = std::move(matrix);
  return data;
}

/// After each epoch: seconds of training so far, and NDCG@100.
struct Point {
  double wall = 0;
  double processor = 0;
  double ndcg = 0;
};

class Judge {
 public:
  Judge(const personalize::Split& split, const learn::AlsOptions& options, core::ThreadPool& pool)
      : split_(split), options_(options), pool_(pool) {}

  /// Factors in any basis, C × D padded.
  double Ndcg(core::Matrix<float> titles) const {
    learn::AlsColumns columns;
    columns.factors = std::move(titles);
    columns.spectrum =
        learn::DiagonalizeGram(options_.dimensions, columns.factors.view(), {}, pool_).value();
    for (float& value : columns.spectrum) {
      value *= static_cast<float>(options_.problem.unobserved_weight);
    }
    const personalize::IalsRanker ranker(std::move(columns), options_.problem);
    const auto evaluation =
        personalize::Evaluate(ranker, split_, {}, {.cutoffs = {100}, .bootstrap_samples = 1}, pool_,
                              core::SilentProgress());
    for (const personalize::MetricValue& metric : evaluation.value().metrics) {
      if (metric.name == "ndcg@100") return metric.value;
    }
    return 0;
  }

  std::vector<Point> Follow(const std::function<void()>& epoch,
                            const std::function<core::Matrix<float>()>& titles) const {
    std::vector<Point> points;
    Point sum;
    for (int i = 0; i < kEpochs; ++i) {
      const double processor = ProcessorSeconds();
      const auto begin = std::chrono::steady_clock::now();
      epoch();
      sum.wall += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      sum.processor += ProcessorSeconds() - processor;
      sum.ndcg = Ndcg(titles());
      points.push_back(sum);
    }
    return points;
  }

 private:
  const personalize::Split& split_;
  learn::AlsOptions options_;
  core::ThreadPool& pool_;
};

core::Matrix<float> CopyPadded(core::MatrixView<const float> source, size_t columns) {
  core::Matrix<float> copy(source.rows(), learn::PaddedColumns(columns));
  for (size_t row = 0; row < source.rows(); ++row) {
    std::copy_n(source.Row(row).begin(), columns, copy.Row(row).begin());
  }
  return copy;
}

void Run(const Arguments& arguments) {
  core::ThreadPool pool(arguments.threads);
  const personalize::Interactions data =
      WithNames(arguments.files.empty() ? GeneratePlanted(arguments.shape, 1)
                                        : ReadAdjacency(arguments.files));
  personalize::SplitOptions split_options;
  split_options.heldout_members = data.member_count() / 12;
  const personalize::Split split =
      personalize::MakeSplit(data, personalize::SplitKind::kStrong, personalize::SplitPart::kTest,
                             split_options)
          .value();
  const learn::SparseMatrix& train = split.train.matrix;
  const learn::SparseMatrix by_title = learn::Transpose(train);
  learn::AlsOptions options;
  options.dimensions = arguments.dimensions;
  options.problem.lambda = 0.01;
  const Judge judge(split, options, pool);

  Factors titles = RandomFactors(train.column_count, arguments.dimensions, 1);
  Factors members = Factors::Zero(train.row_count, titles.cols());
  const std::vector<Point> peer = judge.Follow(
      [&] {
        PlainCgHalfEpoch(options.problem, train, 3, titles, members, pool);
        PlainCgHalfEpoch(options.problem, by_title, 3, members, titles, pool);
      },
      [&] {
        const auto rows = static_cast<size_t>(titles.rows());
        return CopyPadded({titles.data(), rows, arguments.dimensions}, arguments.dimensions);
      });
  const Point& goal = peer.back();

  fmt::print("{} members x {} titles, {} interactions, d {}, {} threads; {} members judged\n",
             train.row_count, train.column_count, train.entry_count(), arguments.dimensions,
             arguments.threads, split.target.row_count);
  fmt::print("{:<22}{:>9}{:>9}{:>13}{:>16}{:>20}\n", "solver", "epochs", "wall s", "processor s",
             "NDCG@100 there", "NDCG@100 after 16");
  const auto print = [&](std::string_view name, const std::vector<Point>& points) {
    size_t first = 0;
    while (first < points.size() && points[first].ndcg < goal.ndcg - kTolerance) ++first;
    if (first == points.size()) {
      fmt::print("{:<22}{:>9}{:>9}{:>13}{:>16}{:>20.4f}\n", name, "never", "", "", "",
                 points.back().ndcg);
      return;
    }
    const Point& there = points[first];
    fmt::print(
        "{:<22}{:>9}{:>9.3f}{:>13.3f}{:>16.4f}{:>20.4f}   {:.2f} times the peer's 16 epochs "
        "(wall)\n",
        name, first + 1, there.wall, there.processor, there.ndcg, points.back().ndcg,
        there.wall / goal.wall);
  };
  fmt::print("{:<22}{:>9}{:>9.3f}{:>13.3f}{:>16.4f}\n", "plain CG (peer)", kEpochs, goal.wall,
             goal.processor, goal.ndcg);
  print("plain CG, first there", peer);
  constexpr std::pair<std::string_view, learn::AlsSolver> kSolvers[] = {
      {"cg", learn::AlsSolver::kConjugateGradients},
      {"exact", learn::AlsSolver::kExact},
      {"block", learn::AlsSolver::kBlock}};
  for (const auto& [name, solver] : kSolvers) {
    learn::AlsOptions ours = options;
    ours.solver.solver = solver;
    learn::AlsTrainer trainer = learn::AlsTrainer::Create(train, ours, pool).value();
    print(name,
          judge.Follow([&] { static_cast<void>(trainer.RunEpoch(pool).value()); },
                       [&] { return CopyPadded(trainer.column_factors(), options.dimensions); }));
  }
}

}  // namespace
}  // namespace klieg::bench

int main(int argc, char** argv) { klieg::bench::Run(klieg::bench::Parse(argc, argv)); }
