/// How much memory there is, and how much this process took.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"

namespace klieg::core {

/// Bytes that can be had now without swapping: the smaller of MemAvailable and what the control
/// group allows.
uint64_t AvailableMemoryBytes();

/// Largest resident set of this process so far (VmHWM).
uint64_t PeakResidentBytes();

/// Sets the high-water mark back to the present size, so that the next PeakResidentBytes() speaks
/// of what came after. Returns false where the system does not offer it.
bool ResetPeakResident();

/// "1.6 GiB".
std::string FormatBytes(uint64_t bytes);

/// Refuses with kOutOfMemory when `needed` exceeds `limit` (0: what is available now), saying what
/// was needed for what, what there is, and `advice`: what to use instead.
Status RequireMemory(uint64_t needed, uint64_t limit, std::string_view purpose,
                     std::string_view advice);

}  // namespace klieg::core
