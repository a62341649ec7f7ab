# Compiler, linker and sanitizer settings shared by every target.

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
# -g1 keeps line numbers for stack traces at a tenth of the size of full debug information.
# Sanitized code is built with -O1: half the time to compile, and closer to what was written.
if(KLIEG_SANITIZE)
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1")
else()
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

find_program(KLIEG_CCACHE ccache)
if(KLIEG_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${KLIEG_CCACHE})
endif()
find_program(KLIEG_MOLD mold)
if(KLIEG_MOLD AND NOT KLIEG_FUZZ)
  add_link_options(-fuse-ld=mold)
endif()

add_library(klieg_flags INTERFACE)
target_compile_options(klieg_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-qual
  # Same source, same bytes: no fused multiply-add that one compiler forms and another does not.
  # Kernels that want FMA ask for it by name (src/learn).
  -ffp-contract=off)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # clang 19 reports what libstdc++ 12 uses inside std::stable_sort as deprecated.
  target_compile_options(klieg_flags INTERFACE -Wno-deprecated-declarations)
endif()
if(KLIEG_WERROR)
  target_compile_options(klieg_flags INTERFACE -Werror)
endif()
if(KLIEG_SANITIZE)
  target_compile_options(klieg_flags INTERFACE
    -fsanitize=${KLIEG_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(klieg_flags INTERFACE -fsanitize=${KLIEG_SANITIZE})
  target_compile_definitions(klieg_flags INTERFACE KLIEG_SANITIZED=1)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 reports false positives of these when it instruments for sanitizers.
    target_compile_options(klieg_flags INTERFACE
      -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds -Wno-tsan)
  endif()
endif()
if(KLIEG_FUZZ)
  target_compile_options(klieg_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
