// Covers: salvage_sources, salvage_merge
#include <gmock/gmock.h>

#include <filesystem>
#include <map>
#include <set>

#include "amethyst/amethyst.h"
#include "base/random.h"
#include "io/system_environment.h"
#include "support/copy_live.h"
#include "support/newer_log.h"
#include "support/temp_directory.h"

namespace amethyst {
namespace {

using testing::HasSubstr;

// A database with tables in several levels and a log with unflushed entries, as a killed process leaves it.
class Repair : public testing::Test {
 protected:
  void SetUp() override {
    Options options;
    options.block_bytes = 1024;
    base::Random random(3);
    const auto live = [&](int changes) {
      auto db = DB::Open(directory_.File("live"), options);
      EXPECT_TRUE(db) << db.error().message();
      for (int i = 0; i < changes; ++i) Change(**db, random, 2000);
      return *std::move(db);
    };
    ASSERT_TRUE(live(6000)->CompactRange());
    ASSERT_TRUE(live(2000)->Close());
    const auto killed = live(100);
    ASSERT_TRUE(killed->SyncWal());
    support::CopyLive(directory_.File("live"), broken_);
  }

  void Change(DB& db, base::Random& random, uint64_t keys) {
    const std::string key = "key" + std::to_string(random.Below(keys));
    if (random.OneIn(4)) {
      ASSERT_TRUE(db.Delete(key));
      model_.erase(key);
    } else {
      const std::string value = key + " version " + std::to_string(++versions_) + std::string(random.Below(60), 'v');
      ASSERT_TRUE(db.Put(key, value));
      model_[key] = value;
      history_[key].insert(value);
    }
  }

  std::vector<std::string> Files(const std::string& suffix) const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(broken_)) {
      if (entry.path().string().ends_with(suffix)) found.push_back(entry.path());
    }
    std::ranges::sort(found);
    return found;
  }
  std::string LargestTable() const {
    return std::ranges::max(Files(".sst"), {},
                            [](const std::string& path) { return std::filesystem::file_size(path); });
  }
  static std::string Read(const std::string& path) {
    return io::ReadFile(io::DefaultEnvironment()->files(), path).value_or("");
  }
  static void Write(const std::string& path, std::string_view bytes) {
    ASSERT_TRUE(io::ReplaceFile(io::DefaultEnvironment()->files(), path, bytes));
  }

  RepairReport MustRepair() {
    const auto report = DB::Repair(broken_, saved_);
    EXPECT_TRUE(report) << report.error().message();
    return report.value_or(RepairReport{});
  }
  std::map<std::string, std::string> Saved() const {
    Options options;
    options.read_only = true;
    const auto db = DB::Open(saved_, options);
    EXPECT_TRUE(db) << db.error().message();
    std::map<std::string, std::string> entries;
    Iterator it = (*db)->NewIterator();
    for (it.SeekToFirst(); it.Valid(); it.Next()) entries.emplace(it.key(), it.value());
    EXPECT_TRUE(it.status());
    return entries;
  }
  // Every entry saved was written once, under its key.
  void ExpectPlausible(const std::map<std::string, std::string>& saved) const {
    for (const auto& [key, value] : saved) {
      const auto versions = history_.find(key);
      ASSERT_TRUE(versions != history_.end() && versions->second.contains(value)) << key << ": " << value;
    }
  }

  support::TempDirectory directory_;
  const std::string broken_ = directory_.File("broken");
  const std::string saved_ = directory_.File("saved");
  std::map<std::string, std::string> model_;
  std::map<std::string, std::set<std::string>> history_;
  uint64_t versions_ = 0;
};

TEST_F(Repair, OfAHealthyDatabaseKeepsEverything) {
  const RepairReport report = MustRepair();
  EXPECT_THAT(report.dropped, testing::IsEmpty());
  EXPECT_GE(report.tables_kept, 2u);
  EXPECT_EQ(report.entries_kept, model_.size());
  EXPECT_GE(report.log_batches_kept, 100u);
  EXPECT_EQ(Saved(), model_);
}

TEST_F(Repair, LosesOneBlockToOneDamagedByteAndSaysWhich) {
  const std::string table = LargestTable();
  std::string bytes = Read(table);
  bytes[bytes.size() / 3] = static_cast<char>(bytes[bytes.size() / 3] ^ 1);
  Write(table, bytes);
  const RepairReport report = MustRepair();
  ASSERT_EQ(report.dropped.size(), 1u);
  EXPECT_THAT(report.dropped.front(), HasSubstr("entries of a block from key"));
  const auto saved = Saved();
  ExpectPlausible(saved);
  EXPECT_GT(saved.size(), model_.size() - 100);
  EXPECT_EQ(Read(table), bytes) << "the source stays as it is";
}

TEST_F(Repair, ReadsATruncatedTableUpToTheCut) {
  const std::string table = LargestTable();
  const std::string bytes = Read(table);
  Write(table, bytes.substr(0, bytes.size() / 2));
  const RepairReport report = MustRepair();
  EXPECT_THAT(report.dropped, testing::Contains(HasSubstr("entries before it were found without the index")));
  const auto saved = Saved();
  ExpectPlausible(saved);
  EXPECT_GT(saved.size(), model_.size() / 4);
  EXPECT_LT(saved.size(), model_.size());
}

TEST_F(Repair, NamesMissingTables) {
  for (const std::string& table : Files(".sst")) ASSERT_TRUE(std::filesystem::remove(table));
  const RepairReport report = MustRepair();
  EXPECT_THAT(report.dropped, testing::Not(testing::IsEmpty()));
  EXPECT_THAT(report.dropped, testing::Each(HasSubstr("the file is missing")));
  EXPECT_EQ(report.tables_kept, 0u);
  ExpectPlausible(Saved());
}

TEST_F(Repair, WithoutCurrentTakesTheNewestManifest) {
  ASSERT_TRUE(std::filesystem::remove(broken_ + "/CURRENT"));
  const RepairReport report = MustRepair();
  EXPECT_THAT(report.dropped, testing::ElementsAre(HasSubstr("CURRENT")));
  EXPECT_EQ(Saved(), model_);
}

TEST_F(Repair, WithoutAnyManifestTakesEveryTable) {
  for (const auto& entry : std::filesystem::directory_iterator(broken_)) {
    if (entry.path().filename().string().starts_with("MANIFEST")) std::filesystem::remove(entry.path());
  }
  const RepairReport report = MustRepair();
  EXPECT_FALSE(report.dropped.empty());
  const auto saved = Saved();
  ExpectPlausible(saved);
  for (const auto& [key, value] : model_) EXPECT_TRUE(saved.contains(key)) << key;
}

TEST_F(Repair, LeavesTablesAsideThatAWholeManifestDoesNotList) {
  std::filesystem::copy(Files(".sst").front(), broken_ + "/999999.sst");
  Write(broken_ + "/999998.sst", "no table");
  const RepairReport report = MustRepair();
  EXPECT_THAT(report.dropped, testing::ElementsAre(HasSubstr("999998.sst: not taken: not Amethyst's")));
  EXPECT_EQ(Saved(), model_);
}

TEST_F(Repair, TakesNothingOfAnotherDatabase) {
  const std::string other = directory_.File("other");
  auto opened = DB::Open(other);
  ASSERT_TRUE(opened && (*opened)->Put("foreign", "1") && (*opened)->Flush() && (*opened)->Put("logged", "2"));
  for (const auto& entry : std::filesystem::directory_iterator(other)) {
    if (entry.path().extension() == ".sst") std::filesystem::copy(entry.path(), broken_ + "/999997.sst");
    if (entry.path().extension() == ".wal" && Read(entry.path()).starts_with("AMETHWAL")) {
      std::filesystem::copy(entry.path(), broken_ + "/999996.wal");
    }
  }
  for (const std::string& table : {Files(".sst").front()}) ASSERT_TRUE(std::filesystem::remove(table));
  const RepairReport report = MustRepair();
  EXPECT_THAT(report.dropped, testing::Contains(HasSubstr("999996.wal: not taken: of another database")));
  EXPECT_THAT(report.dropped, testing::Contains(HasSubstr("999997.sst: not taken: of another database")));
  ExpectPlausible(Saved());
}

TEST_F(Repair, ReadsTheLogOnBehindADamagedRecord) {
  const auto segments = Files(".wal");
  const auto used =
      std::ranges::find_if(segments, [](const std::string& path) { return Read(path).starts_with("AMETHWAL"); });
  ASSERT_NE(used, segments.end());
  const std::string segment = *used;
  std::string bytes = Read(segment);
  bytes[104 + 40] = static_cast<char>(bytes[104 + 40] ^ 1);
  Write(segment, bytes);
  const RepairReport report = MustRepair();
  ASSERT_EQ(report.dropped.size(), 1u);
  EXPECT_THAT(report.dropped.front(), HasSubstr("what lies from 104 to "));
  EXPECT_GE(report.log_batches_kept, 99u);
  ExpectPlausible(Saved());
}

// Of which the manifest tells from the first sync of the log on.
TEST_F(Repair, NamesAMissingLog) {
  for (const std::string& segment : Files(".wal")) ASSERT_TRUE(std::filesystem::remove(segment));
  EXPECT_THAT(MustRepair().dropped, testing::ElementsAre(HasSubstr(".wal: missing")));
  ExpectPlausible(Saved());
}

TEST_F(Repair, MissesNoLogOfAClosedDatabase) {
  ASSERT_TRUE(DB::Open(broken_).value()->Close());
  EXPECT_THAT(Files(".wal"), testing::IsEmpty());
  EXPECT_THAT(MustRepair().dropped, testing::IsEmpty());
  EXPECT_EQ(Saved(), model_);
}

// Tables that compactions had replaced lie beside what replaced them, and nobody says which are in use.
class RepairOfLeftovers : public testing::Test {
 protected:
  // Old values of all keys, then of each third a new one, no value, or the old one; in the last level at the end.
  void SetUp() override {
    auto db = Open();
    for (int i = 0; i < kKeys; ++i) ASSERT_TRUE(db->Put(Key(i), "old"));
    ASSERT_TRUE(db->Flush());
    KeepTables();
    ASSERT_TRUE(db->CompactRange());
    KeepTables();
    for (int i = 0; i < kKeys; i += 3) ASSERT_TRUE(db->Put(Key(i), "new"));
    for (int i = 1; i < kKeys; i += 3) ASSERT_TRUE(db->Delete(Key(i)));
    ASSERT_TRUE(db->Flush());
    KeepTables();
    ASSERT_TRUE(db->CompactRange());
    ASSERT_TRUE(db->CompactRange());
    ASSERT_TRUE(db->Close());
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      if (entry.path().extension() == ".sst") newest_ = entry.path();
      if (entry.path().extension() != ".sst") std::filesystem::remove(entry.path());
    }
    ASSERT_FALSE(newest_.empty());
  }

  std::unique_ptr<DB> Open() {
    auto db = DB::Open(path_, {.block_bytes = 1024});
    EXPECT_TRUE(db) << db.error().message();
    return *std::move(db);
  }
  static std::string Key(int i) { return "key" + std::to_string(10000 + i); }
  void KeepTables() {
    std::filesystem::create_directories(kept_);
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      if (entry.path().extension() != ".sst") continue;
      std::filesystem::copy(entry.path(), kept_ / entry.path().filename(),
                            std::filesystem::copy_options::overwrite_existing);
    }
  }
  void BringBack(const std::filesystem::path& table) {
    std::filesystem::copy(table, path_ + "/" + table.filename().string(), std::filesystem::copy_options::skip_existing);
  }
  void ExpectNewest(const std::string& what) {
    const std::string saved = directory_.File("saved");
    const auto report = DB::Repair(path_, saved);
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_THAT(report->dropped, testing::Contains(HasSubstr("that are left over"))) << what;
    const auto db = DB::Open(saved);
    ASSERT_TRUE(db);
    for (int i = 0; i < kKeys; ++i) {
      const auto value = (*db)->Get(Key(i)).value();
      EXPECT_EQ(value.value_or("none"), i % 3 == 0 ? "new" : i % 3 == 1 ? "none" : "old") << what << ": " << Key(i);
    }
    ASSERT_TRUE((*db)->Close());
    ASSERT_TRUE(DB::Destroy(saved));
  }

  static constexpr int kKeys = 300;
  const support::TempDirectory directory_;
  const std::string path_ = directory_.File("db");
  const std::filesystem::path kept_ = directory_.File("kept");
  std::filesystem::path newest_;
};

TEST_F(RepairOfLeftovers, PutsEachBehindWhatReplacedItHoweverLongAgo) {
  for (const auto& entry : std::filesystem::directory_iterator(kept_)) {
    BringBack(entry.path());
    ExpectNewest(entry.path().filename());
    std::filesystem::remove(path_ + "/" + entry.path().filename().string());
  }
  for (const auto& entry : std::filesystem::directory_iterator(kept_)) BringBack(entry.path());
  ExpectNewest("all of them");
}

TEST_F(RepairOfLeftovers, TakesFromThemWhatTheNewerOneLostAndSaysSo) {
  for (const auto& entry : std::filesystem::directory_iterator(kept_)) BringBack(entry.path());
  auto& files = io::DefaultEnvironment()->files();
  std::string bytes = io::ReadFile(files, newest_).value();
  bytes[bytes.size() / 3] = static_cast<char>(bytes[bytes.size() / 3] ^ 1);
  ASSERT_TRUE(io::ReplaceFile(files, newest_, bytes));
  const auto report = DB::Repair(path_, directory_.File("saved"));
  ASSERT_TRUE(report);
  EXPECT_THAT(report->dropped, testing::Contains(HasSubstr("entries that may be old were taken, for what ")));
  const auto db = DB::Open(directory_.File("saved"));
  ASSERT_TRUE(db);
  for (int i = 2; i < kKeys; i += 3) EXPECT_EQ((*db)->Get(Key(i)).value(), "old") << "it never changed";
}

TEST_F(Repair, NeverSavesWhatWasNotWrittenWhateverIsDamaged) {
  base::Random random(5);
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(broken_)) files.push_back(entry.path());
  std::ranges::sort(files);
  for (int round = 0; round < 24; ++round) {
    const std::string& path = files[random.Below(files.size())];
    const std::string original = Read(path);
    if (original.empty()) continue;
    const uint64_t extent = std::min<uint64_t>(original.size(), 100'000);  // A segment is empty behind its records.
    std::string bytes = original;
    if (random.OneIn(3)) {
      bytes.resize(random.Below(extent));
    } else {
      for (uint64_t i = 0; i <= random.Below(3); ++i)
        bytes[random.Below(extent)] = static_cast<char>(random.Below(256));
    }
    Write(path, bytes);
    const RepairReport report = MustRepair();
    const auto saved = Saved();
    ExpectPlausible(saved);
    EXPECT_EQ(saved.size(), report.entries_kept);
    const bool nothing_lost = report.dropped.empty() && !path.ends_with(".wal");  // A cut log is shorter, no more.
    EXPECT_TRUE(!nothing_lost || saved == model_) << path;
    ASSERT_TRUE(DB::Destroy(saved_));
    Write(path, original);
  }
}

TEST_F(Repair, ListsWhatANewerBuildLeftInTheLogByItsNumber) {
  using support::EntryOf;
  const std::string path = Files(".wal").back();
  std::string log = Read(path);
  support::SetSegmentVersion(&log, 2);
  wal::LogCut end = support::EndOf(log);
  const uint64_t unknown = end.offset;
  end = support::StoreRecord(&log, end, 5, 0, "whatever this is");
  end = support::StoreRecord(&log, end, 1, 2, EntryOf(0, 1, "default's", "kept") + EntryOf(7, 1, "other's", "lost"));
  const uint64_t torn = end.offset;
  end = support::StoreRecord(&log, end, 1, 1, EntryOf(0, 1, "torn", "lost"));
  const uint64_t behind = end.offset;
  end = support::StoreRecord(&log, end, 4, 0, "behind the torn one");
  support::StoreRecord(&log, end, 1, 1, EntryOf(0, 1, "last", "kept"));
  log[torn + wal::kRecordHeaderBytes] ^= 1;
  Write(path, log);

  const RepairReport report = MustRepair();
  EXPECT_THAT(report.dropped,
              testing::ElementsAre(HasSubstr("record at " + std::to_string(unknown) + ": record kind 5"),
                                   HasSubstr("from " + std::to_string(torn) + " to " + std::to_string(behind)),
                                   HasSubstr("record at " + std::to_string(behind) + ": record kind 4"),
                                   HasSubstr("entries of family 7, which was never made")));
  model_["default's"] = model_["last"] = "kept";
  EXPECT_EQ(Saved(), model_);
}

TEST_F(Repair, RefusesATargetThatExistsASourceThatDoesNotAndAnOpenOne) {
  ASSERT_TRUE(DB::Open(saved_));
  EXPECT_EQ(DB::Repair(broken_, saved_).error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(DB::Repair(directory_.File("absent"), directory_.File("to")).error().code(), ErrorCode::kInvalidArgument);
  const auto owner = DB::Open(broken_);
  ASSERT_TRUE(owner);
  EXPECT_EQ(DB::Repair(broken_, directory_.File("to")).error().code(), ErrorCode::kBusy);
  EXPECT_FALSE(std::filesystem::exists(directory_.File("to")));
}

}  // namespace
}  // namespace amethyst
