#include "inspect/table_report.h"

#include <gmock/gmock.h>

#include "inspect/database_fixture.h"
#include "sstable/header.h"

namespace amethyst::inspect {
namespace {

using testing::HasSubstr;
using TableReportTest = DatabaseTest;

TEST_F(TableReportTest, ShowsEveryPartOfAWholeTable) {
  const auto report = InspectTable(files(), LargeTable());
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_THAT(report->problems, testing::IsEmpty());
  ASSERT_TRUE(report->footer && report->properties && report->filter_is_good && report->sketched_keys);
  EXPECT_EQ(report->properties->info.entries, static_cast<uint64_t>(kKeys));
  uint64_t entries = 0;
  uint64_t blocks = 0;
  for (const TableReport::Node& node : report->nodes) {
    entries += node.is_page ? 0 : node.description.entries;
    blocks += node.is_page ? 0 : 1;
    EXPECT_EQ(node.is_page, node.description.codec.empty());
  }
  EXPECT_EQ(entries, report->properties->info.entries);
  EXPECT_EQ(blocks, report->properties->data_blocks);
  EXPECT_TRUE(report->nodes.front().is_page);
}

TEST_F(TableReportTest, NamesADamagedBlockAndShowsTheRest) {
  const size_t nodes = InspectTable(files(), LargeTable())->nodes.size();
  Flip(LargeTable(), sstable::kHeaderBytes + 10);
  const auto report = InspectTable(files(), LargeTable());
  ASSERT_TRUE(report);
  ASSERT_EQ(report->problems.size(), 1u);
  EXPECT_THAT(report->problems.front(),
              HasSubstr(fmt::format("block at {}: checksum expected", sstable::kHeaderBytes)));
  EXPECT_EQ(report->nodes.size(), nodes);
}

TEST_F(TableReportTest, SaysWhereAFileIsNoTable) {
  const std::string table = LargeTable();
  Write(table, "something else");
  const auto report = InspectTable(files(), table);
  ASSERT_TRUE(report);
  EXPECT_THAT(report->problems, testing::ElementsAre(HasSubstr("header at 0"), HasSubstr("too short")));
  EXPECT_FALSE(InspectTable(files(), directory_.File("absent.sst")));
}

TEST_F(TableReportTest, DumpsEveryEntryInOrderUntilToldToStop) {
  std::string last;
  uint64_t count = 0;
  const auto problems = DumpTable(files(), LargeTable(), [&](const ShownEntry& entry) {
    EXPECT_LT(last, entry.key);
    EXPECT_EQ(entry.value, std::string(50, 'v'));
    last = entry.key;
    return ++count < 100;
  });
  ASSERT_TRUE(problems);
  EXPECT_TRUE(problems->empty());
  EXPECT_EQ(count, 100u);
}

TEST_F(TableReportTest, DumpsAroundADamagedBlock) {
  Flip(LargeTable(), sstable::kHeaderBytes + 10);
  uint64_t count = 0;
  const auto problems = DumpTable(files(), LargeTable(), [&](const ShownEntry&) { return ++count > 0; });
  ASSERT_TRUE(problems);
  EXPECT_EQ(problems->size(), 1u);
  EXPECT_LT(count, static_cast<uint64_t>(kKeys));
  EXPECT_GT(count, static_cast<uint64_t>(kKeys) - 100);
}

}  // namespace
}  // namespace amethyst::inspect
