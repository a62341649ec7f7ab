#include "sample_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace klieg::browser_test {
namespace {

using flows::ReportComparison;
using flows::ReportEvaluation;
using flows::ReportInput;
using flows::ReportMember;
using flows::ReportModel;
using flows::ReportRecommendation;

constexpr const char* kMethod = "percentile bootstrap over members, 2000 samples";

struct Row {
  const char* name;
  const char* ranker;
  double ndcg;
  double coverage;
  double seconds;
  uint64_t bytes;
};

// All accuracy metrics follow the ndcg and all beyond-accuracy metrics the coverage, in the way
// they do in practice.
ReportModel Model(const Row& row, uint64_t members) {
  ReportModel model;
  model.name = row.name;
  model.ranker = row.ranker;
  model.train_seconds = row.seconds;
  model.peak_bytes = row.bytes;
  model.members = members;
  const double noise = 0.6 / std::sqrt(static_cast<double>(members));
  const auto add = [&](const std::string& name, double value, double half) {
    model.metrics.push_back({name, value, value - half, value + half, kMethod});
  };
  struct Accuracy {
    const char* name;
    double factor;
  };
  for (const Accuracy& metric : {Accuracy{"ndcg", 1},
                                 {"recall", 1.18},
                                 {"recall_full", 0.9},
                                 {"map", 0.55},
                                 {"mrr", 1.35},
                                 {"hit_rate", 2.1}}) {
    for (const int k : {10, 20, 50, 100}) {
      const double growth = 0.72 + 0.14 * std::log10(static_cast<double>(k));
      const double value = std::min(0.99, row.ndcg * metric.factor * growth);
      add(fmt::format("{}@{}", metric.name, k), value, noise * std::sqrt(metric.factor));
    }
  }
  for (const int k : {10, 100}) {
    const double share = std::min(1.0, row.coverage * (k == 100 ? 1.0 : 0.42));
    add(fmt::format("coverage@{}", k), share, 0.006);
    add(fmt::format("gini@{}", k), 1 - 0.55 * share, 0.004);
    add(fmt::format("novelty@{}", k), 7.2 + 4.1 * share, 0.06);
    add(fmt::format("diversity@{}", k), 0.55 + 0.3 * share, 0.008);
    add(fmt::format("calibration@{}", k), 0.42 - 0.2 * share, 0.011);
  }
  return model;
}

ReportComparison Against(const ReportModel& leader, const ReportModel& other,
                         const std::string& metric, double half) {
  const auto value = [&](const ReportModel& model) {
    const auto found = std::find_if(model.metrics.begin(), model.metrics.end(),
                                    [&](const flows::ReportMetric& m) { return m.name == metric; });
    return found->value;
  };
  const double difference = value(leader) - value(other);
  const double z = difference / (half / 1.96);
  const double p_value = std::max(1.0 / 2001, std::erfc(z / std::sqrt(2.0)));
  return {leader.name,       other.name,        metric,  difference,
          difference - half, difference + half, p_value, difference > half};
}

ReportEvaluation Strong() {
  ReportEvaluation evaluation;
  evaluation.dataset = "movielens-small";
  evaluation.split = "strong";
  evaluation.split_description =
      "Strong generalisation: 120 members were held out of training altogether. Of each, 80 % of "
      "the titles are shown to "
      "the model and the other 20 % must be found.";
  evaluation.run = "r-20260114-0007";
  evaluation.primary_metric = "ndcg@100";
  const Row rows[] = {{"edlae", "edlae", 0.4124, 0.285, 0.94, 412'000'000},
                      {"blend", "blend", 0.4101, 0.301, 3.4, 480'000'000},
                      {"ease", "ease", 0.4037, 0.262, 0.81, 409'000'000},
                      {"ials-128", "ials", 0.3902, 0.338, 6.8, 96'000'000},
                      {"ials-64", "ials", 0.3861, 0.322, 2.9, 71'000'000},
                      {"ials-cg", "ials", 0.3838, 0.331, 1.7, 70'000'000},
                      {"item-knn-bm25", "item-knn", 0.3745, 0.408, 0.31, 122'000'000},
                      {"item-knn-tfidf", "item-knn", 0.3717, 0.417, 0.30, 121'000'000},
                      {"item-knn-cosine", "item-knn", 0.3629, 0.433, 0.28, 120'000'000},
                      {"sparse-item-item", "sparse-items", 0.3702, 0.391, 0.52, 64'000'000},
                      {"popularity-90-days", "popularity", 0.2612, 0.022, 0.0021, 8'000'000},
                      {"popularity", "popularity", 0.2458, 0.018, 0.0004, 8'000'000}};
  for (const Row& row : rows) evaluation.models.push_back(Model(row, 120));
  evaluation.models[0].hyper_parameters = {
      {"dropout", "0.33"}, {"l2", "420"}, {"popularity_exponent", "0.4"}};
  evaluation.models[1].hyper_parameters = {{"parts", "edlae,ials-128"}, {"weights", "0.81,0.19"}};
  evaluation.models[2].hyper_parameters = {{"l2", "350"}};
  evaluation.models[3].hyper_parameters = {{"alpha", "0.1"},
                                           {"dimensions", "128"},
                                           {"epochs", "16"},
                                           {"regularisation", "0.003"},
                                           {"solver", "exact"}};
  for (size_t i = 1; i < evaluation.models.size(); ++i) {
    evaluation.comparisons.push_back(Against(evaluation.models[0], evaluation.models[i], "ndcg@100",
                                             0.006 + 0.0021 * static_cast<double>(i)));
  }
  return evaluation;
}

ReportEvaluation Last() {
  ReportEvaluation evaluation;
  evaluation.dataset = "movielens-small";
  evaluation.split = "last";
  evaluation.split_description =
      "Leave last out: each member's latest title must be found from all earlier ones.";
  evaluation.run = "r-20260114-0009";
  evaluation.primary_metric = "ndcg@10";
  evaluation.models = {
      Model({"ease", "ease", 0.0912, 0.262, 0.84, 409'000'000}, 610),
      Model({"popularity", "popularity", 0.0471, 0.018, 0.0004, 8'000'000}, 610),
      Model({"a model whose name is far too long for any picture, <b>and</b> \"quoted\"", "ials",
             0.08, 0.3, 61, 71'000'000},
            610)};
  evaluation.models[1].metrics[4].value = std::numeric_limits<double>::quiet_NaN();
  evaluation.comparisons = {Against(evaluation.models[0], evaluation.models[1], "ndcg@10", 0.012)};
  return evaluation;
}

ReportRecommendation Recommendation(std::string title, double base,
                                    std::vector<flows::ReportReason> reasons, double rest) {
  ReportRecommendation recommendation = {std::move(title), base + rest, base, std::move(reasons)};
  for (const flows::ReportReason& reason : recommendation.reasons)
    recommendation.score += reason.amount;
  return recommendation;
}

std::vector<ReportMember> Members() {
  ReportMember first = {
      "318",
      97,
      {"The Glass Harbour (1994)", "Midnight Ledger (1981)", "A Winter of Salt (2003)",
       "Copper Sky (1976)", "The Quiet Engine (2010)", "Paper Lanterns (1998)",
       "North of Evening (1967)", "Eleven Bridges (1989)"},
      {}};
  first.recommendations = {
      Recommendation("The Long Meridian (1987)", 0,
                     {{"Copper Sky (1976)", 0.2113},
                      {"Midnight Ledger (1981)", 0.1624},
                      {"Eleven Bridges (1989)", 0.0871},
                      {"A Winter of Salt (2003)", 0.0405},
                      {"Paper Lanterns (1998)", -0.0312}},
                     0.1184),
      Recommendation("Ashes of the Regent (1972)", 0,
                     {{"North of Evening (1967)", 0.1932},
                      {"Copper Sky (1976)", 0.1408},
                      {"The Glass Harbour (1994)", 0.0733},
                      {"The Quiet Engine (2010)", -0.0621}},
                     0.1512),
      Recommendation("Ferryman's Daughter (1991)", 0,
                     {{"The Glass Harbour (1994)", 0.1875},
                      {"Eleven Bridges (1989)", 0.0964},
                      {"A Winter of Salt (2003)", 0.0715}},
                     0.0902),
      Recommendation("<script>alert(1)</script> & \"Other\" 'Stories' (2001)", 0,
                     {{"Paper Lanterns (1998)", 0.1307}, {"Midnight Ledger (1981)", 0.0904}},
                     0.1663)};
  ReportMember second = {"52",
                         5,
                         {"Starfall Protocol (2015)", "The Last Orbit (2009)",
                          "Engines of Dawn (2018)", "Red Distance (2012)", "宇宙の静かな夜 (2016)"},
                         {}};
  second.recommendations = {
      Recommendation("Signal from Vesta (2014)", 0.021,
                     {{"The Last Orbit (2009)", 0.1721},
                      {"Starfall Protocol (2015)", 0.1502},
                      {"Red Distance (2012)", 0.0413},
                      {"Engines of Dawn (2018)", 0.0288},
                      {"宇宙の静かな夜 (2016)", 0.0104}},
                     0),
      Recommendation("Cold Ignition, or the Unlikely and Rather Extensively Documented Voyage of a "
                     "Ship That Nobody "
                     "Believed Would Ever Come Back to the Harbour It Had Left (2011)",
                     0.018,
                     {{"Engines of Dawn (2018)", 0.1102},
                      {"The Last Orbit (2009)", 0.0994},
                      {"Red Distance (2012)", -0.0087}},
                     0)};
  ReportMember third = {"9001", 0, {}, {}};
  third.recommendations = {Recommendation("The Glass Harbour (1994)", 0.3412, {}, 0)};
  return {first, second, third};
}

}  // namespace

ReportInput SampleReport() {
  ReportInput input;
  input.title = "Klieg report: movielens-small";
  input.created = "2026-01-14T10:32:00Z";
  input.evaluations = {Strong(), Last()};
  input.example_model = "edlae";
  input.members = Members();
  input.sources = {
      {"snapshot", "sha256:4f1d2c7a90be83d5a1c06be2f7734f1d2c7a90be83d5a1c06be2f7739ad201ce",
       "movielens-small, interactions: 100,836 rows kept of 100,836 read"},
      {"snapshot", "sha256:90be83d5a1c06be2f7734f1d2c7a90be83d5a1c06be2f7739ad201ce4f1d2c7a",
       "movielens-small, titles: 9,742 rows"},
      {"decision of the gate", "log entry 12",
       "granted for the purpose research; terms of movielens-small, no expiry"},
      {"evaluation run", "r-20260114-0007", "strong split, seed 1, 2 threads"},
      {"evaluation run", "r-20260114-0009", "last split, seed 1, 2 threads"},
      {"code", "klieg 0.1.0, source 83ef39e0d1f2", "g++ 12.2, x86-64 AVX2"}};
  return input;
}

}  // namespace klieg::browser_test
