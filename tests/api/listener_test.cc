// What a listener is told of a database. Covers: db, components
#include <gmock/gmock.h>

#include <filesystem>

#include "api/listener_fixture.h"
#include "support/temp_directory.h"

namespace amethyst {
namespace {

using support::CodeOf;
using support::Key;
using support::OpenOrFail;
using support::Operation;
using support::SmallOptions;
using support::TempDirectory;
using support::Text;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;

TEST_F(ListenerTest, IsToldOfAFlushAndItsTable) {
  ASSERT_TRUE(db_->Put("a", "1"));
  ASSERT_EQ(Text(db_->Flush()), "");
  RunJobs();
  ASSERT_THAT(heard_->Names(), ElementsAre("flush-begin", "table-made", "flush-end"));
  EXPECT_GT(heard_->events[0].bytes_read, 0u);
  const Event& made = heard_->events[1];
  EXPECT_EQ(made.family, "default");
  EXPECT_EQ(made.to_level, 0);
  EXPECT_EQ(made.entries, 1u);
  EXPECT_GT(made.table, 0u);
  EXPECT_GT(made.bytes_written, 0u);
  EXPECT_EQ(heard_->events[2].entries, 1u);
  EXPECT_EQ(heard_->events[2].error, std::nullopt);
  EXPECT_EQ(heard_->events[2].number, 3u);
  EXPECT_EQ(heard_->events[2].time, std::chrono::system_clock::time_point(serial_.clock().WallTime()));
}

// RocksDB did not call its listeners in a flush of several column families at once.
TEST_F(ListenerTest, IsToldOfEveryFamilyOfAFlush) {
  Family one = db_->CreateFamily("one").value();
  Family two = db_->CreateFamily("two").value();
  WriteBatch batch;
  batch.Put("a", "0");
  batch.Put(one, "a", "1");
  batch.Put(two, "a", "2");
  ASSERT_TRUE(db_->Write(batch));
  ASSERT_EQ(Text(db_->Flush()), "");
  RunJobs();
  std::vector<std::string> families;
  for (const Event& event : heard_->Of(EventKind::kTableMade)) families.push_back(event.family);
  EXPECT_THAT(families, testing::UnorderedElementsAre("default", "one", "two"));
  EXPECT_EQ(heard_->Of(EventKind::kFlushBegin).size(), 1u);
  EXPECT_EQ(heard_->Of(EventKind::kFlushEnd).size(), 1u);
}

TEST_F(ListenerTest, IsToldOfCompactionsWithReasonLevelsAndBytes) {
  Fill(10'000);
  ASSERT_EQ(Text(db_->CompactRange()), "");
  ASSERT_EQ(Text(db_->WaitForIdle()), "");
  RunJobs();
  const std::vector<Event> begun = heard_->Of(EventKind::kCompactionBegin);
  const std::vector<Event> ended = heard_->Of(EventKind::kCompactionEnd);
  ASSERT_FALSE(begun.empty());
  EXPECT_EQ(begun.size(), ended.size());
  for (const Event& event : begun) {
    EXPECT_NE(event.text, "");
    EXPECT_EQ(event.family, "default");
    EXPECT_GE(event.to_level, event.from_level);
  }
  uint64_t read = 0, written = 0;
  for (const Event& event : ended) read += event.bytes_read, written += event.bytes_written;
  EXPECT_EQ(read, db_->GetStats().compaction_bytes_read);
  EXPECT_EQ(written, db_->GetStats().compaction_bytes_written);
  EXPECT_GT(heard_->Of(EventKind::kTableRemoved).size(), 0u);
}

TEST_F(ListenerTest, TablesMadeLessTablesRemovedAreThoseThatThereAre) {
  Fill(20'000);
  ASSERT_EQ(Text(db_->WaitForIdle()), "");
  RunJobs();
  std::set<uint64_t> tables;
  for (const Event& event : heard_->events) {
    if (event.kind == EventKind::kTableMade) EXPECT_TRUE(tables.insert(event.table).second);
    if (event.kind == EventKind::kTableRemoved) EXPECT_EQ(tables.erase(event.table), 1u);
  }
  uint64_t there = 0;
  for (const auto& level : db_->GetStats().levels) there += level.tables;
  EXPECT_EQ(tables.size(), there);
}

TEST_F(ListenerTest, IsToldOfFamilies) {
  Family family = db_->CreateFamily("users").value();
  ASSERT_TRUE(db_->RenameFamily(family, "people"));
  ASSERT_TRUE(db_->DropFamily(family));
  RunJobs();
  ASSERT_THAT(heard_->Names(), ElementsAre("family-made", "family-renamed", "family-dropped"));
  EXPECT_EQ(heard_->events[0].family, "users");
  EXPECT_EQ(heard_->events[1].family, "people");
  EXPECT_EQ(heard_->events[1].text, "users");
  EXPECT_EQ(heard_->events[2].family, "people");
  for (const Event& event : heard_->events) EXPECT_EQ(event.family_id, family.id());
}

TEST_F(ListenerTest, IsToldOfIngestsCheckpointsAndBackups) {
  const TempDirectory directory;
  Components components;
  components.listener = heard_;
  auto db = OpenOrFail(directory.path() + "/db", SmallOptions(), components);
  const std::string table = directory.path() + "/table";
  auto writer = TableWriter::Create(table).value();
  ASSERT_TRUE(writer.Put("k", "v"));
  ASSERT_TRUE(writer.Finish());
  ASSERT_EQ(Text(db->Ingest(table)), "");
  ASSERT_EQ(Text(db->Checkpoint(directory.path() + "/copy")), "");
  auto store = BackupStore::Open(directory.path() + "/store").value();
  const uint64_t id = store.Create(*db).value();
  ASSERT_EQ(Text(db->Close()), "");
  EXPECT_THAT(heard_->Names(), IsSupersetOf({"ingest", "checkpoint", "backup", "table-made"}));
  EXPECT_EQ(heard_->Of(EventKind::kIngest)[0].entries, 1u);
  EXPECT_EQ(heard_->Of(EventKind::kCheckpoint)[0].text, directory.path() + "/copy");
  EXPECT_EQ(heard_->Of(EventKind::kBackup)[0].value, id);
  EXPECT_EQ(heard_->Of(EventKind::kBackup)[0].text, directory.path() + "/store");
}

class FewMemtablesListenerTest : public ListenerTest {
 protected:
  static Options FewMemtables() {
    Options options = SmallOptions();
    options.memory_budget_bytes = size_t{4} << 20;
    options.write_buffer_bytes = size_t{1} << 20;
    return options;
  }
  FewMemtablesListenerTest() : ListenerTest(FewMemtables()) {}
};

TEST_F(FewMemtablesListenerTest, IsToldThatWritesWaitAndThatTheyGoOn) {
  Fill(50'000);  // No job runs before a writer waits for one.
  RunJobs();
  const auto causes = [&](EventKind kind) {
    std::vector<DelayCause> of;
    for (const Event& event : heard_->Of(kind)) of.push_back(event.cause);
    return of;
  };
  EXPECT_THAT(causes(EventKind::kWriteDelayBegin), Contains(DelayCause::kMemtables));
  ASSERT_EQ(Text(db_->WaitForIdle()), "");
  RunJobs();
  EXPECT_THAT(causes(EventKind::kWriteDelayEnd),
              testing::UnorderedElementsAreArray(causes(EventKind::kWriteDelayBegin)));
}

TEST_F(ListenerTest, IsToldOfAnErrorThatEndsAllWritesOnce) {
  ASSERT_TRUE(db_->Put("a", "1"));
  faults_.Fail({.operation = Operation::kSync, .call = faults_.calls(Operation::kSync) + 1, .for_good = true});
  EXPECT_EQ(CodeOf(db_->Flush()), ErrorCode::kIo);
  EXPECT_EQ(CodeOf(db_->Put("b", "1")), ErrorCode::kIo);
  RunJobs();
  const std::vector<Event> latched = heard_->Of(EventKind::kErrorLatched);
  ASSERT_EQ(latched.size(), 1u);
  EXPECT_EQ(latched[0].error, ErrorCode::kIo);
  EXPECT_NE(latched[0].text, "");
  ASSERT_EQ(heard_->Of(EventKind::kFlushEnd).size(), 1u);
  EXPECT_EQ(heard_->Of(EventKind::kFlushEnd)[0].error, ErrorCode::kIo);
}

TEST_F(ListenerTest, IsToldThatWorkWaitsForSpaceAndGoesOn) {
  ASSERT_TRUE(db_->Put("a", "1"));
  faults_.Fail({.operation = Operation::kCreate,
                .call = faults_.calls(Operation::kCreate) + 1,
                .for_good = true,
                .code = ErrorCode::kNoSpace});
  EXPECT_EQ(CodeOf(db_->Flush()), ErrorCode::kNoSpace);
  PassTime();
  PassTime();
  RunJobs();
  ASSERT_EQ(heard_->Of(EventKind::kErrorWaits).size(), 1u);
  EXPECT_EQ(heard_->Of(EventKind::kErrorWaits)[0].error, ErrorCode::kNoSpace);
  EXPECT_THAT(heard_->Of(EventKind::kErrorCleared), IsEmpty());
  faults_.ClearFaults();
  ASSERT_EQ(Text(db_->Flush()), "");
  RunJobs();
  EXPECT_EQ(heard_->Of(EventKind::kErrorCleared).size(), 1u);
  EXPECT_THAT(heard_->Of(EventKind::kErrorLatched), IsEmpty());
}

class RetentionListenerTest : public ListenerTest {
 protected:
  static Options LittleRetention() {
    Options options = SmallOptions();
    options.feed_retention_bytes = 1000;
    return options;
  }
  RetentionListenerTest() : ListenerTest(LittleRetention()) {}
};

TEST_F(RetentionListenerTest, IsToldOfALostCursor) {
  ASSERT_TRUE(db_->CreateCursor("search"));
  Fill(20'000);
  ASSERT_TRUE(db_->Flush());
  PassTime();
  ASSERT_TRUE(db_->Cursors().value()[0].is_lost);
  ASSERT_EQ(heard_->Of(EventKind::kCursorLost).size(), 1u);
  EXPECT_EQ(heard_->Of(EventKind::kCursorLost)[0].text, "search");
}

TEST_F(ListenerTest, IsToldOfAClockThatJumps) {
  ASSERT_TRUE(db_->Put("a", "1"));
  PassTime();
  serial_.clock().JumpWallTime(std::chrono::hours(2));
  ASSERT_TRUE(db_->Put("a", "1"));
  PassTime();
  ASSERT_EQ(heard_->Of(EventKind::kClockJump).size(), 1u);
  EXPECT_EQ(heard_->Of(EventKind::kClockJump)[0].jump, std::chrono::hours(2));
}

class ExternalListenerTest : public ListenerTest {
 protected:
  static Options External() {
    Options options = SmallOptions();
    options.external_log = true;
    return options;
  }
  ExternalListenerTest() : ListenerTest(External()) {}

  void PutAt(uint64_t index, bool with_entry = true) {
    WriteBatch batch;
    if (with_entry) batch.Put("k", "v");
    batch.SetApplied(index);
    ASSERT_EQ(Text(db_->Write(batch)), "");
    ASSERT_TRUE(db_->Release(index));
  }
};

TEST_F(ExternalListenerTest, IsToldWhatIsDurableOnceItIs) {
  heard_->on_event = [this](const Event& event) {
    if (event.kind == EventKind::kDurable) EXPECT_GE(db_->Applied().durable, event.value);
  };
  PutAt(7);
  RunJobs();
  EXPECT_THAT(heard_->durable, IsEmpty());
  ASSERT_EQ(Text(db_->Flush()), "");
  RunJobs();
  EXPECT_THAT(heard_->durable, ElementsAre(7));
  ASSERT_EQ(Text(db_->Flush()), "");
  RunJobs();
  EXPECT_THAT(heard_->durable, ElementsAre(7));
  PutAt(9, false);  // The index moves, and no entry comes.
  ASSERT_EQ(Text(db_->Flush()), "");
  RunJobs();
  heard_->on_event = nullptr;
  PutAt(10);
  ASSERT_EQ(Text(db_->Close()), "");
  EXPECT_THAT(heard_->durable, ElementsAre(7, 9, 10));
}

// As with RocksDB's OnFlushCompleted, which came before its table could be read.
TEST_F(ListenerTest, WhatItIsToldOfCanBeSeen) {
  uint64_t checked = 0;
  heard_->on_event = [&](const Event& event) {
    if (db_ == nullptr) return;
    const Stats stats = db_->GetStats();
    if (event.kind == EventKind::kFlushEnd) EXPECT_GE(stats.flushes, heard_->Of(EventKind::kFlushEnd).size() - 1);
    if (event.kind == EventKind::kTableMade) {
      uint64_t tables = 0;
      for (const auto& level : stats.levels) tables += level.tables;
      EXPECT_GT(tables, 0u);
      ++checked;
    }
    if (event.kind == EventKind::kFamilyMade) EXPECT_TRUE(db_->OpenFamily(event.family));
    if (event.kind == EventKind::kFamilyDropped) EXPECT_FALSE(db_->OpenFamily(event.family));
    if (event.kind == EventKind::kTableRemoved) {
      const std::string path = fmt::format("/db/{:06}.sst", event.table);
      EXPECT_FALSE(serial_.files().Exists(path).value());
    }
  };
  Family family = db_->CreateFamily("f").value();
  ASSERT_TRUE(db_->Put("a", "1"));
  ASSERT_TRUE(db_->Flush());
  RunJobs();
  ASSERT_TRUE(db_->DropFamily(family));
  RunJobs();
  EXPECT_GT(checked, 0u);
}

TEST_F(ListenerTest, CloseDeliversWhatIsQueuedAndRefusesItself) {
  ASSERT_TRUE(db_->Put("a", "1"));
  std::vector<std::optional<ErrorCode>> closes, puts;
  heard_->on_event = [&](const Event&) {
    closes.push_back(CodeOf(db_->Close()));
    puts.push_back(CodeOf(db_->Put("late", "v")));
  };
  ASSERT_EQ(Text(db_->Close()), "");
  EXPECT_THAT(heard_->Names(), IsSupersetOf({"flush-begin", "table-made", "flush-end"}));  // Close's own flush.
  EXPECT_THAT(closes, Each(ErrorCode::kBusy));
  EXPECT_THAT(puts, Contains(ErrorCode::kClosed));
  EXPECT_EQ(serial_.waiting_jobs(), 0u);
  EXPECT_EQ(heard_.use_count(), 1);
}

TEST_F(ListenerTest, IsToldOfTheFlushThatAnOpenMakes) {
  ASSERT_EQ(Text(db_->Close()), "");
  heard_->events.clear();
  Open();
  ASSERT_EQ(Text(db_->Close()), "");
  for (const Event& event : heard_->events) EXPECT_GT(event.number, 0u);
  options_.read_only = true;
  heard_->events.clear();
  Open();
  ASSERT_EQ(Text(db_->Close()), "");
  EXPECT_THAT(heard_->events, IsEmpty());
}

TEST_F(ListenerTest, WithoutOneNothingIsQueued) {
  db_ = nullptr;
  RunJobs();
  heard_ = nullptr;
  Open();
  ASSERT_TRUE(db_->CreateFamily("f"));
  EXPECT_EQ(serial_.waiting_jobs(), 0u);
}

}  // namespace
}  // namespace amethyst
