// Covers: family_figures
// What the tools tell of a database with several families, from its files alone.
#include "inspect/family_figures.h"

#include <gmock/gmock.h>

#include <chrono>

#include "amethyst/amethyst.h"
#include "inspect/log_dump.h"
#include "inspect/table_report.h"
#include "inspect/verify.h"
#include "io/system_environment.h"
#include "key/range.h"
#include "support/temp_directory.h"
#include "tree/file_names.h"

namespace amethyst::inspect {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Backwards final : public Comparator {
 public:
  int Compare(std::string_view a, std::string_view b) const override { return b.compare(a); }
  std::string_view Name() const override { return "test.Backwards"; }
};

// A family of counters whose keys run backwards, one that nobody wrote to, and range deletes in two of them.
class FamilyFiguresTest : public testing::Test {
 protected:
  void SetUp() override {
    Options options;
    options.families["default"].merge_operator = Int64Add();
    auto opened = DB::Open(path_, options);
    ASSERT_TRUE(opened) << opened.error().message();
    DB& db = **opened;
    const Family counters =
        db.CreateFamily("counters",
                        {.comparator = &backwards_, .merge_operator = Int64Add(), .ttl = std::chrono::hours(1)})
            .value();
    ASSERT_TRUE(db.CreateFamily("empty"));
    for (int i = 0; i < 30; ++i) {
      ASSERT_TRUE(db.Put("k" + std::to_string(i), "value"));
      ASSERT_TRUE(counters.Put("k" + std::to_string(i), "value"));
      if (i == 9) ASSERT_TRUE(db.Flush());
    }
    const Snapshot keeps = db.GetSnapshot();  // All that is deleted from here on, and the deletes with it.
    ASSERT_TRUE(counters.DeleteRange("k5", "k4"));
    ASSERT_TRUE(counters.DeleteRange("k3", std::nullopt));
    ASSERT_TRUE(db.DeleteRange("k3", "k4"));
    ASSERT_TRUE(db.Delete("k1"));
    ASSERT_TRUE(db.Flush());
    ASSERT_TRUE(counters.Delete("in the log"));
    ASSERT_TRUE(db.SyncWal());
    report_ = InspectTree(files(), path_).value();
    log_ = tree::LogFileName(report_.segments.back().number);
    ASSERT_TRUE(DumpLog(files(), io::JoinPath(path_, log_), [&](const ShownEntry& entry) {
      families_of_log_.push_back(entry.family);
      return true;
    }));
    ASSERT_TRUE(db.Close());
  }

  static io::FileSystem& files() { return io::DefaultEnvironment()->files(); }

  const Backwards backwards_;
  support::TempDirectory directory_;
  const std::string path_ = directory_.File("db");
  TreeReport report_;  // While it was open.
  std::string log_;
  std::vector<key::FamilyId> families_of_log_;
};

TEST_F(FamilyFiguresTest, AreOfEachFamilyAndTheirSumIsThatOfAllTables) {
  const std::vector<FamilyFigures> families = FiguresByFamily(report_.state);
  ASSERT_EQ(families.size(), 3u);
  EXPECT_EQ(families[0].name, "default");
  EXPECT_EQ(families[1].name, "counters");
  EXPECT_EQ(families[2].name, "empty");
  EXPECT_EQ(families[1].comparator_name, "test.Backwards");
  EXPECT_EQ(families[1].merge_operator_name, "int64.add");
  EXPECT_EQ(families[1].ttl_ms, 3'600'000u);
  EXPECT_EQ(families[0].All().entries, 31u);
  EXPECT_EQ(families[0].All().deletes, 1u);
  EXPECT_EQ(families[0].range_deletes, 1u);
  EXPECT_EQ(families[1].range_deletes, 2u);
  EXPECT_EQ(families[2].All().tables + families[2].range_deletes, 0u);
  uint64_t bytes = 0;
  for (const auto& tables : report_.state.levels) {
    for (const tree::AddedTable& table : tables) bytes += table.info.file_bytes;
  }
  EXPECT_EQ(families[0].All().bytes + families[1].All().bytes, bytes);
  EXPECT_EQ(FamilyName(report_.state, key::FamilyId{2}), "empty");
  EXPECT_EQ(FamilyName(report_.state, key::FamilyId{7}), "number 7");
}

TEST_F(FamilyFiguresTest, DumpsNameTheFamilyAndShowRangeDeletesAsSuch) {
  EXPECT_THAT(families_of_log_, testing::Contains(key::FamilyId{1}));
  for (const tree::AddedTable& table : report_.state.range_tombstones) {
    std::vector<std::string> ranges;
    const auto problems =
        DumpTable(files(), io::JoinPath(path_, tree::TableFileName(table.number)), [&](const ShownEntry& entry) {
          EXPECT_EQ(entry.family, table.family);
          EXPECT_EQ(entry.tag.kind(), key::EntryKind::kRangeDelete);
          std::string_view from = entry.value;
          key::Range range;
          EXPECT_TRUE(key::ReadRange(&from, &range));
          ranges.push_back(std::string(range.begin.value_or("")) + ".." + std::string(range.end.value_or("")));
          return true;
        });
    ASSERT_TRUE(problems);
    EXPECT_THAT(*problems, IsEmpty());
    if (table.family == key::FamilyId{}) {
      EXPECT_THAT(ranges, ElementsAre("k3..k4"));
    } else {
      EXPECT_THAT(ranges, ElementsAre("k5..k4", "k3.."));
    }
  }
}

TEST_F(FamilyFiguresTest, VerifyCountsByFamilyAndNamesOneWhoseOrderItCannotCheck) {
  const auto whole = VerifyDatabase(files(), path_);
  ASSERT_TRUE(whole) << whole.error().message();
  ASSERT_EQ(whole->families.size(), 3u);
  EXPECT_EQ(whole->families[0].entries, whole->table_entries);
  EXPECT_EQ(whole->families[0].range_deletes, 1u);
  EXPECT_EQ(whole->families[1].range_deletes, 2u);
  EXPECT_THAT(whole->problems, ElementsAre(testing::AllOf(HasSubstr("'test.Backwards'"), HasSubstr("cannot check"),
                                                          HasSubstr("(family counters)"))));

  const TreeReport closed = InspectTree(files(), path_).value();
  for (const auto& tables : closed.state.levels) {
    for (const tree::AddedTable& table : tables) {
      ASSERT_TRUE(files().Remove(io::JoinPath(path_, tree::TableFileName(table.number))));
    }
  }
  const auto damaged = VerifyDatabase(files(), path_);
  ASSERT_TRUE(damaged);
  EXPECT_THAT(damaged->problems, testing::Contains(HasSubstr("missing; it is listed in level ")));
}

}  // namespace
}  // namespace amethyst::inspect
