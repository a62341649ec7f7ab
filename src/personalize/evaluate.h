/// The judge: full ranking over the whole catalogue, every metric with an interval, comparisons
/// paired by member.
///
///     KLIEG_ASSIGN(const Evaluation a, Evaluate(*ease, split, facts, options, pool, progress));
///     KLIEG_ASSIGN(const Evaluation b, Evaluate(*ials, split, facts, options, pool, progress));
///     KLIEG_ASSIGN(const Comparison verdict, Compare(a, b, "ndcg@100", options));
///
/// A list is the k titles with the highest scores that are not in the member's fold-in; nothing is
/// sampled. It is shorter when fewer titles are left. Ties: titles with equal scores rank in the
/// order of their index, lowest first, in every part of Klieg. Definitions:
/// docs/reference/metrics.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/hash.h"
#include "core/matrix.h"
#include "core/progress.h"
#include "core/thread_pool.h"
#include "personalize/ranker.h"
#include "personalize/split.h"

namespace klieg::personalize {

/// What is known of titles beyond who watched them; either may be empty.
struct TitleFacts {
  std::vector<std::vector<std::string>> genres;  ///< [T] for intra-list diversity and calibration
  std::vector<uint32_t> train_counts;            ///< [T] interactions in training, for novelty
};

struct EvaluateOptions {
  std::vector<uint32_t> cutoffs = {10, 20, 50, 100};  ///< Above 0, in any order.
  uint32_t bootstrap_samples = 2000;                  ///< At least 1.
  double confidence = 0.95;                           ///< Between 0 and 1.
  uint64_t seed = 1;                                  ///< Of the resampling: nothing else is drawn.
};

/// A metric's mean over members, or a figure of the whole (coverage, Gini), with its interval.
struct MetricValue {
  std::string name;  ///< "ndcg@100", "recall@20" (hits / min(k, targets)), "recall_full@20" (hits /
                     ///< targets), "map@k", "mrr@k", "hit_rate@k", "coverage@k", "gini@k",
                     ///< "novelty@k", "diversity@k", "calibration@k"
  double value = 0;
  double low = 0;
  double high = 0;
  std::string
      method;  ///< "percentile bootstrap over members, 2000 samples"; for coverage and Gini, which
               ///< are no means, "delete-a-group jackknife over members, 50 groups, normal"
};

struct Evaluation {
  std::vector<MetricValue> metrics;
  uint64_t members = 0;
  core::Digest members_digest;  ///< Of the members' names and targets: what makes two evaluations
                                ///< comparable.
  std::vector<std::string> member_metric_names;  ///< Columns of member_metrics.
  core::Matrix<float>
      member_metrics;  ///< E × metrics: for paired comparison. NaN where a metric is undefined.
};

/// One matrix product's worth of scores at a time and a thread, so that memory does not grow with E
/// · T. The same bytes for any number of threads. kInvalidArgument: options out of range, or
/// ranker, split and facts that do not belong together. kInternal: the ranker gave a score that is
/// not finite. Takes about the time of the ranker's own scoring.
core::Result<Evaluation> Evaluate(const Ranker& ranker, const Split& split, const TitleFacts& facts,
                                  const EvaluateOptions& options, core::ThreadPool& pool,
                                  core::Progress& progress);

/// Is b better than a, on the same members? Paired bootstrap of the mean difference over the
/// members for whom the metric is defined in both. kInvalidArgument: a metric that is no mean over
/// members, or evaluations of other members or targets.
struct Comparison {
  std::string metric;
  double difference = 0;  ///< mean(b) - mean(a)
  double low = 0;
  double high = 0;
  double p_value = 1;  ///< Two-sided, from the bootstrap distribution; at least 1 / (samples + 1).
  uint64_t members = 0;
  bool real = false;  ///< The interval excludes zero.
};
core::Result<Comparison> Compare(const Evaluation& a, const Evaluation& b, std::string_view metric,
                                 const EvaluateOptions& options);

}  // namespace klieg::personalize
