/// Reads tables out of verified files. Internal to src/data: it asks for no permit, so no other
/// module may include it (tests of the repository look). Callers use ReadInteractions and
/// ReadTitles.
#pragma once

#include <cstddef>

#include "core/error.h"
#include "data/snapshot_files.h"
#include "data/tables.h"

namespace klieg::data {

core::Result<InteractionTable> ReadInteractionFile(const SnapshotFiles& files, size_t threads);
core::Result<TitleTable> ReadTitleFile(const SnapshotFiles& files);

}  // namespace klieg::data
