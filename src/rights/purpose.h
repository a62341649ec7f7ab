/// What a use of somebody's work is for. A small closed set: a purpose that is not here cannot be
/// asked for.
#pragma once

#include <span>
#include <string_view>

#include "core/error.h"

namespace klieg::rights {

enum class Purpose {
  kRecommend,  ///< Learn what members will watch, and show it to them.
  kForecast,   ///< Learn which characteristics make titles succeed, and predict demand.
  kSchedule,   ///< Plan a production: breakdown, shooting schedule, budget.
  kMeasure,    ///< Evaluate and report: metrics, experiments, audits. Nothing learnt is put to use.
};

/// "recommend", "forecast", "schedule", "measure".
std::string_view PurposeName(Purpose purpose);

/// One sentence for people, for reference pages and refusals.
std::string_view PurposeMeaning(Purpose purpose);

/// All purposes in the order of the enumeration.
std::span<const Purpose> AllPurposes();

/// Fails with kInvalidArgument, listing the names there are.
core::Result<Purpose> ParsePurpose(std::string_view name);

}  // namespace klieg::rights
