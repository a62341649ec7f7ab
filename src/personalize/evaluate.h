/// The judge: full ranking over the whole catalogue, every metric with an interval, comparisons paired by member.
///
/// Ties: titles with equal scores rank in the order of their index, lowest first, in every part of Klieg.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
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
  std::vector<uint32_t> cutoffs = {10, 20, 50, 100};
  uint32_t bootstrap_samples = 2000;
  double confidence = 0.95;
  uint64_t seed = 1;
};

/// A metric's mean over members, or a figure of the whole (coverage, Gini), with its interval.
struct MetricValue {
  std::string name;    ///< "ndcg@100", "recall@20" (hits / min(k, targets)), "recall_full@20" (hits / targets), "map@k", "mrr@k",
                       ///< "hit_rate@k", "coverage@k", "gini@k", "novelty@k", "diversity@k", "calibration@k"
  double value = 0;
  double low = 0;
  double high = 0;
  std::string method;  ///< "percentile bootstrap over members, 2000 samples"
};

struct Evaluation {
  std::vector<MetricValue> metrics;
  uint64_t members = 0;
  std::vector<std::string> member_metric_names;  ///< Columns of member_metrics.
  core::Matrix<float> member_metrics;            ///< E × metrics: for paired comparison. NaN where a metric is undefined.
};

core::Result<Evaluation> Evaluate(const Ranker& ranker, const Split& split, const TitleFacts& facts,
                                  const EvaluateOptions& options, core::ThreadPool& pool, core::Progress& progress);

/// Is b better than a, on the same members? Paired bootstrap of the mean difference.
struct Comparison {
  std::string metric;
  double difference = 0;   ///< mean(b) - mean(a)
  double low = 0;
  double high = 0;
  double p_value = 1;      ///< Two-sided, from the bootstrap distribution; at least 1 / (samples + 1).
  uint64_t members = 0;
  bool real = false;       ///< The interval excludes zero.
};
core::Result<Comparison> Compare(const Evaluation& a, const Evaluation& b, std::string_view metric,
                                 const EvaluateOptions& options);

}  // namespace klieg::personalize
