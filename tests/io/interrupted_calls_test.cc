// System calls that a signal interrupts, and that move fewer bytes than asked for. The calls are this program's own,
// in front of those of the C library. Covers: posix_descriptor, posix_log_segment
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <string>

#include "io/posix_file_system.h"
#include "support/temp_directory.h"

namespace amethyst::io {
namespace {

// What the calls below do in this thread.
thread_local bool interrupts = false;      // Every other call, beginning with the first.
thread_local size_t bytes_max = SIZE_MAX;  // Of one transfer.
thread_local int interrupted = 0;          // How many were.

// Whether this call is to fail with EINTR.
bool Interrupt() {
  thread_local bool again = false;
  if (!interrupts) return false;
  again = !again;
  if (!again) return false;
  errno = EINTR;
  ++interrupted;
  return true;
}

}  // namespace
}  // namespace amethyst::io

extern "C" {

ssize_t pread(int file, void* to, size_t bytes, off_t offset) {
  if (amethyst::io::Interrupt()) return -1;
  return syscall(SYS_pread64, file, to, std::min(bytes, amethyst::io::bytes_max), offset);
}

ssize_t pwrite(int file, const void* from, size_t bytes, off_t offset) {
  if (amethyst::io::Interrupt()) return -1;
  return syscall(SYS_pwrite64, file, from, std::min(bytes, amethyst::io::bytes_max), offset);
}

int openat(int directory, const char* path, int flags, ...) {
  if (amethyst::io::Interrupt()) return -1;
  va_list arguments;
  va_start(arguments, flags);
  const int mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, int) : 0;
  va_end(arguments);
  return static_cast<int>(syscall(SYS_openat, directory, path, flags, mode));
}

int ftruncate(int file, off_t bytes) noexcept {
  if (amethyst::io::Interrupt()) return -1;
  return static_cast<int>(syscall(SYS_ftruncate, file, bytes));
}

int fallocate(int file, int mode, off_t offset, off_t bytes) {
  if (amethyst::io::Interrupt()) return -1;
  return static_cast<int>(syscall(SYS_fallocate, file, mode, offset, bytes));
}

}  // extern "C"

namespace amethyst::io {
namespace {

using support::TempDirectory;

std::string Text(const Status& status) { return status ? "" : status.error().ToString(); }

class InterruptedCalls : public testing::Test {
 protected:
  void TearDown() override {
    interrupts = false;
    bytes_max = SIZE_MAX;
    interrupted = 0;
  }

  std::string Path() const { return directory_.path() + "/file"; }
  // Through all that reads and writes; the content that came back.
  std::string WriteAndRead(const std::string& content) {
    const auto file = files_.Create(Path());
    EXPECT_TRUE(file) << file.error().ToString();
    if (!file) return {};
    EXPECT_EQ(Text((*file)->Append(content)), "");
    EXPECT_EQ(Text((*file)->Sync()), "");
    EXPECT_EQ(Text((*file)->Close()), "");
    const auto read = ReadFile(files_, Path());
    EXPECT_TRUE(read) << read.error().ToString();
    return read.value_or("");
  }

  const TempDirectory directory_;
  PosixFileSystem files_;
};

TEST_F(InterruptedCalls, AreMadeAgain) {
  interrupts = true;
  const std::string content(100'000, 'x');
  EXPECT_EQ(WriteAndRead(content), content);
  EXPECT_GE(interrupted, 4) << "two opens, a write, a read";
}

TEST_F(InterruptedCalls, OfALogSegmentAreMadeAgain) {
  interrupts = true;
  auto segment = files_.CreateLogSegment(Path(), {.capacity_bytes = uint64_t{1} << 20, .zero_filled = true});
  ASSERT_TRUE(segment) << segment.error().ToString();
  ASSERT_EQ(Text((*segment)->Store(0, "record")), "");
  ASSERT_EQ(Text((*segment)->Close(6)), "");
  EXPECT_GE(interrupted, 3) << "an open, an allocation, a truncation";
  interrupts = false;
  EXPECT_EQ(ReadFile(files_, Path()).value_or(""), "record");
}

TEST_F(InterruptedCalls, ThatMoveAFewBytesGoOnWithTheRest) {
  std::string content(10'000, '\0');
  for (size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 7);
  bytes_max = 7;
  EXPECT_EQ(WriteAndRead(content), content);
}

TEST_F(InterruptedCalls, AndShortOnesTogetherLoseNothingEither) {
  interrupts = true;
  bytes_max = 1000;
  const std::string content(10'000, 'y');
  EXPECT_EQ(WriteAndRead(content), content);
}

}  // namespace
}  // namespace amethyst::io
