// Expiry as a caller meets it: each row of what it means, by name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "io/memory_file_system.h"
#include "simulation/serial_environment.h"
#include "support/database.h"

namespace amethyst {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::system_clock;
using support::CodeOf;
using support::OpenOrFail;
using support::Text;
using Value = std::optional<std::string>;

class Expiry : public testing::Test {
 protected:
  void SetUp() override { Open(); }
  void Open(milliseconds ttl = {}) {
    Options options = support::SmallOptions();
    options.families["default"] = {.merge_operator = Append(","), .ttl = ttl};
    db_ = OpenOrFail("/db", options, support::Over(environment_));
  }
  void Reopen(milliseconds ttl = {}) {
    ASSERT_EQ(Text(db_->Close()), "");
    db_.reset();
    Open(ttl);
  }
  void Settle() {
    ASSERT_TRUE(db_->Flush());
    ASSERT_TRUE(db_->CompactRange());
  }
  void Pass(seconds by) { environment_.clock().Advance(by); }
  void RunJobs() {
    while (environment_.RunOneJob()) {
    }
  }
  void Jump(seconds by) { environment_.clock().JumpWallTime(by); }
  [[nodiscard]] system_clock::time_point Now() { return system_clock::time_point(environment_.clock().WallTime()); }
  [[nodiscard]] Value Get(std::string_view key, const ReadOptions& options = {}) {
    const auto value = db_->Get(key, options);
    EXPECT_TRUE(value) << value.error().ToString();
    return value ? *value : std::nullopt;
  }
  [[nodiscard]] uint64_t Entries() {
    uint64_t entries = 0;
    for (const auto& level : db_->GetStats().levels) entries += level.entries;
    return entries;
  }

  simulation::SerialEnvironment environment_{std::make_shared<io::MemoryFileSystem>(), 1};
  std::unique_ptr<DB> db_;
};

TEST_F(Expiry, IsADeleteFromThatMomentOn) {
  ASSERT_TRUE(db_->Put("a", "1", {.ttl = seconds(10)}));
  ASSERT_TRUE(db_->Put("b", "2", {.expires_at = Now() + seconds(20)}));
  EXPECT_EQ(Get("a"), "1");
  Pass(seconds(9));
  EXPECT_EQ(Get("a"), "1");
  Pass(seconds(1));
  EXPECT_EQ(Get("a"), std::nullopt);
  EXPECT_EQ(support::ContentOf(*db_), (std::map<std::string, std::string>{{"b", "2"}}));
  Settle();
  EXPECT_EQ(Get("a"), std::nullopt);
  Pass(seconds(10));
  EXPECT_TRUE(support::ContentOf(*db_).empty());
}

TEST_F(Expiry, IsFixedForASnapshotAndAnIterator) {
  ASSERT_TRUE(db_->Put("a", "1", {.ttl = seconds(10)}));
  const Snapshot snapshot = db_->GetSnapshot();
  Iterator it = db_->NewIterator();
  Pass(seconds(1000));
  ASSERT_TRUE(db_->Put("b", "2"));
  Settle();
  EXPECT_EQ(Get("a"), std::nullopt);
  EXPECT_EQ(Get("a", {.snapshot = &snapshot}), "1");
  it.SeekToFirst();
  ASSERT_TRUE(it.Valid());
  EXPECT_EQ(it.key(), "a");
  it.SeekToLast();
  EXPECT_TRUE(it.Valid() && it.key() == "a");
}

TEST_F(Expiry, IsOfTheNewestEntryAlone) {
  ASSERT_TRUE(db_->Put("lives on", "1", {.ttl = seconds(10)}));
  ASSERT_TRUE(db_->Put("lives on", "2"));
  ASSERT_TRUE(db_->Put("gone", "1"));
  ASSERT_TRUE(db_->Flush());
  ASSERT_TRUE(db_->Put("gone", "2", {.ttl = seconds(10)}));
  ASSERT_TRUE(db_->Put("longer", "1", {.ttl = seconds(10)}));
  ASSERT_TRUE(db_->Put("longer", "2", {.ttl = seconds(1000)}));
  Pass(seconds(100));
  for (const bool settled : {false, true}) {
    if (settled) Settle();
    EXPECT_EQ(Get("lives on"), "2");
    EXPECT_EQ(Get("gone"), std::nullopt) << "older versions stay hidden";
    EXPECT_EQ(Get("longer"), "2");
  }
}

TEST_F(Expiry, OfTheFamilyIsStampedWhenWritten) {
  Reopen(seconds(10));
  ASSERT_TRUE(db_->Put("a", "1"));
  ASSERT_TRUE(db_->Put("longer", "1", {.ttl = seconds(1000)}));
  ASSERT_TRUE(db_->Put("ever", "1", {.expires_at = kNever}));
  WriteBatch batch;
  batch.Put("batch", "1");
  batch.Put("batch longer", "1", ExpiresAfter(seconds(1000)));
  batch.Put("batch ever", "1", ExpiresAt(kNever));
  ASSERT_TRUE(db_->Write(batch));
  Reopen();  // Concerns what is written from now on.
  ASSERT_TRUE(db_->Put("new", "1"));
  Pass(seconds(10));
  const auto content = support::ContentOf(*db_);
  EXPECT_EQ(content, (std::map<std::string, std::string>{
                         {"batch ever", "1"}, {"batch longer", "1"}, {"ever", "1"}, {"longer", "1"}, {"new", "1"}}));
}

TEST_F(Expiry, ThatCannotBeIsRefusedBeforeTheLog) {
  const uint64_t before = db_->GetSnapshot().sequence();
  EXPECT_EQ(CodeOf(db_->Put("a", "1", {.ttl = milliseconds(-1)})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(db_->Put("a", "1", {.ttl = seconds(1), .expires_at = Now()})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(db_->Put("a", "1", {.ttl = milliseconds::max()})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(db_->Delete("a", {.ttl = seconds(1)})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(db_->Delete("a", {.expires_at = kNever})), ErrorCode::kInvalidArgument);
  for (const milliseconds ttl : {milliseconds(-1), milliseconds::min(), milliseconds::max()}) {
    WriteBatch batch;
    batch.Put("a", "1", ExpiresAfter(ttl));
    EXPECT_EQ(CodeOf(db_->Write(batch)), ErrorCode::kInvalidArgument) << ttl.count();
  }
  EXPECT_EQ(db_->GetSnapshot().sequence(), before);
}

TEST_F(Expiry, InThePastIsAtOnce) {
  ASSERT_TRUE(db_->Put("a", "old"));
  ASSERT_TRUE(db_->Put("a", "1", {.expires_at = Now() - seconds(1)}));
  ASSERT_TRUE(db_->Put("b", "1", {.expires_at = system_clock::time_point(seconds(-5))}));
  EXPECT_EQ(Get("a"), std::nullopt);
  EXPECT_EQ(Get("b"), std::nullopt);
}

TEST_F(Expiry, OfABatchCountsForWhatHasNoneOfItsOwn) {
  WriteBatch batch;
  batch.Put("own", "1", ExpiresAt(Now() + seconds(1000)));
  batch.Put("none", "1");
  batch.Merge("merged", "1");
  batch.Delete("deleted");
  ASSERT_TRUE(db_->Write(batch, {.ttl = seconds(10)}));
  Pass(seconds(10));
  EXPECT_EQ(support::ContentOf(*db_), (std::map<std::string, std::string>{{"own", "1"}}));
}

TEST_F(Expiry, OfAnOperandIsItsOwn) {
  ASSERT_TRUE(db_->Put("a", "base", {.ttl = seconds(30)}));
  ASSERT_TRUE(db_->Merge("a", "1", {.ttl = seconds(10)}));
  ASSERT_TRUE(db_->Merge("a", "2"));
  for (const bool settled : {false, true}) {
    if (settled) Settle();
    EXPECT_EQ(Get("a"), "base,1,2");
  }
  Pass(seconds(10));
  EXPECT_EQ(Get("a"), "base,2") << "it is as if never written";
  Pass(seconds(20));
  EXPECT_EQ(Get("a"), "2") << "an expired put is no base";
  Pass(seconds(1000));
  Settle();
  EXPECT_EQ(Get("a"), "2");
}

TEST_F(Expiry, DoesNotComeUndoneWhenTheClockIsSetBack) {
  ASSERT_TRUE(db_->Put("a", "1", {.ttl = seconds(10)}));
  Pass(seconds(10));
  EXPECT_EQ(Get("a"), std::nullopt);
  Jump(-seconds(3600));
  EXPECT_EQ(Get("a"), std::nullopt);
  Reopen();
  EXPECT_EQ(Get("a"), std::nullopt) << "nor after a restart";
}

TEST_F(Expiry, IsObeyedAtOnceWhenTheClockJumpsButNothingIsDestroyed) {
  ASSERT_TRUE(db_->Put("a", "1", {.ttl = seconds(3600)}));
  ASSERT_TRUE(db_->Put("b", "2"));
  Jump(seconds(4000));
  EXPECT_EQ(Get("a"), std::nullopt);
  Settle();
  EXPECT_EQ(Entries(), 2u) << "the monotonic clock says that no hour has passed";
  Pass(seconds(4000));
  ASSERT_TRUE(db_->Put("b", "3"));
  Settle();
  EXPECT_EQ(Entries(), 1u);
}

TEST_F(Expiry, LetsGoOfSpaceOnceAMinuteHasPassed) {
  ASSERT_TRUE(db_->Put("a", "1", {.ttl = seconds(10)}));
  ASSERT_TRUE(db_->Put("b", "2"));
  Pass(seconds(60));
  Settle();
  EXPECT_EQ(Entries(), 2u);
  Pass(seconds(10));
  ASSERT_TRUE(db_->Put("b", "3"));
  Settle();
  EXPECT_EQ(Entries(), 1u);
}

TEST_F(Expiry, LetsGoOfWholeTablesWithoutReadingThem) {
  for (int i = 0; i < 2000; ++i) {
    ASSERT_TRUE(db_->Put(std::to_string(1'000'000 + i), std::string(100, 'v'), {.ttl = seconds(100)}));
  }
  Settle();
  const auto compacted = [this] { return db_->GetStats().compaction_bytes_read; };
  const uint64_t before = compacted();
  {
    const Snapshot sees = db_->GetSnapshot();
    Pass(seconds(200));
    RunJobs();
    EXPECT_EQ(Entries(), 2000u) << "the snapshot sees them alive";
    EXPECT_EQ(Get("1000000", {.snapshot = &sees}), std::string(100, 'v'));
  }
  Pass(seconds(2));  // The next tick looks again.
  RunJobs();
  EXPECT_EQ(Entries(), 0u);
  EXPECT_EQ(compacted(), before);
  Reopen();
  EXPECT_EQ(Get("1000000"), std::nullopt);
}

// What has expired hides what is older until that is gone, too.
TEST_F(Expiry, NeverBringsBackAnOlderVersion) {
  ASSERT_TRUE(db_->Put("a", "old"));
  Settle();
  ASSERT_TRUE(db_->Put("a", "new", {.ttl = seconds(1)}));
  Pass(seconds(100));
  ASSERT_TRUE(db_->Flush());
  EXPECT_EQ(Get("a"), std::nullopt);
  Settle();
  EXPECT_EQ(Get("a"), std::nullopt);
  EXPECT_EQ(Entries(), 0u);
}

TEST_F(Expiry, IsTold) {
  const system_clock::time_point moment = Now() + seconds(10);
  ASSERT_TRUE(db_->Put("a", "1", {.expires_at = moment}));
  ASSERT_TRUE(db_->Put("b", "2"));
  for (const bool settled : {false, true}) {
    if (settled) Settle();
    EXPECT_EQ(db_->GetPinned("a").value()->expires_at(), moment);
    EXPECT_EQ(db_->GetPinned("b").value()->expires_at(), std::nullopt);
    Iterator it = db_->NewIterator();
    it.SeekToFirst();
    EXPECT_EQ(it.expires_at(), moment);
    it.Next();
    EXPECT_EQ(it.expires_at(), std::nullopt);
    it.Prev();
    EXPECT_EQ(it.expires_at(), moment);
  }
}

TEST_F(Expiry, AtAnotherTimeIsHeldByAnIteratorWithoutASnapshot) {
  ASSERT_TRUE(db_->Put("a", "1"));
  Iterator walk = db_->NewIterator({.read_time = Now()});
  ASSERT_TRUE(db_->Put("a", "2"));
  Settle();
  walk.SeekToFirst();
  ASSERT_TRUE(walk.Valid());
  EXPECT_EQ(walk.value(), "1");
}

TEST_F(Expiry, CanBeReadAtAnotherTime) {
  ASSERT_TRUE(db_->Put("a", "1", {.ttl = seconds(10)}));
  EXPECT_EQ(Get("a", {.read_time = Now() + seconds(10)}), std::nullopt) << "ahead is honoured";
  EXPECT_EQ(Get("a"), "1") << "and does not move the clock";
  const system_clock::time_point start = Now();
  const Snapshot snapshot = db_->GetSnapshot();
  Pass(seconds(60));
  EXPECT_EQ(Get("a"), std::nullopt);
  EXPECT_EQ(Get("a", {.read_time = start}), "1");
  EXPECT_EQ(CodeOf(db_->Get("a", {.read_time = start - milliseconds(1)})), ErrorCode::kTooOld);
  const std::vector<std::string_view> keys = {"a"};
  EXPECT_EQ(CodeOf(db_->MultiGet(keys, {.read_time = start - milliseconds(1)})[0]), ErrorCode::kTooOld);
  EXPECT_EQ(CodeOf(db_->NewIterator({.read_time = start - milliseconds(1)}).status()), ErrorCode::kTooOld);
  Pass(seconds(3600));
  EXPECT_EQ(Get("a", {.snapshot = &snapshot, .read_time = start}), "1");
  EXPECT_EQ(Get("a", {.snapshot = &snapshot, .read_time = start + seconds(10)}), std::nullopt);
  EXPECT_EQ(CodeOf(db_->Get("a", {.snapshot = &snapshot, .read_time = start - milliseconds(1)})), ErrorCode::kTooOld);
}

}  // namespace
}  // namespace amethyst
