#include "flows/metrics_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <utility>

#include "flows/html_text.h"

namespace klieg::flows {
namespace {

template <class... Args>
void Append(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

std::string FamilyOf(std::string_view metric) {
  return std::string(metric.substr(0, metric.find('@')));
}

// What the script orders by: enough digits to tell any two figures apart.
std::string SortKey(double value) {
  return std::isfinite(value) ? fmt::format(" data-value=\"{:.9g}\"", value) : "";
}

const ReportMetric* BestOf(const ReportEvaluation& evaluation, const std::string& name) {
  const Direction direction = MetricDirection(name);
  const ReportMetric* best = nullptr;
  if (direction == Direction::kNeither || evaluation.models.size() < 2) return best;
  for (const ReportModel& model : evaluation.models) {
    const ReportMetric* metric = FindMetric(model, name);
    if (metric == nullptr) continue;
    const bool better =
        best == nullptr || (direction == Direction::kHigher ? metric->value > best->value
                                                            : metric->value < best->value);
    if (better) best = metric;
  }
  return best;
}

struct Column {
  std::string metric;
  int decimals = 3;
  const ReportMetric* best = nullptr;
  std::string css;  // Classes of its cells.
};

std::string Cell(const ReportModel& model, const Column& column) {
  const ReportMetric* metric = FindMetric(model, column.metric);
  if (metric == nullptr) return fmt::format("<td class=\"{}\">–</td>", column.css);
  const bool best = column.best != nullptr && metric->value == column.best->value;
  std::string interval;
  if (std::isfinite(metric->low) && std::isfinite(metric->high) && metric->low < metric->high) {
    interval = fmt::format("<small>{} – {}</small>", Fixed(metric->low, column.decimals),
                           Fixed(metric->high, column.decimals));
  }
  return fmt::format("<td class=\"{}{}\"{}>{}{}</td>", column.css, best ? " best" : "",
                     SortKey(metric->value), Fixed(metric->value, column.decimals), interval);
}

std::string Header(const ReportEvaluation& evaluation, const std::vector<MetricFamily>& families) {
  std::string first =
      "<tr><th class=\"pin\" rowspan=\"2\" scope=\"col\" data-column=\"0\" data-kind=\"text\" "
      "data-first=\"ascending\" data-name=\"Model\">Model</th>";
  std::string second = "<tr>";
  size_t column = 1;
  for (const MetricFamily& family : families) {
    Append(first, "<th class=\"family\" colspan=\"{}\" scope=\"colgroup\" title=\"{}\">{}</th>",
           family.metrics.size(), Escape(MetricMeaning(family.name)), Escape(family.name));
    for (const std::string& metric : family.metrics) {
      const size_t at = metric.find('@');
      const bool lower = MetricDirection(metric) == Direction::kLower;
      Append(second,
             "<th class=\"{}{}\" scope=\"col\" data-column=\"{}\" data-first=\"{}\" "
             "data-name=\"{}\"{}>{}</th>",
             metric == family.metrics.front() ? "first" : "",
             metric == evaluation.primary_metric ? " prime" : "", column,
             lower ? "ascending" : "descending", Escape(metric),
             metric == evaluation.primary_metric
                 ? fmt::format(" aria-sort=\"{}\"", lower ? "ascending" : "descending")
                 : "",
             at == std::string::npos ? "all" : Escape(metric.substr(at)));
      ++column;
    }
  }
  Append(first, "<th class=\"family\" colspan=\"2\" scope=\"colgroup\">training</th></tr>\n");
  Append(second,
         "<th class=\"first\" scope=\"col\" data-column=\"{}\" data-first=\"ascending\" "
         "data-name=\"Training time\">time"
         "</th><th scope=\"col\" data-column=\"{}\" data-first=\"ascending\" data-name=\"Peak "
         "memory\">memory</th></tr>\n",
         column, column + 1);
  return first + second;
}

}  // namespace

std::vector<MetricFamily> MetricFamilies(const ReportEvaluation& evaluation) {
  std::vector<MetricFamily> families;
  for (const ReportModel& model : evaluation.models) {
    for (const ReportMetric& metric : model.metrics) {
      const std::string name = FamilyOf(metric.name);
      auto family = std::find_if(families.begin(), families.end(),
                                 [&](const MetricFamily& f) { return f.name == name; });
      if (family == families.end()) family = families.insert(families.end(), {name, {}});
      std::vector<std::string>& metrics = family->metrics;
      if (std::find(metrics.begin(), metrics.end(), metric.name) == metrics.end())
        metrics.push_back(metric.name);
    }
  }
  const std::string primary = FamilyOf(evaluation.primary_metric);
  std::stable_partition(families.begin(), families.end(),
                        [&](const MetricFamily& f) { return f.name == primary; });
  return families;
}

std::string RenderMetricsTable(const ReportEvaluation& evaluation,
                               const std::vector<Placement>& board) {
  const std::vector<MetricFamily> families = MetricFamilies(evaluation);
  std::vector<Column> columns;
  for (const MetricFamily& family : families) {
    for (const std::string& metric : family.metrics) {
      std::string css = metric == family.metrics.front() ? "first" : "";
      if (metric == evaluation.primary_metric) css += css.empty() ? "prime" : " prime";
      columns.push_back(
          {metric, MetricDecimals(evaluation, metric), BestOf(evaluation, metric), css});
    }
  }
  std::string rows;
  for (const Placement& placement : board) {
    const ReportModel& model = *placement.model;
    Append(rows, "<tr><th class=\"pin\" scope=\"row\">{}</th>", Escape(model.name));
    for (const Column& column : columns) rows += Cell(model, column);
    const bool timed = std::isfinite(model.train_seconds) && model.train_seconds >= 0;
    Append(rows, "<td class=\"first\"{}>{}</td><td{}>{}</td></tr>\n",
           timed ? SortKey(model.train_seconds) : "", DurationText(model.train_seconds),
           model.peak_bytes > 0 ? SortKey(static_cast<double>(model.peak_bytes)) : "",
           BytesText(model.peak_bytes));
  }
  return fmt::format(
      "<div class=\"card breakable\"><h3>All metrics</h3>\n<p class=\"small soft\">Below each "
      "figure stands its {:.3g} % "
      "interval. Bold: the best of a column, where one direction is better. The shaded column "
      "orders the leaderboard.</p>\n"
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"All metrics of {}\">"
      "<table class=\"metrics "
      "sortable\">\n<thead>{}</thead>\n<tbody>\n{}</tbody></table></div></div>\n",
      100 * evaluation.confidence, Escape(evaluation.dataset), Header(evaluation, families), rows);
}

std::string_view MetricMeaning(std::string_view family) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kMeanings = {{
      {"ndcg",
       "Held-out titles found among the first k, counted more the higher they stand; 1 is a "
       "perfect order."},
      {"recall",
       "Share of the held-out titles found among the first k, of at most k that could be found."},
      {"recall_full",
       "Share of all held-out titles found among the first k; cannot reach 1 when more than k are "
       "held out."},
      {"precision", "Share of the first k that are held-out titles."},
      {"map", "Mean precision at the places of the held-out titles among the first k."},
      {"mrr", "One over the place of the first held-out title; 0 when none is among the first k."},
      {"hit_rate", "Share of members with at least one held-out title among the first k."},
      {"coverage",
       "Share of the catalogue that is recommended to at least one member among the first k."},
      {"gini",
       "How unevenly the recommendations fall on titles: 0 is even, 1 is all on one title; lower "
       "spreads wider."},
      {"novelty",
       "How rare the recommended titles are, in bits: high for the long tail, low for what "
       "everybody saw."},
      {"diversity",
       "How different the recommended titles of one member are from each other, by genre."},
      {"calibration",
       "How far the genres recommended depart from the genres watched; 0 is the same mixture, "
       "lower is closer."},
  }};
  for (const auto& [name, meaning] : kMeanings) {
    if (name == family) return meaning;
  }
  return "";
}

}  // namespace klieg::flows
