// Covers: block, block_builder
#include "sstable/block.h"

#include "sstable/aligned_buffer.h"
#include "sstable/block_builder.h"
#include "sstable/table_fixture.h"
#include "support/rounds.h"

namespace amethyst::sstable {
namespace {

// A block in memory of its own.
class HeldBlock {
 public:
  HeldBlock(std::string_view raw, const key::Order& order) : raw_(raw) {
    const uint32_t count = Block::CountOf(raw);
    if (!Block::IsPlausible(count, raw.size())) return;
    char* const memory = memory_.Room(Block::BytesFor(count, raw.size(), order));
    std::copy(raw.begin(), raw.end(), Block::RawIn(memory, count, order));
    made_ = Block::Make(memory, count, raw.size(), order);
  }
  [[nodiscard]] const Result<const Block*>& made() const { return made_; }
  [[nodiscard]] const Block& operator*() const { return **made_; }
  [[nodiscard]] const std::string& raw() const { return raw_; }

 private:
  std::string raw_;
  AlignedBuffer memory_;
  Result<const Block*> made_ = std::unexpected(Error(ErrorCode::kCorruption, "implausible"));
};

HeldBlock Build(const std::vector<OwnedEntry>& entries, const key::Order& order = key::Order(), uint8_t flags = 0) {
  BlockBuilder builder(order);
  for (const OwnedEntry& entry : entries) builder.Add(entry.View());
  return {builder.Finish(flags), order};
}

void ExpectShown(const Block& block, const std::vector<OwnedEntry>& entries, uint32_t begin, uint32_t end) {
  std::vector<key::Entry> shown(end - begin);
  std::string key_room(block.KeyRoom(begin, end), '?');
  block.Show(begin, end, shown.data(), key_room.data());
  for (uint32_t i = begin; i < end; ++i) ASSERT_EQ(Copy(shown[i - begin]), entries[i]);
}

void ExpectHolds(const Block& block, const std::vector<OwnedEntry>& entries) {
  ASSERT_EQ(block.count(), entries.size());
  uint64_t max_sequence = 0;
  uint32_t live = 0;
  for (uint32_t i = 0; i < block.count(); ++i) {
    EXPECT_EQ(block.key(i), entries[i].key);
    EXPECT_EQ(block.value(i), entries[i].value);
    EXPECT_EQ(block.tag(i), entries[i].tag);
    EXPECT_TRUE(block.KeyEquals(i, entries[i].key));
    EXPECT_FALSE(block.KeyEquals(i, entries[i].key + "x"));
    max_sequence = std::max(max_sequence, key::Raw(entries[i].tag.sequence()));
    live += entries[i].tag.kind() == key::EntryKind::kPut ? 1 : 0;
  }
  EXPECT_EQ(key::Raw(block.max_sequence()), max_sequence);
  EXPECT_EQ(block.live(), live);
}

TEST(Block, HoldsAndFindsWhatWasAdded) {
  const Backwards backwards;
  base::Random random(1);
  for (const key::Order& order : {key::Order(), key::Order(&backwards)}) {
    for (const KeyKind kind : kKeyKinds) {
      for (uint64_t round = 0; round < support::Rounds(30); ++round) {
        const uint64_t sequences[] = {0, 3, 500, 100000, uint64_t{1} << 45};
        const auto entries = MakeEntries({.kind = kind,
                                          .count = 1 + random.Below(60),
                                          .value_bytes_max = random.OneIn(5) ? 5000u : 40u,
                                          .sequences = sequences[random.Below(5)],
                                          .delete_one_in = random.Below(3)},
                                         order, random);
        const HeldBlock block = Build(entries, order);
        ASSERT_TRUE(block.made().has_value()) << block.made().error().ToString();
        ExpectHolds(*block, entries);
        const uint32_t begin = static_cast<uint32_t>(random.Below(entries.size()));
        ExpectShown(*block, entries, begin, begin + 1 + static_cast<uint32_t>(random.Below(entries.size() - begin)));
        for (int probe = 0; probe < 30; ++probe) {
          const std::string key = random.OneIn(2) ? entries[random.Below(entries.size())].key : MakeKey(kind, random);
          const key::SequenceNumber visible{random.Below(600)};
          uint32_t expected = 0;
          while (expected < entries.size() &&
                 (entries[expected].key != key || entries[expected].tag.sequence() > visible)) {
            ++expected;
          }
          EXPECT_EQ((*block).Find(key, visible, order), expected);
          uint32_t lower = 0;
          while (lower < entries.size() && order.Less(entries[lower].key, key)) ++lower;
          EXPECT_EQ((*block).FirstNotBefore(key, order, [](uint32_t) { return false; }), lower);
          while (lower < entries.size() && order.Compare(entries[lower].key, key) == 0) ++lower;
          EXPECT_EQ((*block).FirstNotBefore(key, order, [](uint32_t) { return true; }), lower);
        }
      }
    }
  }
}

TEST(Block, StoresOnlyWhatIsNotUniform) {
  std::vector<OwnedEntry> entries;
  for (int i = 0; i < 30; ++i) entries.push_back({fmt::format("{:04}", i * i), Put(9), "value"});
  const size_t uniform = Build(entries).raw().size();
  EXPECT_EQ(uniform, 20u + 2 * 8 + 30 * 9) << "header, two columns, and the bytes";
  entries[3].value = "VALUE!";
  EXPECT_EQ(Build(entries).raw().size(), uniform + 1 + 8 + 31 * 2);
  entries[3].value = "VALUE";
  entries[3].tag = Put(11);
  EXPECT_EQ(Build(entries).raw().size(), uniform + 8 + 30 * 2);
  entries[3].tag = Put(100000);
  EXPECT_EQ(Build(entries).raw().size(), uniform + 8 + 30 * 4);
  entries[3].tag = Delete(9);
  EXPECT_EQ(Build(entries).raw().size(), uniform + 8 + 30);
}

TEST(Block, CutsLongCommonPrefixesOff) {
  std::vector<OwnedEntry> entries;
  const std::string prefix(500, 'p');
  for (int i = 0; i < 30; ++i) entries.push_back({prefix + std::to_string(100 + i), Put(9), "v"});
  const HeldBlock block = Build(entries);
  EXPECT_TRUE((*block).HasSuffixKeys());
  EXPECT_LT(block.raw().size(), 800u);
  EXPECT_EQ((*block).prefix(), prefix + "1");
  ExpectHolds(*block, entries);
  entries.resize(1);
  EXPECT_FALSE((*Build(entries)).HasSuffixKeys()) << "nothing to share";
}

TEST(Block, IsPlainOnlyWithPutsOfDistinctKeysThatDoNotGoOn) {
  const std::vector<OwnedEntry> plain = {{"a", Put(1), ""}, {"b", Put(2), ""}};
  EXPECT_TRUE((*Build(plain)).IsPlain());
  EXPECT_FALSE((*Build(plain, key::Order(), block_format::kContinued)).IsPlain());
  EXPECT_FALSE((*Build(plain, key::Order(), block_format::kContinues)).IsPlain());
  EXPECT_FALSE((*Build({{"a", Put(1), ""}, {"b", Delete(2), ""}})).IsPlain());
  EXPECT_FALSE((*Build({{"a", Put(2), ""}, {"a", Put(1), ""}})).IsPlain());
  EXPECT_TRUE((*Build({{"a", Put(2), ""}, {std::string("a\0", 2), Put(1), ""}})).IsPlain());
}

TEST(Block, SkipsUnknownColumnsUnlessTheyAreRequired) {
  const HeldBlock block = Build({{"a", Put(1), "one"}, {"bc", Put(1), "three"}});
  std::string raw = block.raw();
  const size_t columns = static_cast<uint8_t>(raw[19]);
  raw[19] = static_cast<char>(columns + 1);
  const size_t behind = block_format::kBlockHeaderBytes + columns * block_format::kColumnBytes;
  raw.insert(behind, std::string("\x2a\x00\x00\x00\x05\x00\x00\x00", 8));
  raw += "extra";
  const HeldBlock later(raw, key::Order());
  ASSERT_TRUE(later.made().has_value()) << later.made().error().ToString();
  EXPECT_EQ((*later).value(1), "three");
  raw[behind + 1] = 1;
  EXPECT_EQ(HeldBlock(raw, key::Order()).made().error().code(), ErrorCode::kNotSupported);
}

TEST(Block, RefusesUnknownFlagsAndKinds) {
  std::string raw = Build({{"a", Put(1), "one"}}).raw();
  raw[16] = 64;
  EXPECT_EQ(HeldBlock(raw, key::Order()).made().error().code(), ErrorCode::kNotSupported);
  raw[16] = 0;
  raw[18] = 9;
  EXPECT_EQ(HeldBlock(raw, key::Order()).made().error().code(), ErrorCode::kNotSupported);
}

TEST(Block, RefusesKeysThatDoNotAscend) {
  BlockBuilder builder{key::Order()};
  builder.Add(OwnedEntry{"b", Put(1), ""}.View());
  builder.Add(OwnedEntry{"a", Put(1), ""}.View());
  EXPECT_FALSE(HeldBlock(builder.Finish(0), key::Order()).made().has_value());
}

// Whatever the bytes are, a block that was made can be read without harm (which sanitizers see).
TEST(Block, SurvivesEveryByteChanged) {
  base::Random random(2);
  const Backwards backwards;
  for (const key::Order& order : {key::Order(), key::Order(&backwards)}) {
    for (const KeyKind kind : {KeyKind::kDecimal, KeyKind::kLongPrefix, KeyKind::kBinary}) {
      const EntryShape shape{.kind = kind, .count = 12, .value_bytes_max = 9, .sequences = 70000};
      const auto entries = MakeEntries(shape, order, random);
      const std::string raw = Build(entries, order).raw();
      uint64_t read = 0;
      for (size_t at = 0; at < raw.size(); ++at) {
        for (const int flip : {0x01, 0x80, 0xff}) {
          std::string changed = raw;
          changed[at] = static_cast<char>(changed[at] ^ flip);
          const HeldBlock block(changed, order);
          if (!block.made()) continue;
          for (uint32_t i = 0; i < (*block).count(); ++i) {
            read += (*block).key(i).size() + (*block).value(i).size() + (*block).tag(i).bits();
          }
          read += (*block).Find(entries[3].key, key::kSequenceMax, order);
          std::vector<key::Entry> shown((*block).count());
          std::string key_room((*block).KeyRoom(0, (*block).count()), '?');
          (*block).Show(0, (*block).count(), shown.data(), key_room.data());
        }
      }
      EXPECT_GT(read, 0u);
      for (size_t length = 0; length < raw.size(); ++length) {
        EXPECT_FALSE(HeldBlock(raw.substr(0, length), order).made().has_value());
      }
    }
  }
}

TEST(BlockBuilder, EstimatesTheSizeOfTheBlock) {
  base::Random random(3);
  for (int round = 0; round < 50; ++round) {
    BlockBuilder builder{key::Order()};
    size_t expected = builder.EstimatedBytes();
    for (const OwnedEntry& entry : MakeEntries({.count = 40, .sequences = 0}, key::Order(), random)) {
      expected += BlockBuilder::EntryBytes(entry.View());
      builder.Add(entry.View());
    }
    EXPECT_EQ(builder.EstimatedBytes(), expected);
    const size_t size = builder.Finish(0).size();
    EXPECT_LE(size, expected + 100);
    EXPECT_GE(size, expected / 2);
  }
}

TEST(BlockBuilder, StartsAnewAfterReset) {
  BlockBuilder builder{key::Order()};
  builder.Add(OwnedEntry{"a", Delete(5), ""}.View());
  const std::string first(builder.Finish(0));
  builder.Reset();
  EXPECT_TRUE(builder.empty());
  builder.Add(OwnedEntry{"b", Put(7), "x"}.View());
  EXPECT_EQ(builder.last_key(), "b");
  EXPECT_EQ(key::Raw(builder.max_sequence()), 7u);
  builder.Reset();
  builder.Add(OwnedEntry{"a", Delete(5), ""}.View());
  EXPECT_EQ(builder.Finish(0), first);
}

}  // namespace
}  // namespace amethyst::sstable
