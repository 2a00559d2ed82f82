#include "base/bits.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/random.h"
#include "support/rounds.h"

namespace amethyst::base {
namespace {

TEST(Bits, AgreeWithAVectorOfBits) {
  Random random(1);
  for (uint64_t round = 0; round < support::Rounds(200); ++round) {
    std::vector<uint64_t> words(random.Below(6));
    std::vector<bool> oracle(words.size() * 64);
    for (int step = 0; step < 20; ++step) {
      const size_t end = random.Below(oracle.size() + 1);
      const size_t begin = random.Below(end + 1);
      const bool value = random.OneIn(2);
      FillBits(words, begin, end, value);
      std::fill(oracle.begin() + static_cast<ptrdiff_t>(begin), oracle.begin() + static_cast<ptrdiff_t>(end), value);
      for (size_t from = 0; from <= oracle.size(); ++from) {
        size_t set_end = from;
        while (set_end > 0 && !oracle[set_end - 1]) --set_end;
        ASSERT_EQ(EndOfSetBits(words, from), set_end);
        for (const bool wanted : {false, true}) {
          const auto found = std::find(oracle.begin() + static_cast<ptrdiff_t>(from), oracle.end(), wanted);
          ASSERT_EQ(NextBit(words, from, wanted), static_cast<size_t>(found - oracle.begin()));
        }
      }
    }
  }
}

}  // namespace
}  // namespace amethyst::base
