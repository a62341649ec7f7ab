/// Tuning: hyper-parameters chosen on validation members only, every trial on record. One run.
///
/// A tuning whose process was killed goes on where it stopped: the next one with the same request
/// takes over its completed trials, and ends like one that was never interrupted.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/error.h"
#include "flows/session.h"
#include "personalize/tune.h"

namespace klieg::flows {

struct TuneRequest {
  std::string ranker;
  std::string dataset;
  std::map<std::string, std::string> set;  ///< Hyper-parameters that stay as they are.
  personalize::TuneOptions options;
  uint64_t train_seed = 1;
  personalize::InteractionFilter filter;
};

struct TuneOutcome {
  std::string run;
  std::string resumed;  ///< The killed run whose trials were taken over; empty when none.
  size_t resumed_trials = 0;
  personalize::Tuning tuning;
};

/// Files in the run's folder: trials.jsonl (one trial a line, written after each), best.json.
core::Result<TuneOutcome> TuneRanker(Session& session, const TuneRequest& request);

/// What `--json` prints: run, best, and every trial.
std::string TuningJson(const TuneOutcome& outcome);

}  // namespace klieg::flows
