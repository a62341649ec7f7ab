#include "flows/rederive_model.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "flows/publish_model.h"
#include "flows/train_flow.h"

namespace klieg::flows {
namespace {

using nlohmann::json;

/// Histories of the removed members in the catalogue of the old model.
core::Result<learn::SparseMatrix> RemovedHistories(Session& session, platform::Run& run,
                                                   const core::Digest& snapshot,
                                                   const std::vector<std::string>& members,
                                                   const personalize::InteractionFilter& filter,
                                                   const std::vector<std::string>& catalogue,
                                                   const std::string& reason) {
  learn::SparseMatrix histories;
  histories.column_count = static_cast<uint32_t>(catalogue.size());
  if (members.empty()) return histories;
  KLIEG_ASSIGN(const data::Snapshot opened, OpenForRun(session, run, "removed",
                                                       {.actor = session.actor(),
                                                        .purpose = rights::Purpose::kRemove,
                                                        .snapshot = snapshot,
                                                        .reason = reason,
                                                        .only_members = members}));
  KLIEG_ASSIGN(data::InteractionTable table,
               data::ReadInteractions(opened, session.pool().threads()));
  const auto removed = personalize::MakeInteractions(std::move(table), filter);
  // Members all of whose interactions the filter dropped were never in the model.
  if (!removed) return histories;
  const personalize::NameIndex index(catalogue);
  for (uint32_t member = 0; member < removed->member_count(); ++member) {
    std::vector<uint32_t> titles;
    for (const uint32_t title : removed->matrix.RowColumns(member)) {
      if (const auto place = index.Find(removed->title_names[title])) titles.push_back(*place);
    }
    std::ranges::sort(titles);
    histories.AppendRow(titles);
  }
  return histories;
}

/// Places in `before` of the names that `after` lacks; none when `after` is no subsequence of it.
std::optional<std::vector<uint32_t>> Missing(const std::vector<std::string>& before,
                                             const std::vector<std::string>& after) {
  std::vector<uint32_t> missing;
  size_t next = 0;
  for (uint32_t i = 0; i < before.size(); ++i) {
    if (next < after.size() && after[next] == before[i]) {
      ++next;
    } else {
      missing.push_back(i);
    }
  }
  if (next != after.size()) return std::nullopt;
  return missing;
}

core::Result<std::vector<std::string>> MembersThatWereIn(Session& session,
                                                         const platform::ModelRecord& record,
                                                         const LoadedInteractions& remaining) {
  KLIEG_ASSIGN(const core::Digest artifact, core::Digest::FromHex(record.digest));
  const auto entry = session.gate().book().models().find(artifact);
  if (entry == session.gate().book().models().end() || !entry->second.subjects) {
    return core::Fail(core::ErrorCode::kNotFound, "the log knows no training set of {}@{}",
                      record.name, record.version);
  }
  KLIEG_ASSIGN(const rights::SubjectTree tree,
               rights::SubjectTree::Load(session.gate().SubjectsPath(*entry->second.subjects)));
  std::vector<std::string> members;
  const auto& families = session.gate().book().AttributionOf(remaining.snapshot).families;
  for (const std::string& id : remaining.rows.members) {
    const bool was_in = std::ranges::any_of(families, [&](const std::string& family) {
      return tree.Find(rights::SubjectKind::kMember, family + "/" + id).has_value();
    });
    if (was_in) members.push_back(id);
  }
  return members;
}

core::Result<personalize::Removal> TrainAgain(const personalize::Learner& learner,
                                              const LoadedInteractions& remaining,
                                              const personalize::HyperParameters& values,
                                              const personalize::TrainContext& context,
                                              const std::string& why) {
  personalize::Removal removal;
  KLIEG_ASSIGN(removal.ranker, learner.train(remaining.data, values, context));
  removal.method = "retrain";
  removal.bound_basis = why;
  return removal;
}

}  // namespace

core::Result<Rederivation> RederiveModel(Session& session, platform::Run& run,
                                         const platform::ModelRecord& record,
                                         const std::string& cause) {
  const std::string name = fmt::format("{}@{}", record.name, record.version);
  const std::string reason = fmt::format("derive {} again without what {} took back", name, cause);
  KLIEG_ASSIGN(const TrainOptions options, TrainOptionsOf(session, record));
  KLIEG_ASSIGN(const personalize::Learner* learner, personalize::FindLearner(record.ranker));
  KLIEG_ASSIGN(const personalize::HyperParameters values,
               personalize::HyperParameters::Make(learner->hyper_parameters, options.set));
  KLIEG_ASSIGN(const LoadedInteractions remaining,
               LoadInteractions(session, run, options.dataset, rights::Purpose::kRecommend, reason,
                                options.filter));
  const personalize::TrainContext context{
      .pool = session.pool(), .progress = session.progress(), .seed = options.seed};
  const core::Stopwatch watch;
  personalize::Removal removal;
  size_t members_removed = 0;
  size_t titles_removed = 0;
  if (learner->remove == nullptr) {
    KLIEG_ASSIGN(removal, TrainAgain(*learner, remaining, values, context,
                                     fmt::format("'{}' knows no exact removal", record.ranker)));
  } else {
    KLIEG_ASSIGN(
        const rights::ModelPermit permit,
        AskForModel(session, run, record, rights::Purpose::kRemove, rights::Action::kUse, reason));
    KLIEG_ASSIGN(const personalize::Model old,
                 personalize::LoadModel(session.workspace().models(), permit));
    KLIEG_ASSIGN(const std::vector<std::string> members,
                 MembersThatWereIn(session, record, remaining));
    KLIEG_ASSIGN(learn::SparseMatrix histories,
                 RemovedHistories(session, run, remaining.snapshot, members, options.filter,
                                  old.title_names, reason));
    const auto titles = Missing(old.title_names, remaining.data.title_names);
    members_removed = histories.row_count;
    titles_removed = titles ? titles->size() : 0;
    if (titles) {
      auto removed = personalize::RemoveFromModel(
          *learner, *old.ranker,
          {.remaining = remaining.data, .removed = std::move(histories), .removed_titles = *titles},
          values, context);
      if (!removed && removed.error().code == core::ErrorCode::kInvalidArgument) {
        // The data have changed in more than this: what was trained then is not what is left now.
        removed = TrainAgain(*learner, remaining, values, context, removed.error().message);
      }
      KLIEG_ASSIGN(removal, std::move(removed));
    } else {
      KLIEG_ASSIGN(
          removal,
          TrainAgain(*learner, remaining, values, context,
                     "the catalogue has grown since: there are titles that the model lacks"));
    }
  }
  Rederivation result;
  result.seconds = watch.WallSeconds();
  result.method = removal.method;
  result.bound = removal.bound;
  result.bound_basis = removal.bound_basis;
  ModelToPublish model;
  model.name = record.name;
  model.learner = record.ranker;
  model.ranker = std::move(removal.ranker);
  model.hyper_parameters = values.values();
  model.seed = options.seed;
  model.filter = options.filter;
  model.removal = json{{"basis", removal.bound_basis},
                       {"bound", fmt::format("{}", removal.bound)},
                       {"cause", cause},
                       {"from", record.digest},
                       {"members", members_removed},
                       {"method", removal.method},
                       {"titles", titles_removed}}
                      .dump();
  KLIEG_ASSIGN(result.model, PublishModel(session, run, remaining, std::move(model)));
  return result;
}

}  // namespace klieg::flows
