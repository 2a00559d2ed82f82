#include "memtable/dead_stretch.h"

#include <gtest/gtest.h>

#include <fmt/core.h>

#include <string>

#include "twin.h"

namespace amethyst::memtable {
namespace {

// Moves a cursor by SkipDead from some key, and checks that nothing live was passed, nor the limit.
uint64_t CheckSkip(const Twin& twin, std::string_view from, key::SequenceNumber visible, std::string_view limit) {
  const auto cursor = Memtable::NewCursor(twin.memtable);
  cursor->Seek(from);
  const auto begin = twin.model.AtOrAfter(from);
  const uint64_t passed = cursor->SkipDead(visible, limit);
  auto end = twin.model.entries().end();
  if (cursor->Valid()) end = twin.model.AtOrAfter(cursor->entry().key());
  if (passed == 0) {
    EXPECT_EQ(begin, end);
    return 0;
  }
  EXPECT_GT(std::distance(begin, end), 0);
  EXPECT_FALSE(twin.model.AnyLive(begin, end, visible));
  if (limit.data() != nullptr && begin != end) {
    EXPECT_TRUE(key::Order().Less(std::prev(end)->first.first, limit));
  }
  return passed;
}

TEST(DeadStretch, NeverPassesALiveKeyNorTheLimit) {
  uint64_t passed = 0;
  for (const uint64_t seed : {1, 2, 3, 4, 5, 6}) {
    base::Random random(seed);
    Twin twin(size_t{8} << 20);
    const KeyShape shape = seed % 2 == 0 ? KeyShape::kDecimal : KeyShape::kSharedPrefix;
    for (int round = 0; round < 15; ++round) {
      twin.InsertRandom(shape, 200, 3, random);
      std::string first = RandomKey(shape, random);  // A range of keys dies.
      for (auto entry = twin.model.AtOrAfter(first); entry != twin.model.entries().end() && !random.OneIn(600);
           entry = twin.model.After(first)) {
        first = entry->first.first;
        twin.Delete(first);
      }
      for (int check = 0; check < 40; ++check) {
        const std::string limit = RandomKey(shape, random);
        passed += CheckSkip(twin, RandomKey(shape, random), random.OneIn(3) ? twin.SomeSequence(random) : twin.visible,
                            random.OneIn(2) ? std::string_view() : limit);
      }
    }
  }
  EXPECT_GT(passed, 1000u);
}

TEST(DeadStretch, PassesAConsumedQueueInOneStep) {
  constexpr int kItems = 100'000;
  Twin twin(size_t{64} << 20);
  const auto key = [](int i) { return fmt::format("{:08}", i); };
  const key::SequenceNumber empty = twin.visible;
  for (int i = 0; i < kItems; ++i) twin.Put(key(i), "");
  const key::SequenceNumber full = twin.visible;
  for (int i = 0; i < kItems; ++i) {
    if (i != 70'000) twin.Delete(key(i));
  }
  const auto cursor = Memtable::NewCursor(twin.memtable);
  cursor->SeekToFirst();
  EXPECT_GT(cursor->SkipDead(twin.visible, {}), 20'000u);
  EXPECT_GT(cursor->entry().key(), key(70'000 - 15));
  EXPECT_LE(cursor->entry().key(), key(70'000));

  cursor->Seek(key(70'020));
  EXPECT_GT(cursor->SkipDead(twin.visible, key(90'000)), 5'000u);
  EXPECT_GT(cursor->entry().key(), key(90'000 - 15));
  EXPECT_LE(cursor->entry().key(), key(90'000));
  EXPECT_GT(cursor->SkipDead(twin.visible, {}), 1'000u);
  EXPECT_FALSE(cursor->Valid());

  cursor->SeekToFirst();
  EXPECT_EQ(cursor->SkipDead(full, {}), 0u) << "a reader from before the deletes";
  EXPECT_EQ(cursor->entry().key(), key(0));
  EXPECT_EQ(cursor->SkipDead(empty, {}), 0u) << "a cautious answer: what is not there yet is not counted as dead";
}

TEST(DeadStretch, SeesARevivedKey) {
  Twin twin(size_t{8} << 20);
  for (int i = 0; i < 3000; ++i) twin.Put(fmt::format("{:06}", i));
  for (int i = 0; i < 3000; ++i) twin.Delete(fmt::format("{:06}", i));
  const auto cursor = Memtable::NewCursor(twin.memtable);
  cursor->SeekToFirst();
  EXPECT_GT(cursor->SkipDead(twin.visible, {}), 0u);
  EXPECT_FALSE(cursor->Valid());
  twin.Put("001500");   // A new version,
  twin.Put("002500x");  // and a new key.
  EXPECT_GT(CheckSkip(twin, "", twin.visible, {}), 0u);
  EXPECT_GT(CheckSkip(twin, "001600", twin.visible, {}), 0u);
  EXPECT_GT(CheckSkip(twin, "002600", twin.visible, {}), 0u);
}

TEST(DeadStretch, DoesNothingOnAnInvalidCursor) {
  const Twin twin(1 << 20);
  const auto cursor = Memtable::NewCursor(twin.memtable);
  EXPECT_EQ(cursor->SkipDead(twin.visible, {}), 0u);
}

}  // namespace
}  // namespace amethyst::memtable
