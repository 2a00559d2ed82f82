#include "wal/log.h"

#include <gtest/gtest.h>

#include "wal/log_harness.h"

namespace amethyst::wal {
namespace {

using support::Operation;
using namespace std::string_literals;

const std::string kEightBytes = "\x00\x01\x01k\x03vvv"s;  // One put.

TEST(Log, GivesBackWhatWasAppendedInAllSizes) {
  LogHarness harness(256 << 10);
  ASSERT_TRUE(harness.Open());
  base::Random random(1);
  for (const size_t bytes :
       {0u, 1u, 7u, 8u, 9u, 100u, 4095u, 4096u, 65000u, 65536u, 66000u, 262144u, 1u << 20, 5u << 20, 3u}) {
    ASSERT_TRUE(harness.Append(SomeBatch(random, bytes)));
  }
  for (int i = 0; i < 5000; ++i) ASSERT_TRUE(harness.Append(SomeBatch(random, random.Below(300))));
  const Recovered recovered = harness.Recover(harness.TakeImage());
  ASSERT_TRUE(recovered.status) << recovered.status.error().ToString();
  EXPECT_TRUE(recovered.batches == harness.logged());
  EXPECT_EQ(recovered.report.torn_tails, 0u);
  EXPECT_GT(recovered.report.replayed_segments.size(), 5u);
}

TEST(Log, ReportsWhereRecordsEnd) {
  LogHarness harness;
  ASSERT_TRUE(harness.Open());
  EXPECT_EQ(harness.log().end(), (LogPosition{key::FileNumber{1}, kSegmentHeaderBytes}));
  const auto end = harness.Append(kEightBytes);
  ASSERT_TRUE(end);
  EXPECT_EQ(*end, harness.log().end());
  EXPECT_EQ(end->offset, kSegmentHeaderBytes + kRecordHeaderBytes + 8);
  EXPECT_LT(harness.log().durable_end(), *end);
  ASSERT_TRUE(harness.log().Sync(*end));
  EXPECT_EQ(harness.log().durable_end(), *end);
  EXPECT_EQ(harness.log().stats().records, 1u);
  EXPECT_EQ(harness.log().stats().bytes_appended, kRecordHeaderBytes + 8);
}

TEST(Log, MakesTheNextSegmentAheadAndRemovesTheSpareAtClose) {
  LogHarness harness;
  ASSERT_TRUE(harness.Open());
  base::Random random(2);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(harness.Append(SomeBatch(random, 100)));
  EXPECT_EQ(harness.TakeImage().size(), 1u);
  ASSERT_TRUE(harness.serial().RunOneJob());
  EXPECT_EQ(harness.TakeImage().size(), 2u);
  const uint64_t created = harness.files().calls(Operation::kCreateSegment);
  while (harness.log().current_segment() == key::FileNumber{1}) ASSERT_TRUE(harness.Append(SomeBatch(random, 100)));
  EXPECT_EQ(harness.files().calls(Operation::kCreateSegment), created) << "the spare was there";
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(harness.Append(SomeBatch(random, 100)));
  ASSERT_TRUE(harness.serial().RunOneJob());
  EXPECT_EQ(harness.TakeImage().size(), 3u);
  const auto cut = harness.log().Close();
  ASSERT_TRUE(cut) << cut.error().ToString();
  const Image image = harness.TakeImage();
  ASSERT_EQ(image.size(), 2u);
  EXPECT_EQ(image.at(cut->segment).size(), cut->offset) << "trimmed";
  const Recovered recovered = harness.Recover(image, *cut);
  ASSERT_TRUE(recovered.status) << recovered.status.error().ToString();
  EXPECT_EQ(recovered.report.cut, *cut);
  EXPECT_TRUE(recovered.batches == harness.logged());
}

TEST(Log, DiscardsASpareThatWasOvertakenOrIsTooSmall) {  // I7
  LogHarness harness;
  ASSERT_TRUE(harness.Open());
  base::Random random(3);
  for (int round = 0; round < 20; ++round) {
    ASSERT_TRUE(harness.Append(SomeBatch(random, 600)));
    if (round % 3 == 0) static_cast<void>(harness.serial().RunOneJob());
    ASSERT_TRUE(harness.Append(SomeBatch(random, round % 4 == 0 ? 3000 : 30)));
    if (round % 5 == 0) static_cast<void>(harness.serial().RunOneJob());
  }
  const Recovered recovered = harness.Recover(harness.TakeImage());
  ASSERT_TRUE(recovered.status) << recovered.status.error().ToString();
  EXPECT_TRUE(recovered.batches == harness.logged());
  EXPECT_LE(recovered.report.dropped_segments.size(), 1u) << "one spare at the most";
}

TEST(Log, FillsSegmentsWithZerosOnlyAfterAWriterSynced) {
  class Watch final : public io::FileSystem {
   public:
    explicit Watch(io::FileSystem& files) : files_(files) {}
    std::vector<bool> zero_filled;
    Result<std::unique_ptr<io::LogSegment>> CreateLogSegment(const std::string& path,
                                                             const io::LogSegmentOptions& options) override {
      zero_filled.push_back(options.zero_filled);
      return files_.CreateLogSegment(path, options);
    }
    Result<std::unique_ptr<io::WritableFile>> Create(const std::string& path) override { return files_.Create(path); }
    Result<std::unique_ptr<io::RandomAccessFile>> Open(const std::string& path) override { return files_.Open(path); }
    Status SyncFile(const std::string& path) override { return files_.SyncFile(path); }
    Result<bool> Exists(const std::string& path) override { return files_.Exists(path); }
    Result<uint64_t> FileSize(const std::string& path) override { return files_.FileSize(path); }
    Result<std::vector<std::string>> List(const std::string& directory) override { return files_.List(directory); }
    Status CreateDirectories(const std::string& directory) override { return files_.CreateDirectories(directory); }
    Status RemoveDirectory(const std::string& directory) override { return files_.RemoveDirectory(directory); }
    Status SyncDirectory(const std::string& directory) override { return files_.SyncDirectory(directory); }
    Status Rename(const std::string& from, const std::string& to) override { return files_.Rename(from, to); }
    Status Remove(const std::string& path) override { return files_.Remove(path); }
    Result<std::unique_ptr<io::FileLock>> Lock(const std::string& path, io::LockMode mode) override {
      return files_.Lock(path, mode);
    }

   private:
    io::FileSystem& files_;
  };
  LogHarness harness;
  Watch watch(harness.memory());
  support::FaultEnvironment environment(harness.serial(), watch);
  const auto executor = environment.NewExecutor(1).value();
  auto log = Log::Create(environment, *executor, harness.settings(), {});
  ASSERT_TRUE(log);
  const std::string payload(300, 'x');
  uint64_t sequence = 0;
  const auto append = [&] { return (*log)->Append(key::SequenceNumber{++sequence}, 1, payload); };
  while (watch.zero_filled.size() < 3) ASSERT_TRUE(append());
  ASSERT_TRUE((*log)->SyncAll()) << "is not a writer's";
  while (watch.zero_filled.size() < 4) ASSERT_TRUE(append());
  ASSERT_TRUE((*log)->Sync((*log)->end()));
  while (watch.zero_filled.size() < 5) ASSERT_TRUE(append());
  EXPECT_EQ(watch.zero_filled, (std::vector<bool>{false, false, false, false, true}));
}

TEST(Log, SyncsEarlierSegmentsBeforeTheCurrentOneAndClosesThem) {  // I6
  LogHarness harness;
  ASSERT_TRUE(harness.Open());
  base::Random random(4);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(harness.Append(SomeBatch(random, 200)));
  const size_t segments = harness.log().segments().size();
  ASSERT_GE(segments, 4u);
  const uint64_t before = harness.files().calls(Operation::kSegmentSync);
  ASSERT_TRUE(harness.log().SyncAll());
  EXPECT_EQ(harness.files().calls(Operation::kSegmentSync) - before, segments);
  EXPECT_EQ(harness.files().calls(Operation::kSegmentClose), segments - 1);
  ASSERT_TRUE(harness.log().SyncAll()) << "costs nothing when all is durable";
  EXPECT_EQ(harness.files().calls(Operation::kSegmentSync) - before, segments);
}

TEST(Log, RemovesSegmentsThatAreNotNeededButNeverTheCurrentOne) {
  LogHarness harness;
  ASSERT_TRUE(harness.Open());
  base::Random random(5);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(harness.Append(SomeBatch(random, 200)));
  const std::vector<key::FileNumber> segments = harness.log().segments();
  ASSERT_TRUE(harness.log().RemoveBefore(segments[2]));
  EXPECT_EQ(harness.log().segments().front(), segments[2]);
  ASSERT_TRUE(harness.log().SyncAll());
  ASSERT_TRUE(harness.log().RemoveBefore(key::FileNumber{1000}));
  EXPECT_EQ(harness.log().segments(), std::vector{harness.log().current_segment()});
  ASSERT_TRUE(harness.Append(SomeBatch(random, 10)));
  ASSERT_TRUE(harness.log().Close());
  EXPECT_EQ(harness.TakeImage().size(), 1u);
}

TEST(Log, NotesAFinishedSyncOnceThenIsQuiet) {  // I4
  LogHarness harness;
  ASSERT_TRUE(harness.Open());
  ASSERT_TRUE(harness.Tick());
  EXPECT_EQ(harness.log().stats().records, 0u) << "nothing to note in an empty log";
  ASSERT_TRUE(harness.Append(kEightBytes));
  ASSERT_TRUE(harness.Tick());
  EXPECT_EQ(harness.log().stats().records, 2u) << "synced, and noted";
  const LogStats stats = harness.log().stats();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(harness.Tick());
  EXPECT_EQ(harness.log().stats().records, stats.records);
  EXPECT_EQ(harness.log().stats().syncs, stats.syncs);
  const Image image = harness.TakeImage();
  EXPECT_EQ(harness.Recover(image).batches.size(), 1u);
  // The note proves the batch durable: it cannot be taken for a torn tail any more.
  Image damaged = image;
  damaged.begin()->second[kSegmentHeaderBytes + kRecordHeaderBytes] ^= 1;
  const Recovered recovered = harness.Recover(damaged);
  ASSERT_FALSE(recovered.status);
  EXPECT_EQ(recovered.status.error().code(), ErrorCode::kCorruption);
}

TEST(Log, LatchesTheFirstFailedStoreOrSyncForEver) {  // I8
  for (const Operation operation : {Operation::kStore, Operation::kSegmentSync}) {
    for (const bool half : {false, true}) {
      LogHarness harness;
      ASSERT_TRUE(harness.Open());
      base::Random random(6);
      for (int i = 0; i < 6; ++i) ASSERT_TRUE(harness.Append(SomeBatch(random, 200)));
      harness.files().Fail({.operation = operation, .call = harness.files().calls(operation) + 1, .half = half});
      Status failed = harness.log().SyncAll();
      if (failed) {
        const auto appended = harness.Append(SomeBatch(random, 200));
        ASSERT_FALSE(appended);
        failed = std::unexpected(appended.error());
      }
      harness.files().ClearFaults();
      const uint64_t stores = harness.files().calls(Operation::kStore);
      const uint64_t syncs = harness.files().calls(Operation::kSegmentSync);
      const uint64_t removes = harness.files().calls(Operation::kRemove);
      EXPECT_EQ(harness.Append(SomeBatch(random, 10)).error().message(), failed.error().message());
      EXPECT_EQ(harness.log().health().error().message(), failed.error().message());
      EXPECT_EQ(harness.Tick().error().message(), failed.error().message());
      EXPECT_EQ(harness.log().RemoveBefore(key::FileNumber{1000}).error().message(), failed.error().message());
      EXPECT_EQ(harness.log().Close().error().message(), failed.error().message());
      EXPECT_EQ(harness.log().Close().error().code(), failed.error().code());
      EXPECT_EQ(harness.files().calls(Operation::kStore), stores);
      EXPECT_EQ(harness.files().calls(Operation::kSegmentSync), syncs);
      EXPECT_EQ(harness.files().calls(Operation::kRemove), removes);
      EXPECT_EQ(harness.files().calls(Operation::kSegmentClose), operation == Operation::kStore ? 1u : 0u);
      const Recovered recovered = harness.Recover(harness.TakeImage());
      ASSERT_TRUE(recovered.status) << recovered.status.error().ToString();
      EXPECT_TRUE(recovered.batches == harness.logged()) << "all that was acknowledged is there";
    }
  }
}

TEST(Log, GoesOnAfterTheDiskWasFull) {
  LogHarness harness;
  ASSERT_TRUE(harness.Open());
  base::Random random(7);
  harness.files().Fail(
      {.operation = Operation::kCreateSegment, .call = 2, .for_good = true, .code = ErrorCode::kNoSpace});
  Result<LogPosition> appended;
  do {
    appended = harness.Append(SomeBatch(random, 200));
    while (harness.serial().RunOneJob()) {
    }
  } while (appended);
  EXPECT_EQ(appended.error().code(), ErrorCode::kNoSpace);
  EXPECT_EQ(harness.Append(SomeBatch(random, 200)).error().code(), ErrorCode::kNoSpace);
  EXPECT_TRUE(harness.log().health());
  EXPECT_TRUE(harness.log().SyncAll());
  harness.files().ClearFaults();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(harness.Append(SomeBatch(random, 200)));
  const Recovered recovered = harness.Recover(harness.TakeImage());
  ASSERT_TRUE(recovered.status) << recovered.status.error().ToString();
  EXPECT_TRUE(recovered.batches == harness.logged());
}

TEST(Log, LatchesAFailedSyncOfTheDirectory) {
  LogHarness harness;
  ASSERT_TRUE(harness.Open());
  base::Random random(8);
  harness.files().Fail({.operation = Operation::kSyncDirectory, .call = 2});
  Result<LogPosition> appended;
  do {
    appended = harness.Append(SomeBatch(random, 200));
    while (harness.serial().RunOneJob()) {
    }
  } while (appended);
  EXPECT_FALSE(harness.log().health());
  EXPECT_EQ(harness.log().health().error().message(), appended.error().message());
}

TEST(Log, EveryFailingCallLosesNothingThatWasAcknowledged) {
  constexpr std::array kOperations{Operation::kStore,         Operation::kSegmentSync,   Operation::kSegmentClose,
                                   Operation::kCreateSegment, Operation::kSyncDirectory, Operation::kRemove};
  const auto run = [](LogHarness& harness) {  // Whatever fails, it goes on.
    base::Random random(9);
    if (!harness.Open()) return;
    for (int i = 0; i < 40; ++i) {
      const auto appended = harness.Append(SomeBatch(random, random.Below(300)));
      if (random.OneIn(3)) static_cast<void>(harness.serial().RunOneJob());
      if (appended && random.OneIn(4)) static_cast<void>(harness.log().Sync(*appended));
      if (random.OneIn(10)) static_cast<void>(harness.Tick());
    }
  };
  for (const Operation operation : kOperations) {
    LogHarness sound;
    run(sound);
    const uint64_t calls = sound.files().calls(operation);
    for (uint64_t call = 1; call <= calls; ++call) {
      for (const bool half : {false, true}) {
        LogHarness harness;
        harness.files().Fail({.operation = operation, .call = call, .half = half});
        run(harness);
        EXPECT_LE(harness.files().failed_calls(), 1u);
        const Recovered recovered = harness.Recover(harness.TakeImage());
        if (harness.logged().empty()) continue;  // It could not be opened.
        ASSERT_TRUE(recovered.status) << recovered.status.error().ToString();
        EXPECT_TRUE(recovered.batches == harness.logged()) << static_cast<int>(operation) << " call " << call;
      }
    }
  }
}

// As where the blocks of a segment are shared with a copy of it: a store needs new ones.
TEST(Log, BeginsASegmentBehindAStoreThatFoundNoSpace) {
  for (const bool half : {false, true}) {
    LogHarness harness(4096);
    ASSERT_TRUE(harness.Open());
    base::Random random(10);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(harness.Append(SomeBatch(random, 100)));
    const uint64_t next = harness.files().calls(Operation::kStore) + 1;
    for (const uint64_t call : {next, next + 1}) {
      harness.files().Fail({.operation = Operation::kStore, .call = call, .code = ErrorCode::kNoSpace, .half = half});
    }
    EXPECT_EQ(harness.Append(SomeBatch(random, 100)).error().code(), ErrorCode::kNoSpace);
    EXPECT_EQ(harness.Append(SomeBatch(random, 100)).error().code(), ErrorCode::kNoSpace) << "the header's store";
    EXPECT_TRUE(harness.log().health());
    EXPECT_TRUE(harness.log().SyncAll());
    const Recovered refused = harness.Recover(harness.TakeImage());
    ASSERT_TRUE(refused.status) << refused.status.error().ToString();
    EXPECT_TRUE(refused.batches == harness.logged());
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(harness.Append(SomeBatch(random, 100)));
    EXPECT_EQ(harness.log().segments().size(), 2u);
    ASSERT_TRUE(harness.Tick());
    const Recovered recovered = harness.Recover(harness.TakeImage());
    ASSERT_TRUE(recovered.status) << recovered.status.error().ToString();
    EXPECT_TRUE(recovered.batches == harness.logged());
    const auto cut = harness.log().Close();
    ASSERT_TRUE(cut);
    EXPECT_TRUE(harness.Recover(harness.TakeImage(), *cut).batches == harness.logged());
  }
}

TEST(Log, WithoutAReserveAFullDiskRefusesDeletesToo) {
  LogHarness harness;
  ASSERT_TRUE(harness.Open());
  harness.files().Fail(
      {.operation = Operation::kCreateSegment, .call = 1, .for_good = true, .code = ErrorCode::kNoSpace});
  WriteBatch deletes;
  deletes.Delete("key");
  for (int i = 0; i < 100; ++i) static_cast<void>(harness.Append(std::string(deletes.Representation()), 1));
  EXPECT_EQ(harness.Append(std::string(deletes.Representation()), 1).error().code(), ErrorCode::kNoSpace);
}

TEST(Log, OnAFullDiskDeletesTakeTheReserveAndOtherRecordsWaitUntilItIsBack) {
  LogHarness harness;
  bool is_there = true;
  harness.settings().room_bytes = [&] { return is_there ? uint64_t{1} << 30 : 0; };
  harness.settings().spend_reserve = [&](const auto& work) {
    harness.files().ClearFaults();
    is_there = false;
    work();
    return true;
  };
  ASSERT_TRUE(harness.Open());
  base::Random random(11);
  harness.files().Fail(
      {.operation = Operation::kCreateSegment, .call = 2, .for_good = true, .code = ErrorCode::kNoSpace});
  while (harness.Append(SomeBatch(random, 60))) {
  }
  WriteBatch deletes;
  for (int i = 0; i < 100; ++i) deletes.Delete("key" + std::to_string(i));
  const auto remove = [&] { return harness.Append(std::string(deletes.Representation()), deletes.Count()); };
  ASSERT_TRUE(remove());
  EXPECT_FALSE(is_there);
  EXPECT_EQ(harness.Append(kEightBytes).error().code(), ErrorCode::kNoSpace) << "though the segment has room";
  ASSERT_TRUE(remove());
  ASSERT_TRUE(harness.Tick());
  ASSERT_TRUE(remove());
  is_there = true;
  ASSERT_TRUE(harness.Append(kEightBytes));
  const Recovered recovered = harness.Recover(harness.TakeImage());
  ASSERT_TRUE(recovered.status) << recovered.status.error().ToString();
  EXPECT_TRUE(recovered.batches == harness.logged());
}

TEST(Log, MakesTheCutBehindWhatItReplayedDurableAtOnce) {
  LogHarness harness;
  ASSERT_TRUE(harness.Open());
  EXPECT_EQ(harness.files().calls(Operation::kSegmentSync), 0u) << "nothing to cut";
  ASSERT_TRUE(harness.Append(kEightBytes));
  const Recovered recovered = harness.Recover(harness.TakeImage());
  ASSERT_TRUE(harness.Reopen(recovered));
  EXPECT_EQ(harness.files().calls(Operation::kSegmentSync), 1u);
  EXPECT_EQ(harness.log().durable_end(), harness.log().end());
}

TEST(Log, ThatWasClosedWithoutNeedForItsContentGoesOnWhereItEnded) {
  LogHarness harness;
  ASSERT_TRUE(harness.Open());
  base::Random random(12);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(harness.Append(SomeBatch(random, 100)));
  const uint64_t syncs = harness.files().calls(Operation::kSegmentSync);
  const auto cut = harness.log().Close(Log::Content::kNotNeeded);
  ASSERT_TRUE(cut);
  EXPECT_EQ(harness.files().calls(Operation::kSegmentSync), syncs);
  harness.SetFirstSegment(key::FileNumber{key::Raw(cut->segment) + 100});
  const Recovered nothing = harness.Recover({}, *cut);
  ASSERT_TRUE(nothing.status) << nothing.status.error().ToString();
  EXPECT_EQ(nothing.report.cut, *cut);
  EXPECT_TRUE(nothing.report.replayed_segments.empty());
  EXPECT_FALSE(harness.Recover({}).status) << "only the clean end says that the first segment need not be there";
}

TEST(Log, RefusesCallsAfterClose) {
  LogHarness harness;
  ASSERT_TRUE(harness.Open());
  ASSERT_TRUE(harness.log().Close());
  EXPECT_EQ(harness.Append(kEightBytes).error().code(), ErrorCode::kClosed);
  EXPECT_EQ(harness.log().Close().error().code(), ErrorCode::kClosed);
}

}  // namespace
}  // namespace amethyst::wal
