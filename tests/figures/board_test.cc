#include "figures/board.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "figures/reader.h"
#include "figures/sample.h"
#include "io/memory_file_system.h"
#include "io/posix_file_system.h"
#include "simulation/manual_clock.h"
#include "support/temp_directory.h"

namespace amethyst::figures {
namespace {

using testing::HasSubstr;

class World final : public io::Environment {
 public:
  explicit World(io::FileSystem& files) : files_(files) {}
  io::FileSystem& files() override { return files_; }
  simulation::ManualClock& clock() override { return clock_; }
  Result<std::unique_ptr<io::Executor>> NewExecutor(uint32_t) override { return nullptr; }

 private:
  io::FileSystem& files_;
  simulation::ManualClock clock_;
};

class BoardTest : public testing::Test {
 protected:
  Contents MustRead() {
    Result<Contents> contents = Read(files_, path_);
    EXPECT_TRUE(contents) << contents.error().message();
    return contents ? *std::move(contents) : Contents();
  }
  std::vector<std::string> Texts() {
    std::vector<std::string> texts;
    for (const Event& event : MustRead().events) {
      texts.push_back(event.kind == EventKind::kOpen ? "open" : event.text);
    }
    return texts;
  }

  support::TempDirectory directory_;
  const std::string path_ = directory_.File("STATS");
  io::PosixFileSystem files_;
  World world_{files_};
  const base::Uid uid_{.low = 1, .high = 2};
};

TEST_F(BoardTest, MakesNoFileBeforeThereIsSomethingToShow) {
  Board board(world_, path_, uid_);
  board.Record({.kind = EventKind::kFlush, .text = "first"});
  board.Rest();
  EXPECT_FALSE(std::filesystem::exists(path_));
  board.Publish(SampleFigures(1));
  EXPECT_EQ(Texts(), (std::vector<std::string>{"open", "first"}));
  const Contents contents = MustRead();
  EXPECT_EQ(contents.writer.database_uid, uid_);
  EXPECT_EQ(contents.writer.pid, static_cast<uint64_t>(getpid()));
  EXPECT_EQ(contents.figures.events, 2u);
  EXPECT_EQ(contents.figures.stats.ToJson(), SampleFigures(1).stats.ToJson());
}

TEST_F(BoardTest, EachUpdateShowsTheNewestFigures) {
  Board board(world_, path_, uid_);
  for (uint64_t update = 1; update <= 5; ++update) {
    board.Publish(SampleFigures(update));
    EXPECT_EQ(MustRead().figures.updates, update);
    EXPECT_EQ(MustRead().figures.stats.writes, SampleFigures(update).stats.writes);
  }
}

TEST_F(BoardTest, GoesOnBehindTheEventsOfItsRestAndOfEarlierWriters) {
  {
    Board board(world_, path_, uid_);
    board.Publish({});
    board.Record({.kind = EventKind::kFlush, .text = "one"});
    board.Rest();
    EXPECT_FALSE(board.IsOpen());
    board.Record({.kind = EventKind::kFlush, .text = "two"});
    board.Publish({});
    board.Record({.kind = EventKind::kFlush, .text = "three"});
  }
  Board later(world_, path_, uid_);
  later.Publish({});
  EXPECT_EQ(Texts(), (std::vector<std::string>{"open", "one", "two", "three", "open"}));
  EXPECT_EQ(MustRead().figures.updates, 1u);
}

TEST_F(BoardTest, KeepsTheLastFourThousandAndNinetySixEvents) {
  Board board(world_, path_, uid_);
  board.Publish({});
  for (size_t i = 0; i < kEvents + 10; ++i) {
    board.Record({.kind = EventKind::kFlush, .numbers = {i}, .text = ""});
  }
  const Contents contents = MustRead();
  ASSERT_EQ(contents.events.size(), kEvents);
  EXPECT_EQ(contents.events.front().numbers[0], 10u);
  EXPECT_EQ(contents.events.back().numbers[0], kEvents + 9);
}

TEST_F(BoardTest, BeginsAnewWhereTheFileIsAnotherDatabases) {
  {
    Board board(world_, path_, {.low = 9, .high = 9});
    board.Publish(SampleFigures(1));
  }
  Board board(world_, path_, uid_);
  board.Publish({});
  EXPECT_EQ(Texts(), (std::vector<std::string>{"open"}));
  EXPECT_EQ(MustRead().writer.database_uid, uid_);
}

TEST_F(BoardTest, LeavesAStrangersFileAlone) {
  std::ofstream(path_) << "my own notes";
  Board board(world_, path_, uid_);
  board.Publish({});
  EXPECT_FALSE(board.IsOpen());
  EXPECT_EQ(io::ReadFile(files_, path_).value(), "my own notes");
}

TEST_F(BoardTest, SurvivesAFileThatIsCutOffAndTriesAgain) {
  Board board(world_, path_, uid_);
  board.Publish(SampleFigures(1));
  std::filesystem::resize_file(path_, 100);
  board.Publish(SampleFigures(2));
  board.Record({.kind = EventKind::kFlush, .text = "meanwhile"});
  EXPECT_FALSE(board.IsOpen());
  EXPECT_THAT(Read(files_, path_).error().message(), HasSubstr("100 bytes, too few"));
  world_.clock().Advance(std::chrono::seconds(61));
  board.Publish(SampleFigures(3));
  EXPECT_EQ(MustRead().figures.stats.writes, SampleFigures(3).stats.writes);
  EXPECT_EQ(Texts().back(), "meanwhile");
}

TEST_F(BoardTest, DoesWithoutWhereThereAreNoSuchFiles) {
  io::MemoryFileSystem memory;
  World world(memory);
  Board board(world, "/STATS", uid_);
  board.Publish(SampleFigures(1));
  board.Record({.kind = EventKind::kError, .text = "e"});
  EXPECT_FALSE(board.IsOpen());
  EXPECT_FALSE(memory.Exists("/STATS").value());
}

// All figures of one update have one number in them: a reader never sees those of two.
TEST_F(BoardTest, AReaderBesideTheWriterSeesOneUpdateAtATime) {
  Board board(world_, path_, uid_);
  board.Publish({});
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> seen{0};
  std::thread reader([&] {
    while (!stop) {
      const auto contents = Read(files_, path_);
      ASSERT_TRUE(contents) << contents.error().message();
      for (const CounterField& counter : Counters()) {
        ASSERT_EQ(contents->figures.stats.*counter.field, contents->figures.stall.since_ms);
      }
      for (const Event& event : contents->events) {
        if (event.kind != EventKind::kOpen) ASSERT_EQ(event.text, std::to_string(event.numbers[0]));
      }
      ++seen;
    }
  });
  for (uint64_t update = 1; update < 500 || seen < 5; ++update) {
    Figures figures;
    for (const CounterField& counter : Counters()) figures.stats.*counter.field = update;
    figures.stall.since_ms = update;
    board.Publish(std::move(figures));
    board.Record({.kind = EventKind::kFlush, .numbers = {update}, .text = std::to_string(update)});
  }
  stop = true;
  reader.join();
}

}  // namespace
}  // namespace amethyst::figures
