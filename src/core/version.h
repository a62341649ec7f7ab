/// What code this is: recorded with every run and every model.
#pragma once

#include <string>
#include <string_view>

namespace klieg::core {

/// "0.1.0".
std::string_view Version();

/// Version, digest of the sources this binary was built from, compiler: "0.1.0+3f9c2a17 (g++
/// 12.2.0)". The digest is of src/ and CMakeLists.txt as they were at configuration or build,
/// committed or not.
std::string CodeVersion();

/// Processor instruction set that decides which kernels run: "x86-64 avx512". Same bytes hold
/// within one.
std::string InstructionSet();

}  // namespace klieg::core
