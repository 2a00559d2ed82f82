#include "cache/ghost_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <optional>

#include "base/random.h"

namespace amethyst::cache {
namespace {

// The obvious form: a list searched from end to end.
class ListOracle {
 public:
  void Add(FrameIdentity identity, size_t count_max) {
    Take(identity);
    list_.push_back({identity, added_++});
    while (list_.size() > count_max) list_.pop_front();
  }
  bool Take(FrameIdentity identity) {
    return std::erase_if(list_, [&](const Ghost& ghost) { return ghost.identity == identity; }) > 0;
  }
  [[nodiscard]] std::optional<uint32_t> AgeOf(FrameIdentity identity) const {
    const auto found = std::ranges::find(list_, identity, &Ghost::identity);
    return found != list_.end() ? std::optional(added_ - found->number - 1) : std::nullopt;
  }
  [[nodiscard]] size_t size() const { return list_.size(); }

 private:
  struct Ghost {
    FrameIdentity identity;
    uint32_t number;
  };
  std::deque<Ghost> list_;
  uint32_t added_ = 0;
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
        ASSERT_EQ(ghosts.AgeOf(identity), oracle.AgeOf(identity));
        ASSERT_EQ(ghosts.Take(identity), oracle.Take(identity));
      }
      ASSERT_EQ(ghosts.size(), oracle.size());
    }
  }
}

TEST(GhostList, RemembersNothingWhereNothingIsAllowed) {
  GhostList ghosts;
  EXPECT_FALSE(ghosts.AgeOf(FrameIdentity{1}));
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
