// A database without a log of its own, beside a log that the caller keeps and repeats.
#include "engine/external_log.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "amethyst/amethyst.h"
#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "support/database.h"
#include "support/temp_directory.h"

namespace amethyst {
namespace {

using support::CodeOf;
using support::ContentOf;
using support::Text;

class ExternalLogTest : public testing::Test {
 protected:
  static Options WithoutLog() {
    Options options = support::SmallOptions();
    options.external_log = true;
    return options;
  }
  void Open(const Options& options = WithoutLog()) {
    environment_ = std::make_unique<simulation::SerialEnvironment>(files_, 1);
    db_ = support::OpenOrFail("/db", options, support::Over(*environment_));
  }
  // The process ends; what it has in memory is gone.
  void Kill() {
    auto left = std::make_shared<io::MemoryFileSystem>();
    EXPECT_TRUE(left->CreateDirectories("/db"));
    const std::vector<std::string> names = files_->List("/db").value();
    for (const std::string& name : names) {
      auto file = left->Create("/db/" + name);
      EXPECT_TRUE((*file)->Append(io::ReadFile(*files_, "/db/" + name).value()) && (*file)->Close());
    }
    db_.reset();
    files_ = left;
  }
  void Reopen(const Options& options = WithoutLog()) {
    Kill();
    Open(options);
  }
  // One entry of the caller's log.
  Status Apply(uint64_t index, const std::string& value = "value", std::string_view note = {}) {
    WriteBatch batch;
    batch.Put("key" + std::to_string(index), value);
    batch.SetApplied(index, note);
    return db_->Write(batch);
  }
  void ExpectApplied(uint64_t visible, uint64_t durable) {
    const Applied applied = db_->Applied();
    EXPECT_EQ(applied.visible, visible);
    EXPECT_EQ(applied.durable, durable);
  }
  size_t Entries() { return ContentOf(*db_).size(); }
  bool HasLogFile() {
    const std::vector<std::string> names = files_->List("/db").value();
    for (const std::string& name : names) {
      if (name.ends_with(".wal")) return true;
    }
    return false;
  }

  std::shared_ptr<io::MemoryFileSystem> files_ = std::make_shared<io::MemoryFileSystem>();
  std::unique_ptr<simulation::SerialEnvironment> environment_;
  std::unique_ptr<DB> db_;
};

TEST_F(ExternalLogTest, AfterACrashTheDatabaseIsWhatItWasAtTheDurableIndex) {
  Open();
  for (uint64_t i = 1; i <= 10; ++i) ASSERT_TRUE(Apply(i, "value", "term 1"));
  ExpectApplied(10, 0);
  ASSERT_TRUE(db_->Release(10));
  ASSERT_EQ(Text(db_->Flush()), "");
  ExpectApplied(10, 10);
  for (uint64_t i = 11; i <= 15; ++i) ASSERT_TRUE(Apply(i, "value", "term 2"));
  EXPECT_FALSE(HasLogFile());
  Reopen();
  ExpectApplied(10, 10);
  EXPECT_EQ(db_->AppliedNote(), "term 1");
  EXPECT_EQ(Entries(), 10u);
  for (uint64_t i = 11; i <= 15; ++i) ASSERT_TRUE(Apply(i));
  EXPECT_EQ(Entries(), 15u);
}

TEST_F(ExternalLogTest, TheDurableIndexIsThatOfWhatIsInTables) {
  Open();
  for (uint64_t i = 1; i <= 100; ++i) ASSERT_TRUE(Apply(i, std::string(2'000, 'v')));
  ASSERT_TRUE(db_->Release(100));
  ASSERT_TRUE(db_->WaitForIdle());
  const uint64_t durable = db_->Applied().durable;
  EXPECT_GT(durable, 0u);
  EXPECT_LT(durable, 100u);
  Reopen();
  ExpectApplied(durable, durable);
  EXPECT_EQ(Entries(), durable);
}

TEST_F(ExternalLogTest, OneFlushCoversAllFamilies) {
  Open();
  const Family family = db_->CreateFamily("other").value();
  WriteBatch batch;
  batch.Put(family, "a", "b");
  batch.SetApplied(1);
  ASSERT_TRUE(db_->Write(batch));
  ASSERT_TRUE(Apply(2));
  ASSERT_TRUE(db_->Release(2));
  ASSERT_TRUE(db_->Flush());
  Reopen();
  ExpectApplied(2, 2);
  EXPECT_EQ(db_->OpenFamily("other")->Get("a").value(), "b");
}

TEST_F(ExternalLogTest, NoMemtableIsFlushedBeforeItsNewestIndexIsReleased) {
  Open();
  ASSERT_TRUE(Apply(1));
  ASSERT_TRUE(Apply(2));
  ASSERT_TRUE(db_->Release(1));
  EXPECT_EQ(CodeOf(db_->Flush()), ErrorCode::kBusy);
  ASSERT_TRUE(db_->WaitForIdle());
  EXPECT_EQ(db_->GetStats().flushes, 0u);
  ExpectApplied(2, 0);
  ASSERT_TRUE(db_->Release(2));
  ASSERT_TRUE(db_->WaitForIdle());
  ExpectApplied(2, 2);
}

TEST_F(ExternalLogTest, AWriteThatMemoryHasNoRoomForIsRefusedUntilSomeIsReleased) {
  Open();
  const std::string value(8 << 10, 'x');
  uint64_t index = 0;
  Status written;
  while ((written = Apply(index + 1, value))) ASSERT_LT(++index, 1000u);
  EXPECT_EQ(CodeOf(written), ErrorCode::kBusy) << Text(written);
  EXPECT_GT(index, 10u);
  ExpectApplied(index, 0);
  ASSERT_TRUE(db_->Release(index));
  EXPECT_EQ(Text(Apply(index + 1, value)), "");
  EXPECT_EQ(Entries(), index + 1);
}

TEST_F(ExternalLogTest, AnIndexMovesWithoutAnEntry) {
  Open();
  WriteBatch batch;
  batch.SetApplied(7, "note");
  ASSERT_EQ(Text(db_->Write(batch)), "");
  ExpectApplied(7, 0);
  EXPECT_EQ(CodeOf(db_->Flush()), ErrorCode::kBusy);
  ASSERT_TRUE(db_->Release(7));
  ASSERT_EQ(Text(db_->Flush()), "");
  ExpectApplied(7, 7);
  Reopen();
  ExpectApplied(7, 7);
  EXPECT_EQ(db_->AppliedNote(), "note");
}

TEST_F(ExternalLogTest, AnIndexNeverDescends) {
  Open();
  ASSERT_TRUE(Apply(5));
  EXPECT_TRUE(Apply(5));
  EXPECT_EQ(CodeOf(Apply(4)), ErrorCode::kInvalidArgument);
  ExpectApplied(5, 0);
  ASSERT_TRUE(db_->Release(5) && db_->Flush());
  EXPECT_EQ(CodeOf(Apply(4)), ErrorCode::kInvalidArgument);
  Reopen();
  EXPECT_EQ(CodeOf(Apply(4)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(Entries(), 1u);
}

TEST_F(ExternalLogTest, AtCloseWhatIsReleasedIsDurableAndTheRestIsGone) {
  Open();
  ASSERT_TRUE(Apply(1));
  ASSERT_TRUE(db_->Release(1));
  ASSERT_EQ(Text(db_->Close()), "");
  db_.reset();
  Open();
  ExpectApplied(1, 1);
  ASSERT_TRUE(Apply(2));
  ASSERT_EQ(Text(db_->Close()), "");
  db_.reset();
  Open();
  ExpectApplied(1, 1);
  EXPECT_EQ(Entries(), 1u);
  ASSERT_EQ(Text(db_->Close()), "");
  db_.reset();
  Options read_only = WithoutLog();
  read_only.read_only = true;
  Open(read_only);
  ExpectApplied(1, 1);
}

TEST_F(ExternalLogTest, IsTakenUpByADatabaseThatHadALogAndGivenBack) {
  Open(support::SmallOptions());
  ASSERT_TRUE(db_->Put("logged", "value"));
  Reopen();
  EXPECT_EQ(Entries(), 1u);
  ASSERT_TRUE(Apply(3));
  ASSERT_TRUE(db_->Release(3));
  ASSERT_EQ(Text(db_->Flush()), "");
  Reopen(support::SmallOptions());
  ExpectApplied(3, 3);
  EXPECT_EQ(Entries(), 2u);
  ASSERT_TRUE(db_->Put("logged too", "value"));
  Reopen();
  ExpectApplied(3, 3);
  EXPECT_EQ(Entries(), 3u);
}

TEST_F(ExternalLogTest, ACheckpointHasTheIndexOfWhatItHolds) {
  Open();
  ASSERT_TRUE(Apply(1));
  EXPECT_EQ(CodeOf(db_->Checkpoint("/copy")), ErrorCode::kBusy);
  ASSERT_TRUE(db_->Release(1));
  ASSERT_EQ(Text(db_->Checkpoint("/copy")), "");
  const auto copy = support::OpenOrFail("/copy", WithoutLog(), support::Over(*environment_));
  EXPECT_EQ(copy->Applied().durable, 1u);
  EXPECT_EQ(ContentOf(*copy).size(), 1u);
}

TEST_F(ExternalLogTest, AnIngestIsDurableThoughEarlierEntriesAreNotReleased) {
  const support::TempDirectory directory;
  const std::string at = directory.path() + "/db";
  auto table = TableWriter::Create(directory.path() + "/table");
  ASSERT_TRUE(table && table->Put("ingested", "value") && table->Finish());
  {
    const auto db = support::OpenOrFail(at, WithoutLog());
    WriteBatch batch;
    batch.Put("applied", "value");
    batch.SetApplied(1);
    ASSERT_TRUE(db->Write(batch));
    ASSERT_EQ(Text(db->Ingest(directory.path() + "/table")), "");
    EXPECT_EQ(ContentOf(*db).size(), 2u);
    EXPECT_EQ(CodeOf(db->Flush()), ErrorCode::kBusy);
    EXPECT_EQ(db->Applied().durable, 0u);
    ASSERT_EQ(Text(db->Close()), "");
  }
  const auto db = support::OpenOrFail(at, WithoutLog());
  EXPECT_EQ(db->Get("ingested").value(), "value");
  EXPECT_EQ(ContentOf(*db).size(), 1u);
  EXPECT_EQ(db->Applied().visible, 0u);
}

TEST_F(ExternalLogTest, WrongUseIsRefused) {
  Open();
  WriteOptions synced;
  synced.durability = Durability::kSync;
  EXPECT_EQ(CodeOf(db_->Put("a", "b", synced)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(db_->SyncWal()), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(db_->WriteAsync(WriteBatch(), {}, [](const Status&) {})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(Apply(0)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(Apply(1, "value", std::string(65, 'n'))), ErrorCode::kInvalidArgument);
  EXPECT_EQ(Entries(), 0u);
  Reopen(support::SmallOptions());
  EXPECT_EQ(CodeOf(Apply(1)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(db_->Release(1)), ErrorCode::kInvalidArgument);
  ExpectApplied(0, 0);
}

TEST_F(ExternalLogTest, ABatchIsClearedOfItsIndexAndTakesThatOfAnother) {
  WriteBatch first, second;
  first.SetApplied(1, "one");
  second.SetApplied(2, "two");
  first.Append(second);
  EXPECT_EQ(first.applied(), (AppliedIndex{.index = 2, .note = "two"}));
  first.Append(WriteBatch());
  EXPECT_TRUE(first.applied().has_value());
  first.Clear();
  EXPECT_FALSE(first.applied().has_value());
}

}  // namespace
}  // namespace amethyst
