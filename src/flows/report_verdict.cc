#include "flows/report_verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <regex>

#include "flows/html_text.h"

namespace klieg::flows {
namespace {

bool Joins(const ReportComparison& comparison, const std::string& a, const std::string& b) {
  return (comparison.better == a && comparison.other == b) ||
         (comparison.better == b && comparison.other == a);
}

const ReportComparison* FindComparison(const ReportEvaluation& evaluation, const std::string& a,
                                       const std::string& b) {
  for (const ReportComparison& comparison : evaluation.comparisons) {
    if (comparison.metric == evaluation.primary_metric && Joins(comparison, a, b))
      return &comparison;
  }
  return nullptr;
}

// "a", "a and b", "a, b and c".
std::string Enumerate(const std::vector<std::string>& items) {
  std::string out;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += i + 1 == items.size() ? " and " : ", ";
    out += items[i];
  }
  return out;
}

std::vector<const Placement*> WithStanding(const std::vector<Placement>& board, Standing standing) {
  std::vector<const Placement*> found;
  for (const Placement& placement : board) {
    if (placement.standing == standing && placement.primary != nullptr) found.push_back(&placement);
  }
  return found;
}

// "blend (p = 0.58) and ease (p = 0.095)"; the names beyond the third become a count.
std::string WithPValues(const std::vector<const Placement*>& placements) {
  constexpr size_t kNamed = 3;
  std::vector<std::string> items;
  const size_t named = placements.size() > kNamed + 1 ? kNamed : placements.size();
  for (size_t i = 0; i < named; ++i) {
    items.push_back(fmt::format("{} ({})", placements[i]->model->name,
                                PValueText(placements[i]->with_leader->p_value)));
  }
  if (named < placements.size())
    items.push_back(fmt::format("{} others", placements.size() - named));
  return Enumerate(items);
}

// What follows "edlae leads on ndcg@100: 0.412 [0.380, 0.445]; " when no comparison with the leader
// is open.
std::string LeadOverTheRest(const std::vector<Placement>& board) {
  const Placement& second = board[1];
  if (second.standing == Standing::kUntested) {
    return fmt::format("its lead over {} was not tested", second.model->name);
  }
  const size_t behind = WithStanding(board, Standing::kBehind).size();
  const auto measured = static_cast<size_t>(std::count_if(
      board.begin(), board.end(), [](const Placement& p) { return p.primary != nullptr; }));
  const bool over_all = behind > 1 && behind + 1 == measured;
  return fmt::format("its lead over {} is real ({}){}", second.model->name,
                     PValueText(second.with_leader->p_value),
                     over_all ? ", and so is its lead over all the others" : "");
}

}  // namespace

const ReportMetric* FindMetric(const ReportModel& model, std::string_view name) {
  for (const ReportMetric& metric : model.metrics) {
    if (metric.name == name && std::isfinite(metric.value)) return &metric;
  }
  return nullptr;
}

Direction MetricDirection(std::string_view name) {
  const std::string_view family = name.substr(0, name.find('@'));
  if (family == "gini" || family == "calibration") return Direction::kLower;
  if (family == "novelty" || family == "diversity") return Direction::kNeither;
  return Direction::kHigher;
}

std::vector<Placement> Leaderboard(const ReportEvaluation& evaluation) {
  std::vector<Placement> board;
  for (const ReportModel& model : evaluation.models) {
    board.push_back(
        {&model, FindMetric(model, evaluation.primary_metric), nullptr, Standing::kUntested});
  }
  const bool lower = MetricDirection(evaluation.primary_metric) == Direction::kLower;
  std::stable_sort(board.begin(), board.end(), [lower](const Placement& a, const Placement& b) {
    if (a.primary == nullptr || b.primary == nullptr)
      return a.primary != nullptr && b.primary == nullptr;
    return lower ? a.primary->value < b.primary->value : a.primary->value > b.primary->value;
  });
  if (board.empty() || board[0].primary == nullptr) return board;
  board[0].standing = Standing::kLeader;
  for (size_t i = 1; i < board.size(); ++i) {
    if (board[i].primary == nullptr) continue;
    board[i].with_leader = FindComparison(evaluation, board[0].model->name, board[i].model->name);
    if (board[i].with_leader != nullptr) {
      board[i].standing = board[i].with_leader->real ? Standing::kBehind : Standing::kTied;
    }
  }
  return board;
}

std::string Conclusion(const ReportEvaluation& evaluation) {
  const std::vector<Placement> board = Leaderboard(evaluation);
  if (board.empty())
    return fmt::format("No model has been evaluated on {} yet.", evaluation.dataset);
  const std::string& metric = evaluation.primary_metric;
  if (board[0].primary == nullptr) return fmt::format("No model has a figure for {}.", metric);
  const std::string figure = MetricText(board[0].primary, MetricDecimals(evaluation, metric));
  const std::string& leader = board[0].model->name;
  if (board.size() == 1 || board[1].primary == nullptr) {
    return fmt::format("{} reaches {} on {}; there is no other model to compare it with.", leader,
                       figure, metric);
  }
  if (board[1].primary->value == board[0].primary->value) {
    return fmt::format("{} and {} are level on {}: {}.", leader, board[1].model->name, metric,
                       figure);
  }
  const std::vector<const Placement*> tied = WithStanding(board, Standing::kTied);
  if (!tied.empty()) {
    return fmt::format("{} has the {} {}, {}, but its lead over {} is not shown to be real.",
                       leader, MetricDirection(metric) == Direction::kLower ? "lowest" : "highest",
                       metric, figure, WithPValues(tied));
  }
  return fmt::format("{} leads on {}: {}; {}.", leader, metric, figure, LeadOverTheRest(board));
}

std::string Advice(const ReportEvaluation& evaluation) {
  const std::vector<Placement> board = Leaderboard(evaluation);
  const std::vector<const Placement*> tied = WithStanding(board, Standing::kTied);
  if (tied.empty()) return "";
  const auto cost = [](const Placement* placement) {
    const double seconds = placement->model->train_seconds;
    return std::isfinite(seconds) && seconds > 0 ? seconds : INFINITY;
  };
  const Placement* cheapest = board.data();
  for (const Placement* placement : tied) {
    if (cost(placement) < cost(cheapest)) cheapest = placement;
  }
  if (!std::isfinite(cost(cheapest))) return "";
  const std::string group =
      tied.size() == 1 ? "Of the two" : fmt::format("Of these {} models", tied.size() + 1);
  return fmt::format(
      "{}, {} is the quickest to train ({}); let cost, coverage and reasons decide, or evaluate on "
      "more "
      "members.",
      group, cheapest->model->name, DurationText(cost(cheapest)));
}

std::string ComparisonSentence(const ReportEvaluation& evaluation,
                               const ReportComparison& comparison) {
  const int decimals = DifferenceDecimals(evaluation, comparison.metric);
  std::string interval;
  if (std::isfinite(comparison.low) && std::isfinite(comparison.high)) {
    interval =
        fmt::format(" [{}, {}]", Fixed(comparison.low, decimals), Fixed(comparison.high, decimals));
  }
  std::string relative;
  for (const ReportModel& model : evaluation.models) {
    const ReportMetric* metric =
        model.name == comparison.other ? FindMetric(model, comparison.metric) : nullptr;
    if (metric != nullptr && metric->value > 0 && std::isfinite(comparison.difference)) {
      relative = fmt::format(" ({} %)", Signed(100 * comparison.difference / metric->value, 1));
    }
  }
  const std::string difference = Fixed(comparison.difference, decimals);
  const std::string p_value = PValueText(comparison.p_value);
  if (comparison.real) {
    return fmt::format("{} is better than {} by {}{}{} on {}; the difference is real ({}).",
                       comparison.better, comparison.other, difference, interval, relative,
                       comparison.metric, p_value);
  }
  return fmt::format(
      "{} and {} differ by {}{}{} on {}; the difference is not shown to be real ({}).",
      comparison.better, comparison.other, difference, interval, relative, comparison.metric,
      p_value);
}

std::string SentenceHtml(const std::string& sentence) {
  // Bounded repeats: std::regex recurses, and names may be of any length.
  static const std::regex figures(R"(\(p [^()]{1,14}\)|[0-9.]{1,12} \[[^\[\]]{1,40}\])");
  return std::regex_replace(Escape(sentence), figures, "<span class=\"together\">$&</span>");
}

std::string MetricText(const ReportMetric* metric, int decimals) {
  if (metric == nullptr || !std::isfinite(metric->value)) return "not measured";
  if (!std::isfinite(metric->low) || !std::isfinite(metric->high))
    return Fixed(metric->value, decimals);
  return fmt::format("{} [{}, {}]", Fixed(metric->value, decimals), Fixed(metric->low, decimals),
                     Fixed(metric->high, decimals));
}

int MetricDecimals(const ReportEvaluation& evaluation, std::string_view name) {
  int decimals = 2;
  for (const ReportModel& model : evaluation.models) {
    const ReportMetric* metric = FindMetric(model, name);
    if (metric != nullptr)
      decimals = std::max(decimals, DecimalsFor(metric->value, metric->low, metric->high));
  }
  return decimals;
}

int DifferenceDecimals(const ReportEvaluation& evaluation, std::string_view metric) {
  int decimals = 2;
  for (const ReportComparison& comparison : evaluation.comparisons) {
    if (comparison.metric != metric) continue;
    decimals =
        std::max(decimals, DecimalsFor(comparison.difference, comparison.low, comparison.high));
  }
  return decimals;
}

}  // namespace klieg::flows
