/// A report with figures as a real evaluation gives them, for the tests that look at the page in a
/// browser.
#pragma once

#include "flows/report_page.h"

namespace klieg::browser_test {

/// Two evaluations (twelve models, and two without a real difference), three members, sources, and
/// texts that would break a page that does not escape.
flows::ReportInput SampleReport();

}  // namespace klieg::browser_test
