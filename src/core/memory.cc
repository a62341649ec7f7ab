#include "core/memory.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <limits>

namespace klieg::core {
namespace {

/// The figure behind `key` in a file of "Key:   123 kB" lines, in bytes; 0 when absent.
uint64_t ReadKilobytes(const char* file, std::string_view key) {
  std::ifstream stream(file);
  std::string line;
  while (std::getline(stream, line)) {
    if (line.starts_with(key)) return std::strtoull(line.c_str() + key.size(), nullptr, 10) * 1024;
  }
  return 0;
}

uint64_t ReadNumber(const char* file) {
  std::ifstream stream(file);
  uint64_t value = 0;
  return stream >> value ? value : std::numeric_limits<uint64_t>::max();
}

/// What the control group (version 2, then 1) still allows; the largest number when there is no
/// limit.
uint64_t ControlGroupRemaining() {
  const uint64_t limit = std::min(ReadNumber("/sys/fs/cgroup/memory.max"),
                                  ReadNumber("/sys/fs/cgroup/memory/memory.limit_in_bytes"));
  uint64_t used = ReadNumber("/sys/fs/cgroup/memory.current");
  if (used == std::numeric_limits<uint64_t>::max()) {
    used = ReadNumber("/sys/fs/cgroup/memory/memory.usage_in_bytes");
  }
  if (limit == std::numeric_limits<uint64_t>::max() || used >= limit) {
    return limit == std::numeric_limits<uint64_t>::max() ? limit : 0;
  }
  return limit - used;
}

}  // namespace

uint64_t AvailableMemoryBytes() {
  const uint64_t available = ReadKilobytes("/proc/meminfo", "MemAvailable:");
  const uint64_t fallback =
      static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  return std::min(available > 0 ? available : fallback, ControlGroupRemaining());
}

uint64_t PeakResidentBytes() { return ReadKilobytes("/proc/self/status", "VmHWM:"); }

bool ResetPeakResident() {
  std::ofstream stream("/proc/self/clear_refs");
  stream << "5";
  stream.flush();
  return stream.good();
}

std::string FormatBytes(uint64_t bytes) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit < 4) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

Status RequireMemory(uint64_t needed, uint64_t limit, std::string_view purpose,
                     std::string_view advice) {
  const uint64_t available = limit > 0 ? limit : AvailableMemoryBytes();
  if (needed <= available) return {};
  return Fail(ErrorCode::kOutOfMemory, "{} needs {}, there are {}: {}", purpose,
              FormatBytes(needed), FormatBytes(available), advice);
}

}  // namespace klieg::core
