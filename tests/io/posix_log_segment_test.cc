// Covers: posix_window
#include "io/posix_log_segment.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>

#include "io/posix_file_system.h"
#include "io/posix_window.h"
#include "support/temp_directory.h"

namespace amethyst::io {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr const char* kTmpfs = "/dev/shm";

TEST(PosixLogSegment, IsMappedFromTheStart) {
  const support::TempDirectory directory(kTmpfs);
  for (const bool zero_filled : {false, true}) {
    const auto segment =
        CreatePosixLogSegment(directory.File(zero_filled ? "a" : "b"), {16 * kMiB, zero_filled}).value();
    EXPECT_EQ(segment->Mapped(0, kMiB).size(), kMiB);
    EXPECT_TRUE(segment->Mapped(0, kMiB + 1).empty());
  }
}

TEST(PosixLogSegment, StoresAreVisibleToAnotherProcessAtOnce) {
  const support::TempDirectory directory;
  const std::string path = directory.File("segment");
  const auto segment = CreatePosixLogSegment(path, {.capacity_bytes = 4 * kMiB}).value();
  ASSERT_TRUE(segment->Store(100, "mapped").has_value());
  ASSERT_TRUE(segment->Store(3 * kMiB, "far ahead").has_value());
  const pid_t child = fork();
  if (child == 0) {
    PosixFileSystem files;
    const auto content = ReadFile(files, path);
    _exit(content && content->substr(100, 6) == "mapped" && content->substr(3 * kMiB, 9) == "far ahead" ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(PosixLogSegment, StoresSurviveTheDeathOfTheirProcess) {
  const support::TempDirectory directory;
  const std::string path = directory.File("segment");
  const std::string record(140, 'r');
  const pid_t child = fork();
  if (child == 0) {
    const auto segment = CreatePosixLogSegment(path, {.capacity_bytes = 8 * kMiB});
    if (!segment) _exit(1);
    for (uint64_t offset = 0; offset + record.size() <= 8 * kMiB; offset += record.size()) {
      if (!(*segment)->Store(offset, record)) _exit(2);
    }
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  PosixFileSystem files;
  const std::string content = ReadFile(files, path).value();
  ASSERT_EQ(content.size(), 8 * kMiB);
  const size_t stored = content.size() / record.size() * record.size();
  EXPECT_EQ(content.find_first_not_of('r'), stored);
}

TEST(PosixLogSegment, SyncsWhileAnotherThreadStores) {
  const support::TempDirectory directory;
  const std::string path = directory.File("segment");
  const auto segment = CreatePosixLogSegment(path, {.capacity_bytes = 16 * kMiB}).value();
  std::atomic<bool> done{false};  // Stored by the writer, loaded by the syncer.
  std::thread syncer([&] {
    while (!done.load()) EXPECT_TRUE(segment->Sync().has_value());
  });
  std::string expected;
  for (uint64_t offset = 0; offset + 140 <= segment->capacity(); offset += 140) {
    const std::string record(140, static_cast<char>('a' + offset % 26));
    ASSERT_TRUE(segment->Store(offset, record).has_value());
    expected += record;
  }
  done = true;
  syncer.join();
  ASSERT_TRUE(segment->Close(expected.size()).has_value());
  PosixFileSystem files;
  EXPECT_TRUE(ReadFile(files, path).value() == expected);
}

TEST(PosixLogSegment, AFullDiskShowsAtCreationAndLeavesNoFile) {
  struct statvfs status;
  // Only tmpfs refuses at once instead of filling up first.
  if (statvfs(kTmpfs, &status) != 0) GTEST_SKIP() << "no " << kTmpfs << " here";
  const support::TempDirectory directory(kTmpfs);
  const uint64_t too_much = (status.f_blocks + 1000) * status.f_frsize;
  const auto segment = CreatePosixLogSegment(directory.File("segment"), {.capacity_bytes = too_much});
  ASSERT_FALSE(segment.has_value());
  EXPECT_EQ(segment.error().code(), ErrorCode::kNoSpace);
  EXPECT_NE(segment.error().message().find(directory.File("segment")), std::string::npos);
  PosixFileSystem files;
  EXPECT_FALSE(files.Exists(directory.File("segment")).value());
}

TEST(PosixLogSegment, StoresBeyondTheCapacityAreABug) {
  const support::TempDirectory directory;
  const auto segment = CreatePosixLogSegment(directory.File("segment"), {.capacity_bytes = 4096}).value();
  EXPECT_TRUE(segment->Store(4090, "123456").has_value());
  EXPECT_DEATH(static_cast<void>(segment->Store(4091, "123456")), "assertion failed");
}

TEST(PosixWindow, KeepsAheadOfItsWriterAndGivesBackWhatLiesBehind) {
  const support::TempDirectory directory(kTmpfs);
  const Descriptor file = Descriptor::Open(directory.File("file"), O_RDWR | O_CREAT).value();
  constexpr uint64_t kBytes = 32 * kMiB;
  ASSERT_EQ(ftruncate(file.number(), kBytes), 0);
  const auto window = PosixWindow::Map(file, kBytes, false).value();
  ASSERT_NE(window, nullptr);
  EXPECT_EQ(window->populated_at_creation(), kMiB);
  uint64_t position = 0;
  while (position < kBytes) {
    const PosixWindow::Extent extent = window->MoveTo(position).value();
    ASSERT_LE(extent.begin, extent.end);
    ASSERT_LE(extent.end, std::min(kBytes, position + 2 * kMiB));
    if (extent.end <= position) {
      std::this_thread::yield();  // The thread has not come so far yet.
      continue;
    }
    ASSERT_LE(extent.begin, position);
    std::memset(window->base() + position, 'x', extent.end - position);
    position = extent.end;
  }
  const PosixWindow::Extent last = window->MoveTo(kBytes).value();
  EXPECT_EQ(last.begin, kBytes);
  std::string content(kBytes, '\0');
  ASSERT_EQ(file.ReadAt(0, content).value(), kBytes);
  EXPECT_EQ(content.find_first_not_of('x'), std::string::npos);
}

TEST(PosixWindow, AWriterMayJumpFarAhead) {
  const support::TempDirectory directory(kTmpfs);
  const Descriptor file = Descriptor::Open(directory.File("file"), O_RDWR | O_CREAT).value();
  constexpr uint64_t kBytes = 32 * kMiB + 5000;
  ASSERT_EQ(ftruncate(file.number(), kBytes), 0);
  const auto window = PosixWindow::Map(file, kBytes, true).value();
  for (const uint64_t position : {20 * kMiB + 7, kBytes - 1}) {
    while (window->MoveTo(position).value().end <= position) std::this_thread::yield();
    window->base()[position] = 'x';
  }
  const PosixWindow::Extent back = window->MoveTo(0).value();
  EXPECT_GE(back.begin, 20 * kMiB) << "the window never moves back";
}

TEST(PosixWindow, AFileThatEndsTooEarlyIsAnErrorNotASignal) {
  const support::TempDirectory directory(kTmpfs);
  const Descriptor file = Descriptor::Open(directory.File("file"), O_RDWR | O_CREAT).value();
  ASSERT_EQ(ftruncate(file.number(), 2 * kMiB), 0);
  const auto window = PosixWindow::Map(file, 16 * kMiB, false).value();
  Result<PosixWindow::Extent> extent = window->MoveTo(0);
  while (extent.has_value()) {
    std::this_thread::yield();
    extent = window->MoveTo(0);
  }
  EXPECT_EQ(extent.error().code(), ErrorCode::kIo);
  EXPECT_NE(extent.error().message().find(directory.File("file") + " at 2097152"), std::string::npos);
}

}  // namespace
}  // namespace amethyst::io
