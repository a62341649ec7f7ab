#include "rights/policy_check.h"

#include <algorithm>
#include <set>

#include "core/check.h"
#include "rights/fact_box.h"
#include "rights/policy_plain.h"

namespace klieg::rights {
namespace {

constexpr core::Timestamp kYearOne{-62'135'596'800'000'000};
constexpr int64_t kDayMicros = 86'400'000'000;

/// The boxes of the clauses in force at one time.
struct InForce {
  std::vector<FactBox> permissions;
  std::vector<FactBox> prohibitions;
};

InForce BoxesInForce(const PolicySet& policies, core::Timestamp time) {
  InForce boxes;
  for (const Pack& pack : policies.packs()) {
    for (const Clause& clause : pack.clauses) {
      if (!PeriodInForce(pack, clause).Contains(time)) continue;
      auto& list = clause.effect == Effect::kPermit ? boxes.permissions : boxes.prohibitions;
      list.insert(list.end(), clause.boxes.begin(), clause.boxes.end());
    }
  }
  return boxes;
}

void AddPermissionsThatOblige(const PolicySet& policies, core::Timestamp time, ObligationKind kind,
                              std::vector<FactBox>& boxes) {
  const auto is_kind = [kind](const Obligation& obligation) { return obligation.kind == kind; };
  for (const Pack& pack : policies.packs()) {
    for (const Clause& clause : pack.clauses) {
      if (PeriodInForce(pack, clause).Contains(time) &&
          std::ranges::any_of(clause.obligations, is_kind)) {
        boxes.insert(boxes.end(), clause.boxes.begin(), clause.boxes.end());
      }
    }
  }
}

/// Looks for facts of a region that no cover contains.
class GapFinder {
 public:
  explicit GapFinder(uint64_t work_max) : work_max_(work_max) {}

  uint64_t pieces() const { return pieces_; }
  /// Some region was given up: "none" then means nothing.
  bool exhausted() const { return work_ > work_max_; }

  /// Recursion is at most as deep as all attributes have values together: every level takes at
  /// least one value from the region.
  std::optional<Facts> Find(const FactBox& region, const std::vector<FactBox>& covers) {
    work_ += 1 + covers.size();
    if (exhausted()) return std::nullopt;
    ++pieces_;
    std::vector<FactBox> touching;
    size_t largest = 0;
    uint64_t largest_count = 0;
    for (const FactBox& cover : covers) {
      const std::optional<FactBox> common = Intersect(region, cover);
      if (!common) continue;
      const uint64_t count = FactCount(*common);
      if (count > largest_count) {
        largest = touching.size();
        largest_count = count;
      }
      touching.push_back(*common);
    }
    if (touching.empty()) return FirstFacts(region);
    const FactBox hole = touching[largest];
    touching.erase(touching.begin() + static_cast<std::ptrdiff_t>(largest));
    for (const FactBox& piece : Subtract(region, hole)) {
      if (auto gap = Find(piece, touching)) return gap;
    }
    return std::nullopt;
  }

 private:
  uint64_t work_max_;
  uint64_t work_ = 0;
  uint64_t pieces_ = 0;
};

/// Facts in both lists' boxes that no cover contains.
std::optional<Facts> FindGap(const std::vector<FactBox>& claims,
                             const std::vector<FactBox>& permissions,
                             const std::vector<FactBox>& covers, GapFinder& finder) {
  for (const FactBox& claim : claims) {
    for (const FactBox& permission : permissions) {
      const std::optional<FactBox> region = Intersect(claim, permission);
      if (!region) continue;
      if (auto gap = finder.Find(*region, covers)) return gap;
    }
  }
  return std::nullopt;
}

/// What the claim must not let through at one time: facts permitted at all, or permitted without
/// one of the obligations.
std::optional<Counterexample> Refute(const PolicySet& policies, const Claim& claim,
                                     core::Timestamp time, GapFinder& finder) {
  const InForce in_force = BoxesInForce(policies, time);
  std::vector<std::optional<ObligationKind>> kinds(claim.without.begin(), claim.without.end());
  if (kinds.empty()) kinds.push_back(std::nullopt);
  for (const std::optional<ObligationKind> kind : kinds) {
    std::vector<FactBox> covers = in_force.prohibitions;
    if (kind) AddPermissionsThatOblige(policies, time, *kind, covers);
    const std::optional<Facts> gap = FindGap(claim.boxes, in_force.permissions, covers, finder);
    if (!gap) continue;
    const PolicyDecision decision = DecidePlainly(policies.packs(), *gap, time);
    KLIEG_CHECK(decision.permitted, "the evaluator does not confirm a counterexample: {}",
                Describe(*gap));
    return Counterexample{*gap, time, decision.because, kind};
  }
  return std::nullopt;
}

bool IsEmpty(const Period& period) {
  return period.from && period.until && *period.from >= *period.until;
}

bool ReachesBeyond(const Period& inner, const Period& outer) {
  const bool begins_before = outer.from && (!inner.from || *inner.from < *outer.from);
  const bool ends_after = outer.until && (!inner.until || *inner.until > *outer.until);
  return begins_before || ends_after;
}

/// Whether prohibitions cover all of a permission at every time at which it is in force.
bool AlwaysOverridden(const PolicySet& policies, const Pack& pack, const Clause& clause,
                      GapFinder& finder) {
  for (const core::Timestamp time : MomentsToTry(policies, PeriodInForce(pack, clause))) {
    const std::vector<FactBox> covers = BoxesInForce(policies, time).prohibitions;
    for (const FactBox& box : clause.boxes) {
      if (finder.Find(box, covers)) return false;
    }
  }
  return !finder.exhausted();
}

/// A time at which nothing that begins has begun, close to where things begin so that it reads well.
core::Timestamp FirstMoment(const std::set<core::Timestamp>& dates, const Period& considered) {
  if (considered.from) return *considered.from;
  std::optional<core::Timestamp> before = considered.until;
  if (!dates.empty()) before = before ? std::min(*before, *dates.begin()) : *dates.begin();
  if (!before) return kYearOne;
  if (before->micros <= kYearOne.micros) return core::Timestamp{before->micros - 1};
  return std::max(kYearOne, core::Timestamp{before->micros - kDayMicros});
}

}  // namespace

std::string_view ClaimStateName(ClaimState state) {
  switch (state) {
    case ClaimState::kProven:
      return "proven";
    case ClaimState::kRefuted:
      return "refuted";
    case ClaimState::kUndecided:
      break;
  }
  return "undecided";
}

std::vector<core::Timestamp> MomentsToTry(const PolicySet& policies, const Period& considered) {
  std::set<core::Timestamp> dates;
  for (const Pack& pack : policies.packs()) {
    for (const Clause& clause : pack.clauses) {
      const Period period = PeriodInForce(pack, clause);
      if (period.from) dates.insert(*period.from);
      if (period.until) dates.insert(*period.until);
    }
  }
  if (IsEmpty(considered)) return {};
  std::vector<core::Timestamp> moments = {FirstMoment(dates, considered)};
  for (const core::Timestamp date : dates) {
    if (date > moments.front() && considered.Contains(date)) moments.push_back(date);
  }
  return moments;
}

std::vector<ClaimResult> CheckClaims(const PolicySet& policies, const Pack& pack,
                                     const Period& considered, uint64_t work_max) {
  const std::vector<core::Timestamp> moments = MomentsToTry(policies, considered);
  std::vector<ClaimResult> results;
  for (size_t i = 0; i < pack.claims.size(); ++i) {
    const Claim& claim = pack.claims[i];
    ClaimResult result;
    result.claim = i;
    result.facts = UnionCount(claim.boxes);
    result.moments = moments.size();
    GapFinder finder(work_max);
    for (const core::Timestamp time : moments) {
      result.counterexample = Refute(policies, claim, time, finder);
      if (result.counterexample) break;
    }
    result.pieces = finder.pieces();
    result.state = result.counterexample ? ClaimState::kRefuted
                   : finder.exhausted()  ? ClaimState::kUndecided
                                         : ClaimState::kProven;
    results.push_back(std::move(result));
  }
  return results;
}

std::vector<PolicyFinding> FindIdleClauses(const PolicySet& policies, uint32_t pack_index,
                                           uint64_t work_max) {
  const Pack& pack = policies.packs()[pack_index];
  std::vector<PolicyFinding> findings;
  for (uint32_t c = 0; c < pack.clauses.size(); ++c) {
    const Clause& clause = pack.clauses[c];
    const auto found = [&](std::string_view what) {
      findings.push_back({{pack_index, c}, std::string(what)});
    };
    GapFinder finder(work_max);
    if (clause.boxes.empty()) {
      found("can never apply: its conditions contradict each other");
    } else if (IsEmpty(PeriodInForce(pack, clause))) {
      found("is never in force: its period and its pack's have no moment in common");
    } else if (ReachesBeyond(clause.effective, pack.effective)) {
      found("has a period that reaches beyond its pack's, where it is not in force");
    } else if (clause.effect == Effect::kPermit &&
               AlwaysOverridden(policies, pack, clause, finder)) {
      found("permits nothing: prohibitions override it wherever it applies");
    }
  }
  return findings;
}

}  // namespace klieg::rights
