#include "learn/set_similarity.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/random.h"

namespace klieg::learn {
namespace {

TEST(SetSimilarityTest, WorkedOutByHand) {
  SetList list(1);
  list.Add(std::vector<uint32_t>{0b011});
  list.Add(std::vector<uint32_t>{0b110});
  list.Add(std::vector<uint32_t>{0b1000});
  const uint64_t sum = list.SimilaritySum(std::vector<uint32_t>{0b011});
  EXPECT_NEAR(static_cast<double>(sum) * kSimilarityUnit, 1 + 1.0 / 3 + 0, 1e-6);
}

TEST(SetSimilarityTest, VectorsAgreeWithSetBySet) {
  core::Random random(1);
  for (const size_t words : {1U, 2U, 5U}) {
    SetList list(words);
    for (const size_t size : {0, 1, 15, 16, 17, 100, 3000}) {
      list.Clear();
      std::vector<uint32_t> set(words);
      const auto draw = [&] {
        for (uint32_t& word : set)
          word = static_cast<uint32_t>(random.Next() & random.Next() & random.Next());
        set[0] |= 1U << random.Below(32);
      };
      for (size_t i = 0; i < size; ++i) {
        draw();
        list.Add(set);
      }
      EXPECT_EQ(list.size(), size);
      draw();
      EXPECT_EQ(list.SimilaritySum(set), list.SimilaritySumPlain(set))
          << words << " words, " << size << " sets";
    }
  }
}

TEST(SetSimilarityTest, ManyEqualSetsDoNotOverflow) {
  SetList list(1);
  const std::vector<uint32_t> set = {5};
  for (int i = 0; i < 10000; ++i) list.Add(set);
  EXPECT_EQ(list.SimilaritySum(set), 10000ULL << 20);
}

}  // namespace
}  // namespace klieg::learn
