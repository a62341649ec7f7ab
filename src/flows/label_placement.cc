#include "flows/label_placement.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace klieg::flows {
namespace {

// Costs in pixels of distance: what a place may cost in distance before covering something is
// preferred.
constexpr double kMarkerCost = 8.0;    // per square pixel of a marker that is covered
constexpr double kObstacleCost = 0.6;  // per square pixel of a bar
constexpr double kStrangerCost = 9.0;  // for standing nearer to another marker than to its own
constexpr double kCrossingCost =
    14.0;                     // for each label or marker that the line to the own marker crosses
constexpr double kGap = 3.0;  // between a marker and its label
constexpr double kClearance = 5.0;  // between two labels

struct Direction {
  double x;
  double y;
  double reluctance;  // Reading order: right of the point first, then left, above, below.
};
constexpr std::array<Direction, 12> kDirections = {{{1, 0, 0},
                                                    {-1, 0, 2},
                                                    {0.7, -0.7, 3},
                                                    {0.7, 0.7, 3},
                                                    {-0.7, -0.7, 4},
                                                    {-0.7, 0.7, 4},
                                                    {0, -1, 5},
                                                    {0, 1, 5},
                                                    {0.4, -0.9, 6},
                                                    {0.4, 0.9, 6},
                                                    {-0.4, -0.9, 6},
                                                    {-0.4, 0.9, 6}}};
constexpr std::array<double, 8> kDistances = {0, 7, 15, 25, 38, 54, 74, 100};

Box PlaceAt(const LabelRequest& request, const Direction& direction, double distance) {
  const double reach = request.radius + kGap + distance;
  const double x = request.x + direction.x * reach;
  const double y = request.y + direction.y * reach;
  // The corner or edge of the label that faces the point touches (x, y).
  const double left = direction.x > 0.5    ? x
                      : direction.x < -0.5 ? x - request.width
                                           : x - request.width / 2;
  const double top = direction.y > 0.8    ? y
                     : direction.y < -0.8 ? y - request.height
                                          : y - request.height / 2;
  return {left, top, left + request.width, top + request.height};
}

double DistanceTo(const Box& box, const LabelRequest& point) {
  const double x = std::clamp(point.x, box.left, box.right);
  const double y = std::clamp(point.y, box.top, box.bottom);
  return std::hypot(x - point.x, y - point.y) - point.radius;
}

// Whether the straight line from a point to the nearest point of its label meets `other`.
bool LineCrosses(const LabelRequest& from, const Box& label, const Box& other) {
  constexpr int kSamples = 24;
  const double to_x = std::clamp(from.x, label.left, label.right);
  const double to_y = std::clamp(from.y, label.top, label.bottom);
  for (int i = 1; i < kSamples; ++i) {
    const double at = static_cast<double>(i) / kSamples;
    const double x = from.x + at * (to_x - from.x);
    const double y = from.y + at * (to_y - from.y);
    if (x > other.left && x < other.right && y > other.top && y < other.bottom) return true;
  }
  return false;
}

Box MarkerBox(const LabelRequest& request) {
  const double r = request.radius + 1;
  return {request.x - r, request.y - r, request.x + r, request.y + r};
}

// What the neighbourhood of another point and its label, if it has one already, adds to the cost of
// a place.
double CostBeside(const LabelRequest& own, const Box& place, const LabelRequest& other,
                  const std::optional<Box>& other_label) {
  double cost = 0;
  if (DistanceTo(place, other) < DistanceTo(place, own) + 1) cost += kStrangerCost;
  if (LineCrosses(own, place, MarkerBox(other))) cost += kCrossingCost;
  if (!other_label) return cost;
  if (LineCrosses(own, place, *other_label)) cost += kCrossingCost;
  if (LineCrosses(other, *other_label, place)) cost += kCrossingCost;
  return cost;
}

}  // namespace

double Box::OverlapArea(const Box& other) const {
  const double width = std::min(right, other.right) - std::max(left, other.left);
  const double height = std::min(bottom, other.bottom) - std::max(top, other.top);
  return width > 0 && height > 0 ? width * height : 0;
}

bool Box::Contains(const Box& other) const {
  return other.left >= left && other.top >= top && other.right <= right && other.bottom <= bottom;
}

std::vector<std::optional<Box>> PlaceLabels(const std::vector<LabelRequest>& requests,
                                            const std::vector<Box>& obstacles, const Box& bounds) {
  std::vector<std::optional<Box>> placed(requests.size());
  const auto covers_a_label = [&](const Box& box) {
    const Box wide = {box.left - kClearance, box.top - kClearance / 2, box.right + kClearance,
                      box.bottom + kClearance / 2};
    return std::any_of(placed.begin(), placed.end(), [&](const std::optional<Box>& other) {
      return other && wide.OverlapArea(*other) > 0;
    });
  };
  for (size_t i = 0; i < requests.size(); ++i) {
    double best_cost = std::numeric_limits<double>::infinity();
    std::optional<Box> best;
    for (const double distance : kDistances) {
      for (const Direction& direction : kDirections) {
        const Box box = PlaceAt(requests[i], direction, distance);
        if (!bounds.Contains(box) || covers_a_label(box)) continue;
        double cost = distance + direction.reluctance;
        for (size_t other = 0; other < requests.size(); ++other) {
          cost += kMarkerCost * box.OverlapArea(MarkerBox(requests[other]));
          if (other != i) cost += CostBeside(requests[i], box, requests[other], placed[other]);
        }
        for (const Box& obstacle : obstacles) cost += kObstacleCost * box.OverlapArea(obstacle);
        if (cost < best_cost) {
          best_cost = cost;
          best = box;
        }
      }
    }
    placed[i] = best;
  }
  return placed;
}

}  // namespace klieg::flows
