#include "flows/report_examples.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <utility>

#include "flows/html_text.h"

namespace klieg::flows {
namespace {

constexpr size_t kReasonsShown = 5;
constexpr size_t kHistoryShown = 12;
constexpr double kNegligible =
    1e-6;  // of the score: rounding of single-precision sums, not a part of the reason

template <class... Args>
void Append(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

struct Scale {
  double low = 0;
  double high = 0;
  int decimals = 3;
};

// One scale for all recommendations of a member, so that bars can be compared down the page.
Scale ScaleOf(const ReportMember& member) {
  Scale scale;
  double score = 0;
  for (const ReportRecommendation& recommendation : member.recommendations) {
    if (std::isfinite(recommendation.score))
      score = std::max(score, std::abs(recommendation.score));
    for (const ContributionRow& row : ContributionRows(recommendation)) {
      if (!std::isfinite(row.amount)) continue;
      scale.low = std::min(scale.low, row.amount);
      scale.high = std::max(scale.high, row.amount);
    }
  }
  if (score > 0)
    scale.decimals =
        static_cast<int>(std::clamp(3.0 - std::floor(std::log10(score)) - 1, 0.0, 8.0));
  return scale;
}

std::string Bar(const ContributionRow& row, const Scale& scale) {
  const double range = scale.high - scale.low;
  if (!(range > 0) || !std::isfinite(row.amount)) return "";
  const double zero = 100 * -scale.low / range;
  const double width = 100 * std::abs(row.amount) / range;
  const double start = row.amount < 0 ? zero - width : zero;
  const char* css = row.kind == ContributionRow::Kind::kBase ? "base"
                    : row.amount < 0                         ? "down"
                                                             : "up";
  std::string out = fmt::format(
      "<svg aria-hidden=\"true\"><rect class=\"{}\" x=\"{:.2f}%\" y=\"1\" width=\"{:.2f}%\" "
      "height=\"10\" rx=\"1\"/>",
      css, start, width);
  if (scale.low < 0)
    Append(out, "<line x1=\"{0:.2f}%\" x2=\"{0:.2f}%\" y1=\"0\" y2=\"12\"/>", zero);
  return out + "</svg>";
}

std::string Recommendation(const ReportRecommendation& recommendation, size_t rank,
                           const Scale& scale) {
  std::string out = fmt::format("<li><h4><span class=\"rank\">{}</span><bdi>{}</bdi></h4>\n", rank,
                                Escape(recommendation.title));
  const std::vector<ContributionRow> rows = ContributionRows(recommendation);
  Append(out,
         "<table class=\"reasons\"><colgroup><col><col class=\"bar\"><col "
         "class=\"amount\"></colgroup>\n<thead><tr>"
         "<th class=\"text\" scope=\"col\">{}</th><td></td><th "
         "scope=\"col\">adds</th></tr></thead><tbody>\n",
         recommendation.reasons.empty() ? "Not from this member’s history" : "Because of");
  for (const ContributionRow& row : rows) {
    const bool named = row.kind == ContributionRow::Kind::kReason;
    Append(out, "<tr{}><th scope=\"row\">{}{}{}</th><td class=\"bar\">{}</td><td>{}</td></tr>\n",
           named ? "" : " class=\"rest\"", named ? "<bdi>" : "", Escape(row.label),
           named ? "</bdi>" : "", Bar(row, scale), Signed(row.amount, scale.decimals));
  }
  Append(out,
         "<tr class=\"total\"><th "
         "scope=\"row\">Score</th><td></td><td>{}</td></tr>\n</tbody></table></li>\n",
         Fixed(recommendation.score, scale.decimals));
  return out;
}

std::string Member(const ReportMember& member) {
  const uint64_t size = std::max<uint64_t>(member.history_size, member.history.size());
  std::string watched = "Nothing watched yet.";
  if (size > 0)
    watched = fmt::format("{} {} watched; the latest first.", CountText(size),
                          size == 1 ? "title" : "titles");
  std::string out = fmt::format(
      "<article class=\"card breakable member\"><header><h3>Member <bdi>{}</bdi></h3>"
      "<p class=\"soft small\">{}</p></header>\n",
      Escape(member.name), watched);
  if (!member.history.empty()) {
    out += "<ul class=\"history\">";
    const size_t shown = std::min(member.history.size(), kHistoryShown);
    for (size_t i = 0; i < shown; ++i)
      Append(out, "<li><bdi>{}</bdi></li>", Escape(member.history[i]));
    if (size > shown) Append(out, "<li class=\"more\">and {} more</li>", CountText(size - shown));
    out += "</ul>\n";
  }
  if (member.recommendations.empty())
    return out + "<p class=\"soft\">No recommendation.</p></article>\n";
  const Scale scale = ScaleOf(member);
  out += "<ol class=\"recommended\">\n";
  for (size_t i = 0; i < member.recommendations.size(); ++i) {
    out += Recommendation(member.recommendations[i], i + 1, scale);
  }
  return out + "</ol></article>\n";
}

}  // namespace

std::vector<ContributionRow> ContributionRows(const ReportRecommendation& recommendation) {
  std::vector<size_t> order(recommendation.reasons.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::abs(recommendation.reasons[a].amount) > std::abs(recommendation.reasons[b].amount);
  });
  if (order.size() > kReasonsShown) order.resize(kReasonsShown);
  std::sort(order.begin(), order.end());

  std::vector<ContributionRow> rows;
  const double negligible = kNegligible * std::max(std::abs(recommendation.score), 1e-12);
  if (std::abs(recommendation.base) > negligible) {
    rows.push_back(
        {ContributionRow::Kind::kBase, "Base, not from the history", recommendation.base});
  }
  double rest = recommendation.score - recommendation.base;
  for (const size_t i : order) {
    const ReportReason& reason = recommendation.reasons[i];
    rows.push_back({ContributionRow::Kind::kReason, reason.title, reason.amount});
    rest -= reason.amount;
  }
  const size_t hidden = recommendation.reasons.size() - order.size();
  if (hidden > 0 || std::abs(rest) > negligible) {
    std::string label = "All other titles watched";
    if (recommendation.reasons.empty()) label = "Not explained by single titles";
    rows.push_back({ContributionRow::Kind::kRest, label, rest});
  }
  return rows;
}

std::string RenderExamples(const ReportInput& input) {
  std::string out =
      "<section id=\"examples\" aria-labelledby=\"examples-h\"><h2 id=\"examples-h\">Example "
      "members</h2>\n";
  if (input.members.empty()) {
    return out +
           "<div class=\"card empty\"><p>No example members.</p><p><code>klieg recommend --model "
           "MODEL --member ID --top "
           "10 --explain</code> shows one at the command line.</p></div></section>\n";
  }
  Append(out,
         "<p class=\"soft\">What {} recommends, and which of the watched titles it comes from. The "
         "rows of a "
         "recommendation add up to its score; the bars of one member share one scale.</p>\n",
         input.example_model.empty() ? "the model"
                                     : fmt::format("<b>{}</b>", Escape(input.example_model)));
  for (const ReportMember& member : input.members) out += Member(member);
  return out + "</section>\n";
}

}  // namespace klieg::flows
