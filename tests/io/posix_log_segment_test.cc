// Covers: posix_window
#include "io/posix_log_segment.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>
#include <thread>
#include <vector>

#include "io/posix_file_system.h"
#include "io/posix_window.h"
#include "support/temp_directory.h"

namespace amethyst::io {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr const char* kTmpfs = "/dev/shm";

// From now on in this process, the system call fails with that error if its fourth argument is `fourth`, or for any.
bool Refuse(uint32_t call, uint32_t error, std::optional<uint32_t> fourth) {
  const uint16_t jump_if_other = fourth ? 3 : 1;
  std::vector<sock_filter> program = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, static_cast<uint8_t>(jump_if_other)),
  };
  if (fourth) {
    program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[3])));
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, *fourth, 0, 1));
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error));
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog filter{.len = static_cast<unsigned short>(program.size()), .filter = program.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

// What `check` returns in a child process; -1 if a signal ended it.
template <typename Check>
int InChild(Check check) {
  const pid_t child = fork();
  if (child == 0) _exit(check());
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// 0 if a segment of 2 MiB can be made, stored into throughout, synced and closed.
int UseSegment(const std::string& path, bool expect_mapped) {
  auto segment = CreatePosixLogSegment(path, {.capacity_bytes = 2 * kMiB});
  if (!segment) return 1;
  if ((*segment)->Mapped(0, 1).empty() == expect_mapped) return 2;
  const std::string record(4000, 'r');
  for (uint64_t offset = 0; offset + record.size() <= 2 * kMiB; offset += record.size()) {
    if (!(*segment)->Store(offset, record)) return 3;
  }
  if (!(*segment)->Sync() || !(*segment)->Close(record.size())) return 4;
  PosixFileSystem files;
  return ReadFile(files, path).value_or("") == record ? 0 : 5;
}

constexpr int kSkipped = 99;

TEST(PosixLogSegment, DoesWithoutPreallocation) {
  for (const uint32_t error : {ENOSYS, EPERM, EINVAL, EOPNOTSUPP}) {
    const support::TempDirectory directory(kTmpfs);
    const int result = InChild([&] {
      return Refuse(SYS_fallocate, error, std::nullopt) ? UseSegment(directory.File("segment"), true) : kSkipped;
    });
    if (result == kSkipped) GTEST_SKIP() << "system calls cannot be filtered here";
    EXPECT_EQ(result, 0) << error;
  }
}

TEST(PosixLogSegment, DoesWithoutAMapping) {
  for (const uint32_t error : {ENODEV, EINVAL, ENOMEM, EPERM, EACCES}) {
    const support::TempDirectory directory(kTmpfs);
    const int result = InChild(
        [&] { return Refuse(SYS_mmap, error, MAP_SHARED) ? UseSegment(directory.File("segment"), false) : kSkipped; });
    if (result == kSkipped) GTEST_SKIP() << "system calls cannot be filtered here";
    EXPECT_EQ(result, 0) << error;
  }
}

TEST(PosixLogSegment, BeyondTheLimitOfAFilesSizeThereIsNoSpaceAndNoSignal) {
  const support::TempDirectory directory;
  EXPECT_EQ(InChild([&] {
              const rlimit limit{kMiB, kMiB};
              setrlimit(RLIMIT_FSIZE, &limit);
              const auto segment = CreatePosixLogSegment(directory.File("segment"), {.capacity_bytes = 2 * kMiB});
              if (segment || segment.error().code() != ErrorCode::kNoSpace) return 1;
              return CreatePosixLogSegment(directory.File("segment"), {.capacity_bytes = kMiB}) ? 0 : 2;
            }),
            0);
}

TEST(PosixLogSegment, AShortOneIsNotMapped) {
  const support::TempDirectory directory(kTmpfs);
  for (const LogSegmentOptions& options :
       {LogSegmentOptions{.capacity_bytes = kMiB / 4}, {.capacity_bytes = 4 * kMiB, .mapped = false}}) {
    const auto segment = CreatePosixLogSegment(directory.File(options.mapped ? "short" : "not"), options).value();
    EXPECT_TRUE(segment->Mapped(0, 1).empty());
    EXPECT_TRUE(segment->Store(kMiB / 4 - 6, "stored"));
    EXPECT_TRUE(segment->Close(kMiB / 4));
    EXPECT_TRUE(ReadFile(*std::make_unique<PosixFileSystem>(), segment->path()).value().ends_with("stored"));
  }
}

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
  const auto window = PosixWindow::Map(file, kBytes, false);
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
  const auto window = PosixWindow::Map(file, kBytes, true);
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
  const auto window = PosixWindow::Map(file, 16 * kMiB, false);
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
