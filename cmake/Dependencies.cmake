# Third-party libraries. Debian packages except DuckDB, which `./dev setup` unpacks into .deps/duckdb
# (header and shared library, pinned by hash). Everything is wrapped in a target named klieg_dep_*.

find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED COMPONENTS Crypto)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(Eigen3 REQUIRED)
find_package(GTest REQUIRED)

function(klieg_dependency name)
  cmake_parse_arguments(ARG "" "HEADER;HINT" "LIBRARIES" ${ARGN})
  add_library(klieg_dep_${name} INTERFACE)
  if(ARG_HEADER)
    find_path(KLIEG_${name}_INCLUDE ${ARG_HEADER} HINTS ${ARG_HINT} REQUIRED)
    target_include_directories(klieg_dep_${name} SYSTEM INTERFACE ${KLIEG_${name}_INCLUDE})
  endif()
  foreach(library ${ARG_LIBRARIES})
    find_library(KLIEG_LIB_${library} ${library} HINTS ${ARG_HINT} REQUIRED)
    target_link_libraries(klieg_dep_${name} INTERFACE ${KLIEG_LIB_${library}})
  endforeach()
endfunction()

set(KLIEG_DEPS "${CMAKE_SOURCE_DIR}/.deps" CACHE PATH "Where ./dev setup unpacked DuckDB")
if(NOT EXISTS ${KLIEG_DEPS}/duckdb/duckdb.h)
  message(FATAL_ERROR "DuckDB is not in ${KLIEG_DEPS}/duckdb: run ./dev setup")
endif()
klieg_dependency(duckdb HEADER duckdb.h HINT ${KLIEG_DEPS}/duckdb LIBRARIES duckdb)

# OpenBLAS by its own name: -lblas follows update-alternatives and changes with what apt installed last.
set(openblas_hints /usr/lib/x86_64-linux-gnu/openblas-pthread /usr/lib/aarch64-linux-gnu/openblas-pthread)
klieg_dependency(openblas HEADER cblas.h
  HINT ${openblas_hints} /usr/include/x86_64-linux-gnu/openblas-pthread /usr/include/aarch64-linux-gnu/openblas-pthread
  LIBRARIES openblas)
klieg_dependency(soci HEADER soci/soci.h LIBRARIES soci_core soci_sqlite3)
klieg_dependency(highway HEADER hwy/highway.h LIBRARIES hwy)
klieg_dependency(tomlplusplus HEADER toml++/toml.h)
klieg_dependency(expected HEADER tl/expected.hpp)
klieg_dependency(cli11 HEADER CLI/CLI.hpp)
