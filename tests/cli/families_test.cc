// Families in the shell. Covers: family_commands, family_settings, confirm, session, batch_command, import_command
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "amethyst/amethyst.h"
#include "cli/shell_fixture.h"

namespace amethyst::cli {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class Families : public ShellTest {
 protected:
  void SetUp() override { ASSERT_EQ(Amethyst({"family", "create", "users"}).code, ExitCode::kOk); }
  std::string Names() {
    const std::string lines = Amethyst({"families"}).out;
    std::string names;
    for (size_t at = 0; at < lines.size(); at = lines.find('\n', at) + 1) {
      names += lines.substr(at, lines.find('\t', at) - at) + ' ';
    }
    return names;
  }
  void ExpectUsage(const std::vector<std::string>& arguments, const std::string& message) {
    const Answer answer = Amethyst(arguments);
    EXPECT_EQ(answer.code, ExitCode::kUsage) << testing::PrintToString(arguments);
    EXPECT_EQ(answer.out, "");
    EXPECT_THAT(answer.err, HasSubstr(message)) << testing::PrintToString(arguments);
  }
};

TEST_F(Families, AreListedWithTheirSizes) {
  EXPECT_EQ(Amethyst({"families"}).out, "default\t0 B\nusers\t0 B\n");
  EXPECT_EQ(Amethyst({"families", "--json"}).out,
            "{\"name\":\"default\",\"id\":0,\"bytes\":0,\"tables\":0,\"entries\":0,\"deletes\":0,\"range_deletes\":0}\n"
            "{\"name\":\"users\",\"id\":1,\"bytes\":0,\"tables\":0,\"entries\":0,\"deletes\":0,\"range_deletes\":0}\n");
  ASSERT_EQ(Pipe("use users\nseed 10\n").code, ExitCode::kOk);
  EXPECT_THAT(Amethyst({"families"}).out, MatchesRegex("default\t0 B\nusers\t[1-9].*B\n"));
}

TEST_F(Families, EveryCommandOfKeysActsOnTheFamilyThatIsNamed) {
  ASSERT_EQ(Amethyst({"put", "k", "of default"}).code, ExitCode::kOk);
  ASSERT_EQ(Amethyst({"put", "--family", "users", "k", "of users"}).code, ExitCode::kOk);
  ASSERT_EQ(Amethyst({"--family", "users", "put", "l", "2"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"get", "k"}).out, "of default\n");
  EXPECT_EQ(Amethyst({"get", "--family=users", "k"}).out, "of users\n");
  EXPECT_EQ(Amethyst({"--family", "users", "get", "--family", "default", "k"}).out, "of default\n");
  EXPECT_EQ(Amethyst({"get", "l"}).code, ExitCode::kNotFound);
  EXPECT_EQ(Amethyst({"scan", "--family", "users"}).out, "k\tof users\nl\t2\n");
  EXPECT_EQ(Amethyst({"count"}).out + Amethyst({"count", "--family", "users"}).out, "1\n2\n");
  EXPECT_EQ(Amethyst({"expiry", "--family", "users", "l"}).out, "never\n");
  EXPECT_EQ(Amethyst({"compact", "--family", "users"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"delete", "--family", "users", "k", "x"}).out, "1\n");
  EXPECT_EQ(Amethyst({"deleterange", "--family", "users", "a", "k"}).out, "0\n");
  EXPECT_EQ(Amethyst({"deleteprefix", "--family", "users", ""}).out, "1\n");
  EXPECT_EQ(Amethyst({"seed", "--family", "users", "1"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"count"}).out + Amethyst({"count", "--family", "users"}).out, "1\n26\n");
}

TEST_F(Families, CommandsThatActOnNoneDoNotTakeOne) {
  for (const std::string command : {"flush", "families", "clear", "verify"}) {
    ExpectUsage({command, "--family", "users"}, "unknown option --family");
  }
}

TEST_F(Families, UseHoldsForTheLinesThatFollow) {
  const Answer answer =
      Pipe("put k 1\nuse users\nput k 2\nget k\nget --family default k\nuse default\nget k\nuse users\nscan\ncount\n");
  EXPECT_EQ(answer.code, ExitCode::kOk) << answer.err;
  EXPECT_EQ(answer.out, "2\n1\n1\nk\t2\n1\n");
  EXPECT_EQ(Amethyst({"get", "k"}).out, "1\n") << "and no longer than the session";
  ExpectUsage({"use", "users"}, "--family NAME stands before a command");
}

TEST_F(Families, AFamilyThatIsNotThereIsAWrongArgumentThatNamesThoseThatAre) {
  const std::string message = "there is no family \"user\"; there are \"default\", \"users\"";
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{{"get", "k"},
                                                                                       {"put", "k", "1"},
                                                                                       {"delete", "k"},
                                                                                       {"scan"},
                                                                                       {"count"},
                                                                                       {"deleterange", "a"},
                                                                                       {"deleteprefix", "a"},
                                                                                       {"seed", "1"},
                                                                                       {"export"},
                                                                                       {"import"},
                                                                                       {"compact"},
                                                                                       {"expiry", "k"},
                                                                                       {"incr", "k"},
                                                                                       {"merge", "k", "1"}}) {
    std::vector<std::string> arguments = {"--family", "user"};
    arguments.insert(arguments.end(), command.begin(), command.end());
    ExpectUsage(arguments, message);
  }
  ExpectUsage({"family", "drop", "user", "--yes"}, message);
  ExpectUsage({"family", "rename", "user", "people"}, message);
  ExpectUsage({"get", "--family", "", "k"}, "there is no family \"\"");
  EXPECT_EQ(Names(), "default users ");
}

TEST_F(Families, InAPipeAUseThatFailsKeepsWhatFollowsFromAnyOtherFamily) {
  const Answer answer = Pipe("put a 1\nuse user\ndeleteprefix ''\nput b 2\n");
  EXPECT_EQ(answer.code, ExitCode::kUsage);
  EXPECT_THAT(answer.err, HasSubstr("line 2: use: there is no family \"user\""));
  EXPECT_THAT(answer.err, HasSubstr("line 3: there is no family \"user\""));
  EXPECT_EQ(Amethyst({"scan"}).out, "a\t1\n");
}

TEST_F(Families, NoDatabaseIsCreatedForAFamilyThatCannotBeThere) {
  const std::string none = directory_.File("none");
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"put", "k", "1"}, {"seed", "1"}, {"batch"}}) {
    std::vector<std::string> arguments = {"--db", none, "--family", "users"};
    arguments.insert(arguments.end(), command.begin(), command.end());
    const Answer answer = Run(arguments, "put k 1\n");
    EXPECT_GE(answer.code, ExitCode::kUsage) << command.front();
    EXPECT_THAT(answer.err, HasSubstr("there is no database here"));
  }
  EXPECT_EQ(Run({"--db", none}, "use default\n").code, ExitCode::kOk);
  EXPECT_FALSE(std::filesystem::exists(none));
}

TEST_F(Families, NamesMayHaveAnyBytesUpTo255) {
  const std::string longest(255, 'x');
  EXPECT_EQ(Amethyst({"family", "create", "two words"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"family", "create", longest}).code, ExitCode::kOk);
  EXPECT_EQ(Pipe("family create \"a\\n\\x1b\\xff\"\nuse \"a\\n\\x1b\\xff\"\nput k 1\nscan\n").out, "k\t1\n");
  EXPECT_EQ(Names(), "default users two words " + longest + " \"a\\n\\x1b\\xff\" ");
  EXPECT_THAT(Amethyst({"families", "--json"}).out, HasSubstr("{\"name_base64\":\"YQob/w==\",\"id\":4,"));
  EXPECT_EQ(Amethyst({"--family", "two words", "put", "k", "2"}).code, ExitCode::kOk);
  EXPECT_EQ(Pipe("use \"two words\"\nget k\n").out, "2\n");
  ExpectUsage({"family", "create", longest + "x"}, "a family's name has 256 bytes; it must have 1 to 255");
  ExpectUsage({"family", "create", ""}, "a family's name has 0 bytes");
  ExpectUsage({"family", "rename", "users", ""}, "a family's name has 0 bytes");
  ExpectUsage({"family", "create", "users"}, "there is a family \"users\" already");
  ExpectUsage({"family", "create", "default"}, "there is a family \"default\" already");
}

TEST_F(Families, TheirSettingsAreChecked) {
  EXPECT_EQ(
      Amethyst({"family", "create", "a", "--compression", "zstd", "--block-size", "64K", "--filter-rate", "0.1"}).code,
      ExitCode::kOk);
  ExpectUsage({"family", "create", "b", "--compression", "gzip"}, "--compression is none, lz4 or zstd, not gzip");
  ExpectUsage({"family", "create", "b", "--block-size", "big"}, "--block-size is a size");
  ExpectUsage({"family", "create", "b", "--block-size", "5"}, "block_bytes is 5");
  ExpectUsage({"family", "create", "b", "--block-size", "99999999999999999999"}, "--block-size is a size");
  ExpectUsage({"family", "create", "b", "--filter-rate", "much"}, "--filter-rate is a number");
  for (const std::string rate : {"0", "-1", "1.5", "nan", "inf"}) {
    ExpectUsage({"family", "create", "b", "--filter-rate", rate}, "filter_false_positive_rate");
  }
  ExpectUsage({"family", "create", "b", "--merge", "int64"}, "--merge is int64.add, uint64.add, bit.or, max, min, ");
  ExpectUsage({"family", "create", "b", "--merge", ""}, "--merge is ");
  ExpectUsage({"family", "create", "b", "--ttl", "-5s"}, "--ttl: -5s is no duration");
  ExpectUsage({"family", "create", "b", "--ttl", "0s"}, "--ttl: a duration is over 0");
  ExpectUsage({"family", "create", "b", "--ttl", "9999999d"}, "after the year 9999");
  EXPECT_EQ(Names(), "default users a ");
}

TEST_F(Families, WordsAndOptionsMustFitTheDeed) {
  ExpectUsage({"family", "make", "a"}, "it is create, drop or rename, not make");
  ExpectUsage({"family", "create", "a", "b"}, "create takes NAME");
  ExpectUsage({"family", "rename", "users"}, "rename takes NAME and NEW_NAME");
  ExpectUsage({"family", "drop"}, "1 of 2 arguments are missing");
  ExpectUsage({"family", "drop", "users", "--yes", "--ttl", "5s"}, "--ttl is not for drop");
  ExpectUsage({"family", "create", "a", "--yes"}, "--yes is not for create");
  EXPECT_EQ(Names(), "default users ");
}

TEST_F(Families, DropTakesAllThatIsInItAndWantsToBeToldSo) {
  ASSERT_EQ(Amethyst({"--family", "users", "put", "k", "1"}).code, ExitCode::kOk);
  ExpectUsage({"family", "drop", "users"}, "add --yes to drop family users with all its entries");
  EXPECT_EQ(Names(), "default users ");
  EXPECT_EQ(Amethyst({"family", "drop", "users", "--yes"}).code, ExitCode::kOk);
  EXPECT_EQ(Names(), "default ");
  EXPECT_EQ(Amethyst({"family", "create", "users"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"count", "--family", "users"}).out, "0\n");
  ExpectUsage({"family", "drop", "default", "--yes"}, "the default family cannot be dropped");
  ExpectUsage({"family", "drop", "default"}, "the default family cannot be dropped");
  ExpectUsage({"family", "rename", "default", "other"}, "the default family cannot be renamed");
}

TEST_F(Families, OneThatIsDroppedWhileItIsInUseIsMissedByWhatFollows) {
  const Answer answer = Pipe("use users\nput k 1\nfamily drop users --yes\nput k 2\nget k\nuse default\ncount\n");
  EXPECT_EQ(answer.code, ExitCode::kUsage);
  EXPECT_EQ(answer.out, "0\n");
  EXPECT_THAT(answer.err, HasSubstr("line 4: there is no family \"users\"; there are \"default\""));
}

TEST_F(Families, AnotherNameKeepsWhatIsInItAndTheUseOfIt) {
  EXPECT_EQ(Pipe("use users\nput k 1\nfamily rename users people\nget k\n").out, "1\n");
  EXPECT_EQ(Names(), "default people ");
  ASSERT_EQ(Amethyst({"family", "create", "users"}).code, ExitCode::kOk);
  ExpectUsage({"family", "rename", "people", "users"}, "there is a family \"users\" already");
  EXPECT_EQ(Amethyst({"--family", "people", "get", "k"}).out, "1\n");
}

TEST_F(Families, ClearIsRefusedToWhoeverWorksInOne) {
  ASSERT_EQ(Amethyst({"put", "k", "1"}).code, ExitCode::kOk);
  ExpectUsage({"--family", "users", "clear", "--yes"}, "it removes all families: leave users first");
  EXPECT_EQ(Pipe("use users\nclear --yes\n").code, ExitCode::kUsage);
  EXPECT_EQ(Amethyst({"get", "k"}).out, "1\n");
  EXPECT_EQ(Pipe("use users\nuse default\nclear --yes\n").code, ExitCode::kOk);
  EXPECT_FALSE(std::filesystem::exists(database_));
}

TEST_F(Families, ReadOnlySessionsListAndUseButDoNotChangeThem) {
  EXPECT_EQ(Amethyst({"--read-only"}, "families\nuse users\ncount\n").out, "default\t0 B\nusers\t0 B\n0\n");
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"create", "a"}, {"drop", "users", "--yes"}, {"rename", "users", "a"}}) {
    std::vector<std::string> arguments = {"--read-only", "family"};
    arguments.insert(arguments.end(), command.begin(), command.end());
    const Answer answer = Amethyst(arguments);
    EXPECT_EQ(answer.code, ExitCode::kError) << command.front();
    EXPECT_THAT(answer.err, HasSubstr("--read-only was given"));
  }
}

TEST_F(Families, ABatchIsWholeOverSeveral) {
  const std::string lines = "put a 1\nput --family users b 2\nput --family=users c 3\ndelete --family users b\n";
  EXPECT_EQ(Amethyst({"batch"}, lines).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"scan"}).out + Amethyst({"scan", "--family", "users"}).out, "a\t1\nc\t3\n");
  EXPECT_EQ(Pipe("use users\nbatch\nput d 4\ndeleteprefix c\nput --family default e 5\nend\nscan\n").out, "d\t4\n");
  EXPECT_EQ(Amethyst({"scan"}).out, "a\t1\ne\t5\n");
  EXPECT_EQ(Amethyst({"batch", "--family", "users"}, "deleterange ''\nput \"--family\" 1\n").code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"scan", "--family", "users"}).out, "--family\t1\n");
  const Answer bad = Amethyst({"batch"}, "put a 2\nput --family user b 2\nput --famly users b 2\n");
  EXPECT_EQ(bad.code, ExitCode::kUsage);
  EXPECT_THAT(bad.err, HasSubstr("line 2: there is no family \"user\"; there are \"default\", \"users\""));
  EXPECT_THAT(bad.err, HasSubstr("line 3: put: unknown option --famly, did you mean --family?"));
  EXPECT_EQ(Amethyst({"get", "a"}).out, "1\n");
}

TEST_F(Families, ImportsAndExportsAreOfOne) {
  const std::string path = directory_.File("in.tsv");
  std::ofstream(path) << "a\t1\nb\t2\n" << std::string(1000, 'k') << '\t' << std::string(100'000, 'v') << '\n';
  EXPECT_EQ(Amethyst({"import", "--family", "users", path}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"count"}).out + Amethyst({"count", "--family", "users"}).out, "0\n3\n");
  const std::string out = directory_.File("out.dump");
  EXPECT_EQ(Amethyst({"export", "--family", "users", out}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"family", "create", "copy"}).code, ExitCode::kOk);
  EXPECT_EQ(Pipe("use copy\nimport " + out + "\n").code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"scan", "--family", "copy"}).out, Amethyst({"scan", "--family", "users"}).out);
  EXPECT_EQ(Amethyst({"import", "--family", "nobody", path}).code, ExitCode::kUsage);
  ExpectUsage({"import", "--family", "users", "--column-family", "x", path}, "--column-family is for RocksDB and LMDB");
}

// The import opens the database anew, with more memory, in the middle of it.
TEST_F(Families, AnImportStaysInItsFamilyWhenALargeEntryWantsMoreMemory) {
  const std::string path = directory_.File("large.tsv");
  std::ofstream(path) << "a\t1\nlarge\t" << std::string(size_t{70} << 20, 'v') << "\nz\t2\n";
  EXPECT_EQ(Amethyst({"import", "--family", "users", path}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"scan", "--keys-only", "--family", "users"}).out, "a\nlarge\nz\n");
  EXPECT_EQ(Amethyst({"count"}).out, "0\n");
}

}  // namespace
}  // namespace amethyst::cli
