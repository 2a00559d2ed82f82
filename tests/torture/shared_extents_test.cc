// A copy of the live log that shares its blocks, as `cp` makes one on XFS, on a disk that is full then: a store needs a
// block of its own, and there is none. Covers: mount, posix_log_segment, posix_window
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "io/posix_log_segment.h"
#include "support/temp_directory.h"
#include "torture/mount.h"

namespace amethyst::torture {
namespace {

constexpr uint64_t kImageBytes = uint64_t{320} << 20;  // XFS takes no less than 300 MiB.
constexpr uint64_t kSegmentBytes = uint64_t{1} << 20;

// Whether the copy shares the file's blocks.
bool Clone(const std::string& from, const std::string& to) {
  const int source = open(from.c_str(), O_RDONLY | O_CLOEXEC);
  const int copy = open(to.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  const bool is_shared = ioctl(copy, FICLONE, source) == 0;
  close(source);
  close(copy);
  return is_shared;
}

bool FillDisk(const std::string& path) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  std::string bytes(size_t{1} << 20, 'b');
  while (bytes.size() >= 512) {
    if (write(file, bytes.data(), bytes.size()) <= 0) bytes.resize(bytes.size() / 2);
  }
  const bool is_durable = fsync(file) == 0;
  close(file);
  return is_durable;
}

enum Outcome : int { kTold, kNotPrepared, kStored, kAnotherError };

// Of storing into blocks of a segment on that disk which are shared by then.
Outcome StoreIntoShared(const std::string& disk) {
  const std::string path = disk + "/000001.wal";
  auto segment = io::CreatePosixLogSegment(path, {.capacity_bytes = kSegmentBytes});
  if (!segment || !(*segment)->Store(0, std::string(kSegmentBytes / 2, 'x')) || !(*segment)->Sync())
    return kNotPrepared;
  if (!Clone(path, disk + "/backup") || !FillDisk(disk + "/ballast")) return kNotPrepared;
  for (uint64_t at = 100; at < kSegmentBytes / 2; at += 4096) {
    const Status stored = (*segment)->Store(at, "a record");
    if (!stored) return stored.error().code() == ErrorCode::kNoSpace ? kTold : kAnotherError;
  }
  return kStored;
}

TEST(SharedExtents, OfTheLogOnAFullDiskAreAnErrorAndNoSignal) {
  const support::TempDirectory directory;
  const std::string disk = directory.File("disk");
  ASSERT_EQ(mkdir(disk.c_str(), 0755), 0);
  Status made = Mount::MakeImage(directory.File("image"), kImageBytes, Mount::Type::kXfs);
  Result<Mount> mount = made ? Mount::Image(directory.File("image"), disk) : std::unexpected(made.error());
  if (!mount) {
    GTEST_SKIP() << "no XFS could be mounted, which takes root, a loop device and mkfs.xfs: "
                 << mount.error().message();
  }
  const pid_t child = fork();  // For a store into a mapping would end the process.
  if (child == 0) _exit(StoreIntoShared(disk));
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_FALSE(WIFSIGNALED(status)) << "by signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), kTold);
}

}  // namespace
}  // namespace amethyst::torture
