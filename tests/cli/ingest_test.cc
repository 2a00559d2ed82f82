// ingest, and import as a table. Covers: ingest_command, table_import
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "amethyst/table_writer.h"
#include "cli/shell_fixture.h"

namespace amethyst::cli {
namespace {

using testing::HasSubstr;

class IngestTest : public ShellTest {
 protected:
  std::string Table(const std::string& name, const std::vector<std::string>& keys) {
    const std::string path = directory_.File(name);
    TableWriter table = TableWriter::Create(path).value();
    for (const std::string& key : keys) EXPECT_TRUE(table.Put(key, name));
    EXPECT_TRUE(table.Finish());
    return path;
  }
};

TEST_F(IngestTest, TakesTablesIn) {
  const std::string first = Table("first", {"a", "b"});
  const std::string second = Table("second", {"c"});
  const Answer answer = Amethyst({"ingest", "--move", first, second});
  EXPECT_EQ(answer.code, ExitCode::kOk) << answer.err;
  EXPECT_FALSE(std::filesystem::exists(first));
  EXPECT_EQ(Amethyst({"scan"}).out, "a\tfirst\nb\tfirst\nc\tsecond\n");
  EXPECT_EQ(Amethyst({"verify"}).code, ExitCode::kOk);
}

TEST_F(IngestTest, ReplacesARangeOfAFamily) {
  ASSERT_EQ(Amethyst({"family", "create", "other"}).code, ExitCode::kOk);
  ASSERT_EQ(Amethyst({"--family", "other", "put", "b", "old"}).code, ExitCode::kOk);
  ASSERT_EQ(Amethyst({"--family", "other", "put", "d", "old"}).code, ExitCode::kOk);
  const Answer answer = Amethyst({"--family", "other", "ingest", "--replace", "a..c", Table("new", {"a"})});
  EXPECT_EQ(answer.code, ExitCode::kOk) << answer.err;
  EXPECT_EQ(Amethyst({"--family", "other", "scan"}).out, "a\tnew\nd\told\n");
  const Answer all = Amethyst({"--family", "other", "ingest", "--replace", "..", Table("all", {"z"})});
  EXPECT_EQ(all.code, ExitCode::kOk) << all.err;
  EXPECT_EQ(Amethyst({"--family", "other", "scan"}).out, "z\tall\n");
}

TEST_F(IngestTest, ImportsSortedRecordsAsATable) {
  ASSERT_EQ(Amethyst({"put", "a", "old"}).code, ExitCode::kOk);
  const std::string path = directory_.File("sorted.tsv");
  std::ofstream(path) << "a\t1\nb\t2\nc\t3\n";
  const Answer answer = Amethyst({"import", "--as-table", path});
  EXPECT_EQ(answer.code, ExitCode::kOk) << answer.err;
  EXPECT_THAT(answer.err, HasSubstr("imported 3 entries"));
  EXPECT_EQ(Amethyst({"scan"}).out, "a\t1\nb\t2\nc\t3\n");
  std::ofstream(path) << "d\t1\nf\t2\ne\t3\n";
  const Answer unsorted = Amethyst({"import", "--as-table", path});
  EXPECT_EQ(unsorted.code, ExitCode::kError);
  EXPECT_THAT(unsorted.err, HasSubstr("sorted.tsv:3"));
  EXPECT_EQ(Amethyst({"scan"}).out, "a\t1\nb\t2\nc\t3\n");
  EXPECT_EQ(Amethyst({"import", "--as-table", "--skip-bad", path}).code, ExitCode::kUsage);
}

TEST_F(IngestTest, SaysWhatDoesNotFit) {
  const std::string first = Table("first", {"a", "c"});
  const std::string second = Table("second", {"b"});
  const Answer overlap = Amethyst({"ingest", first, second});
  EXPECT_EQ(overlap.code, ExitCode::kUsage);
  EXPECT_THAT(overlap.err, HasSubstr("overlap"));
  EXPECT_EQ(Amethyst({"ingest", "--in-order", first, second}).code, ExitCode::kOk);
  EXPECT_EQ(Amethyst({"ingest", "--replace", "x", first}).code, ExitCode::kUsage);
  EXPECT_EQ(Amethyst({"ingest", "--copy", "--move", first}).code, ExitCode::kUsage);
  EXPECT_EQ(Amethyst({"ingest", directory_.File("missing")}).code, ExitCode::kError);
}

}  // namespace
}  // namespace amethyst::cli
