#include "learn/list_metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/check.h"

namespace klieg::learn {
namespace {

constexpr size_t kTableSetsMax = 2048;
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
    : genre_count_(genre_count) {
  std::map<std::vector<uint32_t>, uint32_t> index_of_set = {{{}, 0}};
  sets_.push_back({});
  set_of_title_.reserve(genres_of_title.size());
  for (std::vector<uint32_t> genres : genres_of_title) {
    std::ranges::sort(genres);
    genres.erase(std::ranges::unique(genres).begin(), genres.end());
    KLIEG_CHECK(genres.empty() || genres.back() < genre_count, "genre {} of {}", genres.back(),
                genre_count);
    const auto [place, is_new] =
        index_of_set.try_emplace(genres, static_cast<uint32_t>(sets_.size()));
    if (is_new) sets_.push_back(genres);
    set_of_title_.push_back(place->second);
  }
  if (sets_.size() > kTableSetsMax) return;
  dissimilarity_.resize(sets_.size() * sets_.size());
  for (uint32_t a = 0; a < sets_.size(); ++a) {
    for (uint32_t b = 0; b < sets_.size(); ++b) {
      dissimilarity_[a * sets_.size() + b] = ComputeDissimilarity(a, b);
    }
  }
}

float GenreSets::ComputeDissimilarity(uint32_t set_a, uint32_t set_b) const {
  const std::vector<uint32_t>& a = sets_[set_a];
  const std::vector<uint32_t>& b = sets_[set_b];
  size_t common = 0;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    common += a[i] == b[j] ? 1 : 0;
    const bool step_a = a[i] <= b[j];
    const bool step_b = b[j] <= a[i];
    i += step_a ? 1 : 0;
    j += step_b ? 1 : 0;
  }
  const size_t either = a.size() + b.size() - common;
  return either == 0 ? 0.0F : 1.0F - static_cast<float>(common) / static_cast<float>(either);
}

float GenreSets::Dissimilarity(uint32_t set_a, uint32_t set_b) const {
  if (dissimilarity_.empty()) return ComputeDissimilarity(set_a, set_b);
  return dissimilarity_[set_a * sets_.size() + set_b];
}

void GenreSets::Diversity(std::span<const uint32_t> list, std::span<const uint32_t> cutoffs,
                          std::span<float> result) const {
  std::vector<uint32_t> seen;  // Sets of the titles before, those without genres left out.
  seen.reserve(list.size());
  double sum = 0;
  size_t place = 0;
  for (size_t c = 0; c < cutoffs.size(); ++c) {
    for (; place < std::min<size_t>(cutoffs[c], list.size()); ++place) {
      const uint32_t set = set_of_title_[list[place]];
      if (set == 0) continue;
      float added = 0;
      for (const uint32_t other : seen) added += Dissimilarity(set, other);
      sum += added;
      seen.push_back(set);
    }
    const double pairs =
        static_cast<double>(seen.size()) * (static_cast<double>(seen.size()) - 1) / 2;
    result[c] = pairs > 0 ? static_cast<float>(sum / pairs) : kUndefined;
  }
}

void GenreSets::Add(uint32_t title, std::span<double> distribution) const {
  const std::vector<uint32_t>& genres = sets_[set_of_title_[title]];
  for (const uint32_t genre : genres)
    distribution[genre] += 1.0 / static_cast<double>(genres.size());
}

void GenreSets::Calibration(std::span<const uint32_t> history, std::span<const uint32_t> list,
                            std::span<const uint32_t> cutoffs, std::span<float> result) const {
  std::vector<double> wanted(genre_count_, 0);
  std::vector<double> shown(genre_count_, 0);
  double wanted_sum = 0;  // Titles with genres: each adds 1 in all.
  double shown_sum = 0;
  for (const uint32_t title : history) {
    Add(title, wanted);
    wanted_sum += set_of_title_[title] == 0 ? 0 : 1;
  }
  size_t place = 0;
  for (size_t c = 0; c < cutoffs.size(); ++c) {
    for (; place < std::min<size_t>(cutoffs[c], list.size()); ++place) {
      Add(list[place], shown);
      shown_sum += set_of_title_[list[place]] == 0 ? 0 : 1;
    }
    const bool defined = wanted_sum > 0 && shown_sum > 0;
    result[c] = defined
                    ? static_cast<float>(SmoothedDivergence(wanted, wanted_sum, shown, shown_sum))
                    : kUndefined;
  }
}

}  // namespace klieg::learn
