/// A model as a CycloneDX 1.6 ML-BOM: what it is made of, under which licences, with which figures.
#pragma once

#include <string>

#include "flows/document_facts.h"

namespace klieg::flows {

/// JSON. The serial number is made from the model's digest and the log's root, the timestamp is that
/// of the log's last entry, so that the same workspace gives the same bytes. Names no address that the
/// terms do not name. Hash algorithms are those of CycloneDX; snapshots and training-set roots, which
/// are digests but of no single file, stand as properties "klieg:…".
std::string ModelBom(const ModelFacts& facts, const Ledger& ledger);

}  // namespace klieg::flows
