/// Verification: does everything stored still say what it said when it was written?
#pragma once

#include <string>
#include <vector>

#include "core/error.h"
#include "flows/session.h"

namespace klieg::flows {

struct Finding {
  std::string what;  ///< "log", "snapshot 3f2a…", "artifact …", "model house@1"
  bool sound = false;
  std::string detail;
};

/// The log's chain from its first byte, every snapshot and artifact against its digest, and that
/// each model's decision stands in the log, in favour, for its snapshot. Reads every stored byte
/// once. Findings are complete even when some are not sound.
core::Result<std::vector<Finding>> VerifyWorkspace(Session& session);

}  // namespace klieg::flows
