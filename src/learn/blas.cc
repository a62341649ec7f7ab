#include "learn/blas.h"

#include <cblas.h>
#include <fmt/format.h>

#include <string_view>

namespace klieg::learn {

void InitializeBlas() {
  static const bool done = [] {
    openblas_set_num_threads(1);
    return true;
  }();
  static_cast<void>(done);
}

std::string BlasDescription() {
  // The configuration reads "OpenBLAS 0.3.21 NO_LAPACKE …": the first two words name it.
  const std::string_view config = openblas_get_config();
  const size_t space = config.find(' ', config.find(' ') + 1);
  return fmt::format("{} {}", config.substr(0, space), openblas_get_corename());
}

}  // namespace klieg::learn
