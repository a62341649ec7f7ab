// Axes, the places of labels, and the pictures made of both.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/random.h"
#include "flows/chart_axis.h"
#include "flows/label_placement.h"
#include "flows/svg_chart.h"

namespace klieg::flows {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> Labels(const Axis& axis) {
  std::vector<std::string> labels;
  for (const Tick& tick : axis.ticks) labels.push_back(tick.label);
  return labels;
}

TEST(LinearAxis, TicksAreRound) {
  EXPECT_THAT(Labels(LinearAxis(0.246, 0.412, 5)),
              ElementsAre("0.20", "0.25", "0.30", "0.35", "0.40", "0.45"));
  EXPECT_THAT(Labels(LinearAxis(-0.03, 0.11, 3)),
              ElementsAre("−0.05", "0.00", "0.05", "0.10", "0.15"));
}

TEST(LinearAxis, SharesArePercent) {
  EXPECT_THAT(Labels(LinearAxis(0, 1, 4, true)), ElementsAre("0 %", "50 %", "100 %"));
}

TEST(LinearAxis, ARangeWithoutWidthOrNotFiniteStillHasTicks) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const auto& [low, high] : {std::pair(0.4, 0.4),
                                  {0.0, 0.0},
                                  {-2.0, -2.0},
                                  {infinity, -infinity},
                                  {NAN, 1.0},
                                  {-1e300, 1e300},
                                  {1e11, 1e11},
                                  {0.0, 5e-324}}) {
    const Axis axis = LinearAxis(low, high, 5);
    EXPECT_GE(axis.ticks.size(), 2U) << low << " " << high;
    EXPECT_LE(axis.ticks.size(), 20U) << low << " " << high;
    EXPECT_LT(axis.low, axis.high) << low << " " << high;
  }
}

TEST(LinearAxis, CoversWhatItWasAskedFor) {
  core::Random random(7);
  for (int i = 0; i < 500; ++i) {
    const double low = random.Normal() * std::pow(10.0, static_cast<double>(random.Below(8)) - 4);
    const double high =
        low + random.Uniform() * std::pow(10.0, static_cast<double>(random.Below(8)) - 4);
    const Axis axis = LinearAxis(low, high, 5);
    EXPECT_LE(axis.low, low + 1e-6 * std::abs(low));
    EXPECT_GE(axis.high, high - 1e-6 * std::abs(high));
    EXPECT_LE(axis.ticks.size(), 12U);
  }
}

TEST(DurationAxis, TicksAreThoseThatPeopleUse) {
  EXPECT_THAT(Labels(DurationAxis(0.001, 50, 7)),
              ElementsAre("1 ms", "10 ms", "0.1 s", "1 s", "10 s", "1 min"));
  EXPECT_THAT(Labels(DurationAxis(30, 4000, 4)), ElementsAre("1 min", "10 min", "1 h"));
}

TEST(DurationAxis, EqualTimesStillHaveADecade) {
  const Axis axis = DurationAxis(3, 3, 7);
  EXPECT_GE(axis.high / axis.low, 10);
  EXPECT_NEAR(axis.Fraction(3), 0.5, 1e-9);
}

TEST(DurationAxis, NonsenseIsDrawnAtTheEnds) {
  const Axis axis = DurationAxis(NAN, 1e300, 7);
  EXPECT_FALSE(axis.ticks.empty());
  EXPECT_EQ(axis.Fraction(-5), 0);
  EXPECT_EQ(axis.Fraction(1e300), 1);
}

TEST(PlaceLabels, NoLabelCoversAnotherOrLeavesThePicture) {
  core::Random random(3);
  const Box bounds = {0, 0, 480, 300};
  for (int round = 0; round < 50; ++round) {
    std::vector<LabelRequest> requests;
    for (int i = 0; i < 14; ++i) {  // Crowded into a corner.
      requests.push_back({300 + random.Uniform() * 170, 20 + random.Uniform() * 90, 5,
                          40 + random.Uniform() * 80, 15});
    }
    const std::vector<std::optional<Box>> places = PlaceLabels(requests, {}, bounds);
    for (size_t i = 0; i < places.size(); ++i) {
      if (!places[i]) continue;
      EXPECT_TRUE(bounds.Contains(*places[i]));
      for (size_t j = 0; j < i; ++j) {
        if (places[j]) {
          EXPECT_EQ(places[i]->OverlapArea(*places[j]), 0) << round << ": " << i << " on " << j;
        }
      }
    }
  }
}

TEST(PlaceLabels, ALonelyPointHasItsLabelAtItsRight) {
  const auto places = PlaceLabels({{100, 100, 5, 40, 14}}, {}, {0, 0, 300, 200});
  ASSERT_TRUE(places[0]);
  EXPECT_GT(places[0]->left, 105);
  EXPECT_LT(places[0]->left, 112);
}

TEST(PlaceLabels, AtTheRightEdgeItGoesToTheLeft) {
  const auto places = PlaceLabels({{290, 100, 5, 40, 14}}, {}, {0, 0, 300, 200});
  ASSERT_TRUE(places[0]);
  EXPECT_LT(places[0]->right, 285);
}

TEST(PlaceLabels, ALabelWithoutRoomIsLeftOut) {
  const auto places = PlaceLabels({{50, 50, 5, 400, 14}}, {}, {0, 0, 100, 100});
  EXPECT_FALSE(places[0]);
}

TEST(PlaceLabels, AnObstacleIsAvoided) {
  const Box bar = {106, 0, 200, 200};
  const auto places = PlaceLabels({{100, 100, 5, 40, 14}}, {bar}, {0, 0, 300, 200});
  ASSERT_TRUE(places[0]);
  EXPECT_EQ(places[0]->OverlapArea(bar), 0);
}

TEST(DrawIntervals, ARowWithoutIntervalHasAMarkerOnly) {
  IntervalChart chart;
  chart.id = "c";
  chart.rows = {{"ease", 0.4, NAN, NAN, Standing::kLeader, "0.400", true}};
  const std::string svg = DrawIntervals(chart, ChartSize::kWide);
  EXPECT_THAT(svg, HasSubstr("marker-leader"));
  EXPECT_THAT(svg, Not(HasSubstr("class=\"interval")));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
}

TEST(DrawIntervals, NoRowsGiveAnEmptyPicture) {
  EXPECT_THAT(DrawIntervals({}, ChartSize::kNarrow), HasSubstr("</svg>"));
}

TEST(DrawScatter, MorePointsThanRoomAreNamedToTheCaller) {
  ScatterChart chart;
  chart.id = "s";
  chart.x = LinearAxis(0, 1, 5);
  chart.y = LinearAxis(0, 1, 5);
  for (int i = 0; i < 200; ++i) {
    chart.points.push_back(
        {"model-with-a-long-name-" + std::to_string(i), 0.5, 0.5, Standing::kBehind, "t"});
  }
  const ScatterDrawing drawing = DrawScatter(chart, ChartSize::kNarrow);
  EXPECT_GT(drawing.unlabelled.size(), 100U);
  EXPECT_LT(drawing.unlabelled.size(), 200U);
}

TEST(DrawScatter, IdsDifferBetweenTheSizes) {
  ScatterChart chart;
  chart.id = "s";
  chart.x = LinearAxis(0, 1, 5);
  chart.y = LinearAxis(0, 1, 5);
  EXPECT_THAT(DrawScatter(chart, ChartSize::kWide).svg, HasSubstr("id=\"s-wide-title\""));
  EXPECT_THAT(DrawScatter(chart, ChartSize::kNarrow).svg, HasSubstr("id=\"s-narrow-title\""));
}

}  // namespace
}  // namespace klieg::flows
