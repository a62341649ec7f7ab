/// The style sheet and the script of the report. Both stand inside the page: it fetches nothing.
#pragma once

#include <string_view>

namespace klieg::flows {

/// Calm paper and ink, one accent; light, dark and print; from a phone's 320 px upwards.
extern const std::string_view kReportStyle;

/// Makes the headers of `table.sortable` into buttons that sort. The page is complete without it.
extern const std::string_view kReportScript;

}  // namespace klieg::flows
