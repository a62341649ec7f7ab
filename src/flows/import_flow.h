/// Import: ask the gate, read files into a snapshot, bind its terms, name it as a dataset. One run.
#pragma once

#include <filesystem>
#include <string>

#include "core/error.h"
#include "data/snapshot.h"
#include "flows/session.h"
#include "rights/terms.h"

namespace klieg::flows {

struct ImportOptions {
  std::string dataset;  ///< The name it gets.
  std::filesystem::path terms_file;
  std::string family;              ///< Of the ids of members and titles; empty: the dataset's name.
  std::vector<std::string> works;  ///< Works that every row belongs to, by their ids in the log.
  data::ImportRequest request;
};

struct ImportOutcome {
  data::ImportReport report;
  platform::DatasetRecord dataset;
  std::string run;
};

/// kRefused when the terms have expired. Importing content that the dataset already holds adds no
/// version.
core::Result<ImportOutcome> ImportDataset(Session& session, const ImportOptions& options);

/// The part that other flows share: files → snapshot with terms registered at the gate, nothing
/// named.
core::Result<data::ImportReport> ImportUnderTerms(Session& session,
                                                  const data::ImportRequest& request,
                                                  const rights::Terms& terms);

}  // namespace klieg::flows
