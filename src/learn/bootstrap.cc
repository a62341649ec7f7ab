#include "learn/bootstrap.h"

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/check.h"
#include "core/random.h"
#include "learn/blas.h"

namespace klieg::learn {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
/// Samples and members that are multiplied at once: the weights of one block (1 MiB) stay in the
/// second cache.
constexpr size_t kSampleBlock = 32;
constexpr size_t kMemberBlock = 4096;

/// The values with 0 for NaN, then for each column with a NaN a column that is 1 where there is a
/// value.
struct Prepared {
  core::Matrix<double> columns;      // E × (C + indicators)
  std::vector<size_t> indicator_of;  // [C] column of the indicator, or 0: every member has a value.
};

Prepared Prepare(core::MatrixView<const float> values) {
  Prepared prepared;
  prepared.indicator_of.assign(values.columns(), 0);
  size_t width = values.columns();
  for (size_t c = 0; c < values.columns(); ++c) {
    for (size_t e = 0; e < values.rows(); ++e) {
      if (!std::isnan(values(e, c))) continue;
      prepared.indicator_of[c] = width++;
      break;
    }
  }
  prepared.columns = core::Matrix<double>(values.rows(), width);
  for (size_t e = 0; e < values.rows(); ++e) {
    for (size_t c = 0; c < values.columns(); ++c) {
      const bool defined = !std::isnan(values(e, c));
      prepared.columns(e, c) = defined ? static_cast<double>(values(e, c)) : 0;
      if (prepared.indicator_of[c] != 0)
        prepared.columns(e, prepared.indicator_of[c]) = defined ? 1 : 0;
    }
  }
  return prepared;
}

/// Draws members with equal chances, two from each 64 random bits (Lemire 2019: multiply, reject
/// the few that are too many).
class MemberDraws {
 public:
  MemberDraws(core::Random random, uint32_t members)
      : random_(random), members_(members), threshold_((0U - members) % members) {}

  uint32_t Next() {
    while (true) {
      if (!half_left_) bits_ = random_.Next();
      const uint64_t product = uint64_t{static_cast<uint32_t>(bits_)} * members_;
      half_left_ = !half_left_;
      bits_ >>= 32;
      if (static_cast<uint32_t>(product) >= threshold_) return static_cast<uint32_t>(product >> 32);
    }
  }

 private:
  core::Random random_;
  uint32_t members_;
  uint32_t threshold_;
  uint64_t bits_ = 0;
  bool half_left_ = false;
};

MemberDraws SampleDraws(const BootstrapOptions& options, size_t sample, size_t members) {
  return {core::Random(options.seed).Fork(sample), static_cast<uint32_t>(members)};
}

/// How often each member is drawn in a sample.
void DrawCounts(MemberDraws draws, std::span<uint32_t> counts) {
  std::ranges::fill(counts, 0U);
  for (size_t draw = 0; draw < counts.size(); ++draw) ++counts[draws.Next()];
}

/// sums [block × width] += counts [block × E] · columns [E × width].
void AddWeighted(const core::Matrix<uint32_t>& counts, const core::Matrix<double>& columns,
                 core::Matrix<double>& weights, core::Matrix<double>& sums) {
  const size_t members = columns.rows();
  for (size_t first = 0; first < members; first += kMemberBlock) {
    const size_t block = std::min(kMemberBlock, members - first);
    for (size_t s = 0; s < counts.rows(); ++s) {
      for (size_t e = 0; e < block; ++e) weights(s, e) = counts(s, first + e);
    }
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, static_cast<int>(counts.rows()),
                static_cast<int>(columns.columns()), static_cast<int>(block), 1.0, weights.data(),
                static_cast<int>(kMemberBlock), columns.data() + first * columns.columns(),
                static_cast<int>(columns.columns()), 1.0, sums.data(),
                static_cast<int>(sums.columns()));
  }
}

double Quantile(std::span<const double> sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  if (below + 1 >= sorted.size()) return sorted.back();
  const double part = place - static_cast<double>(below);
  return sorted[below] + part * (sorted[below + 1] - sorted[below]);
}

/// z with P(|Z| <= z) = confidence for a standard normal Z, by bisection.
double NormalQuantile(double confidence) {
  double low = 0;
  double high = 40;
  for (int step = 0; step < 200; ++step) {
    const double middle = (low + high) / 2;
    (std::erf(middle / std::sqrt(2.0)) < confidence ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace

core::Matrix<double> BootstrapMeans(core::MatrixView<const float> values,
                                    const BootstrapOptions& options, core::ThreadPool& pool) {
  KLIEG_CHECK(values.rows() < (1ULL << 32), "{} members", values.rows());
  core::Matrix<double> means(options.samples, values.columns());
  if (values.rows() == 0) {
    std::fill_n(means.data(), means.rows() * means.columns(), kUndefined);
    return means;
  }
  InitializeBlas();
  const Prepared prepared = Prepare(values);
  const size_t width = prepared.columns.columns();
  const size_t blocks = (options.samples + kSampleBlock - 1) / kSampleBlock;
  pool.ParallelFor(blocks, [&](size_t block, size_t) {
    const size_t first = block * kSampleBlock;
    const size_t count = std::min(kSampleBlock, options.samples - first);
    core::Matrix<uint32_t> counts(count, values.rows());
    core::Matrix<double> weights(count, kMemberBlock);
    core::Matrix<double> sums(count, width);
    for (size_t s = 0; s < count; ++s)
      DrawCounts(SampleDraws(options, first + s, values.rows()), counts.Row(s));
    AddWeighted(counts, prepared.columns, weights, sums);
    for (size_t s = 0; s < count; ++s) {
      for (size_t c = 0; c < values.columns(); ++c) {
        const size_t indicator = prepared.indicator_of[c];
        const double drawn =
            indicator == 0 ? static_cast<double>(values.rows()) : sums(s, indicator);
        means(first + s, c) = drawn == 0 ? kUndefined : sums(s, c) / drawn;
      }
    }
  });
  return means;
}

core::Matrix<double> BootstrapMeansPlain(core::MatrixView<const float> values,
                                         const BootstrapOptions& options) {
  core::Matrix<double> means(options.samples, values.columns());
  for (size_t s = 0; s < options.samples; ++s) {
    MemberDraws draws = SampleDraws(options, s, values.rows());
    std::vector<double> sums(values.columns(), 0);
    std::vector<double> drawn(values.columns(), 0);
    for (size_t draw = 0; draw < values.rows(); ++draw) {
      const std::span<const float> row = values.Row(draws.Next());
      for (size_t c = 0; c < row.size(); ++c) {
        if (std::isnan(row[c])) continue;
        sums[c] += row[c];
        drawn[c] += 1;
      }
    }
    for (size_t c = 0; c < sums.size(); ++c)
      means(s, c) = drawn[c] == 0 ? kUndefined : sums[c] / drawn[c];
  }
  return means;
}

Interval PercentileInterval(std::vector<double> values, double confidence) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) return {kUndefined, kUndefined};
  std::ranges::sort(values);
  const double tail = (1 - confidence) / 2;
  return {Quantile(values, tail), Quantile(values, 1 - tail)};
}

double BootstrapPValue(std::span<const double> differences) {
  double samples = 0;
  double not_above = 0;
  double not_below = 0;
  for (const double difference : differences) {
    if (std::isnan(difference)) continue;
    samples += 1;
    not_above += difference <= 0 ? 1 : 0;
    not_below += difference >= 0 ? 1 : 0;
  }
  return std::min(1.0, 2 * (1 + std::min(not_above, not_below)) / (samples + 1));
}

Interval JackknifeInterval(double value, std::span<const double> left_out, double confidence) {
  KLIEG_CHECK(left_out.size() >= 2, "a jackknife of {} groups", left_out.size());
  const auto groups = static_cast<double>(left_out.size());
  double mean = 0;
  for (const double figure : left_out) mean += figure / groups;
  double squares = 0;
  for (const double figure : left_out) squares += (figure - mean) * (figure - mean);
  const double width = NormalQuantile(confidence) * std::sqrt((groups - 1) / groups * squares);
  return {value - width, value + width};
}

}  // namespace klieg::learn
