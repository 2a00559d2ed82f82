#include "memtable/memtable.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "base/coding.h"
#include "support/backwards.h"
#include "twin.h"

namespace amethyst::memtable {
namespace {

void ExpectSameGet(const Twin& twin, std::string_view key, key::SequenceNumber visible) {
  const auto expected = twin.model.Find(key, visible);
  const auto found = twin.memtable->Get(key::LookupKey(key, visible));
  ASSERT_EQ(found.has_value(), expected != twin.model.entries().end())
      << "key of " << key.size() << " bytes: " << key.substr(0, 80);
  if (!found) return;
  EXPECT_EQ(found->tag, expected->first.second);
  EXPECT_EQ(found->value, expected->second);
}

void CheckRandomProgram(KeyShape shape, key::Order order, uint64_t seed) {
  base::Random random(seed);
  Twin twin(size_t{4} << 20, order);
  for (int round = 0; round < 20; ++round) {
    twin.InsertRandom(shape, 1 + random.Below(300), 3, random);
    for (int lookup = 0; lookup < 100; ++lookup) {
      ExpectSameGet(twin, RandomKey(shape, random), random.OneIn(2) ? twin.visible : twin.SomeSequence(random));
    }
  }
  for (const auto& [id, value] : twin.model.entries()) ExpectSameGet(twin, id.first, id.second.sequence());
  EXPECT_EQ(twin.memtable->entry_count(), twin.model.entries().size());
}

TEST(Memtable, IsEmptyAtFirst) {
  const Memtable memtable(1 << 20, key::Order());
  EXPECT_TRUE(memtable.Empty());
  EXPECT_GT(memtable.first_sequence(), memtable.last_sequence());
  EXPECT_FALSE(memtable.Get(key::LookupKey("a", key::kSequenceMax)));
  EXPECT_FALSE(memtable.Get(key::LookupKey("", key::kSequenceMax)));
  EXPECT_EQ(memtable.ApproximateBytes("", "z"), 0u);
}

TEST(Memtable, FindsTheNewestVisibleVersionOfKeysOfEveryShape) {
  for (const KeyShape shape : kKeyShapes) {
    SCOPED_TRACE(static_cast<int>(shape));
    CheckRandomProgram(shape, key::Order(), 1 + static_cast<uint64_t>(shape));
  }
}

TEST(Memtable, FollowsACustomOrder) {
  static const support::Backwards reversed;
  for (const KeyShape shape : kKeyShapes) {
    if (shape == KeyShape::kLong) continue;  // Reversing 64 KiB in every comparison takes long and shows nothing more.
    SCOPED_TRACE(static_cast<int>(shape));
    CheckRandomProgram(shape, key::Order(&reversed), 101 + static_cast<uint64_t>(shape));
  }
}

TEST(Memtable, TellsApartKeysThatDifferByATrailingZeroByte) {
  using namespace std::string_view_literals;
  Twin twin(1 << 20);
  for (const std::string_view key :
       {"a"sv, "a\0"sv, "a\0\0"sv, ""sv, "\0"sv, "\0\0\0\0\0\0\0\0"sv, "\0\0\0\0\0\0\0\0\0"sv}) {
    twin.Put(key, std::to_string(key.size()) + std::string(key));
  }
  for (const auto& [id, value] : twin.model.entries()) ExpectSameGet(twin, id.first, twin.visible);
}

TEST(Memtable, FindsAnOldVersionOfAKeyWithAHundredThousand) {
  Twin twin(size_t{16} << 20);
  for (int i = 0; i < 100'000; ++i) {
    if (i % 7 == 3) {
      twin.Delete("hot");
    } else {
      twin.Put("hot", std::to_string(i));
    }
  }
  base::Random random(5);
  for (int i = 0; i < 20'000; ++i) ExpectSameGet(twin, "hot", twin.SomeSequence(random));
  ExpectSameGet(twin, "hot", key::SequenceNumber{1000});
}

TEST(Memtable, CountsWhatItHolds) {
  Twin twin(1 << 20);
  twin.Put("apple", "12345");
  twin.Delete("banana");
  twin.Put("apple", "");
  EXPECT_EQ(twin.memtable->entry_count(), 3u);
  EXPECT_EQ(twin.memtable->delete_count(), 1u);
  EXPECT_EQ(twin.memtable->raw_bytes(), 21u);
  EXPECT_EQ(twin.memtable->first_sequence(), key::SequenceNumber{1001});
  EXPECT_EQ(twin.memtable->last_sequence(), key::SequenceNumber{1003});
}

// I3
TEST(Memtable, HoldsWhatBytesForPromisesWhateverTheKeysAre) {
  for (const KeyShape shape : kKeyShapes) {
    for (const size_t capacity : {size_t{1000}, size_t{20'000}, size_t{700'000}}) {
      base::Random random(static_cast<uint64_t>(shape) + capacity);
      Twin twin(capacity);
      size_t promised = 0;
      for (;;) {
        const std::string key = RandomKey(shape, random);
        const size_t value_bytes = random.OneIn(4) ? 0 : random.Below(20);
        promised += Memtable::BytesFor(key.size(), value_bytes);
        if (promised > capacity) break;
        ASSERT_TRUE(twin.memtable->HasRoom(Memtable::BytesFor(key.size(), value_bytes)));
        twin.Put(key, std::string(value_bytes, 'v'));
      }
    }
  }
}

// The arena asserts that it does not overflow: these orders of insertion make the most nodes for the fewest keys.
TEST(Memtable, HoldsItsCapacityOfTinyKeysInAdverseOrders) {
  constexpr size_t kCapacity = size_t{4} << 20;
  const auto fill = [](const std::function<uint64_t(uint64_t)>& key_of) {
    Memtable memtable(kCapacity, key::Order());
    for (uint64_t i = 0; memtable.HasRoom(Memtable::BytesFor(8, 0)); ++i) {
      char key[8];
      base::StoreFixed(key, __builtin_bswap64(key_of(i)));
      memtable.Insert(key::Entry({key, 8}, key::Tag(key::SequenceNumber{i + 1}, key::EntryKind::kPut), ""));
    }
    return memtable.entry_count();
  };
  const uint64_t least = kCapacity / Memtable::BytesFor(8, 0);
  EXPECT_GE(fill([](uint64_t i) { return i; }), least);
  EXPECT_GE(fill([](uint64_t i) { return ~i; }), least);
  EXPECT_GE(fill([](uint64_t i) { return i % 2 == 0 ? i : ~i; }), least);
  // Ascending tens of thousands, and one more into every leaf that this has filled up.
  EXPECT_GE(fill([](uint64_t i) { return i < 40'000 ? i << 20 : (i % 40'000 * 14 + i / 40'000) << 14 | 1; }), least);
}

TEST(Memtable, EstimatesTheBytesOfARange) {
  Twin twin(size_t{8} << 20);
  base::Random random(9);
  for (int i = 0; i < 20'000; ++i) twin.Put(RandomKey(KeyShape::kDecimalSparse, random), std::string(80, 'v'));
  const auto entries = twin.memtable->raw_bytes();
  EXPECT_NEAR(static_cast<double>(twin.memtable->ApproximateBytes("", "9")), static_cast<double>(entries),
              0.02 * static_cast<double>(entries));
  const auto near_tenth = static_cast<double>(twin.memtable->ApproximateBytes("00", "01844674407370955161"));
  EXPECT_NEAR(near_tenth, 0.1 * static_cast<double>(entries), 0.03 * static_cast<double>(entries));
  EXPECT_EQ(twin.memtable->ApproximateBytes("5", "5"), 0u);
  EXPECT_EQ(twin.memtable->ApproximateBytes("5", "4"), 0u);
}

}  // namespace
}  // namespace amethyst::memtable
