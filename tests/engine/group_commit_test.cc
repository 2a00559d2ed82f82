// Writers that wait for a sync share it. Covers: committer
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>

#include "support/database.h"
#include "support/fault_file_system.h"

namespace amethyst::engine {
namespace {

using support::Key;
using support::Operation;
using support::Text;

// Writes for each sync of the log, when `threads` write with kSync on a device whose flush takes a millisecond.
double WritesPerSync(uint64_t threads, const Options& options = support::SmallOptions()) {
  const auto memory = NewInMemoryEnvironment();
  support::FaultFileSystem files(memory->files());
  files.Watch([](Operation operation) {
    if (operation == Operation::kSegmentSync) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  support::FaultEnvironment environment(*memory, files);
  const auto db = support::OpenOrFail("/db", options, support::Over(environment));
  const uint64_t before = db->GetStats().wal_syncs;
  constexpr uint64_t kWritesOfAThread = 40;
  std::vector<std::thread> writers;
  for (uint64_t t = 0; t < threads; ++t) {
    writers.emplace_back([&, t] {
      for (uint64_t i = 0; i < kWritesOfAThread; ++i) {
        EXPECT_EQ(Text(db->Put(Key(t * 1000 + i), "v", {.durability = Durability::kSync})), "");
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  const uint64_t syncs = db->GetStats().wal_syncs - before;
  const double shared = static_cast<double>(threads * kWritesOfAThread) / static_cast<double>(syncs);
  fmt::print("{} threads: {:.1f} writes a sync\n", threads, shared);
  return shared;
}

Options WithoutPeriodicSync() {
  Options options = support::SmallOptions();
  options.sync_interval_ms = 0;
  return options;
}

TEST(GroupCommit, AWriterAloneHasItsOwnSync) { EXPECT_EQ(WritesPerSync(1, WithoutPeriodicSync()), 1); }

TEST(GroupCommit, SyncsAreSharedAsWritersBecomeMore) {
  EXPECT_GT(WritesPerSync(4), 1.2);
  EXPECT_GT(WritesPerSync(16), 4);
  EXPECT_GT(WritesPerSync(64), 16);
}

TEST(GroupCommit, ADelayGathersCompany) {
  Options options = support::SmallOptions();
  options.group_commit_delay_us = 3000;
  EXPECT_GT(WritesPerSync(4, options), 2);
}

}  // namespace
}  // namespace amethyst::engine
