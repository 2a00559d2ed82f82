// Covers: import_command, export_command, file_stream
#include <gmock/gmock.h>

#include "amethyst/db.h"
#include "cli/shell_fixture.h"
#include "io/system_environment.h"

namespace amethyst::cli {
namespace {

using testing::HasSubstr;

class ImportExport : public ShellTest {
 protected:
  std::string Write(const std::string& name, std::string_view text) {
    const std::string path = directory_.File(name);
    EXPECT_TRUE(io::ReplaceFile(io::DefaultEnvironment()->files(), path, text));
    return path;
  }
  static std::string Read(const std::string& path) {
    return io::ReadFile(io::DefaultEnvironment()->files(), path).value_or("unreadable");
  }
};

TEST_F(ImportExport, RoundTripsThroughEveryFormatAndFile) {
  ASSERT_EQ(Pipe("put a 1\nput \"\\x00\\xff\\n\" \"\\t,\\\"\"\nput '' ''\nput b \"gr\xc3\xbcn\"\n").code,
            ExitCode::kOk);
  const std::string original = Amethyst({"export"}).out;
  for (const std::string suffix : {"tsv", "csv", "jsonl", "dump"}) {
    const std::string path = directory_.File("out." + suffix);
    const Answer out = Amethyst({"export", path});
    ASSERT_EQ(out.code, ExitCode::kOk) << out.err;
    EXPECT_THAT(out.err, HasSubstr("exported 4 entries"));
    const std::string copy = directory_.File("copy-" + suffix);
    ASSERT_EQ(Run({"--db", copy, "import", path}).code, ExitCode::kOk) << suffix;
    EXPECT_EQ(Run({"--db", copy, "export"}).out, original) << suffix;
    EXPECT_EQ(Run({"--db", copy, "export", "--format", suffix}).out, Read(path)) << suffix;
  }
}

TEST_F(ImportExport, ReadsStandardInputAndWritesStandardOutput) {
  ASSERT_EQ(Amethyst({"import"}, "b\t2\na\t1\n").code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"export"}).out, "a\t1\nb\t2\n");
  EXPECT_EQ(Amethyst({"export", "--prefix", "b"}).out, "b\t2\n");
  ASSERT_EQ(Amethyst({"import", "--format=csv", "-"}, "key,value\nc,3\n").code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"get", "c"}).out, "3\n");
  EXPECT_EQ(Pipe("import\n").code, ExitCode::kUsage) << "its lines are commands";
}

TEST_F(ImportExport, AMalformedLineIsNamedAndWhatStandsBeforeItStays) {
  const std::string path = Write("in.tsv", "a\t1\nbad\nc\t3\n");
  const Answer answer = Amethyst({"import", path});
  EXPECT_EQ(answer.code, ExitCode::kError);
  EXPECT_THAT(answer.err, HasSubstr(path + ":2: expected key, tab, value; found no tab"));
  EXPECT_THAT(answer.err, HasSubstr("imported 1 entry"));
  EXPECT_EQ(Amethyst({"scan"}).out, "a\t1\n");
}

TEST_F(ImportExport, SkipBadCountsAndGoesOn) {
  const Answer answer =
      Amethyst({"import", "--skip-bad"}, "a\t1\nbad\n" + std::string(kKeyBytesMax + 1, 'k') + "\tv\nc\t3\n");
  EXPECT_EQ(answer.code, ExitCode::kOk);
  EXPECT_THAT(answer.err, HasSubstr("imported 2 entries"));
  EXPECT_THAT(answer.err, HasSubstr("skipped 2 bad records"));
  EXPECT_EQ(Amethyst({"scan"}).out, "a\t1\nc\t3\n");
}

TEST_F(ImportExport, AKeyOverTheLimitIsNamedWithItsLine) {
  const Answer answer = Amethyst({"import"}, "a\t1\n" + std::string(kKeyBytesMax + 1, 'k') + "\tv\n");
  EXPECT_EQ(answer.code, ExitCode::kError);
  EXPECT_THAT(answer.err, HasSubstr("standard input:2: the key has 8388609 bytes, 8388608 is the most"));
}

TEST_F(ImportExport, AValueOverTheLimitIsNamedWithItsLineAndCanBeSkipped) {
  const std::string lines = "a\t1\nb\t" + std::string(2 << 20, 'v') + "\nc\t3\n";
  const Answer answer = Amethyst({"--memory", "4M", "import"}, lines);
  EXPECT_EQ(answer.code, ExitCode::kError);
  EXPECT_THAT(answer.err, HasSubstr("standard input:2: the entry has 2097153 bytes"));
  EXPECT_THAT(answer.err, HasSubstr("--memory"));
  EXPECT_EQ(Amethyst({"scan"}).out, "a\t1\n");

  const Answer skipped = Amethyst({"--memory", "4MiB", "import", "--skip-bad"}, lines);
  EXPECT_EQ(skipped.code, ExitCode::kOk) << skipped.err;
  EXPECT_THAT(skipped.err, HasSubstr("skipped 1 bad record"));
  EXPECT_EQ(Amethyst({"scan"}).out, "a\t1\nc\t3\n");

  const std::string dump = Run({"--db", directory_.File("large"), "import"}, lines).code == ExitCode::kOk
                               ? Run({"--db", directory_.File("large"), "export", "--format", "dump"}).out
                               : "";
  EXPECT_THAT(Amethyst({"--memory=4M", "import", "--skip-bad", "--format=dump"}, dump).err,
              HasSubstr("imported 2 entries"));
}

TEST_F(ImportExport, WhatADatabaseOfMoreMemoryHoldsComesOutAndInAgain) {
  const std::string value(70 << 20, '\\');  // Over a quarter of the shell's usual memory; twice that in a line.
  {
    auto db = DB::Open(database_, {.memory_budget_bytes = size_t{512} << 20});
    ASSERT_TRUE(db) << db.error().message();
    ASSERT_TRUE((*db)->Put("k", "small"));
    ASSERT_TRUE((*db)->Put("large", value));
  }
  for (const std::string format : {"tsv", "dump"}) {
    const std::string path = directory_.File("out." + format), copy = directory_.File("copy-" + format);
    ASSERT_EQ(Amethyst({"export", path}).code, ExitCode::kOk);
    const Answer answer = Run({"--db", copy, "import", path});
    ASSERT_EQ(answer.code, ExitCode::kOk) << answer.err;
    EXPECT_EQ(Run({"--db", copy, "get", "--raw", "large"}).out, value);
    EXPECT_EQ(Run({"--db", copy, "count"}).out, "2\n");
  }
}

TEST_F(ImportExport, ASmallMemoryTakesManySmallEntries) {
  std::string lines;
  for (int i = 0; i < 100'000; ++i) lines += std::to_string(i) + "\t\n";
  EXPECT_EQ(Amethyst({"--memory", "4M", "import"}, lines).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"count"}).out, "100000\n");
}

TEST_F(ImportExport, ACutOffDumpIsNoticed) {
  ASSERT_EQ(Amethyst({"seed", "10"}).code, ExitCode::kOk);
  std::string dump = Amethyst({"export", "--format", "dump"}).out;
  dump.resize(dump.size() / 2);
  const Answer answer = Run({"--db", directory_.File("copy"), "import", "--skip-bad", Write("cut.dump", dump)});
  EXPECT_EQ(answer.code, ExitCode::kError);
  EXPECT_THAT(answer.err, HasSubstr("the dump is cut off"));
}

TEST_F(ImportExport, FilesThatCannotBeUsedAreNamed) {
  EXPECT_THAT(Amethyst({"import", directory_.File("absent.tsv")}).err, HasSubstr("absent.tsv: No such file"));
  EXPECT_EQ(Amethyst({"import", "x.unknown"}).code, ExitCode::kUsage);
  EXPECT_EQ(Amethyst({"import", "--format", "xml", "x.tsv"}).code, ExitCode::kUsage);
  EXPECT_EQ(Amethyst({"import", "--format", "tsv", directory_.path()}).code, ExitCode::kError);
  ASSERT_EQ(Amethyst({"put", "a", "1"}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"export", directory_.File("no/such/directory.tsv")}).code, ExitCode::kError);
}

TEST_F(ImportExport, AnExportAppearsOnlyWhenItIsWhole) {
  ASSERT_EQ(Amethyst({"put", "a", "1"}).code, ExitCode::kOk);
  const std::string path = Write("out.tsv", "what was there before");
  Write("out.tsv.partial", "of somebody else, or of an export that was killed");
  EXPECT_EQ(Amethyst({"export", path}).code, ExitCode::kOk);
  EXPECT_EQ(Read(path), "a\t1\n");
  EXPECT_EQ(Read(path + ".partial"), "of somebody else, or of an export that was killed");
  EXPECT_FALSE(*io::DefaultEnvironment()->files().Exists(path + ".partial2"));
}

TEST_F(ImportExport, ManyEntriesAndLargeOnesArriveWhole) {
  std::string text;
  for (int i = 0; i < 20000; ++i)
    text += "key" + std::to_string(i) + "\t" + std::string(static_cast<size_t>(i) % 100, 'v') + "\n";
  text += "large\t" + std::string(3 << 20, 'x') + "\n";
  ASSERT_EQ(Amethyst({"import", Write("many.tsv", text)}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"count"}).out, "20001\n");
  EXPECT_EQ(Amethyst({"get", "large"}).out.size(), (3u << 20) + 1);
}

}  // namespace
}  // namespace amethyst::cli
