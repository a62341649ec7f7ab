/// The policy: from terms, purpose and time to a decision. Pure: it reads no clock, no file, no
/// log, so that the same question has the same answer for ever, and an auditor can ask it again
/// from what the log recorded.
///
/// Today's policy is plain: default is refusal, every owner's terms must permit the purpose, and
/// none may have expired.
#pragma once

#include <string>
#include <vector>

#include "core/clock.h"
#include "core/hash.h"
#include "rights/purpose.h"
#include "rights/terms.h"

namespace klieg::rights {

struct Decision {
  bool permitted = false;
  std::string why;  ///< Of a refusal: every term that refuses, in words. Empty when permitted.
  std::vector<core::Digest> terms;  ///< Digests of the terms that were weighed, in the order given.
};

/// Whether a snapshot under these terms (one per owner) may be used for `purpose` at time `now`.
Decision DecideUse(const core::Digest& snapshot, const std::vector<Terms>& terms, Purpose purpose,
                   core::Timestamp now);

/// Whether files may be imported under these terms at time `now`.
Decision DecideImport(const Terms& terms, core::Timestamp now);

}  // namespace klieg::rights
