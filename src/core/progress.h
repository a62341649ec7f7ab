/// What long work tells the person who waits for it: how far, how fast, how long still.
///
///     const auto task = progress.Begin("train ials", epochs, "epochs");
///     for (...) { ...; task->Advance(1); }
///
/// On a terminal one line is redrawn; elsewhere a plain line appears every few seconds and at the
/// end. Nothing is ever written to standard output, so that `--json` stays clean.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace klieg::core {

/// One piece of work under way; ends when destroyed. Thread-safe.
class ProgressTask {
 public:
  virtual ~ProgressTask() = default;
  virtual void Advance(uint64_t amount) = 0;
  /// A word to show beside the figures, such as the best value so far.
  virtual void SetNote(std::string note) = 0;
};

/// Where progress goes. Thread-safe.
class Progress {
 public:
  virtual ~Progress() = default;
  /// `total` 0 means unknown.
  virtual std::unique_ptr<ProgressTask> Begin(std::string name, uint64_t total,
                                              std::string unit) = 0;
  /// One line of information, kept.
  virtual void Say(std::string_view line) = 0;
};

/// Says nothing: for tests and `--quiet`.
Progress& SilentProgress();

/// Writes to standard error, redrawing when that is a terminal.
std::unique_ptr<Progress> MakeConsoleProgress();

/// "1.2 k/s, 3 min 05 s left": exposed for its test. rate in units a second.
std::string DescribeRate(uint64_t done, uint64_t total, double seconds, std::string_view unit);

}  // namespace klieg::core
