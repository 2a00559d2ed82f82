// Covers: show_entries, inspect_commands, show_tree, safety_commands
// What the tools that look inside tell of families, range deletes and expiries.
#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "amethyst/amethyst.h"
#include "cli/shell_fixture.h"
#include "support/copy_live.h"

namespace amethyst::cli {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class InspectFamilies : public ShellTest {
 protected:
  void SetUp() override {
    auto db = DB::Open(database_).value();
    const Family users =
        db->CreateFamily("users", {.merge_operator = Int64Add(), .ttl = std::chrono::hours(720)}).value();
    ASSERT_TRUE(db->Put("apple", "artichoke"));
    for (const std::string key : {"15", "7", "8", "95"}) ASSERT_TRUE(users.Put(key, "ada", {.expires_at = kNever}));
    ASSERT_TRUE(db->Flush());
    const Snapshot keeps = db->GetSnapshot();  // What is deleted from here on, and the deletes with it.
    ASSERT_TRUE(users.Delete("8"));
    ASSERT_TRUE(users.DeleteRange("9", std::nullopt));
    ASSERT_TRUE(users.DeleteRange("1", "2"));
    ASSERT_TRUE(db->Flush());
    ASSERT_TRUE(db->Close());
  }
  // The file of a table, by what `inspect` says of it.
  std::string FileOf(const json& table) const { return database_ + "/" + table["file"].get<std::string>(); }
  json Tree() { return json::parse(Amethyst({"inspect", "--json"}).out); }
  // The log of a killed process, with entries of both families.
  std::string KilledLog() {
    std::string copy = database_ + "/999999.wal";
    auto db = DB::Open(database_).value();
    WriteBatch batch;
    const Family users = db->OpenFamily("users").value();
    batch.Put("pear", "plum");
    batch.Put(users, "10", "cy", ExpiresAt(std::chrono::system_clock::from_time_t(4'102'444'800)));
    batch.Delete(users, "11");
    batch.DeleteRange(users, "20", std::nullopt);
    EXPECT_TRUE(db->Write(batch));
    std::filesystem::copy_file(support::LogIn(database_), copy);
    EXPECT_TRUE(db->Close());
    return copy;
  }
};

TEST_F(InspectFamilies, TheTreeIsDrawnFamilyByFamily) {
  const Answer answer = Amethyst({"inspect"});
  EXPECT_EQ(answer.code, ExitCode::kOk) << answer.err;
  EXPECT_THAT(answer.out,
              AllOf(HasSubstr("family default  id 0, order amethyst.bytewise\nlevel "),
                    HasSubstr("family users  id 1, order amethyst.bytewise, merges by int64.add, ttl 30d\nlevel "),
                    HasSubstr("range deletes  2 stretches of keys, ")));
  const json tree = Tree();
  ASSERT_EQ(tree["families"].size(), 2u);
  const json& users = tree["families"][1];
  EXPECT_EQ(users["name"], "users");
  EXPECT_EQ(users["merge_operator"], "int64.add");
  EXPECT_EQ(users["ttl_ms"], 2'592'000'000u);
  EXPECT_EQ(users["entries"], 5u);
  EXPECT_EQ(users["deletes"], 1u);
  EXPECT_EQ(users["range_deletes"], 2u);
  EXPECT_EQ(tree["range_deletes"].size(), 1u);
  EXPECT_EQ(tree["range_deletes"][0]["family"], "users");
  uint64_t tables = 0;
  for (const json& level : tree["levels"]) {
    for (const json& table : level) tables += table["family"] == "users" ? 1 : 0;
  }
  EXPECT_EQ(tables, users["tables"]);
}

TEST_F(InspectFamilies, StatsAreOfAllAndOfEach) {
  const Answer answer = Amethyst({"stats"});
  EXPECT_EQ(answer.code, ExitCode::kOk) << answer.err;
  EXPECT_THAT(answer.out, AllOf(HasSubstr("family      default: 1 table, "), HasSubstr("family      users: "),
                                HasSubstr("5 entries (1 deletes), 2 stretches deleted by range\n"),
                                HasSubstr("deletes     2 stretches of keys deleted by range, ")));
  const Answer users = Amethyst({"stats", "--family", "users"});
  EXPECT_THAT(users.out, AllOf(HasSubstr("level "), HasSubstr("5 entries\n"), Not(HasSubstr("log"))));
  EXPECT_EQ(json::parse(Amethyst({"stats", "--family", "users", "--json"}).out)["entries"], 5u);
  const json all = json::parse(Amethyst({"stats", "--json"}).out);
  EXPECT_EQ(all["families"][1]["name"], "users");
  EXPECT_EQ(all["families"][1]["deletes"], 1u);
  const Answer nobody = Amethyst({"stats", "--family", "nobody"});
  EXPECT_EQ(nobody.code, ExitCode::kUsage);
  EXPECT_THAT(nobody.err, HasSubstr("there is no family \"nobody\"; there are \"default\", \"users\""));
  EXPECT_THAT(Pipe("family drop users --yes\nstats\n").out, Not(HasSubstr("family  ")));
}

TEST_F(InspectFamilies, DumpNamesTheFamilyOfEachEntryAndPicksOne) {
  const std::string log = KilledLog();
  const Answer all = Amethyst({"dump", log});
  EXPECT_EQ(all.code, ExitCode::kOk) << all.err;
  EXPECT_THAT(all.out, AllOf(HasSubstr("\tput\tpear\tplum\n"),
                             HasSubstr("\texpiring put in users\t10\tcy\texpires 2100-01-01T00:00:00Z\n"),
                             HasSubstr("\tdelete in users\t11\n"), HasSubstr("\trange delete in users\t20\t..\t\n")));
  const Answer users = Amethyst({"dump", log, "--family", "users", "--json"});
  EXPECT_THAT(users.out,
              AllOf(Not(HasSubstr("pear")), HasSubstr("\"kind\":\"delete\",\"family\":\"users\",\"key\":\"11\"}\n"),
                    HasSubstr("\"value\":\"cy\",\"expires_at\":\"2100-01-01T00:00:00Z\"}\n")));
  EXPECT_THAT(Amethyst({"dump", log, "--family", "default"}).out, Not(HasSubstr("users")));
  EXPECT_EQ(Amethyst({"dump", log, "--family", "nobody"}).code, ExitCode::kUsage);
  const std::string alone = directory_.File("alone.wal");
  std::filesystem::copy_file(log, alone);
  EXPECT_THAT(Amethyst({"dump", alone}).out, HasSubstr("\tdelete in number 1\t11\n")) << "no manifest is beside it";
}

TEST_F(InspectFamilies, ATableOfRangeDeletesIsShownAsSuch) {
  const std::string table = FileOf(Tree()["range_deletes"][0]);
  EXPECT_THAT(Amethyst({"dump", table}).out,
              AllOf(HasSubstr("\trange delete in users\t1\t..\t2\n"), HasSubstr("\trange delete in users\t9\t..\t\n")));
  EXPECT_THAT(Amethyst({"inspect", table}).out,
              AllOf(HasSubstr("  family      users, id 1\n"),
                    HasSubstr("  deletes     ranges of keys between 1 and the last one\n")));
  const json shown = json::parse(Amethyst({"inspect", "--json", table}).out);
  EXPECT_EQ(shown["properties"]["range_deletes"], 2u);
  EXPECT_EQ(shown["properties"]["range_begin"], "1");
  EXPECT_EQ(shown["properties"]["family"], "users");
}

TEST_F(InspectFamilies, VerifyCountsByFamily) {
  const Answer answer = Amethyst({"verify"});
  EXPECT_EQ(answer.code, ExitCode::kOk) << answer.out;
  EXPECT_THAT(answer.out, AllOf(HasSubstr("\n  default: 1 table, "), HasSubstr("\n  users: "),
                                HasSubstr("5 entries, 2 stretches deleted by range\n")));
  EXPECT_EQ(json::parse(Amethyst({"verify", "--json"}).out)["families"][1]["range_deletes"], 2u);
}

}  // namespace
}  // namespace amethyst::cli
