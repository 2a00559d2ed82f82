#include "io/posix_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/function_ref.h"
#include "support/temp_directory.h"

namespace amethyst::io {
namespace {

using testing::HasSubstr;

// What `run` returns in a forked child.
int InChild(base::FunctionRef<int()> run) {
  const pid_t child = fork();
  if (child == 0) _exit(run());
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

enum ChildSaw { kLocked, kBusyHere, kBusyElsewhere, kOtherError };

ChildSaw TryInChild(const std::string& path, LockMode mode) {
  return static_cast<ChildSaw>(InChild([&] {
    const auto lock = LockPosixFile(path, mode);
    if (lock.has_value()) return kLocked;
    if (lock.error().code() != ErrorCode::kBusy) return kOtherError;
    return lock.error().message().ends_with("another process has it open") ? kBusyElsewhere : kBusyHere;
  }));
}

TEST(PosixLock, KeepsAnotherProcessOut) {
  const support::TempDirectory directory;
  const std::string path = directory.File("LOCK");
  auto lock = LockPosixFile(path, LockMode::kExclusive).value();
  EXPECT_EQ(TryInChild(path, LockMode::kExclusive), kBusyElsewhere);
  EXPECT_EQ(TryInChild(path, LockMode::kShared), kBusyElsewhere);
  lock.reset();
  EXPECT_EQ(TryInChild(path, LockMode::kExclusive), kLocked);
}

TEST(PosixLock, SharedLocksOfTwoProcessesGoTogether) {
  const support::TempDirectory directory;
  const std::string path = directory.File("LOCK");
  LockPosixFile(path, LockMode::kExclusive).value().reset();
  const auto lock = LockPosixFile(path, LockMode::kShared).value();
  EXPECT_EQ(TryInChild(path, LockMode::kShared), kLocked);
  EXPECT_EQ(TryInChild(path, LockMode::kExclusive), kBusyElsewhere);
}

TEST(PosixLock, AForkedChildDoesNotOwnTheLockAndCannotReleaseIt) {
  const support::TempDirectory directory;
  const std::string path = directory.File("LOCK");
  auto lock = LockPosixFile(path, LockMode::kExclusive).value();
  const int saw = InChild([&] {
    const bool owned = lock->OwnedByThisProcess();
    lock.reset();  // As the destructor of an inherited database would.
    return owned ? 1 : 0;
  });
  EXPECT_EQ(saw, 0);
  EXPECT_TRUE(lock->OwnedByThisProcess());
  EXPECT_EQ(TryInChild(path, LockMode::kExclusive), kBusyElsewhere);
}

TEST(PosixLock, IsFreeOnceReleasedEvenIfAForkedChildLives) {
  const support::TempDirectory directory;
  const std::string path = directory.File("LOCK");
  auto lock = LockPosixFile(path, LockMode::kExclusive).value();
  int block[2];
  ASSERT_EQ(pipe(block), 0);
  const pid_t child = fork();
  if (child == 0) {
    close(block[1]);
    char byte;
    static_cast<void>(!read(block[0], &byte, 1));  // Until the parent closes its end.
    _exit(0);
  }
  lock.reset();
  EXPECT_TRUE(LockPosixFile(path, LockMode::kExclusive).has_value());
  close(block[1]);
  EXPECT_EQ(waitpid(child, nullptr, 0), child);
  close(block[0]);
}

TEST(PosixLock, DiesWithItsProcess) {
  const support::TempDirectory directory;
  const std::string path = directory.File("LOCK");
  EXPECT_EQ(InChild([&] {
              auto lock = LockPosixFile(path, LockMode::kExclusive);
              if (!lock.has_value()) return 1;
              static_cast<void>(lock->release());
              return 0;
            }),
            0);
  EXPECT_TRUE(LockPosixFile(path, LockMode::kExclusive).has_value());
}

TEST(PosixLock, SeesThroughSymbolicAndHardLinks) {
  const support::TempDirectory directory;
  const std::string path = directory.File("LOCK");
  const support::TempDirectory elsewhere;
  ASSERT_EQ(symlink(directory.path().c_str(), elsewhere.File("alias").c_str()), 0);
  const auto lock = LockPosixFile(path, LockMode::kExclusive).value();
  ASSERT_EQ(link(path.c_str(), elsewhere.File("hard").c_str()), 0);
  for (const std::string& other : {elsewhere.File("alias/LOCK"), elsewhere.File("hard"), directory.File("./LOCK")}) {
    const auto second = LockPosixFile(other, LockMode::kExclusive);
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code(), ErrorCode::kBusy);
    EXPECT_THAT(second.error().message(), HasSubstr("this process has it open already"));
  }
}

TEST(PosixLock, AReplacedLockFileIsAnotherLock) {
  const support::TempDirectory directory;
  const std::string path = directory.File("LOCK");
  const auto old = LockPosixFile(path, LockMode::kExclusive).value();
  ASSERT_EQ(unlink(path.c_str()), 0);
  EXPECT_TRUE(LockPosixFile(path, LockMode::kExclusive).has_value());
}

}  // namespace
}  // namespace amethyst::io
