/// Everything a document says of a dataset or a model, gathered from the registry, the rights log, the
/// manifests and the training sets. Nothing is typed by hand; what is not on record stays empty, and
/// the documents say that it is missing.
///
///     KLIEG_ASSIGN(const Ledger ledger, ReadLedger(session));
///     KLIEG_ASSIGN(const ModelFacts facts, GatherModel(session, ledger, "house@1"));
///
/// Reads no row of any snapshot: no permit is needed, and asking for a document adds nothing to the
/// log. The same workspace gives the same facts.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "data/snapshot_store.h"
#include "flows/document_ledger.h"
#include "flows/session.h"
#include "platform/metadata.h"
#include "rights/book.h"
#include "rights/decision.h"

namespace klieg::flows {

struct DataFacts {
  std::string snapshot;                        ///< Digest, 64 hexadecimal digits.
  std::vector<platform::DatasetRecord> names;  ///< Datasets that are this snapshot, oldest first.
  std::optional<data::Manifest> manifest;      ///< None: the snapshot is not in the store.
  std::string data_sha256;                     ///< Of data.parquet; empty with the manifest.
  std::vector<LedgerTerms> terms;              ///< In force, by owner.
  rights::Attribution attribution;             ///< Families of its ids, and works.
  std::optional<platform::RunRecord> import_run;  ///< Of the first name.

  /// "films@1", else the shortened digest.
  std::string Label() const;
};

struct ModelInputFacts {
  DataFacts data;
  uint64_t permit = 0;                     ///< Place of the decision that let it be read.
  std::optional<LedgerDecision> decision;  ///< None: the log has no such decision.
};

/// One subject of one finished evaluation, with the figures that the registry holds.
struct Measurement {
  std::string run;
  core::Timestamp ended;
  std::string dataset;
  std::string split;
  std::string split_description;  ///< From the run's artifact; empty when that is gone or changed.
  std::string subject;
  std::vector<platform::RunMetric> metrics;
};

struct WorkRows {
  std::string id;
  std::string title;
  uint64_t rows = 0;
};

struct ModelFacts;
/// The seed it was trained with: the registration's, which knows it also for a model that came by
/// removal; the run's where there is none.
std::string SeedOf(const ModelFacts& facts);

struct ModelFacts {
  platform::ModelRecord record;
  platform::RunRecord run;  ///< That made it.
  std::optional<LedgerModel> entry;
  std::optional<LedgerDecision> registration;
  std::vector<ModelInputFacts> inputs;
  /// Evaluations of this learner with these hyper-parameters and this seed, oldest first.
  std::vector<Measurement> measurements;
  /// Finished evaluations of the same learner under other settings: not shown as this model's.
  size_t other_measurements = 0;
  std::vector<LedgerQuarantine> quarantines;
  std::vector<LedgerModel> successors;  ///< Made from this one by removal.
  std::optional<int64_t> newer_version;
  std::vector<WorkRows> works;            ///< Works on record that its training set holds.
  std::optional<uint64_t> interactions;   ///< Rows it learnt from; none: cannot be told.
  std::optional<uint64_t> rows_left_out;  ///< By consents; none: the run did not finish.
  std::string training_set_problem;       ///< Why the training set cannot be read; empty: it was.

  std::string Label() const { return fmt::format("{}@{}", record.name, record.version); }
  std::string Quarantine() const { return quarantines.empty() ? "" : quarantines.back().why; }
};

/// `reference`: "films", "films@2", a snapshot's digest or the beginning of one (8 digits or more).
/// A name stands for interactions; "films:titles" for its table of titles. kNotFound lists what
/// there is.
core::Result<DataFacts> GatherDataset(Session& session, const Ledger& ledger,
                                      const std::string& reference);

core::Result<DataFacts> GatherSnapshot(Session& session, const Ledger& ledger,
                                       const std::string& snapshot);

/// kNotFound lists the models there are.
core::Result<ModelFacts> GatherModel(Session& session, const Ledger& ledger,
                                     const std::string& name);

/// The training set of a model as it lies in the workspace, checked against the root in the log.
core::Result<rights::SubjectTree> LoadTrainingSet(Session& session, const LedgerModel& model);

/// What terms and policies say to one purpose of a snapshot, as of the last entry of the log.
struct PurposeStanding {
  rights::Purpose purpose = rights::Purpose::kMeasure;
  rights::SnapshotDecision answer;
};
std::vector<PurposeStanding> StandingOf(Session& session, const std::string& snapshot);

/// Interactions behind a training set: every row counts once for its member and once for its title,
/// and once more for each work on record, so rows = 2 · interactions + rows of works. None when that
/// does not come out even: a work was recorded anew since.
std::optional<uint64_t> InteractionsOf(const rights::SubjectTree& tree, uint64_t rows_of_works);

}  // namespace klieg::flows
