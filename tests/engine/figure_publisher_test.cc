// What other processes see of a database at work. Covers: engine, figures
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <thread>

#include "amethyst/amethyst.h"
#include "figures/reader.h"
#include "io/posix_file_system.h"
#include "support/temp_directory.h"

namespace amethyst::engine {
namespace {

using figures::Contents;
using figures::EventKind;
using testing::HasSubstr;
using testing::Not;

class FigurePublisherTest : public testing::Test {
 protected:
  std::unique_ptr<DB> Open(uint32_t sync_interval_ms = 10) {
    Options options;
    options.sync_interval_ms = sync_interval_ms;
    options.write_buffer_bytes = size_t{1} << 20;
    return DB::Open(directory_.File("db"), options).value();
  }
  // Once it is as `wanted`; the tick is a thread's, and comes when that runs.
  Contents Await(const std::function<bool(const Contents&)>& wanted) {
    for (;;) {
      if (auto contents = figures::Read(files_, path_); contents && wanted(*contents)) return *std::move(contents);
      std::this_thread::yield();
    }
  }
  bool Exists() { return std::filesystem::exists(path_); }
  // What a file of this process is mapped as.
  static std::string Maps() {
    return io::ReadFile(*std::make_unique<io::PosixFileSystem>(), "/proc/self/maps").value();
  }

  support::TempDirectory directory_;
  const std::string path_ = directory_.File("db/STATS");
  io::PosixFileSystem files_;
};

TEST_F(FigurePublisherTest, AnOpenMakesNoFileAndAWriteDoesAtTheNextTick) {
  {
    const auto database = Open();
    EXPECT_FALSE(database->Get("a").value());
    ASSERT_TRUE(database->Close());
  }
  EXPECT_FALSE(Exists());
  const auto database = Open();
  ASSERT_TRUE(database->Put("a", "1"));
  const Contents contents = Await([](const Contents& now) { return now.figures.stats.writes == 1; });
  EXPECT_EQ(contents.writer.pid, static_cast<uint64_t>(getpid()));
  EXPECT_EQ(contents.figures.stats.entries_written, 1u);
  EXPECT_EQ(contents.figures.stats.levels.size(), 7u);
  EXPECT_EQ(contents.figures.stall.cause, figures::Stall::kNone);
}

TEST_F(FigurePublisherTest, AShortSessionMakesNone) {
  const auto database = Open(60'000);
  ASSERT_TRUE(database->Put("a", "1"));
  ASSERT_TRUE(database->Close());
  EXPECT_FALSE(Exists());
}

TEST_F(FigurePublisherTest, ADatabaseThatRestsHoldsNoFile) {
  const auto database = Open();
  ASSERT_TRUE(database->Put("a", "1"));
  Await([](const Contents& now) { return now.figures.stats.writes == 1; });
  while (Maps().contains("/STATS")) std::this_thread::yield();
  ASSERT_TRUE(database->Put("b", "2"));
  Await([](const Contents& now) { return now.figures.stats.writes == 2; });
}

TEST_F(FigurePublisherTest, TellsOfFlushesAndCompactions) {
  const auto database = Open();
  const std::string value(1000, 'v');
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(database->Put("key" + std::to_string(i), value));
    ASSERT_TRUE(database->Flush());
  }
  Await([](const Contents& now) { return now.figures.stats.flushes >= 2; });
  ASSERT_TRUE(database->CompactRange());
  ASSERT_TRUE(database->Put("more", value));
  const Contents contents = Await([](const Contents& now) {
    return now.figures.stats.writes == 1001 && std::ranges::any_of(now.events, [](const figures::Event& event) {
             return event.kind == EventKind::kCompaction;
           });
  });
  std::vector<EventKind> kinds;
  for (const figures::Event& event : contents.events) kinds.push_back(event.kind);
  EXPECT_EQ(kinds.front(), EventKind::kOpen);
  EXPECT_GE(std::ranges::count(kinds, EventKind::kFlush), 2);
  const auto compaction = std::ranges::find(contents.events, EventKind::kCompaction, &figures::Event::kind);
  EXPECT_GT(compaction->numbers[1], 0u);
  EXPECT_FALSE(compaction->text.empty());
  EXPECT_EQ(contents.figures.stats.ToJson().find("\"compactions\":0"), std::string::npos);
  EXPECT_TRUE(contents.figures.jobs.empty());
}

TEST_F(FigurePublisherTest, ARunningCompactionIsShownWithItsReasonAndProgress) {
  // Stops the merge in its last keys until the figures have shown it.
  struct Gate final : CompactionFilter {
    mutable std::atomic<bool> open{false};
    [[nodiscard]] std::string_view Name() const override { return "gate"; }
    FilterDecision FilterKey(std::string_view key, std::chrono::seconds) const noexcept override {
      while (key == "key9999" && !open) std::this_thread::yield();
      return FilterDecision::kKeep;
    }
  };
  const auto gate = std::make_shared<Gate>();
  Options options;
  options.sync_interval_ms = 10;
  options.families["default"].compaction_filter = gate;
  const auto database = DB::Open(directory_.File("db"), options).value();
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(database->Put("key" + std::to_string(i), "value"));
  std::thread compacting([&] { EXPECT_TRUE(database->CompactRange()); });
  const Contents contents = Await([](const Contents& now) {
    return !now.figures.jobs.empty() && now.figures.jobs.front().bytes_done > now.figures.jobs.front().bytes / 2;
  });
  gate->open = true;
  compacting.join();
  const figures::Job& job = contents.figures.jobs.front();
  EXPECT_EQ(job.kind, figures::JobKind::kMerge);
  EXPECT_GE(job.tables, 1u);
  EXPECT_LT(job.bytes_done, job.bytes);
  EXPECT_NE(job.started_ms, 0u);
  EXPECT_FALSE(job.reason.empty());
  EXPECT_TRUE(Await([](const Contents& now) { return now.figures.jobs.empty(); }).figures.jobs.empty());
}

TEST_F(FigurePublisherTest, ACloseShowsHowTheDatabaseIsLeft) {
  const auto database = Open();
  const std::string value(1000, 'v');
  ASSERT_TRUE(database->Put("a", value));
  Await([](const Contents& now) { return now.figures.stats.writes == 1; });
  for (int i = 0; i < 2000; ++i) ASSERT_TRUE(database->Put("key" + std::to_string(i), value));
  Await([](const Contents& now) { return now.figures.stats.writes > 1; });
  ASSERT_TRUE(database->Close());
  EXPECT_THAT(Maps(), Not(HasSubstr("/STATS")));
  const auto contents = figures::Read(files_, path_);
  ASSERT_TRUE(contents);
}

TEST_F(FigurePublisherTest, ReadersAndOtherFileSystemsHaveNone) {
  ASSERT_TRUE(Open(60'000)->Close());
  Options options;
  options.read_only = true;
  const auto reader = DB::Open(directory_.File("db"), options).value();
  EXPECT_FALSE(reader->Get("a").value());
  ASSERT_TRUE(reader->Close());
  EXPECT_FALSE(Exists());
}

TEST_F(FigurePublisherTest, AFileThatCannotBeMadeHarmsNobody) {
  const auto database = Open();
  std::filesystem::create_directory(path_);
  ASSERT_TRUE(database->Put("a", "1"));
  while (database->GetStats().wal_syncs == 0) std::this_thread::yield();
  ASSERT_TRUE(database->Flush());
  ASSERT_TRUE(database->Put("b", "2"));
  EXPECT_EQ(database->Get("b").value(), "2");
  ASSERT_TRUE(database->Close());
  EXPECT_TRUE(std::filesystem::is_directory(path_));
}

}  // namespace
}  // namespace amethyst::engine
