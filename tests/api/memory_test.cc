// One number for all memory: what is charged, and what of it callers pin. Covers: memory_budget, stats_of,
// output_tables
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "amethyst/amethyst.h"
#include "amethyst/compaction_filter.h"
#include "base/random.h"
#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "support/database.h"
#include "support/temp_directory.h"

namespace amethyst {
namespace {

constexpr size_t kMiB = size_t{1} << 20;
constexpr size_t kBudget = 16 * kMiB;

class Memory : public testing::Test {
 protected:
  Memory() {
    options_.memory_budget_bytes = kBudget;
    db_ = support::OpenOrFail(directory_.path(), options_);
  }
  // Values of which nothing repeats, of 1 MiB.
  std::string Value() {
    std::string value(kMiB, 0);
    for (size_t i = 0; i + 8 <= value.size(); i += 8) {
      const uint64_t bits = random_();
      value.replace(i, 8, reinterpret_cast<const char*>(&bits), 8);
    }
    return value;
  }
  void Fill(int values) {
    for (int i = 0; i < values; ++i) ASSERT_TRUE(db_->Put(support::Key(i), Value()));
  }
  // Between two looks of one call background work may begin to hold something, or end.
  void ExpectWithinBudget(const char* when) {
    const Stats stats = db_->GetStats();
    EXPECT_LE(stats.memory_bytes, kBudget + stats.pinned_bytes + 4 * kMiB) << when;
  }

  const support::TempDirectory directory_;
  Options options_;
  std::unique_ptr<DB> db_;
  base::Random random_{7};
};

TEST_F(Memory, IsWithinTheBudgetWhileLargeValuesAreWrittenAndRead) {
  for (int i = 0; i < 64; ++i) {
    ASSERT_TRUE(db_->Put(support::Key(i), Value()));
    ASSERT_NO_FATAL_FAILURE(ExpectWithinBudget("written"));
  }
  for (int i = 0; i < 300; ++i) {
    ASSERT_EQ(db_->Get(support::Key(random_.Below(64))).value()->size(), kMiB);
    ASSERT_NO_FATAL_FAILURE(ExpectWithinBudget("read"));
  }
  ASSERT_TRUE(db_->CompactRange());
  ExpectWithinBudget("compacted");
}

TEST_F(Memory, OfPinnedValuesIsToldAndComesBack) {
  ASSERT_NO_FATAL_FAILURE(Fill(64));
  ASSERT_TRUE(db_->CompactRange());
  std::vector<PinnedValue> pinned;
  for (int i = 0; i < 44; ++i) pinned.push_back(*std::move(*db_->GetPinned(support::Key(i))));
  const Stats stats = db_->GetStats();
  EXPECT_GE(stats.pinned_bytes, 44 * kMiB - kBudget) << "no more fit into the budget";
  EXPECT_LE(stats.memory_bytes, kBudget + stats.pinned_bytes);
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(db_->Get(support::Key(44 + i % 20)));
  EXPECT_LE(db_->GetStats().memory_bytes, stats.memory_bytes + 4 * kMiB) << "what nobody pins does not stay beside it";
  pinned.clear();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(db_->Get(support::Key(i % 64)));  // What lies beyond the budget goes.
  EXPECT_LE(db_->GetStats().memory_bytes, kBudget);
  EXPECT_LE(db_->GetStats().pinned_bytes, 2 * kMiB);
}

TEST_F(Memory, OfMemtablesThatOnlyIteratorsHoldIsTold) {
  std::vector<Iterator> iterators;
  for (int i = 0; i < 8; ++i) {
    ASSERT_NO_FATAL_FAILURE(Fill(2));
    iterators.push_back(db_->NewIterator());
    iterators.back().SeekToFirst();
    ASSERT_TRUE(db_->Flush());
  }
  const Stats stats = db_->GetStats();
  EXPECT_GE(stats.pinned_bytes, 8 * 2 * kMiB);
  EXPECT_LE(stats.memory_bytes, kBudget + stats.pinned_bytes);
  iterators.clear();
  EXPECT_LE(db_->GetStats().pinned_bytes, 5 * kMiB);
}

TEST_F(Memory, OfATransactionIsTold) {
  const uint64_t before = db_->GetStats().pinned_bytes;
  IndexedBatch batch(*db_);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(batch.Put(support::Key(i), Value()));
  ASSERT_TRUE(batch.Get(support::Key(0)));  // Which makes its index.
  EXPECT_GE(db_->GetStats().pinned_bytes, before + 3 * kMiB);
}

// Looks at the database's memory whenever a compaction asks it.
class MemoryWatcher : public CompactionFilter {
 public:
  [[nodiscard]] std::string_view Name() const override { return "memory watcher"; }
  [[nodiscard]] FilterDecision FilterKey(std::string_view, std::chrono::seconds) const noexcept override {
    DB* const db = db_.load();
    if (db != nullptr) most_ = std::max(most_.load(), db->GetStats().memory_bytes);
    return FilterDecision::kKeep;
  }
  void Watch(DB* db) { db_ = db; }
  [[nodiscard]] uint64_t most() const { return most_; }

 private:
  std::atomic<DB*> db_ = nullptr;
  mutable std::atomic<uint64_t> most_ = 0;
};

// Two runs, of which each holds a value, and together more than compactions should: one thread reads them. Nothing runs
// beside.
TEST_F(Memory, OfTheLargeValuesThatACompactionReadsIsCharged) {
  const auto watcher = std::make_shared<MemoryWatcher>();
  simulation::SerialEnvironment environment(std::make_shared<io::MemoryFileSystem>(), 1);
  options_.compression = Compression::kNone;
  options_.families["default"].compaction_filter = watcher;
  const auto db = support::OpenOrFail("/db", options_, support::Over(environment));
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 6; ++i) ASSERT_TRUE(db->Put(support::Key(i), Value() + Value() + Value()));
    ASSERT_TRUE(db->Flush());
    if (round == 1) watcher->Watch(db.get());
    ASSERT_TRUE(db->CompactRange());
  }
  EXPECT_GE(watcher->most(), 2 * 3 * kMiB);
  EXPECT_LE(watcher->most(), kBudget + 4 * kMiB);
}

// Each would fill a memtable of 2 MiB if it were alone.
TEST(SharedMemory, IsWithinTheBudgetWhereManyDatabasesWriteALittle) {
  constexpr size_t kDatabases = 24;
  const support::TempDirectory directory;
  Components components;
  components.memory_budget = NewMemoryBudget(kBudget);
  std::vector<std::unique_ptr<DB>> databases;
  for (size_t i = 0; i < kDatabases; ++i) {
    databases.push_back(support::OpenOrFail(directory.path() + "/" + std::to_string(i), Options(), components));
    DB& db = *databases.back();
    for (int key = 0; key < 1'500; ++key) ASSERT_TRUE(db.Put(support::Key(key), std::string(1'000, 'v')));
    const Stats stats = db.GetStats();
    EXPECT_LE(stats.memory_bytes, kBudget + stats.pinned_bytes + 4 * kMiB) << "with " << i + 1;
  }
  for (const auto& one : databases) EXPECT_EQ(support::ContentOf(*one).size(), 1'500u);
}

}  // namespace
}  // namespace amethyst
