/// The report of a workspace: its latest evaluations, examples from one model, and where everything
/// comes from.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/error.h"
#include "flows/session.h"

namespace klieg::flows {

struct ReportRequest {
  std::filesystem::path output;  ///< Empty: report.html in the workspace.
  std::string dataset;           ///< Empty: all.
  std::string
      model;  ///< Whose recommendations are shown; empty: the newest model, none when there is none.
  std::vector<std::string> members;  ///< Empty: three are chosen.
};

struct ReportOutcome {
  std::filesystem::path path;
  std::string run;
  size_t evaluations = 0;
  size_t members = 0;
};

/// Writes one self-contained HTML page: the latest finished evaluation of each dataset and split.
/// kNotFound when there is nothing to report, saying what to run. A refusal of the gate to show
/// members' histories leaves that part out and says so in the page.
core::Result<ReportOutcome> WriteReport(Session& session, const ReportRequest& request);

}  // namespace klieg::flows
