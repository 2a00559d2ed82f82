// Covers: record_cache
#include "server/keyspace/record_cache.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "base/random.h"
#include "server/keyspace/layout.h"
#include "tests/server/server_fixture.h"

namespace amethyst::server {
namespace {

std::string NumberedKey(uint64_t number) { return KeysKey(0, "key:" + std::to_string(number)); }

TEST(RecordCache, FindsWhatWasPutLast) {
  RecordCache cache(1 << 20);
  EXPECT_EQ(cache.Find(NumberedKey(1)), std::nullopt);
  cache.Put(NumberedKey(1), "a");
  cache.Put(NumberedKey(2), "");
  EXPECT_EQ(cache.Find(NumberedKey(1)), "a");
  EXPECT_EQ(cache.Find(NumberedKey(2)), "");
  cache.Put(NumberedKey(1), std::string(1000, 'b'));
  EXPECT_EQ(cache.Find(NumberedKey(1)), std::string(1000, 'b'));
  cache.Put(NumberedKey(1), "c");
  EXPECT_EQ(cache.Find(NumberedKey(1)), "c");
  cache.Erase(NumberedKey(1));
  EXPECT_EQ(cache.Find(NumberedKey(1)), std::nullopt);
}

TEST(RecordCache, KeepsTheDatabasesApart) {
  RecordCache cache(1 << 20);
  cache.Put(KeysKey(0, "a"), "zero");
  cache.Put(KeysKey(1, "a"), "one");
  EXPECT_EQ(cache.Find(KeysKey(0, "a")), "zero");
  EXPECT_EQ(cache.Find(KeysKey(1, "a")), "one");
}

TEST(RecordCache, LetsGoOfARecordThatHasBecomeLarge) {
  RecordCache cache(1 << 20);
  cache.Put(NumberedKey(1), "small");
  cache.Put(NumberedKey(1), std::string(100'000, 'x'));
  EXPECT_EQ(cache.Find(NumberedKey(1)), std::nullopt);
}

TEST(RecordCache, KeepsToItsCapacity) {
  constexpr size_t kCapacity = 256 << 10;
  RecordCache cache(kCapacity);
  for (uint64_t i = 0; i < 20'000; ++i) {
    cache.Put(NumberedKey(i), std::string(i % 500, 'x'));
    ASSERT_LE(cache.bytes(), kCapacity);
  }
  cache.SetCapacity(0);
  cache.Put(NumberedKey(1), "a");
  EXPECT_EQ(cache.Find(NumberedKey(1)), std::nullopt);
}

TEST(RecordCache, KeepsWhatIsAskedForAgainAndAgain) {
  RecordCache cache(256 << 10);
  cache.Put(NumberedKey(0), "hot");
  for (uint64_t i = 1; i < 20'000; ++i) {
    cache.Put(NumberedKey(i), std::string(200, 'x'));
    ASSERT_EQ(cache.Find(NumberedKey(0)), "hot") << i;
  }
}

TEST(RecordCache, SaysOfAKeyTheTruthOrNothing) {
  base::Random random(7);
  RecordCache cache(64 << 10);
  std::map<uint64_t, std::string> truth;
  uint64_t found = 0;
  for (int step = 0; step < 100'000; ++step) {
    const uint64_t number = random.Below(1000);
    const uint64_t draw = random.Below(10'000);
    if (draw < 5) {
      cache.Clear();
      truth.clear();
    } else if (draw < 1000) {
      cache.Erase(NumberedKey(number));
      truth.erase(number);
    } else if (draw < 5000) {
      truth[number] = std::string(random.Below(300), static_cast<char>('a' + random.Below(26)));
      cache.Put(NumberedKey(number), truth[number]);
    } else if (const auto record = cache.Find(NumberedKey(number)); record) {
      ASSERT_TRUE(truth.contains(number)) << step;
      ASSERT_EQ(*record, truth[number]) << step;
      ++found;
    }
  }
  EXPECT_GT(found, 5000U);
}

class CachedRecords : public ServerTest {};

TEST_F(CachedRecords, AreThoseOfCommandsThatWereDone) {
  EXPECT_EQ(Line("config set maxmemory 36mb"), "OK");
  EXPECT_EQ(Line("set a old"), "OK");
  EXPECT_EQ(Line("multi"), "OK");
  EXPECT_EQ(Line("set a new"), "QUEUED");
  EXPECT_EQ(Send({"set", "b", std::string(size_t{3} << 20, 'x')}), "QUEUED");
  EXPECT_TRUE(Line("exec").starts_with("(error)")) << "a batch is a quarter of the memory at the most";
  EXPECT_EQ(Line("get a"), "\"old\"");
  EXPECT_EQ(Line("exists b"), "0");
}

TEST_F(CachedRecords, AreGoneWithTheirDatabase) {
  EXPECT_EQ(Line("set a 1"), "OK");
  EXPECT_EQ(Line("flushdb"), "OK");
  EXPECT_EQ(Line("get a"), "(nil)");
  EXPECT_EQ(Line("set a 2"), "OK");
  EXPECT_EQ(Line("flushall"), "OK");
  EXPECT_EQ(Line("get a"), "(nil)");
}

TEST_F(CachedRecords, AreNoneOfAKeyThatHasExpired) {
  EXPECT_EQ(Line("set a 1 px 1000"), "OK");
  EXPECT_EQ(Line("get a"), "\"1\"");
  clock_.Advance(std::chrono::seconds(2));
  EXPECT_EQ(Line("get a"), "(nil)");
}

}  // namespace
}  // namespace amethyst::server
