#include "amethyst/components.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <mutex>

#include "cache/memory_budget.h"
#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "support/database.h"
#include "support/temp_directory.h"

namespace amethyst {
namespace {

using support::ContentOf;
using support::Key;
using support::OpenOrFail;
using support::SmallOptions;
using support::Text;

TEST(Components, ADatabaseInMemoryLivesAsLongAsItsEnvironment) {
  auto environment = NewInMemoryEnvironment();
  Components components;
  components.environment = environment;
  auto db = OpenOrFail("/somewhere/db", SmallOptions(), components);
  for (int i = 0; i < 5000; ++i) ASSERT_TRUE(db->Put(Key(i), std::string(100, 'v')));
  ASSERT_TRUE(db->CompactRange());
  db.reset();
  EXPECT_FALSE(std::filesystem::exists("/somewhere"));
  db = OpenOrFail("/somewhere/db", SmallOptions(), components);
  EXPECT_EQ(ContentOf(*db).size(), 5000);
  db.reset();
  components.environment = NewInMemoryEnvironment();
  db = OpenOrFail("/somewhere/db", SmallOptions(), components);
  EXPECT_EQ(ContentOf(*db).size(), 0);
}

TEST(Components, AWholeDatabaseRunsOnOneThread) {
  Components components;
  components.environment = std::make_shared<simulation::SerialEnvironment>(std::make_shared<io::MemoryFileSystem>(), 1);
  auto db = OpenOrFail("/db", SmallOptions(), components);
  for (int i = 0; i < 5000; ++i) ASSERT_TRUE(db->Put(Key(i % 1000), std::string(100, 'v')));
  ASSERT_TRUE(db->Put("sync", "", {.durability = Durability::kSync}));
  ASSERT_EQ(Text(db->WaitForIdle()), "");
  EXPECT_GT(db->GetStats().flushes, 0);
  ASSERT_EQ(Text(db->Close()), "");
  db = OpenOrFail("/db", SmallOptions(), components);
  EXPECT_EQ(ContentOf(*db).size(), 1001);
}

TEST(Components, DatabasesShareOneBudgetAndGiveItBack) {
  const support::TempDirectory directory;
  const auto budget = NewMemoryBudget(size_t{16} << 20);
  Components components;
  components.memory_budget = budget;
  {
    // The budget says how much there is, whatever the option.
    Options options;
    options.memory_budget_bytes = size_t{1} << 30;
    auto first = OpenOrFail(directory.File("first"), options, components);
    auto second = OpenOrFail(directory.File("second"), options, components);
    for (int i = 0; i < 30'000; ++i) {
      ASSERT_TRUE(first->Put(Key(i), std::string(100, 'a')));
      ASSERT_TRUE(second->Put(Key(i), std::string(100, 'b')));
    }
    ASSERT_TRUE(first->CompactRange());
    ASSERT_TRUE(second->CompactRange());
    EXPECT_EQ(ContentOf(*first).size(), 30'000);
    EXPECT_EQ(first->Get(Key(7)).value(), std::string(100, 'a'));
    EXPECT_EQ(second->Get(Key(7)).value(), std::string(100, 'b'));
    EXPECT_LE(first->GetStats().memory_bytes, size_t{18} << 20);
    EXPECT_GT(first->GetStats().memory_bytes, 0);
    ASSERT_TRUE(first->Close());
    ASSERT_TRUE(second->Close());
    // Nothing is left of them, although the objects live.
    auto third = OpenOrFail(directory.File("third"), options, components);
    const uint64_t alone = third->GetStats().memory_bytes;
    EXPECT_LE(alone, size_t{5} << 20);
    EXPECT_EQ(third->GetStats().cache_bytes, 0);
  }
}

TEST(Components, ClosingWhileFlushesLagGivesTheWholeBudgetBack) {
  Components components;
  components.environment = std::make_shared<simulation::SerialEnvironment>(std::make_shared<io::MemoryFileSystem>(), 1);
  components.memory_budget = NewMemoryBudget(size_t{16} << 20);
  auto db = OpenOrFail("/db", {}, components);
  // No job runs before somebody waits: more write buffers fill than are reserved for good.
  for (int i = 0; db->GetStats().memtables < 4; ++i) ASSERT_TRUE(db->Put(Key(i), std::string(1000, 'v')));
  EXPECT_GT(components.memory_budget->reserved_bytes(), size_t{4} << 20);
  ASSERT_EQ(Text(db->Close()), "");
  EXPECT_EQ(components.memory_budget->reserved_bytes(), 0);
}

TEST(Components, TheLoggerIsToldOfBackgroundWork) {
  const support::TempDirectory directory;
  std::mutex mutex;
  std::vector<std::string> lines;
  Components components;
  components.logger = [&](std::string_view line) {
    const std::lock_guard lock(mutex);
    lines.emplace_back(line);
  };
  auto db = OpenOrFail(directory.path(), SmallOptions(), components);
  ASSERT_TRUE(db->Put("a", "1"));
  ASSERT_TRUE(db->Flush());
  ASSERT_TRUE(db->Close());
  EXPECT_THAT(lines, testing::Contains(testing::HasSubstr("flushed 1 entries")));
}

}  // namespace
}  // namespace amethyst
