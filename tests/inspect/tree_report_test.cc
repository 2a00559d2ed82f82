#include "inspect/tree_report.h"

#include <gmock/gmock.h>

#include "inspect/database_fixture.h"
#include "tree/file_names.h"

namespace amethyst::inspect {
namespace {

using testing::HasSubstr;
using TreeReportTest = DatabaseTest;

TEST_F(TreeReportTest, ShowsLevelsLogAndNumbers) {
  const auto report = InspectTree(files(), path_);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_THAT(report->problems, testing::IsEmpty());
  uint64_t entries = 0;
  uint64_t deletes = 0;
  for (const auto& tables : report->state.levels) {
    for (const tree::AddedTable& table : tables) {
      entries += table.info.entries;
      deletes += table.info.deletes;
    }
  }
  EXPECT_EQ(entries, static_cast<uint64_t>(kKeys) + 1);
  EXPECT_EQ(deletes, 1u);
  EXPECT_EQ(report->state.levels[0].size(), 1u);
  EXPECT_EQ(report->state.comparator_name, BytewiseComparator()->Name());
  uint64_t unflushed = 0;
  for (const SegmentFile& segment : report->segments) unflushed += segment.needed ? segment.unflushed_entries : 0;
  EXPECT_EQ(unflushed, static_cast<uint64_t>(kUnflushed));
  EXPECT_FALSE(report->state.clean_log_end) << "it was killed";
}

TEST_F(TreeReportTest, TellsLeftoversAndStrangersApart) {
  const std::string table = tree::TableFileName(InspectTree(files(), path_)->state.levels[0].front().number);
  Write(path_ + "/999998.sst", "x");
  Write(path_ + "/999999.sst", io::ReadFile(files(), path_ + "/" + table).value());
  Write(path_ + "/notes.txt", "x");
  const auto report = InspectTree(files(), path_);
  ASSERT_TRUE(report);
  EXPECT_THAT(report->leftovers, testing::Contains("999999.sst"));
  EXPECT_THAT(report->foreign, testing::ElementsAre("999998.sst", "notes.txt"));
}

TEST_F(TreeReportTest, ShowsWhatIsLeftOfADamagedDirectory) {
  Write(path_ + "/CURRENT", "nonsense");
  const auto report = InspectTree(files(), path_);
  ASSERT_TRUE(report);
  EXPECT_THAT(report->problems, testing::ElementsAre(HasSubstr("CURRENT")));
  EXPECT_FALSE(report->segments.empty());
}

TEST_F(TreeReportTest, SaysWhereThereIsNoDatabase) {
  for (const std::string& path : {directory_.path(), directory_.File("absent")}) {
    const auto report = InspectTree(files(), path);
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(report.error().message(), HasSubstr("there is no database here"));
  }
}

}  // namespace
}  // namespace amethyst::inspect
