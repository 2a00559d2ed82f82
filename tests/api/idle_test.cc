// What databases cost that are open and at rest: threads, and bytes in their directories. Covers: db
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <thread>
#include <vector>

#include "support/database.h"
#include "support/temp_directory.h"

namespace amethyst {
namespace {

using support::OpenOrFail;
using support::TempDirectory;
using support::Text;

size_t Threads() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<size_t>(std::distance(begin(tasks), end(tasks)));
}

// A sanitizer has a thread of its own from the first one on.
size_t ThreadsAtFirst() {
  static const size_t first = [] {
    std::thread([] {}).join();
    return Threads();
  }();
  return first;
}

uint64_t BytesIn(const std::filesystem::path& directory) {
  uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

TEST(Idle, ADatabaseThatIsOpenedHasNoThread) {
  const TempDirectory directory;
  const size_t before = ThreadsAtFirst();
  const auto db = OpenOrFail(directory.path(), Options());
  EXPECT_EQ(Threads(), before);
  EXPECT_LE(BytesIn(directory.path()), 1u << 20);
}

TEST(Idle, ADatabaseThatRestsHasNoThreadAndWritesOn) {
  const TempDirectory directory;
  const size_t before = ThreadsAtFirst();
  Options options;
  options.sync_interval_ms = 20;
  const auto db = OpenOrFail(directory.path(), options);
  for (int round = 0; round < 3; ++round) {
    const uint64_t syncs = db->GetStats().wal_syncs;
    ASSERT_TRUE(db->Put("key" + std::to_string(round), "value"));
    while (db->GetStats().wal_syncs == syncs) std::this_thread::yield();  // Each write is synced by the tick.
    while (Threads() != before) std::this_thread::yield();
  }
  EXPECT_LE(BytesIn(directory.path()), 1u << 20);
  EXPECT_EQ(Text(db->Close()), "");
}

TEST(Idle, HundredsShareFewThreadsAndLittleDisk) {
  const TempDirectory directory;
  constexpr size_t kDatabases = 300;
  const size_t before = ThreadsAtFirst();
  Components components;
  components.memory_budget = NewMemoryBudget(size_t{64} << 20);
  std::vector<std::unique_ptr<DB>> databases;
  size_t most = 0;
  for (size_t i = 0; i < kDatabases; ++i) {
    auto db = DB::Open(directory.path() + "/" + std::to_string(i), {}, components);
    ASSERT_TRUE(db) << db.error().ToString();
    ASSERT_TRUE((*db)->Put("key", "value"));
    databases.push_back(std::move(*db));
    most = std::max(most, Threads());
  }
  EXPECT_LT(most, before + 100);
  EXPECT_LE(BytesIn(directory.path()), kDatabases << 20);
  while (Threads() != before) {
    most = std::max(most, Threads());
    std::this_thread::yield();
  }
  EXPECT_LT(most, before + 100);
}

}  // namespace
}  // namespace amethyst
