// Callbacks that tell when a write is durable. Covers: durable_waits, engine_writes
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "engine/fault_world.h"

namespace amethyst::engine {
namespace {

using support::CodeOf;
using support::Key;
using support::Text;
using testing::ElementsAre;

constexpr WriteOptions kSynced{.durability = Durability::kSync};

Options UnsyncedOptions() {
  Options options = support::SmallOptions();
  options.sync_interval_ms = 0;
  return options;
}

class DurableWaitsTest : public testing::Test {
 protected:
  explicit DurableWaitsTest(const Options& options = UnsyncedOptions()) : world_(1, options) {
    EXPECT_EQ(Text(world_.Open()), "");
  }

  [[nodiscard]] static WriteBatch Put(std::string_view key) {
    WriteBatch batch;
    batch.Put(key, "v");
    return batch;
  }
  // Its sequence number; what it is told goes to told_ as "key" or "key: error".
  uint64_t WriteAsync(const std::string& key, const WriteOptions& options = kSynced) {
    const auto written = db().WriteAsync(Put(key), options, Teller(key));
    EXPECT_TRUE(written) << written.error().ToString();
    return written.value_or(0);
  }
  DurableCallback Teller(const std::string& key) {
    return [this, key](const Status& durable) {
      told_.push_back(durable ? key : fmt::format("{}: {}", key, ErrorCodeName(durable.error().code())));
    };
  }
  DB& db() { return world_.db(); }

  World world_;
  std::vector<std::string> told_;
};

TEST_F(DurableWaitsTest, AWriteIsVisibleAtOnceAndToldOnceItIsDurable) {
  const uint64_t sequence = WriteAsync("a");
  EXPECT_EQ(db().Get("a").value(), "v");
  EXPECT_LT(db().DurableSequence().value(), sequence);
  EXPECT_THAT(told_, ElementsAre());
  world_.RunJobs();
  EXPECT_THAT(told_, ElementsAre("a"));
  EXPECT_EQ(db().DurableSequence().value(), sequence);
}

TEST_F(DurableWaitsTest, AllThatWaitShareASync) {
  const uint64_t before = db().GetStats().wal_syncs;
  for (int i = 0; i < 100; ++i) WriteAsync(Key(static_cast<uint64_t>(i)));
  world_.RunJobs();
  EXPECT_EQ(told_.size(), 100u);
  EXPECT_EQ(db().GetStats().wal_syncs, before + 1);
}

TEST_F(DurableWaitsTest, ABufferedWriteWaitsForTheNextSync) {
  WriteAsync("a", {});
  world_.PassTime();
  EXPECT_THAT(told_, ElementsAre());
  EXPECT_EQ(Text(db().SyncWal()), "");
  world_.RunJobs();
  EXPECT_THAT(told_, ElementsAre("a"));

  WriteAsync("b", {});
  EXPECT_EQ(Text(db().Put("c", "v", kSynced)), "");
  world_.RunJobs();
  EXPECT_THAT(told_, ElementsAre("a", "b"));
}

TEST_F(DurableWaitsTest, AreToldInTheOrderOfTheirSequenceNumbers) {
  WriteAsync("a", {});
  WriteAsync("b");
  WriteAsync("c", {});
  WriteAsync("d");
  WriteAsync("e", {});
  world_.RunJobs();
  EXPECT_THAT(told_, ElementsAre("a", "b", "c", "d", "e"));
}

TEST_F(DurableWaitsTest, AnEmptyBatchWaitsForAllThatWasWritten) {
  EXPECT_EQ(Text(db().Put("a", "v")), "");
  const uint64_t sequence = db().WriteAsync(WriteBatch(), kSynced, Teller("all")).value();
  EXPECT_EQ(sequence, db().GetSnapshot().sequence());
  EXPECT_LT(db().DurableSequence().value(), sequence);
  world_.RunJobs();
  EXPECT_THAT(told_, ElementsAre("all"));
  EXPECT_EQ(db().DurableSequence().value(), sequence);
  EXPECT_TRUE(db().WriteAsync(WriteBatch(), kSynced, Teller("again")));  // All of it is durable.
  EXPECT_THAT(told_, ElementsAre("all"));
  world_.RunJobs();
  EXPECT_THAT(told_, ElementsAre("all", "again"));
}

TEST_F(DurableWaitsTest, EachIsToldTheErrorOfASyncThatFailed) {
  const uint64_t durable = db().DurableSequence().value();
  WriteAsync("a");
  WriteAsync("b", {});
  WriteAsync("c");
  world_.FailNext(Operation::kSegmentSync, ErrorCode::kIo);
  world_.RunJobs();
  EXPECT_THAT(told_, ElementsAre("a: Io", "b: Io", "c: Io"));
  EXPECT_EQ(db().DurableSequence().value(), durable);
  told_.clear();
  EXPECT_EQ(CodeOf(db().WriteAsync(Put("d"), kSynced, Teller("d"))), ErrorCode::kIo);
  EXPECT_EQ(CodeOf(db().Close()), ErrorCode::kIo);
  EXPECT_THAT(told_, ElementsAre());
}

TEST_F(DurableWaitsTest, AreToldOfAnotherFailureThatEndsAllWrites) {
  WriteAsync("a", {});
  world_.FailNext(Operation::kSync, ErrorCode::kIo, true);
  EXPECT_EQ(CodeOf(db().Flush()), ErrorCode::kIo);
  world_.PassTime();
  EXPECT_THAT(told_, ElementsAre("a: Io"));
}

TEST_F(DurableWaitsTest, CloseTellsWhatIsPending) {
  WriteAsync("a", {});
  WriteAsync("b");
  std::optional<ErrorCode> put, closed, again;
  EXPECT_TRUE(db().WriteAsync(Put("c"), {}, [&](const Status& durable) {
    EXPECT_EQ(Text(durable), "");
    put = CodeOf(db().Put("late", "v"));
    again = CodeOf(db().WriteAsync(Put("late"), kSynced, Teller("late")));
    closed = CodeOf(db().Close());
  }));
  EXPECT_EQ(Text(db().Close()), "");
  EXPECT_THAT(told_, ElementsAre("a", "b"));
  EXPECT_EQ(put, ErrorCode::kClosed);
  EXPECT_EQ(again, ErrorCode::kClosed);
  EXPECT_EQ(closed, ErrorCode::kBusy);
  EXPECT_EQ(CodeOf(db().WriteAsync(Put("d"), kSynced, Teller("d"))), ErrorCode::kClosed);
  EXPECT_EQ(CodeOf(db().DurableSequence()), ErrorCode::kClosed);
  EXPECT_EQ(told_.size(), 2u);
}

TEST_F(DurableWaitsTest, CloseTellsTheErrorOfItsSync) {
  WriteAsync("a", {});
  world_.FailNext(Operation::kSegmentSync, ErrorCode::kIo);
  EXPECT_EQ(CodeOf(db().Close()), ErrorCode::kIo);
  EXPECT_THAT(told_, ElementsAre("a: Io"));
}

TEST_F(DurableWaitsTest, ACallbackMayUseTheDatabase) {
  EXPECT_TRUE(db().WriteAsync(Put("a"), kSynced, [&](const Status& durable) {
    EXPECT_EQ(Text(durable), "");
    EXPECT_EQ(db().Get("a").value(), "v");
    EXPECT_EQ(Text(db().Put("b", "v", kSynced)), "");
    EXPECT_EQ(Text(db().Flush()), "");
    WriteAsync("c");
    EXPECT_EQ(CodeOf(db().Close()), ErrorCode::kBusy);
    told_.push_back("a");
  }));
  world_.RunJobs();
  EXPECT_THAT(told_, ElementsAre("a", "c"));
}

TEST_F(DurableWaitsTest, ACallbackThatThrowsHarmsNoOther) {
  EXPECT_TRUE(db().WriteAsync(Put("a"), kSynced, [](const Status&) { throw std::bad_alloc(); }));
  WriteAsync("b");
  world_.RunJobs();
  EXPECT_THAT(told_, ElementsAre("b"));
}

TEST_F(DurableWaitsTest, NoCallbackIsCalledForWhatIsRefused) {
  EXPECT_EQ(CodeOf(db().WriteAsync(Put("a"), {.durability = Durability::kNone}, Teller("a"))),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(db().WriteAsync(Put("a"), kSynced, nullptr)), ErrorCode::kInvalidArgument);
  WriteBatch large;
  large.Put("a", std::string(size_t{4} << 20, 'v'));
  EXPECT_EQ(CodeOf(db().WriteAsync(large, kSynced, Teller("a"))), ErrorCode::kInvalidArgument);
  world_.FailNext(Operation::kStore, ErrorCode::kNoSpace, true);
  EXPECT_EQ(CodeOf(db().WriteAsync(Put("a"), kSynced, Teller("a"))), ErrorCode::kNoSpace);
  world_.PassTime();
  EXPECT_THAT(told_, ElementsAre());
  EXPECT_EQ(db().Get("a").value(), std::nullopt);
}

class DurableWaitsWithATick : public DurableWaitsTest {
 protected:
  DurableWaitsWithATick() : DurableWaitsTest(support::SmallOptions()) {}
};

TEST_F(DurableWaitsWithATick, ThePeriodicSyncTells) {
  WriteAsync("a", {});
  world_.PassTime();
  EXPECT_THAT(told_, ElementsAre("a"));
}

// Of many threads, which write and are told at the same time.
TEST(DurableWaitsOfThreads, EachIsToldOnceInOrder) {
  constexpr uint64_t kThreads = 4;
  constexpr uint64_t kWrites = 500;
  const auto memory = NewInMemoryEnvironment();
  const auto db = support::OpenOrFail("/db", UnsyncedOptions(), support::Over(*memory));
  std::vector<std::atomic<uint64_t>> told(kThreads * kWrites);
  std::vector<uint64_t> sequences;  // Of the callbacks' thread, one at a time.
  std::vector<std::thread> writers;
  for (uint64_t t = 0; t < kThreads; ++t) {
    writers.emplace_back([&, t] {
      for (uint64_t i = 0; i < kWrites; ++i) {
        const uint64_t n = t * kWrites + i;
        WriteBatch batch;
        batch.Put(Key(n), "v");
        const WriteOptions options{.durability = n % 3 == 0 ? Durability::kBuffered : Durability::kSync};
        EXPECT_TRUE(db->WriteAsync(batch, options, [&, n](const Status& durable) {
          EXPECT_EQ(Text(durable), "");
          ++told[n];
          if (n % 16 == 0) sequences.push_back(db->DurableSequence().value_or(UINT64_MAX));
        }));
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(Text(db->Close()), "");
  for (const std::atomic<uint64_t>& times : told) EXPECT_EQ(times, 1u);
  EXPECT_TRUE(std::ranges::is_sorted(sequences));
}

}  // namespace
}  // namespace amethyst::engine
