/// A run as OpenLineage 2-0-2 events: one START, and one of COMPLETE, FAIL and ABORT when it has
/// ended, each one line of JSON. Standard facets, and on every input a consent facet: on whose
/// permission it was read, and what was left out (docs/reference/documents.md).
#pragma once

#include <string>
#include <vector>

#include "flows/document_facts.h"

namespace klieg::flows {

/// An input of the run, with what is known of it.
struct LineageInput {
  platform::RunInput input;
  std::optional<DataFacts> data;               ///< Of a snapshot.
  std::optional<platform::ModelRecord> model;  ///< Of a model.
  std::optional<LedgerDecision> decision;      ///< None: none was needed, or the log has none.
};

struct RunFacts {
  platform::RunRecord run;
  std::vector<LineageInput> inputs;
  std::vector<platform::ModelRecord> models;  ///< That the run made.
  std::optional<DataFacts> imported;          ///< The snapshot that an import made.
};

/// `id` or an unambiguous beginning of one; kNotFound otherwise.
core::Result<RunFacts> GatherRun(Session& session, const Ledger& ledger, const std::string& id);

/// Lines of JSON. UUIDs are made from the run's id, so that the same run has the same events.
std::string OpenLineageEvents(const RunFacts& facts);

}  // namespace klieg::flows
