#include "cache/ghost_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "base/random.h"

namespace amethyst::cache {
namespace {

// The obvious form: a list searched from end to end.
class ListOracle {
 public:
  void Add(FrameIdentity identity, size_t count_max) {
    std::erase(list_, identity);
    list_.push_back(identity);
    while (list_.size() > count_max) list_.pop_front();
  }
  bool Take(FrameIdentity identity) { return std::erase(list_, identity) > 0; }
  [[nodiscard]] bool Contains(FrameIdentity identity) const {
    return std::ranges::find(list_, identity) != list_.end();
  }
  [[nodiscard]] size_t size() const { return list_.size(); }

 private:
  std::deque<FrameIdentity> list_;
};

TEST(GhostList, AgreesWithAListSearchedFromEndToEnd) {
  base::Random random(1);
  for (int round = 0; round < 20; ++round) {
    GhostList ghosts;
    ListOracle oracle;
    // Multiples of a power of two crowd into few places of the table.
    const uint64_t stride = uint64_t{1} << random.Below(8);
    const uint64_t identities = 1 + random.Below(300);
    for (int step = 0; step < 5000; ++step) {
      const FrameIdentity identity{1 + stride * random.Below(identities)};
      if (random.OneIn(2)) {
        const size_t count_max = 1 + random.Below(200);
        ghosts.Add(identity, count_max);
        oracle.Add(identity, count_max);
      } else {
        ASSERT_EQ(ghosts.Contains(identity), oracle.Contains(identity));
        ASSERT_EQ(ghosts.Take(identity), oracle.Take(identity));
      }
      ASSERT_EQ(ghosts.size(), oracle.size());
    }
  }
}

TEST(GhostList, RemembersNothingWhereNothingIsAllowed) {
  GhostList ghosts;
  EXPECT_FALSE(ghosts.Contains(FrameIdentity{1}));
  EXPECT_FALSE(ghosts.Take(FrameIdentity{1}));
  ghosts.Add(FrameIdentity{1}, 0);
  EXPECT_FALSE(ghosts.Take(FrameIdentity{1}));
  EXPECT_EQ(ghosts.size(), 0u);
}

TEST(GhostList, AnIdentityOfZeroIsOneLikeAnyOther) {
  GhostList ghosts;
  ghosts.Add(FrameIdentity{0}, 10);
  EXPECT_TRUE(ghosts.Take(FrameIdentity{0}));
  EXPECT_FALSE(ghosts.Take(FrameIdentity{0}));
}

}  // namespace
}  // namespace amethyst::cache
