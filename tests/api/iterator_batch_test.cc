// Batches of an iterator beside its single steps. Covers: iterator, db_iterator, db_iterator_steps
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <ranges>

#include "amethyst/iterator.h"
#include "base/random.h"
#include "support/database.h"
#include "support/temp_directory.h"

namespace amethyst {
namespace {

using support::Key;
using support::OpenOrFail;
using support::SmallOptions;

using Entries = std::vector<std::pair<std::string, std::string>>;

std::string ShownBy(const Iterator& iterator) {
  if (!iterator.Valid()) return iterator.status() ? "(end)" : iterator.status().error().ToString();
  return std::string(iterator.key()) + "=" + std::string(iterator.value());
}

class IteratorBatch : public testing::Test {
 protected:
  void SetUp() override {
    db_ = OpenOrFail(directory_.path(), SmallOptions());
    ASSERT_NE(db_, nullptr);
  }
  void PutAll(int count, const std::string& value) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(db_->Put(Key(i), value));
  }

  const support::TempDirectory directory_;
  std::unique_ptr<DB> db_;
  EntryView room_[256];
};

TEST_F(IteratorBatch, BeginsWithTheShownEntryAndEndsOnTheLastOfIt) {
  PutAll(1000, "value");
  for (const bool flushed : {false, true}) {
    if (flushed) ASSERT_TRUE(db_->Flush());
    Iterator it = db_->NewIterator();
    EXPECT_TRUE(it.NextBatch(room_).empty()) << "before the first seek";
    it.Seek(Key(500));
    size_t largest = 0;
    for (int at = 500; it.Valid(); it.Next()) {
      const std::span<const EntryView> batch = it.NextBatch(room_);
      largest = std::max(largest, batch.size());
      ASSERT_FALSE(batch.empty());
      for (const auto& [key, value] : batch) {
        ASSERT_EQ(key, Key(at++));
        ASSERT_EQ(value, "value");
      }
      ASSERT_EQ(ShownBy(it), std::string(batch.back().key) + "=value");
    }
    EXPECT_TRUE(it.status());
    EXPECT_TRUE(it.NextBatch(room_).empty());
    EXPECT_GT(largest, 10u) << "a batch is more than a step";
  }
}

TEST_F(IteratorBatch, GoesBackwardToo) {
  PutAll(1000, "value");
  ASSERT_TRUE(db_->Flush());
  Iterator it = db_->NewIterator();
  size_t largest = 0;
  int at = 999;
  for (it.SeekToLast(); it.Valid(); it.Prev()) {
    const std::span<const EntryView> batch = it.PrevBatch(room_);
    largest = std::max(largest, batch.size());
    for (const EntryView& entry : batch) ASSERT_EQ(entry.key, Key(at--));
  }
  EXPECT_EQ(at, -1);
  EXPECT_GT(largest, 10u);
}

TEST_F(IteratorBatch, IsBoundedByItsRoomAndByBytes) {
  PutAll(1000, std::string(10, 'v'));
  ASSERT_TRUE(db_->Flush());
  const size_t entry_bytes = Key(0).size() + 10;
  Iterator it = db_->NewIterator();
  it.SeekToFirst();
  it.Next();  // Windows grow with the steps.
  while (it.NextBatch(room_).size() < 8) it.Next();
  it.Next();
  const std::string first = ShownBy(it);
  EXPECT_TRUE(it.NextBatch({}).empty());
  EXPECT_EQ(it.NextBatch({room_, 1}).size(), 1u);
  EXPECT_EQ(it.NextBatch(room_, 0).size(), 1u) << "the first may be greater";
  EXPECT_EQ(ShownBy(it), first);
  EXPECT_EQ(it.NextBatch({room_, 3}).size(), 3u);
  EXPECT_EQ(it.NextBatch(room_, 2 * entry_bytes).size(), 2u);
  EXPECT_EQ(it.NextBatch(room_, 3 * entry_bytes - 1).size(), 2u);
}

TEST_F(IteratorBatch, StaysValidWhenTheDatabaseIsClosed) {
  PutAll(1000, "value");
  ASSERT_TRUE(db_->Flush());
  Iterator it = db_->NewIterator();
  it.SeekToFirst();
  ASSERT_TRUE(db_->Close());
  ASSERT_EQ(it.NextBatch(room_).size(), 1u);
  EXPECT_EQ(room_[0].key, Key(0));
  it.Next();
  EXPECT_EQ(it.status().error().code(), ErrorCode::kClosed);
  EXPECT_TRUE(it.NextBatch(room_).empty());
}

TEST_F(IteratorBatch, WhatExpiresComesAlone) {
  const auto later = std::chrono::system_clock::now() + std::chrono::hours(1);
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(i % 7 == 0 ? db_->Put(Key(i), "value", {.expires_at = later}) : db_->Put(Key(i), "value"));
  }
  ASSERT_TRUE(db_->Flush());
  Iterator it = db_->NewIterator();
  int at = 0;
  for (it.SeekToFirst(); it.Valid(); it.Next()) {
    const std::span<const EntryView> batch = it.NextBatch(room_);
    for (const EntryView& entry : batch) {
      ASSERT_EQ(entry.key, Key(at));
      ASSERT_EQ(it.expires_at().has_value(), at % 7 == 0) << at;
      ++at;
    }
  }
  EXPECT_EQ(at, 300);
}

// Random databases, and random moves of an iterator over them, each beside what single steps show.
class RandomBatches : public testing::TestWithParam<uint64_t> {
 protected:
  void SetUp() override {
    db_ = OpenOrFail(directory_.path(), SmallOptions());
    ASSERT_NE(db_, nullptr);
    for (uint64_t i = 0; i < kKeys; ++i) ASSERT_TRUE(db_->Put(Key(i), "first"));
    ASSERT_TRUE(db_->CompactRange());  // So that there are long stretches in which nothing has to be decided.
  }
  void WriteSome() {
    for (int i = 0; i < 60; ++i) {
      const std::string key = Key(random_.Below(kKeys));
      const std::string value = std::to_string(random_()) + std::string(random_.Below(40), 'v');
      switch (random_.Below(100)) {
        case 0: {
          const uint64_t first = random_.Below(kKeys);
          ASSERT_TRUE(db_->DeleteRange(Key(first), Key(first + random_.Below(100))));
          break;
        }
        case 1: ASSERT_TRUE(db_->Flush()); break;
        case 2: snapshots_.push_back(db_->GetSnapshot()); break;
        case 3: ASSERT_TRUE(db_->Put(key, value, {.ttl = std::chrono::hours(1)})); break;
        default: ASSERT_TRUE(random_.OneIn(8) ? db_->Delete(key) : db_->Put(key, value));
      }
    }
  }
  ReadOptions SomeOptions() {
    ReadOptions options;
    if (!snapshots_.empty() && random_.OneIn(2)) options.snapshot = &snapshots_[random_.Below(snapshots_.size())];
    lower_ = Key(random_.Below(kKeys / 3));
    upper_ = Key(kKeys - random_.Below(kKeys / 3));
    if (random_.OneIn(3)) options.lower_bound = lower_;
    if (random_.OneIn(3)) options.upper_bound = upper_;
    return options;
  }
  // Takes a batch at entries[at], and returns the index of the last of it.
  size_t TakeBatch(Iterator& it, const Entries& entries, size_t at, bool forward) {
    const std::span<EntryView> room(room_, 1 + random_.Below(std::size(room_)));
    const size_t bytes_max = random_.OneIn(2) ? SIZE_MAX : random_.Below(2000);
    const std::span<const EntryView> batch = forward ? it.NextBatch(room, bytes_max) : it.PrevBatch(room, bytes_max);
    EXPECT_FALSE(batch.empty());
    for (size_t i = 0; i < batch.size(); ++i) {
      const size_t index = forward ? at + i : at - i;
      if (index >= entries.size()) {
        ADD_FAILURE() << "beyond the end";
        return at;
      }
      EXPECT_EQ(batch[i].key, entries[index].first);
      EXPECT_EQ(batch[i].value, entries[index].second);
    }
    taken_ += batch.size();
    return forward ? at + batch.size() - 1 : at - (batch.size() - 1);
  }

  static constexpr uint64_t kKeys = 1500;
  const support::TempDirectory directory_;
  base::Random random_{GetParam()};
  std::unique_ptr<DB> db_;
  std::vector<Snapshot> snapshots_;
  std::string lower_;
  std::string upper_;
  EntryView room_[64];
  size_t taken_ = 0;
};

TEST_P(RandomBatches, ShowWhatStepsShow) {
  for (int round = 0; round < 20; ++round) {
    WriteSome();
    const ReadOptions options = SomeOptions();
    Entries entries;
    Iterator steps = db_->NewIterator(options);
    for (steps.SeekToFirst(); steps.Valid(); steps.Next()) entries.emplace_back(steps.key(), steps.value());
    ASSERT_TRUE(steps.status());
    Iterator it = db_->NewIterator(options);
    size_t at = entries.size();  // Of the entry that is shown; entries.size(): none.
    bool forward = true;
    for (int move = 0; move < 300; ++move) {
      if (at >= entries.size()) {
        if (entries.empty()) break;
        at = random_.Below(entries.size());
        random_.OneIn(2) ? it.Seek(entries[at].first) : it.SeekForPrev(entries[at].first);
      } else if (random_.OneIn(2)) {
        at = TakeBatch(it, entries, at, forward);
      } else {
        if (random_.OneIn(30)) forward = !forward;
        forward ? it.Next() : it.Prev();
        forward ? ++at : --at;
      }
      ASSERT_EQ(ShownBy(it), at < entries.size() ? entries[at].first + "=" + entries[at].second : "(end)")
          << "round " << round << ", move " << move;
      if (at < entries.size() && random_.OneIn(1000)) ASSERT_TRUE(db_->Flush());
    }
  }
  EXPECT_GT(taken_, 4'500u) << "in some 3,000 batches";
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomBatches, testing::Range<uint64_t>(1, 6));

}  // namespace
}  // namespace amethyst
