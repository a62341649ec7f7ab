#include "learn/list_metrics.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "core/check.h"
#include "learn/set_similarity.h"

namespace klieg::learn {
namespace {

/// Steck's smoothing, so that a genre missing from the list costs much but not infinitely much.
constexpr double kSmoothing = 0.01;
constexpr float kUndefined = std::numeric_limits<float>::quiet_NaN();

double SmoothedDivergence(std::span<const double> p, double p_sum, std::span<const double> q,
                          double q_sum) {
  double divergence = 0;
  for (size_t g = 0; g < p.size(); ++g) {
    if (p[g] == 0) continue;
    const double wanted = p[g] / p_sum;
    const double shown = (1 - kSmoothing) * q[g] / q_sum + kSmoothing * wanted;
    divergence += wanted * std::log(wanted / shown);
  }
  return std::max(divergence, 0.0);  // Rounding can leave -1e-17 for equal distributions.
}

}  // namespace

double Coverage(std::span<const uint32_t> times_listed) {
  if (times_listed.empty()) return 0;
  const auto listed =
      std::count_if(times_listed.begin(), times_listed.end(), [](uint32_t n) { return n > 0; });
  return static_cast<double>(listed) / static_cast<double>(times_listed.size());
}

double Gini(std::span<const uint32_t> times_listed) {
  if (times_listed.empty()) return 0;
  // Σ over titles in increasing order of (2 · rank − T − 1) · count, all titles of one count at a
  // time.
  std::vector<uint64_t> titles_with(
      static_cast<size_t>(*std::ranges::max_element(times_listed)) + 1, 0);
  for (const uint32_t count : times_listed) ++titles_with[count];
  const auto titles = static_cast<double>(times_listed.size());
  double weighted = 0;
  double total = 0;
  double below = 0;  // Titles listed less often.
  for (size_t count = 0; count < titles_with.size(); ++count) {
    const auto equal = static_cast<double>(titles_with[count]);
    const double rank_sum = equal * (2 * below + equal + 1) / 2;
    weighted += (2 * rank_sum - equal * (titles + 1)) * static_cast<double>(count);
    total += equal * static_cast<double>(count);
    below += equal;
  }
  return total == 0 ? 0 : weighted / (titles * total);
}

std::vector<float> SelfInformation(std::span<const uint32_t> interactions) {
  double total = 0;
  for (const uint32_t count : interactions) total += count;
  if (total == 0) return {};
  std::vector<float> bits(interactions.size());
  for (size_t t = 0; t < bits.size(); ++t) {
    bits[t] = static_cast<float>(-std::log2(std::max(interactions[t], 1U) / total));
  }
  return bits;
}

GenreSets::GenreSets(const std::vector<std::vector<uint32_t>>& genres_of_title,
                     uint32_t genre_count)
    : genre_count_(genre_count),
      words_(genre_count / 32 + 1),
      bits_(genres_of_title.size() * words_, 0) {
  counts_.reserve(genres_of_title.size());
  for (size_t title = 0; title < genres_of_title.size(); ++title) {
    uint32_t count = 0;
    for (const uint32_t genre : genres_of_title[title]) {
      KLIEG_CHECK(genre < genre_count, "genre {} of {}", genre, genre_count);
      uint32_t& word = bits_[title * words_ + genre / 32];
      const uint32_t bit = 1U << (genre % 32);
      count += (word & bit) == 0 ? 1 : 0;
      word |= bit;
    }
    counts_.push_back(count);
  }
}

void GenreSets::Diversity(std::span<const uint32_t> list, std::span<const uint32_t> cutoffs,
                          std::span<float> result) const {
  SetList seen(words_);
  uint64_t similarity = 0;
  size_t place = 0;
  for (size_t c = 0; c < cutoffs.size(); ++c) {
    for (; place < std::min<size_t>(cutoffs[c], list.size()); ++place) {
      if (counts_[list[place]] == 0) continue;
      similarity += seen.SimilaritySum(Bits(list[place]));
      seen.Add(Bits(list[place]));
    }
    const auto titles = static_cast<double>(seen.size());
    const double pairs = titles * (titles - 1) / 2;
    const double mean = static_cast<double>(similarity) * kSimilarityUnit / pairs;
    result[c] = titles > 1 ? static_cast<float>(1 - mean) : kUndefined;
  }
}

bool GenreSets::Add(uint32_t title, std::span<double> distribution) const {
  const double part = 1.0 / std::max(counts_[title], 1U);
  const std::span<const uint32_t> bits = Bits(title);
  for (size_t w = 0; w < bits.size(); ++w) {
    for (uint32_t rest = bits[w]; rest != 0; rest &= rest - 1) {
      distribution[w * 32 + static_cast<size_t>(std::countr_zero(rest))] += part;
    }
  }
  return counts_[title] > 0;
}

void GenreSets::Calibration(std::span<const uint32_t> history, std::span<const uint32_t> list,
                            std::span<const uint32_t> cutoffs, std::span<float> result) const {
  std::vector<double> wanted(genre_count_, 0);
  std::vector<double> shown(genre_count_, 0);
  double wanted_sum = 0;  // Titles with genres: each adds 1 in all.
  double shown_sum = 0;
  for (const uint32_t title : history) {
    wanted_sum += Add(title, wanted) ? 1 : 0;
  }
  size_t place = 0;
  for (size_t c = 0; c < cutoffs.size(); ++c) {
    for (; place < std::min<size_t>(cutoffs[c], list.size()); ++place) {
      shown_sum += Add(list[place], shown) ? 1 : 0;
    }
    const bool defined = wanted_sum > 0 && shown_sum > 0;
    result[c] = defined
                    ? static_cast<float>(SmoothedDivergence(wanted, wanted_sum, shown, shown_sum))
                    : kUndefined;
  }
}

}  // namespace klieg::learn
