// Checkpoints and backups that a follower makes, beside the writer, and what its memory has that tables have, too.
// Covers: capture, buffer_tables, follower
#include "engine/capture.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <string>

#include "amethyst/amethyst.h"
#include "engine/engine.h"
#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "support/database.h"
#include "support/fault_file_system.h"

namespace amethyst::engine {
namespace {

using support::CodeOf;
using support::ContentOf;
using support::Key;
using support::Operation;
using support::Text;

constexpr std::string_view kLists = "lists";

Options OptionsWithLists() {
  Options options = support::SmallOptions();
  options.families[std::string(kLists)].merge_operator = Append(",");
  return options;
}

// Of all families: the family, a slash and the key.
std::map<std::string, std::string> AllOf(DB& db) {
  std::map<std::string, std::string> all;
  for (const std::string& name : db.FamilyNames()) {
    Iterator iterator = db.OpenFamily(name).value().NewIterator();
    for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) {
      all.emplace(name + "/" + std::string(iterator.key()), iterator.value());
    }
    EXPECT_EQ(Text(iterator.status()), "");
  }
  return all;
}

class CaptureTest : public testing::Test {
 protected:
  CaptureTest() : faults_(*files_), environment_(follower_serial_, faults_) { OpenWriter(); }

  void OpenWriter() {
    db_.reset();
    db_ = support::OpenOrFail("/db", OptionsWithLists(), support::Over(writer_serial_));
    if (db_->FamilyNames().size() == 1) {
      ASSERT_TRUE(db_->CreateFamily(kLists, {.merge_operator = Append(",")}));
    }
  }
  std::unique_ptr<DB> Follow(uint32_t grace_s = 60) { return FollowOver(follower_serial_, grace_s); }
  static std::unique_ptr<DB> FollowOver(io::Environment& environment, uint32_t grace_s = 60) {
    return DB::OpenFollower("/db", {.options = OptionsWithLists(), .refresh_interval_ms = 0, .grace_s = grace_s},
                            support::Over(environment))
        .value();
  }
  std::map<std::string, std::string> OfCopy(const std::string& path) {
    simulation::SerialEnvironment serial(files_, 9);
    const auto copy = support::OpenOrFail(path, OptionsWithLists(), support::Over(serial));
    return copy == nullptr ? std::map<std::string, std::string>() : AllOf(*copy);
  }
  void Ingest(const std::string& key) {
    auto table = TableWriter::Create("/ingested", {.environment = support::Over(writer_serial_).environment}).value();
    ASSERT_TRUE(table.Put(key, "ingested"));
    ASSERT_TRUE(table.Finish());
    ASSERT_EQ(Text(db_->Ingest("/ingested", {.mode = IngestMode::kMove})), "");
  }
  void Fill(DB& db) {
    amethyst::Family lists = db.OpenFamily(kLists).value();
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(db.Put(Key(i), "flushed"));
    ASSERT_TRUE(lists.Merge("list", "a"));
    ASSERT_TRUE(db.Flush());
    ASSERT_TRUE(db.DeleteRange(Key(10), Key(20)));
    ASSERT_TRUE(lists.Merge("list", "b"));
    ASSERT_TRUE(db.Put(Key(15), "above the range"));
    ASSERT_TRUE(db.Put("expires", "1", {.ttl = std::chrono::hours(1)}));
  }

  const std::shared_ptr<io::MemoryFileSystem> files_ = std::make_shared<io::MemoryFileSystem>();
  simulation::SerialEnvironment writer_serial_{files_, 1};
  simulation::SerialEnvironment follower_serial_{files_, 2};
  support::FaultFileSystem faults_;
  support::FaultEnvironment environment_;
  std::unique_ptr<DB> db_;
};

TEST_F(CaptureTest, ACheckpointHoldsWhatTheWriterHadAcknowledged) {
  const auto follower = Follow();
  Fill(*db_);
  ASSERT_EQ(Text(follower->Checkpoint("/copy")), "");
  const auto content = AllOf(*db_);
  EXPECT_EQ(content.at("lists/list"), "a,b");
  EXPECT_EQ(OfCopy("/copy"), content);
  EXPECT_EQ(AllOf(*follower), content);
}

TEST_F(CaptureTest, ACheckpointOfADatabaseThatNobodyWritesHoldsItsLog) {
  Fill(*db_);
  const auto content = AllOf(*db_);
  ASSERT_TRUE(db_->SyncWal());
  const auto follower = Follow();
  ASSERT_EQ(Text(db_->Close()), "");
  db_.reset();
  ASSERT_EQ(Text(follower->Checkpoint("/copy")), "");
  EXPECT_EQ(OfCopy("/copy"), content);
}

TEST_F(CaptureTest, ReadsOfTheFollowerGoOnAsBefore) {
  const auto follower = Follow();
  for (int round = 0; round < 20; ++round) {
    ASSERT_TRUE(db_->Put(Key(round), std::to_string(round)));
    ASSERT_EQ(Text(follower->Checkpoint("/copy" + std::to_string(round))), "");
    ASSERT_TRUE(db_->Put(Key(100 + round), "later"));
    if (round % 7 == 6) ASSERT_TRUE(db_->Flush());
    ASSERT_EQ(Text(follower->Refresh()), "");
    ASSERT_EQ(AllOf(*follower), AllOf(*db_)) << round;
  }
}

TEST_F(CaptureTest, TheFilesOfACopyStayHoweverLongItTakes) {
  Fill(*db_);
  const auto follower = Follow(1);
  const auto content = AllOf(*db_);
  ASSERT_TRUE(files_->CreateDirectories("/scratch"));
  std::optional<Capture> capture =
      follower->engine()
          ->Capture({.environment = support::Over(follower_serial_).environment, .directory = "/scratch"})
          .value();
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 60; ++i) ASSERT_TRUE(db_->Put(Key(i), "new"));
    ASSERT_TRUE(db_->CompactRange());
    ASSERT_TRUE(follower->Refresh());
    writer_serial_.clock().Sleep(std::chrono::hours(1));
  }
  size_t tables = 0;
  const auto are_there = [&] {
    tables = 0;
    for (const tree::AddedTable& table : capture->state.Snapshot().added) {
      ++tables;
      if (!files_->Exists(capture->StoreOf(table.number).Path(table.number)).value()) return false;
    }
    return true;
  };
  EXPECT_TRUE(are_there());
  EXPECT_GE(tables, 4U);
  capture->files.reset();
  ASSERT_TRUE(db_->CompactRange());
  writer_serial_.clock().Sleep(std::chrono::seconds(10));
  ASSERT_TRUE(db_->Put(Key(0), "newer"));
  ASSERT_TRUE(db_->CompactRange());
  EXPECT_FALSE(are_there()) << "or this test could not fail";
  capture.reset();
}

TEST_F(CaptureTest, ABackupHoldsTheSameAndLeavesNothingElse) {
  const auto follower = Follow();
  BackupStore store = BackupStore::Open("/store", support::Over(follower_serial_)).value();
  Fill(*db_);
  EXPECT_EQ(store.Create(*follower).value(), 1U);
  const auto first = AllOf(*db_);
  Ingest("in between");
  ASSERT_TRUE(db_->Put(Key(1), "second"));
  EXPECT_EQ(store.Create(*follower).value(), 2U);
  const auto second = AllOf(*db_);
  ASSERT_TRUE(db_->CompactRange());
  EXPECT_EQ(store.Create(*db_).value(), 3U) << "the writer and its followers share a store";
  for (const uint64_t id : {1, 2, 3}) EXPECT_EQ(Text(store.Verify(id)), "");
  ASSERT_TRUE(store.Restore(1, "/restored1"));
  ASSERT_TRUE(store.Restore(2, "/restored2"));
  EXPECT_EQ(OfCopy("/restored1"), first);
  EXPECT_EQ(OfCopy("/restored2"), second);
  EXPECT_EQ(files_->List("/store").value(), (std::vector<std::string>{"BACKUPS", "LOCK", "backups", "tables"}));
  EXPECT_EQ(store.List().value()[0].database, store.List().value()[2].database);
}

TEST_F(CaptureTest, WhatACrashLeavesOfABackupGoesWithTheNextPrune) {
  const auto follower = Follow();
  Fill(*db_);
  BackupStore store = BackupStore::Open("/store", support::Over(follower_serial_)).value();
  ASSERT_TRUE(store.Create(*follower));
  ASSERT_TRUE(files_->CreateDirectories("/store/flushed.unfinished"));
  ASSERT_TRUE(io::ReplaceFile(*files_, "/store/flushed.unfinished/000099.sst", "half a table"));
  ASSERT_TRUE(store.Create(*follower)) << "nor does it hinder a backup";
  ASSERT_TRUE(files_->CreateDirectories("/store/flushed.unfinished"));
  ASSERT_TRUE(io::ReplaceFile(*files_, "/store/flushed.unfinished/000099.sst", "half a table"));
  ASSERT_TRUE(store.Prune(1));
  EXPECT_EQ(files_->List("/store").value(), (std::vector<std::string>{"BACKUPS", "LOCK", "backups", "tables"}));
}

TEST_F(CaptureTest, AFailureAnywhereLeavesNoHalfCopyAndTheFollowerUsable) {
  const auto follower = FollowOver(environment_);
  Fill(*db_);
  constexpr Operation kAll[] = {
      Operation::kCreate,        Operation::kAppend, Operation::kSync,      Operation::kClose,
      Operation::kOpen,          Operation::kRead,   Operation::kRename,    Operation::kRemove,
      Operation::kSyncDirectory, Operation::kExists, Operation::kList,      Operation::kCreateDirectories,
      Operation::kLock,          Operation::kLink,   Operation::kCheckHeld, Operation::kOverwrite};
  int copies = 0;
  for (const Operation operation : kAll) {
    for (uint64_t call = 1;; ++call) {
      const std::string path = "/copy" + std::to_string(copies++);
      const std::string where = fmt::format("operation {}, call {}", static_cast<int>(operation), call);
      ASSERT_TRUE(db_->Put("copy", path));
      const auto content = AllOf(*db_);
      const uint64_t failed = faults_.failed_calls();
      faults_.Fail({.operation = operation, .call = faults_.calls(operation) + call, .code = ErrorCode::kNoSpace});
      const Status made = follower->Checkpoint(path);
      const bool met_fault = faults_.failed_calls() != failed;
      faults_.ClearFaults();
      const bool is_there = files_->Exists(path).value();
      if (made) ASSERT_TRUE(is_there) << where;
      if (!is_there) ASSERT_EQ(Text(follower->Checkpoint(path)), "") << where;
      ASSERT_EQ(OfCopy(path), content) << where;
      ASSERT_FALSE(files_->Exists(path + ".unfinished").value()) << where;
      ASSERT_EQ(Text(follower->Refresh()), "") << where;
      ASSERT_EQ(AllOf(*follower), content) << where;
      if (!met_fault) break;
    }
  }
}

// Writes, flushes, rewrites, ingests and new lives of the writer, drawn by a seed; whatever they are, a copy is what
// the follower shows.
TEST_F(CaptureTest, ACopyIsWhatTheFollowerShowsWhateverTheWriterDoes) {
  std::mt19937 random(7);
  const auto draw = [&random](uint32_t bound) { return static_cast<uint32_t>(random() % bound); };
  std::unique_ptr<DB> follower = Follow();
  BackupStore store = BackupStore::Open("/store", support::Over(follower_serial_)).value();
  int copies = 0;
  for (int step = 0; step < 1500; ++step) {
    const std::string key = Key(draw(100));
    switch (draw(20)) {
      case 0: ASSERT_TRUE(db_->Flush()); break;
      case 1: ASSERT_TRUE(db_->DeleteRange(key, key + "9")); break;
      case 2: ASSERT_TRUE(db_->Put(key, "unlogged", {.durability = Durability::kNone})); break;
      case 3: ASSERT_TRUE(db_->Put(key, "soon", {.ttl = std::chrono::hours(1)})); break;
      case 4: ASSERT_TRUE(db_->OpenFamily(kLists).value().Merge(key, std::to_string(step))); break;
      case 5: ASSERT_TRUE(db_->Delete(key)); break;
      case 6:
        if (draw(4) == 0) ASSERT_TRUE(db_->CompactRange());
        break;
      case 7:
        if (draw(4) == 0) Ingest(key);
        break;
      case 8:
        if (draw(8) == 0) OpenWriter();
        break;
      case 9: {
        const std::string path = "/copy" + std::to_string(copies++);
        if (draw(2) == 0) {
          ASSERT_EQ(Text(follower->Checkpoint(path)), "") << step;
        } else {
          const auto id = store.Create(*follower);
          ASSERT_TRUE(id) << id.error().ToString();
          ASSERT_EQ(Text(store.Restore(*id, path)), "") << step;
        }
        ASSERT_EQ(OfCopy(path), AllOf(*follower)) << step;
        break;
      }
      case 10:
        if (draw(6) == 0) follower = Follow();
        break;
      default: ASSERT_TRUE(db_->Put(key, std::to_string(step))); break;
    }
    ASSERT_FALSE(HasFailure()) << step;
  }
  EXPECT_GE(copies, 30);
}

// Flushes that end in the middle of what a follower has in memory: what is in tables as well counts once, and what went
// past the log comes from the tables.
TEST_F(CaptureTest, AFollowerShowsOperandsOnceAndUnloggedWritesFromTheirFlushOn) {
  Options options = OptionsWithLists();
  options.write_buffer_bytes = size_t{300} << 10;  // So that its memtables do not end where the writer's do.
  const auto follower =
      DB::OpenFollower("/db", {.options = options, .refresh_interval_ms = 0}, support::Over(follower_serial_)).value();
  amethyst::Family lists = db_->OpenFamily(kLists).value();
  amethyst::Family followed = follower->OpenFamily(kLists).value();
  const Database& writer = db_->engine()->database();
  std::mt19937 random(11);
  const auto draw = [&random](uint32_t bound) { return static_cast<uint32_t>(random() % bound); };
  int compared = 0;
  uint64_t written_at = 0;
  for (int step = 0; step < 6000; ++step) {
    switch (draw(32)) {
      case 0: ASSERT_TRUE(lists.Merge("list", std::to_string(step))); break;
      case 1: ASSERT_TRUE(lists.Put("list", "")); break;
      case 2:
      case 3: ASSERT_TRUE(db_->Put("unlogged", "logged " + std::to_string(step))); break;
      case 4:
      case 5:
        if (step < 3000) break;  // Each of the two alone keeps a memtable from standing twice.
        ASSERT_TRUE(db_->Put("unlogged", std::to_string(step), {.durability = Durability::kNone}));
        written_at = writer.reads->visible.load();
        break;
      default: ASSERT_TRUE(db_->Put(Key(draw(50)), std::string(1500, 'x'))); break;
    }
    if (draw(3) == 0) writer_serial_.RunOneJob();
    if (draw(3) != 0) continue;
    ASSERT_EQ(Text(follower->Refresh()), "") << step;
    ASSERT_EQ(followed.Get("list").value(), lists.Get("list").value()) << step;
    if (written_at == 0 || key::Raw(writer.storage.catalog->flushed_sequence()) < written_at) continue;
    ASSERT_EQ(follower->Get("unlogged").value(), db_->Get("unlogged").value()) << step;
    ++compared;
  }
  EXPECT_GT(compared, 100);
}

TEST_F(CaptureTest, AFollowerThatIsClosedMakesNone) {
  const auto follower = Follow();
  ASSERT_EQ(Text(follower->Close()), "");
  EXPECT_EQ(CodeOf(follower->Checkpoint("/copy")), ErrorCode::kClosed);
  EXPECT_FALSE(files_->Exists("/copy.unfinished").value());
}

}  // namespace
}  // namespace amethyst::engine
