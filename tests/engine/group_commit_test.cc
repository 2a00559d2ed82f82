// Writers that wait for a sync share it. Covers: committer, batch_insert
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <thread>

#include "support/database.h"
#include "support/fault_file_system.h"

namespace amethyst::engine {
namespace {

using support::Key;
using support::Operation;
using support::Text;

constexpr uint64_t kWritesOfAThread = 40;

Options WithoutPeriodicSync() {
  Options options = support::SmallOptions();
  options.sync_interval_ms = 0;
  return options;
}

// Syncs of the log, when `threads` write with kSync, a write each at a time, on a device so slow that all of them have
// appended before the first sync ends.
uint64_t SyncsOf(uint64_t threads, const Options& options = WithoutPeriodicSync()) {
  const auto memory = NewInMemoryEnvironment();
  support::FaultFileSystem files(memory->files());
  support::FaultEnvironment environment(*memory, files);
  const auto db = support::OpenOrFail("/db", options, support::Over(environment));
  std::atomic<uint64_t> last_sequence{0};  // Of the writes that the threads make now.
  files.Watch([&](Operation operation) {
    while (operation == Operation::kSegmentSync && db->GetSnapshot().sequence() < last_sequence)
      std::this_thread::yield();
  });
  std::barrier all(static_cast<ptrdiff_t>(threads), [&]() noexcept { last_sequence += threads; });
  const uint64_t before = db->GetStats().wal_syncs;
  std::vector<std::thread> writers;
  for (uint64_t t = 0; t < threads; ++t) {
    writers.emplace_back([&, t] {
      for (uint64_t i = 0; i < kWritesOfAThread; ++i) {
        all.arrive_and_wait();
        EXPECT_EQ(Text(db->Put(Key(t * 1000 + i), "v", {.durability = Durability::kSync})), "");
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  return db->GetStats().wal_syncs - before;
}

TEST(GroupCommit, AWriterAloneHasItsOwnSync) { EXPECT_EQ(SyncsOf(1), kWritesOfAThread); }

TEST(GroupCommit, SyncsAreSharedAsWritersBecomeMore) {
  // The second one serves all whom the first one did not.
  for (const uint64_t threads : {4, 16, 64}) EXPECT_LE(SyncsOf(threads), 2 * kWritesOfAThread) << threads;
}

TEST(GroupCommit, ADelayGathersCompany) {
  Options options = WithoutPeriodicSync();
  const auto record_bytes = [&] {
    const auto memory = NewInMemoryEnvironment();
    const auto db = support::OpenOrFail("/db", options, support::Over(*memory));
    EXPECT_TRUE(db->Put(Key(0), "v"));
    const uint64_t before = db->GetStats().wal_bytes;
    EXPECT_TRUE(db->Put(Key(1), "v"));
    return db->GetStats().wal_bytes - before;
  }();
  options.group_commit_bytes = 4 * record_bytes;
  options.group_commit_delay_us = 600'000'000;
  EXPECT_EQ(SyncsOf(4, options), kWritesOfAThread);
}

}  // namespace
}  // namespace amethyst::engine
