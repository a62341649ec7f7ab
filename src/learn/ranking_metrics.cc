#include "learn/ranking_metrics.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"

namespace klieg::learn {
namespace {

double HitsBefore(std::span<const uint32_t> hit_places, uint32_t k) {
  const auto end = std::lower_bound(hit_places.begin(), hit_places.end(), k);
  return static_cast<double>(end - hit_places.begin());
}

double HitsPossible(uint64_t targets, uint32_t k) {
  return static_cast<double>(std::min<uint64_t>(targets, k));
}

}  // namespace

double RecallTruncated(std::span<const uint32_t> hit_places, uint64_t targets, uint32_t k) {
  return HitsBefore(hit_places, k) / HitsPossible(targets, k);
}

double RecallFull(std::span<const uint32_t> hit_places, uint64_t targets, uint32_t k) {
  return HitsBefore(hit_places, k) / static_cast<double>(targets);
}

double AveragePrecision(std::span<const uint32_t> hit_places, uint64_t targets, uint32_t k) {
  double sum = 0;
  for (size_t i = 0; i < hit_places.size() && hit_places[i] < k; ++i) {
    sum += static_cast<double>(i + 1) / (static_cast<double>(hit_places[i]) + 1);
  }
  return sum / HitsPossible(targets, k);
}

double ReciprocalRank(std::span<const uint32_t> hit_places, uint32_t k) {
  if (hit_places.empty() || hit_places.front() >= k) return 0;
  return 1.0 / (static_cast<double>(hit_places.front()) + 1);
}

double HitRate(std::span<const uint32_t> hit_places, uint32_t k) {
  return !hit_places.empty() && hit_places.front() < k ? 1 : 0;
}

Ndcg::Ndcg(uint32_t k_max) : discount_(k_max), ideal_(static_cast<size_t>(k_max) + 1, 0) {
  for (size_t i = 0; i < k_max; ++i) {
    discount_[i] = 1.0 / std::log2(static_cast<double>(i) + 2);
    ideal_[i + 1] = ideal_[i] + discount_[i];
  }
}

double Ndcg::At(std::span<const uint32_t> hit_places, uint64_t targets, uint32_t k) const {
  KLIEG_CHECK(k <= discount_.size(), "cutoff {} of at most {}", k, discount_.size());
  double gain = 0;
  for (const uint32_t place : hit_places) {
    if (place >= k) break;
    gain += discount_[place];
  }
  return gain / ideal_[std::min<uint64_t>(targets, k)];
}

}  // namespace klieg::learn
