// Losses of power in every call of a store of backups. Covers: backup
#include <gtest/gtest.h>

#include "amethyst/amethyst.h"
#include "simulation/serial_environment.h"
#include "support/database.h"
#include "torture/crash_state.h"
#include "torture/trace_file_system.h"

namespace amethyst::torture {
namespace {

const std::string kDatabase = "/data/db";
const std::string kStore = "/data/store";
const std::string kRestored = "/data/restored";

using Content = std::map<std::string, std::string>;

Components On(std::shared_ptr<io::FileSystem> files) {
  Components components;
  components.environment = std::make_shared<simulation::SerialEnvironment>(std::move(files), 1);
  return components;
}

class BackupCrash : public testing::Test {
 protected:
  void SetUp() override {
    const auto memory = std::make_shared<io::MemoryFileSystem>();
    ASSERT_TRUE(memory->CreateDirectories(kDatabase));
    files_ = std::make_shared<TraceFileSystem>(memory);
    db_ = DB::Open(kDatabase, support::SmallOptions(), On(files_)).value();
    store_.emplace(BackupStore::Open(kStore, On(files_)).value());
    begin_ = 0;
  }

  void WriteAndCreate(int round) {
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(db_->Put(support::Key(round * 2 + i), std::to_string(round)));
    ASSERT_TRUE(db_->Flush());
    if (round % 2 == 1) ASSERT_TRUE(db_->CompactRange());
    contents_[next_] = support::ContentOf(*db_);
    begin_ = files_->trace().size();
    const Result<uint64_t> made = store_->Create(*db_);
    ASSERT_TRUE(made) << made.error().ToString();
    ASSERT_EQ(*made, next_);
    ++next_;
  }

  // Opens the store of every image that a loss of power since `begin_` may leave, and checks that each backup listed is
  // whole, and that those of `must` are.
  void CheckStores(const std::vector<uint64_t>& must, const std::vector<uint64_t>& at_end) {
    const size_t after = files_->trace().size();
    for (size_t point = begin_; point <= after; ++point) {
      CrashState state;
      for (size_t i = 0; i < point; ++i) state.Apply(files_->trace().operations()[i]);
      for (uint64_t drawn = 0; drawn < 2 * kPowerLossModels; ++drawn) {
        const CrashImage image = state.DrawImage(static_cast<PowerLossModel>(drawn % kPowerLossModels), random_);
        where_ = fmt::format("at {} of {}, image {}", point, after, drawn);
        CheckStore(image.Make(kDatabase), point == after ? at_end : must);
        if (HasFailure()) return;
      }
    }
    EXPECT_GT(after, begin_);
  }

  void CheckStore(const std::shared_ptr<io::MemoryFileSystem>& files, const std::vector<uint64_t>& must) {
    const Components components = On(files);
    Result<BackupStore> store = BackupStore::Open(kStore, components);
    ASSERT_TRUE(store) << where_ << ": " << store.error().ToString();
    const auto listed = store->List();
    std::set<uint64_t> found;
    if (listed) {
      for (const BackupInfo& backup : *listed) {
        found.insert(backup.id);
        ASSERT_EQ(support::Text(store->Verify(backup.id)), "") << where_ << ", backup " << backup.id;
        const std::string path = "/data/checked" + std::to_string(backup.id);
        ASSERT_EQ(support::Text(store->Restore(backup.id, path)), "") << where_;
        const auto restored = DB::Open(path, support::SmallOptions(), components);
        ASSERT_TRUE(restored) << where_ << ": " << restored.error().ToString();
        ASSERT_EQ(support::ContentOf(**restored), contents_[backup.id]) << where_ << ", backup " << backup.id;
      }
    }
    for (const uint64_t id : must) ASSERT_TRUE(found.contains(id)) << where_ << ": backup " << id << " is lost";
    // The store goes on, and what the crash left does not stay for ever.
    auto db = DB::Open(kDatabase, support::SmallOptions(), components);
    ASSERT_TRUE(db) << where_ << ": " << db.error().ToString();
    const Result<uint64_t> made = store->Create(**db);
    ASSERT_TRUE(made) << where_ << ": " << made.error().ToString();
    ASSERT_EQ(support::Text(store->Verify(*made)), "") << where_;
    ASSERT_TRUE(store->Prune(1)) << where_;
    const auto names = files->List(kStore + "/tables").value();
    EXPECT_EQ(names.size(), store->List().value().back().tables) << where_ << ": something was left behind";
  }

  std::shared_ptr<TraceFileSystem> files_;
  std::unique_ptr<DB> db_;
  std::optional<BackupStore> store_;
  std::map<uint64_t, Content> contents_;
  uint64_t next_ = 1;
  size_t begin_ = 0;
  std::string where_;
  base::Random random_{1};
};

TEST_F(BackupCrash, TheFirstCreateLeavesAWholeBackupOrNone) {
  WriteAndCreate(0);
  CheckStores({}, {1});
}

TEST_F(BackupCrash, ALaterCreateHarmsNoEarlierOne) {
  for (int round = 0; round < 3; ++round) WriteAndCreate(round);
  CheckStores({1, 2}, {1, 2, 3});
}

TEST_F(BackupCrash, PruneLeavesWholeBackups) {
  for (int round = 0; round < 4; ++round) WriteAndCreate(round);
  begin_ = files_->trace().size();
  ASSERT_TRUE(store_->Prune(1));
  CheckStores({4}, {4});
}

TEST_F(BackupCrash, RestoreLeavesAWholeDatabaseOrNone) {
  for (int round = 0; round < 2; ++round) WriteAndCreate(round);
  begin_ = files_->trace().size();
  ASSERT_EQ(support::Text(store_->Restore(1, kRestored)), "");
  const size_t after = files_->trace().size();
  size_t whole = 0;
  for (size_t point = begin_; point <= after; ++point) {
    CrashState state;
    for (size_t i = 0; i < point; ++i) state.Apply(files_->trace().operations()[i]);
    for (uint64_t drawn = 0; drawn < 3 * kPowerLossModels; ++drawn) {
      const CrashImage image = state.DrawImage(static_cast<PowerLossModel>(drawn % kPowerLossModels), random_);
      const auto files = image.Make(kDatabase);
      const std::string where = fmt::format("at {} of {}, image {}", point, after, drawn);
      if (!files->Exists(kRestored).value()) {
        ASSERT_LT(point, after) << where;
        Result<BackupStore> store = BackupStore::Open(kStore, On(files));
        ASSERT_EQ(support::Text(store->Restore(1, kRestored)), "") << where << ", second try";
      } else {
        ++whole;
      }
      ASSERT_FALSE(files->Exists(kRestored + ".unfinished").value()) << where;
      const auto restored = DB::Open(kRestored, support::SmallOptions(), On(files));
      ASSERT_TRUE(restored) << where << ": " << restored.error().ToString();
      ASSERT_EQ(support::ContentOf(**restored), contents_[1]) << where;
    }
  }
  EXPECT_GT(whole, 10u);
}

}  // namespace
}  // namespace amethyst::torture
