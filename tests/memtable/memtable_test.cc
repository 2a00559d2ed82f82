#include "memtable/memtable.h"

#include <fmt/core.h>
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

key::Tag Put(uint64_t sequence) { return {key::SequenceNumber{sequence}, key::EntryKind::kPut}; }

std::string ValueIn(const Memtable& memtable, key::FamilyId family, std::string_view key) {
  const auto found = memtable.Get(family, key::LookupKey(key, key::kSequenceMax));
  return found ? std::string(found->value) : "nothing";
}

std::string KeysOf(const std::shared_ptr<const Memtable>& memtable, key::FamilyId family) {
  std::string keys;
  const std::unique_ptr<key::Cursor> cursor = Memtable::NewCursor(memtable, family);
  if (cursor == nullptr) return "no tree";
  for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) keys += std::string(cursor->entry().key()) + " ";
  return keys;
}

TEST(MemtableFamilies, ShareNoKeys) {
  constexpr key::FamilyId kOne{1}, kTwo{2};
  const auto memtable = std::make_shared<Memtable>(1 << 20, key::Order());
  memtable->Prepare(kOne, key::Order());
  memtable->Prepare(kTwo, key::Order());
  memtable->Insert({"a", Put(1), "of the default"});
  memtable->Insert(kOne, {"a", Put(2), "of one"});
  memtable->Insert(kOne, {"b", Put(3), "of one, too"});
  EXPECT_EQ(ValueIn(*memtable, key::kDefaultFamily, "a"), "of the default");
  EXPECT_EQ(ValueIn(*memtable, kOne, "a"), "of one");
  EXPECT_EQ(ValueIn(*memtable, kOne, "b"), "of one, too");
  EXPECT_EQ(ValueIn(*memtable, key::kDefaultFamily, "b"), "nothing");
  EXPECT_EQ(ValueIn(*memtable, kTwo, "a"), "nothing");
  EXPECT_EQ(ValueIn(*memtable, key::FamilyId{3}, "a"), "nothing");
  EXPECT_EQ(KeysOf(memtable, key::kDefaultFamily), "a ");
  EXPECT_EQ(KeysOf(memtable, kOne), "a b ");
  EXPECT_EQ(KeysOf(memtable, kTwo), "");
  EXPECT_EQ(KeysOf(memtable, key::FamilyId{3}), "no tree");
}

TEST(MemtableFamilies, AreListedOnceTheyHoldEntries) {
  Memtable memtable(1 << 20, key::Order());
  EXPECT_TRUE(memtable.Families().empty());
  memtable.Prepare(key::FamilyId{7}, key::Order());
  EXPECT_TRUE(memtable.Families().empty());
  memtable.Insert(key::FamilyId{7}, {"a", Put(1), "1"});
  EXPECT_EQ(memtable.Families(), std::vector{key::FamilyId{7}});
  memtable.Insert({"a", Put(2), "1"});
  EXPECT_EQ(memtable.Families(), (std::vector{key::kDefaultFamily, key::FamilyId{7}}));
}

TEST(MemtableFamilies, EachHaveTheirOrder) {
  static const support::Backwards reversed;
  const auto memtable = std::make_shared<Memtable>(1 << 20, key::Order());
  memtable->Prepare(key::FamilyId{1}, key::Order(&reversed));
  uint64_t sequence = 0;
  for (const std::string key : {"ab", "ba", "ca"}) {
    memtable->Insert({key, Put(++sequence), ""});
    memtable->Insert(key::FamilyId{1}, {key, Put(++sequence), ""});
  }
  EXPECT_EQ(KeysOf(memtable, key::kDefaultFamily), "ab ba ca ");
  EXPECT_EQ(KeysOf(memtable, key::FamilyId{1}), "ba ca ab ");
}

TEST(MemtableFamilies, TakeTheirShareOfOneBudget) {
  constexpr uint32_t kOthers = 20;
  constexpr size_t kEntryBytes = Memtable::BytesFor(8, 100);
  Memtable memtable(kOthers * (Memtable::kFamilyBytes + 10 * kEntryBytes), key::Order());
  const std::string value(100, 'v');
  uint64_t sequence = 0;
  for (uint32_t id = 1; id <= kOthers; ++id) {
    ASSERT_TRUE(memtable.HasRoom(Memtable::kFamilyBytes));
    memtable.Prepare(key::FamilyId{id}, key::Order());
    memtable.Prepare(key::FamilyId{id}, key::Order());  // Costs nothing.
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE(memtable.HasRoom(kEntryBytes));
      ++sequence;
      memtable.Insert(key::FamilyId{id}, {fmt::format("{:08}", i), Put(sequence), value});
    }
  }
  EXPECT_FALSE(memtable.HasRoom(Memtable::kFamilyBytes));
  EXPECT_EQ(memtable.entry_count(), 10 * kOthers);
  EXPECT_EQ(memtable.ApproximateBytes("0", "1"), 0u);
  EXPECT_EQ(memtable.ApproximateBytes(key::FamilyId{3}, "0", "1"), 1080u);
}

}  // namespace
}  // namespace amethyst::memtable
