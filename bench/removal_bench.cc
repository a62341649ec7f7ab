// How much cheaper than training again is taking one member out of an EASE model, and how near is it
// to what the memory allows?
//
//     removal_bench [--quick] [--members M] [--titles T] [--interactions N] [--repeats R]
//                   [--threads P]
//
// Two members are taken out, one with a history of median length and the one with the longest.
// Removals and copies of a matrix of the same bytes into fresh memory, which is the least that a new
// model costs, run in turn; medians are compared. Training from scratch on what remains is timed
// once for each, because it is the long one, and gives the true difference beside the stated bound.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <string_view>
#include <vector>

#include "core/progress.h"
#include "core/thread_pool.h"
#include "generated_interactions.h"
#include "personalize/closed_form_item_model.h"
#include "personalize/dense_item_ranker.h"
#include "personalize/ease.h"
#include "personalize/removal.h"

namespace klieg::bench {
namespace {

struct Arguments {
  GeneratedShape shape = {.titles = 20000};
  int repeats = 5;
  size_t threads = 2;
};

Arguments Parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--quick") {
      arguments.shape = {.members = 20000, .titles = 4000, .interactions = 1500000};
      continue;
    }
    const auto value = i + 1 < argc ? std::strtoull(argv[++i], nullptr, 10) : 0;
    if (value == 0) {
      fmt::print(stderr, "removal_bench: '{}' needs a positive number after it\n", name);
      std::exit(2);
    }
    if (name == "--members") {
      arguments.shape.members = static_cast<uint32_t>(value);
    } else if (name == "--titles") {
      arguments.shape.titles = static_cast<uint32_t>(value);
    } else if (name == "--interactions") {
      arguments.shape.interactions = value;
    } else if (name == "--repeats") {
      arguments.repeats = static_cast<int>(value);
    } else if (name == "--threads") {
      arguments.threads = value;
    } else {
      fmt::print(stderr, "removal_bench: unknown option '{}'\n", name);
      std::exit(2);
    }
  }
  return arguments;
}

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

template <class T>
T Require(core::Result<T> result) {
  if (!result) {
    fmt::print(stderr, "removal_bench: {}\n", result.error().message);
    std::exit(1);
  }
  return std::move(*result);
}

/// Seconds of a copy of the weights into fresh memory, by the same threads.
double TimeCopy(const personalize::Ranker& model, core::ThreadPool& pool) {
  const auto weights = dynamic_cast<const personalize::DenseItemRanker&>(model).weights();
  constexpr size_t kRows = 64;
  const double start = Now();
  core::Matrix<float> copy = personalize::MakeTitleMatrix(weights.rows());
  pool.ParallelFor((weights.rows() + kRows - 1) / kRows, [&](size_t strip, size_t) {
    const size_t rows = std::min(kRows, weights.rows() - strip * kRows);
    std::memcpy(copy.Row(strip * kRows).data(), weights.Row(strip * kRows).data(),
                rows * weights.columns() * sizeof(float));
  });
  return Now() - start;
}

void Measure(const Arguments& arguments, const personalize::Interactions& all,
             const personalize::Ranker& model, uint32_t member, std::string_view label,
             const personalize::HyperParameters& values, const personalize::TrainContext& context) {
  std::vector<uint32_t> rest(all.member_count());
  std::iota(rest.begin(), rest.end(), 0);
  rest.erase(rest.begin() + member);
  personalize::Interactions remaining;
  remaining.matrix = learn::SelectRows(all.matrix, rest);
  const std::vector<uint32_t> one = {member};
  const personalize::RemovalData data{
      .remaining = remaining, .removed = learn::SelectRows(all.matrix, one), .removed_titles = {}};
  std::vector<double> removals;
  std::vector<double> copies;
  personalize::Removal removal;
  for (int repeat = 0; repeat < arguments.repeats; ++repeat) {
    copies.push_back(TimeCopy(model, context.pool));
    removal = {};
    const double start = Now();
    removal = Require(
        personalize::RemoveFromModel(personalize::EaseLearner(), model, data, values, context));
    removals.push_back(Now() - start);
  }
  const double start = Now();
  const auto retrained = Require(personalize::EaseLearner().train(remaining, values, context));
  const double training = Now() - start;
  const auto difference = Require(personalize::CompareRankers(*removal.ranker, *retrained));
  const double ours = Median(removals);
  const double copy = Median(copies);
  const double bytes = 2e-9 * static_cast<double>(model.bytes());
  fmt::print("{} ({} titles): {}\n", label, data.removed.entry_count(), removal.method);
  fmt::print("  {:<36}{:>10}{:>12}{:>10}\n", "", "seconds", "of training", "GB/s");
  fmt::print("  {:<36}{:>10.3f}{:>12.4f}\n", "training on what remains", training, 1.0);
  fmt::print("  {:<36}{:>10.3f}{:>12.4f}{:>10.1f}\n", "copy of the weights", copy, copy / training,
             bytes / copy);
  fmt::print("  {:<36}{:>10.3f}{:>12.4f}{:>10.1f}   target 0.05; {:.2f} of the copy\n", "removal",
             ours, ours / training, bytes / ours, ours / copy);
  fmt::print("  largest difference {:.2g} (relative {:.2g}), stated bound {:.2g}\n",
             difference.absolute, difference.relative, removal.bound);
  std::fflush(stdout);
}

int Main(int argc, char** argv) {
  const Arguments arguments = Parse(argc, argv);
  personalize::Interactions all;
  all.matrix = GenerateInteractions(arguments.shape, 1);
  core::ThreadPool pool(arguments.threads);
  const personalize::TrainContext context{pool, core::SilentProgress()};
  const personalize::Learner& ease = personalize::EaseLearner();
  const auto values = Require(personalize::HyperParameters::Make(ease.hyper_parameters, {}));
  fmt::print("{} members, {} titles, {} interactions; {} threads\n", all.member_count(),
             all.title_count(), all.matrix.entry_count(), arguments.threads);
  const auto model = Require(ease.train(all, values, context));
  std::vector<uint32_t> by_length(all.member_count());
  std::iota(by_length.begin(), by_length.end(), 0);
  std::ranges::stable_sort(by_length, {},
                           [&](uint32_t member) { return all.matrix.RowSize(member); });
  Measure(arguments, all, *model, by_length[by_length.size() / 2], "member of median length",
          values, context);
  Measure(arguments, all, *model, by_length.back(), "member of the longest history", values,
          context);
  return 0;
}

}  // namespace
}  // namespace klieg::bench

int main(int argc, char** argv) { return klieg::bench::Main(argc, argv); }
