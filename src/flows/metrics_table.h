/// Every metric of every model as one table: models in rows, metrics grouped by family in columns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "flows/report_page.h"
#include "flows/report_verdict.h"

namespace klieg::flows {

struct MetricFamily {
  std::string name;                  ///< "ndcg"
  std::vector<std::string> metrics;  ///< "ndcg@10", "ndcg@100": in the order of first appearance
};

/// Families in the order of first appearance over all models, the primary metric's first.
std::vector<MetricFamily> MetricFamilies(const ReportEvaluation& evaluation);

/// A card with the table; its headers carry what the page's script needs to sort it (see
/// report_assets.h).
std::string RenderMetricsTable(const ReportEvaluation& evaluation,
                               const std::vector<Placement>& board);

/// One sentence on what a family measures; empty for one that is not known here.
std::string_view MetricMeaning(std::string_view family);

}  // namespace klieg::flows
