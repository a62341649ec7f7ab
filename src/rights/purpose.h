/// What a use of somebody's work is for. A small closed hierarchy: a purpose that is not here cannot
/// be asked for.
///
///     any ─┬─ analytical ──┬─ recommend                what is learnt describes, ranks, predicts
///          │               ├─ forecast
///          │               ├─ schedule
///          │               └─ measure
///          ├─ stewardship ─── remove
///          ├─ generative ──── train-generative         what is learnt makes new content
///          ├─ replica ─────┬─ create-replica           a real person's voice or likeness is made anew
///          │               ├─ use-replica
///          │               ├─ use-replica-after-death
///          │               └─ alter-performance
///          ├─ synthetic ───── synthetic-performer      a person who does not exist is made
///          └─ third-party ─── license-third-party      somebody else receives the material
///
/// The split between analytical and generative is that of the 2023 writers' agreement, article 72.A:
/// systems "programmed to perform operational and analytical functions" are not generative ones.
/// docs/reference/purposes.md describes each.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace klieg::rights {

/// The order is that of canonical texts: new purposes go to the end.
enum class Purpose : uint8_t {
  kRecommend,  ///< Learn what members will watch, and show it to them.
  kForecast,   ///< Learn which characteristics make titles succeed, and predict demand.
  kSchedule,   ///< Plan a production: breakdown, shooting schedule, budget.
  kMeasure,    ///< Evaluate and report: metrics, experiments, audits. Nothing learnt is put to use.
  kRemove,     ///< Take somebody's material out of what was learnt, and prove that it is out.
  kTrainGenerative,       ///< Train, fine-tune or prompt a system that makes new content.
  kCreateReplica,         ///< Scan or model a performer's voice or likeness.
  kUseReplica,            ///< Use a performer's replica in one project.
  kUseReplicaAfterDeath,  ///< Use the replica of a performer who has died.
  kAlterPerformance,      ///< Change a recorded performance digitally.
  kSyntheticPerformer,    ///< Make or use a performer who is no real person.
  kLicenseThirdParty,     ///< Hand material to somebody else for training or use.
};
inline constexpr size_t kPurposeCount = 12;

enum class PurposeGroup : uint8_t {
  kAnalytical,
  kStewardship,
  kGenerative,
  kReplica,
  kSynthetic,
  kThirdParty,
};
inline constexpr size_t kPurposeGroupCount = 6;

/// "recommend", "forecast", …
std::string_view PurposeName(Purpose purpose);

/// One sentence for people, for reference pages and refusals.
std::string_view PurposeMeaning(Purpose purpose);

PurposeGroup GroupOf(Purpose purpose);

/// "analytical", "stewardship", "generative", "replica", "synthetic", "third-party".
std::string_view PurposeGroupName(PurposeGroup group);

/// Whether a purpose that nobody spoke of is refused: generation, replicas, synthetic performers and
/// third parties. Elsewhere the terms of the dataset decide.
bool UnknownMeansRefused(Purpose purpose);

/// All purposes in the order of the enumeration.
std::span<const Purpose> AllPurposes();

/// Fails with kInvalidArgument, listing the names there are.
core::Result<Purpose> ParsePurpose(std::string_view name);

/// The purposes that a name of the hierarchy stands for: "recommend" itself, "replica" the four
/// below it, "any" all; in the order of the enumeration. Fails as ParsePurpose does.
core::Result<std::vector<Purpose>> ParsePurposes(std::string_view name);

}  // namespace klieg::rights
