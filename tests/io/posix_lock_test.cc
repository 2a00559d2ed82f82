#include "io/posix_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/core.h>
#include <cerrno>
#include <cstdio>

#include "base/function_ref.h"
#include "support/temp_directory.h"

namespace {

bool directories_lock = true;

}  // namespace

// In front of the C library's: a file system that cannot lock a directory says so here.
extern "C" int flock(int file, int operation) noexcept {
  if (directories_lock) return static_cast<int>(syscall(SYS_flock, file, operation));
  errno = EBADF;
  return -1;
}

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
    return lock.error().message().contains("this process has it open") ? kBusyHere : kBusyElsewhere;
  }));
}

TEST(PosixLock, IsSeenByWhoTakesNone) {
  const support::TempDirectory directory;
  const std::string path = directory.File("LOCK");
  EXPECT_FALSE(IsPosixFileLocked(path).value()) << "there is no such file";
  {
    const auto lock = LockPosixFile(path, LockMode::kExclusive).value();
    EXPECT_TRUE(IsPosixFileLocked(path).value());
    EXPECT_EQ(InChild([&] { return IsPosixFileLocked(path).value() ? 1 : 0; }), 1);
  }
  EXPECT_FALSE(IsPosixFileLocked(path).value()) << "the file stays, the lock does not";
  const auto shared = LockPosixFile(path, LockMode::kShared).value();
  EXPECT_FALSE(IsPosixFileLocked(path).value()) << "who only reads is no writer";
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

TEST(PosixLock, SurvivesTheRemovalOfItsFileAndANewNameOfItsDirectory) {
  const support::TempDirectory directory;
  const std::string before = directory.File("before");
  const std::string after = directory.File("after");
  ASSERT_EQ(mkdir(before.c_str(), 0755), 0);
  const auto lock = LockPosixFile(before + "/LOCK", LockMode::kExclusive).value();
  ASSERT_EQ(unlink((before + "/LOCK").c_str()), 0);
  EXPECT_EQ(TryInChild(before + "/LOCK", LockMode::kExclusive), kBusyElsewhere);
  EXPECT_EQ(TryInChild(before + "/LOCK", LockMode::kShared), kBusyElsewhere);
  ASSERT_EQ(rename(before.c_str(), after.c_str()), 0);
  ASSERT_EQ(mkdir(before.c_str(), 0755), 0);
  EXPECT_EQ(TryInChild(after + "/LOCK", LockMode::kExclusive), kBusyElsewhere);
  EXPECT_EQ(TryInChild(before + "/LOCK", LockMode::kExclusive), kLocked) << "another directory";
  const auto second = LockPosixFile(after + "/LOCK", LockMode::kExclusive);
  ASSERT_FALSE(second.has_value());
  EXPECT_THAT(second.error().message(), HasSubstr("this process has it open already"));
}

TEST(PosixLock, IsNotKeptByAChildOfAKilledOwner) {
  const support::TempDirectory directory;
  const std::string path = directory.File("LOCK");
  int block[2];
  int begun[2];
  ASSERT_EQ(pipe(block), 0);
  ASSERT_EQ(pipe(begun), 0);
  EXPECT_EQ(InChild([&] {
              const auto lock = LockPosixFile(path, LockMode::kExclusive);
              if (!lock.has_value()) return 1;
              char byte = 0;
              if (fork() == 0) {
                close(block[1]);
                static_cast<void>(!write(begun[1], &byte, 1));
                static_cast<void>(!read(block[0], &byte, 1));  // Until the test closes its end.
                _exit(0);
              }
              _exit(read(begun[0], &byte, 1) == 1 ? 0 : 1);  // As a killed owner: nothing is released.
            }),
            0);
  EXPECT_TRUE(LockPosixFile(path, LockMode::kExclusive).has_value());
  for (const int end : {block[0], block[1], begun[0], begun[1]}) close(end);
}

TEST(PosixLock, OfAForkedChildIsItsOwn) {
  const support::TempDirectory directory;
  const support::TempDirectory other;
  const auto lock = LockPosixFile(directory.File("LOCK"), LockMode::kExclusive).value();
  EXPECT_EQ(InChild([&] {
              const auto own = LockPosixFile(other.File("LOCK"), LockMode::kExclusive);
              const bool held = own.has_value() && (*own)->OwnedByThisProcess() && (*own)->CheckHeld().has_value();
              return held && lock->CheckHeld().error().code() == ErrorCode::kBusy ? 0 : 1;
            }),
            0);
  EXPECT_TRUE(lock->CheckHeld().has_value());
}

TEST(PosixLock, TellsWhoHasTheDirectoryOpen) {
  if (access("/proc/locks", R_OK) != 0) GTEST_SKIP() << "no /proc/locks";
  const support::TempDirectory directory;
  const auto lock = LockPosixFile(directory.File("LOCK"), LockMode::kExclusive).value();
  const std::string owner = fmt::format("LOCK: process {} (", getpid());
  EXPECT_EQ(InChild([&] {
              const auto second = LockPosixFile(directory.File("LOCK"), LockMode::kShared);
              return !second.has_value() && second.error().message().contains(owner) ? 0 : 1;
            }),
            0);
}

// Where a directory cannot be locked, as over NFS.
class PosixLockByFileAlone : public testing::Test {
 protected:
  PosixLockByFileAlone() { directories_lock = false; }
  ~PosixLockByFileAlone() override { directories_lock = true; }

  const support::TempDirectory directory_;
  const std::string path_ = directory_.File("LOCK");
};

TEST_F(PosixLockByFileAlone, KeepsOthersOut) {
  auto lock = LockPosixFile(path_, LockMode::kExclusive).value();
  EXPECT_EQ(TryInChild(path_, LockMode::kExclusive), kBusyElsewhere);
  EXPECT_EQ(TryInChild(path_, LockMode::kShared), kBusyElsewhere);
  EXPECT_EQ(LockPosixFile(path_, LockMode::kExclusive).error().code(), ErrorCode::kBusy);
  EXPECT_TRUE(lock->CheckHeld().has_value());
  lock.reset();
  EXPECT_EQ(TryInChild(path_, LockMode::kExclusive), kLocked);
}

TEST_F(PosixLockByFileAlone, NoticesThatItWasReplaced) {
  const auto lock = LockPosixFile(path_, LockMode::kExclusive).value();
  ASSERT_EQ(unlink(path_.c_str()), 0);
  EXPECT_EQ(lock->CheckHeld().error().code(), ErrorCode::kBusy) << "somebody may have it any moment";
  const auto second = LockPosixFile(path_, LockMode::kExclusive);
  ASSERT_TRUE(second.has_value());
  EXPECT_TRUE((*second)->CheckHeld().has_value());
  EXPECT_EQ(lock->CheckHeld().error().code(), ErrorCode::kBusy);
  EXPECT_THAT(lock->CheckHeld().error().message(), HasSubstr(path_));
}

}  // namespace
}  // namespace amethyst::io
