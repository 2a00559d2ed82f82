#include "cli/completion.h"

#include <gtest/gtest.h>

#include "io/memory_file_system.h"

namespace amethyst::cli {
namespace {

class CompletionTest : public testing::Test {
 protected:
  CompletionTest() {
    EXPECT_TRUE(files_.CreateDirectories("data"));
    for (const std::string name : {"data/fruit.tsv", "data/fruit.csv", "data/.hidden"}) {
      EXPECT_TRUE(io::ReplaceFile(files_, name, "x"));
    }
  }
  Completion Of(std::string_view line) { return Complete(line, files_); }

  io::MemoryFileSystem files_;
};

using Strings = std::vector<std::string>;

TEST_F(CompletionTest, TheFirstWordIsACommand) {
  EXPECT_EQ(Of("sc").common, "scan ");
  EXPECT_EQ(Of("s").candidates, (Strings{"savepoint", "scan", "seed", "set", "stats"}));
  EXPECT_EQ(Of("s").common, "s");
  EXPECT_TRUE(Of("zz").candidates.empty());
}

TEST_F(CompletionTest, OptionsAreThoseOfTheCommand) {
  EXPECT_EQ(Of("scan --li").common, "--limit ");
  EXPECT_EQ(Of("scan a --re").common, "--reverse ");
  EXPECT_TRUE(Of("put --li").candidates.empty());
}

TEST_F(CompletionTest, FileNamesAreForCommandsThatTakeFiles) {
  EXPECT_EQ(Of("import data/fr").common, "data/fruit.");
  EXPECT_EQ(Of("import data/fr").candidates, (Strings{"data/fruit.csv", "data/fruit.tsv"}));
  EXPECT_EQ(Of("import data/fruit.t").common, "data/fruit.tsv");
  EXPECT_EQ(Of("import data/.h").common, "data/.hidden");
  EXPECT_TRUE(Of("put data/fr").candidates.empty());
  EXPECT_TRUE(Of("import nowhere/x").candidates.empty());
}

TEST_F(CompletionTest, TheWordBehindACommandIsOneThatItTakes) {
  EXPECT_EQ(Of("family ").candidates, (Strings{"create", "drop", "rename"}));
  EXPECT_EQ(Of("  family cr").common, "create ");
  EXPECT_TRUE(Of("family create d").candidates.empty());
  EXPECT_TRUE(Of("put d").candidates.empty());
}

TEST_F(CompletionTest, WhatActsOnAFamilyTakesItsName) {
  EXPECT_EQ(Of("get --fa").common, "--family ");
  EXPECT_EQ(Of("family create x --co").common, "--compression ");
  EXPECT_TRUE(Of("verify --fa").candidates.empty());
}

TEST_F(CompletionTest, FamiliesAreNamedWhereOneIsMeant) {
  const Strings families = {"default", "users", "user sessions", "\x01", "-x"};
  const auto of = [&](std::string_view line) { return Complete(line, files_, families); };
  EXPECT_EQ(of("use ").candidates, (Strings{"default", "users"})) << "those that want quotes are left out";
  EXPECT_EQ(of("use u").common, "users ");
  EXPECT_EQ(of("get --family us").common, "users ");
  EXPECT_EQ(of("import --family us").common, "users ");
  EXPECT_EQ(of("stats --family us").common, "users ");
  EXPECT_EQ(of("dump x.wal --family us").common, "users ");
  EXPECT_EQ(of("family drop us").common, "users ");
  EXPECT_EQ(of("family rename us").common, "users ");
  EXPECT_TRUE(of("family create us").candidates.empty());
  EXPECT_TRUE(of("family rename users us").candidates.empty());
  EXPECT_TRUE(of("verify --family us").candidates.empty());
  EXPECT_TRUE(of("use users us").candidates.empty());
  EXPECT_TRUE(of("use \"us").candidates.empty());
}

TEST_F(CompletionTest, HelpTakesACommand) { EXPECT_EQ(Of("help ver").candidates, (Strings{"verify", "version"})); }

TEST_F(CompletionTest, KnowsWhereTheWordBegins) {
  EXPECT_EQ(Of("  sc").begin, 2u);
  EXPECT_EQ(Of("scan ").begin, 5u);
}

}  // namespace
}  // namespace amethyst::cli
