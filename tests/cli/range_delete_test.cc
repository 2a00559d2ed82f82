// Deletes of ranges and prefixes. Covers: range_commands, batch_command, inspect_commands
#include <gmock/gmock.h>

#include <filesystem>

#include "amethyst/amethyst.h"
#include "cli/shell_fixture.h"
#include "support/copy_live.h"

namespace amethyst::cli {
namespace {

using testing::HasSubstr;

class RangeDeletes : public ShellTest {
 protected:
  void SetUp() override {
    ASSERT_EQ(Pipe("put a 1\nput b 2\nput ba 3\nput c 4\nput \"\\xff\" 5\n").code, ExitCode::kOk);
  }
  std::string Keys() { return Amethyst({"scan", "--keys-only"}).out; }
};

TEST_F(RangeDeletes, ARangeIsRemovedUpToItsEndAndCounted) {
  EXPECT_EQ(Amethyst({"deleterange", "b", "c"}).out, "2\n");
  EXPECT_EQ(Keys(), "a\nc\n\"\\xff\"\n");
  EXPECT_EQ(Amethyst({"deleterange", "b", "c"}).out, "0\n");
  EXPECT_EQ(Amethyst({"deleterange", "c", "c"}).out, "0\n");
  EXPECT_EQ(Amethyst({"deleterange", "--json", "a", "b"}).out, "{\"removed\":1}\n");
  EXPECT_EQ(Keys(), "c\n\"\\xff\"\n");
}

TEST_F(RangeDeletes, ARangeMayBeOpenOnEitherSide) {
  EXPECT_EQ(Amethyst({"deleterange", "c"}).out, "2\n");
  EXPECT_EQ(Keys(), "a\nb\nba\n");
  EXPECT_EQ(Amethyst({"deleterange", "", "b"}).out, "1\n");
  EXPECT_EQ(Keys(), "b\nba\n");
  EXPECT_EQ(Amethyst({"deleterange", ""}).out, "2\n");
  EXPECT_EQ(Keys(), "");
  EXPECT_EQ(Amethyst({"deleterange"}).code, ExitCode::kUsage) << "all keys are removed only by somebody who says so";
}

TEST_F(RangeDeletes, APrefixIsRemovedWithAllThatBeginsWithIt) {
  EXPECT_EQ(Amethyst({"deleteprefix", "b"}).out, "2\n");
  EXPECT_EQ(Keys(), "a\nc\n\"\\xff\"\n");
  EXPECT_EQ(Amethyst({"deleteprefix", "--hex", "ff"}).out, "1\n");
  EXPECT_EQ(Keys(), "a\nc\n");
  EXPECT_EQ(Amethyst({"deleteprefix", ""}).out, "2\n");
  EXPECT_EQ(Keys(), "");
}

TEST_F(RangeDeletes, QuietOnesPrintAndCountNothing) {
  const Answer range = Amethyst({"deleterange", "--quiet", "a", "b"});
  const Answer prefix = Amethyst({"deleteprefix", "--quiet", "b"});
  EXPECT_EQ(range.out + range.err + prefix.out + prefix.err, "");
  EXPECT_EQ(Keys(), "c\n\"\\xff\"\n");
}

TEST_F(RangeDeletes, BoundsAreReadInTheNotationThatIsAskedFor) {
  EXPECT_EQ(Amethyst({"deleterange", "--hex", "6261", "64"}).out, "2\n");
  EXPECT_EQ(Amethyst({"deleterange", "--escapes", "\\xff"}).out, "1\n");
  EXPECT_EQ(Keys(), "a\nb\n");
  EXPECT_EQ(Amethyst({"deleterange", "--hex", "6"}).code, ExitCode::kUsage);
  EXPECT_EQ(Amethyst({"deleteprefix", "--hex", "--escapes", "61"}).code, ExitCode::kUsage);
  EXPECT_EQ(Keys(), "a\nb\n");
}

TEST_F(RangeDeletes, ARangeThatEndsBeforeItBeginsIsRefused) {
  const Answer answer = Amethyst({"deleterange", "c", "a"});
  EXPECT_EQ(answer.code, ExitCode::kError);
  EXPECT_EQ(answer.out, "");
  EXPECT_THAT(answer.err, HasSubstr("ends before it begins"));
  EXPECT_EQ(Amethyst({"count"}).out, "5\n");
}

TEST_F(RangeDeletes, NeitherCreatesADatabaseNorWritesToOneOpenForReading) {
  for (const std::string command : {"deleterange", "deleteprefix"}) {
    EXPECT_EQ(Run({"--db", directory_.File("none"), command, "a"}).code, ExitCode::kError) << command;
    EXPECT_FALSE(std::filesystem::exists(directory_.File("none")));
    const Answer answer = Amethyst({"--read-only", command, "a"});
    EXPECT_EQ(answer.code, ExitCode::kError) << command;
    EXPECT_THAT(answer.err, HasSubstr("--read-only was given"));
  }
  EXPECT_EQ(Amethyst({"count"}).out, "5\n");
}

TEST_F(RangeDeletes, BatchesHoldThemAndActInTheirOrder) {
  EXPECT_EQ(Pipe("batch\nput bb gone\ndeleteprefix b\nput ba later\ndeleterange c\nend\nscan\n").out,
            "a\t1\nba\tlater\n");
  EXPECT_EQ(Amethyst({"batch"}, "put c 1\ndeleterange '' b\n").code, ExitCode::kOk);
  EXPECT_EQ(Keys(), "ba\nc\n");
  const Answer bad = Amethyst({"batch"}, "deleterange\ndeleterange a b c\ndeleteprefix\ndeleteprefix a b\nput d 1\n");
  EXPECT_EQ(bad.code, ExitCode::kUsage);
  EXPECT_THAT(bad.err, HasSubstr("expected put KEY VALUE, delete KEY..., deleterange FROM [TO], deleteprefix PREFIX"));
  EXPECT_THAT(bad.err, HasSubstr("found deleteprefix a b"));
  EXPECT_EQ(Amethyst({"batch"}, "put d 1\ndeleterange c b\n").code, ExitCode::kError);
  EXPECT_EQ(Keys(), "ba\nc\n") << "all or nothing";
}

// The log of a database that was killed with range deletes in it.
TEST_F(RangeDeletes, ADumpOfTheLogShowsTheirBounds) {
  const std::filesystem::path log = directory_.File("killed.wal");
  {
    auto db = DB::Open(database_);
    ASSERT_TRUE(db);
    ASSERT_TRUE((*db)->DeleteRange("b", "b\xff"));
    ASSERT_TRUE((*db)->DeleteRange(std::nullopt, ""));
    ASSERT_TRUE((*db)->DeletePrefix("\xff"));
    ASSERT_TRUE((*db)->Put("k", "v"));
    std::filesystem::copy_file(support::LogIn(database_), log);
  }
  const Answer text = Amethyst({"dump", log});
  EXPECT_EQ(text.code, ExitCode::kOk) << text.err;
  EXPECT_THAT(text.out, HasSubstr("\trange delete\tb\t..\t\"b\\xff\"\n"));
  EXPECT_THAT(text.out, HasSubstr("\trange delete\t\t..\t\"\"\n"));
  EXPECT_THAT(text.out, HasSubstr("\trange delete\t\"\\xff\"\t..\t\n"));
  EXPECT_THAT(text.out, HasSubstr("\tput\tk\tv\n"));
  const Answer json = Amethyst({"dump", "--json", log});
  EXPECT_THAT(json.out, HasSubstr("\"kind\":\"range delete\",\"begin\":\"b\",\"end_base64\":\"Yv8=\"}\n"));
  EXPECT_THAT(json.out, HasSubstr("\"kind\":\"range delete\",\"begin\":null,\"end\":\"\"}\n"));
  EXPECT_THAT(json.out, HasSubstr("\"kind\":\"range delete\",\"begin_base64\":\"/w==\",\"end\":null}\n"));
  const Answer inspected = Amethyst({"inspect", log});
  EXPECT_EQ(inspected.code, ExitCode::kOk) << inspected.err;
  EXPECT_THAT(inspected.out, HasSubstr("    1 entries from sequence"));
}

}  // namespace
}  // namespace amethyst::cli
