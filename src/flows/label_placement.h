/// Where the names of points go, so that no name covers another name or a point.
///
/// A greedy search in the order given: each label tries the places around its point, near ones
/// first, and takes the cheapest. A label for which every place would cover another label is left
/// out rather than made unreadable; the caller names it elsewhere. O(labels² · places): made for
/// the tens of points of one chart.
#pragma once

#include <optional>
#include <vector>

namespace klieg::flows {

struct Box {
  double left = 0;
  double top = 0;
  double right = 0;
  double bottom = 0;

  double OverlapArea(const Box& other) const;
  bool Contains(const Box& other) const;
};

struct LabelRequest {
  double x = 0;  ///< The point, in pixels; y grows downwards.
  double y = 0;
  double radius = 5;  ///< Of its marker.
  double width = 0;   ///< Of the text.
  double height = 14;
};

/// One place per request, or nothing where it would cover another label or leave `bounds`.
/// `obstacles` (bars, lines) are avoided where possible. Markers of all requests count as obstacles
/// that are worth more.
std::vector<std::optional<Box>> PlaceLabels(const std::vector<LabelRequest>& requests,
                                            const std::vector<Box>& obstacles, const Box& bounds);

}  // namespace klieg::flows
