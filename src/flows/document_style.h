/// The style sheet of generated documents. Stands inside each page: nothing is fetched.
#pragma once

#include <string_view>

namespace klieg::flows {

/// One column to read, as on paper; light, dark and print; from a phone's 320 px upwards.
extern const std::string_view kDocumentStyle;

}  // namespace klieg::flows
