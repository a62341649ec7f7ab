/// Making a model again, to see whether it is what the log says it is.
#pragma once

#include <string>
#include <vector>

#include "core/error.h"
#include "flows/session.h"
#include "flows/verify_flow.h"

namespace klieg::flows {

/// Trains a model again from what the log says of it (snapshot, settings, seed), and compares: the
/// root of the training set, and the digest of the file. Same code and instruction set give the same
/// bytes; where either differs, that is a finding that says so. kRefused when the data may not be
/// used any more. For a model that came by removal see VerifyRemoval.
core::Result<std::vector<Finding>> VerifyModel(Session& session, const std::string& model);

/// Whether a model that came by removal is what training from scratch without the removed material
/// gives: equal to the bit, or within the bound that the log states. Also: that the withdrawn are not
/// in its training set.
core::Result<std::vector<Finding>> VerifyRemoval(Session& session, const std::string& model);

/// The log alone: chain, canonical form, heads, and the root it has now. Changes nothing on disk.
std::vector<Finding> VerifyLogAndHeads(const platform::Workspace& workspace);

}  // namespace klieg::flows
