// Covers: file, posix_descriptor, posix_file_system
#include "io/posix_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "io/posix_descriptor.h"
#include "io/posix_file_system.h"
#include "support/temp_directory.h"

namespace amethyst::io {
namespace {

using testing::HasSubstr;

// Lowers a limit of the process for a scope.
class LoweredLimit {
 public:
  LoweredLimit(__rlimit_resource resource, rlim_t limit) : resource_(resource) {
    EXPECT_EQ(getrlimit(resource_, &saved_), 0);
    struct rlimit lowered = saved_;
    lowered.rlim_cur = limit;
    EXPECT_EQ(setrlimit(resource_, &lowered), 0);
  }
  ~LoweredLimit() { EXPECT_EQ(setrlimit(resource_, &saved_), 0); }
  LoweredLimit(const LoweredLimit&) = delete;
  LoweredLimit& operator=(const LoweredLimit&) = delete;

 private:
  const __rlimit_resource resource_;
  struct rlimit saved_;
};

TEST(PosixFile, GathersSmallAppendsAndPassesLargeOnesOn) {
  const support::TempDirectory directory;
  PosixFileSystem files;
  const auto file = CreatePosixFile(directory.File("file")).value();
  ASSERT_TRUE(file->Append("small").has_value());
  EXPECT_EQ(files.FileSize(directory.File("file")).value(), 0u);
  const std::string large(1 << 20, 'x');
  ASSERT_TRUE(file->Append(large).has_value());
  EXPECT_EQ(files.FileSize(directory.File("file")).value(), large.size() + 5);
  ASSERT_TRUE(file->Append("tail").has_value());
  ASSERT_TRUE(file->Sync().has_value());
  EXPECT_EQ(files.FileSize(directory.File("file")).value(), large.size() + 9);
}

// The limit of a file's size is asked first: beyond it the system would send a signal.
TEST(PosixFile, AFailedWriteNamesTheFileAndEndsIt) {
  const support::TempDirectory directory;
  const LoweredLimit limit(RLIMIT_FSIZE, 100'000);
  const auto file = CreatePosixFile(directory.File("file")).value();
  const std::string bytes(70'000, 'x');
  ASSERT_TRUE(file->Append(bytes).has_value());
  const Status failed = file->Append(bytes);
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code(), ErrorCode::kNoSpace);
  EXPECT_THAT(failed.error().message(), HasSubstr("140000 bytes in " + directory.File("file")));
  EXPECT_DEATH(static_cast<void>(file->Append("more")), "assertion failed: usable_");
  EXPECT_DEATH(static_cast<void>(file->Sync()), "assertion failed: usable_");
}

TEST(PosixFile, NothingIsWrittenAfterClose) {
  const support::TempDirectory directory;
  const auto file = CreatePosixFile(directory.File("file")).value();
  ASSERT_TRUE(file->Close().has_value());
  EXPECT_DEATH(static_cast<void>(file->Append("more")), "assertion failed: usable_");
}

TEST(PosixFile, RunningOutOfDescriptorsCanBeTold) {
  const support::TempDirectory directory;
  ASSERT_TRUE(CreatePosixFile(directory.File("file")).value()->Close().has_value());
  const LoweredLimit limit(RLIMIT_NOFILE, 0);
  const auto file = OpenPosixFile(directory.File("file"));
  ASSERT_FALSE(file.has_value());
  EXPECT_EQ(file.error().code(), ErrorCode::kIo);
  EXPECT_TRUE(base::IsOutOfDescriptors(file.error())) << file.error().ToString();
}

TEST(PosixFile, ADeviceThatIsFullIsNoSpace) {
  auto device = Descriptor::Open(std::string("/dev/full"), O_WRONLY);
  if (!device.has_value()) GTEST_SKIP() << "no /dev/full here";
  const Status status = device->WriteAt(0, "bytes");
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code(), ErrorCode::kNoSpace);
}

TEST(PosixFile, DescriptorsAreClosedWithTheirOwner) {
  const support::TempDirectory directory;
  int number = -1;
  {
    Descriptor first = Descriptor::Open(directory.File("file"), O_RDWR | O_CREAT).value();
    const Descriptor moved = std::move(first);
    number = moved.number();
    EXPECT_GE(fcntl(number, F_GETFD), 0);
    EXPECT_TRUE(fcntl(number, F_GETFD) & FD_CLOEXEC);
  }
  EXPECT_EQ(fcntl(number, F_GETFD), -1);
}

TEST(PosixFile, ReadingADirectoryIsAnErrorThatNamesIt) {
  const support::TempDirectory directory;
  const auto file = OpenPosixFile(directory.path()).value();
  char bytes[10];
  const auto read = file->ReadAt(5, bytes);
  ASSERT_FALSE(read.has_value());
  EXPECT_THAT(read.error().message(), HasSubstr("read " + directory.path() + " at 5"));
}

TEST(PosixFileSystem, CreatesRelativeDirectoriesToo) {
  const support::TempDirectory directory;
  PosixFileSystem files;
  const std::string before = std::filesystem::current_path().string();
  ASSERT_EQ(chdir(directory.path().c_str()), 0);
  EXPECT_TRUE(files.CreateDirectories("one/two").has_value());
  ASSERT_EQ(chdir(before.c_str()), 0);
  EXPECT_TRUE(files.Exists(directory.File("one/two")).value());
}

TEST(PosixFileSystem, APathWithAZeroByteIsRefusedAndNotCutThere) {
  support::TempDirectory directory;
  PosixFileSystem files;
  const std::string cut = directory.File("cut");
  const std::string whole = cut + std::string("\0whole", 6);
  ASSERT_TRUE(ReplaceFile(files, cut, "kept"));
  const auto expect_refused = [](const auto& result) {
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code(), ErrorCode::kInvalidArgument) << result.error().message();
    EXPECT_THAT(result.error().message(), testing::HasSubstr("zero byte"));
  };
  expect_refused(files.Create(whole));
  expect_refused(files.CreateLogSegment(whole, {.capacity_bytes = 1 << 20}));
  expect_refused(files.Open(whole));
  expect_refused(files.SyncFile(whole));
  expect_refused(files.Exists(whole));
  expect_refused(files.FileSize(whole));
  expect_refused(files.List(whole));
  expect_refused(files.CreateDirectories(whole));
  expect_refused(files.RemoveDirectory(whole));
  expect_refused(files.SyncDirectory(whole));
  expect_refused(files.Rename(whole, directory.File("other")));
  expect_refused(files.Rename(cut, whole));
  expect_refused(files.Remove(whole));
  for (const LockMode mode : {LockMode::kShared, LockMode::kExclusive}) expect_refused(files.Lock(whole, mode));
  EXPECT_THAT(*files.List(directory.path()), testing::ElementsAre("cut"));
  EXPECT_EQ(*ReadFile(files, cut), "kept");
}

TEST(PosixFileSystem, ErrorsOtherThanAbsenceAreNotTakenForIt) {
  const support::TempDirectory directory;
  PosixFileSystem files;
  ASSERT_EQ(symlink("loop", directory.File("loop").c_str()), 0);
  const auto exists = files.Exists(directory.File("loop/file"));
  ASSERT_FALSE(exists.has_value());
  EXPECT_THAT(exists.error().message(), HasSubstr(directory.File("loop/file")));
}

}  // namespace
}  // namespace amethyst::io
