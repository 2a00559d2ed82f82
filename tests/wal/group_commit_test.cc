// Many threads on one log: they share flushes, share errors, and race with rolling, notes and removal. Covers: log_sync
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "amethyst/components.h"
#include "io/system_environment.h"
#include "support/temp_directory.h"
#include "wal/log_harness.h"

namespace amethyst::wal {
namespace {

using support::Operation;

// Every thread appends under one lock, as under the commit lock, and syncs its record.
void AppendAndSync(Log& log, base::Mutex& commit_lock, std::atomic<uint64_t>& sequence, int rounds) {
  std::string payload;
  AppendBatchEntry(&payload, {.kind = key::EntryKind::kPut, .key = "k", .value = std::string(134, 'p')});
  AMETHYST_ASSERT(payload.size() == 140);
  for (int i = 0; i < rounds; ++i) {
    Result<LogPosition> end;
    {
      base::MutexLock lock(commit_lock);
      end = log.Append(key::SequenceNumber{sequence.fetch_add(1) + 1}, 1, payload);
    }
    AMETHYST_ASSERT(end.has_value());
    AMETHYST_ASSERT(log.Sync(*end).has_value());
    AMETHYST_ASSERT(log.durable_end() >= *end);
  }
}

TEST(GroupCommit, OneFlushServesAllThreadsThatWaitForIt) {
  for (const int threads : {1, 4, 16}) {
    const std::shared_ptr<io::Environment> environment = NewInMemoryEnvironment();
    support::FaultFileSystem files(environment->files());
    support::FaultEnvironment counted(*environment, files);
    ASSERT_TRUE(files.CreateDirectories("/db"));
    const auto executor = counted.NewExecutor(2).value();
    std::atomic<uint64_t> number = 0;
    constexpr size_t kRecordBytes = kRecordHeaderBytes + 144;
    // A leader waits until everybody has appended: so each flush serves one record of each thread.
    auto log = Log::Create(counted, *executor,
                           {.directory = "/db",
                            .database_uid = LogHarness::kUid,
                            .segment_bytes = 64 << 20,
                            .group_commit_bytes = kRecordBytes * threads,
                            .group_commit_delay_us = 600'000'000,
                            .new_file_number = [&number] { return key::FileNumber{++number}; },
                            .replayed_segments = {}},
                           {});
    ASSERT_TRUE(log);
    constexpr int kRounds = 20;
    base::Mutex commit_lock{base::LockRank::kCommit};
    std::atomic<uint64_t> sequence = 0;
    const uint64_t before = files.calls(Operation::kSegmentSync);
    std::vector<std::thread> running;
    for (int i = 0; i < threads; ++i) {
      running.emplace_back([&] { AppendAndSync(**log, commit_lock, sequence, kRounds); });
    }
    for (std::thread& thread : running) thread.join();
    EXPECT_EQ(files.calls(Operation::kSegmentSync) - before, static_cast<uint64_t>(kRounds)) << threads << " threads";
    EXPECT_EQ((*log)->stats().syncs_shared, static_cast<uint64_t>(kRounds) * (threads - 1));
    ASSERT_TRUE((*log)->Close());
  }
}

TEST(GroupCommit, ManyThreadsAppendSyncTickRollAndRemoveAtOnce) {
  support::TempDirectory directory;
  const std::shared_ptr<io::Environment> environment = io::DefaultEnvironment();
  const auto executor = environment->NewExecutor(2).value();
  std::atomic<uint64_t> number = 0;
  auto log = Log::Create(*environment, *executor,
                         {.directory = directory.path(),
                          .database_uid = LogHarness::kUid,
                          .segment_bytes = 16 << 10,
                          .new_file_number = [&number] { return key::FileNumber{++number}; },
                          .replayed_segments = {}},
                         {});
  ASSERT_TRUE(log) << log.error().ToString();
  base::Mutex commit_lock{base::LockRank::kCommit};
  std::atomic<uint64_t> sequence = 0;
  std::atomic<bool> done = false;
  std::thread ticker([&] {
    while (!done.load()) {
      AMETHYST_ASSERT((*log)
                          ->Tick([&](const std::function<void()>& run) {
                            base::MutexLock lock(commit_lock);
                            run();
                          })
                          .has_value());
      const LogPosition durable = (*log)->durable_end();  // First: the end moves on, and then what is durable.
      AMETHYST_ASSERT(durable <= (*log)->end());
      const std::vector<key::FileNumber> segments = (*log)->segments();
      if (segments.size() > 3) AMETHYST_ASSERT((*log)->RemoveBefore(segments[segments.size() - 3]).has_value());
    }
  });
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i) writers.emplace_back([&] { AppendAndSync(**log, commit_lock, sequence, 100); });
  for (std::thread& writer : writers) writer.join();
  done.store(true);
  ticker.join();
  const std::vector<key::FileNumber> segments = (*log)->segments();
  const auto cut = (*log)->Close();
  ASSERT_TRUE(cut) << cut.error().ToString();
  EXPECT_EQ(key::Raw(cut->last_sequence), 400u);
  const auto report = RecoverLog(environment->files(),
                                 {.directory = directory.path(),
                                  .database_uid = LogHarness::kUid,
                                  .segments = segments,
                                  .first_segment = segments.front(),
                                  .clean_end = *cut},
                                 [](const RecoveredBatch&) { return Status(); });
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(report->cut, *cut);
}

TEST(GroupCommit, AllWaitersOfAFailedFlushGetItsError) {
  const std::shared_ptr<io::Environment> environment = NewInMemoryEnvironment();
  support::FaultFileSystem files(environment->files());
  support::FaultEnvironment faulty(*environment, files);
  ASSERT_TRUE(files.CreateDirectories("/db"));
  const auto executor = faulty.NewExecutor(1).value();
  constexpr size_t kRecordBytes = kRecordHeaderBytes + 144;
  auto log = Log::Create(faulty, *executor,
                         {.directory = "/db",
                          .database_uid = LogHarness::kUid,
                          .group_commit_bytes = kRecordBytes * 8,
                          .group_commit_delay_us = 600'000'000,
                          .new_file_number = [] { return key::FileNumber{1}; },
                          .replayed_segments = {}},
                         {});
  ASSERT_TRUE(log);
  files.Fail({.operation = Operation::kSegmentSync, .call = 1});
  base::Mutex commit_lock{base::LockRank::kCommit};
  uint64_t sequence = 0;
  std::atomic<int> failed = 0;
  std::vector<std::thread> writers;
  for (int i = 0; i < 8; ++i) {
    writers.emplace_back([&] {
      Result<LogPosition> end;
      {
        base::MutexLock lock(commit_lock);
        end = (*log)->Append(key::SequenceNumber{++sequence}, 1, std::string(140, 'p'));
      }
      AMETHYST_ASSERT(end.has_value());
      if (!(*log)->Sync(*end)) failed.fetch_add(1);
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(failed.load(), 8);
  EXPECT_EQ(files.calls(Operation::kSegmentSync), 1u) << "never again";
}

TEST(LogClose, MakesItDurableToItsEnd) {
  LogHarness harness;
  ASSERT_TRUE(harness.Open());
  base::Random random(1);
  const auto end = harness.Append(SomeBatch(random, 100));
  ASSERT_TRUE(end);
  EXPECT_LT(harness.log().durable_end(), *end);
  ASSERT_TRUE(harness.log().Close());
  EXPECT_EQ(harness.log().durable_end(), *end);
}

}  // namespace
}  // namespace amethyst::wal
