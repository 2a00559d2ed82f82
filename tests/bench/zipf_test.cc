#include "bench/zipf.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace amethyst::bench {
namespace {

TEST(Zipf, TheMostPopularRanksAreDrawnAsOftenAsTheDistributionSays) {
  constexpr uint64_t kRanks = 10'000;
  constexpr uint64_t kDraws = 1'000'000;
  const Zipf zipf(kRanks, 0.99);
  base::Random random(1);
  std::vector<uint64_t> counts(kRanks);
  for (uint64_t i = 0; i < kDraws; ++i) ++counts[zipf.Draw(random)];
  EXPECT_NEAR(static_cast<double>(counts[0]) / kDraws, zipf.Share(0), 0.01 * zipf.Share(0));
  EXPECT_NEAR(static_cast<double>(counts[1]) / kDraws, zipf.Share(1), 0.02 * zipf.Share(1));
  // Behind the first two the method is a continuous approximation.
  for (const uint64_t end : {10, 100, 1'000, 10'000}) {
    double drawn = 0;
    double due = 0;
    for (uint64_t rank = 0; rank < end; ++rank) {
      drawn += static_cast<double>(counts[rank]) / kDraws;
      due += zipf.Share(rank);
    }
    EXPECT_NEAR(drawn, due, 0.03) << end;
  }
}

TEST(Zipf, SharesAddUpToOne) {
  for (const uint64_t ranks : {1, 2, 3, 1'000, 1'500'000}) {
    const Zipf zipf(ranks, 0.99);
    double sum = 0;
    for (uint64_t rank = 0; rank < ranks; ++rank) sum += zipf.Share(rank);
    EXPECT_NEAR(sum, 1, 1e-6) << ranks;
  }
}

TEST(Zipf, DrawsOnlyRanksThatThereAre) {
  base::Random random(2);
  for (const uint64_t ranks : {1, 2, 3, 10}) {
    const Zipf zipf(ranks, 0.5);
    std::vector<bool> seen(ranks);
    for (int i = 0; i < 10'000; ++i) {
      const uint64_t rank = zipf.Draw(random);
      ASSERT_LT(rank, ranks);
      seen[rank] = true;
    }
    for (uint64_t rank = 0; rank < ranks; ++rank) EXPECT_TRUE(seen[rank]) << rank << " of " << ranks;
  }
}

}  // namespace
}  // namespace amethyst::bench
