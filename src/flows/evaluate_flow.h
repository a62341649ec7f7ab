/// Evaluation: one split, several rankers or models, every metric with an interval, the leader
/// compared with each other one.
///
/// A trained model has seen every member of its dataset, so that judging it on them would be a
/// leak. Naming a model therefore means: its ranker, hyper-parameters and seed, trained anew on the
/// split's training side.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/error.h"
#include "data/snapshot.h"
#include "flows/report_page.h"
#include "flows/session.h"
#include "personalize/evaluate.h"
#include "personalize/split.h"

namespace klieg::flows {

/// Files of a published split; imported under terms like any others.
struct SplitFiles {
  std::vector<std::filesystem::path> train;  ///< Read as one table.
  std::filesystem::path fold_in;             ///< Empty: the training rows of the target's members.
  std::filesystem::path target;
  std::filesystem::path terms;
  data::FileFormat format = data::FileFormat::kAuto;
  data::ColumnNames columns;
};

struct EvaluateRequest {
  std::vector<std::string>
      subjects;         ///< Rankers, or models ("name", "name@2"); a ranker's name wins.
  std::string dataset;  ///< Unless files are given.
  personalize::SplitKind split = personalize::SplitKind::kStrong;
  personalize::SplitOptions split_options;
  SplitFiles files;
  /// "lambda" → value for all subjects that declare it, "ease.lambda" → for that subject only.
  std::map<std::string, std::string> set;
  bool tuned = false;  ///< Start from the latest tuning of each ranker on this dataset.
  uint64_t seed = 1;
  personalize::InteractionFilter filter;
  std::string primary_metric;     ///< Empty: ndcg@100, for files ndcg@20.
  std::vector<uint32_t> cutoffs;  ///< Empty: 10, 20, 50, 100.
};

struct EvaluateOutcome {
  ReportEvaluation evaluation;  ///< Models in the order of the leaderboard.
};

core::Result<EvaluateOutcome> EvaluateModels(Session& session, const EvaluateRequest& request);

/// The figures as JSON, what `--json` prints and what lies in the run's evaluation.json: results
/// (one object per model and metric: model, metric, value, low, high, method, members,
/// train_seconds, peak_bytes) and comparisons.
std::string EvaluationJson(const ReportEvaluation& evaluation);

/// The inverse, for the report. kCorrupt when it is not such a text.
core::Result<ReportEvaluation> ParseEvaluationJson(const std::string& text);

}  // namespace klieg::flows
