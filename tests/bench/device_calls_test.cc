#include "bench/device_calls.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/mutex.h"
#include "support/temp_directory.h"

namespace amethyst::bench {
namespace {

DeviceCall Call(uint64_t begin_ns, uint64_t end_ns) { return {"fdatasync", {begin_ns, end_ns}}; }

TEST(DeviceCalls, CoverAWaitOnlyByMoreThanHalf) {
  EXPECT_FALSE(CoverMost({}, {100, 200}));
  EXPECT_FALSE(CoverMost({Call(100, 150)}, {100, 200}));
  EXPECT_TRUE(CoverMost({Call(100, 151)}, {100, 200}));
  EXPECT_TRUE(CoverMost({Call(0, 1000)}, {100, 200}));
  EXPECT_FALSE(CoverMost({Call(0, 100), Call(200, 300)}, {100, 200}));
}

TEST(DeviceCalls, CountTimeThatTwoCallsShareOnce) {
  EXPECT_FALSE(CoverMost({Call(110, 140), Call(100, 140), Call(120, 130)}, {100, 200}));
  EXPECT_TRUE(CoverMost({Call(150, 180), Call(100, 130)}, {100, 200}));
  EXPECT_FALSE(CoverMost({Call(100, 130), Call(110, 150)}, {100, 200}));
}

TEST(DeviceCalls, AreNotedUnderWhicheverLockTheyAreMade) {
  static_cast<void>(TakeSlowCalls());
  base::Mutex mutex{base::LockRank::kEpoch};
  {
    const base::MutexLock lock(mutex);
    NoteCall("fdatasync", {0, kSlowCallNs});
  }
  EXPECT_EQ(TakeSlowCalls().size(), 1u);
}

// The calls stand in front of the C library's, so they have to do what those do.
TEST(DeviceCalls, AreStillTheSystemsCalls) {
  const support::TempDirectory directory;
  const std::string path = directory.File("file");
  const int file = open(path.c_str(), O_RDWR | O_CREAT, 0600);
  ASSERT_GE(file, 0);
  EXPECT_EQ(fallocate(file, 0, 0, 4096), 0);
  EXPECT_EQ(write(file, "abc", 3), 3);
  EXPECT_EQ(pwrite(file, "xy", 2, 2), 2);
  EXPECT_EQ(ftruncate(file, 4), 0);
  EXPECT_EQ(fdatasync(file), 0);
  EXPECT_EQ(fsync(file), 0);
  std::string content(10, '\0');
  EXPECT_EQ(pread(file, content.data(), content.size(), 0), 4);
  EXPECT_EQ(content.substr(0, 4), "abxy");
  close(file);
  const std::string moved = directory.File("moved");
  EXPECT_EQ(rename(path.c_str(), moved.c_str()), 0);
  EXPECT_EQ(unlink(moved.c_str()), 0);
  errno = 0;
  EXPECT_EQ(unlink(moved.c_str()), -1);
  EXPECT_EQ(errno, ENOENT);
  EXPECT_EQ(fdatasync(-1), -1);
  EXPECT_EQ(errno, EBADF);
}

TEST(DeviceCalls, TheSlowOnesAreKeptUntilTheyAreTaken) {
  static_cast<void>(TakeSlowCalls());
  NoteCall("fsync", {1'000, 1'000 + kSlowCallNs});
  NoteCall("write", {1'000, 999 + kSlowCallNs});
  NoteCall("pwrite", {5'000, 5'000 + 3 * kSlowCallNs});
  const std::vector<DeviceCall> taken = TakeSlowCalls();
  ASSERT_EQ(taken.size(), 2u);
  EXPECT_EQ(taken[0].name, "fsync");
  EXPECT_EQ(taken[1].name, "pwrite");
  EXPECT_EQ(taken[1].time.end_ns - taken[1].time.begin_ns, 3 * kSlowCallNs);
  EXPECT_TRUE(TakeSlowCalls().empty());
}

}  // namespace
}  // namespace amethyst::bench
