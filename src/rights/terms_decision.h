/// What the terms of a dataset's owners say to a use: default is refusal, every owner's terms must
/// permit the purpose, and none may have expired. Pure. The purpose "remove" needs terms but not their
/// permission: taking material out again is never refused.
#pragma once

#include <string>
#include <vector>

#include "core/clock.h"
#include "core/hash.h"
#include "rights/purpose.h"
#include "rights/terms.h"

namespace klieg::rights {

struct TermsVerdict {
  bool permitted = false;
  std::string why;  ///< Of a refusal: every term that refuses, in words. Empty when permitted.
  std::vector<core::Digest> terms;  ///< Digests of the terms that were weighed, in the order given.
};

/// Whether a snapshot under these terms (one per owner) may be used for `purpose` at time `now`.
TermsVerdict DecideTerms(const core::Digest& snapshot, const std::vector<Terms>& terms,
                         Purpose purpose, core::Timestamp now);

/// Whether files may be imported under these terms at time `now`.
TermsVerdict DecideImport(const Terms& terms, core::Timestamp now);

}  // namespace klieg::rights
