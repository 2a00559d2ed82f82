// A listener beside many threads: it may call anything and may block, and is told in order. Covers: db, components
#include <gtest/gtest.h>

#include <future>
#include <map>
#include <set>
#include <thread>

#include "api/listener_fixture.h"
#include "base/mutex.h"
#include "io/system_environment.h"
#include "support/perturbed_environment.h"
#include "support/temp_directory.h"

namespace amethyst {
namespace {

using support::CodeOf;
using support::Key;
using support::OpenOrFail;
using support::SmallOptions;
using support::TempDirectory;
using support::Text;

// RocksDB's listeners deadlocked where they called SetOptions, and others were called under the database's mutex.
TEST(ListenerOfThreads, IsCalledUnderNoLock) {
  const TempDirectory directory;
  base::Mutex outermost(base::LockRank::kProgram);  // Debug builds abort if this thread holds any lock of ours.
  auto listener = std::make_shared<EventRecorder>();
  listener->on_event = [&](const Event&) { const base::MutexLock lock(outermost); };
  Components components;
  components.listener = listener;
  auto db = OpenOrFail(directory.path(), SmallOptions(), components);
  for (uint64_t i = 0; i < 5000; ++i) ASSERT_EQ(Text(db->Put(Key(i), std::string(100, 'v'))), "");
  const auto family = db->CreateFamily("f");
  ASSERT_TRUE(family);
  ASSERT_EQ(Text(db->DropFamily(*family)), "");
  ASSERT_EQ(Text(db->CompactRange()), "");
  ASSERT_EQ(Text(db->Close()), "");
  EXPECT_GT(listener->events.size(), 10u);
}

// It may call anything, and nothing of it deadlocks.
TEST(ListenerOfThreads, MayCallAnything) {
  const TempDirectory directory;
  auto listener = std::make_shared<EventRecorder>();
  std::promise<DB*> opened;
  const std::shared_future<DB*> db_of(opened.get_future());
  int calls = 0;
  listener->on_event = [&](const Event& event) {
    DB& db = *db_of.get();
    if (++calls > 30) return;
    const std::string name = fmt::format("from-{}", event.number);
    const auto may = [](const auto& result) {  // Another thread may close it meanwhile.
      EXPECT_TRUE(result || result.error().code() == ErrorCode::kClosed) << result.error().ToString();
    };
    may(db.Put(name, "v", {.durability = Durability::kSync}));
    may(db.Get(name));
    may(db.Flush());
    if (event.number % 3 == 0) may(db.CompactRange());
    const auto family = db.CreateFamily(name);
    may(family);
    if (family) may(db.DropFamily(*family));
    may(db.WaitForIdle());
    if (event.number % 7 == 0) may(db.Checkpoint(directory.path() + "/" + name));
    EXPECT_EQ(CodeOf(db.Close()), ErrorCode::kBusy);
  };
  Components components;
  components.listener = listener;
  auto db = OpenOrFail(directory.path() + "/db", SmallOptions(), components);
  opened.set_value(db.get());
  for (uint64_t i = 0; i < 3000; ++i) ASSERT_EQ(Text(db->Put(Key(i), std::string(100, 'v'))), "");
  ASSERT_EQ(Text(db->Flush()), "");
  ASSERT_EQ(Text(db->Close()), "");
  EXPECT_GT(calls, 10);
}

TEST(ListenerOfThreads, OneThatBlocksStallsNoWriter) {
  const TempDirectory directory;
  auto listener = std::make_shared<EventRecorder>();
  std::promise<void> release;
  listener->on_event = [go = std::shared_future<void>(release.get_future())](const Event&) { go.wait(); };
  Components components;
  components.listener = listener;
  auto db = OpenOrFail(directory.path(), SmallOptions(), components);
  for (uint64_t i = 0; i < 10'000; ++i) ASSERT_EQ(Text(db->Put(Key(i), std::string(100, 'v'))), "");
  ASSERT_EQ(Text(db->Flush()), "");
  ASSERT_EQ(Text(db->WaitForIdle()), "");
  release.set_value();
  ASSERT_EQ(Text(db->Close()), "");
  EXPECT_GT(listener->Of(EventKind::kFlushEnd).size(), 5u);
}

// Flush returns once its event is queued: what its caller does next comes later.
TEST(ListenerOfThreads, FlushReturnsOnceItsEventsAreQueued) {
  const TempDirectory directory;
  auto listener = std::make_shared<EventRecorder>();
  auto environment = std::make_shared<support::PerturbedEnvironment>(*io::DefaultEnvironment(), 3);
  Components components;
  components.environment = environment;
  components.listener = listener;
  auto db = OpenOrFail(directory.path(), SmallOptions(), components);
  constexpr uint64_t kRounds = 50;
  std::thread other([&] {
    for (uint64_t round = 0; round < kRounds; ++round) EXPECT_EQ(Text(db->Flush()), "");
  });
  for (uint64_t round = 0; round < kRounds; ++round) {
    ASSERT_EQ(Text(db->Put(Key(round), "v")), "");
    ASSERT_EQ(Text(db->Flush()), "");
    const auto family = db->CreateFamily(fmt::format("{}", round));
    ASSERT_TRUE(family);
    ASSERT_EQ(Text(db->DropFamily(*family)), "");
  }
  other.join();
  ASSERT_EQ(Text(db->Close()), "");
  uint64_t flushed = 0, number = 0;
  for (const Event& event : listener->events) {
    EXPECT_EQ(event.number, ++number);
    if (event.kind == EventKind::kFlushEnd) flushed += event.entries;
    if (event.kind == EventKind::kFamilyMade) EXPECT_GE(flushed, std::stoull(event.family) + 1);
  }
}

// Each begin has its end, and comes before it, however many jobs run at once.
TEST(ListenerOfThreads, IsToldInOrder) {
  const TempDirectory directory;
  auto listener = std::make_shared<EventRecorder>();
  Components components;
  components.environment = std::make_shared<support::PerturbedEnvironment>(*io::DefaultEnvironment(), 4);
  components.listener = listener;
  auto db = OpenOrFail(directory.path(), SmallOptions(), components);
  base::Random random(1);
  for (int i = 0; i < 10'000; ++i) ASSERT_EQ(Text(db->Put(Key(random.Below(5000)), std::string(100, 'v'))), "");
  ASSERT_EQ(Text(db->WaitForIdle()), "");
  ASSERT_EQ(Text(db->Close()), "");
  std::map<EventKind, int64_t> open;
  std::set<uint64_t> tables;
  uint64_t number = 0;
  for (const Event& event : listener->events) {
    EXPECT_EQ(event.number, ++number);
    if (event.kind == EventKind::kTableMade) tables.insert(event.table);
    if (event.kind == EventKind::kTableRemoved) EXPECT_EQ(tables.erase(event.table), 1u);
    const bool ends = event.kind == EventKind::kFlushEnd || event.kind == EventKind::kCompactionEnd;
    if (ends) EXPECT_GT(open[EventKind{static_cast<uint8_t>(static_cast<int>(event.kind) - 1)}]--, 0);
    if (event.kind == EventKind::kFlushBegin) EXPECT_EQ(open[event.kind]++, 0);
    if (event.kind == EventKind::kCompactionBegin) ++open[event.kind];
  }
  for (const auto& [kind, count] : open) EXPECT_EQ(count, 0) << EventKindName(kind);
}

}  // namespace
}  // namespace amethyst
