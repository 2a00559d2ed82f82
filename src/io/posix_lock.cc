#include "io/posix_lock.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <map>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "base/error.h"
#include "base/mutex.h"
#include "io/posix_descriptor.h"

namespace amethyst::io {
namespace {

// How many forks lie between the first process and this one: stored by the child while it has one thread only.
std::atomic<uint32_t> fork_generation{0};

struct FileIdentity {
  dev_t device;
  ino_t inode;
  auto operator<=>(const FileIdentity&) const = default;
};

// The files that this process has locked.
class LockRegistry {
 public:
  [[nodiscard]] bool Add(const FileIdentity& identity, LockMode mode) {
    base::MutexLock lock(mutex_);
    ForgetBeforeFork();
    Holders& holders = held_[identity];
    const bool free = !holders.exclusive && (mode == LockMode::kShared || holders.count == 0);
    if (free) {
      ++holders.count;
      holders.exclusive = mode == LockMode::kExclusive;
    }
    return free;
  }

  void Remove(const FileIdentity& identity) {
    base::MutexLock lock(mutex_);
    ForgetBeforeFork();
    const auto found = held_.find(identity);
    AMETHYST_ASSERT(found != held_.end() && found->second.count > 0);
    if (--found->second.count == 0) held_.erase(found);
  }

 private:
  struct Holders {
    uint32_t count = 0;
    bool exclusive = false;
  };

  // In a forked child: what the parent holds is the OFD lock's business.
  void ForgetBeforeFork() AMETHYST_REQUIRES(mutex_) {
    const uint32_t now = fork_generation.load(std::memory_order_relaxed);
    if (std::exchange(generation_, now) != now) held_.clear();
  }

  base::Mutex mutex_;  // Innermost.
  std::map<FileIdentity, Holders> held_ AMETHYST_GUARDED_BY(mutex_);
  uint32_t generation_ AMETHYST_GUARDED_BY(mutex_) = 0;
};

// Never destroyed: a database may be closed by static destruction.
LockRegistry& Registry() {
  static LockRegistry& registry = *[] {
    const int failed =
        pthread_atfork(nullptr, nullptr, [] { fork_generation.fetch_add(1, std::memory_order_relaxed); });
    AMETHYST_ASSERT(failed == 0);
    return new LockRegistry;
  }();
  return registry;
}

// Takes (F_WRLCK, F_RDLCK) or gives back (F_UNLCK) the lock on the whole file, without waiting.
int SetLock(const Descriptor& file, short type) {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  int failed;
  do {
    failed = fcntl(file.number(), F_OFD_SETLK, &lock);
  } while (failed != 0 && errno == EINTR);
  return failed == 0 ? 0 : errno;
}

class PosixFileLock final : public FileLock {
 public:
  PosixFileLock(Descriptor file, const FileIdentity& identity) : file_(std::move(file)), identity_(identity) {}

  ~PosixFileLock() override {
    if (!OwnedByThisProcess()) return;  // Closing a shared descriptor leaves the parent's lock in place.
    SetLock(file_, F_UNLCK);
    Registry().Remove(identity_);
  }

  bool OwnedByThisProcess() const override { return fork_generation.load(std::memory_order_relaxed) == generation_; }

 private:
  const Descriptor file_;
  const FileIdentity identity_;
  const uint32_t generation_ = fork_generation.load(std::memory_order_relaxed);
};

// Where there is no file to lock.
class NoFileLock final : public FileLock {
 public:
  bool OwnedByThisProcess() const override { return fork_generation.load(std::memory_order_relaxed) == generation_; }

 private:
  const uint32_t generation_ = fork_generation.load(std::memory_order_relaxed);
};

Result<FileIdentity> Identify(const Descriptor& file) {
  struct stat status;
  if (fstat(file.number(), &status) != 0) return base::SystemError(errno, fmt::format("lock {}", file.path()));
  return FileIdentity{.device = status.st_dev, .inode = status.st_ino};
}

// Whether the path still names the file: somebody may have removed it between open and lock.
bool StillNamed(const std::string& path, const FileIdentity& identity) {
  struct stat status;
  return stat(path.c_str(), &status) == 0 && identity == FileIdentity{status.st_dev, status.st_ino};
}

// Nothing if the file was replaced meanwhile.
Result<std::unique_ptr<FileLock>> TryLock(const std::string& path, LockMode mode) {
  const bool exclusive = mode == LockMode::kExclusive;
  AMETHYST_ASSIGN(Descriptor file, Descriptor::Open(path, exclusive ? O_RDWR | O_CREAT : O_RDONLY));
  AMETHYST_ASSIGN(const FileIdentity identity, Identify(file));
  if (!Registry().Add(identity, mode)) {
    return base::MakeError(ErrorCode::kBusy, "{}: this process has it open already", path);
  }
  const int failed = SetLock(file, exclusive ? F_WRLCK : F_RDLCK);
  if (failed != 0) {
    Registry().Remove(identity);
    if (failed != EAGAIN && failed != EACCES) return base::SystemError(failed, fmt::format("lock {}", path));
    return base::MakeError(ErrorCode::kBusy, "{}: another process has it open", path);
  }
  auto lock = std::make_unique<PosixFileLock>(std::move(file), identity);
  if (!StillNamed(path, identity)) return nullptr;
  return lock;
}

}  // namespace

Result<std::unique_ptr<FileLock>> LockPosixFile(const std::string& path, LockMode mode) {
  Registry();  // Counts forks from now on.
  struct stat status;
  if (mode == LockMode::kShared && stat(path.c_str(), &status) != 0 && errno == ENOENT) {
    return std::make_unique<NoFileLock>();
  }
  for (;;) {
    auto lock = TryLock(path, mode);
    if (!lock || *lock != nullptr) return lock;
  }
}

}  // namespace amethyst::io
