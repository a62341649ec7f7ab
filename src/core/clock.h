/// Time as the platform sees it: microseconds since 1970-01-01 UTC in a type of their own.
/// The clock is passed in, so that tests hold it still.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"

namespace klieg::core {

struct Timestamp {
  int64_t micros = 0;
  auto operator<=>(const Timestamp&) const = default;
  int64_t seconds() const { return micros / 1'000'000; }
};

/// ISO 8601 in UTC with microseconds: "2026-03-01T09:30:00.000000Z". Years 1 to 9999.
std::string FormatTimestamp(Timestamp time);

/// Reads "2026-03-01" (midnight UTC) and "2026-03-01T09:30:00[.ffffff]Z".
Result<Timestamp> ParseTimestamp(std::string_view text);

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp Now() const = 0;
};

/// The machine's clock.
class SystemClock : public Clock {
 public:
  Timestamp Now() const override;
};

/// A clock that stands still until it is set: for tests.
class FixedClock : public Clock {
 public:
  explicit FixedClock(Timestamp now) : now_(now) {}
  Timestamp Now() const override { return now_; }
  void Set(Timestamp now) { now_ = now; }

 private:
  Timestamp now_;
};

/// Wall and processor time since construction, for figures in reports (never for decisions).
class Stopwatch {
 public:
  Stopwatch();
  double WallSeconds() const;
  /// Processor time of the whole process, all threads.
  double CpuSeconds() const;

 private:
  double wall_start_;
  double cpu_start_;
};

}  // namespace klieg::core
