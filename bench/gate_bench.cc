// What do the gate and its log cost a training run? Asked: less than 1 %.
//
// One training run asks the gate twice (interactions, titles). The time of two decisions, each
// synced to disk, is compared with training `ease` and `ials` on generated data of ML-1M's shape
// (6,040 members, 3,706 titles, 1 M interactions).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/file.h"
#include "core/random.h"
#include "personalize/learner.h"
#include "rights/gate.h"

namespace klieg {
namespace {

personalize::Interactions GeneratedInteractions(uint32_t members, uint32_t titles, double mean) {
  core::Random random(1);
  personalize::Interactions data;
  data.matrix.column_count = titles;
  std::vector<uint32_t> row;
  for (uint32_t m = 0; m < members; ++m) {
    row.clear();
    const auto count = static_cast<uint32_t>(
        std::min(0.5 * titles, mean * 0.5 / std::max(0.05, random.Uniform())));
    for (uint32_t i = 0; i < count; ++i) {
      const double place = random.Uniform();
      row.push_back(static_cast<uint32_t>(place * place * place * titles));
    }
    std::sort(row.begin(), row.end());
    row.erase(std::unique(row.begin(), row.end()), row.end());
    data.matrix.AppendRow(row);
    data.member_names.push_back(std::to_string(m));
  }
  for (uint32_t t = 0; t < titles; ++t) data.title_names.push_back(std::to_string(t));
  return data;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

int Run(bool quick) {
  const personalize::Interactions data =
      GeneratedInteractions(quick ? 600 : 6040, quick ? 800 : 3706, 120);
  const auto folder = core::TemporaryFolder::Make().value();
  const core::SystemClock clock;
  auto gate = rights::Gate::Open(folder.path() / "rights.log", clock).value();
  const core::Digest snapshot = core::HashBytes("bench");
  const rights::Terms terms{.owner = "bench",
                            .licence = "none",
                            .purposes = {rights::Purpose::kRecommend},
                            .expires = {},
                            .source = {}};
  if (!gate.RegisterTerms(snapshot, terms, "bench")) return 1;

  core::ThreadPool pool(2);
  fmt::print("{} members x {} titles, {} interactions\n", data.member_count(), data.title_count(),
             data.matrix.entry_count());
  for (const std::string_view name : {"ease", "ials"}) {
    const personalize::Learner* learner = personalize::FindLearner(name).value();
    const auto values = personalize::HyperParameters::Make(learner->hyper_parameters, {}).value();
    std::vector<double> gate_seconds;
    std::vector<double> train_seconds;
    for (int repeat = 0; repeat < 5; ++repeat) {
      const core::Stopwatch deciding;
      for (int ask = 0; ask < 2; ++ask) {
        if (!gate.Ask({.actor = "bench",
                       .purpose = rights::Purpose::kRecommend,
                       .snapshot = snapshot,
                       .reason = "bench"}))
          return 1;
      }
      gate_seconds.push_back(deciding.WallSeconds());
      const core::Stopwatch training;
      if (!learner->train(data, values, {.pool = pool, .progress = core::SilentProgress()}))
        return 1;
      train_seconds.push_back(training.WallSeconds());
    }
    fmt::print(
        "{:6} gate and log / training = {:.4f} % (2 decisions {:.2f} ms, training {:.2f} s, "
        "medians of 5)\n",
        name, 100 * Median(gate_seconds) / Median(train_seconds), 1e3 * Median(gate_seconds),
        Median(train_seconds));
  }
  return 0;
}

}  // namespace
}  // namespace klieg

int main(int argc, char** argv) {
  return klieg::Run(argc > 1 && std::string_view(argv[1]) == "--quick");
}
