/// Recommendations of one member, with the reason for each.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/error.h"
#include "flows/report_page.h"
#include "flows/session.h"

namespace klieg::flows {

struct RecommendRequest {
  std::string model;
  std::vector<std::string>
      members;  ///< Empty: three are chosen, with short, middling and long histories.
  uint32_t top = 10;
  uint32_t reasons = 5;  ///< Contributions shown per title, largest first; 0: none are computed.
  uint32_t history_shown = 12;
};

struct RecommendOutcome {
  platform::ModelRecord model;
  std::vector<ReportMember> members;  ///< As asked.
};

/// Reads the history from the dataset the model was trained on, through the gate (purpose
/// "recommend"). Titles the member has watched are not recommended. kNotFound for an unknown
/// member, saying how names look.
core::Result<RecommendOutcome> Recommend(Session& session, const RecommendRequest& request);

}  // namespace klieg::flows
