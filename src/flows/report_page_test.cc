#include "flows/report_page.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "flows/metrics_table.h"
#include "flows/report_examples.h"
#include "flows/report_verdict.h"

namespace klieg::flows {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

ReportModel Model(const std::string& name, double ndcg, double seconds = 1) {
  ReportModel model;
  model.name = name;
  model.ranker = name;
  model.train_seconds = seconds;
  model.peak_bytes = 1'000'000;
  model.members = 500;
  model.metrics = {{"ndcg@100", ndcg, ndcg - 0.032, ndcg + 0.033, "bootstrap"},
                   {"recall@20", ndcg / 2, ndcg / 2 - 0.02, ndcg / 2 + 0.02, "bootstrap"},
                   {"coverage@100", 0.3, 0.29, 0.31, "bootstrap"}};
  return model;
}

ReportEvaluation TwoModels(double p_value, bool real) {
  ReportEvaluation evaluation;
  evaluation.dataset = "small";
  evaluation.split = "strong";
  evaluation.primary_metric = "ndcg@100";
  evaluation.models = {Model("ials", 0.391, 5), Model("edlae", 0.412, 1)};
  evaluation.comparisons = {{"edlae", "ials", "ndcg@100", 0.021, 0.012, 0.031, p_value, real}};
  return evaluation;
}

ReportInput Page(const ReportEvaluation& evaluation) {
  ReportInput input;
  input.title = "Report";
  input.evaluations = {evaluation};
  return input;
}

// Every element that is opened is closed, in order; ids are unique. A second opinion on the page's
// structure.
void ExpectWellFormed(const std::string& html) {
  const std::set<std::string> without_end = {"meta", "link", "br", "col", "img"};
  std::string text = html;
  for (const char* element : {"script", "style"}) {
    const size_t begin = text.find(fmt::format("<{}>", element));
    const size_t end = text.find(fmt::format("</{}>", element));
    ASSERT_NE(begin, std::string::npos);
    ASSERT_LT(begin, end);
    const size_t inside = begin + std::string(element).size() + 2;
    text.erase(inside, end - inside);
  }
  std::vector<std::string> open;
  std::set<std::string> ids;
  for (size_t at = text.find('<'); at != std::string::npos; at = text.find('<', at + 1)) {
    const size_t end = text.find('>', at);
    ASSERT_NE(end, std::string::npos);
    const std::string tag = text.substr(at + 1, end - at - 1);
    if (tag[0] == '!') continue;
    if (tag[0] == '/') {
      ASSERT_FALSE(open.empty()) << tag;
      ASSERT_EQ(tag.substr(1), open.back()) << text.substr(at > 200 ? at - 200 : 0, 220);
      open.pop_back();
      continue;
    }
    if (const size_t id = tag.find(" id=\""); id != std::string::npos) {
      const std::string name = tag.substr(id + 5, tag.find('"', id + 5) - id - 5);
      EXPECT_TRUE(ids.insert(name).second) << "two elements have the id " << name;
    }
    const std::string name = tag.substr(0, tag.find_first_of(" \n/"));
    if (!tag.ends_with("/") && !without_end.contains(name)) open.push_back(name);
  }
  EXPECT_THAT(open, ElementsAre());
}

size_t Count(const std::string& text, const std::string& piece) {
  size_t count = 0;
  for (size_t at = text.find(piece); at != std::string::npos; at = text.find(piece, at + 1))
    ++count;
  return count;
}

TEST(Conclusion, ARealLeadIsCalledReal) {
  EXPECT_EQ(
      Conclusion(TwoModels(0.002, true)),
      "edlae leads on ndcg@100: 0.412 [0.380, 0.445]; its lead over ials is real (p = 0.002).");
  EXPECT_EQ(Advice(TwoModels(0.002, true)), "");
}

TEST(Conclusion, ALeadThatIsNotRealIsNotCalledReal) {
  EXPECT_EQ(Conclusion(TwoModels(0.31, false)),
            "edlae has the highest ndcg@100, 0.412 [0.380, 0.445], but its lead over ials (p = "
            "0.31) is not shown to be "
            "real.");
  EXPECT_THAT(Advice(TwoModels(0.31, false)),
              HasSubstr("Of the two, edlae is the quickest to train (1.0 s)"));
}

TEST(Conclusion, ManyThatCannotBeToldApartAreCounted) {
  ReportEvaluation evaluation = TwoModels(0.3, false);
  for (int i = 0; i < 5; ++i) {
    evaluation.models.push_back(Model(fmt::format("m{}", i), 0.38 - 0.01 * i, 0.5));
    evaluation.comparisons.push_back(
        {"edlae", fmt::format("m{}", i), "ndcg@100", 0.03, -0.1, 0.1, 0.2, false});
  }
  EXPECT_THAT(Conclusion(evaluation),
              HasSubstr("over ials (p = 0.30), m0 (p = 0.20), m1 (p = 0.20) and 3 others is not"));
  EXPECT_THAT(Advice(evaluation), HasSubstr("Of these 7 models, m0 is the quickest"));
}

TEST(Conclusion, AllReallyBehindIsSaid) {
  ReportEvaluation evaluation = TwoModels(0.002, true);
  evaluation.models.push_back(Model("popularity", 0.2));
  EXPECT_THAT(Conclusion(evaluation), Not(HasSubstr("all the others")));
  evaluation.comparisons.push_back(
      {"edlae", "popularity", "ndcg@100", 0.2, 0.1, 0.3, 0.0005, true});
  EXPECT_THAT(Conclusion(evaluation), HasSubstr("and so is its lead over all the others"));
}

TEST(Conclusion, AnUntestedLeadIsCalledUntested) {
  ReportEvaluation evaluation = TwoModels(0.002, true);
  evaluation.comparisons[0].metric =
      "recall@20";  // A comparison in another metric decides nothing here.
  EXPECT_THAT(Conclusion(evaluation), HasSubstr("its lead over ials was not tested"));
}

TEST(Conclusion, OneModelHasNothingToLead) {
  ReportEvaluation evaluation = TwoModels(0.002, true);
  evaluation.models.resize(1);
  EXPECT_THAT(Conclusion(evaluation), HasSubstr("no other model to compare it with"));
}

TEST(Conclusion, EqualFiguresAreLevel) {
  ReportEvaluation evaluation = TwoModels(1, false);
  evaluation.models[0] = Model("ials", 0.412);
  EXPECT_THAT(Conclusion(evaluation), HasSubstr("ials and edlae are level on ndcg@100"));
}

TEST(Conclusion, WithoutFiguresItSaysSo) {
  ReportEvaluation evaluation = TwoModels(0.002, true);
  for (ReportModel& model : evaluation.models) model.metrics[0].value = kNan;
  EXPECT_EQ(Conclusion(evaluation), "No model has a figure for ndcg@100.");
  evaluation.models.clear();
  EXPECT_EQ(Conclusion(evaluation), "No model has been evaluated on small yet.");
}

TEST(Leaderboard, AMetricThatIsBetterLowIsOrderedSo) {
  ReportEvaluation evaluation = TwoModels(0.002, true);
  evaluation.primary_metric = "calibration@10";
  evaluation.models[0].metrics.push_back({"calibration@10", 0.1, 0.05, 0.15, ""});
  evaluation.models[1].metrics.push_back({"calibration@10", 0.4, 0.35, 0.45, ""});
  EXPECT_EQ(Leaderboard(evaluation)[0].model->name, "ials");
}

TEST(Leaderboard, ModelsWithoutTheMetricComeLast) {
  ReportEvaluation evaluation = TwoModels(0.002, true);
  evaluation.models[1].metrics[0].value = kNan;
  const std::vector<Placement> board = Leaderboard(evaluation);
  EXPECT_EQ(board[0].model->name, "ials");
  EXPECT_EQ(board[1].primary, nullptr);
}

TEST(ComparisonSentence, SaysHowMuchAndWhetherItIsReal) {
  const ReportEvaluation evaluation = TwoModels(0.002, true);
  EXPECT_EQ(ComparisonSentence(evaluation, evaluation.comparisons[0]),
            "edlae is better than ials by 0.0210 [0.0120, 0.0310] (+5.4 %) on ndcg@100; the "
            "difference is real (p = 0.002).");
}

TEST(ContributionRows, AddUpToTheScoreWhateverIsShown) {
  ReportRecommendation recommendation;
  recommendation.base = 0.25;
  recommendation.score = 0.25;
  for (int i = 0; i < 40; ++i) {
    const double amount = (i % 3 == 0 ? -1.0 : 1.0) / (i + 1);
    recommendation.reasons.push_back({fmt::format("t{}", i), amount});
    recommendation.score += amount;
  }
  recommendation.score += 0.125;  // The caller did not hand over every reason.
  const std::vector<ContributionRow> rows = ContributionRows(recommendation);
  EXPECT_LE(rows.size(), 8U);
  const double sum =
      std::accumulate(rows.begin(), rows.end(), 0.0,
                      [](double total, const ContributionRow& row) { return total + row.amount; });
  EXPECT_NEAR(sum, recommendation.score, 1e-12);
  EXPECT_EQ(rows.front().kind, ContributionRow::Kind::kBase);
  EXPECT_EQ(rows.back().kind, ContributionRow::Kind::kRest);
}

TEST(ContributionRows, ACompleteSumHasNoRest) {
  ReportRecommendation recommendation = {"t", 0.75, 0, {{"a", 0.5}, {"b", 0.25}}};
  const std::vector<ContributionRow> rows = ContributionRows(recommendation);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1].label, "b");
}

TEST(RenderReport, AnEmptyInputSaysWhatWouldFillIt) {
  const std::string html = RenderReport({});
  ExpectWellFormed(html);
  EXPECT_THAT(html, HasSubstr("Nothing has been evaluated yet."));
  EXPECT_THAT(html, HasSubstr("klieg evaluate"));
  EXPECT_THAT(html, HasSubstr("klieg recommend"));
  EXPECT_THAT(html, HasSubstr("klieg lineage"));
}

TEST(RenderReport, AnEvaluationWithoutModelsSaysSo) {
  ReportEvaluation evaluation;
  evaluation.dataset = "small";
  const std::string html = RenderReport(Page(evaluation));
  ExpectWellFormed(html);
  EXPECT_THAT(html, HasSubstr("No model has been evaluated on small yet."));
}

TEST(RenderReport, OneModelMakesAWholePage) {
  ReportEvaluation evaluation = TwoModels(0.002, true);
  evaluation.models.resize(1);
  evaluation.comparisons.clear();
  const std::string html = RenderReport(Page(evaluation));
  ExpectWellFormed(html);
  EXPECT_EQ(Count(html, "<svg class=\"chart"),
            6U);  // Three pictures in two sizes; nothing to compare.
}

TEST(RenderReport, TwelveModelsStandInEveryPart) {
  ReportEvaluation evaluation = TwoModels(0.002, true);
  for (int i = 0; i < 10; ++i)
    evaluation.models.push_back(Model(fmt::format("model-{:02}", i), 0.3 + 0.01 * i, 0.1 * i));
  const std::string html = RenderReport(Page(evaluation));
  ExpectWellFormed(html);
  for (int i = 0; i < 10; ++i) {
    EXPECT_GE(Count(html, fmt::format("model-{:02}", i)), 8U);  // Six pictures, two tables.
  }
  EXPECT_EQ(Count(html, "<tr><th class=\"pin\" scope=\"row\">"), 12U);
}

TEST(RenderReport, TextsAreEscapedWhereverTheyStand) {
  const std::string evil = "</title></style></script><script>alert(1)</script>\"'&";
  ReportInput input;
  input.title = input.created = input.example_model = evil;
  ReportEvaluation evaluation = TwoModels(0.002, true);
  evaluation.dataset = evaluation.split = evaluation.split_description = evaluation.run = evil;
  evaluation.primary_metric = "ndcg@" + evil;
  for (ReportModel& model : evaluation.models) {
    model.name += evil;
    model.ranker = evil;
    model.hyper_parameters = {{evil, evil}};
    for (ReportMetric& metric : model.metrics) metric.method = evil;
    model.metrics[0].name = evaluation.primary_metric;
    model.metrics[1].name = evil;
  }
  evaluation.comparisons[0] = {
      "edlae" + evil, "ials" + evil, evaluation.primary_metric, 0.02, 0.01, 0.03, 0.01, true};
  input.evaluations = {evaluation};
  input.members = {{evil, 3, {evil}, {{evil, 1, 0.1, {{evil, 0.9}}}}}};
  input.sources = {{evil, evil, evil}};
  const std::string html = RenderReport(input);
  ExpectWellFormed(html);
  EXPECT_THAT(html, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(html, Not(HasSubstr("&quot;\"'&")));
  EXPECT_EQ(Count(html, "<script>"), 1U);
  EXPECT_EQ(Count(html, "</style>"), 1U);
}

TEST(RenderReport, FiguresThatAreMissingOrNotFiniteAreNeverPrinted) {
  const double infinity = std::numeric_limits<double>::infinity();
  ReportEvaluation evaluation = TwoModels(kNan, false);
  evaluation.comparisons[0].difference = evaluation.comparisons[0].low = kNan;
  evaluation.models.push_back(Model("no-time", 0.35, kNan));
  evaluation.models.push_back(Model("endless", 0.34, infinity));
  evaluation.models.push_back(Model("no-interval", 0.33));
  evaluation.models.back().metrics[0].low = kNan;
  evaluation.models.push_back(Model("no-figure", kNan));
  evaluation.models.push_back(Model("wild", infinity));
  ReportInput input = Page(evaluation);
  input.members = {{"m", 1, {"a"}, {{"t", kNan, kNan, {{"a", infinity}, {"b", kNan}}}}}};
  const std::string html = RenderReport(input);
  ExpectWellFormed(html);
  EXPECT_FALSE(std::regex_search(html, std::regex(R"([">\s(\[−+-](nan|inf)[\s"<%\],)])")));
  EXPECT_THAT(html, HasSubstr("Not measured: no-figure, wild."));
  EXPECT_THAT(html, HasSubstr("without a training time: no-time, endless, no-figure, wild."));
}

TEST(RenderReport, VeryLongTextsArePrintedOnceInFullAndShortInPictures) {
  ReportEvaluation evaluation = TwoModels(0.002, true);
  const std::string name(4000, 'x');
  evaluation.models[0] = Model(name, 0.4);
  const std::string html = RenderReport(Page(evaluation));
  ExpectWellFormed(html);
  EXPECT_FALSE(std::regex_search(html, std::regex("<text[^>]*>x{80,90}")));
  EXPECT_THAT(html, HasSubstr("<th class=\"pin\" scope=\"row\">" + name));
}

TEST(RenderReport, ThePageFetchesNothing) {
  ReportInput input = Page(TwoModels(0.002, true));
  const std::string html = RenderReport(input);
  for (const char* way_out :
       {"http:", "https:", "url(", "@import", "src=\"", "<iframe", "fetch("}) {
    EXPECT_THAT(html, Not(HasSubstr(way_out)));
  }
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
}

TEST(RenderReport, SameInputSameBytes) {
  const ReportInput input = Page(TwoModels(0.31, false));
  EXPECT_EQ(RenderReport(input), RenderReport(input));
}

TEST(RenderReport, CoverageThatWasNotMeasuredIsSaid) {
  ReportEvaluation evaluation = TwoModels(0.002, true);
  for (ReportModel& model : evaluation.models) model.metrics.pop_back();
  const std::string html = RenderReport(Page(evaluation));
  EXPECT_THAT(html, HasSubstr("No model has both figures."));
  EXPECT_THAT(html, HasSubstr("without a coverage: edlae, ials."));
}

TEST(MetricFamilies, ThePrimaryFamilyStandsFirst) {
  ReportEvaluation evaluation = TwoModels(0.002, true);
  evaluation.primary_metric = "recall@20";
  std::vector<std::string> names;
  for (const MetricFamily& family : MetricFamilies(evaluation)) names.push_back(family.name);
  EXPECT_THAT(names, ElementsAre("recall", "ndcg", "coverage"));
}

TEST(MetricsTable, EveryRowHasOneCellPerColumn) {
  ReportEvaluation evaluation = TwoModels(0.002, true);
  evaluation.models[0].metrics.pop_back();
  const std::string html = RenderMetricsTable(evaluation, Leaderboard(evaluation));
  EXPECT_EQ(Count(html, "data-column="), 6U);  // Model, three metrics, time, memory.
  EXPECT_EQ(Count(html, "<td"), 2 * 5U);
  EXPECT_EQ(Count(html, ">–</td>"), 1U);
}

}  // namespace
}  // namespace klieg::flows
