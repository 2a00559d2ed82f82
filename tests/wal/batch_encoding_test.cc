#include "wal/batch_encoding.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.h"

namespace amethyst::wal {
namespace {

struct Owned {
  key::EntryKind kind;
  std::string key;
  std::string value;
  friend bool operator==(const Owned&, const Owned&) = default;
};

std::vector<Owned> ReadAll(BatchReader& reader) {
  std::vector<Owned> entries;
  for (BatchEntry entry; reader.Next(&entry);) {
    entries.push_back({entry.kind, std::string(entry.key), std::string(entry.value)});
  }
  return entries;
}

TEST(BatchReader, GivesBackWhatWasEncoded) {
  base::Random random(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<Owned> entries;
    std::string bytes;
    for (uint64_t i = random.Below(20); i > 0; --i) {
      const bool put = random.OneIn(2);
      Owned entry{.kind = put ? key::EntryKind::kPut : key::EntryKind::kDelete,
                  .key = std::string(random.Below(random.OneIn(5) ? 70000 : 300), 'k'),
                  .value = put ? std::string(random.Below(random.OneIn(5) ? 20000 : 200), 'v') : ""};
      AppendBatchEntry(&bytes, {.kind = entry.kind, .key = entry.key, .value = entry.value});
      entries.push_back(std::move(entry));
    }
    BatchReader reader(bytes);
    EXPECT_TRUE(ReadAll(reader) == entries);
    EXPECT_TRUE(reader.status());
    EXPECT_EQ(reader.count(), entries.size());
    EXPECT_GE(bytes.size(), entries.size() * kBatchEntryBytesMin);
  }
}

TEST(BatchReader, StopsWithAnErrorAtEveryTruncation) {
  std::string bytes;
  std::vector<size_t> ends{0};
  for (const std::string_view value : {"", "v", "0123456789"}) {
    AppendBatchEntry(&bytes, {.kind = key::EntryKind::kPut, .key = "key", .value = value});
    ends.push_back(bytes.size());
  }
  for (size_t length = 0; length <= bytes.size(); ++length) {
    const std::string exact(bytes, 0, length);  // Its own allocation, so that a sanitizer sees a step too far.
    BatchReader reader(exact);
    const size_t whole = ReadAll(reader).size();
    EXPECT_EQ(reader.status().has_value(), ends[whole] == length) << length;
    EXPECT_TRUE(reader.status() || reader.status().error().code() == ErrorCode::kCorruption);
  }
}

TEST(BatchReader, RefusesUnknownKindsByNumberAndLengthsBeyondTheBytes) {
  BatchReader reserved(std::string_view("\x00\x05\x01k\x00", 5));
  BatchEntry entry;
  EXPECT_FALSE(reserved.Next(&entry));
  EXPECT_EQ(reserved.status().error().code(), ErrorCode::kNotSupported);
  EXPECT_NE(reserved.status().error().message().find("kind 5"), std::string::npos);
  for (const std::string_view hostile :
       {std::string_view("\x00\x01\xff\xff\xff\xff\x0fk", 8),
        std::string_view("\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 11), std::string_view("\x00\x00\x02k", 4),
        std::string_view("\xff\xff\xff\xff\xff\xff", 6),
        std::string_view("\x00\x04\x01k\x07"
                         "1234567",
                         12),
        std::string_view("\x00\x06\x01k\x00", 5)}) {
    BatchReader reader(hostile);
    EXPECT_FALSE(reader.Next(&entry));
    EXPECT_EQ(reader.status().error().code(), ErrorCode::kCorruption);
  }
}

TEST(BatchReader, TellsEachEntrysFamily) {
  for (const uint32_t family : {1u, 127u, 128u, 300u, ~0u}) {
    std::string bytes;
    AppendBatchEntry(&bytes, {.kind = key::EntryKind::kPut, .key = "key", .value = "value"});
    AppendBatchEntry(&bytes, {.family = family, .kind = key::EntryKind::kPut, .key = "key", .value = "value"});
    BatchReader reader(bytes);
    BatchEntry entry;
    ASSERT_TRUE(reader.Next(&entry));
    EXPECT_EQ(entry.family, 0u);
    ASSERT_TRUE(reader.Next(&entry));
    EXPECT_EQ(entry.family, family);
    EXPECT_EQ(entry.value, "value");
    EXPECT_FALSE(reader.Next(&entry));
    EXPECT_TRUE(reader.status());
  }
}

void AppendRangeDelete(std::string* to, uint32_t family, const key::Range& range) {
  std::string encoded;
  key::AppendRange(&encoded, range);
  AppendBatchEntry(to, {.family = family, .kind = key::EntryKind::kRangeDelete, .key = {}, .value = encoded});
}

TEST(BatchReader, GivesBackRangeDeletesWithTheirOpenSides) {
  const std::vector<key::Range> ranges = {{.begin = "a", .end = "m"}, {.begin = {}, .end = "m"},
                                          {.begin = "a", .end = {}},  {.begin = {}, .end = {}},
                                          {.begin = "", .end = ""},   {.begin = "z", .end = "a"}};
  std::string bytes;
  for (const key::Range& range : ranges) {
    AppendRangeDelete(&bytes, 300, range);
    AppendBatchEntry(&bytes, {.kind = key::EntryKind::kPut, .key = "key", .value = "value"});
  }
  EXPECT_GE(bytes.size(), 2 * ranges.size() * kBatchEntryBytesMin);
  BatchReader reader(bytes);
  BatchEntry entry;
  for (const key::Range& range : ranges) {
    ASSERT_TRUE(reader.Next(&entry));
    EXPECT_EQ(entry.kind, key::EntryKind::kRangeDelete);
    EXPECT_EQ(entry.family, 300u);
    EXPECT_EQ(entry.key, "");
    EXPECT_EQ(entry.Range().begin, range.begin);
    EXPECT_EQ(entry.Range().end, range.end);
    std::string again;
    AppendBatchEntry(&again, entry);
    EXPECT_NE(bytes.find(again), std::string::npos) << "as a copy of a batch has it";
    ASSERT_TRUE(reader.Next(&entry));
    EXPECT_EQ(entry.key, "key");
  }
  EXPECT_FALSE(reader.Next(&entry));
  EXPECT_TRUE(reader.status());
  EXPECT_EQ(reader.count(), 2 * ranges.size());
}

TEST(BatchReader, RefusesARangeDeleteThatIsCutShort) {
  std::string bytes;
  AppendRangeDelete(&bytes, 0, {.begin = std::string(200, 'b'), .end = std::string(200, 'e')});
  for (size_t length = 1; length < bytes.size(); ++length) {
    const std::string exact(bytes, 0, length);  // Its own allocation, so that a sanitizer sees a step too far.
    BatchReader reader(exact);
    BatchEntry entry;
    EXPECT_FALSE(reader.Next(&entry)) << length;
    ASSERT_FALSE(reader.status()) << length;
    EXPECT_EQ(reader.status().error().code(), ErrorCode::kCorruption) << length;
  }
  for (const std::string_view hostile :
       {std::string_view("\x00\x03", 2), std::string_view("\x00\x03\x00", 3), std::string_view("\x00\x03\x01k\x00", 5),
        std::string_view("\x00\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01k", 13)}) {
    BatchReader reader(hostile);
    BatchEntry entry;
    EXPECT_FALSE(reader.Next(&entry));
    EXPECT_EQ(reader.status().error().code(), ErrorCode::kCorruption);
  }
}

TEST(BatchReader, SurvivesRandomBytes) {
  base::Random random(2);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes(random.Below(40), '\0');
    for (char& c : bytes) c = static_cast<char>(random.OneIn(2) ? random.Below(4) : random());
    BatchReader reader(bytes);
    const std::vector<Owned> entries = ReadAll(reader);
    if (!reader.status()) continue;
    std::string again;
    for (const Owned& entry : entries) {
      AppendBatchEntry(&again, {.kind = entry.kind, .key = entry.key, .value = entry.value});
    }
    EXPECT_LE(again.size(), bytes.size()) << "the shortest varints";
  }
}

}  // namespace
}  // namespace amethyst::wal
