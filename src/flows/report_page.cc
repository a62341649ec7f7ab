#include "flows/report_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "core/hash.h"
#include "flows/html_text.h"
#include "flows/metrics_table.h"
#include "flows/report_assets.h"
#include "flows/report_evaluation.h"
#include "flows/report_examples.h"
#include "flows/report_verdict.h"

namespace klieg::flows {
namespace {

template <class... Args>
void Append(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

std::string Base64(const core::Digest& digest) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < digest.bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j)
      group = (group << 8) | (i + j < digest.bytes.size() ? digest.bytes[i + j] : 0U);
    const size_t digits = std::min<size_t>(digest.bytes.size() - i, 3) + 1;
    for (size_t j = 0; j < 4; ++j) out += j < digits ? kDigits[(group >> (18 - 6 * j)) & 63U] : '=';
  }
  return out;
}

// The policy is the second lock behind escaping: nothing is fetched, and no script runs but the one
// whose hash it names.
std::string Head(const ReportInput& input) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'; "
      "img-src data:; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta "
      "name=\"referrer\" "
      "content=\"no-referrer\">\n<link rel=\"icon\" "
      "href=\"data:,\">\n<title>{}</title>\n<style>{}</style>\n</head>\n",
      Base64(core::HashBytes(kReportScript)), Escape(input.title.empty() ? "Report" : input.title),
      kReportStyle);
}

std::string EvaluationId(size_t index) { return fmt::format("evaluation-{}", index + 1); }

std::string Header(const ReportInput& input) {
  std::string out =
      fmt::format("<header>\n<h1>{}</h1>\n", Escape(input.title.empty() ? "Report" : input.title));
  if (input.evaluations.empty()) {
    out +=
        "<p class=\"verdict\">Nothing has been evaluated yet.</p>\n<p class=\"lede\">Train and "
        "evaluate at least two "
        "rankers, then write this report again: <code>klieg evaluate popularity ease --dataset "
        "NAME --split "
        "strong</code>.</p>\n";
  } else {
    const ReportEvaluation& first = input.evaluations.front();
    Append(out, "<p class=\"verdict\">{}</p>\n", SentenceHtml(Conclusion(first)));
    const std::string advice = Advice(first);
    Append(out, "<p class=\"lede\">{}{}Measured on {}.</p>\n", Escape(advice),
           advice.empty() ? "" : " ", Escape(EvaluationName(first)));
  }
  if (input.evaluations.size() > 1) {
    out += "<ul class=\"others\">\n";
    for (size_t i = 1; i < input.evaluations.size(); ++i) {
      Append(out, "<li><b>{}:</b> {}</li>\n", Escape(EvaluationName(input.evaluations[i])),
             SentenceHtml(Conclusion(input.evaluations[i])));
    }
    out += "</ul>\n";
  }
  if (!input.created.empty()) {
    Append(out, "<p class=\"soft small\">Written <time datetime=\"{0}\">{0}</time></p>\n",
           Escape(input.created));
  }
  out += "<nav aria-label=\"Contents\">";
  for (size_t i = 0; i < input.evaluations.size(); ++i) {
    Append(out, "<a href=\"#{}\">{}</a>", EvaluationId(i),
           Escape(EvaluationName(input.evaluations[i])));
  }
  return out +
         "<a href=\"#examples\">Example members</a><a href=\"#reading\">How to read the "
         "intervals</a>"
         "<a href=\"#sources\">Where the figures come from</a></nav>\n</header>\n";
}

std::string Reading(const ReportInput& input) {
  std::string out =
      "<section id=\"reading\" aria-labelledby=\"reading-h\"><h2 id=\"reading-h\">How to read the "
      "intervals</h2>\n"
      "<div class=\"card\">\n"
      "<p><b>What an interval says.</b> A figure is a mean over the members that were held out. "
      "Other members would have "
      "given a slightly different one; the interval shows how different, had they been drawn from "
      "the same audience. It "
      "does not cover a change of the audience, of the catalogue or of the season.</p>\n"
      "<p><b>Overlap decides nothing.</b> Two models are judged on the same members, and some "
      "members are hard for both. "
      "The comparisons pair the two figures of each member, which takes that common part away: two "
      "intervals may overlap "
      "widely while the difference is real. Trust the comparison, not the overlap.</p>\n"
      "<p><b>Real, or not shown.</b> A difference is called real when its interval leaves out "
      "zero. “Not shown” does not "
      "mean that the models are equal: more members may tell them apart. The <i>p</i> value is the "
      "chance of a difference "
      "at least this large if there were none. Among many comparisons a few small <i>p</i> values "
      "come by luck; the "
      "figures here are not corrected for that.</p>\n"
      "<p><b>Nothing is sampled.</b> Every title of the catalogue is ranked for every member. "
      "Figures from rankings "
      "against a sample of titles are not comparable with these.</p>\n";
  std::vector<std::string> seen;
  std::string meanings;
  for (const ReportEvaluation& evaluation : input.evaluations) {
    for (const MetricFamily& family : MetricFamilies(evaluation)) {
      const std::string_view meaning = MetricMeaning(family.name);
      if (meaning.empty() || std::find(seen.begin(), seen.end(), family.name) != seen.end())
        continue;
      seen.push_back(family.name);
      Append(meanings, "<dt>{}</dt><dd>{}</dd>\n", Escape(family.name), Escape(meaning));
    }
  }
  if (!meanings.empty())
    Append(out, "<h3 style=\"margin-top:22px\">The metrics</h3>\n<dl>\n{}</dl>\n", meanings);
  return out + "</div></section>\n";
}

std::string Sources(const ReportInput& input) {
  std::string out =
      "<section id=\"sources\" aria-labelledby=\"sources-h\"><h2 id=\"sources-h\">Where the "
      "figures come from</h2>\n";
  if (input.sources.empty()) {
    return out +
           "<div class=\"card empty\"><p>No sources are recorded.</p><p><code>klieg runs</code> "
           "and <code>klieg lineage "
           "MODEL</code> show what a workspace knows.</p></div></section>\n";
  }
  out +=
      "<div class=\"card breakable\"><table class=\"sources\"><thead><tr><th class=\"text\" "
      "scope=\"col\">What</th>"
      "<th class=\"text\" scope=\"col\">Identity</th><th class=\"text\" "
      "scope=\"col\">Note</th></tr></thead>\n<tbody>\n";
  for (const ReportSource& source : input.sources) {
    Append(out,
           "<tr><th scope=\"row\">{}</th><td class=\"text mono\">{}</td><td "
           "class=\"text\">{}</td></tr>\n",
           Escape(source.what), Escape(source.id), Escape(source.note));
  }
  return out +
         "</tbody></table>\n<p class=\"small soft\">A snapshot’s identity is the hash of its "
         "content: the same identity is "
         "the same data. <code>klieg lineage MODEL</code> walks from a model to its data, "
         "<code>klieg verify</code> checks "
         "that nothing was changed since.</p></div></section>\n";
}

}  // namespace

std::string RenderReport(const ReportInput& input) {
  std::string out = Head(input);
  out += "<body>\n<div class=\"page\">\n" + Header(input) + "<main>\n";
  for (size_t i = 0; i < input.evaluations.size(); ++i) {
    out += RenderEvaluation(input.evaluations[i], EvaluationId(i));
  }
  out += RenderExamples(input) + Reading(input) + Sources(input);
  Append(out,
         "</main>\n<footer>One page, complete in itself: it loads nothing and sends "
         "nothing.</footer>\n</div>\n"
         "<script>{}</script>\n</body>\n</html>\n",
         kReportScript);
  return out;
}

}  // namespace klieg::flows
