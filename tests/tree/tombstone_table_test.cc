// A family's range tombstones as a table: what is written is read, and what is anything else is refused.
#include "tree/tombstone_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "io/file_system.h"
#include "sstable/table_reader.h"
#include "support/backwards.h"
#include "tree/file_names.h"
#include "tree/tables.h"

namespace amethyst::tree {
namespace {

using key::RangeTombstones;
using key::SequenceNumber;

constexpr uint64_t kWrittenS = 1'234;

std::string Shown(const RangeTombstones& tombstones) {
  std::string text;
  for (const RangeTombstones::Fragment& fragment : tombstones.fragments()) {
    text += std::string(fragment.range.begin.value_or("(open)")) + ".." +
            std::string(fragment.range.end.value_or("(open)"));
    for (const SequenceNumber sequence : tombstones.SequencesOf(fragment)) {
      text += " " + std::to_string(key::Raw(sequence));
    }
    text += "\n";
  }
  return text;
}

class TombstoneTableTest : public testing::Test {
 protected:
  [[nodiscard]] static key::RangeTombstone Of(std::optional<std::string_view> begin,
                                              std::optional<std::string_view> end, uint64_t sequence) {
    return {.range = {.begin = begin, .end = end}, .sequence = SequenceNumber{sequence}};
  }
  [[nodiscard]] static std::shared_ptr<const RangeTombstones> Made(const std::vector<key::RangeTombstone>& all,
                                                                   const std::vector<SequenceNumber>& snapshots = {},
                                                                   const key::Order& order = key::Order()) {
    auto tombstones = std::make_shared<RangeTombstones>(all, order, snapshots);
    tombstones->KeepKeys();
    return tombstones;
  }
  [[nodiscard]] AddedTable Write(std::shared_ptr<const RangeTombstones> tombstones,
                                 const sstable::TableOptions& options = {}) {
    Result<AddedTable> table =
        WriteTombstoneTable(*store_, key::FileNumber{++last_number_}, options, std::move(tombstones), kWrittenS);
    EXPECT_TRUE(table) << table.error().ToString();
    return *std::move(table);
  }
  [[nodiscard]] Table Open(const AddedTable& added) const {
    return Table(store_, added.number, added.info, key::Order());
  }
  // As such a table with these entries, whatever they are.
  [[nodiscard]] AddedTable WriteRaw(const std::vector<std::string>& values, bool has_span = true) {
    auto file = store_->Create(key::FileNumber{++last_number_});
    EXPECT_TRUE(file);
    sstable::TableOptions options;
    if (has_span) options.tombstone_span = {.begin = std::string(1, '\0'), .end = std::string(1, '\0')};
    sstable::TableWriter writer(std::move(*file), options, 1);
    std::string key(8, '\0');
    for (const std::string& value : values) {
      EXPECT_TRUE(writer.Add(key::Entry(key, key::Tag(SequenceNumber{9}, key::EntryKind::kPut), value)));
      ++key.back();
    }
    auto info = writer.Finish();
    EXPECT_TRUE(info);
    return {.level = 0, .number = key::FileNumber{last_number_}, .info = std::move(*info)};
  }
  static std::string Encoded(std::optional<std::string_view> begin, std::optional<std::string_view> end,
                             const std::vector<uint64_t>& sequences) {
    std::string value;
    key::AppendRange(&value, {.begin = begin, .end = end});
    base::AppendVarint(&value, sequences.size());
    for (const uint64_t sequence : sequences) base::AppendVarint(&value, sequence);
    return value;
  }
  void ExpectRefused(const AddedTable& added, std::string_view what) {
    const Table table = Open(added);
    const auto read = ReadTombstoneTable(table, key::Order());
    ASSERT_FALSE(read) << what;
    EXPECT_EQ(read.error().code(), ErrorCode::kCorruption) << what;
    EXPECT_NE(read.error().message().find(TableFileName(added.number)), std::string::npos) << what;
  }

  std::shared_ptr<io::Environment> environment_ = NewInMemoryEnvironment();
  std::shared_ptr<TableStore> store_ = NewStore(environment_);
  uint64_t last_number_ = 2;
};

TEST_F(TombstoneTableTest, IsReadAsItWasWritten) {
  const auto tombstones =
      Made({Of("b", "d", 5), Of({}, "c", 9), Of("x", {}, 7), Of("c", "d", 2)}, {SequenceNumber{3}, SequenceNumber{6}});
  ASSERT_EQ(Shown(*tombstones), "(open)..b 9\nb..c 9 5\nc..d 5 2\nx..(open) 7\n");
  const AddedTable added = Write(tombstones);
  EXPECT_TRUE(added.holds_tombstones);
  EXPECT_EQ(added.level, 0);
  EXPECT_EQ(added.tombstones, tombstones);
  EXPECT_EQ(added.info.entries, 4u);
  EXPECT_EQ(added.info.oldest_delete_time_s, kWrittenS);
  const Table table = Open(added);
  const auto read = ReadTombstoneTable(table, key::Order());
  ASSERT_TRUE(read) << read.error().ToString();
  EXPECT_EQ(Shown(**read), Shown(*tombstones));
  EXPECT_EQ((*read)->newest(), SequenceNumber{9});
}

TEST_F(TombstoneTableTest, SaysInItsPropertiesWhatItIs) {
  const AddedTable added =
      Write(Made({Of("b", "d", 5), Of("x", {}, 7)}),
            {.family = key::FamilyId{4}, .family_name = "four", .clean_through = SequenceNumber{9}});
  EXPECT_EQ(added.family, key::FamilyId{4});
  EXPECT_EQ(added.info.clean_through, SequenceNumber{}) << "it holds nothing to be clean";
  const Table table = Open(added);
  const sstable::Properties& properties = table.Open().value()->properties();
  ASSERT_TRUE(properties.tombstone_span);
  EXPECT_EQ(properties.tombstone_span->begin,
            "\x02"
            "b");
  EXPECT_EQ(properties.tombstone_span->end, std::string(1, '\0'));
  EXPECT_EQ(properties.family, key::FamilyId{4});
  EXPECT_EQ(properties.order_name, key::Order().comparator()->Name()) << "its keys are numbers, whatever the family's";
}

TEST_F(TombstoneTableTest, HoldsManyInTheirOrder) {
  base::Random random(5);
  std::vector<std::string> keys;
  for (int i = 0; i < 2'000; ++i) keys.push_back("key" + std::to_string(1'000'000 + i));
  std::vector<key::RangeTombstone> all;
  for (uint64_t i = 0; i < 2'000; ++i) {
    const uint64_t begin = random.Below(keys.size() - 1);
    all.push_back(
        Of(keys[begin], keys[begin + 1 + random.Below(std::min<size_t>(20, keys.size() - 1 - begin))], i + 1));
  }
  const auto tombstones = Made(all, {SequenceNumber{500}, SequenceNumber{1'500}});
  ASSERT_GT(tombstones->fragments().size(), 500u);
  const AddedTable added = Write(tombstones, {.block_bytes = 512});
  const Table table = Open(added);
  const auto read = ReadTombstoneTable(table, key::Order());
  ASSERT_TRUE(read) << read.error().ToString();
  EXPECT_TRUE(Shown(**read) == Shown(*tombstones));
}

TEST_F(TombstoneTableTest, IsReadInTheFamilysOrderAndInNoOther) {
  const support::Backwards backwards;
  const key::Order order(&backwards);
  const auto tombstones = Made({Of("xa", "ac", 5), Of("zb", {}, 9)}, {}, order);
  ASSERT_EQ(Shown(*tombstones), "xa..zb 5\nzb..(open) 9\n");
  const AddedTable added = Write(tombstones, {.order = order});
  const Table table = Open(added);
  const auto read = ReadTombstoneTable(table, order);
  ASSERT_TRUE(read) << read.error().ToString();
  EXPECT_EQ((*read)->At("zc", key::kSequenceMax).sequence, SequenceNumber{9});
  EXPECT_EQ((*read)->At("ya", key::kSequenceMax).sequence, SequenceNumber{5});
  const auto disordered = Write(Made({Of("xa", "ac", 5)}, {}, order), {.order = order});
  EXPECT_EQ(ReadTombstoneTable(Open(disordered), key::Order()).error().code(), ErrorCode::kCorruption);
}

TEST_F(TombstoneTableTest, IsNotTakenForOneWithoutASpan) {
  ExpectRefused(WriteRaw({Encoded("a", "b", {5})}, false), "a table of a family's entries");
  ExpectRefused(WriteTable(*store_, 0, key::FileNumber{2}, {{"a", SequenceNumber{1}, key::EntryKind::kPut, "value"}}),
                "another");
}

TEST_F(TombstoneTableTest, RefusesEntriesThatAreNone) {
  const std::string good = Encoded("a", "c", {9, 5});
  ASSERT_TRUE(ReadTombstoneTable(Open(WriteRaw({good, Encoded("c", {}, {7})})), key::Order()));
  for (size_t length = 0; length < good.size(); ++length) ExpectRefused(WriteRaw({good.substr(0, length)}), "cut off");
  ExpectRefused(WriteRaw({good + "x"}), "more than one");
  ExpectRefused(WriteRaw({Encoded("a", "c", {})}), "no number");
  ExpectRefused(WriteRaw({Encoded("a", "c", {5, 9})}), "oldest first");
  ExpectRefused(WriteRaw({Encoded("a", "c", {9, 9})}), "the same number twice");
  ExpectRefused(WriteRaw({Encoded("a", "c", {key::Raw(key::kSequenceMax) + 1})}), "no such number");
  ExpectRefused(WriteRaw({Encoded("c", "a", {9})}), "ends before it begins");
  ExpectRefused(WriteRaw({Encoded("a", "a", {9})}), "no key");
  ExpectRefused(WriteRaw({good, Encoded("b", "d", {9})}), "over each other");
  ExpectRefused(WriteRaw({Encoded("a", {}, {9}), Encoded("b", "d", {9})}), "behind an open end");
  ExpectRefused(WriteRaw({Encoded("a", "b", {9}), Encoded({}, "d", {9})}), "an open begin that is not the first");
  std::string huge;
  key::AppendRange(&huge, {.begin = "a", .end = "b"});
  base::AppendVarint(&huge, ~uint64_t{0});
  ExpectRefused(WriteRaw({huge}), "a count beyond the bytes");
}

TEST_F(TombstoneTableTest, TellsEveryDamageOfItsContent) {
  const auto tombstones = Made({Of("begin", "end", 5), Of("x", {}, 7)});
  const AddedTable added = Write(tombstones);
  const std::string path = store_->Path(added.number);
  const std::string whole = io::ReadFile(environment_->files(), path).value();
  base::Random random(3);
  size_t refused = 0;
  for (size_t at = 0; at < whole.size(); at += 1 + random.Below(3)) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << random.Below(8)));
    ASSERT_TRUE(io::ReplaceFile(environment_->files(), path, damaged));
    const Table table = Open(added);
    const auto read = ReadTombstoneTable(table, key::Order());
    if (read) {
      ASSERT_EQ(Shown(**read), Shown(*tombstones)) << "byte " << at;
      continue;
    }
    ++refused;
    const bool is_of_the_version = read.error().message().find("table format version") != std::string::npos;
    EXPECT_EQ(read.error().code(), is_of_the_version ? ErrorCode::kNotSupported : ErrorCode::kCorruption)
        << "byte " << at << ": " << read.error().ToString();
  }
  EXPECT_GT(refused, whole.size() / 6) << "what is not read, filter and sketch, may be damaged";
}

}  // namespace
}  // namespace amethyst::tree
