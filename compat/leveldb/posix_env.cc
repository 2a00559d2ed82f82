// Env::Default: the operating system, for programs that use it as their own door to it. Databases do not.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

#include "compat/leveldb/posix_files.h"

namespace amethyst::compat {

namespace {

using leveldb::Status;

class PosixLock final : public leveldb::FileLock {
 public:
  PosixLock(std::string name, int descriptor) : name_(std::move(name)), descriptor_(descriptor) {}
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  const std::string name_;
  const int descriptor_;
};

int SetLock(int descriptor, short type) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return fcntl(descriptor, F_SETLK, &lock);
}

class PosixEnv final : public leveldb::Env {
 public:
  Status NewSequentialFile(const std::string& name, leveldb::SequentialFile** result) override {
    return OpenSequentialFile(name, result);
  }
  Status NewRandomAccessFile(const std::string& name, leveldb::RandomAccessFile** result) override {
    return OpenRandomAccessFile(name, result);
  }
  Status NewWritableFile(const std::string& name, leveldb::WritableFile** result) override {
    return OpenWritableFile(name, false, result);
  }
  Status NewAppendableFile(const std::string& name, leveldb::WritableFile** result) override {
    return OpenWritableFile(name, true, result);
  }
  Status NewLogger(const std::string& name, leveldb::Logger** result) override { return OpenLogger(name, result); }

  bool FileExists(const std::string& name) override { return access(PathOf(name), F_OK) == 0; }
  Status GetChildren(const std::string& directory, std::vector<std::string>* result) override {
    result->clear();
    DIR* const opened = opendir(PathOf(directory));
    if (opened == nullptr) return PosixError(directory, errno);
    while (const dirent* const entry = readdir(opened)) result->emplace_back(entry->d_name);
    closedir(opened);
    return {};
  }
  Status RemoveFile(const std::string& name) override { return Check(name, unlink(PathOf(name))); }
  Status CreateDir(const std::string& name) override { return Check(name, mkdir(PathOf(name), 0755)); }
  Status RemoveDir(const std::string& name) override { return Check(name, rmdir(PathOf(name))); }
  Status RenameFile(const std::string& from, const std::string& to) override {
    return Check(from, std::rename(PathOf(from), PathOf(to)));
  }
  Status GetFileSize(const std::string& name, uint64_t* bytes) override {
    struct stat status{};
    *bytes = 0;
    if (stat(PathOf(name), &status) != 0) return PosixError(name, errno);
    *bytes = static_cast<uint64_t>(status.st_size);
    return {};
  }

  Status LockFile(const std::string& name, leveldb::FileLock** lock) override;
  Status UnlockFile(leveldb::FileLock* lock) override;
  void Schedule(void (*function)(void*), void* argument) override;
  void StartThread(void (*function)(void*), void* argument) override { std::thread(function, argument).detach(); }

  Status GetTestDirectory(std::string* path) override {
    const char* const wanted = std::getenv("TEST_TMPDIR");
    *path = wanted != nullptr && *wanted != '\0' ? wanted : P_tmpdir "/leveldbtest-" + std::to_string(geteuid());
    static_cast<void>(CreateDir(*path));  // It may be there.
    return {};
  }
  uint64_t NowMicros() override {
    timeval now{};
    gettimeofday(&now, nullptr);
    return static_cast<uint64_t>(now.tv_sec) * 1000000 + static_cast<uint64_t>(now.tv_usec);
  }
  void SleepForMicroseconds(int micros) override { usleep(static_cast<useconds_t>(micros)); }

 private:
  static Status Check(const std::string& name, int failed) { return failed != 0 ? PosixError(name, errno) : Status(); }
  void RunJobs();

  std::mutex mutex_;
  std::set<std::string> locked_;  // A process's own locks do not keep it out.
  std::deque<std::function<void()>> jobs_;
  std::condition_variable job_added_;
  bool has_thread_ = false;
};

Status PosixEnv::LockFile(const std::string& name, leveldb::FileLock** lock) {
  *lock = nullptr;
  const int descriptor = open(PathOf(name), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return PosixError(name, errno);
  const std::lock_guard guard(mutex_);
  if (!locked_.insert(name).second) {
    close(descriptor);
    return Status::IOError("lock " + name, "already held by process");
  }
  if (SetLock(descriptor, F_WRLCK) != 0) {
    Status failed = PosixError("lock " + name, errno);
    close(descriptor);
    locked_.erase(name);
    return failed;
  }
  *lock = new PosixLock(name, descriptor);
  return {};
}

Status PosixEnv::UnlockFile(leveldb::FileLock* lock) {
  const auto* const held = static_cast<PosixLock*>(lock);
  const std::lock_guard guard(mutex_);
  Status status;
  if (SetLock(held->descriptor(), F_UNLCK) != 0) status = PosixError("unlock " + held->name(), errno);
  close(held->descriptor());
  locked_.erase(held->name());
  delete held;
  return status;
}

// All jobs of the process, one after the other, on one thread that lives as long.
void PosixEnv::Schedule(void (*function)(void*), void* argument) {
  const std::lock_guard guard(mutex_);
  if (!has_thread_) {
    has_thread_ = true;
    std::thread([this] { RunJobs(); }).detach();
  }
  jobs_.emplace_back([function, argument] { function(argument); });
  job_added_.notify_one();
}

void PosixEnv::RunJobs() {
  for (;;) {
    std::unique_lock guard(mutex_);
    job_added_.wait(guard, [this] { return !jobs_.empty(); });
    const std::function<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    guard.unlock();
    job();
  }
}

}  // namespace

}  // namespace amethyst::compat

namespace leveldb {

Env* Env::Default() {
  static auto* const env = new amethyst::compat::PosixEnv;  // Never destroyed: its thread and databases outlive main.
  return env;
}

}  // namespace leveldb
