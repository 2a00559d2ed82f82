// Covers: random_members
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>

#include "base/random.h"
#include "server/members_fixture.h"
#include "server/types/hash.h"
#include "server/types/random_members.h"

namespace amethyst::server {
namespace {

class RandomMembersTest : public MembersTest {
 protected:
  // How often each member is picked.
  std::map<std::string, int> Histogram(const std::string& key, uint64_t picks) {
    Access access(*space_);
    access.Begin(0, server_->NowMs());
    const Hash hash(access, key, config_.values());
    base::Random random(11);
    std::map<std::string, int> times;
    RandomMembers(hash, random).PickAny(picks, [&](const Member& member) { ++times[std::string(member.name)]; });
    return times;
  }
};

TEST_F(RandomMembersTest, AreEachAsLikelyWhereThereAreFew) {
  Fill("inline", 100);
  Configure("hash-max-listpack-entries", "0");
  Fill("exploded", 100);
  for (const std::string key : {"inline", "exploded"}) {
    const auto times = Histogram(key, 100'000);
    EXPECT_EQ(times.size(), 100u);
    for (const auto& [name, count] : times) EXPECT_NEAR(count, 1000, 160) << name << " of " << key;
  }
}

TEST_F(RandomMembersTest, LeaveNobodyOutWhereThereAreMany) {
  Fill("h", 1000);
  const auto times = Histogram("h", 100'000);
  EXPECT_EQ(times.size(), 1000u);
  double squares = 0;
  for (const auto& [name, count] : times) squares += (count - 100.0) * (count - 100.0);
  EXPECT_LT(std::sqrt(squares / 1000), 0.4 * 100) << "a quarter, and the noise of 100 picks";
}

TEST_F(RandomMembersTest, AreDifferentOnesWhereThatIsAskedFor) {
  Fill("h", 1000);
  Access access(*space_);
  access.Begin(0, server_->NowMs());
  const Hash hash(access, "h", config_.values());
  base::Random random(11);
  for (const uint64_t count : {uint64_t{0}, uint64_t{1}, uint64_t{50}, uint64_t{62}, uint64_t{63}, uint64_t{999},
                               uint64_t{1000}, uint64_t{5000}}) {
    std::set<std::string> names;
    uint64_t picks = 0;
    RandomMembers(hash, random).PickDistinct(count, [&](const Member& member) {
      names.emplace(member.name);
      ++picks;
    });
    EXPECT_EQ(picks, std::min<uint64_t>(count, 1000));
    EXPECT_EQ(names.size(), picks);
  }
}

}  // namespace
}  // namespace amethyst::server
