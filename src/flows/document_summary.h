/// The public summary of training content in the shape of the European Commission's template
/// (C(2025) 8311): a courtesy. The duty of Regulation (EU) 2024/1689, article 53(1)(d), is one of
/// providers of general-purpose models; a recommender is none, and the document says so.
#pragma once

#include <string>

#include "flows/document_facts.h"
#include "flows/document_outline.h"

namespace klieg::flows {

Outline TrainingSummary(const ModelFacts& facts, const Ledger& ledger);

/// The same by sections, for programs: docs/reference/documents.md describes the keys.
std::string TrainingSummaryJson(const ModelFacts& facts, const Ledger& ledger);

}  // namespace klieg::flows
