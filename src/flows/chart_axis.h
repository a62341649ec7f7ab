/// Axes with round ticks: 0.25, 0.30, 0.35 and not 0.2517; 1 s, 10 s, 1 min and not 63.1 s.
#pragma once

#include <string>
#include <vector>

namespace klieg::flows {

struct Tick {
  double value = 0;
  std::string label;
};

/// A monotone map from values to the fraction 0 … 1 of an axis, with ticks inside it, in ascending
/// order.
struct Axis {
  double low = 0;
  double high = 1;
  bool logarithmic = false;
  std::vector<Tick> ticks;

  /// Values outside the axis are drawn at its end.
  double Fraction(double value) const;
};

/// Covers [low, high] with a little air and ends on ticks of 1, 2 or 5 times a power of ten, about
/// `ticks` of them. A range without width, or not finite, gets one. `percent` labels 0.25 as "25
/// %".
Axis LinearAxis(double low, double high, int ticks, bool percent = false);

/// Durations in seconds on a logarithmic axis, with the ticks that people use (1 ms … 1 s, 10 s, 1
/// min, 10 min, 1 h). Values below a millisecond are outside it.
Axis DurationAxis(double low_seconds, double high_seconds, int ticks);

inline constexpr double kDurationAxisMinSeconds = 0.001;

}  // namespace klieg::flows
