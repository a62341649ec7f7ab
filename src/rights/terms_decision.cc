#include "rights/terms_decision.h"

#include <algorithm>

namespace klieg::rights {
namespace {

/// "2030-01-01" for midnight, the full time otherwise.
std::string DateText(core::Timestamp time) {
  const std::string text = core::FormatTimestamp(time);
  return text.ends_with("T00:00:00.000000Z") ? text.substr(0, 10) : text;
}

std::string PurposeList(const std::vector<Purpose>& purposes) {
  if (purposes.empty()) return "nothing";
  std::string list;
  for (const Purpose purpose : purposes) {
    if (!list.empty()) list += ", ";
    list += PurposeName(purpose);
  }
  return list;
}

bool Expired(const Terms& terms, core::Timestamp now) {
  return terms.expires && now >= *terms.expires;
}

/// What these terms object to, or nothing.
std::string Objection(const Terms& terms, const std::string& what, Purpose purpose,
                      core::Timestamp now) {
  if (purpose == Purpose::kRemove) return "";
  if (Expired(terms, now)) {
    return fmt::format("the terms of '{}' for {} expired on {}", terms.owner, what,
                       DateText(*terms.expires));
  }
  if (std::find(terms.purposes.begin(), terms.purposes.end(), purpose) == terms.purposes.end()) {
    return fmt::format("the terms of '{}' for {} do not permit '{}' (permitted: {})", terms.owner,
                       what, PurposeName(purpose), PurposeList(terms.purposes));
  }
  return "";
}

}  // namespace

TermsVerdict DecideTerms(const core::Digest& snapshot, const std::vector<Terms>& terms,
                         Purpose purpose, core::Timestamp now) {
  const std::string what = "snapshot " + snapshot.Short();
  TermsVerdict decision;
  if (terms.empty()) {
    decision.why = fmt::format(
        "no terms are registered for {}, and without terms nothing is permitted: "
        "import the data with --terms FILE",
        what);
    return decision;
  }
  for (const Terms& owned : terms) {
    decision.terms.push_back(TermsDigest(owned));
    const std::string objection = Objection(owned, what, purpose, now);
    if (objection.empty()) continue;
    if (!decision.why.empty()) decision.why += "; ";
    decision.why += objection;
  }
  decision.permitted = decision.why.empty();
  return decision;
}

TermsVerdict DecideImport(const Terms& terms, core::Timestamp now) {
  TermsVerdict decision;
  decision.terms.push_back(TermsDigest(terms));
  decision.permitted = !Expired(terms, now);
  if (!decision.permitted) {
    decision.why = fmt::format("the terms of '{}' expired on {}: ask the owner for new ones",
                               terms.owner, DateText(*terms.expires));
  }
  return decision;
}

}  // namespace klieg::rights
