// Covers: change_feed, event
#include "feed/change_feed.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "base/wait.h"
#include "feed/feed_fixture.h"
#include "key/merge_operators.h"

namespace amethyst::feed {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(FeedTest, GivesWholeBatchesOfAllFamiliesInTheOrderOfTheirSequences) {
  Family family = db_->CreateFamily("f").value();
  ASSERT_EQ(Text(db_->CreateCursor("c")), "");
  Put("a", "1");
  WriteBatch batch;
  batch.Put("b", "2");
  batch.Delete(family, "c");
  batch.Put(family, "d", "3");
  ASSERT_EQ(Text(db_->Write(batch)), "");
  Transaction transaction = db_->Begin();
  ASSERT_EQ(Text(transaction.Put("e", "4")), "");
  ASSERT_EQ(Text(transaction.Delete("a")), "");
  ASSERT_EQ(Text(transaction.Commit()), "");
  ASSERT_EQ(Text(db_->SyncWal()), "");
  Feed feed = OpenFeed();
  EXPECT_THAT(Drain(feed), ElementsAre("1-1 put default/a=1", "2-4 put default/b=2, delete f/c, put f/d=3",
                                       "5-6 put default/e=4, delete default/a"));
}

TEST_F(FeedTest, TellsOperationsAsTheyWereWritten) {
  options_.families["default"].merge_operator = Append(",");
  Reopen();
  ASSERT_EQ(Text(db_->CreateCursor("c")), "");
  const std::chrono::system_clock::time_point moment{std::chrono::seconds(4'000'000'000)};
  WriteBatch batch;
  batch.Put("a", "1", ExpiresAt(moment));
  batch.Merge("a", "2");
  batch.Merge("a", "3", ExpiresAt(moment));
  batch.DeleteRange("b", "c");
  batch.DeleteRange(std::nullopt, std::nullopt);
  batch.Put("", "");
  ASSERT_EQ(Text(db_->Write(batch, {.durability = Durability::kSync})), "");
  Feed feed = OpenFeed();
  EXPECT_THAT(Drain(feed),
              ElementsAre("1-6 put default/a=1@4000000000, merge default/a+2, merge default/a+3@4000000000, "
                          "range default/b..c, range default/*..*, put default/="));
}

TEST_F(FeedTest, TellsOfFamiliesMadeRenamedAndDropped) {
  ASSERT_EQ(Text(db_->CreateCursor("c")), "");
  Family family = db_->CreateFamily("f").value();
  ASSERT_EQ(Text(family.Put("a", "1")), "");
  ASSERT_EQ(Text(db_->RenameFamily(family, "g")), "");
  ASSERT_EQ(Text(family.Put("a", "2")), "");
  ASSERT_EQ(Text(db_->SyncWal()), "");
  Feed feed = OpenFeed();
  EXPECT_THAT(Drain(feed), ElementsAre("family 1 created f", "1-1 put g/a=1", "family 1 renamed g", "2-2 put g/a=2"));
  ASSERT_EQ(Text(db_->DropFamily(family)), "");
  EXPECT_THAT(Drain(feed), ElementsAre("family 1 dropped g"));
  Reopen();
  feed = OpenFeed();
  EXPECT_THAT(Drain(feed), ElementsAre("family 1 created f", "1-1 put ?/a=1", "family 1 renamed g", "2-2 put ?/a=2",
                                       "family 1 dropped g"));
}

TEST_F(FeedTest, TellsOfWritesThatWentPastTheLog) {
  ASSERT_EQ(Text(db_->CreateCursor("c")), "");
  Put("a");
  Put("b", "v", Durability::kNone);
  Put("c", "v", Durability::kNone);
  Put("d", "v", Durability::kSync);
  Put("e", "v", Durability::kNone);
  Feed feed = OpenFeed();
  EXPECT_THAT(Drain(feed), ElementsAre("1-1 put default/a=v", "2-3 unlogged", "4-4 put default/d=v"));
  ASSERT_EQ(Text(db_->Flush()), "");
  EXPECT_THAT(Drain(feed), ElementsAre("5-5 unlogged")) << "durable with the flush";
  Put("f", "v", Durability::kSync);
  EXPECT_THAT(Drain(feed), ElementsAre("6-6 put default/f=v"));
  ASSERT_EQ(Text(feed.Commit()), "");
  Put("g", "v", Durability::kNone);
  Reopen();
  feed = OpenFeed();
  EXPECT_THAT(Drain(feed), ElementsAre("7-7 unlogged")) << "Close has flushed it";
}

TEST_F(FeedTest, DeliversWhatIsDurableAndWhatIsVisibleOnRequest) {
  ASSERT_EQ(Text(db_->CreateCursor("c")), "");
  Feed durable = OpenFeed();
  Feed visible = OpenFeed("c", {.reach = FeedReach::kVisible});
  Put("a");
  Put("b", "v", Durability::kNone);
  EXPECT_THAT(Drain(durable), IsEmpty());
  EXPECT_THAT(Drain(visible), ElementsAre("1-1 put default/a=v", "2-2 unlogged"));
  ASSERT_EQ(Text(db_->SyncWal()), "");
  EXPECT_THAT(Drain(durable), ElementsAre("1-1 put default/a=v"));
  Put("c");
  ASSERT_EQ(Drain(visible).size(), 1u);
  const uint64_t syncs = db_->GetStats().wal_syncs;
  ASSERT_EQ(Text(visible.Commit()), "");
  EXPECT_EQ(db_->GetStats().wal_syncs, syncs + 1) << "a cursor is never ahead of what is durable";
}

TEST_F(FeedTest, AnExpiryIsNoEvent) {
  ASSERT_EQ(Text(db_->CreateCursor("c")), "");
  ASSERT_EQ(Text(db_->Put("a", "1", {.durability = Durability::kSync, .ttl = std::chrono::seconds(1)})), "");
  Feed feed = OpenFeed();
  EXPECT_EQ(Drain(feed).size(), 1u);
  environment_->clock().Advance(std::chrono::hours(1));
  EXPECT_EQ(db_->Get("a").value(), std::nullopt);
  ASSERT_EQ(Text(db_->CompactRange()), "");
  EXPECT_THAT(Drain(feed), IsEmpty());
}

TEST_F(FeedTest, GivesTheFirstBatchAfterAnyBeginning) {
  for (int round = 0; round < 20; ++round) {
    const std::string name = fmt::format("c{}", round);
    if (round % 3 == 1) ASSERT_EQ(Text(db_->Flush()), "");
    if (round % 5 == 2) Reopen();
    ASSERT_EQ(Text(db_->CreateCursor(name)), "");
    Put("k", name, Durability::kSync);
    Feed feed = OpenFeed(name);
    EXPECT_THAT(Drain(feed), ElementsAre(fmt::format("{0}-{0} put default/k={1}", round + 1, name)));
  }
}

TEST_F(FeedTest, WaitsForASyncWhichTheSimulatedTimerBrings) {
  options_.sync_interval_ms = 100;
  Reopen();
  ASSERT_EQ(Text(db_->CreateCursor("c")), "");
  Feed feed = OpenFeed();
  EXPECT_EQ(feed.Next(std::chrono::milliseconds(250)).value(), std::nullopt);
  Put("a");
  const auto event = feed.Next(std::chrono::hours(1));
  ASSERT_TRUE(event && event->has_value());
  EXPECT_EQ(Show(**event), "1-1 put default/a=v");
}

TEST_F(FeedTest, AfterItsCursorOrDatabaseIsGoneEachCallSaysSo) {
  ASSERT_EQ(Text(db_->CreateCursor("c")), "");
  ASSERT_EQ(Text(db_->CreateCursor("d")), "");
  Feed dropped = OpenFeed("c");
  Feed closed = OpenFeed("d");
  ASSERT_EQ(Text(db_->DropCursor("c")), "");
  EXPECT_EQ(CodeOf(dropped.Next(kAtOnce)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(dropped.Commit()), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(db_->OpenFeed("c")), ErrorCode::kInvalidArgument);
  ASSERT_EQ(Text(db_->Close()), "");
  EXPECT_EQ(CodeOf(closed.Next(kAtOnce)), ErrorCode::kClosed);
  EXPECT_EQ(CodeOf(closed.Commit()), ErrorCode::kClosed);
  EXPECT_EQ(CodeOf(closed.Commit(FeedPosition())), ErrorCode::kClosed);
  EXPECT_EQ(CodeOf(db_->CreateCursor("e")), ErrorCode::kClosed);
  EXPECT_EQ(CodeOf(db_->Cursors()), ErrorCode::kClosed);
}

// Threads of their own from here on.

TEST(FeedThreads, AnIdleFeedWakesAtEachCommitOrSyncAndAtClose) {
  for (const FeedReach reach : {FeedReach::kDurable, FeedReach::kVisible}) {
    const auto environment = NewInMemoryEnvironment();
    Options options = support::SmallOptions();
    options.sync_interval_ms = 0;
    auto db = support::OpenOrFail("/db", options, support::Over(*environment));
    ASSERT_EQ(Text(db->CreateCursor("c")), "");
    Feed feed = db->OpenFeed("c", {.reach = reach}).value();
    constexpr uint64_t kWrites = 300;
    std::atomic<uint32_t> seen{0};
    std::thread consumer([&] {
      uint64_t next = 1;
      for (;;) {
        auto event = feed.Next();  // Without an end: a wake-up that is lost would hang.
        if (!event) {
          EXPECT_EQ(event.error().code(), ErrorCode::kClosed);
          return;
        }
        EXPECT_EQ((*event)->first_sequence, next++);
        seen.fetch_add(1);
        base::WakeAll(seen);
      }
    });
    for (uint64_t i = 0; i < kWrites; ++i) {
      EXPECT_EQ(Text(db->Put("k", "v")), "");
      if (reach == FeedReach::kDurable && i % 7 == 6) EXPECT_EQ(Text(db->SyncWal()), "");
    }
    EXPECT_EQ(Text(db->SyncWal()), "");
    for (uint32_t now = seen.load(); now < kWrites; now = seen.load()) base::WaitWhile(seen, now);
    EXPECT_EQ(Text(db->Close()), "");
    consumer.join();
    EXPECT_EQ(seen.load(), kWrites);
  }
}

TEST(FeedThreads, ReadersWritersFlushesAndCommitsAtOnceLoseNothing) {
  const auto environment = NewInMemoryEnvironment();
  Options options = support::SmallOptions();
  options.sync_interval_ms = 1;
  auto db = support::OpenOrFail("/db", options, support::Over(*environment));
  ASSERT_EQ(Text(db->CreateCursor("a")), "");
  ASSERT_EQ(Text(db->CreateCursor("b")), "");
  constexpr int kWriters = 3, kWrites = 1500;
  std::vector<std::thread> threads;
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      for (int i = 0; i < kWrites; ++i) {
        WriteBatch batch;
        for (int n = 0; n <= i % 3; ++n) batch.Put(fmt::format("{}-{}", writer, n), fmt::format("{}", i));
        EXPECT_EQ(Text(db->Write(batch)), "");
        if (i % 500 == writer) EXPECT_EQ(Text(db->Flush()), "");
      }
    });
  }
  for (const std::string name : {"a", "b"}) {
    threads.emplace_back([&, name] {
      Feed feed = db->OpenFeed(name, {.reach = name == "a" ? FeedReach::kDurable : FeedReach::kVisible}).value();
      uint64_t next = 1;
      std::map<std::string, std::string> last;
      for (int batches = 0; batches < kWriters * kWrites; ++batches) {
        const auto event = feed.Next();
        ASSERT_TRUE(event && event->has_value());
        EXPECT_EQ((*event)->first_sequence, next);
        next = (*event)->last_sequence + 1;
        for (const FeedEntry& entry : (*event)->entries) last[std::string(entry.key)] = entry.value;
        if (batches % 100 == 0) EXPECT_EQ(Text(feed.Commit()), "");
      }
      EXPECT_EQ(last, support::ContentOf(*db));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Text(db->Close()), "");
}

}  // namespace
}  // namespace amethyst::feed
