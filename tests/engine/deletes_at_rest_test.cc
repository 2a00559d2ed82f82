// A database that was emptied and rests holds no table of dead entries.
#include "engine/deletes_at_rest.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "engine/fault_world.h"

namespace amethyst::engine {
namespace {

using support::OpenOrFail;

class DeletesAtRestTest : public testing::Test {
 protected:
  static constexpr int kEntries = 2'000;

  DeletesAtRestTest()
      : environment_(std::make_shared<io::MemoryFileSystem>(), 1),
        db_(OpenOrFail("/db", MoreMemory(), support::Over(environment_))) {}

  // All that the tests delete has room in a memtable.
  static Options MoreMemory() {
    Options options = support::SmallOptions();
    options.write_buffer_bytes = size_t{1} << 20;
    return options;
  }
  static std::string Key(int i) { return "key" + std::to_string(10'000 + i); }
  void Fill() {
    for (int i = 0; i < kEntries; ++i) ASSERT_TRUE(db_->Put(Key(i), "value"));
    ASSERT_TRUE(db_->Flush());
    ASSERT_TRUE(db_->WaitForIdle());
    ASSERT_GT(Tables(), 0u);
  }
  void Pass(int seconds) {
    for (int second = 0; second < seconds; ++second) {
      environment_.clock().Advance(std::chrono::seconds(1));
      while (environment_.RunOneJob()) {
      }
    }
  }
  uint64_t Tables() {
    uint64_t tables = 0;
    for (const LevelStats& level : db_->GetStats().levels) tables += level.tables;
    return tables;
  }
  DB& db() { return *db_; }

 private:
  simulation::SerialEnvironment environment_;
  std::unique_ptr<DB> db_;
};

TEST_F(DeletesAtRestTest, LeaveNoTableOfAnEmptiedDatabase) {
  Fill();
  for (int i = 0; i < kEntries; ++i) ASSERT_TRUE(db().Delete(Key(i)));
  Pass(10);
  EXPECT_EQ(Tables(), 0u);
}

TEST_F(DeletesAtRestTest, LeaveNoTableWhereARangeWasDeleted) {
  Fill();
  ASSERT_TRUE(db().DeleteRange(std::nullopt, std::nullopt));
  Pass(10);
  EXPECT_EQ(Tables(), 0u);
}

TEST_F(DeletesAtRestTest, LeaveNoTableOnceADatabaseIsIdle) {
  Fill();
  for (int i = 0; i < kEntries; ++i) ASSERT_TRUE(db().Delete(Key(i)));
  ASSERT_TRUE(db().WaitForIdle());
  EXPECT_EQ(Tables(), 0u);
}

TEST_F(DeletesAtRestTest, WaitForAPauseAmongWrites) {
  Fill();
  const uint64_t flushes = db().GetStats().flushes;
  for (int i = 0; i < kEntries / 2 + 100; ++i) {
    ASSERT_TRUE(db().Delete(Key(i)));
    if (i % 100 == 99) Pass(1);
  }
  EXPECT_EQ(db().GetStats().flushes, flushes);
  Pass(10);
  EXPECT_GT(db().GetStats().flushes, flushes);
}

TEST_F(DeletesAtRestTest, OfAFewAmongManyEntriesStayInMemory) {
  Fill();
  const uint64_t flushes = db().GetStats().flushes;
  for (int i = 0; i < kEntries / 3; ++i) ASSERT_TRUE(db().Delete(Key(i)));
  Pass(10);
  EXPECT_TRUE(db().WaitForIdle());
  EXPECT_EQ(db().GetStats().flushes, flushes);
}

}  // namespace
}  // namespace amethyst::engine
