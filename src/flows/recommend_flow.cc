#include "flows/recommend_flow.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "flows/train_flow.h"
#include "personalize/learner.h"

namespace klieg::flows {
namespace {

using core::ErrorCode;
using nlohmann::json;

/// Everything that the recommendations of any member of one model need.
struct Context {
  personalize::Model model;
  personalize::Interactions seen;  ///< All that members watched: never recommended.
  personalize::Interactions
      liked;  ///< What the model's value filter leaves of it: what scores rest on.
  TitleNames titles;
};

/// A member's row in `data`, or an empty row when the filter left nothing of it.
learn::SparseMatrix HistoryOf(const personalize::Interactions& data, const std::string& member) {
  learn::SparseMatrix history;
  history.column_count = data.title_count();
  if (const auto row = personalize::NameIndex(data.member_names).Find(member)) {
    history.AppendRow(data.matrix.RowColumns(*row), data.matrix.RowValues(*row));
  } else {
    history.AppendRow({});
  }
  return history;
}

/// The `top` titles outside the history, best first, ties by lowest index.
std::vector<uint32_t> BestTitles(std::span<const float> scores, std::span<const uint32_t> history,
                                 uint32_t top) {
  std::vector<uint32_t> order;
  order.reserve(scores.size());
  for (uint32_t title = 0; title < scores.size(); ++title) {
    if (!std::ranges::binary_search(history, title)) order.push_back(title);
  }
  const size_t count = std::min<size_t>(top, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(count), order.end(),
                    [&](uint32_t a, uint32_t b) {
                      return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
                    });
  order.resize(count);
  return order;
}

ReportRecommendation Explained(const Context& context, std::span<const uint32_t> history,
                               std::span<const float> values, uint32_t title, float score,
                               uint32_t reasons) {
  ReportRecommendation recommendation{
      .title = context.titles.names[title], .score = score, .base = 0, .reasons = {}};
  if (reasons == 0) return recommendation;
  personalize::Explanation explanation =
      context.model.ranker->Explain(history, values, personalize::TitleIndex(title));
  recommendation.score = explanation.score;
  recommendation.base = explanation.base;
  std::ranges::stable_sort(explanation.contributions, [](const auto& a, const auto& b) {
    return std::abs(a.amount) > std::abs(b.amount);
  });
  double rest = 0;
  for (size_t i = 0; i < explanation.contributions.size(); ++i) {
    const personalize::Contribution& one = explanation.contributions[i];
    if (one.amount == 0) continue;
    if (i < reasons) {
      recommendation.reasons.push_back({context.titles.names[one.title.value()], one.amount});
    } else {
      rest += one.amount;
    }
  }
  // What is not named is still counted, so that the parts add up to the score.
  if (explanation.contributions.size() > reasons) {
    recommendation.reasons.push_back(
        {fmt::format("{} other titles", explanation.contributions.size() - reasons), rest});
  }
  return recommendation;
}

core::Result<ReportMember> ForMember(const Context& context, const std::string& name,
                                     const RecommendRequest& request) {
  const auto member = personalize::NameIndex(context.seen.member_names).Find(name);
  if (!member) {
    return core::Fail(
        ErrorCode::kNotFound,
        "there is no member '{}' with a history here; members are named like '{}' and '{}'", name,
        context.seen.member_names.front(), context.seen.member_names.back());
  }
  const std::span<const uint32_t> seen = context.seen.matrix.RowColumns(*member);
  const learn::SparseMatrix history = HistoryOf(context.liked, name);
  core::Matrix<float> scores(1, context.model.ranker->title_count());
  context.model.ranker->Score(history, 0, 1, scores.view());

  ReportMember result;
  result.name = name;
  result.history_size = seen.size();
  std::vector<size_t> order(seen.size());
  std::iota(order.begin(), order.end(), size_t{0});
  if (!context.seen.times.empty()) {
    const int64_t* times = context.seen.times.data() + context.seen.matrix.row_begin[*member];
    std::ranges::stable_sort(order, [&](size_t a, size_t b) { return times[a] > times[b]; });
  }
  for (size_t i = 0; i < std::min<size_t>(order.size(), request.history_shown); ++i) {
    result.history.push_back(context.titles.names[seen[order[i]]]);
  }
  for (const uint32_t title : BestTitles(scores.Row(0), seen, request.top)) {
    result.recommendations.push_back(Explained(context, history.RowColumns(0), history.RowValues(0),
                                               title, scores(0, title), request.reasons));
  }
  return result;
}

/// Members at the quarter, the half and nine tenths of the order of history length.
std::vector<std::string> ExampleMembers(const personalize::Interactions& data) {
  std::vector<uint32_t> order(data.member_count());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, {},
                           [&data](uint32_t member) { return data.matrix.RowSize(member); });
  std::vector<std::string> members;
  for (const double place : {0.25, 0.5, 0.9}) {
    const std::string& name =
        data.member_names[order[static_cast<size_t>(place * static_cast<double>(order.size()))]];
    if (std::ranges::find(members, name) == members.end()) members.push_back(name);
  }
  return members;
}

core::Result<RecommendOutcome> RecommendIntoRun(Session& session, platform::Run& run,
                                                const RecommendRequest& request,
                                                const platform::ModelRecord& record) {
  KLIEG_ASSIGN(const TrainOptions trained, TrainOptionsOf(session, record));
  const std::string reason =
      fmt::format("recommend with {}@{} for {}", record.name, record.version,
                  request.members.empty() ? "example members"
                                          : fmt::format("{}", fmt::join(request.members, ", ")));
  KLIEG_ASSIGN(const rights::ModelPermit permit,
               AskForModel(session, run, record, rights::Purpose::kRecommend,
                           rights::Action::kServe, reason));

  // The snapshot the model was trained on, even when the dataset has a newer version since.
  KLIEG_ASSIGN(const core::Digest snapshot_digest, core::Digest::FromHex(record.snapshot));
  KLIEG_ASSIGN(
      const data::Snapshot snapshot,
      OpenForRun(session, run, snapshot_digest, rights::Purpose::kRecommend, "histories", reason));
  KLIEG_ASSIGN(const data::InteractionTable table,
               data::ReadInteractions(snapshot, session.pool().threads()));
  Context context;
  KLIEG_ASSIGN(context.model, personalize::LoadModel(session.workspace().models(), permit));
  KLIEG_ASSIGN(context.seen, personalize::MakeInteractions(table));
  KLIEG_ASSIGN(context.liked,
               personalize::MakeInteractions(table, {.value_min = trained.filter.value_min}));
  if (context.seen.title_names != context.model.title_names) {
    return core::Fail(ErrorCode::kCorrupt,
                      "model {} scores other titles than its snapshot {} holds: retrain it",
                      record.name, snapshot_digest.Short());
  }
  KLIEG_ASSIGN(context.titles,
               LoadTitleNames(session, run, trained.dataset.substr(0, trained.dataset.find('@')), rights::Purpose::kRecommend, reason,
                              context.seen.title_names));
  RecommendOutcome outcome;
  outcome.model = record;
  for (const std::string& member :
       request.members.empty() ? ExampleMembers(context.seen) : request.members) {
    KLIEG_ASSIGN(ReportMember one, ForMember(context, member, request));
    outcome.members.push_back(std::move(one));
  }
  return outcome;
}

}  // namespace

core::Result<RecommendOutcome> Recommend(Session& session, const RecommendRequest& request) {
  KLIEG_ASSIGN(const platform::ModelRecord record, session.store().GetModel(request.model));
  const json parameters = {{"model", record.name},
                           {"version", record.version},
                           {"members", request.members},
                           {"top", request.top}};
  KLIEG_ASSIGN(platform::Run run,
               session.store().StartRun({.kind = "recommend",
                                         .name = fmt::format("recommend with {}", record.name),
                                         .command = session.command(),
                                         .parameters = parameters.dump(),
                                         .seed = 0,
                                         .repeats = {}}));
  auto outcome = RecommendIntoRun(session, run, request, record);
  if (!outcome) return run.Fail(outcome.error());
  KLIEG_TRY(run.Finish());
  return outcome;
}

}  // namespace klieg::flows
