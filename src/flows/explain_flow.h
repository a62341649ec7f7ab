/// By whose permission a run read what it read: its inputs beside the decisions in the log.
#pragma once

#include <string>
#include <vector>

#include "core/error.h"
#include "flows/session.h"

namespace klieg::flows {

struct ExplainedInput {
  platform::RunInput input;
  std::string time;      ///< Of the decision.
  std::string decision;  ///< Body of the log entry, canonical JSON; empty when none was needed.
  std::string digest;    ///< Hash of the entry.
};

struct RunExplanation {
  platform::RunRecord run;
  std::vector<ExplainedInput> inputs;
};

/// kNotFound: no such run. kCorrupt: the log holds no such decision, or one about something else.
core::Result<RunExplanation> ExplainRun(Session& session, const std::string& run);

std::string ExplanationText(const RunExplanation& explanation);
std::string ExplanationJson(const RunExplanation& explanation);

}  // namespace klieg::flows
