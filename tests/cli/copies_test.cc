// checkpoint, backup, backups, restore, prune. Covers: copy_commands
#include <gmock/gmock.h>

#include <filesystem>
#include <memory>

#include "amethyst/amethyst.h"
#include "cli/shell_fixture.h"
#include "io/system_environment.h"

namespace amethyst::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

class CopiesTest : public ShellTest {
 protected:
  void SetUp() override { ASSERT_EQ(Amethyst({"put", "key", "first"}).code, ExitCode::kOk); }

  std::string Path(std::string_view name) const { return directory_.File(name); }
  static std::string Get(const std::string& directory) { return Run({"--db", directory, "get", "key"}).out; }

  const std::string store_ = Path("store");
};

TEST_F(CopiesTest, ACheckpointIsADatabaseAsOfTheCall) {
  const Answer made = Amethyst({"checkpoint", Path("copy")});
  EXPECT_EQ(made.code, ExitCode::kOk) << made.err;
  EXPECT_THAT(made.err, AllOf(HasSubstr(Path("copy")), HasSubstr("a database of its own")));
  ASSERT_EQ(Amethyst({"put", "key", "second"}).code, ExitCode::kOk);
  EXPECT_EQ(Get(Path("copy")), "first\n");
  EXPECT_THAT(Run({"--db", Path("copy"), "inspect"}).out, HasSubstr("\na copy of "));
  EXPECT_THAT(Run({"--db", Path("copy"), "verify"}).out, StartsWith("all is well"));
  const Answer again = Amethyst({"checkpoint", Path("copy")});
  EXPECT_EQ(again.code, ExitCode::kError);
  EXPECT_THAT(again.err, HasSubstr("something is there already"));
}

TEST_F(CopiesTest, AStoreKeepsBackupsAndGivesThemBack) {
  const Answer first = Amethyst({"backup", store_});
  EXPECT_EQ(first.code, ExitCode::kOk) << first.err;
  EXPECT_EQ(first.out, "1\n");
  EXPECT_THAT(first.err, MatchesRegex("copied .*B in .*\n"));
  ASSERT_EQ(Amethyst({"put", "key", "second"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"--json", "backup", store_}).out, "{\"id\":2}\n");
  const Answer list = Run({"backups", store_});
  EXPECT_EQ(list.code, ExitCode::kOk) << list.err;
  EXPECT_THAT(list.out, MatchesRegex("1  20.*Z  1 table, .* new\n2  20.*Z  . tables, .* new\n"));
  EXPECT_THAT(Run({"backups", store_, "--verify"}).out, HasSubstr(" new, whole\n"));
  EXPECT_THAT(Run({"--json", "backups", store_}).out, AllOf(StartsWith("{\"id\":1,\"created\":\"20"),
                                                            HasSubstr("\"database\":\""), HasSubstr("\"new_bytes\":")));
  EXPECT_EQ(Run({"restore", store_, "1", Path("restored")}).code, ExitCode::kOk);
  EXPECT_EQ(Get(Path("restored")), "first\n");
  EXPECT_EQ(Run({"restore", store_, "1", Path("restored")}).code, ExitCode::kError);
  const Answer pruned = Run({"prune", store_, "1"});
  EXPECT_EQ(pruned.code, ExitCode::kOk) << pruned.err;
  EXPECT_THAT(pruned.out, StartsWith("removed 1 backup and "));
  EXPECT_THAT(Run({"backups", store_}).out, StartsWith("2  "));
  EXPECT_THAT(Run({"--json", "prune", store_, "1"}).out, StartsWith("{\"backups_removed\":0,\"tables_removed\":0"));
}

TEST_F(CopiesTest, DamageIsToldByItsExitCode) {
  ASSERT_EQ(Amethyst({"backup", store_}).code, ExitCode::kOk);
  for (const auto& table : std::filesystem::directory_iterator(store_ + "/tables")) {
    std::filesystem::resize_file(table.path(), std::filesystem::file_size(table.path()) - 1);
  }
  EXPECT_EQ(Run({"backups", store_}).code, ExitCode::kOk) << "it reads no tables";
  const Answer verified = Run({"backups", store_, "--verify"});
  EXPECT_EQ(verified.code, ExitCode::kError);
  EXPECT_THAT(verified.out, AllOf(StartsWith("1  damaged: "), HasSubstr(".sst")));
  const Answer json = Run({"--json", "backups", store_, "--verify"});
  EXPECT_EQ(json.code, ExitCode::kError);
  EXPECT_THAT(json.out, HasSubstr("\"problem\":\""));
  EXPECT_EQ(Run({"restore", store_, "1", Path("restored")}).code, ExitCode::kError);
  EXPECT_FALSE(std::filesystem::exists(Path("restored")));
}

TEST_F(CopiesTest, AnApplicationThatHasTheDatabaseOpenGoesOnWriting) {
  const std::unique_ptr<DB> application = DB::Open(database_).value();
  ASSERT_TRUE(application->Put("key", "unflushed"));
  const Answer made = Amethyst({"checkpoint", Path("copy")});
  EXPECT_EQ(made.code, ExitCode::kOk) << made.err;
  EXPECT_EQ(Amethyst({"backup", store_}).out, "1\n");
  ASSERT_TRUE(application->Put("key", "later"));
  EXPECT_EQ(Get(Path("copy")), "unflushed\n");
  ASSERT_EQ(Run({"restore", store_, "1", Path("restored")}).code, ExitCode::kOk);
  EXPECT_EQ(Get(Path("restored")), "unflushed\n");
}

TEST_F(CopiesTest, WrongUsageIsTold) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{{"checkpoint"},
                                                                                     {"backup"},
                                                                                     {"backups"},
                                                                                     {"restore", store_, "1"},
                                                                                     {"restore", store_, "x", "to"},
                                                                                     {"prune", store_},
                                                                                     {"prune", store_, "0"},
                                                                                     {"prune", store_, "all"}}) {
    EXPECT_EQ(Amethyst(words).code, ExitCode::kUsage) << words.front();
  }
  EXPECT_EQ(Run({"backups", Path("nowhere")}).code, ExitCode::kError);
  EXPECT_THAT(Run({"backups", database_}).err, HasSubstr("not a store"));
  EXPECT_FALSE(std::filesystem::exists(Path("nowhere")));
  EXPECT_EQ(Run({"--db", Path("nothing"), "checkpoint", Path("copy")}).code, ExitCode::kError)
      << "there is no database";
  EXPECT_FALSE(std::filesystem::exists(Path("nothing")));
}

}  // namespace
}  // namespace amethyst::cli
