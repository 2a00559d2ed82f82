// A read-only database that goes along with the writer of another process.
// Covers: follower, batch_replay
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <string>

#include "amethyst/amethyst.h"
#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "support/database.h"
#include "support/fault_file_system.h"

namespace amethyst {
namespace {

using support::CodeOf;
using support::ContentOf;
using support::Key;
using support::Text;

class FollowerTest : public testing::Test {
 protected:
  void SetUp() override { OpenWriter(); }

  void OpenWriter(const Options& options = support::SmallOptions()) {
    writer_environment_ = std::make_unique<simulation::SerialEnvironment>(files_, 1);
    db_ = support::OpenOrFail("/db", options, support::Over(*writer_environment_));
  }
  void CloseWriter() {
    EXPECT_EQ(Text(db_->Close()), "");
    db_.reset();
  }
  // Looks in Refresh alone, unless told.
  Result<std::unique_ptr<DB>> Follow(FollowerOptions options = {.options = support::SmallOptions(),
                                                                .refresh_interval_ms = 0}) {
    follower_environment_ = std::make_unique<simulation::SerialEnvironment>(files_, 2);
    return DB::OpenFollower("/db", options, support::Over(*follower_environment_));
  }
  static std::string ValueIn(DB& db, const std::string& key, const ReadOptions& options = {}) {
    const auto value = db.Get(key, options);
    return !value ? value.error().ToString() : value->value_or("(absent)");
  }
  [[nodiscard]] size_t Tables() const {
    size_t tables = 0;
    const std::vector<std::string> names = files_->List("/db").value();
    for (const std::string& name : names) tables += name.ends_with(".sst") ? 1 : 0;
    return tables;
  }

  const std::shared_ptr<io::MemoryFileSystem> files_ = std::make_shared<io::MemoryFileSystem>();
  std::unique_ptr<simulation::SerialEnvironment> writer_environment_;
  std::unique_ptr<simulation::SerialEnvironment> follower_environment_;
  std::unique_ptr<DB> db_;
};

TEST_F(FollowerTest, SeesWhatTheWriterWroteOnceItLooks) {
  ASSERT_TRUE(db_->Put("a", "1"));
  const auto follower = Follow().value();
  EXPECT_EQ(ValueIn(*follower, "a"), "1");
  ASSERT_TRUE(db_->Put("a", "2"));
  ASSERT_TRUE(db_->Put("b", "1"));
  EXPECT_EQ(ValueIn(*follower, "a"), "1");
  EXPECT_EQ(Text(follower->Refresh()), "");
  EXPECT_EQ(ValueIn(*follower, "a"), "2");
  EXPECT_EQ(ValueIn(*follower, "b"), "1");
}

TEST_F(FollowerTest, OfAnEmptyDatabaseSeesTheFirstWrite) {
  const auto follower = Follow().value();
  EXPECT_EQ(ContentOf(*follower).size(), 0U);
  ASSERT_TRUE(db_->Put("a", "1"));
  ASSERT_TRUE(follower->Refresh());
  EXPECT_EQ(ValueIn(*follower, "a"), "1");
}

TEST_F(FollowerTest, SaysHowOldTheStateIsThatItShows) {
  ASSERT_TRUE(db_->Put("a", "1"));
  const auto follower = Follow().value();
  follower_environment_->clock().Advance(std::chrono::milliseconds(40));
  ASSERT_TRUE(db_->Put("a", "2", {.durability = Durability::kSync}));
  ASSERT_TRUE(db_->Put("a", "3"));
  Stats stats = follower->GetStats();
  ASSERT_TRUE(stats.follower);
  EXPECT_EQ(stats.sequence, 1U);
  EXPECT_EQ(stats.durable_sequence, 0U);
  EXPECT_EQ(stats.follower->age_ms, 40U);
  EXPECT_FALSE(db_->GetStats().follower);
  EXPECT_EQ(db_->GetStats().sequence, 3U);
  EXPECT_EQ(db_->GetStats().durable_sequence, 2U);
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(follower->Refresh());
  stats = follower->GetStats();
  EXPECT_EQ(stats.sequence, 3U);
  EXPECT_EQ(stats.durable_sequence, 3U) << "tables have it";
  EXPECT_EQ(follower->DurableSequence().value(), 3U);
  EXPECT_EQ(stats.follower->age_ms, 0U);
  CloseWriter();
  EXPECT_EQ(follower->GetStats().follower->writer_sequence, std::nullopt) << "no writer is there";
  EXPECT_NE(stats.ToJson().find("\"follower\":{\"age_ms\":0,\"writer_sequence\":"), std::string::npos);
}

TEST_F(FollowerTest, RefusesWrites) {
  const auto follower = Follow().value();
  EXPECT_EQ(CodeOf(follower->Put("a", "1")), ErrorCode::kNotSupported);
  EXPECT_EQ(CodeOf(follower->Flush()), ErrorCode::kNotSupported);
  EXPECT_EQ(CodeOf(follower->CreateFamily("f")), ErrorCode::kNotSupported);
  EXPECT_EQ(Text(db_->Refresh()), "");  // The writer's reads are the newest.
}

TEST_F(FollowerTest, GoesAlongWithFlushesCompactionsAndManifests) {
  const auto follower = Follow().value();
  for (int round = 0; round < 40; ++round) {
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(db_->Put(Key(i), std::to_string(round)));
    if (round % 3 == 0) ASSERT_TRUE(db_->Flush());
    if (round % 10 == 9) ASSERT_TRUE(db_->CompactRange());
    if (round % 5 == 1) {
      CloseWriter();
      OpenWriter();
    }
    if (round % 4 == 0) continue;
    ASSERT_EQ(Text(follower->Refresh()), "") << round;
    ASSERT_EQ(ContentOf(*follower), ContentOf(*db_)) << round;
  }
}

TEST_F(FollowerTest, OutlivesTheWriterAndItsNextLife) {
  ASSERT_TRUE(db_->Put("a", "1"));
  const auto follower = Follow().value();
  CloseWriter();
  ASSERT_TRUE(follower->Refresh());
  EXPECT_EQ(ValueIn(*follower, "a"), "1");
  OpenWriter();
  ASSERT_TRUE(db_->Put("a", "2"));
  ASSERT_TRUE(follower->Refresh());
  EXPECT_EQ(ValueIn(*follower, "a"), "2");
}

TEST_F(FollowerTest, OfACopyShowsAllOfIt) {
  ASSERT_TRUE(db_->Put("a", "1"));
  ASSERT_TRUE(db_->Checkpoint("/copy"));
  follower_environment_ = std::make_unique<simulation::SerialEnvironment>(files_, 2);
  const auto copy = DB::OpenFollower("/copy", {.options = support::SmallOptions(), .refresh_interval_ms = 0},
                                     support::Over(*follower_environment_));
  ASSERT_TRUE(copy) << copy.error().ToString();
  EXPECT_EQ(ContentOf(**copy), ContentOf(*db_));
  EXPECT_FALSE(files_->Exists("/copy/READERS").value()) << "nothing is written";
}

TEST_F(FollowerTest, SnapshotsAndIteratorsKeepTheirMoment) {
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(db_->Put(Key(i), "old"));
  ASSERT_TRUE(db_->Flush());
  const auto follower = Follow().value();
  const Snapshot snapshot = follower->GetSnapshot();
  Iterator iterator = follower->NewIterator();
  const std::map<std::string, std::string> before = ContentOf(*follower);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(i % 2 == 0 ? db_->Put(Key(i), "new") : db_->Delete(Key(i)));
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->CompactRange());
  ASSERT_TRUE(follower->Refresh());
  EXPECT_EQ(ContentOf(*follower), ContentOf(*db_));
  EXPECT_EQ(ContentOf(*follower, {.snapshot = &snapshot}), before);
  EXPECT_EQ(ValueIn(*follower, Key(3), {.snapshot = &snapshot}), "old");
  std::map<std::string, std::string> walked;
  for (iterator.SeekToFirst(); iterator.Valid(); iterator.Next()) walked.emplace(iterator.key(), iterator.value());
  EXPECT_EQ(walked, before);
}

TEST_F(FollowerTest, ATransactionReadsAsOfItsBegin) {
  ASSERT_TRUE(db_->Put("a", "1"));
  const auto follower = Follow().value();
  Transaction transaction = follower->Begin();
  ASSERT_TRUE(db_->Put("a", "2"));
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->CompactRange());
  ASSERT_TRUE(follower->Refresh());
  EXPECT_EQ(transaction.Get("a").value(), "1");
  EXPECT_EQ(ValueIn(*follower, "a"), "2");
  EXPECT_EQ(Text(transaction.Commit()), "");
}

TEST_F(FollowerTest, FilesStayWhileAFollowerShowsThem) {
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(db_->Put(Key(i), "old"));
  ASSERT_TRUE(db_->Flush());
  auto follower = Follow().value();
  ASSERT_TRUE(db_->Put(Key(0), "new"));
  ASSERT_TRUE(db_->CompactRange());
  EXPECT_GT(Tables(), 1U);
  EXPECT_EQ(ContentOf(*follower).size(), 100U);
  EXPECT_EQ(ValueIn(*follower, Key(0)), "old");
  ASSERT_TRUE(follower->Refresh());
  EXPECT_EQ(ValueIn(*follower, Key(0)), "new");
  ASSERT_TRUE(db_->Put(Key(1), "new"));
  ASSERT_TRUE(db_->CompactRange());
  ASSERT_TRUE(follower->Close());
  ASSERT_TRUE(db_->Put(Key(2), "new"));
  ASSERT_TRUE(db_->CompactRange());
  EXPECT_EQ(Tables(), 1U);
}

TEST_F(FollowerTest, ADroppedFollowersFilesGoAtTheNextOpen) {
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(db_->Put(Key(i), "old"));
  ASSERT_TRUE(db_->Flush());
  auto follower = Follow().value();
  ASSERT_TRUE(db_->Put(Key(0), "new"));
  ASSERT_TRUE(db_->CompactRange());
  CloseWriter();
  EXPECT_GT(Tables(), 1U);
  OpenWriter();
  EXPECT_GT(Tables(), 1U);  // It still shows them.
  EXPECT_EQ(ContentOf(*follower).size(), 100U);
  follower.reset();
  CloseWriter();
  OpenWriter();
  ASSERT_TRUE(db_->Put(Key(1), "new"));
  CloseWriter();
  EXPECT_LE(Tables(), 2U);
}

TEST_F(FollowerTest, OneThatLagsBehindItsGraceIsTooOld) {
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(db_->Put(Key(i), "old"));
  ASSERT_TRUE(db_->Flush());
  const auto follower = Follow({.options = support::SmallOptions(), .refresh_interval_ms = 0, .grace_s = 2}).value();
  ASSERT_TRUE(db_->Put(Key(0), "new"));
  ASSERT_TRUE(db_->CompactRange());
  writer_environment_->clock().Sleep(std::chrono::seconds(3));
  ASSERT_TRUE(db_->Put(Key(1), "new"));
  ASSERT_TRUE(db_->CompactRange());
  EXPECT_EQ(CodeOf(follower->Get(Key(50))), ErrorCode::kTooOld);
  EXPECT_EQ(Text(follower->Refresh()), "");
  EXPECT_EQ(ContentOf(*follower), ContentOf(*db_));
}

TEST_F(FollowerTest, FollowsFamiliesOperandsRangeDeletesAndUnloggedWrites) {
  const auto follower = Follow().value();
  Family family = db_->CreateFamily("f", {.merge_operator = Int64Add()}).value();
  ASSERT_TRUE(family.Put("a", std::string(8, '\0')));
  ASSERT_TRUE(family.Merge("a", std::string("\1\0\0\0\0\0\0\0", 8)));
  ASSERT_TRUE(db_->Put("k", "v"));
  ASSERT_TRUE(db_->Put("l", "v", {.durability = Durability::kNone}));
  ASSERT_TRUE(db_->DeleteRange("j", "kz"));
  ASSERT_EQ(Text(follower->Refresh()), "");
  Family followed = follower->OpenFamily("f").value();
  EXPECT_EQ(followed.Get("a").value(), std::string("\1\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(ValueIn(*follower, "k"), "(absent)");
  EXPECT_EQ(ValueIn(*follower, "l"), "(absent)");  // Until the flush.
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(follower->Refresh());
  EXPECT_EQ(ValueIn(*follower, "l"), "v");
  EXPECT_EQ(followed.Get("a").value(), std::string("\1\0\0\0\0\0\0\0", 8));
  ASSERT_TRUE(db_->RenameFamily(family, "g"));
  ASSERT_TRUE(follower->Refresh());
  EXPECT_TRUE(follower->OpenFamily("g"));
  ASSERT_TRUE(db_->DropFamily(family));
  ASSERT_TRUE(follower->Refresh());
  EXPECT_EQ(CodeOf(followed.Get("a")), ErrorCode::kInvalidArgument);
}

TEST_F(FollowerTest, AnOperatorThatComesLaterIsKnown) {
  Options options = support::SmallOptions();
  options.families["default"].merge_operator = Int64Add();
  CloseWriter();
  OpenWriter(options);
  const auto follower = Follow().value();
  ASSERT_TRUE(db_->Merge("a", std::string("\2\0\0\0\0\0\0\0", 8)));
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(follower->Refresh());
  EXPECT_EQ(ValueIn(*follower, "a"), std::string("\2\0\0\0\0\0\0\0", 8));
}

// The log that it reads anew ends before them. At its last number, reads would find the oldest version of a key whose
// second one the flush has left out.
TEST_F(FollowerTest, ShowsUnloggedWritesOfTheTablesThoughItReadsTheLogAnew) {
  follower_environment_ = std::make_unique<simulation::SerialEnvironment>(files_, 2);
  support::FaultFileSystem faults(*files_);
  support::FaultEnvironment environment(*follower_environment_, faults);
  ASSERT_TRUE(db_->Put("a", "1"));
  ASSERT_TRUE(db_->CompactRange());
  ASSERT_TRUE(db_->Put("a", "2"));
  const auto follower = DB::OpenFollower("/db", {.options = support::SmallOptions(), .refresh_interval_ms = 0},
                                         support::Over(environment))
                            .value();
  EXPECT_EQ(ValueIn(*follower, "a"), "2");
  faults.Fail({.operation = support::Operation::kRead, .call = faults.calls(support::Operation::kRead) + 1});
  ASSERT_EQ(CodeOf(follower->Refresh()), ErrorCode::kIo);
  ASSERT_TRUE(db_->Put("a", "3", {.durability = Durability::kNone}));
  for (int i = 0; Tables() == 1; ++i) {  // No call to Flush, which would begin a segment that counts them.
    ASSERT_TRUE(db_->Put(Key(i), std::string(2000, 'x'), {.durability = Durability::kNone}));
    writer_environment_->RunOneJob();
  }
  ASSERT_EQ(Text(follower->Refresh()), "");
  EXPECT_EQ(ValueIn(*follower, "a"), "3");
}

// Writes past the log have numbers that the follower has passed when they come.
TEST_F(FollowerTest, RemembersNoStretchThatUnloggedWritesComeInto) {
  for (int i = 0; i < 2000; ++i) ASSERT_TRUE(db_->Put(Key(i), "v"));
  for (int i = 0; i < 2000; ++i) ASSERT_TRUE(db_->Delete(Key(i)));
  ASSERT_TRUE(db_->Put(Key(1000), "alive", {.durability = Durability::kNone}));
  ASSERT_TRUE(db_->Put(Key(9000), "end"));
  const auto follower = Follow().value();
  EXPECT_EQ(ContentOf(*follower).size(), 1U);
  EXPECT_EQ(ContentOf(*follower).size(), 1U);
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(follower->Refresh());
  EXPECT_EQ(ContentOf(*follower).size(), 2U);
}

TEST_F(FollowerTest, OfADatabaseWithoutALogSeesItsFlushes) {
  CloseWriter();
  Options options = support::SmallOptions();
  options.external_log = true;
  OpenWriter(options);
  auto follower = Follow().value();
  for (uint64_t index = 1; index < 4; ++index) {
    WriteBatch batch;
    batch.Put("a", std::to_string(index));
    batch.SetApplied(index);
    ASSERT_TRUE(db_->Write(batch));
    ASSERT_TRUE(db_->Release(index));
    ASSERT_TRUE(db_->Flush());
    ASSERT_EQ(Text(follower->Refresh()), "");
    EXPECT_EQ(ValueIn(*follower, "a"), std::to_string(index));
    follower = Follow().value();
    EXPECT_EQ(ValueIn(*follower, "a"), std::to_string(index));
    CloseWriter();
    OpenWriter(options);
  }
}

TEST_F(FollowerTest, LooksByItself) {
  const auto follower = Follow({.options = support::SmallOptions(), .refresh_interval_ms = 50}).value();
  ASSERT_TRUE(db_->Put("a", "1"));
  follower_environment_->clock().Advance(std::chrono::milliseconds(60));
  EXPECT_EQ(ValueIn(*follower, "a"), "1");
}

TEST_F(FollowerTest, ThereMustBeADatabase) {
  follower_environment_ = std::make_unique<simulation::SerialEnvironment>(files_, 2);
  const auto followed = DB::OpenFollower("/none", {}, support::Over(*follower_environment_));
  EXPECT_EQ(CodeOf(followed), ErrorCode::kInvalidArgument);
}

// Writes, flushes, rewrites, ends and new lives of the writer, drawn by a seed; whatever they are, a look shows what
// the writer shows.
TEST_F(FollowerTest, ShowsWhatTheWriterShowsWhateverItDoes) {
  for (uint32_t seed = 1; seed <= 6; ++seed) {
    std::mt19937 random(seed);
    const auto draw = [&random](uint32_t bound) { return static_cast<uint32_t>(random() % bound); };
    std::unique_ptr<DB> follower = Follow().value();
    std::optional<Snapshot> snapshot;
    std::map<std::string, std::string> pinned;
    for (int step = 0; step < 300; ++step) {
      const std::string key = Key(draw(200));
      switch (draw(24)) {
        case 0: ASSERT_TRUE(db_->Flush()); break;
        case 1: ASSERT_TRUE(db_->CompactRange()); break;
        case 2: ASSERT_TRUE(db_->DeleteRange(key, key + "9")); break;
        case 3:
          if (draw(4) != 0) break;
          CloseWriter();
          OpenWriter();
          break;
        case 4:
        case 5: ASSERT_TRUE(db_->Delete(key)); break;
        case 6:
          snapshot.emplace(follower->GetSnapshot());
          pinned = ContentOf(*follower, {.snapshot = &*snapshot});
          break;
        case 7:
          if (snapshot) ASSERT_EQ(ContentOf(*follower, {.snapshot = &*snapshot}), pinned) << seed << ", " << step;
          break;
        case 8:
        case 9:
        case 10:
          ASSERT_EQ(Text(follower->Refresh()), "") << seed << ", " << step;
          ASSERT_EQ(ContentOf(*follower), ContentOf(*db_)) << seed << ", " << step;
          break;
        case 11:
          snapshot.reset();
          follower = Follow().value();
          ASSERT_EQ(ContentOf(*follower), ContentOf(*db_)) << seed << ", " << step;
          break;
        default: ASSERT_TRUE(db_->Put(key, std::string(draw(2000), 'x') + std::to_string(step))); break;
      }
      if (draw(3) == 0) writer_environment_->RunOneJob();
    }
    snapshot.reset();
  }
}

}  // namespace
}  // namespace amethyst
