/// Who is at work.
#pragma once

#include <string>

namespace klieg::platform {

/// The name of the user this process runs as; "uid 1234" for one that has no name.
std::string CurrentActor();

}  // namespace klieg::platform
