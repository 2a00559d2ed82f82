// When flushes and compactions run; who waits for them. Covers: background, background_calls, compact, flush, storage
#include "engine/background.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "base/random.h"
#include "engine/fault_world.h"

namespace amethyst::engine {
namespace {

using support::ContentOf;
using support::Key;
using support::OpenOrFail;
using support::SmallOptions;
using support::Text;

// All bytes of all files.
std::string BytesOnDisk(io::FileSystem& files) {
  std::string bytes;
  const std::vector<std::string> names = files.List("/db").value();
  for (const std::string& name : names) {
    if (name != "LOCK") bytes += io::ReadFile(files, "/db/" + name).value();
  }
  return bytes;
}

TEST(Background, DeletedValuesLeaveTheDiskByTheirDeadlineLogIncluded) {
  simulation::SerialEnvironment environment(std::make_shared<io::MemoryFileSystem>(), 1);
  Options options = SmallOptions();
  options.compression = Compression::kNone;
  options.delete_deadline_s = 100;
  const std::string secret = "the secret that must go";
  auto db = OpenOrFail("/db", options, support::Over(environment));
  ASSERT_TRUE(db->Put("flushed", secret));
  ASSERT_TRUE(db->Flush());
  ASSERT_TRUE(db->Put("fresh", secret));
  ASSERT_TRUE(db->Put("other", "stays"));
  ASSERT_TRUE(db->Delete("flushed"));
  ASSERT_TRUE(db->Delete("fresh"));
  EXPECT_TRUE(BytesOnDisk(environment.files()).contains(secret));
  for (int second = 0; second < 100; ++second) {
    environment.clock().Advance(std::chrono::seconds(1));
    while (environment.RunOneJob()) {
    }
  }
  EXPECT_FALSE(BytesOnDisk(environment.files()).contains(secret));
  EXPECT_EQ(ContentOf(*db).size(), 1);
}

TEST(Background, TheLogIsSyncedOnTimeThoughNoJobGetsToRun) {
  for (const uint32_t interval_ms : {100u, 1000u, 1600u, 2500u}) {
    simulation::SerialEnvironment serial(std::make_shared<io::MemoryFileSystem>(), 1);
    support::FaultFileSystem files(serial.files());
    support::FaultEnvironment environment(serial, files);
    Options options = SmallOptions();
    options.sync_interval_ms = interval_ms;
    auto db = OpenOrFail("/db", options, support::Over(environment));
    // Where an interval has no whole milliseconds a tick, the sync comes some too early.
    for (int round = 0; round < 5; ++round) {
      ASSERT_TRUE(db->Put(Key(1), "value"));
      const uint64_t syncs = files.calls(Operation::kSegmentSync);
      serial.clock().Advance(std::chrono::milliseconds(interval_ms * 9 / 10));
      EXPECT_EQ(files.calls(Operation::kSegmentSync), syncs) << interval_ms << " ms, round " << round;
      serial.clock().Advance(std::chrono::milliseconds(interval_ms - interval_ms * 9 / 10));
      EXPECT_EQ(files.calls(Operation::kSegmentSync), syncs + 1) << interval_ms << " ms, round " << round;
    }
  }
}

TEST(Background, TheLogThatWasReplayedIsRemovedOnce) {
  simulation::SerialEnvironment environment(std::make_shared<io::MemoryFileSystem>(), 1);
  std::string said;
  Components components = support::Over(environment);
  components.logger = [&said](std::string_view line) { said += std::string(line) + "\n"; };
  for (int session = 0; session < 3; ++session) {
    auto db = OpenOrFail("/db", SmallOptions(), components);
    ASSERT_TRUE(db->Put("key", "value"));
    ASSERT_TRUE(db->Flush());
    ASSERT_TRUE(db->Put("key", "another"));
    ASSERT_EQ(Text(db->Close()), "");
  }
  EXPECT_FALSE(said.contains("stays until the next open")) << said;
}

TEST(Background, WaitForIdleReturnsWhenNothingIsDue) {
  simulation::SerialEnvironment environment(std::make_shared<io::MemoryFileSystem>(), 2);
  auto db = OpenOrFail("/db", SmallOptions(), support::Over(environment));
  base::Random random(1);
  for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(db->Put(Key(random.Below(5000)), std::string(100, 'v')));
  ASSERT_EQ(Text(db->WaitForIdle()), "");
  const Stats stats = db->GetStats();
  EXPECT_LT(stats.levels[0].tables, 5);
  EXPECT_GT(stats.compactions, 0);
  EXPECT_EQ(stats.memtables, 1);
  // Nothing is left to do.
  while (environment.RunOneJob()) {
  }
  EXPECT_EQ(db->GetStats().compactions, stats.compactions);
  EXPECT_EQ(db->GetStats().flushes, stats.flushes);
}

TEST(Background, Level0GathersRunsWhileWritesPressAndIsMergedOnceTheyRest) {
  simulation::SerialEnvironment environment(std::make_shared<io::MemoryFileSystem>(), 3);
  auto db = OpenOrFail("/db", SmallOptions(), support::Over(environment));
  const auto flush_runs = [&](int runs) {
    for (int run = 0; run < runs; ++run) {
      ASSERT_TRUE(db->Put("a", std::string(1000, 'v')));
      ASSERT_TRUE(db->Put("z", std::string(1000, 'v')));
      ASSERT_TRUE(db->Flush());
      while (environment.RunOneJob()) {
      }
    }
  };
  flush_runs(6);
  EXPECT_EQ(db->GetStats().levels[0].tables, 6);
  for (int second = 0; second < 4; ++second) {
    environment.clock().Advance(std::chrono::seconds(1));
    while (environment.RunOneJob()) {
    }
  }
  EXPECT_EQ(db->GetStats().levels[0].tables, 0);
  flush_runs(7);
  EXPECT_EQ(db->GetStats().levels[0].tables, 7);
  flush_runs(1);
  EXPECT_EQ(db->GetStats().levels[0].tables, 0);
  flush_runs(5);
  ASSERT_EQ(Text(db->WaitForIdle()), "");
  EXPECT_EQ(db->GetStats().levels[0].tables, 0);
}

uint64_t TablesOf(DB& db) {
  uint64_t tables = 0;
  const Stats stats = db.GetStats();
  for (const LevelStats& level : stats.levels) tables += level.tables;
  return tables;
}

TEST(Background, AThousandSessionsOfOnePutLeaveFewTables) {
  for (const bool ascending : {true, false}) {
    simulation::SerialEnvironment environment(std::make_shared<io::MemoryFileSystem>(), 5);
    constexpr uint64_t kSessions = 1000;
    uint64_t most = 0;
    for (uint64_t session = 0; session < kSessions; ++session) {
      auto db = OpenOrFail("/db", SmallOptions(), support::Over(environment));
      most = std::max(most, TablesOf(*db));
      ASSERT_TRUE(db->Put(Key(ascending ? session : session * 7919 % kSessions), "value"));
      ASSERT_EQ(Text(db->Close()), "");
    }
    EXPECT_LE(most, 20u);
    auto db = OpenOrFail("/db", SmallOptions(), support::Over(environment));
    EXPECT_EQ(ContentOf(*db).size(), kSessions);
  }
}

TEST(Background, AThousandFlushesOfOnePutLeaveFewTables) {
  simulation::SerialEnvironment environment(std::make_shared<io::MemoryFileSystem>(), 6);
  auto db = OpenOrFail("/db", SmallOptions(), support::Over(environment));
  for (uint64_t flush = 0; flush < 1000; ++flush) {
    ASSERT_TRUE(db->Put(Key(flush), "value"));
    ASSERT_EQ(Text(db->Flush()), "");
    while (environment.RunOneJob()) {
    }
    ASSERT_LE(TablesOf(*db), 25u) << "while writes press";
  }
  ASSERT_EQ(Text(db->WaitForIdle()), "");
  EXPECT_LE(TablesOf(*db), 20u);
  EXPECT_LT(db->GetStats().compaction_bytes_written, 20 * db->GetStats().flush_bytes_written);
  ASSERT_EQ(Text(db->CompactRange()), "");
  EXPECT_LE(TablesOf(*db), 6u);
}

TEST(Background, ASmallQueueLeavesNoTombstonesInLevel0) {
  simulation::SerialEnvironment environment(std::make_shared<io::MemoryFileSystem>(), 4);
  Options options = SmallOptions();
  auto db = OpenOrFail("/db", options, support::Over(environment));
  constexpr int kDepth = 10;
  for (int tail = 0; tail < 5000; ++tail) {
    ASSERT_TRUE(db->Put(Key(tail), std::string(100, 'v')));
    if (tail >= kDepth) {
      ASSERT_TRUE(db->Delete(Key(tail - kDepth)));
    }
    while (environment.RunOneJob()) {
    }
  }
  const Stats stats = db->GetStats();
  EXPECT_GT(stats.flushes, 5);
  EXPECT_LE(stats.levels[0].tables, 1);
  EXPECT_EQ(ContentOf(*db).size(), kDepth);
}

TEST(Background, ObsoleteTablesAreDeletedAsSoonAsNobodyReadsThem) {
  World world(3);
  ASSERT_TRUE(world.Open());
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(world.db().Put(Key(i), std::string(100, 'v')));
    ASSERT_TRUE(world.db().Flush());
  }
  Iterator held = world.db().NewIterator();
  held.SeekToFirst();
  ASSERT_TRUE(world.db().CompactRange());
  const auto tables_on_disk = [&] {
    const auto names = world.serial().files().List("/db").value();
    return std::ranges::count_if(names, [](const std::string& name) { return name.ends_with(".sst"); });
  };
  const auto live_tables = [&] {
    uint64_t tables = 0;
    for (const LevelStats& level : world.db().GetStats().levels) tables += level.tables;
    return tables;
  };
  EXPECT_GT(tables_on_disk(), live_tables());
  held.SeekToLast();  // Moves onto the newest view.
  world.PassTime();
  EXPECT_EQ(tables_on_disk(), live_tables());
}

// Writers outrun flush and compaction: they are slowed down and wait for room, but every write succeeds.
TEST(Background, WritersWaitForRoomAndNeverFail) {
  const auto environment = NewInMemoryEnvironment();
  support::FaultFileSystem files(environment->files());
  // No flush ends before a writer has had to wait.
  std::atomic<DB*> filling{nullptr};
  files.Watch([&](Operation operation) {
    if (operation != Operation::kSync) return;
    DB* const waits_for = filling.load();
    while (waits_for != nullptr && waits_for->GetStats().write_waits == 0) std::this_thread::yield();
  });
  support::FaultEnvironment slow(*environment, files);
  Options options = SmallOptions();
  options.memory_budget_bytes = size_t{4} << 20;
  options.write_buffer_bytes = size_t{1} << 20;
  const auto db = OpenOrFail("/db", options, support::Over(slow));
  filling.store(db.get());
  std::vector<std::thread> writers;
  for (uint64_t t = 0; t < 3; ++t) {
    writers.emplace_back([&, t] {
      for (uint64_t i = 0; i < 3000; ++i) {
        ASSERT_EQ(Text(db->Put(Key(t * 100'000 + i), std::string(1000, 'v'))), "");
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  const Stats stats = db->GetStats();
  EXPECT_GT(stats.write_waits, 0);
  EXPECT_LE(stats.memtables, 2);
  EXPECT_EQ(ContentOf(*db).size(), 9000);
}

// Whoever creates the first table of the merge waits until another thread has created one, too.
TEST(Background, WhileWritesRestCompactionsHaveOneThreadMore) {
  if (std::thread::hardware_concurrency() < 2) GTEST_SKIP() << "there is no processor for it";
  const auto environment = NewInMemoryEnvironment();
  support::FaultFileSystem files(environment->files());
  base::Mutex mutex{base::LockRank::kFileDecorator};  // Taken in calls of files.
  base::CondVar came;
  std::set<std::thread::id> threads;
  bool watching = false;
  files.Watch([&](Operation operation) {
    base::MutexLock lock(mutex);
    if (operation != Operation::kCreate || !watching) return;
    threads.insert(std::this_thread::get_id());
    came.NotifyAll();
    while (threads.size() < 2 && came.WaitFor(mutex, std::chrono::seconds(30))) {
    }
  });
  support::FaultEnvironment watched(*environment, files);
  Options options = SmallOptions();
  options.memory_budget_bytes = size_t{32} << 20;
  options.write_buffer_bytes = size_t{4} << 20;
  options.compression = Compression::kNone;
  options.background_threads = 1;
  const auto db = OpenOrFail("/db", options, support::Over(watched));
  for (uint64_t round = 0; round < 3; ++round) {
    for (uint64_t i = 0; i < 3000; ++i) ASSERT_TRUE(db->Put(Key(i * 10 + round), std::string(1000, 'v')));
    ASSERT_TRUE(db->Flush());
  }
  ASSERT_EQ(Text(db->WaitForIdle()), "");
  ASSERT_EQ(db->GetStats().levels[0].tables, 3) << "too few to be merged unasked";
  {
    base::MutexLock lock(mutex);
    watching = true;
  }
  ASSERT_EQ(Text(db->CompactRange()), "");
  EXPECT_EQ(threads.size(), 2);
  EXPECT_EQ(ContentOf(*db).size(), 9000);
}

}  // namespace
}  // namespace amethyst::engine
