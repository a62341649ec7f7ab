/// Seeded random numbers that are the same on every machine and compiler.
///
/// The standard library's distributions differ between implementations; these do not. The generator
/// is xoshiro256++ (Blackman and Vigna 2021), seeded through splitmix64. Pass it in; never make a
/// global one.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace klieg::core {

class Random {
 public:
  explicit Random(uint64_t seed);

  /// A generator whose stream does not overlap in practice with this one: for one worker or one
  /// purpose. Depends on the seed and `stream` only, not on how many numbers were drawn.
  Random Fork(uint64_t stream) const;

  uint64_t Next();
  /// Uniform in [0, bound); bound > 0. Unbiased (Lemire 2019).
  uint64_t Below(uint64_t bound);
  /// Uniform in [0, 1), 53 bits.
  double Uniform();
  /// Standard normal (polar method).
  double Normal();

  /// Fisher-Yates.
  template <class T>
  void Shuffle(std::span<T> items) {
    for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[Below(i)]);
  }
  /// 0 … count-1 in random order.
  std::vector<uint32_t> Permutation(uint32_t count);

 private:
  uint64_t seed_;
  uint64_t state_[4];
  double spare_normal_ = 0;
  bool has_spare_normal_ = false;
};

}  // namespace klieg::core
