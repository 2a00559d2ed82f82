// Repair of databases that have taken tables in. Covers: salvage_ingests
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "io/memory_file_system.h"
#include "repair/repair.h"
#include "simulation/serial_environment.h"
#include "support/database.h"
#include "support/temp_directory.h"

namespace amethyst {
namespace {

using support::ContentOf;
using support::OpenOrFail;
using support::Text;
using Content = std::map<std::string, std::string>;

class RepairIngest : public testing::Test {
 protected:
  void SetUp() override {
    db_ = OpenOrFail(Directory());
    for (const char* const key : {"a", "b", "c", "d"}) ASSERT_TRUE(db_->Put(key, "old"));
    ASSERT_TRUE(db_->Flush());
    ASSERT_TRUE(db_->Put("b", "memtable"));
    const std::string path = directory_.path() + "/in";
    TableWriter table = TableWriter::Create(path).value();
    ASSERT_TRUE(table.Put("a", "in"));
    ASSERT_TRUE(table.Put("b", "in"));
    ASSERT_TRUE(table.DeleteRange("d", "e"));
    ASSERT_TRUE(table.Finish());
    ASSERT_EQ(Text(db_->Ingest(path, {.replace = KeyRange{.begin = "c", .end = "cc"}})), "");
    ASSERT_TRUE(db_->Put("e", "newer"));
  }
  [[nodiscard]] std::string Directory() const { return directory_.path() + "/db"; }
  [[nodiscard]] Content Repaired() {
    const std::string to = directory_.path() + "/repaired";
    const auto report = DB::Repair(Directory(), to);
    EXPECT_TRUE(report) << report.error().ToString();
    dropped_ = report ? report->dropped : std::vector<std::string>();
    return ContentOf(*OpenOrFail(to));
  }

  support::TempDirectory directory_;
  std::unique_ptr<DB> db_;
  std::vector<std::string> dropped_;
  const Content content_{{"a", "in"}, {"b", "in"}, {"e", "newer"}};
};

TEST_F(RepairIngest, GoesByTheManifest) {
  ASSERT_EQ(Text(db_->Close()), "");
  EXPECT_EQ(Repaired(), content_);
  EXPECT_TRUE(dropped_.empty()) << dropped_.front();
}

// What the process leaves that dies before the tables' turn comes: the log alone tells of them.
TEST(RepairWaitingIngest, GoesByTheLog) {
  simulation::SerialEnvironment environment(std::make_shared<io::MemoryFileSystem>(), 1);
  io::FileSystem& files = environment.files();
  const auto db = OpenOrFail("/db", support::SmallOptions(), support::Over(environment));
  for (const char* const key : {"a", "c", "d"}) ASSERT_TRUE(db->Put(key, "old"));
  TableWriter table = TableWriter::Create("/in", {.environment = support::Over(environment).environment}).value();
  ASSERT_TRUE(table.Put("a", "in"));
  ASSERT_TRUE(table.Put("b", "in"));
  ASSERT_TRUE(table.DeleteRange("d", "e"));
  ASSERT_TRUE(table.Finish());
  ASSERT_EQ(Text(db->Ingest("/in", {.replace = KeyRange{.begin = "c", .end = "cc"}})), "");
  ASSERT_TRUE(db->Put("b", "newer"));
  ASSERT_TRUE(files.CreateDirectories("/dead"));
  const std::vector<std::string> names = files.List("/db").value();
  for (const std::string& name : names) {
    if (name == "LOCK") continue;
    const auto file = files.Create("/dead/" + name);
    ASSERT_TRUE((*file)->Append(io::ReadFile(files, "/db/" + name).value()));
    ASSERT_TRUE((*file)->Close());
  }
  const auto report = repair::RepairInto("/dead", "/repaired", support::Over(environment));
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_TRUE(report->dropped.empty()) << report->dropped.front();
  EXPECT_EQ(ContentOf(*OpenOrFail("/repaired", support::SmallOptions(), support::Over(environment))),
            (Content{{"a", "in"}, {"b", "newer"}}));
}

TEST_F(RepairIngest, WithoutAManifestGoesByTheNumbersOfTheTables) {
  ASSERT_EQ(Text(db_->Flush()), "");
  ASSERT_EQ(Text(db_->Close()), "");
  for (const auto& entry : std::filesystem::directory_iterator(Directory())) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("MANIFEST") || name == "CURRENT") std::filesystem::remove(entry.path());
  }
  const Content repaired = Repaired();
  EXPECT_EQ(repaired.at("a"), "in");
  EXPECT_EQ(repaired.at("e"), "newer");
  EXPECT_FALSE(dropped_.empty());
}

}  // namespace
}  // namespace amethyst
