/// What an evaluation says, in words: who leads, whether the lead is real, and what to do if it is
/// not.
///
/// The words are computed from the figures only. "Real" means what the comparison says (its
/// interval excludes zero); a difference that nobody compared is called that, not guessed from two
/// intervals.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "flows/report_page.h"
#include "flows/svg_chart.h"

namespace klieg::flows {

/// The model's metric, or null where it was not measured or is not finite.
const ReportMetric* FindMetric(const ReportModel& model, std::string_view name);

/// Which way a metric is better, judged by its family (the name before '@').
enum class Direction { kHigher, kLower, kNeither };
Direction MetricDirection(std::string_view name);

/// One model of an evaluation, in the order of the leaderboard.
struct Placement {
  const ReportModel* model = nullptr;
  const ReportMetric* primary = nullptr;          ///< Null: not measured; such models come last.
  const ReportComparison* with_leader = nullptr;  ///< Null: the leader itself, or not compared.
  Standing standing = Standing::kUntested;
};

/// Best first by the primary metric (ties and unmeasured ones in the order given). The pointers
/// look into `evaluation`.
std::vector<Placement> Leaderboard(const ReportEvaluation& evaluation);

/// Plain text: "edlae leads on ndcg@100: 0.412 [0.380, 0.445]; its lead over ials is real (p =
/// 0.002)."
std::string Conclusion(const ReportEvaluation& evaluation);

/// A second sentence that helps to choose, or nothing: the cheapest among models that cannot be
/// told apart.
std::string Advice(const ReportEvaluation& evaluation);

/// Plain text: "edlae is better than ials by 0.021 [0.012, 0.031] (+5.4 %) on ndcg@100; the
/// difference is real (p = 0.002)."
std::string ComparisonSentence(const ReportEvaluation& evaluation,
                               const ReportComparison& comparison);

/// A sentence as HTML: escaped, and with every figure kept on one line with its interval, and every
/// p value whole.
std::string SentenceHtml(const std::string& sentence);

/// "0.412 [0.380, 0.445]", "0.412" without an interval, "not measured" for null.
std::string MetricText(const ReportMetric* metric, int decimals);
/// Decimals that suit all models of an evaluation in this metric.
int MetricDecimals(const ReportEvaluation& evaluation, std::string_view name);
/// Decimals that suit all its comparisons in this metric.
int DifferenceDecimals(const ReportEvaluation& evaluation, std::string_view metric);

}  // namespace klieg::flows
