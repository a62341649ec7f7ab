/// The model card: what a model is, what it learnt from and on whose terms, how well it does, and what
/// became of it. Every figure is read from the registry and the rights log.
#pragma once

#include <string>

#include "flows/document_facts.h"
#include "flows/document_outline.h"

namespace klieg::flows {

/// The card for people; RenderMarkdown and RenderHtml give it its format.
Outline ModelCard(const ModelFacts& facts, const Ledger& ledger);

/// The same for programs: docs/reference/documents.md describes the keys.
std::string ModelCardJson(const ModelFacts& facts, const Ledger& ledger);

}  // namespace klieg::flows
