#include "flows/svg_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>

#include "flows/html_text.h"
#include "flows/label_placement.h"

namespace klieg::flows {
namespace {

constexpr double kNameSize = 13;  // Font sizes; the style sheet sets the same.
constexpr double kTickSize = 11.5;
constexpr double kGapWithoutLine =
    5;  // A name farther than this from its marker is joined to it by a line.

template <class... Args>
void Append(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

// Tenths of a pixel: finer is noise in the file.
std::string Pixels(double value) {
  std::string text = fmt::format("{:.1f}", value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

std::string Open(const std::string& id, const std::string& title, const std::string& description,
                 ChartSize size, double width, double height) {
  const char* name = size == ChartSize::kWide ? "wide" : "narrow";
  const std::string key = fmt::format("{}-{}", id, name);
  return fmt::format(
      "<svg class=\"chart {0}\" viewBox=\"0 0 {1} {2}\" style=\"--natural:{1}px\" role=\"img\" "
      "aria-labelledby=\"{3}-title {3}-desc\">\n"
      "<title id=\"{3}-title\">{4}</title><desc id=\"{3}-desc\">{5}</desc>\n",
      name, Pixels(width), Pixels(height), key, Escape(title), Escape(description));
}

void Line(std::string& out, const char* css_class, double x1, double y1, double x2, double y2) {
  Append(out, "<line class=\"{}\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>\n", css_class,
         Pixels(x1), Pixels(y1), Pixels(x2), Pixels(y2));
}

void Text(std::string& out, const char* css_class, const char* anchor, double x, double y,
          const std::string& text) {
  Append(out, "<text class=\"{}\" text-anchor=\"{}\" x=\"{}\" y=\"{}\">{}</text>\n", css_class,
         anchor, Pixels(x), Pixels(y), Escape(text));
}

void Marker(std::string& out, Standing standing, double x, double y) {
  const char* name = StandingName(standing);
  if (standing == Standing::kLeader) {
    Append(out, "<path class=\"marker-{}\" d=\"M{} {}l7 7l-7 7l-7-7z\"/>", name, Pixels(x),
           Pixels(y - 7));
  } else if (standing == Standing::kBehind) {
    Append(out, "<rect class=\"marker-{}\" x=\"{}\" y=\"{}\" width=\"9\" height=\"9\"/>", name,
           Pixels(x - 4.5), Pixels(y - 4.5));
  } else {
    Append(out, "<circle class=\"marker-{}\" cx=\"{}\" cy=\"{}\" r=\"5\"/>", name, Pixels(x),
           Pixels(y));
  }
}

std::pair<double, double> Extent(const IntervalChart& chart) {
  double low = chart.zero_line ? 0 : INFINITY;
  double high = chart.zero_line ? 0 : -INFINITY;
  for (const IntervalRow& row : chart.rows) {
    for (const double value : {row.value, row.low, row.high}) {
      if (!std::isfinite(value)) continue;
      low = std::min(low, value);
      high = std::max(high, value);
    }
  }
  return {low, high};
}

bool HasInterval(double low, double high) { return std::isfinite(low) && std::isfinite(high); }

// A tick's label that would stick out of the picture moves inwards.
void HorizontalTicks(std::string& out, const Axis& axis, double left, double right, double top,
                     double bottom, double width) {
  double last_end = -INFINITY;
  for (const Tick& tick : axis.ticks) {
    const double x = left + axis.Fraction(tick.value) * (right - left);
    Line(out, "grid", x, top, x, bottom);
    const double label_width = TextWidth(tick.label, kTickSize);
    const double centre = std::clamp(x, label_width / 2 + 1, width - label_width / 2 - 1);
    if (centre - label_width / 2 < last_end + 4) continue;
    last_end = centre + label_width / 2;
    Text(out, "tick", "middle", centre, bottom + 16, tick.label);
  }
}

}  // namespace

const char* StandingName(Standing standing) {
  switch (standing) {
    case Standing::kLeader:
      return "leader";
    case Standing::kTied:
      return "tied";
    case Standing::kBehind:
      return "behind";
    case Standing::kUntested:
      return "untested";
  }
  return "untested";
}

std::string DrawLegendMarker(Standing standing) {
  std::string out =
      "<svg class=\"key\" viewBox=\"0 0 16 16\" width=\"16\" height=\"16\" aria-hidden=\"true\">";
  Marker(out, standing, 8, 8);
  return out + "</svg>";
}

//  wide    name          |----◆----|        0.412 [0.380, 0.445]
//
//  narrow  name        0.412 [0.380, 0.445]
//                |----◆----|
std::string DrawIntervals(const IntervalChart& chart, ChartSize size) {
  const bool wide = size == ChartSize::kWide;
  const double width = wide ? 1064 : 344;
  const double row_height = wide ? 34 : 50;
  double name_width = 40;
  double text_width = 0;
  for (const IntervalRow& row : chart.rows) {
    name_width = std::max(name_width, TextWidth(row.label, kNameSize) * (row.emphasis ? 1.1 : 1.0));
    text_width = std::max(text_width, TextWidth(row.text, kNameSize));
  }
  if (wide) name_width = std::min(name_width, 250.0);
  const double top = 8;
  const double bottom = top + row_height * static_cast<double>(chart.rows.size());
  const double left = wide ? name_width + 22 : 10;
  const double right = wide ? width - text_width - 24 : width - 10;
  const double height = bottom + (chart.axis_title.empty() ? 24 : 42);

  const auto [low, high] = Extent(chart);
  const Axis axis = LinearAxis(low, high, wide ? 6 : 4);
  const auto x_of = [&](double value) { return left + axis.Fraction(value) * (right - left); };

  std::string out = Open(chart.id, chart.title, chart.description, size, width, height);
  HorizontalTicks(out, axis, left, right, top, bottom, width);
  if (chart.zero_line) Line(out, "zero", x_of(0), top, x_of(0), bottom);
  for (size_t i = 0; i < chart.rows.size(); ++i) {
    const IntervalRow& row = chart.rows[i];
    const double row_top = top + row_height * static_cast<double>(i);
    const double y = wide ? row_top + row_height / 2 : row_top + 33;
    const double text_y = wide ? y + 4.5 : row_top + 15;
    const double room = wide ? name_width : width - text_width - 14;
    const double bold = row.emphasis ? 1.1 : 1.0;
    Append(out, "<g><title>{}: {}</title>\n", Escape(row.label), Escape(row.text));
    Text(out, row.emphasis ? "name strong halo" : "name halo", "start", 2, text_y,
         Shorten(row.label, room, kNameSize * bold));
    Text(out, "figure halo", "end", width - 2, text_y, row.text);
    if (std::isfinite(row.value)) {
      if (HasInterval(row.low, row.high)) {
        const std::string css = fmt::format("interval interval-{}", StandingName(row.standing));
        Line(out, css.c_str(), x_of(row.low), y, x_of(row.high), y);
      }
      Marker(out, row.standing, x_of(row.value), y);
    }
    out += "</g>\n";
  }
  if (!chart.axis_title.empty()) {
    const std::string title = Shorten(chart.axis_title, width - 4, kTickSize);
    const double half = TextWidth(title, kTickSize) / 2 + 1;
    Text(out, "axis", "middle", std::clamp((left + right) / 2, half, width - half), bottom + 34,
         title);
  }
  return out + "</svg>\n";
}

ScatterDrawing DrawScatter(const ScatterChart& chart, ChartSize size) {
  const bool wide = size == ChartSize::kWide;
  const double width = wide ? 540 : 344;
  const double height = wide ? 360 : 330;
  double tick_width = 0;
  for (const Tick& tick : chart.y.ticks)
    tick_width = std::max(tick_width, TextWidth(tick.label, kTickSize));
  const double left = tick_width + 10;
  const double right = width - 12;
  const double top = 28;
  const double bottom = height - 46;
  const auto x_of = [&](double value) { return left + chart.x.Fraction(value) * (right - left); };
  const auto y_of = [&](double value) { return bottom - chart.y.Fraction(value) * (bottom - top); };

  ScatterDrawing drawing;
  std::string& out = drawing.svg;
  out = Open(chart.id, chart.title, chart.description, size, width, height);
  HorizontalTicks(out, chart.x, left, right, top, bottom, width);
  for (const Tick& tick : chart.y.ticks) {
    const double y = y_of(tick.value);
    Line(out, "grid", left, y, right, y);
    Text(out, "tick", "end", left - 7, y + 4, tick.label);
  }
  Text(out, "axis", "start", 1, 13, Shorten(chart.y_title, width - 4, kTickSize));
  Text(out, "axis", "end", right, height - 8, Shorten(chart.x_title, width - 16, kTickSize));

  std::string path;
  for (const size_t i : chart.frontier) {
    Append(path, "{}{} {}", path.empty() ? "M" : "L", Pixels(x_of(chart.points[i].x)),
           Pixels(y_of(chart.points[i].y)));
  }
  if (chart.frontier.size() > 1) Append(out, "<path class=\"frontier\" d=\"{}\"/>\n", path);

  std::vector<LabelRequest> requests;
  std::vector<std::string> labels;
  for (const ScatterPoint& point : chart.points) {
    const double x = x_of(point.x);
    labels.push_back(Shorten(point.label, wide ? 190 : 130, kNameSize));
    requests.push_back({x, y_of(point.y), point.standing == Standing::kLeader ? 7.0 : 5.5,
                        TextWidth(labels.back(), kNameSize), kNameSize + 2});
  }
  const std::vector<std::optional<Box>> places =
      PlaceLabels(requests, {}, {left + 2, top, width - 2, bottom - 1});
  for (size_t i = 0; i < places.size(); ++i) {
    if (!places[i]) continue;
    const Box& box = *places[i];
    const double near_x = std::clamp(requests[i].x, box.left, box.right);
    const double near_y = std::clamp(requests[i].y, box.top, box.bottom);
    const double distance = std::hypot(near_x - requests[i].x, near_y - requests[i].y);
    if (distance > requests[i].radius + kGapWithoutLine)
      Line(out, "leader-line", requests[i].x, requests[i].y, near_x, near_y);
  }
  for (size_t i = 0; i < chart.points.size(); ++i) {
    const ScatterPoint& point = chart.points[i];
    Append(out, "<g><title>{}</title>", Escape(point.text));
    Marker(out, point.standing, requests[i].x, requests[i].y);
    out += "</g>\n";
    if (places[i]) {
      const char* css = point.standing == Standing::kLeader ? "name strong halo" : "name halo";
      Text(out, css, "start", places[i]->left, places[i]->bottom - 3.5, labels[i]);
    } else {
      drawing.unlabelled.push_back(point.label);
    }
  }
  out += "</svg>\n";
  return drawing;
}

}  // namespace klieg::flows
