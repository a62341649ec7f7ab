#include "learn/int8_scan.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/check.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace klieg::learn {
namespace {

using core::ErrorCode;

constexpr size_t kBlockRows = 64;
constexpr size_t kGroupDimensions = 4;
constexpr size_t kGroupBytes = kBlockRows * kGroupDimensions;
constexpr float kCodeMax = 127;
/// Longer vectors could overflow single precision in a product.
constexpr double kNormMax = 1e15;
/// Norms are computed in double precision and stored in single: this much more makes them upper
/// bounds.
constexpr double kRoundUp = 1 + 1e-6;
/// What products too small for single precision can lose, with a wide margin.
constexpr float kUnderflowSlack = 1e-30F;

/// A query as the kernels want it. Codes are padded with zeros to whole groups.
struct CodedQuery {
  std::vector<int8_t> codes;     // [groups · 4]
  std::vector<uint8_t> shifted;  // [groups · 4] codes + 128
  float scale = 0;
  float norm = 0;
  float residual_norm = 0;
};

/// What a kernel reads and writes of one call.
struct ScanArguments {
  const int8_t* codes;
  size_t blocks;
  size_t groups;
  const CodedQuery* query;
  const int32_t* correction;
  const float* scale;
  const float* residual_norm;
  const float* coded_norm;
  float* lower;
  float* upper;
};

double Norm(std::span<const float> values) {
  double squares = 0;
  for (const float value : values) squares += static_cast<double>(value) * value;
  return std::sqrt(squares);
}

float Scale(std::span<const float> values) {
  float largest = 0;
  for (const float value : values) largest = std::max(largest, std::abs(value));
  return largest / kCodeMax;
}

int8_t Code(float value, float scale) {
  if (scale == 0) return 0;
  return static_cast<int8_t>(std::clamp(std::nearbyint(value / scale), -kCodeMax, kCodeMax));
}

CodedQuery CodeQuery(std::span<const float> query, size_t groups) {
  CodedQuery coded;
  coded.codes.assign(groups * kGroupDimensions, 0);
  coded.shifted.assign(groups * kGroupDimensions, 128);
  coded.scale = Scale(query);
  double residual_squares = 0;
  for (size_t j = 0; j < query.size(); ++j) {
    coded.codes[j] = Code(query[j], coded.scale);
    coded.shifted[j] = static_cast<uint8_t>(coded.codes[j] + 128);
    const double residual = query[j] - static_cast<double>(coded.scale) * coded.codes[j];
    residual_squares += residual * residual;
  }
  coded.norm = static_cast<float>(Norm(query) * kRoundUp);
  coded.residual_norm = static_cast<float>(std::sqrt(residual_squares) * kRoundUp);
  return coded;
}

/// The bounds of one block from its integer products.
void FinishBlock(const ScanArguments& a, size_t block, const int32_t* products) {
  const size_t first = block * kBlockRows;
  for (size_t t = first; t < first + kBlockRows; ++t) {
    const float estimate = static_cast<float>(products[t - first]) * (a.scale[t] * a.query->scale);
    const float error = a.query->norm * a.residual_norm[t] +
                        a.query->residual_norm * a.coded_norm[t] + kUnderflowSlack;
    a.lower[t] = estimate - error;
    a.upper[t] = estimate + error;
  }
}

void ScanPortable(const ScanArguments& a) {
  for (size_t block = 0; block < a.blocks; ++block) {
    const int8_t* codes = a.codes + block * a.groups * kGroupBytes;
    int32_t products[kBlockRows] = {};
    for (size_t group = 0; group < a.groups; ++group, codes += kGroupBytes) {
      const int8_t* query = a.query->codes.data() + group * kGroupDimensions;
      for (size_t row = 0; row < kBlockRows; ++row) {
        for (size_t j = 0; j < kGroupDimensions; ++j) {
          products[row] += static_cast<int32_t>(query[j]) * codes[row * kGroupDimensions + j];
        }
      }
    }
    FinishBlock(a, block, products);
  }
}

#if defined(__x86_64__)

int32_t LoadGroup(const void* codes, size_t group) {
  int32_t word = 0;
  std::memcpy(&word, static_cast<const char*>(codes) + group * kGroupDimensions, sizeof(word));
  return word;
}

/// 8-bit products of |query| and signed codes: two of them, at most 2 · 127², fit 16 bits, so
/// nothing saturates.
__attribute__((target("avx2,fma"))) void ScanAvx2(const ScanArguments& a) {
  constexpr size_t kVectors = kGroupBytes / 32;
  const __m256i ones = _mm256_set1_epi16(1);
  for (size_t block = 0; block < a.blocks; ++block) {
    const int8_t* codes = a.codes + block * a.groups * kGroupBytes;
    __m256i sums[kVectors];
    for (__m256i& sum : sums) sum = _mm256_setzero_si256();
    for (size_t group = 0; group < a.groups; ++group, codes += kGroupBytes) {
      const __m256i query = _mm256_set1_epi32(LoadGroup(a.query->codes.data(), group));
      const __m256i absolute = _mm256_abs_epi8(query);
      for (size_t v = 0; v < kVectors; ++v) {
        const __m256i rows = _mm256_load_si256(reinterpret_cast<const __m256i*>(codes + v * 32));
        const __m256i pairs = _mm256_maddubs_epi16(absolute, _mm256_sign_epi8(rows, query));
        sums[v] = _mm256_add_epi32(sums[v], _mm256_madd_epi16(pairs, ones));
      }
    }
    alignas(32) int32_t products[kBlockRows];
    for (size_t v = 0; v < kVectors; ++v) {
      _mm256_store_si256(reinterpret_cast<__m256i*>(products + v * 8), sums[v]);
    }
    FinishBlock(a, block, products);
  }
}

/// Lower and upper bounds of 16 rows, rounded as in FinishBlock. (The masked conversion is the
/// whole one: g++ 12 takes the other form for a use of something uninitialised.)
__attribute__((target("avx512f"), always_inline)) inline void FinishSixteen(const ScanArguments& a,
                                                                            size_t t,
                                                                            __m512i products) {
  const __m512 scale = _mm512_mul_ps(_mm512_loadu_ps(a.scale + t), _mm512_set1_ps(a.query->scale));
  const __m512 estimate = _mm512_mul_ps(_mm512_maskz_cvtepi32_ps(0xFFFF, products), scale);
  const __m512 from_row =
      _mm512_mul_ps(_mm512_set1_ps(a.query->norm), _mm512_loadu_ps(a.residual_norm + t));
  const __m512 from_query =
      _mm512_mul_ps(_mm512_set1_ps(a.query->residual_norm), _mm512_loadu_ps(a.coded_norm + t));
  const __m512 error =
      _mm512_add_ps(_mm512_add_ps(from_row, from_query), _mm512_set1_ps(kUnderflowSlack));
  _mm512_storeu_ps(a.lower + t, _mm512_sub_ps(estimate, error));
  _mm512_storeu_ps(a.upper + t, _mm512_add_ps(estimate, error));
}

/// vpdpbusd multiplies unsigned by signed: the query is shifted by 128, and the sums start at what
/// that adds, negated.
__attribute__((target("avx512f,avx512bw,avx512vnni"))) void ScanAvx512Vnni(const ScanArguments& a) {
  for (size_t block = 0; block < a.blocks; ++block) {
    const int8_t* codes = a.codes + block * a.groups * kGroupBytes;
    const size_t first = block * kBlockRows;
    __m512i sum_0 = _mm512_loadu_si512(a.correction + first);
    __m512i sum_1 = _mm512_loadu_si512(a.correction + first + 16);
    __m512i sum_2 = _mm512_loadu_si512(a.correction + first + 32);
    __m512i sum_3 = _mm512_loadu_si512(a.correction + first + 48);
    for (size_t group = 0; group < a.groups; ++group, codes += kGroupBytes) {
      const __m512i query = _mm512_set1_epi32(LoadGroup(a.query->shifted.data(), group));
      sum_0 = _mm512_dpbusd_epi32(sum_0, query, _mm512_load_si512(codes));
      sum_1 = _mm512_dpbusd_epi32(sum_1, query, _mm512_load_si512(codes + 64));
      sum_2 = _mm512_dpbusd_epi32(sum_2, query, _mm512_load_si512(codes + 128));
      sum_3 = _mm512_dpbusd_epi32(sum_3, query, _mm512_load_si512(codes + 192));
    }
    FinishSixteen(a, first, sum_0);
    FinishSixteen(a, first + 16, sum_1);
    FinishSixteen(a, first + 32, sum_2);
    FinishSixteen(a, first + 48, sum_3);
  }
}

#endif  // __x86_64__

void Scan(ScanKernel kernel, const ScanArguments& arguments) {
  switch (kernel) {
    case ScanKernel::kPortable:
      return ScanPortable(arguments);
#if defined(__x86_64__)
    case ScanKernel::kAvx2:
      return ScanAvx2(arguments);
    case ScanKernel::kAvx512Vnni:
      return ScanAvx512Vnni(arguments);
#else
    case ScanKernel::kAvx2:
    case ScanKernel::kAvx512Vnni:
      break;
#endif
  }
  KLIEG_CHECK(false, "kernel {} on this processor", ScanKernelName(kernel));
}

bool IsUsable(double norm) { return norm <= kNormMax; }  // False for NaN.

}  // namespace

std::string_view ScanKernelName(ScanKernel kernel) {
  switch (kernel) {
    case ScanKernel::kPortable:
      return "portable";
    case ScanKernel::kAvx2:
      return "avx2";
    case ScanKernel::kAvx512Vnni:
      return "avx512-vnni";
  }
  return "unknown";
}

std::vector<ScanKernel> AvailableScanKernels() {
  std::vector<ScanKernel> kernels = {ScanKernel::kPortable};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    kernels.push_back(ScanKernel::kAvx2);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vnni")) {
    kernels.push_back(ScanKernel::kAvx512Vnni);
  }
#endif
  return kernels;
}

core::Result<Int8Rows> Int8Rows::Build(core::MatrixView<const float> rows) {
  if (rows.columns() == 0) {
    return core::Fail(ErrorCode::kInvalidArgument,
                      "a search needs vectors of at least one dimension: these have none");
  }
  Int8Rows result;
  result.rows_ = rows.rows();
  result.dimensions_ = rows.columns();
  result.groups_ = (rows.columns() + kGroupDimensions - 1) / kGroupDimensions;
  const size_t blocks = (rows.rows() + kBlockRows - 1) / kBlockRows;
  const size_t padded = blocks * kBlockRows;
  result.codes_ = core::Matrix<int8_t>(blocks, result.groups_ * kGroupBytes);
  result.scale_.assign(padded, 0);
  result.residual_norm_.assign(padded, 0);
  result.coded_norm_.assign(padded, 0);
  result.correction_.assign(padded, 0);
  for (size_t t = 0; t < rows.rows(); ++t) {
    if (!IsUsable(Norm(rows.Row(t)))) {
      return core::Fail(ErrorCode::kInvalidArgument,
                        "vector {} of {} is not finite or longer than {}: the training it comes "
                        "from has diverged",
                        t, rows.rows(), kNormMax);
    }
    result.CodeRow(rows.Row(t), t);
  }
  return result;
}

void Int8Rows::CodeRow(std::span<const float> row, size_t t) {
  const float scale = Scale(row);
  int8_t* block = codes_.Row(t / kBlockRows).data() + (t % kBlockRows) * kGroupDimensions;
  double residual_squares = 0;
  double coded_squares = 0;
  int32_t sum = 0;
  for (size_t j = 0; j < row.size(); ++j) {
    const int8_t code = Code(row[j], scale);
    block[j / kGroupDimensions * kGroupBytes + j % kGroupDimensions] = code;
    const double coded = static_cast<double>(scale) * code;
    residual_squares += (row[j] - coded) * (row[j] - coded);
    coded_squares += coded * coded;
    sum += code;
  }
  // Summing d products in single precision in any order errs by at most (d + 1) · 2^-24 · ‖q‖‖x‖ or
  // so; scaling the integer product errs less. Twice that, with room for the arithmetic of the
  // bound itself.
  const double rounding = 2 * (static_cast<double>(dimensions_) + 16) * 0x1.0p-24;
  scale_[t] = scale;
  residual_norm_[t] =
      static_cast<float>((std::sqrt(residual_squares) + rounding * Norm(row)) * kRoundUp);
  coded_norm_[t] = static_cast<float>(std::sqrt(coded_squares) * kRoundUp);
  correction_[t] = -128 * sum;
}

core::Status Int8Rows::Bounds(std::span<const float> query, ScanKernel kernel,
                              std::span<float> lower, std::span<float> upper) const {
  if (query.size() != dimensions_) {
    return core::Fail(ErrorCode::kInvalidArgument, "a query of {} dimensions for vectors of {}",
                      query.size(), dimensions_);
  }
  if (!IsUsable(Norm(query))) {
    return core::Fail(ErrorCode::kInvalidArgument, "the query is not finite or longer than {}",
                      kNormMax);
  }
  KLIEG_CHECK(lower.size() >= padded_rows() && upper.size() >= padded_rows(),
              "room for {} and {} bounds of {}", lower.size(), upper.size(), padded_rows());
  const CodedQuery coded = CodeQuery(query, groups_);
  Scan(kernel, {.codes = codes_.data(),
                .blocks = codes_.rows(),
                .groups = groups_,
                .query = &coded,
                .correction = correction_.data(),
                .scale = scale_.data(),
                .residual_norm = residual_norm_.data(),
                .coded_norm = coded_norm_.data(),
                .lower = lower.data(),
                .upper = upper.data()});
  return {};
}

uint64_t Int8Rows::bytes() const {
  return codes_.rows() * codes_.columns() + scale_.size() * (3 * sizeof(float) + sizeof(int32_t));
}

}  // namespace klieg::learn
