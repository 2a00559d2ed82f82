#include "bench/device_calls.h"

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/mutex.h"
#include "bench/process_meter.h"

namespace amethyst::bench {
namespace {

class SlowCalls {
 public:
  void Add(const char* name, Interval time) AMETHYST_EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    if (calls_.size() < kCallsMax) calls_.push_back({name, time});
  }
  [[nodiscard]] std::vector<DeviceCall> Take() AMETHYST_EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    return std::exchange(calls_, {});
  }

 private:
  static constexpr size_t kCallsMax = 4096;

  base::Mutex mutex_{base::LockRank::kDeviceCalls};
  std::vector<DeviceCall> calls_ AMETHYST_GUARDED_BY(mutex_);
};

// Never destroyed: engines call until the end.
SlowCalls& TheSlowCalls() {
  static SlowCalls& calls = *new SlowCalls;
  return calls;
}

template <typename... Arguments>
long Timed(const char* name, long number, Arguments... arguments) {
  const uint64_t begin_ns = NowNs();
  const long result = syscall(number, arguments...);
  const int error = errno;
  NoteCall(name, {begin_ns, NowNs()});
  errno = error;
  return result;
}

}  // namespace

void NoteCall(const char* name, Interval time) {
  if (time.end_ns - time.begin_ns >= kSlowCallNs) TheSlowCalls().Add(name, time);
}

std::vector<DeviceCall> TakeSlowCalls() { return TheSlowCalls().Take(); }

bool CoverMost(const std::vector<DeviceCall>& calls, const Interval& wait) {
  std::vector<Interval> parts;
  for (const DeviceCall& call : calls) {
    const Interval part{std::max(call.time.begin_ns, wait.begin_ns), std::min(call.time.end_ns, wait.end_ns)};
    if (part.begin_ns < part.end_ns) parts.push_back(part);
  }
  std::ranges::sort(parts, {}, &Interval::begin_ns);
  uint64_t covered_ns = 0;
  uint64_t end_ns = 0;  // Up to where it has been counted.
  for (const Interval& part : parts) {
    if (part.end_ns <= end_ns) continue;
    covered_ns += part.end_ns - std::max(part.begin_ns, end_ns);
    end_ns = part.end_ns;
  }
  return 2 * covered_ns > wait.end_ns - wait.begin_ns;
}

}  // namespace amethyst::bench

// In front of the C library's. 64-bit Linux: off_t is what the kernel takes.
extern "C" {

using amethyst::bench::Timed;

int fsync(int file) { return static_cast<int>(Timed("fsync", SYS_fsync, file)); }
int fdatasync(int file) { return static_cast<int>(Timed("fdatasync", SYS_fdatasync, file)); }
int fallocate(int file, int mode, off_t offset, off_t bytes) {
  return static_cast<int>(Timed("fallocate", SYS_fallocate, file, mode, offset, bytes));
}
int ftruncate(int file, off_t bytes) noexcept {
  return static_cast<int>(Timed("ftruncate", SYS_ftruncate, file, bytes));
}
ssize_t pwrite(int file, const void* from, size_t bytes, off_t offset) {
  return Timed("pwrite", SYS_pwrite64, file, from, bytes, offset);
}
ssize_t pwrite64(int file, const void* from, size_t bytes, off_t offset) {
  return Timed("pwrite", SYS_pwrite64, file, from, bytes, offset);
}
ssize_t write(int file, const void* from, size_t bytes) { return Timed("write", SYS_write, file, from, bytes); }
int rename(const char* from, const char* to) noexcept {
  return static_cast<int>(Timed("rename", SYS_rename, from, to));
}
int unlink(const char* path) noexcept { return static_cast<int>(Timed("unlink", SYS_unlink, path)); }
}
