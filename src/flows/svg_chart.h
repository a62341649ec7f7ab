/// The two pictures of a report as SVG: values with intervals in rows, and points in a plane.
///
/// Colours and fonts come from the style sheet of the page (classes `tick`, `name`,
/// `marker-leader`, …), so that a picture follows the reader's light or dark setting. Each is drawn
/// twice, wide and narrow: a picture that is merely scaled down to a phone has unreadable text. All
/// text lies inside the view box, and no two labels overlap.
#pragma once

#include <string>
#include <vector>

#include "flows/chart_axis.h"

namespace klieg::flows {

/// How a model stands to the best of its evaluation. Shown by shape and colour, never by colour
/// alone.
enum class Standing {
  kLeader,    ///< The highest value.
  kTied,      ///< Compared with the leader, and the difference is not real.
  kBehind,    ///< Compared with the leader, and the difference is real.
  kUntested,  ///< Not compared.
};

/// "leader", "tied", "behind", "untested": the suffix of the CSS class `marker-…`.
const char* StandingName(Standing standing);

enum class ChartSize { kWide, kNarrow };

struct IntervalRow {
  std::string label;
  double value = 0;
  double low = 0;  ///< Not finite: no interval is drawn.
  double high = 0;
  Standing standing = Standing::kUntested;
  std::string text;       ///< The figures in words, to the right of the interval.
  bool emphasis = false;  ///< The label is set in bold.
};

/// Rows from top to bottom over one axis.
struct IntervalChart {
  std::string id;           ///< Unique within the page; letters, digits and dashes.
  std::string title;        ///< Accessible name.
  std::string description;  ///< The same content in words, for those who cannot see it.
  std::string axis_title;
  bool zero_line = false;  ///< The axis includes zero, marked by a line: for differences.
  std::vector<IntervalRow> rows;
};
std::string DrawIntervals(const IntervalChart& chart, ChartSize size);

struct ScatterPoint {
  std::string label;
  double x = 0;
  double y = 0;
  Standing standing = Standing::kUntested;
  std::string text;  ///< Shown when the pointer rests on the point.
};

struct ScatterChart {
  std::string id;
  std::string title;
  std::string description;
  std::string x_title;
  std::string y_title;
  Axis x;
  Axis y;
  std::vector<ScatterPoint> points;  ///< Earlier points get the better places for their labels.
  std::vector<size_t> frontier;      ///< Points joined by a dashed line, in order; may be empty.
};

struct ScatterDrawing {
  std::string svg;
  std::vector<std::string>
      unlabelled;  ///< Points for whose label there was no room: name them below the picture.
};
ScatterDrawing DrawScatter(const ScatterChart& chart, ChartSize size);

/// A marker of the legend, 16 by 16 pixels, hidden from screen readers.
std::string DrawLegendMarker(Standing standing);

}  // namespace klieg::flows
