// What a repair makes of range deletes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "amethyst/amethyst.h"
#include "support/copy_live.h"
#include "support/database.h"
#include "support/temp_directory.h"

namespace amethyst {
namespace {

// In a table and in the log; their table holds no keys of the family.
TEST(RepairOfRangeDeletes, LeavesWhatTheyHideHidden) {
  const support::TempDirectory directory;
  std::map<std::string, std::string> content;
  {
    const auto db = support::OpenOrFail(directory.File("from"));
    for (uint64_t i = 0; i < 100; ++i) ASSERT_TRUE(db->Put(support::Key(i), "value"));
    ASSERT_TRUE(db->Flush());
    const Snapshot snapshot = db->GetSnapshot();
    ASSERT_TRUE(db->DeleteRange(support::Key(10), support::Key(20)));
    ASSERT_TRUE(db->Flush());
    ASSERT_TRUE(db->DeleteRange(support::Key(50), support::Key(60)));
    ASSERT_TRUE(db->Put(support::Key(55), "later"));
    content = support::ContentOf(*db);
    ASSERT_EQ(content.size(), 81u);
    support::CopyLive(directory.File("from"), directory.File("copy"));
  }
  const auto report = DB::Repair(directory.File("copy"), directory.File("to"));
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_THAT(report->dropped, testing::IsEmpty());
  EXPECT_TRUE(support::ContentOf(*support::OpenOrFail(directory.File("to"))) == content);
  std::filesystem::remove(directory.File("copy") + "/CURRENT");
  const auto without = DB::Repair(directory.File("copy"), directory.File("again"));
  ASSERT_TRUE(without) << without.error().message();
  EXPECT_TRUE(support::ContentOf(*support::OpenOrFail(directory.File("again"))) == content);
}

}  // namespace
}  // namespace amethyst
