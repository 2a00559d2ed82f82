#include "inspect/verify.h"

#include <gmock/gmock.h>

#include "base/random.h"
#include "inspect/database_fixture.h"
#include "inspect/tree_report.h"
#include "support/newer_log.h"
#include "tree/file_names.h"

namespace amethyst::inspect {
namespace {

using testing::Contains;
using testing::HasSubstr;

class Verify : public DatabaseTest {
 protected:
  std::vector<std::string> Problems() {
    const auto report = VerifyDatabase(files(), path_);
    EXPECT_TRUE(report) << report.error().message();
    return report ? report->problems : std::vector<std::string>{"failed"};
  }
  std::string Manifest() const { return path_ + "/" + tree::ManifestFileName(InspectTree(files(), path_)->manifest); }
};

TEST_F(Verify, AHealthyDatabaseHasNoProblems) {
  const auto report = VerifyDatabase(files(), path_);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_THAT(report->problems, testing::IsEmpty());
  EXPECT_GE(report->tables, 2u);
  EXPECT_EQ(report->table_entries, static_cast<uint64_t>(kKeys) + 1);
  EXPECT_GE(report->log_batches, static_cast<uint64_t>(kUnflushed));
}

TEST_F(Verify, EveryFlippedByteOfATableIsAProblem) {
  const std::string original = Read(LargeTable());
  base::Random random(1);
  for (int i = 0; i < 60; ++i) {
    Flip(LargeTable(), random.Below(original.size()));
    EXPECT_EQ(Problems().size(), 1u);
    Write(LargeTable(), original);
  }
}

TEST_F(Verify, EveryFlippedByteOfTheManifestAndCurrentIsToldUnlessItIsPadding) {
  for (const std::string& path : {Manifest(), path_ + "/CURRENT"}) {
    const std::string original = Read(path);
    for (size_t offset = 0; offset < original.size(); offset += path.ends_with("CURRENT") ? 1 : 13) {
      Flip(path, offset);
      const auto report = VerifyDatabase(files(), path_);
      ASSERT_TRUE(report);
      // A copy at the very end may have been torn: that is a note.
      const bool told = !report->problems.empty() || !report->notes.empty();
      EXPECT_TRUE(told || original[offset] == '\0') << path << " at " << offset;
      Write(path, original);
    }
  }
}

TEST_F(Verify, MissingTruncatedAndSwappedTablesAreProblems) {
  const std::string table = LargeTable();
  const std::string original = Read(table);
  Write(table, original.substr(0, original.size() - 1));
  EXPECT_THAT(Problems(), Contains(HasSubstr(table)));
  Write(table, Read(Files(".sst").front()));
  EXPECT_THAT(Problems(), Contains(HasSubstr(table)));
  std::filesystem::remove(table);
  EXPECT_THAT(Problems(), Contains(HasSubstr("missing; it is listed in level")));
}

TEST_F(Verify, AMissingLogIsAProblem) {
  for (const std::string& segment : Files(".wal")) std::filesystem::remove(segment);
  EXPECT_THAT(Problems(), Contains(HasSubstr("missing, expected as the first segment")));
}

TEST_F(Verify, WhatANewerBuildLeftInTheLogIsAProblemThatIsNamed) {
  const std::string whole = Read(Log());
  std::string log = whole;
  const wal::LogCut end = support::EndOf(log);
  support::StoreRecord(&log, end, 6, 0, "anything");
  Write(Log(), log);
  EXPECT_THAT(Problems(), Contains(HasSubstr(fmt::format("at {}: record kind 6 is not known", end.offset))));
  log = whole;
  support::StoreRecord(&log, end, 1, 1, support::EntryOf(9, 1, "key", "value"));
  Write(Log(), log);
  EXPECT_THAT(Problems(), Contains(HasSubstr("family 9 is not known")));
}

TEST_F(Verify, AClosedDatabaseHasNoLogAndNoProblem) {
  ASSERT_TRUE(DB::Open(path_).value()->Close());
  EXPECT_THAT(Files(".wal"), testing::IsEmpty());
  EXPECT_THAT(Problems(), testing::IsEmpty());
}

TEST_F(Verify, ListsAllProblemsAtOnce) {
  for (const std::string& table : Files(".sst")) Flip(table, 5);
  EXPECT_EQ(Problems().size(), Files(".sst").size());
}

TEST_F(Verify, LeftoversAreNoProblem) {
  Write(path_ + "/999999.sst", Read(Files(".sst").front()));
  const auto report = VerifyDatabase(files(), path_);
  ASSERT_TRUE(report);
  EXPECT_THAT(report->problems, testing::IsEmpty());
  EXPECT_THAT(report->notes, Contains(HasSubstr("999999.sst: left over")));
}

TEST_F(Verify, ChangesNothingAndWaitsForNobody) {
  std::vector<std::string> before;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) before.push_back(Read(entry.path()));
  EXPECT_THAT(Problems(), testing::IsEmpty());
  std::vector<std::string> after;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) after.push_back(Read(entry.path()));
  EXPECT_EQ(before, after);

  const auto owner = DB::Open(path_);
  ASSERT_TRUE(owner) << owner.error().message();
  EXPECT_EQ(VerifyDatabase(files(), path_).error().code(), ErrorCode::kBusy);
}

}  // namespace
}  // namespace amethyst::inspect
