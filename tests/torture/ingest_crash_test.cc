// Losses of power while tables are taken in. Covers: ingest
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "amethyst/amethyst.h"
#include "simulation/serial_environment.h"
#include "support/database.h"
#include "torture/crash_state.h"
#include "torture/trace_file_system.h"

namespace amethyst::torture {
namespace {

using support::Key;
using support::Text;

const std::string kIngestDatabase = "/data/db";
const std::string kIngestTables = "/data/tables";

std::shared_ptr<io::Environment> SerialOver(std::shared_ptr<io::FileSystem> files) {
  return std::make_shared<simulation::SerialEnvironment>(std::move(files), 1);
}

Result<std::unique_ptr<DB>> OpenIngested(const std::shared_ptr<io::FileSystem>& files) {
  Components components;
  components.environment = SerialOver(files);
  Options options = support::SmallOptions();
  options.create_if_missing = false;
  return DB::Open(kIngestDatabase, options, std::move(components));
}

// Whether the memtable is empty, how the files come, and whether others came before: the first ones begin a segment of
// the log, which syncs the directory.
struct IngestWay {
  bool memtable_overlaps;
  IngestMode mode;
  bool others_came_before;
};

class IngestCrash : public testing::TestWithParam<IngestWay> {
 protected:
  void SetUp() override {
    const auto memory = std::make_shared<io::MemoryFileSystem>();
    ASSERT_TRUE(memory->CreateDirectories(kIngestDatabase));
    ASSERT_TRUE(memory->CreateDirectories(kIngestTables));
    files_ = std::make_shared<TraceFileSystem>(memory);
    environment_ = SerialOver(files_);
    Components components;
    components.environment = environment_;
    db_ = support::OpenOrFail(kIngestDatabase, support::SmallOptions(), components);
    family_ = db_->CreateFamily("other").value();
    for (int i = 0; i < 6; ++i) ASSERT_TRUE(db_->Put(Key(i), "old"));
    ASSERT_TRUE(family_->Put("a", "old"));
    ASSERT_TRUE(db_->Flush());
    if (GetParam().others_came_before) {
      const std::filesystem::path other = Write("other", [](TableWriter& table) { ASSERT_TRUE(table.Delete("none")); });
      ASSERT_EQ(Text(db_->Ingest(other)), "");
    }
    if (GetParam().memtable_overlaps) ASSERT_TRUE(db_->Put(Key(2), "memtable"));
    ASSERT_TRUE(db_->SyncWal());
    before_ = support::ContentOf(*db_);
    first_ = Write("first", [](TableWriter& table) {
      ASSERT_TRUE(table.Put(Key(1), "in"));
      ASSERT_TRUE(table.Put(Key(2), "in"));
      ASSERT_TRUE(table.Delete(Key(3)));
    });
    second_ = Write("second", [](TableWriter& table) {
      ASSERT_TRUE(table.DeleteRange("a", "b"));
      ASSERT_TRUE(table.Put("b", "in"));
    });
    after_ = {{Key(1), "in"}, {Key(2), "in"}, {Key(5), "old"}};
  }

  std::filesystem::path Write(const std::string& name, const std::function<void(TableWriter&)>& fill) {
    const std::filesystem::path path = kIngestTables + "/" + name;
    TableWriter table = TableWriter::Create(path, {.environment = environment_}).value();
    fill(table);
    EXPECT_TRUE(table.Finish());
    return path;
  }
  Status IngestBoth() {
    const std::vector<IngestedFile> files{{.path = first_}, {.path = second_, .family = family_}};
    return db_->Ingest(files, {.mode = GetParam().mode, .replace = KeyRange{.begin = Key(0), .end = Key(5)}});
  }
  // True: the ingest is there.
  bool ExpectAllOrNothing(DB& db, const std::string& where) {
    const auto content = support::ContentOf(db);
    EXPECT_TRUE(content == before_ || content == after_) << where;
    const bool is_there = content == after_;
    const Family other = db.OpenFamily("other").value();
    EXPECT_EQ(other.Get("a").value().value_or(""), is_there ? "" : "old") << where;
    EXPECT_EQ(other.Get("b").value().value_or(""), is_there ? "in" : "") << where;
    return is_there;
  }

  std::shared_ptr<TraceFileSystem> files_;
  std::shared_ptr<io::Environment> environment_;
  std::unique_ptr<DB> db_;
  std::optional<Family> family_;
  std::map<std::string, std::string> before_, after_;
  std::filesystem::path first_, second_;
  base::Random random_{1};
};

TEST_P(IngestCrash, AtAnyOperationLeavesAllOrNothing) {
  const size_t before = files_->trace().size();
  ASSERT_EQ(Text(IngestBoth()), "");
  const size_t acknowledged = files_->trace().size();
  ASSERT_TRUE(db_->Put("later", "1"));
  ASSERT_EQ(Text(db_->Flush()), "");
  ASSERT_EQ(Text(db_->CompactRange()), "");
  ASSERT_TRUE(db_->Delete("later"));
  ASSERT_EQ(Text(db_->Close()), "");
  const size_t end = files_->trace().size();
  size_t there = 0, absent = 0;
  for (size_t point = before; point <= end; ++point) {
    CrashState state;
    for (size_t i = 0; i < point; ++i) state.Apply(files_->trace().operations()[i]);
    for (uint64_t drawn = 0; drawn < kPowerLossModels; ++drawn) {
      const CrashImage image = state.DrawImage(static_cast<PowerLossModel>(drawn % kPowerLossModels), random_);
      const auto files = image.Make(kIngestDatabase);
      const std::string where = fmt::format("at {} of {}, image {}", point, end, drawn);
      bool is_there = false;
      for (int open = 0; open < 2; ++open) {  // Twice: the first one may tidy up.
        const auto db = OpenIngested(files);
        ASSERT_TRUE(db) << where << ": " << db.error().ToString();
        if ((*db)->Get("later").value()) ASSERT_TRUE((*db)->Delete("later"));
        const bool now = ExpectAllOrNothing(**db, where);
        if (open == 1) EXPECT_EQ(now, is_there) << where;
        is_there = now;
        if (open == 0) ASSERT_EQ(Text((*db)->Flush()), "") << where;
        ASSERT_EQ(Text((*db)->Close()), "") << where;
      }
      if (point >= acknowledged) EXPECT_TRUE(is_there) << where;
      ++(is_there ? there : absent);
      // The caller's file is not lost with what it was for.
      if (!is_there) EXPECT_TRUE(files->Exists(first_.string()).value()) << where;
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(there, 25u);
  EXPECT_GT(absent, 3u);
}

TEST_P(IngestCrash, LeavesNoFileThatNobodyKnows) {
  const size_t before = files_->trace().size();
  ASSERT_EQ(Text(IngestBoth()), "");
  const size_t end = files_->trace().size();
  for (size_t point = before; point < end; ++point) {
    CrashState state;
    for (size_t i = 0; i < point; ++i) state.Apply(files_->trace().operations()[i]);
    const auto files = state.DrawImage(PowerLossModel::kEverything, random_).Make(kIngestDatabase);
    const auto db = OpenIngested(files);
    ASSERT_TRUE(db) << db.error().ToString();
    ASSERT_EQ(Text((*db)->CompactRange()), "");
    const bool is_there = ExpectAllOrNothing(**db, fmt::format("at {}", point));
    ASSERT_EQ(Text((*db)->Close()), "");
    uint64_t found = 0;
    const std::vector<std::string> names = files->List(kIngestDatabase).value();
    for (const std::string& name : names) found += name.ends_with(".sst") ? 1 : 0;
    EXPECT_LE(found, is_there ? 4u : 3u) << point;
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, IngestCrash,
                         testing::Values(IngestWay{true, IngestMode::kLink, false},
                                         IngestWay{false, IngestMode::kMove, true},
                                         IngestWay{true, IngestMode::kCopy, true}));

}  // namespace
}  // namespace amethyst::torture
