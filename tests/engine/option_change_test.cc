// Settings changed while a database is open. Covers: option_change, workers, database
#include <gmock/gmock.h>

#include <thread>

#include "cache/memory_budget.h"
#include "engine/fault_world.h"
#include "support/temp_directory.h"

namespace amethyst::engine {
namespace {

using support::CodeOf;
using support::Key;
using support::Text;
using testing::HasSubstr;

constexpr size_t kMiB = size_t{1} << 20;

class OptionChangeTest : public testing::Test {
 protected:
  OptionChangeTest() { EXPECT_EQ(Text(world_.Open()), ""); }

  Options Change(const Changes& changes) {
    const Result<Options> changed = db().Change(changes);
    EXPECT_TRUE(changed) << changed.error().ToString();
    return changed.value_or(Options());
  }
  void Fill(uint64_t entries, char value = 'v') {
    for (uint64_t i = 0; i < entries; ++i) ASSERT_EQ(Text(db().Put(Key(i), std::string(100, value))), "");
  }
  // What a flush of the same entries writes.
  uint64_t FlushedBytes() {
    Fill(300);
    const uint64_t before = db().GetStats().flush_bytes_written;
    EXPECT_EQ(Text(db().Flush()), "");
    return db().GetStats().flush_bytes_written - before;
  }
  DB& db() { return world_.db(); }

  World world_{1};
};

TEST_F(OptionChangeTest, ReportsWhatIsInForceAndWhatTheDatabaseChose) {
  Options now = Change({});
  EXPECT_EQ(now.write_buffer_bytes, size_t{64} << 10);
  EXPECT_GT(now.background_threads, 0u);
  now = Change({.memory_budget_bytes = 32 * kMiB, .write_buffer_bytes = 0, .sync_interval_ms = 5});
  EXPECT_EQ(now.memory_budget_bytes, 32 * kMiB);
  EXPECT_EQ(now.write_buffer_bytes, 4 * kMiB);  // An eighth.
  EXPECT_EQ(now.sync_interval_ms, 5u);
  EXPECT_EQ(Change({.memory_budget_bytes = 64 * kMiB}).write_buffer_bytes, 8 * kMiB);  // Chosen again.
  EXPECT_EQ(Change({}).sync_interval_ms, 5u);
}

TEST_F(OptionChangeTest, ChangesAllOrNothing) {
  const auto refused = [this](const Changes& changes, const std::string& part) {
    const Result<Options> changed = db().Change(changes);
    EXPECT_EQ(CodeOf(changed), ErrorCode::kInvalidArgument);
    if (!changed) EXPECT_THAT(changed.error().message(), HasSubstr(part));
    const Options now = Change({});
    EXPECT_EQ(now.sync_interval_ms, 1000u);
    EXPECT_EQ(now.memory_budget_bytes, 8 * kMiB);
    EXPECT_EQ(now.compression, Compression::kLz4);
  };
  refused({.memory_budget_bytes = kMiB, .sync_interval_ms = 5}, "memory_budget_bytes");
  refused({.write_buffer_bytes = 4 * kMiB, .sync_interval_ms = 5}, "write_buffer_bytes");
  refused({.compression = Compression{9}, .sync_interval_ms = 5}, "compression");
  refused({.background_threads = 65, .sync_interval_ms = 5}, "background_threads");
  refused({.sync_interval_ms = 5, .max_open_files = 3}, "max_open_files");
  refused({.sync_interval_ms = 5, .families = {{"none", {}}}}, "there is no family \"none\"");
  ASSERT_TRUE(db().CreateFamily("f"));
  refused({.sync_interval_ms = 5, .families = {{"f", {.compression = Compression{9}}}}}, "compression");
  refused({.sync_interval_ms = 5, .families = {{"f", {.ttl = std::chrono::milliseconds(-1)}}}}, "ttl");
  refused({.sync_interval_ms = 5, .families = {{"default", {.ttl = std::chrono::milliseconds(-1)}}}}, "ttl");
  refused({.compression = Compression::kNone, .families = {{"default", {.compression = Compression::kZstd}}}}, "twice");
}

TEST_F(OptionChangeTest, NothingChangesWhereTheManifestCannotKeepIt) {
  ASSERT_TRUE(db().CreateFamily("f"));
  world_.FailNext(Operation::kAppend, ErrorCode::kNoSpace, true);
  const Changes changes{.memory_budget_bytes = 4 * kMiB,
                        .sync_interval_ms = 5,
                        .families = {{"f", {.ttl = std::chrono::milliseconds(1000)}}}};
  EXPECT_EQ(CodeOf(db().Change(changes)), ErrorCode::kNoSpace);
  EXPECT_EQ(Change({}).memory_budget_bytes, 8 * kMiB);
  EXPECT_EQ(Change({}).sync_interval_ms, 1000u);
  world_.faults().ClearFaults();
  EXPECT_EQ(Text(db().Put("k", std::string(kMiB + kMiB / 2, 'v'))), "");  // As the old budget lets it.
  EXPECT_EQ(Change(changes).memory_budget_bytes, 4 * kMiB);
}

TEST_F(OptionChangeTest, TheMemoryBudgetGrowsAndShrinks) {
  const std::string large(3 * kMiB, 'v');
  EXPECT_EQ(CodeOf(db().Put("k", large)), ErrorCode::kInvalidArgument);
  const uint64_t before = db().GetStats().cache_capacity_bytes;
  Change({.memory_budget_bytes = 16 * kMiB});
  EXPECT_GE(db().GetStats().cache_capacity_bytes, before + 6 * kMiB);
  EXPECT_EQ(Text(db().Put("k", large)), "");
  Change({.memory_budget_bytes = 4 * kMiB});
  EXPECT_LE(db().GetStats().cache_capacity_bytes, 4 * kMiB);
  EXPECT_EQ(CodeOf(db().Put("k", large)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(db().Get("k").value(), large);
}

TEST_F(OptionChangeTest, OtherMemtablesAreOfTheNewSize) {
  Change({.write_buffer_bytes = 2 * kMiB});
  Fill(3000);  // The first one is of the old size.
  EXPECT_LE(db().GetStats().memtables, 2u);
  ASSERT_EQ(Text(db().Flush()), "");
  Change({.write_buffer_bytes = size_t{64} << 10});  // At once, though the one in use has room.
  const uint64_t flushes = db().GetStats().flushes;
  Fill(3000);
  ASSERT_EQ(Text(db().Flush()), "");
  EXPECT_GE(db().GetStats().flushes, flushes + 4);
}

TEST_F(OptionChangeTest, TheNextTablesAreCompressedAsItSays) {
  const uint64_t lz4 = FlushedBytes();
  Change({.compression = Compression::kNone});
  const uint64_t none = FlushedBytes();
  EXPECT_GT(none, 2 * lz4);
  Change({.families = {{"default", {.compression = Compression::kZstd}}}});
  EXPECT_LT(FlushedBytes(), none / 2);
  EXPECT_EQ(Change({}).compression, Compression::kZstd);
}

TEST_F(OptionChangeTest, TheLogIsSyncedAsOftenAsItSays) {
  const auto syncs_of = [this](std::chrono::milliseconds time) {
    EXPECT_EQ(Text(db().Put("k", "v")), "");
    const uint64_t before = world_.faults().calls(Operation::kSegmentSync);
    world_.serial().clock().Advance(time);
    return world_.faults().calls(Operation::kSegmentSync) - before;
  };
  EXPECT_EQ(syncs_of(std::chrono::milliseconds(900)), 0u);
  EXPECT_EQ(syncs_of(std::chrono::milliseconds(200)), 1u);
  Change({.sync_interval_ms = 50});
  EXPECT_EQ(syncs_of(std::chrono::milliseconds(60)), 1u);
  EXPECT_EQ(syncs_of(std::chrono::milliseconds(60)), 1u);
  Change({.sync_interval_ms = 0});
  EXPECT_EQ(syncs_of(std::chrono::seconds(10)), 0u);
  Change({.sync_interval_ms = 2000});
  EXPECT_EQ(syncs_of(std::chrono::milliseconds(2100)), 1u);
  EXPECT_EQ(syncs_of(std::chrono::milliseconds(2100)), 1u);
}

TEST_F(OptionChangeTest, ASyncWaitsForCompanyAsLongAsItSays) {
  const auto time_of_a_sync = [this] {
    const auto begin = world_.serial().clock().Monotonic();
    EXPECT_EQ(Text(db().Put("k", "v", {.durability = Durability::kSync})), "");
    return world_.serial().clock().Monotonic() - begin;
  };
  EXPECT_EQ(time_of_a_sync().count(), 0);
  Change({.group_commit_delay_us = 2000});
  EXPECT_GE(time_of_a_sync(), std::chrono::milliseconds(2));
  Change({.group_commit_bytes = 1});
  EXPECT_EQ(time_of_a_sync().count(), 0);
}

TEST_F(OptionChangeTest, FilesBeyondTheLimitAreClosed) {
  for (int i = 0; i < 40; ++i) {
    const auto family = db().CreateFamily(fmt::format("{}", i));
    ASSERT_TRUE(family);
    ASSERT_EQ(Text(Family(*family).Put("k", "v")), "");
  }
  ASSERT_EQ(Text(db().Flush()), "");
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(db().OpenFamily(fmt::format("{}", i))->Get("k").value());
  EXPECT_GT(db().GetStats().open_files, 20u);
  Change({.max_open_files = 16});
  EXPECT_LE(db().GetStats().open_files, 16u);
}

TEST_F(OptionChangeTest, DeletesHaveTheDeadlineThatItSays) {
  Change({.delete_deadline_s = 0});
  Fill(10);
  ASSERT_EQ(Text(db().Flush()), "");
  ASSERT_EQ(Text(db().Delete(Key(1))), "");
  for (int i = 0; i < 20; ++i) world_.PassTime();
  const uint64_t flushes = db().GetStats().flushes;
  Change({.delete_deadline_s = 10});
  for (int i = 0; i < 20; ++i) world_.PassTime();
  EXPECT_GT(db().GetStats().flushes, flushes);
  EXPECT_EQ(db().GetStats().levels[0].deletes, 0u);
}

TEST_F(OptionChangeTest, TheDefaultFamilysTtlIsThatOfTheNextWrite) {
  ASSERT_EQ(Text(db().Put("ever", "v")), "");
  Change({.families = {{"default", {.ttl = std::chrono::seconds(5)}}}});
  ASSERT_EQ(Text(db().Put("soon", "v")), "");
  world_.serial().clock().Advance(std::chrono::seconds(6));
  EXPECT_TRUE(db().Get("ever").value());
  EXPECT_FALSE(db().Get("soon").value());
}

TEST_F(OptionChangeTest, SettingsOfFamiliesAreKept) {
  auto family = db().CreateFamily("f", {.compression = Compression::kLz4});
  ASSERT_TRUE(family);
  Change({.families = {{"f", {.compression = Compression::kNone, .ttl = std::chrono::seconds(5)}}}});
  EXPECT_EQ(family->ttl(), std::chrono::seconds(5));
  world_.Reopen();
  family = db().OpenFamily("f");
  ASSERT_TRUE(family);
  EXPECT_EQ(family->ttl(), std::chrono::seconds(5));
  ASSERT_EQ(Text(family->Put("k", "v")), "");
  world_.serial().clock().Advance(std::chrono::seconds(6));
  EXPECT_FALSE(family->Get("k").value());
  // Only what is named: the codec is as the last change left it.
  Change({.families = {{"f", {.ttl = std::chrono::seconds(0)}}}});
  for (uint64_t i = 0; i < 300; ++i) ASSERT_EQ(Text(family->Put(Key(i), std::string(100, 'v'))), "");
  const uint64_t before = db().GetStats().flush_bytes_written;
  ASSERT_EQ(Text(db().Flush()), "");
  EXPECT_GT(db().GetStats().flush_bytes_written - before, 30'000u);
}

// RocksDB took longer for each column family that there was.
TEST_F(OptionChangeTest, AChangeCostsNoMoreWithMoreFamilies) {
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(db().CreateFamily(fmt::format("{}", i)));
  const uint64_t before = world_.ChangingCalls();
  Change({.background_threads = 2, .max_open_files = 100});
  EXPECT_EQ(world_.ChangingCalls(), before);  // Nothing is written that is not kept.
  Change({.families = {{"7", {.ttl = std::chrono::seconds(5)}}}});
  EXPECT_LE(world_.ChangingCalls(), before + 4);
}

TEST_F(OptionChangeTest, WhatIsChangedStaysSoWhateverComesNext) {
  Change({.sync_interval_ms = 7, .delete_deadline_s = 77});
  Fill(3000);
  ASSERT_EQ(Text(db().Flush()), "");
  ASSERT_TRUE(db().CreateFamily("f"));
  ASSERT_EQ(Text(db().CompactRange()), "");
  world_.PassTime();
  const Options now = Change({.background_threads = 3});
  EXPECT_EQ(now.sync_interval_ms, 7u);
  EXPECT_EQ(now.delete_deadline_s, 77u);
  EXPECT_EQ(now.background_threads, 3u);
  world_.Reopen();
  EXPECT_EQ(Change({}).sync_interval_ms, 1000u);  // Those of the open again.
}

TEST(OptionChange, ASharedBudgetIsNotOneDatabasesToChange) {
  Components components;
  components.environment = std::make_shared<simulation::SerialEnvironment>(std::make_shared<io::MemoryFileSystem>(), 1);
  components.memory_budget = NewMemoryBudget(16 * kMiB);
  auto db = support::OpenOrFail("/db", {}, components);
  const Result<Options> changed = db->Change({.memory_budget_bytes = 32 * kMiB});
  EXPECT_EQ(CodeOf(changed), ErrorCode::kInvalidArgument);
  EXPECT_THAT(changed.error().message(), HasSubstr("shared"));
  EXPECT_EQ(components.memory_budget->total_bytes(), 16 * kMiB);
  EXPECT_EQ(db->Change({.sync_interval_ms = 3})->memory_budget_bytes, 16 * kMiB);
}

TEST(OptionChange, IsRefusedWhereNothingIsWrittenOrAnyMore) {
  World world(1);
  ASSERT_EQ(Text(world.Open()), "");
  ASSERT_EQ(Text(world.db().Close()), "");
  EXPECT_EQ(CodeOf(world.db().Change({})), ErrorCode::kClosed);
  Options options = support::SmallOptions();
  options.read_only = true;
  auto db = support::OpenOrFail("/db", options, support::Over(world.serial()));
  EXPECT_EQ(CodeOf(db->Change({.sync_interval_ms = 3})), ErrorCode::kNotSupported);
}

// RocksDB altered objects that other threads were looking at; its listeners deadlocked where they called SetOptions.
TEST(OptionChangeOfThreads, ChangesBesideWritersReadersJobsAndFromAListener) {
  struct Changer final : Listener {
    void OnFlushEnd(const Event&) override {
      DB* const open = db.load();
      if (open == nullptr) return;
      const auto changed = open->Change({.background_threads = 1 + calls++ % 4});
      EXPECT_TRUE(changed || changed.error().code() == ErrorCode::kClosed);  // Its last flush is Close's.
    }
    std::atomic<DB*> db{nullptr};
    uint32_t calls = 0;
  };
  const support::TempDirectory directory;
  const auto listener = std::make_shared<Changer>();
  Components components;
  components.listener = listener;
  auto db = support::OpenOrFail(directory.path(), support::SmallOptions(), components);
  listener->db = db.get();
  std::thread changer([&] {
    for (uint32_t round = 0; round < 100; ++round) {
      const Changes changes{.memory_budget_bytes = (8 + round % 9) * kMiB,
                            .write_buffer_bytes = (size_t{64} << 10) << (round % 4),
                            .compression = round % 2 == 0 ? Compression::kLz4 : Compression::kNone,
                            .background_threads = 1 + round % 5,
                            .sync_interval_ms = 1 + round % 7,
                            .group_commit_bytes = 1 + round,
                            .group_commit_delay_us = round % 3,
                            .max_open_files = 16 + round,
                            .delete_deadline_s = round,
                            .families = {{"default", {.ttl = std::chrono::hours(round)}}}};
      const Result<Options> now = db->Change(changes);
      ASSERT_TRUE(now) << now.error().ToString();
      EXPECT_EQ(now->memory_budget_bytes, *changes.memory_budget_bytes);
      EXPECT_EQ(now->delete_deadline_s, round);
    }
  });
  for (uint64_t i = 0; i < 5000; ++i) {
    const WriteOptions options{.durability = i % 500 == 0 ? Durability::kSync : Durability::kBuffered};
    ASSERT_EQ(Text(db->Put(Key(i), std::string(100, 'v'), options)), "");
    ASSERT_TRUE(db->Get(Key(i / 2)).value());
  }
  changer.join();
  ASSERT_EQ(Text(db->WaitForIdle()), "");
  EXPECT_EQ(support::ContentOf(*db).size(), 5000u);
  ASSERT_EQ(Text(db->Close()), "");
}

}  // namespace
}  // namespace amethyst::engine
