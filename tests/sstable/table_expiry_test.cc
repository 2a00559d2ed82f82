// What a table knows of entries that expire: its figures, and which blocks hold nothing that is alive.
// Covers: index_builder, table_cursor, properties, table_verify
#include <gtest/gtest.h>

#include "key/expiry.h"
#include "sstable/table_fixture.h"
#include "sstable/table_verify.h"

namespace amethyst::sstable {
namespace {

OwnedEntry Expiring(int number, uint64_t at_ms, key::EntryKind kind = key::EntryKind::kExpiringPut) {
  OwnedEntry entry{fmt::format("{:08}", number), {key::SequenceNumber{7}, kind}, ""};
  key::AppendExpiring(&entry.value, at_ms, "value");
  return entry;
}

TEST(TableExpiry, IsCountedWithItsFirstAndItsLastMoment) {
  TableBed bed;
  const std::vector<OwnedEntry> entries = {Expiring(1, 500),
                                           {"00000002", Delete(3), ""},
                                           Expiring(3, 90, key::EntryKind::kExpiringOperand),
                                           Expiring(4, 100)};
  const TableInfo info = bed.Write(entries);
  EXPECT_EQ(info.expiries, (key::Expiries{.entries = 3, .first_ms = 90, .last_ms = 500}));
  EXPECT_EQ(info.DeadFromMs(), 500u);
  EXPECT_FALSE(info.AnyExpires(89));
  EXPECT_TRUE(info.AnyExpires(90));
  const auto reader = bed.Open(info).value();
  EXPECT_EQ(reader->info(), info) << "the table says so itself";
  EXPECT_TRUE(TableVerifier(*reader).Run());
}

TEST(TableExpiry, IsNeverWhereOneEntryLivesOn) {
  TableBed bed;
  const TableInfo info = bed.Write({Expiring(1, 500), {"00000002", Put(3), "v"}});
  EXPECT_EQ(info.expiries.entries, 1u);
  EXPECT_EQ(info.DeadFromMs(), key::kNeverMs);
  EXPECT_EQ(bed.Write({Expiring(1, key::kNeverMs)}).DeadFromMs(), key::kNeverMs);
}

// A database that uses none of it writes what builds without it do.
TEST(TableExpiry, LeavesNoTraceWhereNothingExpires) {
  TableBed bed;
  const TableInfo info = bed.Write({{"a", Delete(1), ""}, {"b", Put(2), ""}}, {.block_bytes = 1});
  EXPECT_EQ(info.expiries, key::Expiries());
  EXPECT_EQ(bed.Write({{"a", Delete(1), ""}}).DeadFromMs(), 0u);
  const auto reader = bed.Open(bed.Write({{"a", Delete(1), ""}, {"b", Put(2), ""}}, {.block_bytes = 1})).value();
  std::string raw;
  ASSERT_TRUE(reader->tree().file().Read(reader->tree().top().entry(0).handle, [&](size_t bytes) {
    raw.resize(bytes);
    return raw.data();
  }));
  EXPECT_EQ(Block::ColumnOf(raw, block_format::kDeadFrom).data(), nullptr);
  EXPECT_NE(Block::ColumnOf(raw, block_format::kValues).data(), nullptr);
}

// Blocks of a hundred entries or so: the first 10 live on, then 40,000 expire at 1,000, 50,000 at 2,000, the rest
// lives.
class ExpiredStretch : public testing::Test {
 protected:
  void SetUp() override {
    std::vector<OwnedEntry> entries;
    for (int i = 0; i < 100'000; ++i) {
      if (i < 10 || i >= 90'010) {
        entries.push_back({fmt::format("{:08}", i), Put(5), ""});
      } else {
        entries.push_back(Expiring(i, i < 40'010 ? 1'000 : 2'000));
      }
    }
    reader_ = bed_.Open(bed_.Write(entries, {.block_bytes = 2048})).value();
    cursor_ = reader_->NewCursor({});
  }
  // Steps from 00000010 on to the first entry that is alive at the read point.
  int StepsToTheLiving(key::ReadPoint read, std::string_view limit = {}) {
    int steps = 0;
    for (cursor_->Seek("00000010"); cursor_->Valid(); ++steps) {
      const key::Entry& entry = cursor_->entry();
      if (!read.IsExpired(key::ExpiryOf(entry.tag.kind(), entry.value()))) break;
      if (limit.data() != nullptr && entry.key() >= limit) break;
      if (cursor_->SkipDead(read, limit) == 0) cursor_->Next();
    }
    return steps;
  }

  TableBed bed_;
  std::unique_ptr<TableReader> reader_;
  std::unique_ptr<key::Cursor> cursor_;
};

TEST_F(ExpiredStretch, IsSteppedOverWhole) {
  ASSERT_GT(reader_->tree().top().count(), 10u);
  const uint64_t reads = bed_.file().reads();
  EXPECT_LT(StepsToTheLiving({key::kSequenceMax, 2'000}), 300);
  EXPECT_EQ(cursor_->entry().key(), "00090010");
  EXPECT_LT(bed_.file().reads() - reads, 14u) << "neither blocks nor pages of the stretch are read";
}

TEST_F(ExpiredStretch, EndsWhereOneIsAliveAtTheTimeOfTheRead) {
  EXPECT_LT(StepsToTheLiving({key::kSequenceMax, 1'999}), 300);
  EXPECT_EQ(cursor_->entry().key(), "00040010");
  EXPECT_EQ(StepsToTheLiving({key::kSequenceMax, 999}), 0);
  EXPECT_EQ(StepsToTheLiving(key::kSequenceMax), 0) << "at time 0 nothing has expired";
}

TEST_F(ExpiredStretch, EndsBeforeALimitAndForAReaderWhoDoesNotSeeIt) {
  EXPECT_LT(StepsToTheLiving({key::kSequenceMax, 2'000}, "00060000"), 300);
  EXPECT_EQ(cursor_->entry().key(), "00060000");
  cursor_->Seek("00000500");
  EXPECT_EQ(cursor_->SkipDead({key::SequenceNumber{6}, 2'000}, {}), 0u);
}

TEST_F(ExpiredStretch, IsWhatTheEntriesSay) {
  EXPECT_TRUE(TableVerifier(*reader_).Run());
  const IndexPage& top = reader_->tree().top();
  EXPECT_EQ(top.DeadFromMs(0), key::kNeverMs);
  EXPECT_EQ(top.DeadFromMs(1), 1'000u);
  EXPECT_EQ(top.DeadFromMs(top.count() / 2), 2'000u);
  EXPECT_EQ(top.DeadFromMs(top.count() - 1), key::kNeverMs);
}

}  // namespace
}  // namespace amethyst::sstable
