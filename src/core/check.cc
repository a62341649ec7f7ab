#include "core/check.h"

#include <cstdio>
#include <cstdlib>

namespace klieg::core {

void CheckFailed(const char* file, int line, const char* condition, const std::string& message) {
  std::fprintf(stderr,
               "klieg: internal error at %s:%d: %s %s\nThis is a bug in klieg: please report it.\n",
               file, line, condition, message.c_str());
  std::abort();
}

}  // namespace klieg::core
