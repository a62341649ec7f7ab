// Terms files: any bytes are read or refused, and what is read has one canonical text that is read
// back.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/check.h"
#include "rights/canonical_json.h"
#include "rights/terms.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace klieg;  // NOLINT: the entry point is outside every namespace.
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto terms = rights::ParseTerms(bytes, "fuzz"); terms) {
    KLIEG_CHECK(rights::CheckTerms(*terms).has_value(), "a file gave terms that no file can give");
    const std::string text = rights::CanonicalText(*terms);
    const auto again = rights::ParseCanonicalTerms(text);
    KLIEG_CHECK(again && *again == *terms, "canonical text is not read back: {}", text);
  }
  if (const auto terms = rights::ParseCanonicalTerms(bytes); terms) {
    KLIEG_CHECK(rights::CanonicalText(*terms) == bytes, "two texts for one set of terms");
  }
  return 0;
}
