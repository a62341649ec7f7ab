#include "flows/subject_selection.h"

#include <algorithm>
#include <set>

namespace klieg::flows {
namespace {

template <class T>
void SortUnique(std::vector<T>& values) {
  std::ranges::sort(values);
  const auto repeated = std::ranges::unique(values);
  values.erase(repeated.begin(), repeated.end());
}

void AddWork(const rights::Work& work, SubjectSelection& selection) {
  selection.works.push_back(work.id);
  selection.titles.insert(selection.titles.end(), work.titles.begin(), work.titles.end());
}

void Sort(SubjectSelection& selection) {
  SortUnique(selection.works);
  SortUnique(selection.titles);
  SortUnique(selection.members);
}

bool HoldsAny(const rights::Work& work, const std::set<std::string>& parties) {
  return std::ranges::any_of(work.holders, [&](const rights::Holding& holding) {
    return parties.contains(holding.party);
  });
}

std::set<std::string> WithRepresented(const rights::Book& book, const std::string& party) {
  std::set<std::string> all = {party};
  if (const rights::Party* record = book.FindParty(party))
    all.insert(record->represents.begin(), record->represents.end());
  return all;
}

}  // namespace

core::Result<SubjectSelection> SelectParties(const rights::Book& book,
                                             const std::vector<std::string>& parties) {
  std::set<std::string> all;
  for (const std::string& party : parties) {
    if (book.FindParty(party) == nullptr) {
      return core::Fail(core::ErrorCode::kNotFound,
                        "there is no party '{}' on record: klieg rights show parties", party);
    }
    all.merge(WithRepresented(book, party));
  }
  SubjectSelection selection;
  for (const auto& [id, work] : book.works()) {
    if (HoldsAny(work, all)) AddWork(work, selection);
  }
  for (const rights::RecordedGrant& record : book.grants()) {
    if (all.contains(record.grant.grantor)) {
      selection.members.insert(selection.members.end(), record.grant.members.begin(),
                               record.grant.members.end());
    }
  }
  Sort(selection);
  return selection;
}

SubjectSelection SelectWithdrawn(const rights::Book& book,
                                 const rights::RecordedWithdrawal& record) {
  SubjectSelection selection;
  selection.members = record.withdrawal.members;
  if (!record.withdrawal.party.empty()) {
    const std::set<std::string> parties = WithRepresented(book, record.withdrawal.party);
    const bool all = record.withdrawal.works.empty() && record.withdrawal.members.empty();
    for (const auto& [id, work] : book.works()) {
      const bool named = std::ranges::binary_search(record.withdrawal.works, id);
      if ((named || all) && HoldsAny(work, parties)) AddWork(work, selection);
    }
  }
  Sort(selection);
  return selection;
}

SelectedIds IdsIn(const rights::Book& book, const core::Digest& snapshot,
                  const SubjectSelection& selection) {
  const auto& families = book.AttributionOf(snapshot).families;
  SelectedIds ids;
  for (const rights::SubjectRef& member : selection.members) {
    if (rights::MatchesFamily(member, families)) ids.members.push_back(member.id);
  }
  for (const rights::SubjectRef& title : selection.titles) {
    if (rights::MatchesFamily(title, families)) ids.titles.push_back(title.id);
  }
  SortUnique(ids.members);
  SortUnique(ids.titles);
  return ids;
}

std::vector<rights::Subject> SubjectsIn(const rights::Book& book,
                                        const rights::RecordedModel& model,
                                        const rights::SubjectTree& training_set,
                                        const SubjectSelection& selection) {
  std::vector<rights::Subject> found;
  const auto look = [&](rights::SubjectKind kind, const std::string& id) {
    if (const auto rows = training_set.Find(kind, id)) found.push_back({kind, id, *rows});
  };
  for (const std::string& work : selection.works) look(rights::SubjectKind::kWork, work);
  std::set<std::string> families;
  for (const core::Digest& input : model.inputs) {
    const auto& some = book.AttributionOf(input).families;
    families.insert(some.begin(), some.end());
  }
  const auto look_in_families = [&](rights::SubjectKind kind, const rights::SubjectRef& ref) {
    for (const std::string& family : families) {
      if (ref.family == "*" || ref.family == family) look(kind, family + "/" + ref.id);
    }
  };
  for (const auto& ref : selection.titles) look_in_families(rights::SubjectKind::kTitle, ref);
  for (const auto& ref : selection.members) look_in_families(rights::SubjectKind::kMember, ref);
  return found;
}

}  // namespace klieg::flows
