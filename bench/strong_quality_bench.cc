// Is the blend better than the best of ease and ials? Asked, on ML-1M-sized data under strong
// generalisation: NDCG@100 at least 1 % (relative) above, paired bootstrap p < .01 over five seeds.
//
//     strong_quality_bench --terms FILE [--seeds N] [--heldout N] FILE…          adjacency files: member title title …
//
// For every seed: hyper-parameters are chosen on that seed's validation members (personalize::Tune
// never sees the test members); the blend's weights on members held out of training; then all are
// judged on the test members. The members' figures of all seeds are put one below the other and
// compared pairwise.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/file.h"
#include "flows/import_flow.h"
#include "flows/session.h"
#include "personalize/evaluate.h"
#include "personalize/tune.h"

namespace klieg {
namespace {

using Settings = std::map<std::string, std::string>;

struct Arguments {
  std::vector<std::filesystem::path> files;
  std::filesystem::path terms;
  int seeds = 5;
  uint32_t heldout = 500;
};

core::Result<personalize::Interactions> Load(const Arguments& arguments, flows::Session& session) {
  KLIEG_ASSIGN(const rights::Terms terms, rights::ReadTerms(arguments.terms));
  data::ImportRequest request;
  request.files = arguments.files;
  request.format = data::FileFormat::kAdjacency;
  KLIEG_ASSIGN(const data::ImportReport report, flows::ImportUnderTerms(session, request, terms));
  KLIEG_ASSIGN(const rights::Permit permit,
               session.gate().Ask({.actor = session.actor(),
                                   .purpose = rights::Purpose::kMeasure,
                                   .snapshot = report.snapshot,
                                   .reason = "strong_quality_bench"}));
  KLIEG_ASSIGN(const data::Snapshot snapshot, data::OpenSnapshot(session.snapshots(), permit));
  KLIEG_ASSIGN(data::InteractionTable table, data::ReadInteractions(snapshot));
  return personalize::MakeInteractions(std::move(table));
}

/// The best settings of a ranker on the validation members of one seed.
core::Result<Settings> Choose(const std::string& ranker, const personalize::Interactions& data,
                              const Settings& fixed, uint32_t trials,
                              const personalize::SplitOptions& split,
                              const personalize::TrainContext& context) {
  KLIEG_ASSIGN(const personalize::Learner* learner, personalize::FindLearner(ranker));
  KLIEG_ASSIGN(const personalize::Tuning tuning,
               personalize::Tune(*learner, data, fixed, {.trials = trials, .split_options = split},
                                 context));
  Settings values = fixed;
  for (const auto& [name, value] : tuning.trials[tuning.best].values) values[name] = value;
  return values;
}

core::Result<personalize::Evaluation> Judge(const std::string& ranker, const Settings& settings,
                                            const personalize::Split& split,
                                            const personalize::EvaluateOptions& options,
                                            const personalize::TrainContext& context) {
  KLIEG_ASSIGN(const personalize::Learner* learner, personalize::FindLearner(ranker));
  KLIEG_ASSIGN(const personalize::HyperParameters values,
               personalize::HyperParameters::Make(learner->hyper_parameters, settings));
  KLIEG_ASSIGN(const auto model, learner->train(split.train, values, context));
  return personalize::Evaluate(*model, split, {}, options, context.pool, context.progress);
}

/// All seeds' members one below the other.
personalize::Evaluation Pool(const std::vector<personalize::Evaluation>& parts) {
  personalize::Evaluation pooled;
  pooled.member_metric_names = parts.front().member_metric_names;
  for (const personalize::Evaluation& part : parts) pooled.members += part.members;
  pooled.member_metrics = core::Matrix<float>(pooled.members, pooled.member_metric_names.size());
  size_t row = 0;
  for (const personalize::Evaluation& part : parts) {
    for (size_t r = 0; r < part.members; ++r, ++row)
      std::ranges::copy(part.member_metrics.Row(r), pooled.member_metrics.Row(row).begin());
  }
  return pooled;
}

double Mean(const personalize::Evaluation& evaluation, std::string_view metric) {
  const auto column =
      static_cast<size_t>(std::ranges::find(evaluation.member_metric_names, metric) -
                          evaluation.member_metric_names.begin());
  double sum = 0;
  for (size_t r = 0; r < evaluation.members; ++r) sum += evaluation.member_metrics(r, column);
  return sum / static_cast<double>(evaluation.members);
}

std::string Describe(const Settings& settings) {
  std::string text;
  for (const auto& [name, value] : settings)
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, value);
  return text;
}

core::Status Run(const Arguments& arguments) {
  KLIEG_ASSIGN(const core::TemporaryFolder folder, core::TemporaryFolder::Make());
  KLIEG_ASSIGN(const platform::Workspace workspace,
               platform::Workspace::Init(folder.path() / "workspace"));
  const core::SystemClock clock;
  KLIEG_ASSIGN(const auto session,
               flows::Session::Open(workspace, 0, clock, core::SilentProgress()));
  KLIEG_ASSIGN(const personalize::Interactions data, Load(arguments, *session));
  fmt::print("{} members, {} titles, {} interactions; {} + {} members held out, {} seeds\n",
             data.member_count(), data.title_count(), data.matrix.entry_count(), arguments.heldout,
             arguments.heldout, arguments.seeds);
  const std::string metric = "ndcg@100";
  const personalize::EvaluateOptions options{.cutoffs = {20, 100}, .bootstrap_samples = 10000};
  const personalize::TrainContext context{.pool = session->pool(),
                                          .progress = core::SilentProgress()};
  std::map<std::string, std::vector<personalize::Evaluation>> judged;
  for (int seed = 0; seed < arguments.seeds; ++seed) {
    const personalize::SplitOptions split_options{.seed = 98765 + static_cast<uint64_t>(seed),
                                                  .heldout_members = arguments.heldout};
    std::map<std::string, Settings> chosen;
    KLIEG_ASSIGN(
        chosen["ease"],
        Choose("ease", data,
               {{"member_exponent", "0"}, {"title_exponent", "0"}, {"output_exponent", "0"}}, 9,
               split_options, context));
    KLIEG_ASSIGN(chosen["ials"],
                 Choose("ials", data, {{"dimensions", "128"}}, 9, split_options, context));
    KLIEG_ASSIGN(chosen["edlae"], Choose("edlae", data,
                                         {{"lambda", "1"},
                                          {"dropout", "0"},
                                          {"popularity_exponent", "0.5"},
                                          {"title_exponent", "0"}},
                                         16, split_options, context));
    for (const std::string part : {"edlae", "ials"}) {
      for (const auto& [name, value] : chosen[part]) chosen["blend"][part + "." + name] = value;
    }
    KLIEG_ASSIGN(const personalize::Split split,
                 personalize::MakeSplit(data, personalize::SplitKind::kStrong,
                                        personalize::SplitPart::kTest, split_options));
    for (const std::string ranker : {"ease", "ials", "edlae", "blend"}) {
      KLIEG_ASSIGN(personalize::Evaluation evaluation,
                   Judge(ranker, chosen[ranker], split, options, context));
      fmt::print("seed {} {:6} {} {:.4f}   {}\n", seed, ranker, metric, Mean(evaluation, metric),
                 Describe(chosen[ranker]));
      std::fflush(stdout);
      judged[ranker].push_back(std::move(evaluation));
    }
  }
  std::map<std::string, personalize::Evaluation> pooled;
  for (auto& [ranker, parts] : judged) pooled[ranker] = Pool(parts);
  fmt::print("\nall seeds, {} members:\n", pooled["ease"].members);
  for (const auto& [ranker, evaluation] : pooled)
    fmt::print("{:6} {} {:.4f}\n", ranker, metric, Mean(evaluation, metric));
  const std::string best =
      Mean(pooled["ease"], metric) >= Mean(pooled["ials"], metric) ? "ease" : "ials";
  KLIEG_ASSIGN(const personalize::Comparison comparison,
               personalize::Compare(pooled[best], pooled["blend"], metric, options));
  fmt::print(
      "blend over {} (the best of ease and ials): {:+.2f} % relative, difference {:+.5f} [{:+.5f}, "
      "{:+.5f}], p = {:.5f}\n",
      best, 100 * comparison.difference / Mean(pooled[best], metric), comparison.difference,
      comparison.low, comparison.high, comparison.p_value);
  return {};
}

}  // namespace
}  // namespace klieg

int main(int argc, char** argv) {
  klieg::Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--terms" && i + 1 < argc) {
      arguments.terms = argv[++i];
    } else if (word == "--seeds" && i + 1 < argc) {
      arguments.seeds = std::atoi(argv[++i]);
    } else if (word == "--heldout" && i + 1 < argc) {
      arguments.heldout = static_cast<uint32_t>(std::atoi(argv[++i]));
    } else if (word != "--quick") {
      arguments.files.emplace_back(word);
    }
  }
  if (arguments.files.empty() || arguments.terms.empty()) {
    fmt::print(
        "no data given: strong_quality_bench --terms FILE [--seeds N] [--heldout N] FILE… "
        "(adjacency); nothing measured\n");
    return 0;
  }
  const klieg::core::Status status = klieg::Run(arguments);
  if (!status) fmt::print(stderr, "{}\n", status.error().message);
  return status ? 0 : 1;
}
