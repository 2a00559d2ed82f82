#include "engine/space_reserve.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "io/memory_file_system.h"
#include "support/fault_file_system.h"

namespace amethyst::engine {
namespace {

using support::Operation;

constexpr uint64_t kMebibyte = uint64_t{1} << 20;

// A file system in memory that says how much it has free.
class SpaceReserveTest : public testing::Test {
 protected:
  class Files final : public io::FileSystem {
   public:
    explicit Files(io::FileSystem& files) : files_(files) {}
    uint64_t free_bytes = 100 * kMebibyte;

    uint64_t FreeBytes(const std::string&) override { return free_bytes; }
    Result<std::unique_ptr<io::LogSegment>> CreateLogSegment(const std::string& path,
                                                             const io::LogSegmentOptions& options) override {
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

  void SetUp() override { ASSERT_TRUE(memory_.CreateDirectories("/db")); }
  [[nodiscard]] bool IsThere() { return memory_.Exists("/db/RESERVE").value(); }
  void FillDisk() {
    faults_.Fail({.operation = Operation::kCreateSegment, .call = 1, .for_good = true, .code = ErrorCode::kNoSpace});
  }

  io::MemoryFileSystem memory_;
  support::FaultFileSystem faults_{memory_};
  Files files_{faults_};
  SpaceReserve reserve_{files_, "/db"};
};

TEST_F(SpaceReserveTest, IsTakenOnceAndGivenUpOnce) {
  EXPECT_FALSE(reserve_.GiveUp());
  EXPECT_TRUE(reserve_.Take());
  EXPECT_TRUE(reserve_.Take());
  EXPECT_EQ(memory_.FileSize("/db/RESERVE").value(), SpaceReserve::kBytes);
  EXPECT_FALSE(reserve_.is_full());
  EXPECT_TRUE(reserve_.GiveUp());
  EXPECT_FALSE(IsThere());
  EXPECT_FALSE(reserve_.GiveUp());
  EXPECT_TRUE(reserve_.is_full()) << "given up before, and still gone";
  FillDisk();
  EXPECT_FALSE(reserve_.Take());
  EXPECT_TRUE(reserve_.is_full());
  faults_.ClearFaults();
  EXPECT_TRUE(reserve_.Take());
  EXPECT_FALSE(reserve_.is_full());
}

TEST_F(SpaceReserveTest, NobodyTakesItBackFromWorkThatNeedsIt) {
  EXPECT_FALSE(reserve_.Spend([] { FAIL() << "nothing was reserved"; }));
  ASSERT_TRUE(reserve_.Take());
  bool worked = false;
  EXPECT_TRUE(reserve_.Spend([&] {
    worked = true;
    EXPECT_FALSE(IsThere());
    EXPECT_FALSE(reserve_.Take());
    EXPECT_FALSE(reserve_.CheckCanWait());
    EXPECT_EQ(reserve_.RoomBeside(0), 0u);
    EXPECT_TRUE(reserve_.is_full());
  }));
  EXPECT_TRUE(worked);
  EXPECT_TRUE(reserve_.CheckCanWait()) << "there is space to take it anew";
  EXPECT_TRUE(IsThere());
}

TEST_F(SpaceReserveTest, WhatAnEarlierOpenLeftGoes) {
  ASSERT_TRUE(memory_.Create("/db/RESERVE"));
  EXPECT_TRUE(reserve_.RemoveLeftover());
  EXPECT_FALSE(IsThere());
  EXPECT_TRUE(reserve_.RemoveLeftover());
}

TEST_F(SpaceReserveTest, OnlyALackOfSpaceCountsAsOne) {
  faults_.Fail({.operation = Operation::kCreateSegment, .call = 1});
  EXPECT_TRUE(reserve_.Take());
  EXPECT_FALSE(reserve_.GiveUp());
}

TEST_F(SpaceReserveTest, LeavesRoomForWhatHasToBeFlushed) {
  EXPECT_GE(reserve_.RoomBeside(0), 40 * kMebibyte);
  EXPECT_LE(reserve_.RoomBeside(0), 50 * kMebibyte);
  EXPECT_LE(reserve_.RoomBeside(30 * kMebibyte), 20 * kMebibyte);
  EXPECT_EQ(reserve_.RoomBeside(45 * kMebibyte), 0u);
  EXPECT_TRUE(reserve_.HasRoomFor(85 * kMebibyte));
  EXPECT_FALSE(reserve_.HasRoomFor(95 * kMebibyte));
  files_.free_bytes = 0;
  EXPECT_EQ(reserve_.RoomBeside(0), 0u);
  files_.free_bytes = 100 * kMebibyte;
  ASSERT_TRUE(reserve_.GiveUp());
  FillDisk();
  EXPECT_EQ(reserve_.RoomBeside(0), 0u) << "not without the reserve";
}

TEST_F(SpaceReserveTest, SupportsWorkThatFindsNoSpace) {
  ASSERT_TRUE(reserve_.Take());
  int tries = 0, tidied = 0;
  const auto work = [&]() -> Status {
    ++tries;
    return IsThere() ? Status(base::MakeError(ErrorCode::kNoSpace, "full")) : Status();
  };
  EXPECT_TRUE(reserve_.Support(work, [&] { ++tidied; }));
  EXPECT_EQ(tries, 2);
  EXPECT_EQ(tidied, 2) << "before it is tried again, and before the reserve is taken again";
  EXPECT_TRUE(IsThere());
  EXPECT_TRUE(reserve_.Support([] { return Status(); }, [&] { ++tidied; }));
  EXPECT_EQ(tidied, 2);
}

TEST_F(SpaceReserveTest, AfterAnErrorThatStaysNothingIsWritten) {
  ASSERT_TRUE(reserve_.Take());
  int tries = 0;
  const auto work = [&]() -> Status {
    return base::MakeError(++tries == 1 ? ErrorCode::kNoSpace : ErrorCode::kIo, "no");
  };
  EXPECT_EQ(reserve_.Support(work, [] {}).error().code(), ErrorCode::kIo);
  EXPECT_FALSE(IsThere());
  EXPECT_EQ(
      reserve_.Support([&] { return Status(base::MakeError(ErrorCode::kNoSpace, "full")); }, [] {}).error().code(),
      ErrorCode::kNoSpace);
  EXPECT_EQ(tries, 2);
}

}  // namespace
}  // namespace amethyst::engine
