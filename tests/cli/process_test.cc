// The program itself, as a shell script sees it: pipes, exit codes, signals. Covers: main, prompt, pager
#include <gmock/gmock.h>

#include <string>

#include "cli/process_fixture.h"

namespace amethyst::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST_F(Process, TheDefaultDatabaseIsUnderTheCurrentDirectory) {
  EXPECT_EQ(Bash("amethyst put apple artichoke && amethyst get apple && ls data").out, "artichoke\namethyst\n");
}

TEST_F(Process, AnExportGoesThroughPipesDevicesAndLinksAndLeavesThemWhatTheyAre) {
  const ProcessResult result = Bash(
      "amethyst put a 1; mkfifo pipe; mkdir d; echo old > d/target; ln -s d/target link; ln -s d/new dangling; "
      "cat pipe & amethyst export pipe --format tsv 2>/dev/null; wait; [ -p pipe ] && echo pipe; "
      "for to in link dangling /dev/null /dev/stdout; do amethyst export $to --format tsv 2>/dev/null || echo $to; "
      "done | "
      "cat; "
      "[ -L link ] && [ -L dangling ] && [ -c /dev/null ] && echo links; cat d/target d/new; ls d; "
      "amethyst export /dev/full --format tsv 2>&1 | grep -o 'No space.*'");
  EXPECT_EQ(result.out, "a\t1\npipe\na\t1\nlinks\na\t1\na\t1\nnew\ntarget\nNo space left on device\n");
}

TEST_F(Process, TheEnvironmentNamesTheDatabaseUnlessAnOptionDoes) {
  EXPECT_EQ(
      Bash("export AMETHYST_DB=shop; amethyst put a 1 && amethyst --db other put a 2 && amethyst get a && ls -d */; "
           "AMETHYST_DB= amethyst put a 3 && ls")
          .out,
      "1\nother/\nshop/\ndata\nother\nshop\n");
}

TEST_F(Process, AFileInTheHomeDirectoryOrNamedByTheEnvironmentSetsOptions) {
  EXPECT_EQ(
      Bash("mkdir -p .config/amethyst; echo 'db = ~/shop' > .config/amethyst/config; "
           "amethyst put a 1; ls; echo 'db = other' > config; AMETHYST_CONFIG=config amethyst put a 2; ls; "
           "AMETHYST_CONFIG= amethyst put a 3; ls; AMETHYST_CONFIG=none amethyst get a 2>&1 | grep -o 'open none: .*'")
          .out,
      "shop\nconfig\nother\nshop\nconfig\ndata\nother\nshop\nopen none: No such file or directory\n");
}

TEST_F(Process, ValuesOfAnyBytesGoInAndOutOfFiles) {
  EXPECT_EQ(Bash("head -c 100000 /dev/urandom > in; amethyst put k - < in; amethyst get --raw k | cmp - in && "
                 "amethyst get --output out k && cmp in out && amethyst get k | head -c 100000 | cmp - in && "
                 "ln -s out link && amethyst get --output link k && [ -L link ] && echo same; "
                 "printf '' | amethyst put k - && amethyst get k; amethyst get --output none absent 2>&1; echo $?; ls "
                 "none 2>&1 | wc -l; "
                 "printf 'put k -\\nget k\\n' | amethyst")
                .out,
            "same\n\nnot found: absent\n1\n1\n-\n");
}

TEST_F(Process, ExitCodesSayWhatHappened) {
  EXPECT_EQ(Bash("amethyst put a 1").status, 0);
  EXPECT_EQ(Bash("amethyst get b 2>&1").status, 1);
  EXPECT_EQ(Bash("amethyst frobnicate 2>&1").status, 2);
  EXPECT_EQ(Bash("amethyst --db absent get a 2>&1").status, 3);
  EXPECT_EQ(Bash("amethyst --help").status, 0);
}

TEST_F(Process, ReadsCommandsFromAPipe) {
  const ProcessResult result = Bash("printf 'put a 1\\nget a\\n' | amethyst");
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.out, "1\n");
  EXPECT_EQ(Bash("amethyst < /dev/null").status, 0);
}

TEST_F(Process, AReaderThatLeavesIsNoError) {
  const ProcessResult result =
      Bash("amethyst seed 3000 2>/dev/null; set -o pipefail; amethyst scan 2>&1 | head -n 1; echo $?");
  EXPECT_EQ(result.out, "apple\tartichoke\n141\n");
}

TEST_F(Process, AnOutputThatIsFullIsAnError) {
  const ProcessResult result = Bash("amethyst seed 10 2>/dev/null; amethyst scan 2>&1 >/dev/full");
  EXPECT_EQ(result.status, 3);
  EXPECT_EQ(result.out, "amethyst: cannot write the answer: No space left on device\n");
}

TEST_F(Process, WhileOneWritesAnotherIsToldSo) {
  const ProcessResult result = Bash(
      "mkfifo lines; (amethyst < lines > said) & exec 3> lines; printf 'put a 1\\nget a\\n' >&3; "
      "until grep -q 1 said; do :; done; amethyst get a 2>&1; echo $?; amethyst --json put b 2 2>&1; echo $?; exec "
      "3>&-; "
      "wait; "
      "amethyst get a");
  EXPECT_THAT(result.out, HasSubstr("(amethyst) has it open")) << "by the number and the name of its process";
  EXPECT_THAT(result.out, AllOf(HasSubstr("--wait SECONDS"), HasSubstr("commands that only read")));
  EXPECT_TRUE(result.out.starts_with("1\n0\n")) << "who only reads does so beside the other";
  EXPECT_THAT(result.out, HasSubstr("\n3\n"));
  EXPECT_THAT(result.out, HasSubstr("\"code\":\"Busy\""));
  EXPECT_TRUE(result.out.ends_with("\n1\n")) << result.out;
}

TEST_F(Process, AnInterruptStopsAnImportCleanly) {
  const ProcessResult result = Bash(
      "set -m; (i=0; while echo \"key$i\tvalue\"; do i=$((i+1)); done) 2>/dev/null | "
      "'" AMETHYST_SHELL_PROGRAM
      "' import 2> said & "
      "until [ -e data/amethyst/CURRENT ]; do :; done; kill -INT %1; wait %1; echo $?; amethyst verify > /dev/null; "
      "echo $?; cat "
      "said");
  EXPECT_THAT(result.out, testing::StartsWith("130\n0\n"));
  EXPECT_THAT(result.out, HasSubstr("interrupted"));
}

TEST_F(Process, WhatWasAcknowledgedSurvivesKill) {
  const ProcessResult result =
      Bash("mkfifo lines; (exec '" AMETHYST_SHELL_PROGRAM
           "' < lines > said) & exec 3> lines; "
           "for i in 1 2 3; do printf 'put key%s %s\\n' $i $i >&3; done; echo 'get key3' >&3; "
           "until grep -q 3 said; do :; done; kill -9 $!; wait $! 2>/dev/null; exec 3>&-; amethyst scan");
  EXPECT_EQ(result.out, "key1\t1\nkey2\t2\nkey3\t3\n");
}

TEST_F(Process, APromptOnATerminalKeepsItsHistory) {
  if (Bash("command -v script").status != 0) GTEST_SKIP() << "the program 'script', which makes a terminal, is missing";
  const ProcessResult result = Bash("printf 'put a 1\\nget a\\nquit\\n' | script -qec '" AMETHYST_SHELL_PROGRAM
                                    "' /dev/null; cat .local/state/amethyst/history");
  EXPECT_THAT(result.out, HasSubstr("amethyst> "));
  EXPECT_THAT(result.out, HasSubstr("ok"));
  EXPECT_THAT(result.out, HasSubstr("get\\040a"));
}

TEST_F(Process, ALongPictureOnATerminalGoesThroughThePager) {
  if (Bash("command -v script").status != 0) GTEST_SKIP() << "the program 'script', which makes a terminal, is missing";
  const auto inspect = [this](const std::string& rows, const std::string& pager) {
    return Bash("export PAGER=" + pager + "; script -qec \"stty rows " + rows +
                " cols 100; '" AMETHYST_SHELL_PROGRAM "' inspect\" /dev/null < /dev/null | tr -d '\\r'");
  };
  Bash("amethyst put a 1; amethyst flush");
  EXPECT_THAT(inspect("3", "\"sed 's/^/paged: /'\"").out, HasSubstr("paged: space "));
  for (const auto& [rows, pager] :
       {std::pair("50", "'sed s/^/paged:/'"), {"3", "''"}, {"3", "cat"}, {"3", "missing"}}) {
    const ProcessResult result = inspect(rows, pager);
    EXPECT_THAT(result.out, HasSubstr("\nspace ")) << pager;
    EXPECT_EQ(result.status, 0);
  }
  EXPECT_THAT(Bash("PAGER='sed s/^/paged:/' amethyst inspect | cat").out, HasSubstr("\nspace ")) << "no terminal";
}

TEST_F(Process, APromptOnATerminalShowsTheFamilyAndAsksBeforeItDropsOne) {
  if (Bash("command -v script").status != 0) GTEST_SKIP() << "the program 'script', which makes a terminal, is missing";
  const ProcessResult result = Bash(
      "printf 'family create users\\nuse users\\nput k 1\\nuse nobody\\nfamily drop users\\nn\\nget k\\n"
      "family drop users\\ny\\nfamilies\\nquit\\n' | script -qec '" AMETHYST_SHELL_PROGRAM "' /dev/null");
  EXPECT_THAT(result.out, HasSubstr("amethyst:users> "));
  EXPECT_THAT(result.out, HasSubstr("there is no family \"nobody\""));
  EXPECT_THAT(result.out, HasSubstr("Really drop family users with all its entries, about "));
  EXPECT_THAT(result.out, HasSubstr("nothing was removed"));
  EXPECT_EQ(Bash("amethyst families").out, "default\t0 B\n");
}

}  // namespace
}  // namespace amethyst::cli
