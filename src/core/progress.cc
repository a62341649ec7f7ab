#include "core/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <mutex>

#include "core/clock.h"

namespace klieg::core {
namespace {

constexpr double kTerminalPeriodSeconds = 0.2;
constexpr double kPlainPeriodSeconds = 5;

class SilentTask : public ProgressTask {
 public:
  void Advance(uint64_t) override {}
  void SetNote(std::string) override {}
};

class Silent : public Progress {
 public:
  std::unique_ptr<ProgressTask> Begin(std::string, uint64_t, std::string) override {
    return std::make_unique<SilentTask>();
  }
  void Say(std::string_view) override {}
};

class ConsoleTask : public ProgressTask {
 public:
  ConsoleTask(std::string name, uint64_t total, std::string unit, bool terminal)
      : name_(std::move(name)), total_(total), unit_(std::move(unit)), terminal_(terminal) {}
  ConsoleTask(const ConsoleTask&) = delete;
  ConsoleTask& operator=(const ConsoleTask&) = delete;
  ~ConsoleTask() override {
    const std::lock_guard lock(mutex_);
    // Work that was over before anybody could wonder needs no line.
    if (watch_.WallSeconds() < 1 && !drawn_) return;
    Draw();
    if (terminal_) std::fputc('\n', stderr);
  }

  void Advance(uint64_t amount) override {
    const std::lock_guard lock(mutex_);
    done_ += amount;
    const double now = watch_.WallSeconds();
    if (now - last_drawn_ < (terminal_ ? kTerminalPeriodSeconds : kPlainPeriodSeconds)) return;
    last_drawn_ = now;
    Draw();
  }

  void SetNote(std::string note) override {
    const std::lock_guard lock(mutex_);
    note_ = std::move(note);
  }

 private:
  void Draw() {
    drawn_ = true;
    std::string line = name_ + ": " + DescribeRate(done_, total_, watch_.WallSeconds(), unit_);
    if (!note_.empty()) line += "; " + note_;
    if (terminal_) {
      fmt::print(stderr, "\r\033[K{}", line);
      std::fflush(stderr);
    } else {
      fmt::print(stderr, "{}\n", line);
    }
  }

  std::mutex mutex_;
  const std::string name_;
  const uint64_t total_;
  const std::string unit_;
  const bool terminal_;
  Stopwatch watch_;
  uint64_t done_ = 0;
  double last_drawn_ = 0;
  bool drawn_ = false;
  std::string note_;
};

class Console : public Progress {
 public:
  explicit Console(bool terminal) : terminal_(terminal) {}
  std::unique_ptr<ProgressTask> Begin(std::string name, uint64_t total, std::string unit) override {
    return std::make_unique<ConsoleTask>(std::move(name), total, std::move(unit), terminal_);
  }
  void Say(std::string_view line) override { fmt::print(stderr, "{}\n", line); }

 private:
  bool terminal_;
};

std::string Duration(double seconds) {
  const auto whole = static_cast<int64_t>(std::ceil(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

std::string Count(double value) {
  if (value >= 1e9) return fmt::format("{:.1f} G ", value / 1e9);
  if (value >= 1e6) return fmt::format("{:.1f} M ", value / 1e6);
  if (value >= 1e4) return fmt::format("{:.1f} k ", value / 1e3);
  if (value >= 100 || value == std::floor(value)) return fmt::format("{:.0f} ", value);
  return fmt::format("{:.1f} ", value);
}

}  // namespace

std::string DescribeRate(uint64_t done, uint64_t total, double seconds, std::string_view unit) {
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  std::string text = Count(static_cast<double>(done));
  if (total > 0) text += fmt::format("of {}", Count(static_cast<double>(total)));
  text += fmt::format("{}, {}{}/s", unit, Count(rate), unit);
  if (total > 0 && done >= total) {
    text += fmt::format(", {} in all", Duration(seconds));
  } else if (total > 0 && rate > 0) {
    text += fmt::format(", {} left", Duration(static_cast<double>(total - done) / rate));
  }
  return text;
}

Progress& SilentProgress() {
  static Silent silent;
  return silent;
}

std::unique_ptr<Progress> MakeConsoleProgress() {
  return std::make_unique<Console>(::isatty(STDERR_FILENO) == 1);
}

}  // namespace klieg::core
