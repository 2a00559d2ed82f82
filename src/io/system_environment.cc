#include "io/system_environment.h"

#include <ctime>
#include <thread>
#include <utility>

#include "amethyst/components.h"
#include "base/assert.h"
#include "base/fork.h"
#include "io/memory_file_system.h"
#include "io/posix_file_system.h"
#include "io/thread_executor.h"

namespace amethyst {
namespace io {
namespace {

class SystemClock final : public Clock {
 public:
  std::chrono::nanoseconds Monotonic() override { return std::chrono::steady_clock::now().time_since_epoch(); }
  std::chrono::nanoseconds CoarseMonotonic() override {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  }
  std::chrono::milliseconds WallTime() override {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  }
  void Sleep(std::chrono::microseconds duration) override { std::this_thread::sleep_for(duration); }
  std::chrono::nanoseconds ThreadCpu() override {
    timespec used{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
  }
};

class SystemEnvironment final : public Environment {
 public:
  explicit SystemEnvironment(std::shared_ptr<FileSystem> files) : files_(std::move(files)) {
    AMETHYST_ASSERT(files_ != nullptr);
  }

  FileSystem& files() override { return *files_; }
  Clock& clock() override { return clock_; }
  Result<std::unique_ptr<Executor>> NewExecutor(uint32_t threads) override {
    return std::make_unique<ThreadExecutor>(threads);
  }

 private:
  const std::shared_ptr<FileSystem> files_;
  SystemClock clock_;
};

}  // namespace

std::shared_ptr<Environment> NewEnvironment(std::shared_ptr<FileSystem> files) {
  return std::make_shared<SystemEnvironment>(std::move(files));
}

std::shared_ptr<Environment> DefaultEnvironment() {
  static const auto& environment = *new std::shared_ptr(NewEnvironment(std::make_shared<PosixFileSystem>()));
  return environment;
}

const base::MadeAtLoad environment_at_load(DefaultEnvironment);

}  // namespace io

std::shared_ptr<io::Environment> NewInMemoryEnvironment() {
  return io::NewEnvironment(std::make_shared<io::MemoryFileSystem>());
}

}  // namespace amethyst
