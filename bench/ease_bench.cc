// How much slower than the bare inverse is EASE, and how much more memory than its matrix does it
// take?
//
//     ease_bench [--quick] [--members M] [--titles T] [--interactions N] [--repeats R] [--threads
//     P]
//
// The bound is LAPACK's spotrf + spotri, threaded by OpenBLAS itself, on the same matrix. EASE end
// to end is the Gram matrix, the inverse and the weights. Both run in turn, and medians are
// compared.
#include <cblas.h>
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "core/memory.h"
#include "core/progress.h"
#include "core/thread_pool.h"
#include "generated_interactions.h"
#include "learn/blas.h"
#include "learn/gram.h"
#include "personalize/closed_form_item_model.h"

extern "C" {
void spotrf_(const char* uplo, const int* n, float* a, const int* lda, int* info);
void spotri_(const char* uplo, const int* n, float* a, const int* lda, int* info);
}

namespace klieg::bench {
namespace {

struct Arguments {
  GeneratedShape shape;
  int repeats = 5;
  size_t threads = 2;
};

Arguments Parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--quick") {
      arguments.shape = {.members = 20000, .titles = 4000, .interactions = 1500000};
      continue;
    }
    const auto value = i + 1 < argc ? std::strtoull(argv[++i], nullptr, 10) : 0;
    if (value == 0) {
      fmt::print(stderr, "ease_bench: '{}' needs a positive number after it\n", name);
      std::exit(2);
    }
    if (name == "--members") {
      arguments.shape.members = static_cast<uint32_t>(value);
    } else if (name == "--titles") {
      arguments.shape.titles = static_cast<uint32_t>(value);
    } else if (name == "--interactions") {
      arguments.shape.interactions = value;
    } else if (name == "--repeats") {
      arguments.repeats = static_cast<int>(value);
    } else if (name == "--threads") {
      arguments.threads = value;
    } else {
      fmt::print(stderr, "ease_bench: unknown option '{}'\n", name);
      std::exit(2);
    }
  }
  return arguments;
}

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

/// Seconds of spotrf + spotri on the regularised Gram matrix, threaded by OpenBLAS.
double TimeBareInverse(const learn::SparseMatrix& matrix, float lambda, core::ThreadPool& pool,
                       double* gram_seconds) {
  const int n = static_cast<int>(matrix.column_count);
  core::Matrix<float> gram(matrix.column_count, matrix.column_count);
  const double start = Now();
  learn::ComputeGram(matrix, {}, gram.view(), pool);
  *gram_seconds = Now() - start;
  for (int i = 0; i < n; ++i) gram(i, i) += lambda;
  openblas_set_num_threads(static_cast<int>(pool.threads()));
  int info = 0;
  const double begin = Now();
  spotrf_("U", &n, gram.data(), &n, &info);
  if (info == 0) spotri_("U", &n, gram.data(), &n, &info);
  const double seconds = Now() - begin;
  openblas_set_num_threads(1);
  if (info != 0) fmt::print(stderr, "ease_bench: LAPACK failed with {}\n", info);
  return seconds;
}

int Main(int argc, char** argv) {
  const Arguments arguments = Parse(argc, argv);
  learn::InitializeBlas();
  const learn::SparseMatrix matrix = GenerateInteractions(arguments.shape, 1);
  core::ThreadPool pool(arguments.threads);
  const personalize::ClosedFormOptions options{.lambda = 500};
  const double matrix_bytes = 4.0 * matrix.column_count * matrix.column_count;
  fmt::print("{} members, {} titles, {} interactions; {} threads; {}\n", matrix.row_count,
             matrix.column_count, matrix.entry_count(), arguments.threads,
             learn::BlasDescription());

  std::vector<double> ease;
  std::vector<double> bare;
  std::vector<double> gram;
  std::vector<double> peak;
  for (int repeat = 0; repeat < arguments.repeats; ++repeat) {
    malloc_trim(0);  // What earlier rounds left in the heap would hide scratch space.
    const bool measures_memory = core::ResetPeakResident();
    const uint64_t before = core::PeakResidentBytes();
    const double start = Now();
    auto weights =
        personalize::TrainClosedForm("ease", matrix, options, {pool, core::SilentProgress()});
    ease.push_back(Now() - start);
    if (!weights) {
      fmt::print(stderr, "ease_bench: {}\n", weights.error().message);
      return 1;
    }
    if (measures_memory)
      peak.push_back(static_cast<double>(core::PeakResidentBytes() - before) / matrix_bytes);
    *weights = {};
    gram.push_back(0);
    bare.push_back(TimeBareInverse(matrix, 500, pool, &gram.back()));
  }
  const double bound = Median(bare);
  fmt::print("{:<34}{:>10}{:>10}{:>12}\n", "", "seconds", "ratio", "GFLOP/s");
  const double operations = 1e-9 * matrix.column_count * matrix.column_count * matrix.column_count;
  fmt::print("{:<34}{:>10.3f}{:>10.3f}{:>12.0f}\n", "bare spotrf + spotri, threaded", bound, 1.0,
             operations / bound);
  fmt::print("{:<34}{:>10.3f}{:>10.3f}{:>12.0f}   target 1.25\n", "ease end to end", Median(ease),
             Median(ease) / bound, operations / Median(ease));
  fmt::print("{:<34}{:>10.3f}{:>10.3f}\n", "  of which the Gram matrix", Median(gram),
             Median(gram) / bound);
  if (!peak.empty()) {
    fmt::print("{:<34}{:>10}{:>10.3f}   target 1.1\n", "peak memory / (4 n² bytes)", "",
               Median(peak));
  }
  return 0;
}

}  // namespace
}  // namespace klieg::bench

int main(int argc, char** argv) { return klieg::bench::Main(argc, argv); }
