/// Machine-readable signals of other worlds, read into and written from one preference per purpose.
///
///     KLIEG_ASSIGN(const Preferences theirs, ReadSignal(SignalKind::kAipref, "train-ai=n"));
///     const Preferences all = CombinePreferences(theirs, ours);   // any refusal wins
///     WriteSignal(SignalKind::kIptc, all);                        // "DMI-PROHIBITED-GENAIMLTRAINING"
///
/// No two vocabularies cut uses the same way. Where one is coarser than our purposes, reading takes a
/// refusal wide and a permission narrow, and writing says "permitted" only where all that a reader
/// could take from it is permitted. So nothing is permitted by a round trip that was not before, and
/// no refusal is lost that the signal can express. A signal is a preference, not evidence: base
/// still asks for a consent on record where silence is no. docs/reference/signals.md has the maps.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "core/error.h"
#include "rights/facts.h"
#include "rights/purpose.h"

namespace klieg::rights {

/// What somebody said of each purpose; kUnknown where nothing.
struct Preferences {
  std::array<Consent, kPurposeCount> by_purpose{};

  Consent& operator[](Purpose purpose) { return by_purpose[static_cast<size_t>(purpose)]; }
  Consent operator[](Purpose purpose) const { return by_purpose[static_cast<size_t>(purpose)]; }
  bool operator==(const Preferences&) const = default;
};

/// Per purpose: refused if either refuses, else permitted if either permits.
Preferences CombinePreferences(const Preferences& a, const Preferences& b);

enum class SignalKind {
  kCawg,    ///< Training-and-data-mining assertion, JSON; the old c2pa.* labels are read too.
  kAipref,  ///< IETF AI preferences: "train-ai=n, search=y", or a Content-Usage header with it.
  kTdmrep,  ///< W3C TDM reservation, JSON: an object, or a list of them.
  kRsl,     ///< Really Simple Licensing 1.0, XML.
  kIptc,    ///< PLUS data-mining value, as code or URI.
  kOdrl,    ///< ODRL policy, JSON-LD, as in Croissant's usageInfo.
};

/// "cawg", "aipref", "tdmrep", "rsl", "iptc", "odrl".
std::string_view SignalKindName(SignalKind kind);
/// kInvalidArgument lists the names there are.
core::Result<SignalKind> ParseSignalKind(std::string_view name);

/// At most 1 MiB. kInvalidArgument when the text is not of its kind, or forbids something that we
/// cannot place: a prohibition is never dropped in silence. Unknown permissions permit nothing.
core::Result<Preferences> ReadSignal(SignalKind kind, std::string_view text);

std::string WriteSignal(SignalKind kind, const Preferences& preferences);

}  // namespace klieg::rights
