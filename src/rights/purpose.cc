#include "rights/purpose.h"

#include <array>
#include <string>

#include "core/check.h"

namespace klieg::rights {
namespace {

struct Entry {
  Purpose purpose;
  std::string_view name;
  std::string_view meaning;
};

constexpr std::array<Purpose, 4> kPurposes = {Purpose::kRecommend, Purpose::kForecast,
                                              Purpose::kSchedule, Purpose::kMeasure};

Entry EntryOf(Purpose purpose) {
  switch (purpose) {
    case Purpose::kRecommend:
      return {purpose, "recommend", "Learn what members will watch, and show it to them."};
    case Purpose::kForecast:
      return {purpose, "forecast",
              "Learn which characteristics make titles succeed, and predict demand."};
    case Purpose::kSchedule:
      return {purpose, "schedule", "Plan a production: breakdown, shooting schedule, budget."};
    case Purpose::kMeasure:
      return {purpose, "measure",
              "Evaluate and report: metrics, experiments, audits. Nothing learnt is put to use."};
  }
  KLIEG_CHECK(false, "purpose {} is not one of the enumeration", static_cast<int>(purpose));
}

}  // namespace

std::string_view PurposeName(Purpose purpose) { return EntryOf(purpose).name; }

std::string_view PurposeMeaning(Purpose purpose) { return EntryOf(purpose).meaning; }

std::span<const Purpose> AllPurposes() { return kPurposes; }

core::Result<Purpose> ParsePurpose(std::string_view name) {
  std::string names;
  for (const Purpose purpose : kPurposes) {
    if (PurposeName(purpose) == name) return purpose;
    if (!names.empty()) names += ", ";
    names += PurposeName(purpose);
  }
  return core::Fail(core::ErrorCode::kInvalidArgument,
                    "there is no such purpose; the purposes are {}; found '{}'", names, name);
}

}  // namespace klieg::rights
