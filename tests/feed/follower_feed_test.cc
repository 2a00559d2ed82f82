// The change feed of a follower: what it gives of a log that another process writes.
// Covers: change_feed, cursors, followed_log, follower_feeds
#include <gmock/gmock.h>

#include "feed/feed_fixture.h"

namespace amethyst::feed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class FollowerFeedTest : public FeedTest {
 protected:
  // Looks in Refresh alone, unless told.
  void Follow(uint32_t refresh_interval_ms = 0, uint32_t grace_s = 60) {
    follower_ = nullptr;
    follower_environment_ = std::make_unique<simulation::SerialEnvironment>(memory_, 2);
    auto follower =
        DB::OpenFollower("/db", {.options = options_, .refresh_interval_ms = refresh_interval_ms, .grace_s = grace_s},
                         support::Over(*follower_environment_));
    ASSERT_TRUE(follower) << follower.error().ToString();
    follower_ = *std::move(follower);
  }
  void Refresh() { ASSERT_EQ(Text(follower_->Refresh()), ""); }
  // From where the follower's reads are.
  [[nodiscard]] Feed FeedFromNow(const FeedOptions& options = {}) {
    const auto start = follower_->GetFeedSnapshot();
    EXPECT_TRUE(start) << start.error().ToString();
    return follower_->OpenFeed(start->position, options).value();
  }

  std::unique_ptr<simulation::SerialEnvironment> follower_environment_;
  std::unique_ptr<DB> follower_;
};

TEST_F(FollowerFeedTest, GivesWhatTheFollowersReadsSee) {
  Family family = db_->CreateFamily("f").value();
  Follow();
  Feed feed = FeedFromNow();
  WriteBatch batch;
  batch.Put("a", "1");
  batch.Delete(family, "b");
  ASSERT_EQ(Text(db_->Write(batch, {.durability = Durability::kSync})), "");
  Put("c", "2", Durability::kSync);
  EXPECT_THAT(Drain(feed), IsEmpty());
  Refresh();
  EXPECT_EQ(follower_->Get("c").value(), "2");
  EXPECT_THAT(Drain(feed), ElementsAre("1-2 put default/a=1, delete f/b")) << "the next record tells of a sync";
  ASSERT_EQ(Text(db_->Flush()), "");
  Refresh();
  EXPECT_THAT(Drain(feed), ElementsAre("3-3 put default/c=2")) << "tables have it";
}

TEST_F(FollowerFeedTest, GivesDurableWritesAloneUnlessVisibleOnesAreAskedFor) {
  Follow();
  Feed durable = FeedFromNow();
  Feed visible = FeedFromNow({.reach = FeedReach::kVisible});
  Put("a");
  Put("b", "v", Durability::kNone);
  Put("c");
  Refresh();
  EXPECT_THAT(Drain(durable), IsEmpty());
  EXPECT_THAT(Drain(visible), ElementsAre("1-1 put default/a=v", "2-2 unlogged", "3-3 put default/c=v"));
  ASSERT_EQ(Text(db_->SyncWal()), "");
  Put("d");
  Refresh();
  EXPECT_THAT(Drain(durable), ElementsAre("1-1 put default/a=v", "2-2 unlogged", "3-3 put default/c=v"));
  EXPECT_THAT(Drain(visible), ElementsAre("4-4 put default/d=v"));
}

TEST_F(FollowerFeedTest, TellsOfWritesPastTheLogOnceTheyAreFlushedAndOfNoMore) {
  Follow();
  Feed feed = FeedFromNow();
  Put("a", "v", Durability::kNone);
  Refresh();
  EXPECT_THAT(Drain(feed), IsEmpty());
  Put("b");
  Put("c", "v", Durability::kNone);
  ASSERT_EQ(Text(db_->Flush()), "");
  Put("d");
  Put("e", "v", Durability::kNone);
  Refresh();
  EXPECT_THAT(Drain(feed), ElementsAre("1-1 unlogged", "2-2 put default/b=v", "3-3 unlogged"))
      << "the fourth is in the log, and not durable";
  ASSERT_EQ(Text(db_->Flush()), "");
  Refresh();
  EXPECT_THAT(Drain(feed), ElementsAre("4-4 put default/d=v", "5-5 unlogged"));
}

TEST_F(FollowerFeedTest, ReadsFromTheWritersCursorsAndMovesNone) {
  ASSERT_EQ(Text(db_->CreateCursor("c")), "");
  Put("a", "v", Durability::kSync);
  Fill(64);
  ASSERT_EQ(Text(db_->Flush()), "");
  Follow();
  Feed feed = follower_->OpenFeed("c").value();
  EXPECT_EQ(Drain(feed).size(), 65u) << "of segments that the cursor alone keeps";
  const Status committed = feed.Commit();
  ASSERT_EQ(CodeOf(committed), ErrorCode::kNotSupported);
  EXPECT_THAT(committed.error().message(), HasSubstr("store the position"));
  EXPECT_EQ(CodeOf(follower_->CreateCursor("d")), ErrorCode::kNotSupported);
  EXPECT_EQ(CodeOf(follower_->CreateCursorWithSnapshot("d")), ErrorCode::kNotSupported);
  EXPECT_EQ(CodeOf(follower_->DropCursor("c")), ErrorCode::kNotSupported);
  EXPECT_EQ(CodeOf(follower_->OpenFeed("d")), ErrorCode::kInvalidArgument);

  Feed own = OpenFeed();
  ASSERT_EQ(Drain(own).size(), 65u);
  ASSERT_EQ(Text(own.Commit()), "");
  ASSERT_EQ(Text(db_->CreateCursor("d")), "");
  Refresh();
  const std::vector<CursorInfo> cursors = follower_->Cursors().value();
  ASSERT_EQ(cursors.size(), 2u);
  EXPECT_EQ(cursors[0].position, own.position()) << "as the writer has it now";
  EXPECT_EQ(cursors[1].name, "d");
  ASSERT_EQ(Text(db_->DropCursor("c")), "");
  Refresh();
  EXPECT_EQ(CodeOf(feed.Next(kAtOnce)), ErrorCode::kInvalidArgument) << "it was dropped";
}

TEST_F(FollowerFeedTest, APositionGoesFromProcessToProcess) {
  ASSERT_EQ(Text(db_->CreateCursor("c")), "");
  Follow();
  Put("a", "v", Durability::kSync);
  Put("b", "v", Durability::kSync);
  Put("c", "v", Durability::kSync);
  Feed feed = follower_->OpenFeed("c").value();
  ASSERT_EQ(Drain(feed).size(), 2u);
  Feed own = db_->OpenFeed(feed.position()).value();
  EXPECT_THAT(Drain(own), ElementsAre("3-3 put default/c=v"));
  Put("d", "v", Durability::kSync);
  Put("e", "v", Durability::kSync);
  feed = follower_->OpenFeed(own.position()).value();
  EXPECT_THAT(Drain(feed), ElementsAre("4-4 put default/d=v")) << "it looks before it asks whether it has the place";
  FeedPosition forged = own.position();
  forged.checksum ^= 1;
  EXPECT_EQ(CodeOf(follower_->OpenFeed(forged)), ErrorCode::kTooOld);
}

TEST_F(FollowerFeedTest, ASnapshotAndItsPositionFitTogether) {
  Put("a", "1");
  Put("b", "1", Durability::kNone);
  Follow();
  Put("c", "1");
  ASSERT_EQ(Text(db_->Flush()), "");
  Put("d", "1");
  const FeedSnapshot start = follower_->GetFeedSnapshot().value();
  Put("a", "2");
  Refresh();
  EXPECT_EQ(follower_->Get("a", {.snapshot = &start.snapshot}).value(), "1");
  EXPECT_EQ(follower_->Get("d", {.snapshot = &start.snapshot}).value(), "1");
  Feed feed = follower_->OpenFeed(start.position, {.reach = FeedReach::kVisible}).value();
  EXPECT_THAT(Drain(feed), ElementsAre("5-5 put default/a=2"));
}

TEST_F(FollowerFeedTest, OutlivesTheWriterAndItsNextLives) {
  ASSERT_EQ(Text(db_->CreateCursor("c")), "");  // Keeps the log, as no follower may after a Close.
  Follow();
  Feed feed = FeedFromNow();
  Put("a");
  Reopen();
  Refresh();
  EXPECT_THAT(Drain(feed), ElementsAre("1-1 put default/a=v"));
  Put("b");
  db_ = nullptr;  // With an error, or killed: what was not durable is read again, and becomes it.
  Open();
  Put("c");
  ASSERT_EQ(Text(db_->Close()), "");
  Refresh();
  EXPECT_THAT(Drain(feed), ElementsAre("2-2 put default/b=v", "3-3 put default/c=v"));
}

TEST_F(FollowerFeedTest, LogThatIsGoneIsAnErrorAndNoGap) {
  Put("a", "v", Durability::kSync);
  Follow();
  Feed feed = FeedFromNow();
  const FeedPosition position = feed.position();
  ASSERT_EQ(Text(follower_->Close()), "");
  EXPECT_EQ(CodeOf(feed.Next(kAtOnce)), ErrorCode::kClosed);
  Put("b", "v", Durability::kSync);
  ASSERT_EQ(Text(db_->Close()), "");  // All is in tables, and the log goes.
  EXPECT_EQ(CountSegments(), 0u);
  Follow();
  EXPECT_EQ(CodeOf(follower_->OpenFeed(position)), ErrorCode::kTooOld);
  feed = FeedFromNow();
  EXPECT_THAT(Drain(feed), IsEmpty());
  db_ = nullptr;
  Open();
  Put("c", "v", Durability::kSync);
  ASSERT_EQ(Text(db_->Flush()), "");
  Refresh();
  EXPECT_THAT(Drain(feed), ElementsAre("3-3 put default/c=v")) << "the end of a log that is empty is a place of it";
}

TEST_F(FollowerFeedTest, WhoIsAwayForLongerThanItsGraceIsToldSo) {
  Follow(0, 1);
  Feed feed = FeedFromNow();
  Fill(1500);
  ASSERT_EQ(Text(db_->Flush()), "");
  EXPECT_GT(CountSegments(), 1u) << "they wait for the follower";
  environment_->clock().Advance(std::chrono::seconds(3));
  Fill(1500);
  ASSERT_EQ(Text(db_->Flush()), "");
  Refresh();
  const auto event = feed.Next(kAtOnce);
  EXPECT_EQ(CodeOf(event), ErrorCode::kTooOld) << "and not what went past the log";
}

TEST_F(FollowerFeedTest, WhatWasClosedAndRemovedBeforeItWasReadIsTooOld) {
  Follow();
  Feed feed = FeedFromNow();
  Fill(100);
  ASSERT_EQ(Text(db_->Close()), "");
  const std::vector<std::string> names = memory_->List("/db").value();
  for (const std::string& name : names) {  // As after its grace.
    if (name.ends_with(".wal")) ASSERT_TRUE(memory_->Remove(io::JoinPath("/db", name)));
  }
  Refresh();
  EXPECT_EQ(CodeOf(feed.Next(kAtOnce)), ErrorCode::kTooOld) << "and not what went past the log";
}

TEST_F(FollowerFeedTest, KeepsTheLogThatItHasNotReadWhileTheFollowerGoesOn) {
  Follow();
  Feed feed = FeedFromNow();
  Fill(1500);
  ASSERT_EQ(Text(db_->Flush()), "");
  Refresh();
  EXPECT_TRUE(feed.Next(kAtOnce).value().has_value()) << "and looks how far it may read on";
  Fill(1500);
  ASSERT_EQ(Text(db_->Flush()), "");
  const size_t before = CountSegments();
  EXPECT_GT(before, 2u);
  Refresh();
  EXPECT_EQ(Drain(feed).size(), 2999u);
  Fill(1500);
  ASSERT_EQ(Text(db_->Flush()), "");
  Refresh();
  EXPECT_EQ(Drain(feed).size(), 1500u);
  Fill(1500);
  ASSERT_EQ(Text(db_->Flush()), "");
  EXPECT_LE(CountSegments(), before) << "and no more than that";
}

TEST_F(FollowerFeedTest, WaitsForTheFollowersLooks) {
  Follow(100);
  Feed feed = FeedFromNow({.reach = FeedReach::kVisible});
  Put("a");
  const auto event = feed.Next(std::chrono::seconds(10));
  ASSERT_TRUE(event && event->has_value());
  EXPECT_EQ(Show(**event), "1-1 put default/a=v");
  EXPECT_EQ(feed.Next(std::chrono::seconds(1)).value(), std::nullopt);
  ASSERT_EQ(Text(follower_->Close()), "");
  EXPECT_EQ(CodeOf(feed.Next()), ErrorCode::kClosed);
}

}  // namespace
}  // namespace amethyst::feed
