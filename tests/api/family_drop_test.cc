// What is left of a family that is dropped: nothing, except to those who look at it. Covers: family
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "api/family_fixture.h"
#include "support/backwards.h"

namespace amethyst {
namespace {

using support::CodeOf;
using support::Key;
using support::Text;
using testing::ElementsAre;

using FamilyDrop = FamilyTest;

TEST_F(FamilyDrop, AfterADropEveryCallSaysSo) {
  const Family family = Make("a");
  Fill(family, 100, "v");
  const Snapshot snapshot = db_->GetSnapshot();
  ASSERT_EQ(Text(db_->DropFamily(family)), "");
  ReadOptions as_of;
  as_of.snapshot = &snapshot;
  for (const ReadOptions& options : {ReadOptions(), as_of}) {
    ExpectDropped(family.Get("key", options));
    ExpectDropped(family.GetPinned("key", options));
    std::string value;
    ExpectDropped(family.GetInto("key", &value, options));
    const std::vector<std::string_view> keys = {"key"};
    ExpectDropped(family.MultiGet(keys, options)[0]);
    Iterator iterator = family.NewIterator(options);
    ExpectDropped(iterator.status());
    iterator.SeekToFirst();
    EXPECT_FALSE(iterator.Valid());
    ExpectDropped(iterator.status());
  }
  ExpectDropped(family.Put("key", "value"));
  ExpectDropped(family.Delete("key"));
  ExpectDropped(family.CompactRange());
  ExpectDropped(family.ApproximateSize("a", "z"));
  ExpectDropped(db_->DropFamily(family));
  ExpectDropped(db_->RenameFamily(family, "b"));
  EXPECT_EQ(family.name(), "");
}

TEST_F(FamilyDrop, ADropFreesItsFilesAtOnce) {
  const Family family = Make("a");
  Fill(family, 3000, std::string(100, 'v'));
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->WaitForIdle());
  ASSERT_GT(Files(".sst"), 0u);
  ASSERT_TRUE(db_->DropFamily(family));
  EXPECT_EQ(Files(".sst"), 0u);
}

TEST_F(FamilyDrop, IteratorsAndPinnedValuesOutliveADrop) {
  const Family family = Make("a");
  Fill(family, 3000, "value");
  Iterator unused = family.NewIterator();
  Iterator iterator = family.NewIterator();
  iterator.Seek(Key(10));
  const PinnedValue pinned = *std::move(family.GetPinned(Key(7)).value());
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->DropFamily(family));
  ASSERT_TRUE(db_->Put("key", "value"));
  ASSERT_TRUE(db_->Flush());
  int steps = 10;
  for (; iterator.Valid(); iterator.Next(), ++steps) ASSERT_EQ(iterator.key(), Key(steps));
  EXPECT_EQ(Text(iterator.status()), "");
  EXPECT_EQ(steps, 3000);
  iterator.Seek(Key(5));
  EXPECT_TRUE(iterator.Valid());
  unused.SeekToLast();
  ASSERT_TRUE(unused.Valid()) << Text(unused.status());
  EXPECT_EQ(unused.key(), Key(2999));
  EXPECT_EQ(pinned.view(), "value");
}

TEST_F(FamilyDrop, ABatchThatNamesADroppedOneIsRefusedWholeAndNothingIsLatched) {
  const Family dropped = Make("a");
  const Family other = Make("b");
  WriteBatch batch;
  batch.Put("key", "1");
  batch.Put(other, "key", "1");
  batch.Put(dropped, "key", "1");
  ASSERT_TRUE(db_->DropFamily(dropped));
  const uint64_t before = db_->GetSnapshot().sequence();
  for (int i = 0; i < 3; ++i) ExpectDropped(db_->Write(batch));
  EXPECT_EQ(db_->GetSnapshot().sequence(), before);
  EXPECT_EQ(db_->Get("key").value(), std::nullopt);
  EXPECT_EQ(ValueOf(other, "key"), "nothing");
  EXPECT_TRUE(db_->Put("key", "2"));
  EXPECT_TRUE(other.Put("key", "2"));
  // One that was never made, in a batch of somebody else's bytes.
  const auto foreign = WriteBatch::FromRepresentation(std::string("\x63\x01\x01k\x01v", 6)).value();
  EXPECT_EQ(CodeOf(db_->Write(foreign)), ErrorCode::kInvalidArgument);
  Reopen();
  EXPECT_EQ(db_->Get("key").value(), "2");
}

TEST_F(FamilyDrop, ADroppedOnesOrderNeedsNoMore) {
  static const support::Backwards backwards;
  FamilyOptions options;
  options.comparator = &backwards;
  const Family family = Make("reversed", options);
  Fill(family, 100, "v");
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->DropFamily(family));
  Reopen();
  EXPECT_THAT(db_->FamilyNames(), ElementsAre("default"));
}

TEST_F(FamilyDrop, MayBeDroppedWhileItIsWrittenFlushedAndCompacted) {
  for (int round = 0; round < 15; ++round) {
    const Family family = Make("short");
    std::atomic<bool> stop{false};
    std::thread writer([&] {
      for (int i = 0; !stop.load(); ++i) {
        WriteBatch batch;
        batch.Put(Key(i % 500), "default");
        batch.Put(family, Key(i % 500), std::string(200, 'v'));
        if (const Status written = db_->Write(batch); !written) return ExpectDropped(written);
      }
    });
    std::thread compactor([&] {
      while (!stop.load()) {
        const Status flushed = db_->Flush();
        EXPECT_EQ(Text(flushed), "");
        if (const Status done = family.CompactRange(); !done) return ExpectDropped(done);
      }
    });
    while (!family.Get(Key(20)).value() && !stop.load()) std::this_thread::yield();
    EXPECT_EQ(Text(db_->DropFamily(family)), "");
    stop.store(true);
    writer.join();
    compactor.join();
    EXPECT_EQ(db_->Get(Key(3)).value(), "default");
  }
  Reopen();
  EXPECT_THAT(db_->FamilyNames(), ElementsAre("default"));
  EXPECT_EQ(db_->Get(Key(3)).value(), "default");
}

TEST_F(FamilyDrop, AnIdIsNeverUsedTwice) {
  const Family first = Make("a");
  ASSERT_TRUE(first.Put("key", "old"));
  ASSERT_TRUE(db_->DropFamily(first));
  const Family second = Make("a");
  EXPECT_GT(second.id(), first.id());
  EXPECT_EQ(ValueOf(second, "key"), "nothing");
  ASSERT_TRUE(db_->DropFamily(second));
  Reopen();
  Reopen();
  EXPECT_GT(Make("a").id(), second.id());
  EXPECT_TRUE(KeysOf(Find("a")).empty());
}

}  // namespace
}  // namespace amethyst
