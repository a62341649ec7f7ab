#include <cstdio>
#include <exception>

#include "cli/verb.h"

int main(int argc, char** argv) {
  // Results are values here; what still throws (out of memory, a broken terminal) ends the command,
  // not the machine.
  try {
    return klieg::cli::RunCommandLine(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "klieg: stopped by the system: %s\n", error.what());
    return 1;
  }
}
