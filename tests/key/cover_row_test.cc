// Rows of numbers against a walk from one to the next.
#include "key/cover_row.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/random.h"

namespace amethyst::key {
namespace {

struct Row {
  std::vector<uint64_t> numbers;
  std::vector<bool> touches;

  [[nodiscard]] CoverRow Made() const {
    CoverRow row;
    row.Start(numbers.size());
    for (size_t i = 0; i < numbers.size(); ++i) row.Add(SequenceNumber{numbers[i]}, touches[i]);
    return row;
  }
  [[nodiscard]] CoverRow::Reach Walked(size_t first, uint64_t at_least, bool forward) const {
    size_t last = first;
    uint64_t least = numbers[first];
    while (forward ? touches[last] : last > 0 && touches[last - 1]) {
      const size_t next = forward ? last + 1 : last - 1;
      if (numbers[next] < at_least) break;
      least = std::min(least, numbers[next]);
      last = next;
    }
    return {.last = last, .least = SequenceNumber{least}};
  }
};

Row Drawn(base::Random& random) {
  const size_t count = 1 + random.Below(random.OneIn(2) ? 40 : 400);
  const uint64_t gaps = 2 + random.Below(200);  // One in so many.
  const uint64_t low = 2 + random.Below(100);
  Row row;
  for (size_t i = 0; i < count; ++i) {
    row.numbers.push_back(random.OneIn(low) ? 1 + random.Below(50) : 50 + random.Below(10));
    row.touches.push_back(i + 1 < count && !random.OneIn(gaps));
  }
  return row;
}

TEST(CoverRow, ReachesAsFarAsAWalk) {
  base::Random random(20261129);
  for (int round = 0; round < 300; ++round) {
    const Row row = Drawn(random);
    const CoverRow made = row.Made();
    for (size_t first = 0; first < row.numbers.size(); ++first) {
      const uint64_t at_least = random.OneIn(2) ? 1 + random.Below(row.numbers[first]) : row.numbers[first];
      for (const bool forward : {true, false}) {
        const CoverRow::Reach expected = row.Walked(first, at_least, forward);
        const CoverRow::Reach reach =
            forward ? made.Forward(first, SequenceNumber{at_least}) : made.Back(first, SequenceNumber{at_least});
        ASSERT_EQ(reach.last, expected.last) << "round " << round << ", from " << first;
        ASSERT_EQ(reach.least, expected.least) << "round " << round << ", from " << first;
      }
    }
  }
}

TEST(CoverRow, IsEmptyUntilSomethingIsAdded) {
  CoverRow row;
  EXPECT_TRUE(row.empty());
  row.Start(3);
  EXPECT_TRUE(row.empty());
  row.Add(kSequenceMax, false);
  EXPECT_FALSE(row.empty());
  EXPECT_EQ(row.Forward(0, kSequenceMax).least, kSequenceMax);
  EXPECT_EQ(row.Back(0, kSequenceMax).last, 0u);
}

}  // namespace
}  // namespace amethyst::key
