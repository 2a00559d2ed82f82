#include "ingest/ingest_record.h"

#include <gtest/gtest.h>

#include "key/range.h"

namespace amethyst::ingest {
namespace {

std::string Range(std::string_view begin, std::string_view end) {
  std::string encoded;
  key::AppendRange(&encoded, {.begin = begin, .end = end});
  return encoded;
}

tree::AddedTable Table(uint64_t number, uint32_t family) {
  tree::AddedTable table;
  table.number = key::FileNumber{number};
  table.family = key::FamilyId{family};
  table.info.uid = {number, 7};
  table.info.file_bytes = 1'000;
  table.info.smallest = "a";
  table.info.largest = "z";
  table.info.entries = 3;
  return table;
}

Incoming Two() {
  Incoming incoming{.replaced = {{.family = key::FamilyId{2}, .range = Range("a", "b")}}};
  incoming.tables.push_back({.added = Table(5, 0), .range_deletes = {Range("c", "d"), Range("e", "f")}});
  incoming.tables.push_back({.added = Table(6, 2)});
  return incoming;
}

TEST(IngestRecord, NumbersRangeDeletesBelowTheirTableAndTablesInOrder) {
  Incoming incoming = Two();
  EXPECT_EQ(incoming.SequenceCount(), 5u);
  incoming.NumberFrom(key::SequenceNumber{100});
  EXPECT_EQ(incoming.replaced[0].sequence, key::SequenceNumber{100});
  EXPECT_EQ(incoming.tables[0].added.info.sequence_base, key::SequenceNumber{103});
  EXPECT_EQ(incoming.tables[0].added.info.largest_sequence, key::SequenceNumber{103});
  EXPECT_EQ(incoming.tables[1].added.info.sequence_base, key::SequenceNumber{104});
  std::vector<uint64_t> sequences;
  for (const FamilyRange& range : incoming.RangeDeletes()) sequences.push_back(key::Raw(range.sequence));
  EXPECT_EQ(sequences, (std::vector<uint64_t>{100, 101, 102}));
  incoming.NumberFrom(key::SequenceNumber{200});  // A second try.
  EXPECT_EQ(incoming.tables[1].added.info.sequence_base, key::SequenceNumber{204});
}

TEST(IngestRecord, ComesBackAsItWasWritten) {
  Incoming incoming = Two();
  incoming.NumberFrom(key::SequenceNumber{100});
  std::string bytes;
  incoming.AppendTo(&bytes);
  const auto read = ReadIngestRecord(bytes);
  ASSERT_TRUE(read) << read.error().ToString();
  ASSERT_EQ(read->tables.size(), 2u);
  EXPECT_EQ(read->tables[0].added, incoming.tables[0].added);
  EXPECT_EQ(read->tables[1].added, incoming.tables[1].added);
  ASSERT_EQ(read->replaced.size(), 1u);
  EXPECT_EQ(read->replaced[0].family, incoming.replaced[0].family);
  EXPECT_EQ(read->replaced[0].range, incoming.replaced[0].range);
}

TEST(IngestRecord, RefusesWhatIsNone) {
  Incoming incoming = Two();
  incoming.NumberFrom(key::SequenceNumber{100});
  std::string bytes;
  incoming.AppendTo(&bytes);
  for (size_t length = 0; length < bytes.size(); ++length) {
    const auto read = ReadIngestRecord(std::string_view(bytes).substr(0, length));
    EXPECT_TRUE(!read || read->tables.size() == 2) << length;  // At its end there is a mark for other builds.
  }
  std::string without_numbers;
  Two().AppendTo(&without_numbers);
  EXPECT_FALSE(ReadIngestRecord(without_numbers));
}

}  // namespace
}  // namespace amethyst::ingest
