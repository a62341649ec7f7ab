/// "How your work was used": the page that a writer, performer or member is handed. In words that need
/// no explanation, and where they do, the page explains them. Self-contained and printable.
#pragma once

#include <string>

#include "flows/used_report.h"

namespace klieg::flows {

/// The page. All text is escaped; what is not on record is said to be missing.
std::string UsedPageHtml(const UsedReport& report);

/// The first sentence of the page: the answer. For the command line too.
std::string UsedAnswer(const UsedReport& report);

}  // namespace klieg::flows
