/// The section of the report that shows members with what they watched, what they are recommended,
/// and why.
///
///     score = base + Σ reasons            (exact; a row gathers what is not shown by name)
#pragma once

#include <string>
#include <vector>

#include "flows/report_page.h"

namespace klieg::flows {

/// One row of a recommendation's sum.
struct ContributionRow {
  enum class Kind { kBase, kReason, kRest };
  Kind kind = Kind::kReason;
  std::string label;
  double amount = 0;
};

/// Rows that add up to the score: the base where it is not zero, the largest reasons by absolute
/// amount in their order, and a rest where reasons were left out here or by the caller.
std::vector<ContributionRow> ContributionRows(const ReportRecommendation& recommendation);

std::string RenderExamples(const ReportInput& input);

}  // namespace klieg::flows
