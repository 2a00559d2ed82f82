// Covers: hot_keys
#include "server/hot_keys.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "server/keyspace/layout.h"
#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

KeyName NameOf(const std::string& key) { return {.stored = 0, .key = key}; }

TEST(HotKeys, KnowTheKeysThatAreAskedForMostAmongManyOthers) {
  HotKeys keys;
  for (int i = 0; i < 3000; ++i) {
    keys.Note(NameOf("other" + std::to_string(i)), true, 1000);
    if (i % 3 == 0) keys.Note(NameOf("hot"), true, 1000);
    if (i % 6 == 0) keys.Note(NameOf("warm"), false, 1000);
  }
  const std::vector<HotKeys::Found> hottest = keys.Hottest(8);
  ASSERT_EQ(hottest.size(), 2U);
  EXPECT_EQ(hottest[0].key.key, "hot");
  EXPECT_NEAR(hottest[0].share, 1000.0 / 4500, 0.02);
  EXPECT_EQ(hottest[1].key.key, "warm");
  EXPECT_GT(keys.FrequencyOf(NameOf("hot")), keys.FrequencyOf(NameOf("warm")));
  EXPECT_EQ(keys.FrequencyOf(NameOf("none")), 0);
}

TEST(HotKeys, NameNoneWhereAllAreAskedForAlike) {
  HotKeys keys;
  for (int i = 0; i < 5000; ++i) keys.Note(NameOf("key" + std::to_string(i * 37 % 1000)), true, 1000);
  EXPECT_TRUE(keys.Hottest(8).empty());
}

TEST(HotKeys, ForgetWhatWasHotLongAgo) {
  HotKeys keys;
  for (int i = 0; i < 100; ++i) keys.Note(NameOf("a"), true, 1000);
  for (int i = 0; i < 100; ++i) keys.Note(NameOf("b"), true, 41'000);
  EXPECT_EQ(keys.Hottest(1)[0].key.key, "b");
  EXPECT_GT(keys.Hottest(1)[0].share, 0.9);
  keys.Note(NameOf("c"), true, 10'000'000);
  EXPECT_EQ(keys.FrequencyOf(NameOf("b")), 0);
}

TEST(HotKeys, AreDrawnFromOneCommandInAHundredAndTwentyEight) {
  HotKeys keys;
  int drawn = 0;
  for (int i = 0; i < 128'000; ++i) drawn += keys.IsDrawn() ? 1 : 0;
  EXPECT_NEAR(drawn, 1000, 100);
}

TEST(HotKeys, KeepWhereReadsLieInOrder) {
  HotKeys keys;
  for (int i = 0; i < 600; ++i) keys.Note(NameOf("key" + std::to_string(i)), i % 2 == 0, 1000);
  const std::vector<std::string> reads = keys.Reads();
  EXPECT_EQ(reads.size(), HotKeys::kReadsKept);
  EXPECT_TRUE(std::ranges::is_sorted(reads));
  EXPECT_THAT(reads, testing::Contains(KeysKey(0, "key598")));
  EXPECT_THAT(reads, testing::Not(testing::Contains(KeysKey(0, "key599")))) << "it was written";
}

class HotKeysOfServer : public ServerTest {};

TEST_F(HotKeysOfServer, AreToldByInfoAndObjectFreq) {
  Line("mset hot 1 cold 1");
  for (int i = 0; i < 2000; ++i) Line("get hot");
  EXPECT_THAT(Line("info hotkeys"), testing::HasSubstr("hotkey0:db=0,share="));
  EXPECT_THAT(Line("info hotkeys"), testing::HasSubstr(R"(key=\"hot\")"));
  EXPECT_THAT(Line("info"), testing::Not(testing::HasSubstr("hotkey")));
  EXPECT_GT(std::stoi(Line("object freq hot")), 100);
  EXPECT_LT(std::stoi(Line("object freq cold")), 100);
}

}  // namespace
}  // namespace amethyst::server
