#include "flows/report_evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "flows/html_text.h"
#include "flows/metrics_table.h"
#include "flows/report_verdict.h"
#include "flows/svg_chart.h"

namespace klieg::flows {
namespace {

template <class... Args>
void Append(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

std::string Empty(const std::string& what, const std::string& how) {
  return fmt::format("<div class=\"card empty\"><p>{}</p><p>{}</p></div>\n", what, how);
}

std::string Percent(double share) { return fmt::format("{:.3g} %", 100 * share); }

std::string Legend(const std::vector<Placement>& board) {
  const std::pair<Standing, const char*> entries[] = {
      {Standing::kLeader, "leads"},
      {Standing::kTied, "not told apart from the leader"},
      {Standing::kBehind, "really behind the leader"},
      {Standing::kUntested, "not compared with the leader"}};
  std::string items;
  for (const auto& [standing, words] : entries) {
    const bool used =
        std::any_of(board.begin(), board.end(), [wanted = standing](const Placement& placement) {
          return placement.primary != nullptr && placement.standing == wanted;
        });
    if (used) Append(items, "<li>{}{}</li>", DrawLegendMarker(standing), words);
  }
  return items.empty() ? "" : fmt::format("<ul class=\"legend\">{}</ul>\n", items);
}

std::string DrawBothSizes(const IntervalChart& chart) {
  return DrawIntervals(chart, ChartSize::kWide) + DrawIntervals(chart, ChartSize::kNarrow);
}

std::string LeaderboardFigure(const ReportEvaluation& evaluation,
                              const std::vector<Placement>& board, const std::string& id) {
  const std::string& metric = evaluation.primary_metric;
  const int decimals = MetricDecimals(evaluation, metric);
  IntervalChart chart;
  chart.id = id + "-board";
  chart.title = fmt::format("Leaderboard by {}", metric);
  chart.axis_title =
      metric + (MetricDirection(metric) == Direction::kLower ? " (lower is better)" : "");
  std::string unmeasured;
  for (const Placement& placement : board) {
    if (placement.primary == nullptr) {
      unmeasured += (unmeasured.empty() ? "" : ", ") + placement.model->name;
      continue;
    }
    const std::string text = MetricText(placement.primary, decimals);
    chart.description += fmt::format("{}: {}. ", placement.model->name, text);
    chart.rows.push_back({placement.model->name, placement.primary->value, placement.primary->low,
                          placement.primary->high, placement.standing, text,
                          placement.standing == Standing::kLeader});
  }
  std::string out =
      fmt::format("<figure class=\"card\"><h3>Leaderboard by {}</h3>\n", Escape(metric));
  out += Legend(board);
  if (!chart.rows.empty()) out += DrawBothSizes(chart);
  if (!unmeasured.empty())
    Append(out, "<p class=\"small soft\">Not measured: {}.</p>\n", Escape(unmeasured));
  if (!chart.rows.empty()) {
    const std::string& method = board[0].primary->method;
    Append(out, "<figcaption>Marker: the figure measured. Line: its {} interval{}.",
           Percent(evaluation.confidence),
           method.empty() ? "" : fmt::format(" ({})", Escape(method)));
    if (board[0].model->members > 0)
      Append(out, " {} members evaluated.", CountText(board[0].model->members));
    out += " The axis need not begin at zero.</figcaption>\n";
  }
  return out + "</figure>\n";
}

// Models for which no other is both at least as good and at least as far to the better side of x.
std::vector<size_t> Frontier(const std::vector<ScatterPoint>& points, bool low_x_is_better,
                             bool low_y_is_better) {
  const auto beats = [&](const ScatterPoint& a, const ScatterPoint& b) {
    const double x = low_x_is_better ? b.x - a.x : a.x - b.x;
    const double y = low_y_is_better ? b.y - a.y : a.y - b.y;
    return x >= 0 && y >= 0 && (x > 0 || y > 0);
  };
  std::vector<size_t> frontier;
  for (size_t i = 0; i < points.size(); ++i) {
    const bool beaten = std::any_of(points.begin(), points.end(), [&](const ScatterPoint& other) {
      return beats(other, points[i]);
    });
    if (!beaten) frontier.push_back(i);
  }
  std::sort(frontier.begin(), frontier.end(), [&](size_t a, size_t b) {
    return std::pair(points[a].x, points[a].y) < std::pair(points[b].x, points[b].y);
  });
  return frontier;
}

// What the two plots differ in.
struct PlotKind {
  std::string id;
  std::string heading;
  std::string x_title;
  bool low_x_is_better = false;
  std::string caption;
  std::string missing;  // Why a model has no place in the picture.
};

std::string ScatterFigure(const ReportEvaluation& evaluation, const PlotKind& kind,
                          ScatterChart chart, const std::vector<std::string>& left_out) {
  std::string out = fmt::format("<figure class=\"card\"><h3>{}</h3>\n", Escape(kind.heading));
  std::string caption = kind.caption;
  if (chart.points.empty()) {
    Append(out, "<p class=\"soft\">No model has both figures.</p>\n");
  } else {
    chart.id = kind.id;
    chart.title = kind.heading;
    chart.x_title = kind.x_title;
    const bool low_is_better = MetricDirection(evaluation.primary_metric) == Direction::kLower;
    chart.y_title =
        evaluation.primary_metric + (low_is_better ? " (lower is better)" : " (higher is better)");
    double low = INFINITY;
    double high = -INFINITY;
    for (const ScatterPoint& point : chart.points) {
      chart.description += point.text + ". ";
      low = std::min(low, point.y);
      high = std::max(high, point.y);
    }
    // Air keeps the markers off the frame; below zero there is nothing to show.
    const double air = (high - low) * 0.07;
    chart.y = LinearAxis(low >= 0 ? std::max(0.0, low - air) : low - air, high + air, 5);
    chart.frontier = Frontier(chart.points, kind.low_x_is_better, low_is_better);
    const ScatterDrawing wide = DrawScatter(chart, ChartSize::kWide);
    const ScatterDrawing narrow = DrawScatter(chart, ChartSize::kNarrow);
    out += wide.svg + narrow.svg;
    if (!wide.unlabelled.empty() || !narrow.unlabelled.empty()) {
      caption +=
          " Where there is no room for a name, it is shown on pointing at the marker and in the "
          "table above.";
    }
  }
  for (size_t i = 0; i < left_out.size(); ++i) {
    Append(caption, "{}{}", i == 0 ? " Not drawn, " + kind.missing + ": " : ", ",
           Escape(left_out[i]));
  }
  if (!left_out.empty()) caption += ".";
  return fmt::format("{}<figcaption>{}</figcaption></figure>\n", out, caption);
}

ScatterPoint Point(const Placement& placement, double x, const std::string& x_text,
                   const std::string& metric, int decimals) {
  const ReportMetric& primary = *placement.primary;
  return {placement.model->name, x, primary.value, placement.standing,
          fmt::format("{}: {} {}, {}", placement.model->name, metric,
                      MetricText(&primary, decimals), x_text)};
}

std::string CostFigure(const ReportEvaluation& evaluation, const std::vector<Placement>& board,
                       const std::string& id) {
  const std::string& metric = evaluation.primary_metric;
  PlotKind kind = {id + "-cost",
                   "Quality against training cost",
                   "training time, logarithmic (left is cheaper)",
                   true,
                   "Dashed: no other model is both better and quicker to train. The intervals "
                   "stand in the leaderboard.",
                   "without a training time"};
  ScatterChart chart;
  std::vector<std::string> left_out;
  double low = INFINITY;
  double high = 0;
  bool clamped = false;
  for (const Placement& placement : board) {
    const double seconds = placement.model->train_seconds;
    if (placement.primary == nullptr || !std::isfinite(seconds) || seconds < 0) {
      left_out.push_back(placement.model->name);
      continue;
    }
    clamped = clamped || seconds < kDurationAxisMinSeconds;
    const double drawn = std::max(seconds, kDurationAxisMinSeconds);
    low = std::min(low, drawn);
    high = std::max(high, drawn);
    chart.points.push_back(Point(placement, drawn, "trained in " + DurationText(seconds), metric,
                                 MetricDecimals(evaluation, metric)));
  }
  chart.x = DurationAxis(low, high, 7);
  if (clamped) kind.caption += " Times below 1 ms are drawn at 1 ms.";
  return ScatterFigure(evaluation, kind, std::move(chart), left_out);
}

// The coverage at the primary metric's cutoff, else the first that any model has.
std::string CoverageName(const ReportEvaluation& evaluation) {
  const size_t at = evaluation.primary_metric.find('@');
  const std::string wanted =
      "coverage" + (at == std::string::npos ? std::string() : evaluation.primary_metric.substr(at));
  std::string first;
  for (const ReportModel& model : evaluation.models) {
    for (const ReportMetric& metric : model.metrics) {
      if (metric.name == wanted) return wanted;
      const bool coverage = metric.name == "coverage" || metric.name.starts_with("coverage@");
      if (first.empty() && coverage) first = metric.name;
    }
  }
  return first;
}

std::string CoverageFigure(const ReportEvaluation& evaluation, const std::vector<Placement>& board,
                           const std::string& id) {
  const std::string name = CoverageName(evaluation);
  const std::string& metric = evaluation.primary_metric;
  const PlotKind kind = {
      id + "-coverage",
      "Quality against coverage",
      (name.empty() ? "coverage" : name) + " (share of the catalogue shown)",
      false,
      "Dashed: no other model both ranks better and shows more of the catalogue.",
      "without a coverage"};
  ScatterChart chart;
  std::vector<std::string> left_out;
  double low = INFINITY;
  double high = -INFINITY;
  for (const Placement& placement : board) {
    const ReportMetric* coverage = name.empty() ? nullptr : FindMetric(*placement.model, name);
    if (placement.primary == nullptr || coverage == nullptr) {
      left_out.push_back(placement.model->name);
      continue;
    }
    low = std::min(low, coverage->value);
    high = std::max(high, coverage->value);
    chart.points.push_back(Point(placement, coverage->value,
                                 fmt::format("{} {}", name, Percent(coverage->value)), metric,
                                 MetricDecimals(evaluation, metric)));
  }
  if (!chart.points.empty()) chart.x = LinearAxis(low, high, 5, true);
  return ScatterFigure(evaluation, kind, std::move(chart), left_out);
}

std::string ComparisonsCard(const ReportEvaluation& evaluation, const std::string& id) {
  if (evaluation.comparisons.empty()) {
    return evaluation.models.size() < 2
               ? ""
               : Empty("No two models have been compared member by member.",
                       "Evaluate them in one call, <code>klieg evaluate A B --dataset …</code>: "
                       "overlapping intervals "
                       "alone do not tell whether a difference is real.");
  }
  IntervalChart chart;
  chart.id = id + "-differences";
  chart.title = "Differences, paired by member";
  chart.axis_title = "difference (across zero: it may be chance)";
  chart.zero_line = true;
  std::string sentences;
  for (const ReportComparison& comparison : evaluation.comparisons) {
    const std::string sentence = ComparisonSentence(evaluation, comparison);
    chart.description += sentence + " ";
    const bool same_metric = comparison.metric == evaluation.primary_metric;
    if (same_metric && std::isfinite(comparison.difference)) {
      const int decimals = DifferenceDecimals(evaluation, comparison.metric);
      chart.rows.push_back({fmt::format("{} over {}", comparison.better, comparison.other),
                            comparison.difference, comparison.low, comparison.high,
                            comparison.real ? Standing::kLeader : Standing::kTied,
                            fmt::format("{}, {}", Signed(comparison.difference, decimals),
                                        PValueText(comparison.p_value)),
                            false});
    }
    Append(sentences, "<li><span class=\"tag {}\">{}</span><span>{}</span></li>\n",
           comparison.real ? "real" : "open", comparison.real ? "real" : "not shown",
           SentenceHtml(sentence));
  }
  std::string out = "<div class=\"card\"><h3>Is the difference real?</h3>\n";
  if (!chart.rows.empty()) {
    Append(out, "<ul class=\"legend\"><li>{}real</li><li>{}not shown to be real</li></ul>\n",
           DrawLegendMarker(Standing::kLeader), DrawLegendMarker(Standing::kTied));
    out += DrawBothSizes(chart);
  }
  Append(out, "<ul class=\"plain\">\n{}</ul>\n", sentences);
  return out + "</div>\n";
}

std::string SettingsCard(const std::vector<Placement>& board) {
  std::string rows;
  for (const Placement& placement : board) {
    const ReportModel& model = *placement.model;
    std::string settings;
    for (const auto& [key, value] : model.hyper_parameters) {
      Append(settings, "{}<code>{}={}</code>", settings.empty() ? "" : " · ", Escape(key),
             Escape(value));
    }
    Append(rows,
           "<tr><th scope=\"row\">{}</th><td class=\"text\" data-label=\"Ranker\">{}</td>"
           "<td class=\"text\" data-label=\"Settings\">{}</td><td data-label=\"Training\">{}</td>"
           "<td data-label=\"Peak memory\">{}</td><td data-label=\"Members\">{}</td></tr>\n",
           Escape(model.name), Escape(model.ranker), settings.empty() ? "defaults" : settings,
           DurationText(model.train_seconds), BytesText(model.peak_bytes),
           CountText(model.members));
  }
  return fmt::format(
      "<div class=\"card\"><h3>Models and their settings</h3>\n"
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Models and their "
      "settings\">"
      "<table class=\"settings\"><thead><tr><th class=\"text\" scope=\"col\">Model</th>"
      "<th class=\"text\" scope=\"col\">Ranker</th><th class=\"text\" scope=\"col\">Settings</th>"
      "<th scope=\"col\">Training</th><th scope=\"col\">Peak memory</th><th "
      "scope=\"col\">Members</th></tr></thead>\n"
      "<tbody>\n{}</tbody></table></div></div>\n",
      rows);
}

}  // namespace

std::string EvaluationName(const ReportEvaluation& evaluation) {
  if (evaluation.split.empty()) return evaluation.dataset;
  return fmt::format("{}, {} split", evaluation.dataset, evaluation.split);
}

std::string RenderEvaluation(const ReportEvaluation& evaluation, const std::string& id) {
  const std::vector<Placement> board = Leaderboard(evaluation);
  std::string out =
      fmt::format("<section id=\"{0}\" aria-labelledby=\"{0}-h\"><h2 id=\"{0}-h\">{1}</h2>\n", id,
                  Escape(EvaluationName(evaluation)));
  if (!evaluation.split_description.empty()) {
    Append(out, "<p class=\"soft\">{}</p>\n", Escape(evaluation.split_description));
  }
  if (!evaluation.run.empty()) {
    Append(out, "<p class=\"soft small\">Run <code>{}</code></p>\n", Escape(evaluation.run));
  }
  if (board.empty()) {
    out += Empty("No model has been evaluated here yet.",
                 "<code>klieg evaluate popularity ease --dataset NAME --split strong</code> fills "
                 "this section.");
  } else {
    out += LeaderboardFigure(evaluation, board, id);
    out += RenderMetricsTable(evaluation, board);
    Append(out, "<div class=\"pair\">\n{}{}</div>\n", CostFigure(evaluation, board, id),
           CoverageFigure(evaluation, board, id));
    out += ComparisonsCard(evaluation, id);
    out += SettingsCard(board);
  }
  return out + "</section>\n";
}

}  // namespace klieg::flows
