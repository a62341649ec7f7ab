# klieg_module(core RANK 0 [DEPENDS other-modules…] [LIBRARIES third-party targets…])
#
# Makes the static library klieg_<name> of every src/<name>/*.cc and the test program <name>_test of every *_test.cc.
# A module may depend only on modules of strictly lower rank: anything else stops the configuration.
# LIBRARIES are private, so that a third-party header cannot leak upwards; PUBLIC_LIBRARIES are for the
# few whose types stand in our own headers.
function(klieg_module name)
  cmake_parse_arguments(ARG "" "RANK" "DEPENDS;LIBRARIES;PUBLIC_LIBRARIES" ${ARGN})
  if(NOT DEFINED ARG_RANK)
    message(FATAL_ERROR "klieg_module(${name}): RANK is missing")
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")

  add_library(klieg_${name} STATIC ${sources})
  target_include_directories(klieg_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(klieg_${name} PUBLIC klieg_flags ${ARG_PUBLIC_LIBRARIES} PRIVATE ${ARG_LIBRARIES})
  set_property(GLOBAL PROPERTY KLIEG_RANK_${name} ${ARG_RANK})
  foreach(dependency ${ARG_DEPENDS})
    get_property(rank GLOBAL PROPERTY KLIEG_RANK_${dependency})
    if("${rank}" STREQUAL "" OR NOT rank LESS ARG_RANK)
      message(FATAL_ERROR "module ${name} (rank ${ARG_RANK}) may not depend on ${dependency} (rank ${rank}): "
                          "dependencies only go down, see docs/architecture.md")
    endif()
    target_link_libraries(klieg_${name} PUBLIC klieg_${dependency})
  endforeach()

  if(tests)
    klieg_test(${name}_test SOURCES ${tests} LIBRARIES klieg_${name} ${ARG_LIBRARIES})
  endif()
endfunction()

# klieg_test(name SOURCES … LIBRARIES … [LABELS slow])
# Tests see KLIEG_SOURCE_DIR (the project) and, where the environment sets it, KLIEG_DATA.
function(klieg_test name)
  cmake_parse_arguments(ARG "" "LABELS;TIMEOUT" "SOURCES;LIBRARIES" ${ARGN})
  if(NOT ARG_LABELS)
    set(ARG_LABELS fast)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LIBRARIES} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE KLIEG_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  include(GoogleTest)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS ${ARG_LABELS} TIMEOUT ${ARG_TIMEOUT}
    ENVIRONMENT "TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/tsan.supp;LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/lsan.supp")
endfunction()
