// render_report FILE: writes the sample report, for a browser to open.
#include <fmt/format.h>

#include <cstdio>

#include "core/file.h"
#include "sample_report.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: render_report FILE\n");
    return 2;
  }
  const auto written = klieg::core::WriteFileAtomically(
      argv[1], klieg::flows::RenderReport(klieg::browser_test::SampleReport()));
  if (!written) fmt::print(stderr, "{}\n", written.error().message);
  return written ? 0 : 1;
}
