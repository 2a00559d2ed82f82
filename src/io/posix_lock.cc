#include "io/posix_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/error.h"
#include "base/fork.h"
#include "base/mutex.h"
#include "io/posix_descriptor.h"
#include "io/posix_lock_holder.h"

namespace amethyst::io {
namespace {

struct LockedFile {
  Descriptor file;
  InodeNumber inode;
};

struct LockParts {
  std::optional<LockedFile> directory;  // None: it does not exist, and nothing is locked.
  bool directory_locked = false;        // Not where the file system refuses that.
  std::optional<LockedFile> file;       // None: it does not exist, and the lock is a shared one.
};

class PosixFileLock final : public FileLock {
 public:
  PosixFileLock(std::string path, LockParts parts) : path_(std::move(path)), parts_(std::move(parts)) {}
  ~PosixFileLock() override;

  bool OwnedByThisProcess() const override { return base::ForkGeneration() == generation_; }
  Status CheckHeld() const override;

  [[nodiscard]] bool Locks(const std::optional<LockedFile>& one) const {
    const auto is_same = [&](const auto& other) { return one && other && one->inode == other->inode; };
    return is_same(parts_.directory) || is_same(parts_.file);
  }
  // Gives up the descriptors, and not what they lock.
  void CloseAll() {
    parts_.directory.reset();
    parts_.file.reset();
  }

 private:
  const std::string path_;
  LockParts parts_;
  const uint32_t generation_ = base::ForkGeneration();
};

// The locks of this process, for a forked child to close. The mutex is held while files are opened and locked, unlike
// others: a fork in between would give the child a copy that is not listed yet, and that keeps the lock as long as the
// child lives.
struct HeldLocks {
  base::Mutex mutex{base::LockRank::kDirectoryLocks};
  std::vector<PosixFileLock*> locks AMETHYST_GUARDED_BY(mutex);
};

HeldLocks& Held();

void BeforeFork() AMETHYST_NO_THREAD_SAFETY_ANALYSIS { Held().mutex.native().lock(); }
void AfterForkInParent() AMETHYST_NO_THREAD_SAFETY_ANALYSIS { Held().mutex.native().unlock(); }
void AfterForkInChild() AMETHYST_NO_THREAD_SAFETY_ANALYSIS {
  HeldLocks& held = Held();
  for (PosixFileLock* const lock : std::exchange(held.locks, {})) lock->CloseAll();
  held.mutex.native().unlock();
}

// Never destroyed: a database may be closed by static destruction.
HeldLocks& Held() {
  static HeldLocks& held = *[] {
    auto made = std::make_unique<HeldLocks>();
    base::AddForkHandlers({.before = BeforeFork, .in_parent = AfterForkInParent, .in_child = AfterForkInChild});
    return made.release();
  }();
  return held;
}

const base::MadeAtLoad held_at_load(Held);

// Takes (LOCK_EX, LOCK_SH) or gives back (LOCK_UN) the lock on a directory, without waiting.
int SetDirectoryLock(const Descriptor& directory, int operation) {
  int failed;
  do {
    failed = flock(directory.number(), operation | LOCK_NB);
  } while (failed != 0 && errno == EINTR);
  return failed == 0 ? 0 : errno;
}

// Takes (F_WRLCK, F_RDLCK) or gives back (F_UNLCK) the lock on a whole file, without waiting.
int SetFileLock(const Descriptor& file, short type) {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  int failed;
  do {
    failed = fcntl(file.number(), F_OFD_SETLK, &lock);
  } while (failed != 0 && errno == EINTR);
  return failed == 0 ? 0 : errno;
}

PosixFileLock::~PosixFileLock() {
  if (!OwnedByThisProcess()) return;  // Closed since the fork.
  HeldLocks& held = Held();
  base::MutexLock lock(held.mutex);
  std::erase(held.locks, this);
  if (held.locks.empty()) held.locks.shrink_to_fit();
  if (parts_.directory_locked) SetDirectoryLock(parts_.directory->file, LOCK_UN);
  if (parts_.file) SetFileLock(parts_.file->file, F_UNLCK);
  CloseAll();
}

Result<LockedFile> OpenAndIdentify(const PosixPath& path, int flags) {
  AMETHYST_ASSIGN(Descriptor file, Descriptor::Open(path, flags));
  struct stat status;
  if (fstat(file.number(), &status) != 0) return base::SystemError(errno, fmt::format("lock {}", path.text));
  return LockedFile{.file = std::move(file), .inode = {.device = status.st_dev, .inode = status.st_ino}};
}

bool Names(const PosixPath& path, const InodeNumber& inode) {
  struct stat status;
  return fstatat(path.directory, path.name, &status, 0) == 0 && inode == InodeNumber{status.st_dev, status.st_ino};
}

bool IsMissing(const PosixPath& path) {
  struct stat status;
  return fstatat(path.directory, path.name, &status, 0) != 0 && errno == ENOENT;
}

Status PosixFileLock::CheckHeld() const {
  if (!OwnedByThisProcess()) {
    return base::MakeError(ErrorCode::kBusy, "{}: the process that this one was forked from has the lock", path_);
  }
  if (parts_.directory_locked || !parts_.file) return {};
  const std::string name = path_.substr(path_.find_last_of('/') + 1);
  if (Names({path_, parts_.directory->file.number(), name.c_str()}, parts_.file->inode)) return {};
  return base::MakeError(ErrorCode::kBusy, "{}: it was removed or replaced, and the right to write with it", path_);
}

// Takes the locks of one directory; Held().mutex is held.
class Locking {
 public:
  Locking(const PosixPath& path, LockMode mode) : path_(path), exclusive_(mode == LockMode::kExclusive) {}

  Result<std::unique_ptr<PosixFileLock>> Run(const std::vector<PosixFileLock*>& held) {
    AMETHYST_TRY(LockDirectory(held));
    bool done = !parts_.directory;
    while (!done) {
      AMETHYST_ASSIGN(done, TryLockFile(held));
    }
    return std::make_unique<PosixFileLock>(path_.text, std::move(parts_));
  }

 private:
  Status LockDirectory(const std::vector<PosixFileLock*>& held) {
    const std::string name = ParentDirectory(path_.name);
    const PosixPath directory(path_.text, path_.directory, name.c_str());
    if (!exclusive_ && IsMissing(directory)) return {};
    AMETHYST_ASSIGN(LockedFile opened, OpenAndIdentify(directory, O_RDONLY | O_DIRECTORY));
    parts_.directory.emplace(std::move(opened));
    const int failed = SetDirectoryLock(parts_.directory->file, exclusive_ ? LOCK_EX : LOCK_SH);
    if (failed == EWOULDBLOCK) return Busy(parts_.directory, held);
    parts_.directory_locked = failed == 0;
    return {};
  }

  // False if the file was replaced meanwhile.
  Result<bool> TryLockFile(const std::vector<PosixFileLock*>& held) {
    if (!exclusive_ && IsMissing(path_)) return true;
    AMETHYST_ASSIGN(LockedFile opened, OpenAndIdentify(path_, exclusive_ ? O_RDWR | O_CREAT : O_RDONLY));
    parts_.file.emplace(std::move(opened));
    const int failed = SetFileLock(parts_.file->file, exclusive_ ? F_WRLCK : F_RDLCK);
    if (failed == EAGAIN || failed == EACCES) return Busy(parts_.file, held);
    if (failed != 0) return base::SystemError(failed, fmt::format("lock {}", path_.text));
    return Names(path_, parts_.file->inode);
  }

  std::unexpected<Error> Busy(const std::optional<LockedFile>& locked, const std::vector<PosixFileLock*>& held) const {
    if (std::ranges::any_of(held, [&](const PosixFileLock* lock) { return lock->Locks(locked); })) {
      return base::MakeError(ErrorCode::kBusy, "{}: this process has it open already", path_.text);
    }
    return base::MakeError(ErrorCode::kBusy, "{}: {} has it open", path_.text, DescribeLockHolder(locked->inode));
  }

  const PosixPath& path_;
  const bool exclusive_;
  LockParts parts_;
};

}  // namespace

Result<std::unique_ptr<FileLock>> LockPosixFile(const PosixPath& path, LockMode mode) {
  AMETHYST_TRY(CheckPath(path.text));
  HeldLocks& held = Held();
  base::MutexLock lock(held.mutex);
  held.locks.reserve(held.locks.size() + 1);  // A lock that there is no memory to list would wait for this mutex.
  AMETHYST_ASSIGN(std::unique_ptr<PosixFileLock> taken, Locking(path, mode).Run(held.locks));
  held.locks.push_back(taken.get());
  return taken;
}

Result<bool> IsPosixFileLocked(const PosixPath& path) {
  AMETHYST_TRY(CheckPath(path.text));
  if (IsMissing(path)) return false;
  AMETHYST_ASSIGN(const Descriptor file, Descriptor::Open(path, O_RDONLY));
  struct flock lock = {};
  lock.l_type = F_RDLCK;  // Which only an exclusive lock is in the way of.
  lock.l_whence = SEEK_SET;
  if (fcntl(file.number(), F_OFD_GETLK, &lock) != 0) return base::SystemError(errno, fmt::format("ask {}", path.text));
  return lock.l_type != F_UNLCK;
}

}  // namespace amethyst::io
