#include "amethyst/db.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/random.h"
#include "support/database.h"
#include "support/temp_directory.h"

namespace amethyst {
namespace {

using support::CodeOf;
using support::ContentOf;
using support::Key;
using support::OpenOrFail;
using support::SmallOptions;
using support::Text;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class DbTest : public testing::Test {
 protected:
  void Reopen(const Options& options = SmallOptions()) {
    db_.reset();
    db_ = OpenOrFail(directory_.path(), options);
    ASSERT_NE(db_, nullptr);
  }
  void SetUp() override { Reopen(); }

  // What a test wants to be true of data wherever it is: in the memtable, in tables, and after a reopen.
  void Everywhere(const std::function<void()>& check) {
    check();
    EXPECT_EQ(Text(db_->Flush()), "");
    check();
    EXPECT_EQ(Text(db_->CompactRange()), "");
    check();
    Reopen();
    check();
  }

  std::string Get(std::string_view key, const ReadOptions& options = {}) {
    const auto value = db_->Get(key, options);
    if (!value) return value.error().ToString();
    return *value ? **value : "(absent)";
  }

  const support::TempDirectory directory_;
  std::unique_ptr<DB> db_;
};

TEST_F(DbTest, ReadsBackWhatWasWritten) {
  ASSERT_TRUE(db_->Put("a", "1"));
  ASSERT_TRUE(db_->Put("b", "2"));
  ASSERT_TRUE(db_->Put("a", "3"));
  ASSERT_TRUE(db_->Delete("b"));
  ASSERT_TRUE(db_->Delete("never there"));
  Everywhere([this] {
    EXPECT_EQ(Get("a"), "3");
    EXPECT_EQ(Get("b"), "(absent)");
    EXPECT_EQ(Get(""), "(absent)");
    EXPECT_THAT(ContentOf(*db_), ElementsAre(Pair("a", "3")));
  });
}

TEST_F(DbTest, EmptyKeysAndValuesAreLegal) {
  ASSERT_TRUE(db_->Put("", ""));
  ASSERT_TRUE(db_->Put("a", ""));
  ASSERT_TRUE(db_->Put(std::string_view("a\0", 2), "zero"));
  Everywhere([this] {
    EXPECT_EQ(Get(""), "");
    EXPECT_EQ(Get("a"), "");
    EXPECT_EQ(Get(std::string_view("a\0", 2)), "zero");
    EXPECT_EQ(Get(std::string_view("\0", 1)), "(absent)");
    EXPECT_EQ(ContentOf(*db_).size(), 3);
  });
}

TEST_F(DbTest, ValuesGoToAQuarterOfTheBudgetAndNotBeyond) {
  const size_t limit = SmallOptions().memory_budget_bytes / 4;
  std::string large(limit - 64, 'v');
  large[limit / 2] = '!';
  ASSERT_EQ(Text(db_->Put("large", large)), "");
  ASSERT_EQ(Text(db_->Put("large too", large)), "");
  const Status refused = db_->Put("too large", std::string(limit + 1, 'v'));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(refused.error().message(), HasSubstr("memory_budget_bytes"));
  Everywhere([&] {
    EXPECT_EQ(Get("large"), large);
    EXPECT_EQ(Get("large too"), large);
    EXPECT_EQ(Get("too large"), "(absent)");
  });
}

TEST_F(DbTest, LaterOperationsOfABatchWin) {
  WriteBatch batch;
  batch.Put("a", "1");
  batch.Put("a", "2");
  batch.Put("b", "1");
  batch.Delete("b");
  batch.Delete("c");
  batch.Put("c", "1");
  ASSERT_TRUE(db_->Write(batch));
  Everywhere([this] { EXPECT_THAT(ContentOf(*db_), ElementsAre(Pair("a", "2"), Pair("c", "1"))); });
}

TEST_F(DbTest, ABatchCanBeAppendedToItselfAndWrittenTwice) {
  WriteBatch batch;
  batch.Put("a", "1");
  batch.Delete("b");
  batch.Append(batch);
  EXPECT_EQ(batch.Count(), 4);
  ASSERT_TRUE(db_->Write(batch));
  ASSERT_TRUE(db_->Put("a", "2"));
  ASSERT_TRUE(db_->Write(batch));
  EXPECT_EQ(Get("a"), "1");
}

TEST_F(DbTest, BatchesFromForeignBytesAreChecked) {
  WriteBatch batch;
  batch.Put("a", "1");
  batch.Delete("b");
  const auto copy = WriteBatch::FromRepresentation(batch.Representation());
  ASSERT_TRUE(copy);
  ASSERT_TRUE(db_->Write(*copy));
  EXPECT_EQ(Get("a"), "1");
  base::Random random(1);
  const std::string good(batch.Representation());
  for (int i = 0; i < 2000; ++i) {
    std::string bad = good.substr(0, random.Below(good.size() + 1));
    if (!bad.empty() && random.OneIn(2)) bad[random.Below(bad.size())] = static_cast<char>(random());
    const auto foreign = WriteBatch::FromRepresentation(bad);
    if (foreign) {
      EXPECT_EQ(foreign->Representation(), bad);
    }
  }
}

TEST_F(DbTest, AnEmptyBatchDoesNothingAndSaysWhetherItCould) {
  EXPECT_EQ(Text(db_->Write({})), "");
  EXPECT_EQ(Text(db_->Write({}, {.durability = Durability::kSync})), "");
  EXPECT_EQ(db_->GetSnapshot().sequence(), 0);
  ASSERT_TRUE(db_->Close());
  EXPECT_EQ(CodeOf(db_->Write({})), ErrorCode::kClosed);
  EXPECT_EQ(CodeOf(db_->Write({}, {.durability = Durability::kSync})), ErrorCode::kClosed);
}

TEST_F(DbTest, GetIntoReusesTheBufferAndLeavesItForAnAbsentKey) {
  ASSERT_TRUE(db_->Put("a", "value"));
  std::string buffer(1000, 'x');
  const size_t capacity = buffer.capacity();
  EXPECT_FALSE(db_->GetInto("b", &buffer).value());
  EXPECT_EQ(buffer.size(), 1000);
  EXPECT_TRUE(db_->GetInto("a", &buffer).value());
  EXPECT_EQ(buffer, "value");
  EXPECT_EQ(buffer.capacity(), capacity);
}

TEST_F(DbTest, MultiGetAnswersInOrderAsOfOneMoment) {
  for (int i = 0; i < 100; i += 2) ASSERT_TRUE(db_->Put(Key(i), std::to_string(i)));
  Everywhere([this] {
    std::vector<std::string> keys;
    for (int i = 99; i >= 0; --i) keys.push_back(Key(i));
    keys.push_back(Key(4));  // Twice.
    const std::vector<std::string_view> views(keys.begin(), keys.end());
    const auto results = db_->MultiGet(views);
    ASSERT_EQ(results.size(), keys.size());
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(results[i]);
      EXPECT_EQ(*results[i], (99 - i) % 2 == 0 ? std::optional(std::to_string(99 - i)) : std::nullopt);
    }
    EXPECT_EQ(*results[100], "4");
  });
  EXPECT_TRUE(db_->MultiGet({}).empty());
}

// Pairs are written together; a MultiGet that asks for both must never see half.
TEST_F(DbTest, MultiGetNeverSeesHalfABatch) {
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (int i = 0; !stop.load(); ++i) {
      WriteBatch batch;
      batch.Put("left", std::to_string(i));
      batch.Put("right", std::to_string(i));
      ASSERT_TRUE(db_->Write(batch));
    }
  });
  const std::vector<std::string_view> keys = {"left", "right"};
  for (int i = 0; i < 5000; ++i) {
    const auto both = db_->MultiGet(keys);
    ASSERT_EQ(both[0].value(), both[1].value());
  }
  stop.store(true);
  writer.join();
}

TEST_F(DbTest, PinnedValuesOutliveEverything) {
  ASSERT_TRUE(db_->Put("flushed", std::string(1000, 'f')));
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->Put("fresh", std::string(1000, 'm')));
  EXPECT_FALSE(db_->GetPinned("absent").value().has_value());
  const auto flushed = db_->GetPinned("flushed");
  const auto fresh = db_->GetPinned("fresh");
  ASSERT_TRUE(flushed && *flushed && fresh && *fresh);
  ASSERT_TRUE(db_->Put("flushed", "new"));
  ASSERT_TRUE(db_->CompactRange());
  ASSERT_TRUE(db_->Close());
  EXPECT_EQ((*flushed)->view(), std::string(1000, 'f'));
  db_.reset();
  EXPECT_EQ((*flushed)->view(), std::string(1000, 'f'));
  EXPECT_EQ((*fresh)->view(), std::string(1000, 'm'));
}

TEST_F(DbTest, EveryDurabilityIsThereAfterAReopen) {
  ASSERT_TRUE(db_->Put("sync", "1", {.durability = Durability::kSync}));
  ASSERT_TRUE(db_->Put("buffered", "2", {.durability = Durability::kBuffered}));
  ASSERT_TRUE(db_->Put("none", "3", {.durability = Durability::kNone}));
  ASSERT_TRUE(db_->SyncWal());
  Everywhere([this] { EXPECT_EQ(ContentOf(*db_).size(), 3); });
}

TEST_F(DbTest, UnloggedWritesMixWithLoggedOnesOverManyReopens) {
  base::Random random(5);
  std::map<std::string, std::string> expected;
  for (int round = 0; round < 12; ++round) {
    for (int i = 0; i < 200; ++i) {
      const std::string key = Key(random.Below(300)), value = std::to_string(random());
      const auto durability = static_cast<Durability>(random.Below(50) == 0 ? 0 : 1 + random.Below(2));
      ASSERT_EQ(Text(db_->Put(key, value, {.durability = durability})), "");
      expected[key] = value;
    }
    if (random.OneIn(3)) {
      ASSERT_TRUE(db_->Flush());
    }
    Reopen();
    ASSERT_EQ(ContentOf(*db_), expected) << round;
  }
}

TEST_F(DbTest, CompactRangeLeavesOneVersionOfEachKey) {
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 1000; ++i) ASSERT_TRUE(db_->Put(Key(i), std::string(100, static_cast<char>('a' + round))));
    ASSERT_TRUE(db_->Flush());
  }
  for (int i = 0; i < 1000; i += 2) ASSERT_TRUE(db_->Delete(Key(i)));
  ASSERT_EQ(Text(db_->CompactRange()), "");
  ASSERT_EQ(Text(db_->WaitForIdle()), "");
  uint64_t entries = 0, deletes = 0;
  for (const LevelStats& level : db_->GetStats().levels) {
    entries += level.entries;
    deletes += level.deletes;
  }
  EXPECT_EQ(entries, 500);
  EXPECT_EQ(deletes, 0);
  EXPECT_EQ(ContentOf(*db_).size(), 500);
}

TEST_F(DbTest, CompactRangeOfAPartLeavesTheRestAlone) {
  for (int i = 0; i < 2000; ++i) ASSERT_TRUE(db_->Put(Key(i), std::string(100, 'v')));
  for (int i = 500; i < 1000; ++i) ASSERT_TRUE(db_->Delete(Key(i)));
  ASSERT_TRUE(db_->CompactRange(Key(500), Key(1000)));
  EXPECT_EQ(ContentOf(*db_).size(), 1500);
  ASSERT_TRUE(db_->CompactRange(Key(3000), std::nullopt));
  ASSERT_TRUE(db_->CompactRange(std::nullopt, Key(0)));
  ASSERT_TRUE(db_->CompactRange(Key(7), Key(3)));  // Empty, and no error.
  EXPECT_EQ(ContentOf(*db_).size(), 1500);
}

TEST_F(DbTest, ApproximateSizeFollowsWhatIsThere) {
  EXPECT_EQ(db_->ApproximateSize("", "z").value(), 0);
  base::Random random(9);
  for (int i = 0; i < 4000; ++i) {
    std::string value(500, ' ');
    for (char& c : value) c = static_cast<char>(random());
    ASSERT_TRUE(db_->Put(Key(i), value));
  }
  Everywhere([this] {
    const auto all = static_cast<double>(db_->ApproximateSize("", "z").value());
    EXPECT_NEAR(all / (4000 * 511), 1, 0.2);
    EXPECT_NEAR(static_cast<double>(db_->ApproximateSize(Key(1000), Key(2000)).value()) / all, 0.25, 0.06);
    EXPECT_LE(db_->ApproximateSize(Key(3), Key(3)).value(), 0);
    EXPECT_EQ(db_->ApproximateSize(Key(9), Key(3)).value(), 0);
  });
}

TEST_F(DbTest, ALookupConsultsAtMostOneTableALevel) {
  base::Random random(3);
  for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(db_->Put(Key(random.Below(20'000)), std::string(50, 'v')));
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->WaitForIdle());
  const Stats before = db_->GetStats();
  uint64_t levels = before.levels[0].tables;
  for (size_t level = 1; level < before.levels.size(); ++level) levels += before.levels[level].tables > 0 ? 1 : 0;
  for (int i = 0; i < 1000; ++i) {
    const uint64_t consulted = db_->GetStats().tables_consulted;
    static_cast<void>(Get(Key(random.Below(20'000))));
    ASSERT_LE(db_->GetStats().tables_consulted - consulted, levels);
  }
}

TEST_F(DbTest, ALookupInWarmBlocksIsACacheHitAndReadsNothing) {
  ASSERT_TRUE(db_->Put("a", "1"));
  ASSERT_TRUE(db_->Flush());
  EXPECT_EQ(Get("a"), "1");
  const Stats before = db_->GetStats();
  EXPECT_EQ(Get("a"), "1");
  const Stats after = db_->GetStats();
  EXPECT_EQ(after.cache_hits, before.cache_hits + 1);
  EXPECT_EQ(after.cache_misses, before.cache_misses);
}

TEST_F(DbTest, AbsentKeysReadAlmostNoBlock) {
  Options options = SmallOptions();
  options.memory_budget_bytes = size_t{64} << 20;
  Reopen(options);
  for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(db_->Put(Key(2 * i), std::string(50, 'v')));
  ASSERT_TRUE(db_->CompactRange());
  Reopen(options);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Get(Key(400 * i + 1)), "(absent)");  // Opens tables, loads filters.
  const Stats before = db_->GetStats();
  for (int i = 0; i < 10'000; ++i) ASSERT_EQ(Get(Key(4 * i + 1)), "(absent)");
  const Stats after = db_->GetStats();
  EXPECT_GE(after.filter_negatives - before.filter_negatives, 9'700);
  EXPECT_LE(after.filter_false_positives - before.filter_false_positives, 300);
  EXPECT_LE(after.tables_consulted - before.tables_consulted, 300);
  EXPECT_LE(after.blocks_read - before.blocks_read, 320);
}

TEST_F(DbTest, StatsCountWhatWasDone) {
  WriteBatch batch;
  batch.Put("a", "1");
  batch.Put("b", "2");
  ASSERT_TRUE(db_->Write(batch));
  ASSERT_TRUE(db_->Put("c", "3", {.durability = Durability::kSync}));
  EXPECT_EQ(Get("a"), "1");
  EXPECT_EQ(Get("x"), "(absent)");
  Stats stats = db_->GetStats();
  EXPECT_EQ(stats.writes, 2);
  EXPECT_EQ(stats.entries_written, 3);
  EXPECT_EQ(stats.gets, 2);
  EXPECT_EQ(stats.gets_found, 1);
  EXPECT_GT(stats.wal_bytes, 0);
  EXPECT_GE(stats.wal_syncs, 1);
  EXPECT_EQ(stats.sync_us.count, 1);
  EXPECT_EQ(stats.memtables, 1);
  EXPECT_EQ(stats.iterators, 0);
  EXPECT_EQ(stats.snapshots, 0);
  {
    const Snapshot snapshot = db_->GetSnapshot();
    Iterator iterator = db_->NewIterator();
    iterator.SeekToFirst();
    stats = db_->GetStats();
    EXPECT_EQ(stats.snapshots, 1);
    EXPECT_EQ(stats.iterators, 1);
    EXPECT_EQ(stats.seeks, 1);
  }
  ASSERT_TRUE(db_->Flush());
  stats = db_->GetStats();
  EXPECT_EQ(stats.snapshots, 0);
  EXPECT_EQ(stats.iterators, 0);
  EXPECT_EQ(stats.flushes, 1);
  EXPECT_EQ(stats.levels[0].tables, 1);
  EXPECT_EQ(stats.levels[0].entries, 3);
}

}  // namespace
}  // namespace amethyst
