// backup --to: the files of a store, handed to a tool. Covers: hand_over
#include "cli/hand_over.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "cli/shell_fixture.h"
#include "io/system_environment.h"

namespace amethyst::cli {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class HandOverTest : public ShellTest {
 protected:
  void SetUp() override { ASSERT_EQ(Amethyst({"put", "key", "first"}).code, ExitCode::kOk); }

  std::string Path(std::string_view name) const { return directory_.File(name); }
  Answer Backup() { return Amethyst({"backup", store_, "--to", tool_}); }
  // The names that the tool was given, in their order.
  std::vector<std::string> Told() const {
    std::ifstream log(Path("log"));
    std::vector<std::string> names;
    for (std::string name; std::getline(log, name);) names.push_back(name);
    return names;
  }

  const std::string store_ = Path("store");
  const std::string remote_ = Path("remote");
  // Fails while there is a file "stop".
  const std::string tool_ = fmt::format(
      "echo \"$2\" >>{0}/log; test ! -e {0}/stop || {{ echo no network; exit 7; }}; "
      "mkdir -p \"{0}/remote/$(dirname \"$2\")\" && cp \"$1\" \"{0}/remote/$2\"",
      directory_.File(""));
};

TEST_F(HandOverTest, WhatTheToolHasStoredIsAStore) {
  const Answer first = Backup();
  EXPECT_EQ(first.code, ExitCode::kOk) << first.err;
  EXPECT_EQ(first.out, "1\n");
  EXPECT_THAT(first.err, HasSubstr("handed over 3 files, "));
  ASSERT_EQ(Amethyst({"put", "key", "second"}).code, ExitCode::kOk);
  EXPECT_EQ(Backup().code, ExitCode::kOk);
  EXPECT_EQ(Run({"backups", remote_, "--verify"}).code, ExitCode::kOk);
  ASSERT_EQ(Run({"restore", remote_, "1", Path("restored")}).code, ExitCode::kOk);
  EXPECT_EQ(Run({"--db", Path("restored"), "get", "key"}).out, "first\n");
}

TEST_F(HandOverTest, EachFileComesOnceAndAListBehindItsTables) {
  ASSERT_EQ(Backup().code, ExitCode::kOk);
  ASSERT_EQ(Amethyst({"put", "key", "second"}).code, ExitCode::kOk);
  ASSERT_EQ(Backup().code, ExitCode::kOk);
  std::vector<std::string> told = Told();
  ASSERT_EQ(told.size(), 5U);
  EXPECT_EQ(told[0], "BACKUPS");
  EXPECT_THAT(told[1], AllOf(StartsWith("tables/"), EndsWith(".sst")));
  EXPECT_EQ(told[2], "backups/000001.backup");
  EXPECT_THAT(told[3], StartsWith("tables/"));
  EXPECT_EQ(told[4], "backups/000002.backup");
  std::ranges::sort(told);
  EXPECT_EQ(std::ranges::adjacent_find(told), told.end());
}

TEST_F(HandOverTest, AFailureIsToldAndTheNextRunGoesOnThere) {
  ASSERT_EQ(Backup().code, ExitCode::kOk);
  ASSERT_EQ(Amethyst({"put", "key", "second"}).code, ExitCode::kOk);
  std::ofstream(Path("stop")) << "\n";
  const Answer failed = Backup();
  EXPECT_EQ(failed.code, ExitCode::kError);
  EXPECT_EQ(failed.out, "2\n") << "the backup is in the store";
  EXPECT_THAT(failed.err, AllOf(HasSubstr("tables/"), HasSubstr("ended with exit code 7")));
  EXPECT_FALSE(std::filesystem::exists(remote_ + "/backups/000002.backup"));
  std::filesystem::remove(Path("stop"));
  const size_t before = Told().size();
  EXPECT_THAT(Backup().err, HasSubstr("handed over 3 files")) << "backup 2's table and list, and the list of 3";
  EXPECT_EQ(Told().size(), before + 3);
  EXPECT_EQ(Told()[before], Told()[before - 1]) << "the one that failed";
  EXPECT_EQ(Run({"backups", remote_, "--verify"}).code, ExitCode::kOk);
}

TEST_F(HandOverTest, ASignalIsToldAndAnotherCommandBeginsAnew) {
  const Answer killed = Amethyst({"backup", store_, "--to", "kill -9 $$"});
  EXPECT_EQ(killed.code, ExitCode::kError);
  EXPECT_THAT(killed.err, HasSubstr("was ended by signal 9"));
  EXPECT_EQ(Amethyst({"backup", store_, "--to", "no-such-tool \"$1\""}).code, ExitCode::kError);
  EXPECT_THAT(Backup().err, HasSubstr("handed over 5 files")) << "the mark, a table, and three lists";
}

TEST_F(HandOverTest, WhatIsHalfMadeIsNotHandedOver) {
  ASSERT_EQ(Amethyst({"backup", store_}).code, ExitCode::kOk);
  std::ofstream(store_ + "/tables/" + std::string(32, '0') + "-" + std::string(16, '0') + ".sst") << "of no backup";
  ASSERT_EQ(Backup().code, ExitCode::kOk);
  EXPECT_EQ(Run({"backups", remote_, "--verify"}).code, ExitCode::kOk);
  EXPECT_EQ(std::ranges::distance(std::filesystem::directory_iterator(remote_ + "/tables")), 1);
}

TEST_F(HandOverTest, AnInterruptEndsItBeforeTheNextFile) {
  ASSERT_EQ(Amethyst({"backup", store_}).code, ExitCode::kOk);
  int asked = 0;
  const auto handed = HandOver(io::DefaultEnvironment()->files(), store_, tool_, [&asked] { return ++asked < 3; });
  ASSERT_FALSE(handed);
  EXPECT_EQ(handed.error().code(), ErrorCode::kClosed);
  EXPECT_EQ(Told(), std::vector<std::string>{"BACKUPS"});
}

}  // namespace
}  // namespace amethyst::cli
