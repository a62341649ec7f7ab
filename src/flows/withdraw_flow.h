/// Withdrawal: recorded, found everywhere, stopped, and taken out again.
///
/// 1. The withdrawal goes to the log; from then on the gate leaves the rows out.
/// 2. Every snapshot and model that holds the material is listed, with rows.
/// 3. The models are put into quarantine: they can no longer be loaded.
/// 4. The latest version of each is derived again without the material: by exact removal where its
///    learner knows one (personalize/removal.h), by training otherwise.
///
/// A process that is killed in between leaves the withdrawal standing and the models refused: the
/// command can be run again with `--again W-ID`, and goes on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/error.h"
#include "flows/session.h"
#include "rights/records.h"

namespace klieg::flows {

struct WithdrawRequest {
  rights::Withdrawal withdrawal;
  std::string again;     ///< Id of a withdrawal on record to carry out again; empty: record it.
  bool rederive = true;  ///< Step 4.
};

struct AffectedSnapshot {
  std::string digest;
  std::vector<std::string> datasets;  ///< "films@1 (interactions)"
  uint64_t rows = 0;                  ///< Of the material, by now left out.
  uint64_t members = 0;               ///< Members and titles of its that the withdrawal names.
  uint64_t titles = 0;
};

struct AffectedModel {
  std::string model;  ///< "house@1"
  std::string digest;
  uint64_t subjects = 0;  ///< Members, titles and works of the material in its training set.
  uint64_t rows = 0;      ///< Interactions of these members and titles.
  bool latest = false;    ///< Of its name.
  std::vector<std::string> used_by;  ///< Runs that used it.
};

struct RederivedModel {
  std::string from;
  std::string to;  ///< Empty when it failed.
  std::string digest;
  std::string method;
  double bound = 0;
  std::string bound_basis;
  double seconds = 0;  ///< Of the removal itself.
  std::string error;
};

struct Step {
  std::string name;
  double seconds = 0;
};

struct WithdrawReport {
  std::string withdrawal;  ///< "w-17"
  uint64_t entry = 0;
  std::string run;
  std::vector<AffectedSnapshot> snapshots;
  std::vector<AffectedModel> models;
  std::vector<RederivedModel> rederived;
  std::vector<Step> steps;
};

/// Errors of Book::CheckNew; kNotFound for `again`. A model that cannot be derived again stays in
/// quarantine and is named in the report.
core::Result<WithdrawReport> Withdraw(Session& session, const WithdrawRequest& request);

}  // namespace klieg::flows
