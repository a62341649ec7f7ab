#include "rights/purpose.h"

#include <array>
#include <string>

#include "core/check.h"

namespace klieg::rights {
namespace {

struct Entry {
  Purpose purpose;
  PurposeGroup group;
  std::string_view name;
  std::string_view meaning;
};

using P = Purpose;
using G = PurposeGroup;

constexpr std::array<Entry, kPurposeCount> kEntries = {{
    {P::kRecommend, G::kAnalytical, "recommend",
     "Learn what members will watch, and show it to them."},
    {P::kForecast, G::kAnalytical, "forecast",
     "Learn which characteristics make titles succeed, and predict demand."},
    {P::kSchedule, G::kAnalytical, "schedule",
     "Plan a production: breakdown, shooting schedule, budget."},
    {P::kMeasure, G::kAnalytical, "measure",
     "Evaluate and report: metrics, experiments, audits. Nothing learnt is put to use."},
    {P::kRemove, G::kStewardship, "remove",
     "Take somebody's material out of what was learnt, and prove that it is out."},
    {P::kTrainGenerative, G::kGenerative, "train-generative",
     "Train, fine-tune or prompt a system that makes new content."},
    {P::kCreateReplica, G::kReplica, "create-replica",
     "Scan or model a performer's voice or likeness."},
    {P::kUseReplica, G::kReplica, "use-replica", "Use a performer's replica in one project."},
    {P::kUseReplicaAfterDeath, G::kReplica, "use-replica-after-death",
     "Use the replica of a performer who has died."},
    {P::kAlterPerformance, G::kReplica, "alter-performance",
     "Change a recorded performance digitally."},
    {P::kSyntheticPerformer, G::kSynthetic, "synthetic-performer",
     "Make or use a performer who is no real person."},
    {P::kLicenseThirdParty, G::kThirdParty, "license-third-party",
     "Hand material to somebody else for training or use."},
}};

constexpr std::array<Purpose, kPurposeCount> kPurposes = [] {
  std::array<Purpose, kPurposeCount> purposes{};
  for (size_t i = 0; i < kPurposeCount; ++i) purposes[i] = kEntries[i].purpose;
  return purposes;
}();

constexpr std::array<std::string_view, kPurposeGroupCount> kGroupNames = {
    "analytical", "stewardship", "generative", "replica", "synthetic", "third-party"};

const Entry& EntryOf(Purpose purpose) {
  const auto index = static_cast<size_t>(purpose);
  KLIEG_CHECK(index < kPurposeCount && kEntries[index].purpose == purpose,
              "purpose {} is not one of the enumeration", index);
  return kEntries[index];
}

std::string AllNames() {
  std::string names;
  for (const Entry& entry : kEntries) {
    if (!names.empty()) names += ", ";
    names += entry.name;
  }
  return names;
}

}  // namespace

std::string_view PurposeName(Purpose purpose) { return EntryOf(purpose).name; }

std::string_view PurposeMeaning(Purpose purpose) { return EntryOf(purpose).meaning; }

PurposeGroup GroupOf(Purpose purpose) { return EntryOf(purpose).group; }

std::string_view PurposeGroupName(PurposeGroup group) {
  return kGroupNames[static_cast<size_t>(group)];
}

bool UnknownMeansRefused(Purpose purpose) {
  const PurposeGroup group = GroupOf(purpose);
  return group != G::kAnalytical && group != G::kStewardship;
}

std::span<const Purpose> AllPurposes() { return kPurposes; }

core::Result<Purpose> ParsePurpose(std::string_view name) {
  for (const Entry& entry : kEntries) {
    if (entry.name == name) return entry.purpose;
  }
  return core::Fail(core::ErrorCode::kInvalidArgument,
                    "there is no such purpose; the purposes are {}; found '{}'", AllNames(), name);
}

core::Result<std::vector<Purpose>> ParsePurposes(std::string_view name) {
  std::vector<Purpose> purposes;
  for (const Entry& entry : kEntries) {
    if (name == "any" || name == entry.name || name == PurposeGroupName(entry.group)) {
      purposes.push_back(entry.purpose);
    }
  }
  if (!purposes.empty()) return purposes;
  std::string groups = "any";
  for (const std::string_view group : kGroupNames) groups.append(", ").append(group);
  return core::Fail(core::ErrorCode::kInvalidArgument,
                    "there is no such purpose; the purposes are {}, and the groups {}; found '{}'",
                    AllNames(), groups, name);
}

}  // namespace klieg::rights
