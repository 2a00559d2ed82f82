#include "amethyst/iterator.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/random.h"
#include "support/database.h"
#include "support/temp_directory.h"

namespace amethyst {
namespace {

using support::CodeOf;
using support::Key;
using support::OpenOrFail;
using support::SmallOptions;
using support::Text;

std::string Here(const Iterator& iterator) {
  if (!iterator.Valid()) return iterator.status() ? "(end)" : iterator.status().error().ToString();
  return std::string(iterator.key()) + "=" + std::string(iterator.value());
}

class IteratorTest : public testing::Test {
 protected:
  void SetUp() override {
    db_ = OpenOrFail(directory_.path());
    ASSERT_NE(db_, nullptr);
  }
  void PutAll(std::string_view keys, std::string_view value) {
    for (const char key : keys) ASSERT_TRUE(db_->Put(std::string_view(&key, 1), value));
  }

  const support::TempDirectory directory_;
  std::unique_ptr<DB> db_;
};

TEST_F(IteratorTest, BeginsNowhereAndEndsAtBothEnds) {
  PutAll("bdf", "1");
  Iterator it = db_->NewIterator();
  EXPECT_FALSE(it.Valid());
  EXPECT_TRUE(it.status());
  it.SeekToFirst();
  EXPECT_EQ(Here(it), "b=1");
  it.Prev();
  EXPECT_EQ(Here(it), "(end)");
  it.SeekToLast();
  EXPECT_EQ(Here(it), "f=1");
  it.Next();
  EXPECT_EQ(Here(it), "(end)");
  it.Seek("c");
  EXPECT_EQ(Here(it), "d=1");
  it.Seek("d");
  EXPECT_EQ(Here(it), "d=1");
  it.Seek("g");
  EXPECT_EQ(Here(it), "(end)");
  it.SeekForPrev("c");
  EXPECT_EQ(Here(it), "b=1");
  it.SeekForPrev("b");
  EXPECT_EQ(Here(it), "b=1");
  it.SeekForPrev("a");
  EXPECT_EQ(Here(it), "(end)");
}

TEST_F(IteratorTest, AnEmptyDatabaseHasNoFirstAndNoLast) {
  Iterator it = db_->NewIterator();
  it.SeekToFirst();
  EXPECT_EQ(Here(it), "(end)");
  it.SeekToLast();
  EXPECT_EQ(Here(it), "(end)");
  it.Seek("a");
  EXPECT_EQ(Here(it), "(end)");
  it.SeekForPrev("a");
  EXPECT_EQ(Here(it), "(end)");
}

TEST_F(IteratorTest, StaysWithinItsBoundsBothWays) {
  PutAll("abcdef", "1");
  for (const bool flushed : {false, true}) {
    if (flushed) {
      ASSERT_TRUE(db_->Flush());
    }
    ReadOptions options;
    options.lower_bound = "b";
    options.upper_bound = "e";
    Iterator it = db_->NewIterator(options);
    it.SeekToFirst();
    EXPECT_EQ(Here(it), "b=1");
    it.Prev();
    EXPECT_EQ(Here(it), "(end)");
    it.SeekToLast();
    EXPECT_EQ(Here(it), "d=1");
    it.Next();
    EXPECT_EQ(Here(it), "(end)");
    it.Seek("a");
    EXPECT_EQ(Here(it), "b=1");
    it.Seek("e");
    EXPECT_EQ(Here(it), "(end)");
    it.SeekForPrev("z");
    EXPECT_EQ(Here(it), "d=1");
    it.SeekForPrev("e");
    EXPECT_EQ(Here(it), "d=1");
    it.SeekForPrev("a");
    EXPECT_EQ(Here(it), "(end)");
  }
}

TEST_F(IteratorTest, CopiesItsBounds) {
  PutAll("abc", "1");
  std::string lower = "b", upper = "c";
  ReadOptions options;
  options.lower_bound = lower;
  options.upper_bound = upper;
  Iterator it = db_->NewIterator(options);
  lower = "a";
  upper = "z";
  it.SeekToFirst();
  EXPECT_EQ(Here(it), "b=1");
  it.Next();
  EXPECT_EQ(Here(it), "(end)");
}

TEST_F(IteratorTest, AnEmptyBoundIsABound) {
  ASSERT_TRUE(db_->Put("", "0"));
  PutAll("ab", "1");
  for (const bool flushed : {false, true}) {
    if (flushed) {
      ASSERT_TRUE(db_->Flush());
    }
    ReadOptions options;
    options.upper_bound = "";
    Iterator nothing = db_->NewIterator(options);
    nothing.SeekToFirst();
    EXPECT_EQ(Here(nothing), "(end)");
    nothing.SeekToLast();
    EXPECT_EQ(Here(nothing), "(end)");
    nothing.Seek("a");
    EXPECT_EQ(Here(nothing), "(end)");
    options = {};
    options.lower_bound = "";
    Iterator all = db_->NewIterator(options);
    all.SeekToFirst();
    EXPECT_EQ(Here(all), "=0");
    options.upper_bound = std::string_view("a");
    options.lower_bound = std::string_view("b");
    Iterator crossed = db_->NewIterator(options);
    crossed.SeekToFirst();
    EXPECT_EQ(Here(crossed), "(end)");
    crossed.SeekToLast();
    EXPECT_EQ(Here(crossed), "(end)");
  }
}

TEST_F(IteratorTest, SeesTheMomentOfItsMaking) {
  PutAll("abc", "1");
  Iterator it = db_->NewIterator();
  PutAll("abcd", "2");
  ASSERT_TRUE(db_->Delete("b"));
  ASSERT_TRUE(db_->CompactRange());
  it.SeekToFirst();
  EXPECT_EQ(Here(it), "a=1");
  it.Next();
  EXPECT_EQ(Here(it), "b=1");
  ASSERT_TRUE(db_->Put("bb", "3"));
  it.Next();
  EXPECT_EQ(Here(it), "c=1");
  it.Next();
  EXPECT_EQ(Here(it), "(end)");
}

TEST_F(IteratorTest, ChangesDirectionAnywhereOverHiddenVersionsAndTombstones) {
  // Every second key is deleted, every third overwritten after the snapshot.
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(db_->Put(Key(i), "old"));
  for (int i = 0; i < 300; i += 2) ASSERT_TRUE(db_->Delete(Key(i)));
  const Snapshot snapshot = db_->GetSnapshot();
  for (int i = 0; i < 300; i += 3) ASSERT_TRUE(db_->Put(Key(i), "new"));
  ReadOptions options;
  options.snapshot = &snapshot;
  for (const bool flushed : {false, true}) {
    if (flushed) {
      ASSERT_TRUE(db_->Flush());
    }
    Iterator it = db_->NewIterator(options);
    base::Random random(1);
    it.Seek(Key(151));
    int at = 151;
    for (int step = 0; step < 2000; ++step) {
      ASSERT_EQ(Here(it), Key(at) + "=old");
      const bool forward = at < 10 || (at < 290 && random.OneIn(2));
      forward ? it.Next() : it.Prev();
      at += forward ? 2 : -2;
    }
  }
}

TEST_F(IteratorTest, MovesOntoTablesOnceItsMemtablesAreFlushed) {
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(db_->Put(Key(i), "1"));
  Iterator forward = db_->NewIterator();
  Iterator backward = db_->NewIterator();
  forward.SeekToFirst();
  backward.SeekToLast();
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(Here(forward), Key(i) + "=1");
    ASSERT_EQ(Here(backward), Key(999 - i) + "=1");
    if (i % 100 == 50) {
      ASSERT_TRUE(db_->Put(Key(i), "2"));
      ASSERT_TRUE(i % 200 == 50 ? db_->Flush() : db_->CompactRange());
    }
    forward.Next();
    backward.Prev();
  }
  EXPECT_EQ(Here(forward), "(end)");
  EXPECT_EQ(Here(backward), "(end)");
}

// The key lies in the memory of the memtable, which the seek lets go of.
TEST_F(IteratorTest, SeeksItsOwnKeyOntoANewerView) {
  for (const bool backward : {false, true}) {
    ASSERT_TRUE(db_->Put("a key of its own", "1"));
    Iterator it = db_->NewIterator();
    it.SeekToFirst();
    ASSERT_EQ(Here(it), "a key of its own=1");
    ASSERT_TRUE(db_->Flush());
    ASSERT_TRUE(db_->WaitForIdle());
    backward ? it.SeekForPrev(it.key()) : it.Seek(it.key());
    EXPECT_EQ(Here(it), "a key of its own=1");
  }
}

TEST_F(IteratorTest, DoesNotHoldAFlushedMemtableOnceItHasMoved) {
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(db_->Put(Key(i), std::string(100, 'v')));
  Iterator it = db_->NewIterator();
  it.SeekToFirst();
  const uint64_t open_before = db_->GetStats().open_files;
  ASSERT_TRUE(db_->Flush());
  for (int i = 0; i < 100; ++i) it.Next();
  EXPECT_GT(db_->GetStats().open_files, open_before);  // It reads the table now.
}

TEST_F(IteratorTest, IsDetachedByClose) {
  PutAll("abc", "1");
  ASSERT_TRUE(db_->Flush());
  PutAll("d", "1");
  std::vector<Iterator> iterators;
  for (int i = 0; i < 5; ++i) iterators.push_back(db_->NewIterator());
  iterators[0].SeekToFirst();
  iterators[1].SeekToLast();
  iterators[2].Seek("b");
  iterators[3].SeekForPrev("c");
  ASSERT_EQ(Text(db_->Close()), "");
  EXPECT_EQ(Here(iterators[0]), "a=1");
  EXPECT_EQ(Here(iterators[1]), "d=1");
  EXPECT_EQ(Here(iterators[2]), "b=1");
  db_.reset();
  EXPECT_EQ(Here(iterators[3]), "c=1");
  iterators[0].Next();
  iterators[1].Prev();
  iterators[2].SeekToFirst();
  iterators[3].Seek("a");
  iterators[4].SeekToLast();
  for (const Iterator& it : iterators) {
    EXPECT_FALSE(it.Valid());
    EXPECT_EQ(CodeOf(it.status()), ErrorCode::kClosed);
  }
}

TEST_F(IteratorTest, OfAClosedDatabaseSaysSoAtOnce) {
  ASSERT_TRUE(db_->Close());
  Iterator it = db_->NewIterator();
  EXPECT_EQ(CodeOf(it.status()), ErrorCode::kClosed);
  EXPECT_FALSE(it.Valid());
  it.SeekToFirst();
  EXPECT_EQ(CodeOf(it.status()), ErrorCode::kClosed);
}

TEST_F(IteratorTest, WalksOnWhileCloseRuns) {
  for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(db_->Put(Key(i), "v"));
  std::atomic<int> walking{0};
  std::vector<std::thread> walkers;
  for (int t = 0; t < 3; ++t) {
    walkers.emplace_back([&, t] {
      Iterator it = db_->NewIterator();
      for (;;) {
        t == 1 ? it.SeekToLast() : it.SeekToFirst();
        walking.fetch_add(1);
        uint64_t seen = 0;
        while (it.Valid()) {
          ASSERT_EQ(it.key(), Key(t == 1 ? 19'999 - seen : seen));
          ++seen;
          t == 1 ? it.Prev() : it.Next();
        }
        if (!it.status()) break;
        ASSERT_EQ(seen, 20'000);
      }
      EXPECT_EQ(CodeOf(it.status()), ErrorCode::kClosed);
    });
  }
  while (walking.load() < 6) std::this_thread::yield();
  ASSERT_EQ(Text(db_->Close()), "");
  for (std::thread& walker : walkers) walker.join();
}

TEST_F(IteratorTest, PassesAMillionTombstonesOfAQueueAtTheCostOfASeek) {
  constexpr int kRounds = 20'000;
  for (int i = 0; i < kRounds; ++i) {
    ASSERT_TRUE(db_->Put(Key(i), "v"));
    ASSERT_TRUE(db_->Put(Key(i + 1), "v"));
    Iterator it = db_->NewIterator();
    if (i % 100 != 0) {
      ASSERT_TRUE(db_->Delete(Key(i)));
      continue;
    }
    it.SeekToFirst();
    ASSERT_EQ(Here(it), Key(i) + "=v");
    ASSERT_TRUE(db_->Delete(Key(i)));
  }
  Iterator it = db_->NewIterator();
  it.SeekToFirst();
  EXPECT_EQ(Here(it), Key(kRounds) + "=v");
}

}  // namespace
}  // namespace amethyst
