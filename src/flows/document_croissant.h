/// A dataset as a Croissant 1.1 description (JSON-LD), with the conditions of its use as an
/// odrl:Offer made from the terms of its owners and the policies in force.
#pragma once

#include <string>
#include <vector>

#include "flows/document_facts.h"

namespace klieg::flows {

/// JSON-LD. `standings` (StandingOf) say for every purpose what is permitted, as of the last entry of
/// the log. kNotFound when the snapshot is not in the store: there are no fields to describe.
core::Result<std::string> CroissantDescription(const DataFacts& data, const Ledger& ledger,
                                               const std::vector<PurposeStanding>& standings);

}  // namespace klieg::flows
