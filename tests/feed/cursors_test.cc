#include "feed/cursors.h"

#include <gmock/gmock.h>

#include "feed/feed_fixture.h"
#include "support/fault_file_system.h"

namespace amethyst::feed {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(FeedTest, WithoutACursorAClosedDatabaseHasNoLogAndAFlushSyncsNone) {
  Put("a");
  const uint64_t syncs = db_->GetStats().wal_syncs;
  ASSERT_EQ(Text(db_->Flush()), "");
  EXPECT_EQ(db_->GetStats().wal_syncs, syncs);
  ASSERT_EQ(Text(db_->CreateCursor("c")), "");
  ASSERT_EQ(Text(db_->DropCursor("c")), "");
  Put("b");
  ASSERT_EQ(Text(db_->Close()), "");
  EXPECT_EQ(CountSegments(), 0u);
}

TEST_F(FeedTest, AFlushWithACursorFirstMakesTheLogDurable) {
  ASSERT_EQ(Text(db_->CreateCursor("c")), "");
  Put("a");
  Feed feed = OpenFeed();
  EXPECT_THAT(Drain(feed), IsEmpty());
  ASSERT_EQ(Text(db_->Flush()), "");
  EXPECT_THAT(Drain(feed), ElementsAre("1-1 put default/a=v"));
}

// Else a loss of power would leave a cursor that is ahead of its log.
TEST_F(FeedTest, TheLogIsDurableUpToANewCursor) {
  Put("a");
  ASSERT_EQ(Text(db_->CreateCursor("now")), "");
  EXPECT_EQ(db_->DurableSequence().value(), 1u);
  Feed visible = OpenFeed("now", {.reach = FeedReach::kVisible});
  Put("b");
  ASSERT_EQ(Drain(visible).size(), 1u);
  EXPECT_EQ(db_->DurableSequence().value(), 1u);
  ASSERT_EQ(Text(db_->CreateCursor("there", visible.position())), "");
  EXPECT_EQ(db_->DurableSequence().value(), 2u);
}

// What a killed process has left of it may be in the page cache alone.
TEST_F(FeedTest, ARecoveryMakesTheLogDurableBeforeATableHoldsAnyOfIt) {
  options_.memory_budget_bytes = size_t{64} << 20;
  options_.write_buffer_bytes = size_t{8} << 20;
  Reopen();
  ASSERT_EQ(Text(db_->CreateCursor("c")), "");
  Fill(4000);
  memory_ = Copy();
  const auto files = std::make_shared<support::FaultFileSystem>(*memory_);
  files->Fail({.operation = support::Operation::kSyncFile});
  simulation::SerialEnvironment environment(files, 1);
  options_.memory_budget_bytes = size_t{4} << 20;  // Less than the log has.
  options_.write_buffer_bytes = size_t{64} << 10;
  EXPECT_EQ(CodeOf(DB::Open("/db", options_, support::Over(environment))), ErrorCode::kIo);
  const std::vector<std::string> names = memory_->List("/db").value();
  for (const std::string& name : names) EXPECT_FALSE(name.ends_with(".sst")) << name;
}

TEST_F(FeedTest, ANamedCursorHoldsTheLogAndSurvivesARestart) {
  ASSERT_EQ(Text(db_->CreateCursor("c")), "");
  Fill(600);
  ASSERT_EQ(Text(db_->Flush()), "");
  EXPECT_GT(db_->GetStats().feed_held_bytes, uint64_t{200} << 10);
  for (int round = 0; round < 3; ++round) {
    round == 1 ? Kill() : Reopen();
    Feed feed = OpenFeed();
    EXPECT_EQ(Drain(feed).size(), 600u) << "nothing was committed";
  }
  Feed feed = OpenFeed();
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(feed.Next(kAtOnce).value().has_value());
  ASSERT_EQ(Text(feed.Commit()), "");
  const FeedPosition half = feed.position();
  EXPECT_EQ(db_->Cursors().value()[0].position, half);
  Reopen();
  feed = OpenFeed();
  EXPECT_EQ(feed.position(), half);
  EXPECT_EQ(Drain(feed).size(), 300u);
  ASSERT_EQ(Text(feed.Commit()), "");
  ASSERT_EQ(Text(db_->Close()), "");
  EXPECT_EQ(CountSegments(), 0u) << "a cursor that is through with all needs no log";
  db_ = nullptr;
  Open();
  feed = OpenFeed();
  EXPECT_THAT(Drain(feed), IsEmpty());
  Put("z", "v", Durability::kSync);
  EXPECT_THAT(Drain(feed), ElementsAre("601-601 put default/z=v"));
}

TEST_F(FeedTest, ALogThatNoCursorNeedsAnyMoreGoes) {
  ASSERT_EQ(Text(db_->CreateCursor("c")), "");
  ASSERT_EQ(Text(db_->CreateCursor("d")), "");
  Fill(600);
  ASSERT_EQ(Text(db_->Flush()), "");
  const size_t segments = CountSegments();
  Feed feed = OpenFeed();
  EXPECT_EQ(Drain(feed).size(), 600u);
  ASSERT_EQ(Text(feed.Commit()), "");
  EXPECT_EQ(CountSegments(), segments) << "the other needs it";
  ASSERT_EQ(Text(db_->DropCursor("d")), "");
  EXPECT_LT(CountSegments(), segments);
  EXPECT_EQ(db_->GetStats().feed_held_bytes, 0u);
}

TEST_F(FeedTest, ACommitIsDurableWithTheNextTickAndAfterAKillTheFeedGoesBackNoFurther) {
  options_.sync_interval_ms = 100;
  Reopen();
  ASSERT_EQ(Text(db_->CreateCursor("c")), "");
  for (int i = 0; i < 10; ++i) Put("k", fmt::format("{}", i), Durability::kSync);
  Feed feed = OpenFeed();
  ASSERT_TRUE(feed.Next(kAtOnce).value().has_value());
  ASSERT_EQ(Text(feed.Commit()), "");  // Out of what lay before the first segment: that is durable at once.
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(feed.Next(kAtOnce).value().has_value());
  ASSERT_EQ(Text(feed.Commit()), "");
  Kill();
  feed = OpenFeed();
  EXPECT_EQ(Drain(feed).size(), 9u) << "at least once";
  feed = OpenFeed();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(feed.Next(kAtOnce).value().has_value());
  ASSERT_EQ(Text(feed.Commit()), "");
  environment_->clock().Advance(std::chrono::milliseconds(200));
  while (environment_->RunOneJob()) {
  }
  Kill();
  feed = OpenFeed();
  EXPECT_EQ(Drain(feed).size(), 6u);
}

TEST_F(FeedTest, ASlowConsumerIsLostPastTheRetentionAndWritersNeverWait) {
  options_.feed_retention_bytes = 1 << 20;
  Reopen();
  ASSERT_EQ(Text(db_->CreateCursor("slow")), "");
  ASSERT_EQ(Text(db_->CreateCursor("quick")), "");
  Feed slow = OpenFeed("slow");
  Feed quick = OpenFeed("quick");
  uint64_t read = 0;
  for (int round = 0; round < 40; ++round) {
    Fill(100);
    ASSERT_EQ(Text(db_->Flush()), "");
    read += Drain(quick).size();
    ASSERT_EQ(Text(quick.Commit()), "");
  }
  EXPECT_EQ(read, 4000u);
  EXPECT_EQ(CodeOf(slow.Next(kAtOnce)), ErrorCode::kTooOld);
  EXPECT_EQ(CodeOf(slow.Commit()), ErrorCode::kTooOld);
  EXPECT_EQ(CodeOf(db_->OpenFeed("slow")), ErrorCode::kTooOld);
  const Stats stats = db_->GetStats();
  EXPECT_EQ(stats.cursors, 1u);
  EXPECT_EQ(stats.cursors_lost, 1u);
  EXPECT_LT(stats.feed_held_bytes, uint64_t{2} << 20);
  Reopen();
  EXPECT_EQ(CodeOf(db_->OpenFeed("slow")), ErrorCode::kTooOld) << "it stays lost";
  const auto cursors = db_->Cursors().value();
  ASSERT_EQ(cursors.size(), 2u);
  EXPECT_FALSE(cursors[0].is_lost);
  EXPECT_TRUE(cursors[1].is_lost);
  ASSERT_EQ(Text(db_->DropCursor("slow")), "");
  EXPECT_EQ(Text(db_->CreateCursor("slow")), "");
}

TEST_F(FeedTest, ACursorWhoseLogIsMissingIsLostAndTheOthersAreNot) {
  ASSERT_EQ(Text(db_->CreateCursor("old")), "");
  Fill(600);
  ASSERT_EQ(Text(db_->CreateCursor("new")), "");
  Put("z");
  ASSERT_EQ(Text(db_->Close()), "");
  std::string oldest;
  const std::vector<std::string> names = memory_->List("/db").value();
  for (const std::string& name : names) {
    if (name.ends_with(".wal") && oldest.empty()) oldest = name;
  }
  ASSERT_TRUE(memory_->Remove(io::JoinPath("/db", oldest)));
  db_ = nullptr;
  Open();
  EXPECT_EQ(CodeOf(db_->OpenFeed("old")), ErrorCode::kTooOld);
  Feed feed = OpenFeed("new");
  EXPECT_THAT(Drain(feed), ElementsAre("601-601 put default/z=v"));
}

TEST_F(FeedTest, StartsWithASnapshotWithoutGapOrOverlap) {
  Put("a", "1");
  Put("b", "1", Durability::kNone);
  FeedSnapshot start = db_->CreateCursorWithSnapshot("c").value();
  Put("a", "2");
  Put("c", "2", Durability::kSync);
  const std::map<std::string, std::string> before{{"a", "1"}, {"b", "1"}};
  EXPECT_EQ(support::ContentOf(*db_, {.snapshot = &start.snapshot}), before);
  for (const bool by_name : {true, false}) {
    Feed feed = by_name ? OpenFeed("c") : db_->OpenFeed(start.position).value();
    EXPECT_EQ(feed.position(), start.position);
    EXPECT_THAT(Drain(feed), ElementsAre("3-3 put default/a=2", "4-4 put default/c=2"));
  }
  const FeedSnapshot other = db_->GetFeedSnapshot().value();
  Feed feed = db_->OpenFeed(other.position).value();
  EXPECT_THAT(Drain(feed), IsEmpty());
}

TEST_F(FeedTest, ResumesFromTheStoredPositionOfEachEvent) {
  ASSERT_EQ(Text(db_->CreateCursor("c")), "");
  for (int i = 0; i < 30; ++i) {
    WriteBatch batch;
    for (int n = 0; n < 3; ++n) batch.Put(fmt::format("{}", n), std::string(5000, 'x'));
    ASSERT_EQ(Text(db_->Write(batch)), "");
    if (i % 10 == 9) ASSERT_EQ(Text(db_->Flush()), "");
  }
  ASSERT_EQ(Text(db_->SyncWal()), "");
  Feed feed = OpenFeed();
  std::vector<std::string> stored;
  for (int i = 0; i < 30; ++i) stored.push_back((*feed.Next(kAtOnce)).value().position.ToString());
  for (const bool reopened : {false, true}) {
    if (reopened) Reopen();
    for (size_t i = 0; i < stored.size(); ++i) {
      const FeedPosition position = FeedPosition::FromString(stored[i]).value();
      auto from = db_->OpenFeed(position);
      ASSERT_TRUE(from) << from.error().ToString();
      const Texts events = Drain(*from);
      ASSERT_EQ(events.size(), stored.size() - 1 - i);
      if (!events.empty()) EXPECT_TRUE(events[0].starts_with(fmt::format("{}-{} ", 3 * i + 4, 3 * i + 6)));
    }
  }
  ASSERT_EQ(Text(db_->CreateCursor("d", FeedPosition::FromString(stored[9]).value())), "");
  Feed other = OpenFeed("d");
  EXPECT_EQ(Drain(other).size(), 20u);
  ASSERT_EQ(Text(other.Commit(FeedPosition::FromString(stored[19]).value())), "");
  ASSERT_EQ(Text(other.Commit(FeedPosition::FromString(stored[14]).value())), "") << "changes nothing";
  other = OpenFeed("d");
  EXPECT_EQ(Drain(other).size(), 10u);
}

// Of a database that nothing was written to, new and after a close: no segment is there that could tell.
TEST_F(FeedTest, APositionBeforeTheFirstSegmentIsOneOfTheLog) {
  for (int round = 0; round < 2; ++round) {
    const FeedPosition start = db_->GetFeedSnapshot().value().position;
    EXPECT_EQ(CodeOf(db_->OpenFeed(start)), std::nullopt) << round;
    ASSERT_EQ(Text(db_->CreateCursor("c", start)), "");
    Put("k", "v", Durability::kSync);
    Feed feed = OpenFeed();
    EXPECT_EQ(Drain(feed).size(), 1u) << round;
    ASSERT_EQ(Text(db_->DropCursor("c")), "");
    Reopen();
  }
}

TEST_F(FeedTest, LogThatIsGoneIsTooOldAndNotSkipped) {
  const FeedPosition start = db_->GetFeedSnapshot().value().position;
  Fill(600);
  ASSERT_EQ(Text(db_->Flush()), "");
  EXPECT_EQ(CodeOf(db_->OpenFeed(start)), ErrorCode::kTooOld);
  EXPECT_EQ(CodeOf(db_->CreateCursor("c", start)), ErrorCode::kTooOld);
  EXPECT_THAT(db_->Cursors().value(), IsEmpty());
}

TEST_F(FeedTest, APositionOfAnotherDatabaseOrOfAnotherHistoryOfThisOneIsRefused) {
  ASSERT_EQ(Text(db_->CreateCursor("c")), "");
  Put("a", "1");
  ASSERT_EQ(Text(db_->Close()), "");
  const auto fork = Copy();
  db_ = nullptr;
  Open();
  Put("b", "here!");
  Put("c", "same", Durability::kSync);
  Feed feed = OpenFeed();
  EXPECT_EQ(Drain(feed).size(), 3u);
  FeedPosition position = feed.position();

  simulation::SerialEnvironment environment(fork, 1);
  auto copy = support::OpenOrFail("/db", options_, support::Over(environment));
  EXPECT_EQ(CodeOf(copy->OpenFeed(position)), ErrorCode::kTooOld) << "the copy has not come so far";
  EXPECT_EQ(Text(copy->Put("b", "there")), "");
  EXPECT_EQ(Text(copy->Put("c", "same", {.durability = Durability::kSync})), "");
  Feed other = copy->OpenFeed("c").value();
  EXPECT_EQ(Drain(other).size(), 3u);
  EXPECT_EQ(other.position().offset, position.offset) << "same place and sequence, other content";
  EXPECT_EQ(CodeOf(copy->OpenFeed(position)), ErrorCode::kTooOld);
  EXPECT_EQ(CodeOf(copy->CreateCursor("d", position)), ErrorCode::kTooOld);
  EXPECT_EQ(CodeOf(copy->OpenFeed("c").value().Commit(position)), ErrorCode::kTooOld);

  position.database_low ^= 1;
  EXPECT_EQ(CodeOf(db_->OpenFeed(position)), ErrorCode::kInvalidArgument);
}

TEST_F(FeedTest, AnOpenFeedOfACursorReadsLittleHoweverLongTheLog) {
  ASSERT_EQ(Text(db_->CreateCursor("c")), "");
  Fill(3000);
  ASSERT_EQ(Text(db_->SyncWal()), "");
  Feed feed = OpenFeed();
  EXPECT_EQ(Drain(feed).size(), 3000u);
  ASSERT_EQ(Text(feed.Commit()), "");
  Put("z", "v", Durability::kSync);
  feed = OpenFeed();
  EXPECT_THAT(Drain(feed), ElementsAre("3001-3001 put default/z=v"));
}

TEST_F(FeedTest, NamesAreCheckedAndListed) {
  EXPECT_EQ(CodeOf(db_->CreateCursor("")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(db_->CreateCursor(std::string(256, 'x'))), ErrorCode::kInvalidArgument);
  EXPECT_EQ(Text(db_->CreateCursor(std::string(255, 'x'))), "");
  EXPECT_EQ(Text(db_->CreateCursor("a")), "");
  EXPECT_EQ(CodeOf(db_->CreateCursor("a")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(db_->DropCursor("b")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(db_->OpenFeed("b")), ErrorCode::kInvalidArgument);
  const auto cursors = db_->Cursors().value();
  ASSERT_EQ(cursors.size(), 2u);
  EXPECT_EQ(cursors[0].name, "a");
  ASSERT_EQ(Text(db_->Close()), "");
  options_.read_only = true;
  db_ = nullptr;
  Open();
  EXPECT_EQ(db_->Cursors().value().size(), 2u);
  EXPECT_EQ(CodeOf(db_->CreateCursor("b")), ErrorCode::kNotSupported);
  EXPECT_EQ(CodeOf(db_->DropCursor("a")), ErrorCode::kNotSupported);
  EXPECT_EQ(CodeOf(db_->OpenFeed("a")), ErrorCode::kNotSupported);
}

}  // namespace
}  // namespace amethyst::feed
