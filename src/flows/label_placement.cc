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
constexpr double kGap = 3.0;           // between a marker and its label
constexpr double kClearance = 2.0;     // between two labels

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

Box MarkerBox(const LabelRequest& request) {
  const double r = request.radius + 1;
  return {request.x - r, request.y - r, request.x + r, request.y + r};
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
        for (const LabelRequest& other : requests)
          cost += kMarkerCost * box.OverlapArea(MarkerBox(other));
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
