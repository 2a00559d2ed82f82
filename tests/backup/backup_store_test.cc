// A store of backups: what it keeps, what it finds, what it gives back. Covers: backup_store, create_backup
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "amethyst/amethyst.h"
#include "io/system_environment.h"
#include "support/database.h"
#include "support/temp_directory.h"

namespace amethyst::backup {
namespace {

using support::CodeOf;
using support::ContentOf;
using support::Key;
using support::Text;
using testing::HasSubstr;

class BackupStoreTest : public testing::Test {
 protected:
  BackupStoreTest() { db_ = support::OpenOrFail(Path("db")); }

  std::string Path(std::string_view name) const { return directory_.File(name); }
  static void Fill(DB& db, int from, int to, const std::string& value = std::string(100, 'v')) {
    for (int i = from; i < to; ++i) ASSERT_EQ(Text(db.Put(Key(i), value + std::to_string(i))), "");
  }
  uint64_t Create() { return Create(*db_); }
  uint64_t Create(DB& db) {
    const Result<uint64_t> id = store_.Create(db);
    EXPECT_TRUE(id) << id.error().ToString();
    return id.value_or(0);
  }
  std::map<std::string, std::string> Restored(uint64_t id) {
    const std::string path = Path("restored" + std::to_string(restored_++));
    EXPECT_EQ(Text(store_.Restore(id, path)), "");
    return ContentOf(*support::OpenOrFail(path));
  }
  std::vector<std::filesystem::path> Tables() const {
    std::vector<std::filesystem::path> tables;
    for (const auto& entry : std::filesystem::directory_iterator(Path("store/tables"))) tables.push_back(entry.path());
    return tables;
  }
  void Flip(const std::filesystem::path& path, uint64_t offset) {
    std::string bytes = io::ReadFile(files_, path.string()).value();
    bytes[offset % bytes.size()] ^= 1;
    ASSERT_TRUE(io::ReplaceFile(files_, path.string(), bytes));
  }

  support::TempDirectory directory_;
  std::unique_ptr<DB> db_;
  BackupStore store_ = BackupStore::Open(Path("store")).value();
  io::FileSystem& files_ = io::DefaultEnvironment()->files();
  int restored_ = 0;
};

TEST_F(BackupStoreTest, GivesBackWhatWasThereWhenEachWasMade) {
  Fill(*db_, 0, 2000);
  ASSERT_EQ(Text(db_->Put("none", "1", {.durability = Durability::kNone})), "") << "no log has it";
  const auto first = ContentOf(*db_);
  EXPECT_EQ(Create(), 1u);
  Fill(*db_, 1000, 3000, "later");
  ASSERT_EQ(Text(db_->DeleteRange(Key(0), Key(500))), "");
  const auto second = ContentOf(*db_);
  EXPECT_EQ(Create(), 2u);
  ASSERT_EQ(Text(db_->CompactRange()), "");
  Fill(*db_, 0, 3000, "last");
  EXPECT_EQ(Restored(1), first);
  EXPECT_EQ(Restored(2), second);
  EXPECT_EQ(Text(store_.Verify(1)), "");
  EXPECT_EQ(Text(store_.Verify(2)), "");
}

TEST_F(BackupStoreTest, OpenCreatesNothingAndRefusesWhatIsNoStore) {
  EXPECT_FALSE(std::filesystem::exists(Path("store")));
  EXPECT_EQ(CodeOf(store_.List()), ErrorCode::kInvalidArgument);
  EXPECT_EQ(store_.Prune(1).error().code(), ErrorCode::kInvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(Path("store")));
  const auto opened = BackupStore::Open(Path("db"));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(opened.error().message(), HasSubstr("not a store"));
}

TEST_F(BackupStoreTest, StoresWhatDidNotChangeOnce) {
  Fill(*db_, 0, 20000);
  ASSERT_EQ(Text(db_->CompactRange()), "");
  Create();
  Fill(*db_, 0, 20, "changed");
  Create();
  Create();
  const std::vector<BackupInfo> list = store_.List().value();
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(list[0].new_bytes, list[0].bytes);
  EXPECT_LT(list[1].new_bytes, list[0].bytes / 20) << "one small table";
  EXPECT_GT(list[1].new_bytes, 0u);
  EXPECT_EQ(list[2].new_bytes, 0u);
  EXPECT_EQ(list[2].bytes, list[1].bytes);
  EXPECT_EQ(list[0].database.size(), 32u);
  EXPECT_GE(list[1].created, list[0].created);
  uint64_t stored = 0;
  for (const auto& table : Tables()) stored += std::filesystem::file_size(table);
  EXPECT_EQ(stored, list[0].bytes + list[1].new_bytes);
}

TEST_F(BackupStoreTest, SameNumbersWithOtherContentNeverMix) {
  Fill(*db_, 0, 1000, "original");
  const auto original = ContentOf(*db_);
  const uint64_t first = Create();
  ASSERT_EQ(Text(store_.Restore(first, Path("two"))), "");
  const auto two = support::OpenOrFail(Path("two"));
  // Both go on from the same state, and give the same numbers to other tables.
  Fill(*db_, 0, 1000, "one goes on");
  Fill(*two, 0, 1000, "two goes on");
  ASSERT_EQ(Text(db_->CompactRange()), "");
  ASSERT_EQ(Text(two->CompactRange()), "");
  const auto one_content = ContentOf(*db_);
  const auto two_content = ContentOf(*two);
  const uint64_t of_one = Create();
  const uint64_t of_two = Create(*two);
  EXPECT_EQ(Restored(first), original);
  EXPECT_EQ(Restored(of_one), one_content);
  EXPECT_EQ(Restored(of_two), two_content);
  const auto list = store_.List().value();
  EXPECT_NE(list[1].database, list[2].database);
}

TEST_F(BackupStoreTest, FamiliesOperandsAndExpiriesComeBack) {
  FamilyOptions options;
  options.merge_operator = Int64Add();
  const Family sums = db_->CreateFamily("sums", options).value();
  const std::string one("\1\0\0\0\0\0\0\0", 8), two("\2\0\0\0\0\0\0\0", 8);
  ASSERT_EQ(Text(sums.Merge("sum", one)), "");
  ASSERT_EQ(Text(db_->Flush()), "");
  ASSERT_EQ(Text(sums.Merge("sum", one)), "");
  ASSERT_EQ(Text(db_->Put("expires", "1", {.ttl = std::chrono::hours(1)})), "");
  const auto expires_at = db_->GetPinned("expires").value()->expires_at();
  ASSERT_EQ(Text(store_.Restore(Create(), Path("restored"))), "");
  const auto restored = support::OpenOrFail(Path("restored"));
  EXPECT_EQ(restored->OpenFamily("sums").value().Get("sum").value(), two);
  EXPECT_EQ(restored->GetPinned("expires").value()->expires_at(), expires_at);
}

TEST_F(BackupStoreTest, VerifyAndRestoreFindEveryKindOfDamage) {
  Fill(*db_, 0, 5000);
  ASSERT_EQ(Text(db_->CompactRange()), "");
  const uint64_t id = Create();
  const auto content = ContentOf(*db_);
  const auto expect_found = [&](std::string_view what) {
    const Status verified = store_.Verify(id);
    EXPECT_EQ(CodeOf(verified), ErrorCode::kCorruption) << what;
    EXPECT_EQ(CodeOf(store_.Restore(id, Path("damaged"))), ErrorCode::kCorruption) << what;
    EXPECT_FALSE(std::filesystem::exists(Path("damaged"))) << what;
    EXPECT_FALSE(std::filesystem::exists(Path("damaged.unfinished"))) << what;
  };
  const std::filesystem::path table = Tables().front();
  const std::string whole = io::ReadFile(files_, table.string()).value();
  for (const size_t offset : {size_t{0}, size_t{60}, whole.size() / 2, whole.size() - 30, whole.size() - 1}) {
    Flip(table, offset);
    expect_found("a flipped bit");
    EXPECT_THAT(store_.Verify(id).error().message(), HasSubstr(table.filename().string()));
    Flip(table, offset);
  }
  ASSERT_TRUE(io::ReplaceFile(files_, table.string(), whole.substr(0, whole.size() - 1)));
  expect_found("a lost byte");
  ASSERT_TRUE(io::ReplaceFile(files_, table.string(), whole + "?"));
  expect_found("a byte too many");
  ASSERT_TRUE(std::filesystem::remove(table));
  expect_found("a lost table");
  // A database that still has the table heals the store.
  EXPECT_EQ(Create(), 2u);
  EXPECT_EQ(Text(store_.Verify(id)), "");
  EXPECT_EQ(Restored(id), content);
}

TEST_F(BackupStoreTest, ADamagedListIsToldAndStopsPruning) {
  Fill(*db_, 0, 1000);
  Create();
  Create();
  Flip(Path("store/backups/000001.backup"), 40);
  const auto list = store_.List().value();
  ASSERT_EQ(list.size(), 2u);
  EXPECT_THAT(list[0].problem, HasSubstr("000001.backup"));
  EXPECT_EQ(list[1].problem, "");
  EXPECT_EQ(CodeOf(store_.Verify(1)), ErrorCode::kCorruption);
  EXPECT_EQ(Text(store_.Verify(2)), "");
  const size_t tables = Tables().size();
  EXPECT_EQ(CodeOf(store_.Prune(1)), ErrorCode::kCorruption);
  EXPECT_EQ(Tables().size(), tables);
  EXPECT_EQ(Create(), 3u) << "but backups go on";
}

TEST_F(BackupStoreTest, ADamagedTableOfTheDatabaseMakesNoBackup) {
  Fill(*db_, 0, 5000);
  ASSERT_EQ(Text(db_->CompactRange()), "");
  ASSERT_EQ(Text(db_->Close()), "");
  for (const auto& entry : std::filesystem::directory_iterator(Path("db"))) {
    if (entry.path().extension() == ".sst") Flip(entry.path(), 5000);
  }
  db_ = support::OpenOrFail(Path("db"));
  const auto made = store_.Create(*db_);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), ErrorCode::kCorruption);
  EXPECT_THAT(made.error().message(), HasSubstr(".sst: block at "));
  EXPECT_TRUE(store_.List().value().empty());
}

TEST_F(BackupStoreTest, ATableThatNoBackupNamesIsNotTrusted) {
  Fill(*db_, 0, 5000);
  ASSERT_EQ(Text(db_->CompactRange()), "");
  const auto content = ContentOf(*db_);
  Create();
  ASSERT_TRUE(std::filesystem::remove(Path("store/backups/000001.backup")));
  for (const auto& table : Tables()) Flip(table, 5000);
  EXPECT_EQ(Restored(Create()), content);
}

TEST_F(BackupStoreTest, PruneKeepsTheLastOfEachDatabaseAndTheirTablesAlone) {
  Fill(*db_, 0, 1000, "original");
  const uint64_t first = Create();
  ASSERT_EQ(Text(store_.Restore(first, Path("two"))), "");
  const auto two = support::OpenOrFail(Path("two"));
  std::vector<uint64_t> ids;
  for (int round = 0; round < 4; ++round) {
    for (DB* const db : {db_.get(), two.get()}) {
      Fill(*db, 0, 1000, "round" + std::to_string(round));
      ASSERT_EQ(Text(db->CompactRange()), "");
      ids.push_back(Create(*db));
    }
  }
  EXPECT_EQ(CodeOf(store_.Prune(0)), ErrorCode::kInvalidArgument);
  ASSERT_TRUE(io::ReplaceFile(files_, Path("store/tables/readme"), "mine"));
  ASSERT_TRUE(io::ReplaceFile(files_, Path("store/tables/0123456789abcdef0123456789abcdef-0123456789abcdef.sst"), "?"));
  const PruneReport report = store_.Prune(2).value();
  EXPECT_EQ(report.backups_removed, 5u);
  EXPECT_GT(report.tables_removed, 3u);
  std::vector<uint64_t> left;
  uint64_t named = 0;
  const std::vector<BackupInfo> list = store_.List().value();
  for (const BackupInfo& backup : list) {
    left.push_back(backup.id);
    named += backup.tables;
    EXPECT_EQ(Text(store_.Verify(backup.id)), "");
  }
  EXPECT_EQ(left, std::vector<uint64_t>(ids.end() - 4, ids.end()));
  EXPECT_LE(Tables().size(), named + 1);
  EXPECT_TRUE(std::filesystem::exists(Path("store/tables/readme"))) << "what is not ours stays";
  EXPECT_EQ(Restored(ids.back()), ContentOf(*two));
  EXPECT_EQ(store_.Prune(2).value().tables_removed, 0u);
  EXPECT_GT(Create(), ids.back());
}

TEST_F(BackupStoreTest, IsRefusedWhileAnotherHasTheStoreToItself) {
  Fill(*db_, 0, 1000);
  Create();
  Fill(*db_, 0, 1000, "changed");
  Status pruned, verified;
  Result<uint64_t> made = store_.Create(*db_, [&](uint64_t, uint64_t) {
    if (pruned) pruned = store_.Prune(1) ? Status() : Status(std::unexpect, store_.Prune(1).error());
    if (verified) verified = store_.Verify(1);
    return true;
  });
  ASSERT_TRUE(made);
  EXPECT_EQ(CodeOf(pruned), ErrorCode::kBusy) << "it would have removed what is being stored";
  EXPECT_EQ(CodeOf(verified), ErrorCode::kBusy);
  EXPECT_EQ(Text(store_.Verify(*made)), "");
}

TEST_F(BackupStoreTest, TellsHowFarItIsAndEndsWhenAsked) {
  Fill(*db_, 0, 20000);
  uint64_t last = 0, total = 0;
  const auto watch = [&](uint64_t done, uint64_t all) {
    EXPECT_GE(done, last);
    last = done;
    total = all;
    return true;
  };
  ASSERT_TRUE(store_.Create(*db_, watch));
  EXPECT_EQ(last, total);
  EXPECT_EQ(total, store_.List().value().front().bytes);
  for (const auto& call : {std::function([&] { return store_.Verify(1, watch); }),
                           std::function([&] { return store_.Restore(1, Path("restored"), watch); })}) {
    last = 0;
    EXPECT_EQ(Text(call()), "");
    EXPECT_EQ(last, total);
  }
  const auto end = [](uint64_t, uint64_t) { return false; };
  EXPECT_EQ(CodeOf(store_.Restore(1, Path("ended"), end)), ErrorCode::kClosed);
  EXPECT_FALSE(std::filesystem::exists(Path("ended")));
  Fill(*db_, 0, 20000, "changed");
  EXPECT_EQ(CodeOf(store_.Create(*db_, end)), ErrorCode::kClosed);
  EXPECT_EQ(store_.List().value().size(), 1u);
}

TEST_F(BackupStoreTest, RefusesWhatIsNotThereAndPathsThatAreTaken) {
  Fill(*db_, 0, 10);
  Create();
  EXPECT_EQ(CodeOf(store_.Verify(7)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(store_.Restore(7, Path("new"))), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(store_.Restore(1, Path("db"))), ErrorCode::kInvalidArgument);
  ASSERT_EQ(Text(db_->Close()), "");
  EXPECT_EQ(CodeOf(store_.Create(*db_)), ErrorCode::kClosed);
}

TEST_F(BackupStoreTest, HoldsWholeBatchesWhileWritesGoOn) {
  std::atomic<bool> stops{false};
  std::atomic<uint64_t> acknowledged{0};
  std::thread writer([&] {
    for (uint64_t n = 1; !stops; ++n) {
      WriteBatch batch;
      batch.Put("a", std::to_string(n));
      batch.Put("b", std::to_string(n));
      batch.Put(Key(n % 2000), std::string(200, 'v'));
      ASSERT_EQ(Text(db_->Write(batch)), "");
      acknowledged = n;
    }
  });
  for (int round = 0; round < 5; ++round) {
    const uint64_t before = acknowledged;
    auto content = Restored(Create());
    EXPECT_EQ(content["a"], content["b"]);
    if (before > 0) EXPECT_GE(std::stoull(content["a"]), before);
  }
  stops = true;
  writer.join();
}

}  // namespace
}  // namespace amethyst::backup
