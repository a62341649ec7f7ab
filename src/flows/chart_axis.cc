#include "flows/chart_axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "flows/html_text.h"

namespace klieg::flows {
namespace {

// The smallest of 1, 2, 5 times a power of ten that is at least `step`.
double RoundStep(double step) {
  const double power = std::pow(10.0, std::floor(std::log10(step)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= step * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

std::string TickLabel(double value, double step, bool percent) {
  const double shown_step = percent ? step * 100 : step;
  const double decimals = std::ceil(-std::log10(shown_step) - 1e-9);
  const int places = static_cast<int>(std::clamp(decimals, 0.0, 9.0));
  return percent ? Fixed(value * 100, places) + " %" : Fixed(value, places);
}

struct RoundDuration {
  double seconds;
  const char* label;
  int level;  // 0 is the coarsest; a finer axis adds the higher levels.
};
constexpr std::array<RoundDuration, 27> kRoundDurations = {{
    {0.001, "1 ms", 0},  {0.002, "2 ms", 2},  {0.005, "5 ms", 1},     {0.01, "10 ms", 0},
    {0.02, "20 ms", 2},  {0.05, "50 ms", 1},  {0.1, "0.1 s", 0},      {0.2, "0.2 s", 2},
    {0.5, "0.5 s", 1},   {1, "1 s", 0},       {2, "2 s", 2},          {5, "5 s", 1},
    {10, "10 s", 0},     {20, "20 s", 2},     {30, "30 s", 1},        {60, "1 min", 0},
    {120, "2 min", 2},   {300, "5 min", 1},   {600, "10 min", 0},     {1200, "20 min", 2},
    {1800, "30 min", 1}, {3600, "1 h", 0},    {7200, "2 h", 2},       {18000, "5 h", 1},
    {36000, "10 h", 0},  {86400, "1 day", 1}, {864000, "10 days", 0},
}};

}  // namespace

double Axis::Fraction(double value) const {
  const double from = logarithmic ? std::log(low) : low;
  const double to = logarithmic ? std::log(high) : high;
  const double at = logarithmic ? std::log(std::max(value, low)) : value;
  return std::clamp((at - from) / (to - from), 0.0, 1.0);
}

Axis LinearAxis(double low, double high, int ticks, bool percent) {
  if (low > high) std::swap(low, high);
  if (!std::isfinite(low) || !std::isfinite(high) || std::abs(low) > 1e12 ||
      std::abs(high) > 1e12) {
    low = 0;
    high = 1;
  }
  const double size = std::max(std::abs(low), std::abs(high));
  if (high - low < size * 1e-6 || size < 1e-9) {
    const double air = size < 1e-9 ? 0.5 : size * 0.1;
    low -= air;
    high += air;
  }
  const double step = RoundStep((high - low) / std::max(ticks, 2));
  Axis axis;
  axis.low = std::floor(low / step + 1e-9) * step;
  axis.high = std::ceil(high / step - 1e-9) * step;
  const auto count = static_cast<int>(std::lround((axis.high - axis.low) / step));
  for (int i = 0; i <= count; ++i) {
    const double value = axis.low + i * step;
    axis.ticks.push_back({value, TickLabel(value, step, percent)});
  }
  return axis;
}

Axis DurationAxis(double low_seconds, double high_seconds, int ticks) {
  const double ceiling = kRoundDurations.back().seconds;
  const auto inside = [&](double value) {
    return std::isfinite(value) ? std::clamp(value, kDurationAxisMinSeconds, ceiling)
                                : kDurationAxisMinSeconds;
  };
  double low = inside(low_seconds);
  double high = inside(high_seconds);
  if (low > high) std::swap(low, high);
  // At least one decade, with air at both ends, so that small differences do not look like large
  // ones.
  const double missing = std::max(1.0, std::sqrt(10.0 / (high / low)));
  Axis axis;
  axis.logarithmic = true;
  axis.low = low / missing / 1.35;
  axis.high = high * missing * 1.35;
  for (int level = 2; level >= 0; --level) {
    axis.ticks.clear();
    for (const RoundDuration& round : kRoundDurations) {
      const bool within = round.seconds >= axis.low && round.seconds <= axis.high;
      if (within && round.level <= level) axis.ticks.push_back({round.seconds, round.label});
    }
    if (static_cast<int>(axis.ticks.size()) <= ticks) break;
  }
  return axis;
}

}  // namespace klieg::flows
