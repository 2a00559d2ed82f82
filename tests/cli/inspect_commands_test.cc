// Covers: show_tree, picture, show_table, show_log, show_manifest, safety_commands
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "amethyst/amethyst.h"
#include "base/random.h"
#include "cli/picture.h"
#include "cli/shell_fixture.h"
#include "io/system_environment.h"
#include "support/copy_live.h"

namespace amethyst::cli {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

class Inspect : public ShellTest {
 protected:
  void SetUp() override {
    ASSERT_EQ(Pipe("seed 100\nflush\ncompact\ndelete apple\nflush\n").code, ExitCode::kOk);
    ASSERT_EQ(Pipe("put \"\\xff\" late\n").code, ExitCode::kOk);
  }
  std::string File(const std::string& suffix) const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(database_)) {
      const std::string name = entry.path().filename();
      if (name.ends_with(suffix) || name.starts_with(suffix)) found.push_back(entry.path());
    }
    EXPECT_FALSE(found.empty()) << suffix;
    return std::ranges::max(found, {}, [](const std::string& path) { return std::filesystem::file_size(path); });
  }
  // A segment of this database, after one more write, as a killed process leaves it.
  std::string KilledLog() {
    auto db = DB::Open(database_);
    EXPECT_TRUE(db);
    EXPECT_TRUE((*db)->Put("\xff", "late"));
    const std::filesystem::path copy = directory_.File("killed.wal");
    std::filesystem::copy_file(support::LogIn(database_), copy);
    EXPECT_TRUE((*db)->Close());
    return copy;
  }
  static void Flip(const std::string& path, uint64_t offset) {
    io::FileSystem& files = io::DefaultEnvironment()->files();
    std::string bytes = *io::ReadFile(files, path);
    bytes[offset] = static_cast<char>(bytes[offset] ^ 1);
    ASSERT_TRUE(io::ReplaceFile(files, path, bytes));
  }
};

TEST_F(Inspect, DrawsTheTreeLevelByLevel) {
  const Answer answer = Amethyst({"inspect"});
  EXPECT_EQ(answer.code, ExitCode::kOk) << answer.err;
  EXPECT_THAT(answer.out,
              AllOf(HasSubstr("order amethyst.bytewise"), HasSubstr("level 0  "), HasSubstr("1 tombstone"),
                    HasSubstr("apple .. ziziphus-000099"), HasSubstr("\"\\xff\""), HasSubstr("closed cleanly")));
}

TEST_F(Inspect, BarsCompareTheLevelsAndManyTablesAreTold) {
  const Answer few = Amethyst({"inspect"});
  EXPECT_THAT(few.out, AllOf(HasSubstr("####################  1 table, 2,600 entries"), HasSubstr(".sst"),
                             HasSubstr("space   "), HasSubstr(" times the last level")));
  {
    auto db = DB::Open(database_, {.memory_budget_bytes = size_t{64} << 20});
    ASSERT_TRUE(db);
    std::string value(3 << 20, '\0');
    base::Random random(3);
    for (char& c : value) c = static_cast<char>(random.Below(256));
    for (int i = 0; i < 100; ++i) ASSERT_TRUE((*db)->Put("key" + std::to_string(i), value));
    ASSERT_TRUE((*db)->Flush());
    ASSERT_TRUE((*db)->CompactRange(std::nullopt, std::nullopt));
    uint64_t tables = 0;
    for (const LevelStats& level : (*db)->GetStats().levels) tables += level.tables;
    ASSERT_TRUE((*db)->Close());
    if (tables <= 40) GTEST_SKIP() << "only " << tables << " tables";
  }
  const Answer many = Amethyst({"inspect"});
  EXPECT_THAT(many.out, AllOf(HasSubstr("--all lists them"), testing::Not(HasSubstr(".sst"))));
  EXPECT_THAT(Amethyst({"inspect", "--all"}).out, HasSubstr(".sst"));
}

TEST_F(Inspect, SharesLevelsByThePlannersTargetsAndSaysWhatTheirShapeCosts) {
  const Answer answer = Amethyst({"inspect"});
  EXPECT_THAT(answer.out, AllOf(HasSubstr("50 % of what calls for a merge"), HasSubstr("reads   3 places"),
                                HasSubstr("writes  each byte 2.0 times"), HasSubstr("space   ")));
  const json family = json::parse(Amethyst({"inspect", "--json"}).out)["families"][0];
  EXPECT_EQ(family["read_amplification"], 3);
  EXPECT_EQ(family["levels"][0]["target_bytes"], 128 << 20) << "four write buffers of 32 MiB";
  EXPECT_EQ(family["levels"][0]["filled"], 0.5);
  const json small = json::parse(Amethyst({"--memory", "32M", "inspect", "--json"}).out)["families"][0];
  EXPECT_EQ(small["levels"][0]["target_bytes"], 16 << 20) << "the memory decides";
}

TEST_F(Inspect, FitsTheTerminalsWidth) {
  for (const size_t columns : {60, 80, 200}) {
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    Console console(in, out, err);
    console.columns = columns;
    ASSERT_EQ(RunProgram({"--db", database_, "inspect"}, console), ExitCode::kOk);
    std::istringstream lines(out.str());
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("database ")) continue;  // A directory's name is as long as it is.
      EXPECT_LE(line.size(), columns) << line;
    }
  }
}

TEST(Picture, BarsAndKeysFitTheirColumns) {
  EXPECT_EQ(Bar(0.5, 4, false), "##..");
  EXPECT_EQ(Bar(0.001, 4, false), "#...");
  EXPECT_EQ(Bar(2, 4, false), "####");
  EXPECT_EQ(Bar(0, 2, true), "  ");
  EXPECT_EQ(Bar(0.75, 2, true), "\u2588\u258c");
  EXPECT_EQ(Fit("apple", 10), "apple");
  EXPECT_EQ(Fit("pomegranate", 10), "pomegra...");
  EXPECT_EQ(Fit(std::string(20, '\xff'), 10), "\"\\xff\"...");
  EXPECT_EQ(Fit("gr\u00fc\u00fc\u00fc\u00fc\u00fc", 10), "gr\u00fc\u00fc...");
  EXPECT_EQ(Fit("", 10), "\"\"");
}

TEST_F(Inspect, TellsTheTreeAsJson) {
  const json tree = json::parse(Amethyst({"inspect", "--json"}).out);
  uint64_t entries = 0;
  uint64_t deletes = 0;
  for (const json& level : tree["levels"]) {
    for (const json& table : level) {
      entries += table["entries"].get<uint64_t>();
      deletes += table["deletes"].get<uint64_t>();
    }
  }
  EXPECT_EQ(entries, 2600u + 1 + 1);
  EXPECT_EQ(deletes, 1u);
  EXPECT_TRUE(tree["problems"].empty());
  EXPECT_TRUE(tree["log"].empty()) << "it was closed";
}

TEST_F(Inspect, ShowsMemtablesOfTheSessionsOwnDatabase) {
  EXPECT_THAT(Pipe("put b 1\ninspect\n").out, AllOf(HasSubstr("1 entry in the log alone"), HasSubstr("1 memtable")));
}

TEST_F(Inspect, ShowsATablePartByPart) {
  const Answer answer = Amethyst({"inspect", File(".sst")});
  EXPECT_EQ(answer.code, ExitCode::kOk);
  EXPECT_THAT(answer.out, AllOf(HasSubstr("footer"), HasSubstr("digest"), HasSubstr("filter      at "),
                                HasSubstr("key sketch"), HasSubstr("entries     2,600, of them 0 tombstones"),
                                HasSubstr("index page at"), HasSubstr("block    at 48 ")));
  const json table = json::parse(Amethyst({"inspect", File(".sst"), "--json"}).out);
  EXPECT_EQ(table["properties"]["entries"], 2600);
  EXPECT_EQ(table["properties"]["smallest"], "apple");
  EXPECT_TRUE(table["problems"].empty());
}

TEST_F(Inspect, ShowsADamagedTableAsFarAsItGoes) {
  const std::string table = File(".sst");
  Flip(table, 51);
  const Answer answer = Amethyst({"inspect", table});
  EXPECT_EQ(answer.code, ExitCode::kError);
  EXPECT_THAT(answer.out, AllOf(HasSubstr("damaged:"), HasSubstr("checksum expected"), HasSubstr("properties")));
  std::filesystem::resize_file(table, 500);
  const Answer cut = Amethyst({"inspect", table});
  EXPECT_EQ(cut.code, ExitCode::kError);
  EXPECT_THAT(cut.out, HasSubstr("footer at 372"));
}

TEST_F(Inspect, ShowsALogRecordByRecordAndWhereItStops) {
  const std::string log = KilledLog();
  const Answer answer = Amethyst({"inspect", log});
  EXPECT_EQ(answer.code, ExitCode::kOk) << answer.out;
  EXPECT_THAT(answer.out, AllOf(HasSubstr("header"), HasSubstr("batch     at 104"), HasSubstr("end       at ")));
  EXPECT_FALSE(json::parse(Amethyst({"inspect", "--json", log}).out)["records"].empty());
  Flip(log, 120);
  const Answer damaged = Amethyst({"inspect", log});
  EXPECT_EQ(damaged.code, ExitCode::kError);
  EXPECT_THAT(damaged.out, HasSubstr("damaged: reading stops there"));
}

TEST_F(Inspect, ShowsTheManifestAndCurrent) {
  const Answer manifest = Amethyst({"inspect", File("MANIFEST-")});
  EXPECT_EQ(manifest.code, ExitCode::kOk);
  EXPECT_THAT(manifest.out, AllOf(HasSubstr("record 0"), HasSubstr("  + "), HasSubstr("end after")));
  EXPECT_TRUE(json::parse(Amethyst({"inspect", "--json", File("MANIFEST-")}).out).contains("records"));
  EXPECT_THAT(Amethyst({"inspect", database_ + "/CURRENT"}).out, HasSubstr("names MANIFEST-"));
  Flip(File("MANIFEST-"), 20);
  EXPECT_EQ(Amethyst({"inspect", File("MANIFEST-")}).code, ExitCode::kError);
}

TEST_F(Inspect, KnowsACopiedFileByItsBytes) {
  const std::string copy = directory_.File("copy");
  for (const std::string& path : {File(".sst"), File("MANIFEST-")}) {
    std::filesystem::copy_file(path, copy, std::filesystem::copy_options::overwrite_existing);
    EXPECT_EQ(Amethyst({"inspect", copy}).code, ExitCode::kOk) << path;
  }
  ASSERT_TRUE(io::ReplaceFile(io::DefaultEnvironment()->files(), copy, "nothing of ours"));
  EXPECT_THAT(Amethyst({"inspect", copy}).err, HasSubstr("neither a table (.sst), a log segment (.wal)"));
}

TEST_F(Inspect, DumpsEntriesWithTheirSequence) {
  EXPECT_THAT(Amethyst({"dump", File(".sst")}).out, HasSubstr("\tput\tbanana\tbeetroot\n"));
  const std::string log = KilledLog();
  EXPECT_THAT(Amethyst({"dump", log}).out, HasSubstr("\tput\t\"\\xff\"\tlate\n"));
  EXPECT_THAT(Amethyst({"dump", "--json", log}).out,
              HasSubstr("\"kind\":\"put\",\"key_base64\":\"/w==\",\"value\":\"late\"}"));
  EXPECT_EQ(Amethyst({"dump", database_ + "/CURRENT"}).code, ExitCode::kError);
}

TEST_F(Inspect, VerifyListsDamageAndRepairSavesTheRest) {
  EXPECT_EQ(Amethyst({"verify"}).code, ExitCode::kOk);
  Flip(File(".sst"), 51);
  const Answer verify = Amethyst({"verify", "--json"});
  EXPECT_EQ(verify.code, ExitCode::kError);
  EXPECT_EQ(json::parse(verify.out)["problems"].size(), 1u);
  const Answer count = Amethyst({"count"});
  EXPECT_EQ(count.code, ExitCode::kError);
  EXPECT_THAT(count.err, AllOf(HasSubstr("checksum expected"), HasSubstr("repair NEW_DIRECTORY")));

  const std::string saved = directory_.File("saved");
  const Answer repair = Amethyst({"repair", saved});
  EXPECT_EQ(repair.code, ExitCode::kNotFound) << repair.err;
  EXPECT_THAT(repair.out, HasSubstr("dropped: "));
  EXPECT_EQ(Run({"--db", saved, "verify"}).code, ExitCode::kOk);
  EXPECT_EQ(Run({"--db", saved, "get", "ziziphus"}).out, "zucchini\n");
  EXPECT_EQ(Amethyst({"repair", saved}).code, ExitCode::kError) << "it exists";
}

TEST_F(Inspect, TablesWithoutCurrentAreNotTakenForNoDatabase) {
  std::filesystem::remove(database_ + "/CURRENT");
  EXPECT_THAT(Amethyst({"get", "banana"}).err, HasSubstr("repair NEW_DIRECTORY"));
  EXPECT_EQ(Amethyst({"put", "a", "1"}).code, ExitCode::kError);
  EXPECT_EQ(Amethyst({"verify"}).code, ExitCode::kError);
}

}  // namespace
}  // namespace amethyst::cli
