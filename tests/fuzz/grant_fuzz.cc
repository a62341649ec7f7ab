// Grants, in both forms, and every record of the log: any bytes are read or refused, and what is read
// has one canonical text that is read back.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/check.h"
#include "rights/book.h"
#include "rights/grant_file.h"
#include "rights/records.h"

namespace {

using namespace klieg;  // NOLINT: the entry point is outside every namespace.

void Learn(std::string_view bytes) {
  rights::Book book;
  for (const std::string_view kind :
       {rights::kPartyKind, rights::kWorkKind, rights::kGrantKind, rights::kWithdrawalKind,
        rights::kAttributionKind, rights::kObligationKind, rights::kModelKind,
        rights::kQuarantineKind, rights::kTermsKind}) {
    // The log hands on canonical objects only.
    (void)book.Learn({0, {}, std::string(kind), std::string(bytes), {}, {}});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto grant = rights::ParseGrantFile(bytes, "fuzz"); grant) {
    const std::string text = rights::GrantText(*grant);
    const auto again = rights::ParseGrant(text);
    KLIEG_CHECK(again && *again == *grant, "canonical text is not read back: {}", text);
  }
  if (const auto grant = rights::ParseGrant(bytes); grant)
    KLIEG_CHECK(rights::GrantText(*grant) == bytes, "two texts for one grant");
  if (const auto party = rights::ParseParty(bytes); party)
    KLIEG_CHECK(rights::PartyText(*party) == bytes, "two texts for one party");
  if (const auto work = rights::ParseWork(bytes); work)
    KLIEG_CHECK(rights::WorkText(*work) == bytes, "two texts for one work");
  if (const auto withdrawal = rights::ParseWithdrawal(bytes); withdrawal)
    KLIEG_CHECK(rights::WithdrawalText(*withdrawal) == bytes, "two texts for one withdrawal");
  (void)rights::ParseSignedGrant(bytes, "fuzz");
  Learn(bytes);
  return 0;
}
