#include "figures/board.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/error.h"
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

// Files whose stores in place go nowhere after the first few, as those of a process that was killed.
class DyingFileSystem final : public io::FileSystem {
 public:
  DyingFileSystem(io::FileSystem& files, int stores) : files_(files), stores_(stores) {}

  bool HasSharedFiles() const override { return true; }
  Result<std::unique_ptr<io::SharedFile>> OpenShared(const std::string& path, uint64_t bytes) override {
    auto opened = files_.OpenShared(path, bytes);
    if (!opened) return opened;
    return std::make_unique<Dying>(*std::move(opened), stores_);
  }
  Result<std::unique_ptr<io::RandomAccessFile>> Open(const std::string& path) override { return files_.Open(path); }
  Result<bool> Exists(const std::string& path) override { return files_.Exists(path); }
  Result<uint64_t> FileSize(const std::string& path) override { return files_.FileSize(path); }
  Status Remove(const std::string& path) override { return files_.Remove(path); }
  [[nodiscard]] bool IsDead() const { return stores_ < 0; }

  // Which nobody calls.
  Result<std::unique_ptr<io::WritableFile>> Create(const std::string&) override { return Never(); }
  Result<std::unique_ptr<io::LogSegment>> CreateLogSegment(const std::string&, const io::LogSegmentOptions&) override {
    return Never();
  }
  Status SyncFile(const std::string&) override { return Never(); }
  Result<std::vector<std::string>> List(const std::string&) override { return Never(); }
  Status CreateDirectories(const std::string&) override { return Never(); }
  Status RemoveDirectory(const std::string&) override { return Never(); }
  Status SyncDirectory(const std::string&) override { return Never(); }
  Status Rename(const std::string&, const std::string&) override { return Never(); }
  Result<std::unique_ptr<io::FileLock>> Lock(const std::string&, io::LockMode) override { return Never(); }

 private:
  class Dying final : public io::SharedFile {
   public:
    Dying(std::unique_ptr<io::SharedFile> file, int& stores) : file_(std::move(file)), stores_(stores) {}
    Status Store(uint64_t offset, std::span<const uint64_t> words) override {
      return --stores_ < 0 ? Status() : file_->Store(offset, words);
    }

   private:
    std::unique_ptr<io::SharedFile> file_;
    int& stores_;
  };
  static std::unexpected<Error> Never() { return base::NotSupported("nobody calls it"); }

  io::FileSystem& files_;
  int stores_;
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

// Whenever it dies, the figures of its last whole update are there.
TEST_F(BoardTest, AWriterThatDiesInTheMiddleOfAnUpdateLeavesTheOneBefore) {
  bool died = true;
  for (int stores = 0; died; ++stores) {
    std::filesystem::remove(path_);
    DyingFileSystem files(files_, stores);
    World world(files);
    Board board(world, path_, uid_);
    uint64_t whole = 0;
    for (uint64_t update = 1; update <= 4; ++update) {
      board.Publish(SampleFigures(update));
      if (!files.IsDead()) whole = update;
    }
    died = files.IsDead();
    const auto contents = Read(files_, path_);
    EXPECT_EQ(contents.has_value(), whole != 0) << stores;
    if (contents) EXPECT_EQ(contents->figures.updates, whole) << "died at store " << stores;
  }
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
