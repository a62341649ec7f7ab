#include "flows/price_flow.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "flows/subject_selection.h"
#include "personalize/learner.h"
#include "personalize/split.h"

namespace klieg::flows {
namespace {

using nlohmann::json;

/// The matrix without the entries of some rows and columns; shape and all else stay.
learn::SparseMatrix Without(const learn::SparseMatrix& matrix, const std::vector<bool>& rows,
                            const std::vector<bool>& columns) {
  learn::SparseMatrix kept;
  kept.column_count = matrix.column_count;
  for (uint32_t row = 0; row < matrix.row_count; ++row) {
    std::vector<uint32_t> titles;
    std::vector<float> values;
    const auto all = matrix.RowColumns(row);
    const auto all_values = matrix.RowValues(row);
    for (size_t i = 0; i < all.size(); ++i) {
      if ((!rows.empty() && rows[row]) || columns[all[i]]) continue;
      titles.push_back(all[i]);
      if (!all_values.empty()) values.push_back(all_values[i]);
    }
    kept.AppendRow(titles, values);
  }
  return kept;
}

std::vector<bool> Marked(const std::vector<std::string>& names,
                         const std::vector<std::string>& listed) {
  const std::unordered_set<std::string_view> set(listed.begin(), listed.end());
  std::vector<bool> marked;
  marked.reserve(names.size());
  for (const std::string& name : names) marked.push_back(set.contains(name));
  return marked;
}

core::Result<personalize::Evaluation> Judge(Session& session, const personalize::Learner& learner,
                                            const personalize::HyperParameters& values,
                                            const personalize::Split& split, uint64_t seed) {
  KLIEG_ASSIGN(
      const std::unique_ptr<personalize::Ranker> ranker,
      learner.train(split.train, values,
                    {.pool = session.pool(), .progress = session.progress(), .seed = seed}));
  return personalize::Evaluate(*ranker, split, {}, {}, session.pool(), session.progress());
}

core::Result<personalize::MetricValue> Find(const personalize::Evaluation& evaluation,
                                            const std::string& name) {
  const auto found = std::ranges::find(evaluation.metrics, name, &personalize::MetricValue::name);
  if (found != evaluation.metrics.end()) return *found;
  return core::Fail(core::ErrorCode::kUsage, "--metric {}: there is no such metric", name);
}

core::Result<PriceReport> PriceIntoRun(Session& session, platform::Run& run,
                                       const PriceRequest& request,
                                       const SubjectSelection& selection) {
  KLIEG_ASSIGN(const personalize::Learner* learner, personalize::FindLearner(request.ranker));
  KLIEG_ASSIGN(const personalize::HyperParameters values,
               personalize::HyperParameters::Make(learner->hyper_parameters, request.set));
  KLIEG_ASSIGN(const LoadedInteractions loaded,
               LoadInteractions(session, run, request.dataset, rights::Purpose::kMeasure,
                                "the price of consent", request.filter));
  const SelectedIds ids = IdsIn(session.gate().book(), loaded.snapshot, selection);
  KLIEG_ASSIGN(personalize::Split split,
               personalize::MakeSplit(loaded.data, personalize::SplitKind::kStrong,
                                      personalize::SplitPart::kTest, {}));
  PriceReport report;
  report.run = run.id();
  report.metric = request.metric;
  report.split = split.description;
  report.works = selection.works.size();
  const std::vector<bool> titles = Marked(split.train.title_names, ids.titles);
  const std::vector<bool> members = Marked(split.train.member_names, ids.members);
  report.titles = static_cast<uint64_t>(std::ranges::count(titles, true));
  report.members = static_cast<uint64_t>(std::ranges::count(members, true));
  report.interactions_all = split.train.matrix.entry_count();
  if (report.titles + report.members == 0) {
    return core::Fail(core::ErrorCode::kInvalidArgument,
                      "none of this material is in the dataset '{}': link works to its titles with "
                      "klieg rights work add --title-id",
                      request.dataset);
  }
  KLIEG_ASSIGN(const personalize::Evaluation with,
               Judge(session, *learner, values, split, request.seed));
  split.train.matrix = Without(split.train.matrix, members, titles);
  split.train.times.clear();
  split.train.file_order.clear();
  split.fold_in = Without(split.fold_in, {}, titles);
  report.interactions = report.interactions_all - split.train.matrix.entry_count();
  KLIEG_ASSIGN(const personalize::Evaluation without,
               Judge(session, *learner, values, split, request.seed));
  KLIEG_ASSIGN(const personalize::MetricValue a, Find(with, request.metric));
  KLIEG_ASSIGN(const personalize::MetricValue b, Find(without, request.metric));
  report.with = a.value;
  report.with_low = a.low;
  report.with_high = a.high;
  report.without = b.value;
  report.without_low = b.low;
  report.without_high = b.high;
  KLIEG_ASSIGN(report.difference, personalize::Compare(with, without, request.metric, {}));
  KLIEG_TRY(run.AddMetrics(
      {{"with", a.name, a.value, a.low, a.high, a.method},
       {"without", b.name, b.value, b.low, b.high, b.method},
       {"without - with", a.name, report.difference.difference, report.difference.low,
        report.difference.high, "paired bootstrap over members"}}));
  return report;
}

}  // namespace

core::Result<PriceReport> PriceConsent(Session& session, const PriceRequest& request) {
  KLIEG_ASSIGN(SubjectSelection selection, SelectParties(session.gate().book(), request.without));
  for (const std::string& member : request.members) {
    KLIEG_ASSIGN(rights::SubjectRef ref, rights::ParseSubjectRef(member));
    selection.members.push_back(std::move(ref));
  }
  std::ranges::sort(selection.members);
  KLIEG_ASSIGN(platform::Run run,
               session.store().StartRun(
                   {.kind = "price",
                    .name = fmt::format("price of consent: {} {}", fmt::join(request.without, ", "),
                                        fmt::join(request.members, ", ")),
                    .command = session.command(),
                    .parameters = json{{"ranker", request.ranker},
                                       {"dataset", request.dataset},
                                       {"without", request.without},
                                       {"members", request.members}}
                                      .dump(),
                    .seed = request.seed,
                    .repeats = {}}));
  auto report = PriceIntoRun(session, run, request, selection);
  if (!report) return run.Fail(report.error());
  KLIEG_TRY(run.Finish());
  return report;
}

}  // namespace klieg::flows
