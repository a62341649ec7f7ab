/// The report: one self-contained HTML page (no script from elsewhere, no fonts, no images to
/// fetch) that a person reads to choose a model. A pure function of its input, so that the same
/// runs give the same bytes.
///
///     leaderboard with intervals as a picture · metric against training cost · coverage against
///     quality · comparisons in words · example members with reasons · where every figure comes
///     from
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace klieg::flows {

struct ReportMetric {
  std::string name;  ///< "ndcg@100"
  double value = 0;
  double low = 0;
  double high = 0;
  std::string method;  ///< How the interval was made.
};

struct ReportModel {
  std::string name;  ///< "edlae" or a model's name
  std::string ranker;
  std::map<std::string, std::string> hyper_parameters;
  double train_seconds = 0;
  uint64_t peak_bytes = 0;
  uint64_t members = 0;  ///< Evaluated.
  std::vector<ReportMetric> metrics;
};

/// Leader against another, paired by member.
struct ReportComparison {
  std::string better;
  std::string other;
  std::string metric;
  double difference = 0;
  double low = 0;
  double high = 0;
  double p_value = 1;
  bool real = false;
};

struct ReportReason {
  std::string title;
  double amount = 0;  ///< Part of the score; may be negative.
};

struct ReportRecommendation {
  std::string title;
  double score = 0;
  double base = 0;                    ///< What does not come from the history.
  std::vector<ReportReason> reasons;  ///< Largest first.
};

struct ReportMember {
  std::string name;
  uint64_t history_size = 0;
  std::vector<std::string> history;  ///< Some of the titles watched, latest first.
  std::vector<ReportRecommendation> recommendations;
};

struct ReportSource {
  std::string what;  ///< "snapshot", "evaluation run", "decision of the gate", "code"
  std::string id;
  std::string note;
};

/// One evaluation: a dataset under one split.
struct ReportEvaluation {
  std::string dataset;
  std::string split;  ///< "strong"
  std::string split_description;
  std::string run;
  std::string primary_metric;  ///< What the leaderboard is ordered by: "ndcg@100"
  double confidence = 0.95;    ///< Of the intervals.
  std::vector<ReportModel> models;
  std::vector<ReportComparison> comparisons;
};

struct ReportInput {
  std::string title;
  std::string created;  ///< ISO time, or empty to leave it out.
  std::vector<ReportEvaluation> evaluations;
  std::string example_model;  ///< Which model the examples come from.
  std::vector<ReportMember> members;
  std::vector<ReportSource> sources;
};

/// The page. All text is escaped; empty parts say what would fill them and how.
std::string RenderReport(const ReportInput& input);

}  // namespace klieg::flows
