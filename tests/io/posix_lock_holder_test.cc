#include "io/posix_lock_holder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <fcntl.h>
#include <fmt/core.h>

#include "support/temp_directory.h"

namespace amethyst::io {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kLocks =
    "1: POSIX  ADVISORY  WRITE 100 fe:01:2083 0 EOF\n"
    "2: OFDLCK ADVISORY  WRITE -1 fe:01:2083 0 EOF\n"
    "3: FLOCK  ADVISORY  WRITE 300 fe:01:2082 0 EOF\n"
    "4: FLOCK  ADVISORY  WRITE 400 fe:02:2083 0 EOF\n"
    "5: FLOCK  ADVISORY  WRITE 0 fe:01:2083 0 EOF\n"
    "6: FLOCK  ADVISORY  READ 4711 fe:01:2083 0 EOF\n"
    "6: -> FLOCK  ADVISORY  WRITE 500 fe:01:2083 0 EOF\n";

TEST(PosixLockHolder, IsTheProcessThatTheKernelListsForTheInode) {
  EXPECT_EQ(FindLockHolder(kLocks, {makedev(0xfe, 1), 2083}), 4711);
  EXPECT_EQ(FindLockHolder(kLocks, {makedev(0xfe, 1), 2082}), 300);
  EXPECT_EQ(FindLockHolder(kLocks, {makedev(0xfe, 2), 2083}), 400);
}

TEST(PosixLockHolder, IsNobodyWhereTheKernelListsNone) {
  EXPECT_EQ(FindLockHolder(kLocks, {makedev(0xfe, 1), 2084}), std::nullopt);
  EXPECT_EQ(FindLockHolder("", {makedev(0xfe, 1), 2083}), std::nullopt);
  EXPECT_EQ(FindLockHolder("no: such\nlist 1 2 3\n9: FLOCK", {makedev(0xfe, 1), 2083}), std::nullopt);
  EXPECT_THAT(DescribeLockHolder({0, 0}), StartsWith("another process, which is not to be seen from here"));
}

TEST(PosixLockHolder, IsDescribedByItsNumberAndItsProgram) {
  const support::TempDirectory directory;
  const int descriptor = open(directory.path().c_str(), O_RDONLY | O_DIRECTORY);
  ASSERT_GE(descriptor, 0);
  ASSERT_EQ(flock(descriptor, LOCK_EX), 0);
  struct stat status;
  ASSERT_EQ(fstat(descriptor, &status), 0);
  if (access("/proc/locks", R_OK) != 0) GTEST_SKIP() << "no /proc/locks";
  EXPECT_THAT(DescribeLockHolder({status.st_dev, status.st_ino}), HasSubstr(fmt::format("process {} (", getpid())));
  EXPECT_EQ(close(descriptor), 0);
}

}  // namespace
}  // namespace amethyst::io
