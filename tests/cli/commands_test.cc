#include "cli/commands.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "cli/help.h"
#include "cli/shell_fixture.h"
#include "io/system_environment.h"

namespace amethyst::cli {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Commands = ShellTest;

TEST_F(Commands, PutPrintsNothingAndGetPrintsTheValue) {
  const Answer put = Amethyst({"put", "apple", "artichoke"});
  EXPECT_EQ(put.code, ExitCode::kOk);
  EXPECT_EQ(put.out + put.err, "");
  const Answer get = Amethyst({"get", "apple"});
  EXPECT_EQ(get.out, "artichoke\n");
  EXPECT_EQ(get.code, ExitCode::kOk);
}

TEST_F(Commands, GetOfAnAbsentKeyIsExitCodeOne) {
  ASSERT_EQ(Amethyst({"put", "a", "1"}).code, ExitCode::kOk);
  const Answer plain = Amethyst({"get", "b"});
  EXPECT_EQ(plain.code, ExitCode::kNotFound);
  EXPECT_EQ(plain.out, "");
  EXPECT_EQ(plain.err, "not found: b\n");
  const Answer json = Amethyst({"get", "b", "--json"});
  EXPECT_EQ(json.code, ExitCode::kNotFound);
  EXPECT_EQ(json.out, "{\"key\":\"b\",\"value\":null}\n");
}

TEST_F(Commands, BinaryKeysAndValuesGoThroughQuotes) {
  const Answer answer = Pipe(R"(put "\x00\xff" "a\nb"
get "\x00\xff"
get --json "\x00\xff"
get --raw "\x00\xff"
)");
  EXPECT_EQ(answer.code, ExitCode::kOk) << answer.err;
  EXPECT_EQ(answer.out, "a\nb\n{\"key_base64\":\"AP8=\",\"value\":\"a\\nb\"}\na\nb");
}

TEST_F(Commands, EmptyValuesAreAnEmptyLine) { EXPECT_EQ(Pipe("put '' ''\nget ''\n").out, "\n"); }

TEST_F(Commands, DeleteTakesManyKeysAndAbsentOnes) {
  const Answer answer = Pipe("put a 1\nput b 2\nput c 3\ndelete a b nothing\nscan\n");
  EXPECT_EQ(answer.out, "2\nc\t3\n");
  EXPECT_EQ(answer.code, ExitCode::kOk);
}

TEST_F(Commands, DeleteTellsHowManyKeysThereWere) {
  ASSERT_EQ(Pipe("put a 1\nput b 2\nput c 3\nput d 4\n").code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"delete", "a", "a", "x"}).out, "1\n");
  EXPECT_EQ(Amethyst({"delete", "a"}).out, "0\n");
  EXPECT_EQ(Amethyst({"delete", "--json", "b", "x"}).out, "{\"removed\":1}\n");
  EXPECT_EQ(Amethyst({"delete", "--quiet", "c"}).out, "");
  EXPECT_EQ(Amethyst({"scan"}).out, "d\t4\n");
}

TEST_F(Commands, ScanHonoursItsRangeAndOptions) {
  ASSERT_EQ(Pipe("put a 1\nput b 2\nput ba 3\nput c 4\n").code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"scan"}).out, "a\t1\nb\t2\nba\t3\nc\t4\n");
  EXPECT_EQ(Amethyst({"scan", "b"}).out, "b\t2\nba\t3\nc\t4\n");
  EXPECT_EQ(Amethyst({"scan", "b", "c"}).out, "b\t2\nba\t3\n");
  EXPECT_EQ(Amethyst({"scan", "--prefix", "b"}).out, "b\t2\nba\t3\n");
  EXPECT_EQ(Amethyst({"scan", "--reverse", "--limit", "2", "--keys-only"}).out, "c\nba\n");
  EXPECT_EQ(Amethyst({"scan", "--reverse", "a", "ba"}).out, "b\t2\na\t1\n");
  EXPECT_EQ(Amethyst({"scan", "--limit", "0"}).out, "");
  EXPECT_EQ(Amethyst({"--json", "scan", "--limit=1"}).out, "{\"key\":\"a\",\"value\":\"1\"}\n");
  EXPECT_EQ(Amethyst({"scan", "--prefix", "b", "a"}).code, ExitCode::kUsage);
}

TEST_F(Commands, CountCountsARange) {
  ASSERT_EQ(Pipe("put a 1\nput b 2\nput \"b\\xff\\xff\" 3\nput c 4\n").code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"count"}).out, "4\n");
  EXPECT_EQ(Amethyst({"count", "--prefix", "b"}).out, "2\n");
  EXPECT_EQ(Amethyst({"count", "b", "--json"}).out, "{\"count\":3}\n");
}

TEST_F(Commands, ABatchIsAllOrNothing) {
  EXPECT_EQ(Pipe("put a 1\nbatch\nput b 2\ndelete a\nend\nscan\n").out, "b\t2\n");
  const Answer bad = Pipe("batch\nput c 3\npull d\nput e 5\nend\nscan\n");
  EXPECT_EQ(bad.code, ExitCode::kUsage);
  EXPECT_EQ(bad.out, "b\t2\n");
  EXPECT_THAT(bad.err, HasSubstr("line 3: expected put KEY VALUE, delete KEY..., deleterange FROM [TO], "));
  EXPECT_THAT(bad.err, HasSubstr("or end; found pull d"));
  const Answer cut_off = Pipe("batch\nput c 3\n");
  EXPECT_EQ(cut_off.code, ExitCode::kUsage);
  EXPECT_THAT(cut_off.err, HasSubstr("the batch has no end: nothing of it was written"));
  EXPECT_EQ(Amethyst({"count"}).out, "1\n");
}

TEST_F(Commands, ABatchFromStandardInputNeedsNoEnd) {
  EXPECT_EQ(Amethyst({"batch"}, "put a 1\nput b 2\n").code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"count"}).out, "2\n");
}

TEST_F(Commands, SeedIsDeterministic) {
  ASSERT_EQ(Amethyst({"seed", "3"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"count"}).out, "78\n");
  EXPECT_EQ(Amethyst({"get", "apple"}).out, "artichoke\n");
  EXPECT_EQ(Amethyst({"get", "ziziphus-000002"}).out, "beetroot\n");
  const std::string first = Amethyst({"scan"}).out;
  ASSERT_EQ(Amethyst({"clear", "--yes"}).code, ExitCode::kOk);
  ASSERT_EQ(Amethyst({"seed", "3"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"scan"}).out, first);
  EXPECT_EQ(Amethyst({"seed", "0"}).code, ExitCode::kUsage);
  EXPECT_EQ(Amethyst({"seed", "many"}).code, ExitCode::kUsage);
}

TEST_F(Commands, ReadingAMissingDatabaseSaysHowToMakeOne) {
  for (const std::string command : {"get", "scan", "count", "stats", "export", "verify", "inspect"}) {
    const Answer answer = command == "get" ? Amethyst({command, "a"}) : Amethyst({command});
    EXPECT_EQ(answer.code, ExitCode::kError) << command;
    EXPECT_THAT(answer.err, HasSubstr("there is no database here")) << command;
    EXPECT_THAT(answer.err, HasSubstr("put, import, seed and family create create it")) << command;
  }
  for (const std::string command : {"delete", "flush", "compact", "clear"}) {
    const Answer answer = command == "delete"  ? Amethyst({command, "a"})
                          : command == "clear" ? Amethyst({command, "--yes"})
                                               : Amethyst({command});
    EXPECT_EQ(answer.code, ExitCode::kError) << command;
  }
  EXPECT_EQ(Amethyst({"delete", "a"}).code, ExitCode::kError) << "nothing has created it";
}

TEST_F(Commands, ReadOnlyRefusesToWrite) {
  ASSERT_EQ(Amethyst({"put", "a", "1"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"--read-only", "get", "a"}).out, "1\n");
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"put", "b", "2"}, {"delete", "a"}, {"seed", "1"}, {"clear", "--yes"}, {"flush"}}) {
    std::vector<std::string> arguments = {"--read-only"};
    arguments.insert(arguments.end(), command.begin(), command.end());
    const Answer answer = Amethyst(arguments);
    EXPECT_EQ(answer.code, ExitCode::kError) << command.front();
    EXPECT_THAT(answer.err, HasSubstr("--read-only was given")) << command.front();
  }
  EXPECT_EQ(Amethyst({"count"}).out, "1\n");
}

TEST_F(Commands, ClearRefusesWithoutATerminal) {
  ASSERT_EQ(Amethyst({"put", "a", "1"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"clear"}).code, ExitCode::kUsage);
  EXPECT_EQ(Pipe("clear\ny\n").code, ExitCode::kUsage);
  EXPECT_EQ(Amethyst({"get", "a"}).out, "1\n");
  EXPECT_EQ(Amethyst({"clear", "--yes"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"get", "a"}).code, ExitCode::kError);
}

TEST_F(Commands, AnotherLibrarysDatabaseIsNamedAndLeftAsItIs) {
  std::filesystem::create_directories(database_);
  const auto write = [&](const std::string& name, std::string_view bytes) {
    ASSERT_TRUE(io::ReplaceFile(io::DefaultEnvironment()->files(), database_ + "/" + name, bytes));
  };
  write("CURRENT", "MANIFEST-000004\n");
  write("MANIFEST-000004", std::string("\x12\x34\x56\x78\x20\0\x01\x01\x1aleveldb.BytewiseComparator", 35));
  write("000003.log", "");
  for (const std::vector<std::string>& command : {std::vector<std::string>{"get", "a"},
                                                  {"put", "a", "1"},
                                                  {"verify"},
                                                  {"inspect"},
                                                  {"clear", "--yes"},
                                                  {"repair", directory_.File("saved")}}) {
    const Answer answer = Amethyst(command);
    EXPECT_EQ(answer.code, ExitCode::kError) << command.front();
    EXPECT_THAT(answer.err, HasSubstr("this is a LevelDB database; `amethyst --db NEW_DIRECTORY import --from-leveldb"))
        << command.front();
    EXPECT_THAT(answer.err, testing::Not(HasSubstr("put, import, seed and family create create it")))
        << command.front();
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(database_), {}), 3);
}

TEST_F(Commands, ABusyDatabaseIsNamedAndFilesCanBeReadAllTheSame) {
  ASSERT_EQ(Amethyst({"put", "a", "1"}).code, ExitCode::kOk);
  const auto owner = DB::Open(database_);
  ASSERT_TRUE(owner);
  const Answer answer = Amethyst({"put", "a", "2", "--json"});
  EXPECT_EQ(answer.code, ExitCode::kError);
  EXPECT_THAT(answer.err, StartsWith("{\"error\":{\"code\":\"Busy\",\"message\":"));
  for (const char* const command : {"inspect", "stats", "verify", "scan"}) {
    EXPECT_EQ(Amethyst({command}).code, ExitCode::kOk) << command;
  }
  ASSERT_TRUE((*owner)->Put("a", "now"));
  EXPECT_EQ(Amethyst({"get", "a"}).out, "now\n");
}

TEST_F(Commands, KeysOverTheLimitAreRefused) {
  const Answer answer = Amethyst({"put", std::string(kKeyBytesMax + 1, 'k'), "v"});
  EXPECT_EQ(answer.code, ExitCode::kError);
  EXPECT_THAT(answer.err, HasSubstr("8388608"));
}

TEST_F(Commands, FlushCompactAndStatsShowTables) {
  ASSERT_EQ(Pipe("put a 1\nflush\nput a 2\nflush\ncompact\n").code, ExitCode::kOk);
  EXPECT_THAT(Amethyst({"stats"}).out, HasSubstr("tables      1,"));
  EXPECT_THAT(Amethyst({"stats"}).out, Not(HasSubstr("writes"))) << "of a process that has just started";
  ASSERT_EQ(Amethyst({"put", "b", "3"}).code, ExitCode::kOk);
  EXPECT_THAT(Amethyst({"stats"}).out, HasSubstr(" in it alone"));
  EXPECT_THAT(Pipe("put b 2\nstats\n").out, HasSubstr("1 batches"));
  EXPECT_THAT(Amethyst({"stats", "--json"}).out, StartsWith("{\"writes\":"));
  EXPECT_EQ(Amethyst({"get", "a"}).out, "2\n");
}

TEST_F(Commands, LongOnesTellHowMuchTheyDidAndHowFast) {
  EXPECT_THAT(Amethyst({"seed", "10"}).err,
              testing::MatchesRegex("seeded 260 entries, .* in .* s \\(.*/s, .* MiB/s\\)\n"));
  EXPECT_THAT(Amethyst({"compact"}).err, testing::MatchesRegex("compacted .*B in .* s \\(.* MiB/s\\)\n"));
  EXPECT_THAT(Amethyst({"--json", "compact"}).err, StartsWith("{\"compacted_bytes\":"));
}

TEST_F(Commands, ATerminalSeesACompactionOnTheWay) {
  ASSERT_EQ(Pipe("put a 1\nflush\nput a 2\nflush\n").code, ExitCode::kOk);
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Console console(in, out, err);
  console.err_is_terminal = true;
  EXPECT_EQ(RunProgram({"--db", database_, "compact"}, console), ExitCode::kOk);
  EXPECT_THAT(err.str(), HasSubstr("compacted "));
  EXPECT_EQ(Amethyst({"scan"}).out, "a\t2\n");
}

TEST_F(Commands, EveryOneHasHelpWithItsUsage) {
  for (const CommandGroup& group : AllCommands()) {
    for (const Command& command : group.commands) {
      const std::string name(command.name);
      const Answer answer = Run({name, "--help"});
      EXPECT_EQ(answer.code, ExitCode::kOk) << name;
      EXPECT_THAT(answer.out, StartsWith("usage: amethyst [--db DIRECTORY] " + name));
      EXPECT_EQ(Run({"help", name}).out, answer.out);
      EXPECT_THAT(ProgramHelp(), HasSubstr("  " + name));
      const bool has_examples =
          answer.out.find("\n  amethyst ") != std::string::npos || answer.out.find("| amethyst") != std::string::npos;
      EXPECT_TRUE(has_examples || name == "quit" || name == "exit") << name;
    }
  }
}

TEST_F(Commands, WrongArgumentsPrintTheUsage) {
  const Answer answer = Amethyst({"put", "a"});
  EXPECT_EQ(answer.code, ExitCode::kUsage);
  EXPECT_EQ(answer.err,
            "amethyst: put: 1 of 2 arguments are missing\n  usage: put KEY VALUE [--if-absent] [--ttl DURATION] "
            "[--expires-at MOMENT] [--hex] [--escapes]\n");
}

}  // namespace
}  // namespace amethyst::cli
