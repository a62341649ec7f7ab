/// Reads model files without asking. Internal to src/personalize and its tests: what stands here needs
/// no permit, so no other module may include it (tests of the repository look). Callers use LoadModel.
#pragma once

#include <filesystem>

#include "core/error.h"
#include "personalize/learner.h"

namespace klieg::personalize {

/// Reads what SaveModel wrote; kCorrupt and kVersion say what is wrong.
core::Result<Model> ReadModelFile(const std::filesystem::path& path);

}  // namespace klieg::personalize
