// DB::Checkpoint: what a copy holds, and what becomes of it and of the database that it was made of.
// Covers: checkpoint, new_database, new_directory
#include "checkpoint/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "amethyst/amethyst.h"
#include "catalog/manifest.h"
#include "io/system_environment.h"
#include "support/database.h"
#include "support/temp_directory.h"
#include "tree/file_names.h"

namespace amethyst::checkpoint {
namespace {

using support::ContentOf;
using support::Key;
using support::Text;
using testing::ElementsAre;
using testing::HasSubstr;

class CheckpointTest : public testing::Test {
 protected:
  CheckpointTest() { db_ = support::OpenOrFail(Place()); }

  std::string Place() const { return directory_.File("db"); }
  std::string Copy(std::string_view name = "copy") const { return directory_.File(name); }
  static void Fill(DB& db, int from, int to, const std::string& value = std::string(100, 'v')) {
    for (int i = from; i < to; ++i) ASSERT_EQ(Text(db.Put(Key(i), value)), "");
  }
  static std::vector<std::string> NamesIn(const std::string& directory) {
    return io::DefaultEnvironment()->files().List(directory).value();
  }
  // The record that a manifest begins with.
  static tree::VersionEdit FirstRecordOf(const std::string& directory) {
    io::FileSystem& files = io::DefaultEnvironment()->files();
    tree::VersionEdit first;
    bool has_first = false;
    const auto read = catalog::ReadManifest(files, directory, catalog::ReadCurrent(files, directory).value(),
                                            [&](const tree::VersionEdit& edit) -> Status {
                                              if (!std::exchange(has_first, true)) first = edit;
                                              return {};
                                            });
    EXPECT_TRUE(read) << read.error().ToString();
    return first;
  }

  support::TempDirectory directory_;
  std::unique_ptr<DB> db_;
};

TEST_F(CheckpointTest, HoldsEveryWriteAcknowledgedBeforeTheCallAndNoneAfterIt) {
  Fill(*db_, 0, 1000);
  ASSERT_EQ(Text(db_->Put("sync", "1", {.durability = Durability::kSync})), "");
  ASSERT_EQ(Text(db_->Put("none", "1", {.durability = Durability::kNone})), "") << "no log has it";
  ASSERT_EQ(Text(db_->Delete(Key(7))), "");
  const auto before = ContentOf(*db_);
  ASSERT_EQ(Text(db_->Checkpoint(Copy())), "");
  Fill(*db_, 500, 1500, "later");
  ASSERT_EQ(Text(db_->Delete("sync")), "");
  const auto copy = support::OpenOrFail(Copy());
  EXPECT_EQ(ContentOf(*copy), before);
}

TEST_F(CheckpointTest, AnEmptyDatabaseHasAnEmptyCopy) {
  ASSERT_EQ(Text(db_->Checkpoint(Copy())), "");
  EXPECT_TRUE(ContentOf(*support::OpenOrFail(Copy())).empty());
}

TEST_F(CheckpointTest, BothDatabasesGoOnApart) {
  Fill(*db_, 0, 3000);
  ASSERT_EQ(Text(db_->Checkpoint(Copy())), "");
  auto copy = support::OpenOrFail(Copy());
  Fill(*db_, 0, 3000, "original");
  Fill(*copy, 0, 3000, "copied");
  for (DB* const db : {db_.get(), copy.get()}) {
    ASSERT_EQ(Text(db->CompactRange()), "") << "which removes the shared tables of one";
    ASSERT_EQ(Text(db->Close()), "");
  }
  db_ = support::OpenOrFail(Place());
  copy = support::OpenOrFail(Copy());
  EXPECT_EQ(ContentOf(*db_)[Key(1234)], "original");
  EXPECT_EQ(ContentOf(*copy)[Key(1234)], "copied");
}

TEST_F(CheckpointTest, SharesTablesAndHoldsNothingElse) {
  Fill(*db_, 0, 3000);
  ASSERT_EQ(Text(db_->Flush()), "");
  ASSERT_EQ(Text(db_->WaitForIdle()), "");
  const std::string stray = db_->engine()->database().storage.PathOf("009999.sst");
  ASSERT_TRUE(io::ReplaceFile(io::DefaultEnvironment()->files(), stray, "an orphan that no manifest lists"));
  ASSERT_EQ(Text(db_->Checkpoint(Copy())), "");
  size_t tables = 0;
  for (const std::string& name : NamesIn(Copy())) {
    const auto parsed = tree::ParseFileName(name);
    ASSERT_TRUE(parsed) << name;
    EXPECT_NE(name, "009999.sst") << "the list is the state's, not the directory's";
    EXPECT_NE(parsed->type, tree::FileType::kLogSegment);
    EXPECT_NE(parsed->type, tree::FileType::kReserve);
    if (parsed->type != tree::FileType::kTable) continue;
    ++tables;
    EXPECT_EQ(std::filesystem::hard_link_count(Copy() + "/" + name), 2u);
  }
  EXPECT_GT(tables, 0u);
}

TEST_F(CheckpointTest, HasAUidOfItsOwnAndNotesItsAncestors) {
  Fill(*db_, 0, 10);
  ASSERT_EQ(Text(db_->Checkpoint(Copy("one"))), "");
  ASSERT_EQ(Text(support::OpenOrFail(Copy("one"))->Checkpoint(Copy("two"))), "");
  const base::Uid original = *FirstRecordOf(Place()).database_uid;
  const tree::VersionEdit one = FirstRecordOf(Copy("one"));
  const tree::VersionEdit two = FirstRecordOf(Copy("two"));
  EXPECT_NE(*one.database_uid, original);
  EXPECT_NE(*two.database_uid, *one.database_uid);
  EXPECT_THAT(one.ancestors, ElementsAre(original));
  EXPECT_THAT(two.ancestors, ElementsAre(*one.database_uid, original));
}

TEST_F(CheckpointTest, IsDestroyedWholeAlthoughItsTablesNameAnother) {
  Fill(*db_, 0, 3000);
  const auto content = ContentOf(*db_);
  ASSERT_EQ(Text(db_->Checkpoint(Copy())), "");
  Fill(*support::OpenOrFail(Copy()), 0, 10);
  ASSERT_EQ(Text(DB::Destroy(Copy())), "");
  EXPECT_FALSE(std::filesystem::exists(Copy()));
  EXPECT_EQ(ContentOf(*db_), content);
  ASSERT_EQ(Text(db_->CompactRange()), "");
  EXPECT_EQ(ContentOf(*db_), content);
}

TEST_F(CheckpointTest, AnOrphanOfAnAncestorsIsRemovedByTheNextOpen) {
  Fill(*db_, 0, 3000);
  ASSERT_EQ(Text(db_->Checkpoint(Copy())), "");
  ASSERT_EQ(Text(support::OpenOrFail(Copy())->Close()), "");
  std::string table;
  for (const std::string& name : NamesIn(Copy())) {
    if (name.ends_with(".sst")) table = name;
  }
  ASSERT_FALSE(table.empty());
  // As a crash between the manifest's edit and the removal leaves it.
  std::filesystem::create_hard_link(Copy() + "/" + table, Copy() + "/000900.sst");
  static_cast<void>(support::OpenOrFail(Copy()));
  EXPECT_FALSE(std::filesystem::exists(Copy() + "/000900.sst"));
}

TEST_F(CheckpointTest, RefusesAPathWhereSomethingIs) {
  Fill(*db_, 0, 10);
  ASSERT_TRUE(std::filesystem::create_directory(Copy("empty")));
  ASSERT_TRUE(io::ReplaceFile(io::DefaultEnvironment()->files(), Copy("file"), "content"));
  for (const std::string& path : {Place(), Place() + "/", Copy("empty"), Copy("file"), std::string()}) {
    const Status made = db_->Checkpoint(path);
    ASSERT_FALSE(made) << path;
    EXPECT_EQ(made.error().code(), ErrorCode::kInvalidArgument) << path;
    EXPECT_THAT(made.error().message(), HasSubstr(path.substr(0, path.find_last_not_of('/') + 1)));
  }
  EXPECT_THAT(NamesIn(directory_.path()), ElementsAre("db", "empty", "file")) << "and leaves nothing";
}

TEST_F(CheckpointTest, MakesMissingParentsAndTakesASlashAtTheEnd) {
  Fill(*db_, 0, 10);
  ASSERT_EQ(Text(db_->Checkpoint(Copy("some/where/else/"))), "");
  EXPECT_EQ(ContentOf(*support::OpenOrFail(Copy("some/where/else"))), ContentOf(*db_));
  EXPECT_THAT(NamesIn(Copy("some/where")), ElementsAre("else"));
}

TEST_F(CheckpointTest, WhatACrashLeftSaysWhatItIsAndIsReplaced) {
  Fill(*db_, 0, 1000);
  const std::string left = Copy() + ".unfinished";
  ASSERT_TRUE(std::filesystem::create_directory(left));
  io::FileSystem& files = io::DefaultEnvironment()->files();
  for (const char* const name : {"UNFINISHED", "000005.sst", "MANIFEST-000006", "CURRENT", "CURRENT.tmp"}) {
    ASSERT_TRUE(io::ReplaceFile(files, left + "/" + name, "half of it"));
  }
  const auto opened = DB::Open(left);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(opened.error().message(), HasSubstr("cut short"));
  ASSERT_EQ(Text(db_->Checkpoint(Copy())), "");
  EXPECT_FALSE(std::filesystem::exists(left));
  EXPECT_EQ(ContentOf(*support::OpenOrFail(Copy())), ContentOf(*db_));
}

TEST_F(CheckpointTest, LeavesWhatIsNotItsOwnBesideIt) {
  Fill(*db_, 0, 10);
  const std::string left = Copy() + ".unfinished";
  ASSERT_TRUE(std::filesystem::create_directory(left));
  io::FileSystem& files = io::DefaultEnvironment()->files();
  ASSERT_TRUE(io::ReplaceFile(files, left + "/000005.sst", "mine"));
  ASSERT_TRUE(io::ReplaceFile(files, left + "/letter.txt", "mine"));
  const Status made = db_->Checkpoint(Copy());
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(made.error().message(), HasSubstr("letter.txt"));
  EXPECT_TRUE(std::filesystem::exists(left + "/000005.sst")) << "nothing was removed";
}

TEST_F(CheckpointTest, IsOfFamiliesAsOfOneMoment) {
  const Family kept = db_->CreateFamily("kept").value();
  const Family dropped = db_->CreateFamily("dropped").value();
  for (int i = 0; i < 500; ++i) {
    WriteBatch batch;
    batch.Put(Key(i), "default");
    batch.Put(kept, Key(i), "kept");
    batch.Put(dropped, Key(i), "dropped");
    ASSERT_EQ(Text(db_->Write(batch)), "");
  }
  ASSERT_EQ(Text(db_->DropFamily(dropped)), "");
  ASSERT_EQ(Text(db_->RenameFamily(kept, "renamed")), "");
  ASSERT_TRUE(db_->CreateFamily("empty"));
  ASSERT_EQ(Text(db_->Checkpoint(Copy())), "");
  ASSERT_TRUE(db_->CreateFamily("later"));
  const auto copy = support::OpenOrFail(Copy());
  EXPECT_THAT(copy->FamilyNames(), ElementsAre("default", "renamed", "empty"));
  EXPECT_EQ(copy->OpenFamily("renamed").value().Get(Key(499)).value(), "kept");
  EXPECT_EQ(copy->Get(Key(499)).value(), "default");
  // Ids go on where they were: what the dropped family's was is never another's.
  EXPECT_GT(copy->CreateFamily("new").value().id(), copy->OpenFamily("empty").value().id());
}

TEST_F(CheckpointTest, KeepsRangeDeletesMergesAndExpiries) {
  db_.reset();
  Options options = support::SmallOptions();
  options.families["default"].merge_operator = Int64Add();
  db_ = support::OpenOrFail(Place(), options);
  const std::string one("\1\0\0\0\0\0\0\0", 8);
  const std::string three("\3\0\0\0\0\0\0\0", 8);
  Fill(*db_, 0, 2000);
  ASSERT_EQ(Text(db_->Flush()), "");
  ASSERT_EQ(Text(db_->Merge("sum", one)), "");
  ASSERT_EQ(Text(db_->Flush()), "");
  ASSERT_EQ(Text(db_->DeleteRange(Key(100), Key(1900))), "") << "hides what is in older tables";
  for (int i = 0; i < 2; ++i) ASSERT_EQ(Text(db_->Merge("sum", one)), "");
  using std::chrono::hours;
  ASSERT_EQ(Text(db_->Put("expires", "1", {.ttl = hours(1)})), "");
  const auto expires_at = db_->GetPinned("expires").value()->expires_at();
  ASSERT_EQ(Text(db_->Checkpoint(Copy())), "");
  const auto copy = support::OpenOrFail(Copy());
  EXPECT_EQ(copy->Get("sum").value(), three) << "by the operator that the manifest names";
  EXPECT_EQ(copy->Get(Key(1000)).value(), std::nullopt);
  EXPECT_EQ(ContentOf(*copy), ContentOf(*db_));
  const auto value = copy->GetPinned("expires").value();
  ASSERT_TRUE(value);
  EXPECT_EQ(value->expires_at(), expires_at);
}

TEST_F(CheckpointTest, HoldsWholeBatchesOfOneMomentWhileEverythingGoesOn) {
  constexpr int kWriters = 2;
  Family other = db_->CreateFamily("other").value();
  std::atomic<bool> stops{false};
  std::atomic<uint64_t> acknowledged[kWriters] = {};
  std::vector<std::thread> threads;
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      for (uint64_t n = 1; !stops; ++n) {
        WriteBatch batch;
        batch.Put(fmt::format("writer{}", writer), std::to_string(n));
        batch.Put(other, fmt::format("writer{}", writer), std::to_string(n));
        batch.Put(Key(n % 3000), std::string(200, 'v'));
        const Durability durability = n % 3 == 0 ? Durability::kNone : Durability::kBuffered;
        ASSERT_EQ(Text(db_->Write(batch, {.durability = durability})), "");
        acknowledged[writer].store(n);
      }
    });
  }
  threads.emplace_back([&] {
    for (int n = 0; !stops; ++n) {
      ASSERT_EQ(Text(db_->Flush()), "");
      ASSERT_EQ(Text(db_->CompactRange(Key(n % 10 * 300), Key(n % 10 * 300 + 600))), "");
      const Family passing = db_->CreateFamily("passing").value();
      ASSERT_EQ(Text(passing.Put("key", "value")), "");
      ASSERT_EQ(Text(db_->DropFamily(passing)), "");
    }
  });
  for (int round = 0; round < 12; ++round) {
    uint64_t before[kWriters], after[kWriters];
    for (int writer = 0; writer < kWriters; ++writer) before[writer] = acknowledged[writer].load();
    const std::string path = Copy("copy" + std::to_string(round));
    ASSERT_EQ(Text(db_->Checkpoint(path)), "");
    for (int writer = 0; writer < kWriters; ++writer) after[writer] = acknowledged[writer].load();
    const auto copy = support::OpenOrFail(path);
    for (int writer = 0; writer < kWriters; ++writer) {
      const std::string key = fmt::format("writer{}", writer);
      const std::string found = copy->Get(key).value().value_or("0");
      EXPECT_EQ(copy->OpenFamily("other").value().Get(key).value().value_or("0"), found) << "a torn batch";
      EXPECT_GE(std::stoull(found), before[writer]);
      EXPECT_LE(std::stoull(found), after[writer] + 1);
    }
  }
  stops = true;
  for (std::thread& thread : threads) thread.join();
}

TEST_F(CheckpointTest, OfTwoAtOnceToOnePathOneIsMade) {
  Fill(*db_, 0, 3000);
  Status made[2];
  std::thread other([&] { made[0] = db_->Checkpoint(Copy()); });
  made[1] = db_->Checkpoint(Copy());
  other.join();
  EXPECT_TRUE(made[0] || made[1]) << Text(made[0]) << Text(made[1]);
  EXPECT_EQ(ContentOf(*support::OpenOrFail(Copy())).size(), 3000u);
}

TEST_F(CheckpointTest, IsRefusedByAClosedDatabaseAndAReadOnlyOne) {
  Fill(*db_, 0, 10);
  ASSERT_EQ(Text(db_->Close()), "");
  EXPECT_EQ(db_->Checkpoint(Copy()).error().code(), ErrorCode::kClosed);
  Options options = support::SmallOptions();
  options.read_only = true;
  const auto reader = support::OpenOrFail(Place(), options);
  EXPECT_EQ(reader->Checkpoint(Copy()).error().code(), ErrorCode::kNotSupported);
  EXPECT_THAT(NamesIn(directory_.path()), ElementsAre("db"));
}

TEST_F(CheckpointTest, CopiesTablesToWhereTheyCannotBeLinked) {
  const std::filesystem::path memory = "/dev/shm";
  if (!std::filesystem::is_directory(memory)) GTEST_SKIP() << "there is no second file system";
  const support::TempDirectory elsewhere(memory.string());
  Fill(*db_, 0, 3000);
  ASSERT_EQ(Text(db_->Checkpoint(elsewhere.File("copy"))), "");
  EXPECT_EQ(ContentOf(*support::OpenOrFail(elsewhere.File("copy"))), ContentOf(*db_));
}

TEST_F(CheckpointTest, IsOfAMovedDatabasesOwnTables) {
  Fill(*db_, 0, 100);
  ASSERT_EQ(Text(db_->Flush()), "");
  std::filesystem::rename(Place(), Copy("moved"));
  ASSERT_TRUE(std::filesystem::create_directory(Place())) << "another one takes the place";
  ASSERT_EQ(Text(db_->Checkpoint(Copy())), "");
  EXPECT_EQ(ContentOf(*support::OpenOrFail(Copy())).size(), 100u);
}

}  // namespace
}  // namespace amethyst::checkpoint
