#include "memtable/record.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"

namespace amethyst::memtable {
namespace {

const Record* Create(Arena& arena, std::string_view key, uint64_t sequence, std::string_view value,
                     const Record* older) {
  return Record::Create(arena, key::Entry(key, key::Tag(key::SequenceNumber{sequence}, key::EntryKind::kPut), value),
                        older, nullptr);
}

TEST(Record, ShowsWhatItWasMadeOf) {
  Arena arena(1 << 20);
  const Record* first = Create(arena, "key", 7, "value", nullptr);
  const Record* second = Create(arena, "key", 9, "", first);
  EXPECT_EQ(first->key(), "key");
  EXPECT_EQ(first->value(), "value");
  EXPECT_EQ(first->sequence(), key::SequenceNumber{7});
  EXPECT_FALSE(first->has_older());
  EXPECT_EQ(second->key(), "key");
  EXPECT_EQ(second->value(), "");
  EXPECT_EQ(second->Older(arena), first);
  EXPECT_TRUE(second->IsLive());
  EXPECT_FALSE(second->IsPlain()) << "it has an older version";
  EXPECT_EQ(second->entry().tag, second->tag());
}

TEST(Record, TakesTheBytesThatItSays) {
  Arena arena(1 << 20);
  base::Random random(3);
  const Record* older = nullptr;
  for (int i = 0; i < 1000; ++i) {
    const std::string key(random.Below(40), 'k');
    const std::string value(random.Below(40), 'v');
    const size_t before = arena.used_bytes();
    const Record* record = Create(arena, key, static_cast<uint64_t>(i) + 1, value, older);
    EXPECT_EQ(arena.used_bytes() - before, Record::Bytes(key.size(), value.size(), older != nullptr, false));
    older = random.OneIn(2) ? record : nullptr;
  }
}

TEST(Record, FindsAnyVersionByDepthAndBySequence) {
  Arena arena(size_t{16} << 20);
  std::vector<const Record*> versions;
  for (uint64_t i = 0; i < 5000; ++i)
    versions.push_back(Create(arena, "k", 10 + 2 * i, "", i == 0 ? nullptr : versions.back()));
  for (uint32_t depth = 0; depth < versions.size(); ++depth) {
    ASSERT_EQ(versions[depth]->depth(), depth);
    ASSERT_EQ(&versions.back()->AtDepth(arena, depth), versions[depth]);
    ASSERT_EQ(versions.back()->VisibleAt(arena, key::SequenceNumber{10 + 2 * depth}), versions[depth]);
    ASSERT_EQ(versions.back()->VisibleAt(arena, key::SequenceNumber{11 + 2 * depth}), versions[depth]);
  }
  EXPECT_EQ(versions.back()->VisibleAt(arena, key::SequenceNumber{9}), nullptr);
}

}  // namespace
}  // namespace amethyst::memtable
