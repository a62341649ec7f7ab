/// Whose material is meant: a party, a guild with those it represents, members, works; as works, titles
/// and members of one snapshot.
#pragma once

#include <string>
#include <vector>

#include "core/error.h"
#include "core/hash.h"
#include "flows/session.h"

namespace klieg::flows {

struct SubjectSelection {
  std::vector<std::string> works;           ///< Ids, sorted.
  std::vector<rights::SubjectRef> titles;   ///< Of these works, sorted.
  std::vector<rights::SubjectRef> members;  ///< Sorted.
};

/// All works in which the parties, or those whom they represent, hold a right. kNotFound for a party
/// that is not on record.
core::Result<SubjectSelection> SelectParties(const rights::Book& book,
                                             const std::vector<std::string>& parties);

/// What a withdrawal on record takes back.
SubjectSelection SelectWithdrawn(const rights::Book& book,
                                 const rights::RecordedWithdrawal& withdrawal);

/// The ids of one snapshot that the selection names, without their family, sorted.
struct SelectedIds {
  std::vector<std::string> members;
  std::vector<std::string> titles;
  bool Empty() const { return members.empty() && titles.empty(); }
};
SelectedIds IdsIn(const rights::Book& book, const core::Digest& snapshot,
                  const SubjectSelection& selection);

/// Subjects of a training set that the selection names; ids qualified by every family of the inputs.
std::vector<rights::Subject> SubjectsIn(const rights::Book& book,
                                        const rights::RecordedModel& model,
                                        const rights::SubjectTree& training_set,
                                        const SubjectSelection& selection);

}  // namespace klieg::flows
