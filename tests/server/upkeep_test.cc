// Covers: upkeep, stored_key
#include "server/keyspace/upkeep.h"

#include <gtest/gtest.h>

#include "server/keyspace/stored_key.h"
#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using std::chrono::milliseconds;

class UpkeepTest : public ServerTest {
 protected:
  // A collection of that many entries, as a set stores them.
  uint64_t MakeCollection(std::string_view name, int entries, TimeMs expires_ms = kNoExpiry) {
    Access access(*space_);
    access.Begin(0, server_->NowMs());
    StoredKey key(access, name);
    const uint64_t id = access.NewId(key.keys_key());
    for (int i = 0; i < entries; ++i) access.Put(Part::kData, MemberKey(id, std::to_string(i)), "");
    key.Put({.type = Type::kSet, .is_exploded = true, .expires_ms = expires_ms, .body = IdPrefix(id) + "\x03"});
    EXPECT_TRUE(access.Commit());
    return id;
  }
  int CountIn(Part part) {
    int count = 0;
    Iterator entries = space_->family(part).NewIterator();
    for (entries.SeekToFirst(); entries.Valid(); entries.Next()) ++count;
    return count;
  }
  // Of the registry alone.
  int CountIds() {
    int count = 0;
    Iterator entries = space_->family(Part::kSys).NewIterator({.lower_bound = "x", .upper_bound = "y"});
    for (entries.SeekToFirst(); entries.Valid(); entries.Next()) ++count;
    return count;
  }
};

TEST_F(UpkeepTest, ReapsWhatHasExpired) {
  EXPECT_EQ(Line("set a 1 px 10"), "OK");
  EXPECT_EQ(Line("set b 1 px 20"), "OK");
  MakeCollection("c", 3, server_->NowMs() + 10);
  EXPECT_EQ(CountIn(Part::kData), 3);
  Pass(milliseconds(10));
  EXPECT_EQ(Line("dbsize"), "1");
  EXPECT_EQ(CountIn(Part::kData), 0);
  EXPECT_EQ(CountIn(Part::kTtl), 1);
  EXPECT_EQ(CountIds(), 0);
  EXPECT_EQ(server_->counters().expired_keys, 2U);
  Pass(milliseconds(10));
  EXPECT_EQ(Line("dbsize"), "0");
  EXPECT_EQ(CountIn(Part::kTtl), 0);
}

TEST_F(UpkeepTest, LeavesWhatHasAnotherExpiryNow) {
  EXPECT_EQ(Line("set a 1 px 10"), "OK");
  EXPECT_EQ(Line("persist a"), "1");
  EXPECT_EQ(Line("set b 1 px 10"), "OK");
  EXPECT_EQ(Line("pexpire b 1000"), "1");
  Pass(milliseconds(10));
  EXPECT_EQ(Line("mget a b"), "[\"1\", \"1\"]");
  EXPECT_EQ(CountIn(Part::kTtl), 1) << "the entry of the old expiry went";
}

TEST_F(UpkeepTest, ReapsAllThatIsDueInOneTick) {
  for (int i = 0; i < 2'500; ++i) EXPECT_EQ(Line("set key" + std::to_string(i) + " 1 px 10"), "OK");
  Pass(milliseconds(10));
  EXPECT_EQ(Line("dbsize"), "0");
}

TEST_F(UpkeepTest, ReleasesWhatAFlushHasLeft) {
  MakeCollection("kept", 3);
  EXPECT_EQ(Line("swapdb 0 1"), "OK");
  for (int i = 0; i < 250; ++i) MakeCollection("c" + std::to_string(i), 2);
  EXPECT_EQ(CountIn(Part::kData), 503);
  EXPECT_EQ(Line("flushdb"), "OK");
  EXPECT_EQ(CountIn(Part::kData), 503) << "FLUSHDB takes no time for collections";
  for (int tick = 0; tick < 4; ++tick) Pass(milliseconds(100));
  EXPECT_EQ(CountIn(Part::kData), 3);
  EXPECT_EQ(CountIds(), 1);
}

TEST_F(UpkeepTest, ReleasesWhatIsOverwrittenAtOnce) {
  MakeCollection("c", 3);
  EXPECT_EQ(Line("set c 1"), "OK");
  EXPECT_EQ(CountIn(Part::kData), 0);
  EXPECT_EQ(CountIds(), 0);
  MakeCollection("d", 3);
  EXPECT_EQ(Line("flushall"), "OK");
  EXPECT_EQ(CountIn(Part::kData), 0);
  EXPECT_EQ(CountIds(), 0);
}

TEST_F(UpkeepTest, KnowsCollectionsThatWereRenamedMovedAndCopied) {
  const uint64_t id = MakeCollection("c", 3);
  EXPECT_EQ(Line("rename c d"), "OK");
  EXPECT_EQ(Line("move d 2"), "1");
  EXPECT_EQ(Line("select 2"), "OK");
  EXPECT_EQ(Line("copy d e"), "1");
  EXPECT_EQ(CountIn(Part::kData), 6);
  for (int tick = 0; tick < 3; ++tick) Pass(milliseconds(100));
  EXPECT_EQ(CountIn(Part::kData), 6);
  EXPECT_EQ(CountIds(), 2);
  Access access(*space_);
  access.Begin(2, server_->NowMs());
  EXPECT_TRUE(StoredKey(access, "d").IsStoredAs(id));
  EXPECT_EQ(Line("del d"), "1");
  EXPECT_EQ(CountIn(Part::kData), 3);
  EXPECT_EQ(Line("del e"), "1");
  EXPECT_EQ(CountIn(Part::kData), 0);
}

}  // namespace
}  // namespace amethyst::server
