/// The section of the report that shows one evaluation.
#pragma once

#include <string>

#include "flows/report_page.h"

namespace klieg::flows {

/// "movielens-small, strong generalisation": how one evaluation is called throughout the page.
std::string EvaluationName(const ReportEvaluation& evaluation);

/// A `<section>` with leaderboard, table of all metrics, cost, coverage, comparisons and settings.
/// `id` is the anchor and the beginning of every id inside it.
std::string RenderEvaluation(const ReportEvaluation& evaluation, const std::string& id);

}  // namespace klieg::flows
