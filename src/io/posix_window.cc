#include "io/posix_window.h"

#include <linux/magic.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <exception>

#include "base/assert.h"
#include "base/containment.h"
#include "base/error.h"

namespace amethyst::io {
namespace {

// How far the thread keeps ahead of the writer: some 40 ms at 150 MB a second, for a thread that waits for its core.
constexpr uint64_t kAheadBytes = uint64_t{6} << 20;
constexpr uint64_t kStepBytes = uint64_t{1} << 20;
// How much the writer is shown at a time: small, so that its next MoveTo comes while the thread is still ahead.
constexpr uint64_t kExposedBytes = 2 * kStepBytes;
static_assert(kExposedBytes < kAheadBytes);

}  // namespace

// On other file systems a store into a mapping may fail late, or see no space after all: blocks that were allocated may
// have become shared since, by a snapshot or by a copy of the file.
bool IsMappingSafe(const Descriptor& file) {
  struct statfs status;
  if (fstatfs(file.number(), &status) != 0) return false;
  const auto type = static_cast<uint64_t>(status.f_type);
  return type == EXT4_SUPER_MAGIC || type == TMPFS_MAGIC;
}

std::unique_ptr<PosixWindow> PosixWindow::Map(const Descriptor& file, uint64_t bytes, bool for_reading) {
  void* const base = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.number(), 0);
  if (base == MAP_FAILED) return nullptr;
  // A forked child has no right to write; a store there shall not reach the file.
  madvise(base, bytes, MADV_DONTFORK);
  const uint64_t first = std::min(bytes, kStepBytes);
  const int advice = for_reading ? MADV_POPULATE_READ : MADV_POPULATE_WRITE;
  std::unique_ptr<PosixWindow> window;
  base::DoIfPossible([&] { window.reset(new PosixWindow(file.path(), static_cast<char*>(base), bytes, advice)); });
  if (window == nullptr) {
    munmap(base, bytes);
    return nullptr;
  }
  if (window->Populate(0, first) != 0) return nullptr;
  window->populated_at_creation_ = first;
  {
    base::MutexLock lock(window->mutex_);
    window->populated_ = first;
  }
  try {
    window->thread_ = std::thread([raw = window.get()] { raw->KeepAhead(); });
  } catch (const std::exception&) {  // No thread, or no memory for one.
    return nullptr;
  }
  return window;
}

PosixWindow::PosixWindow(std::string path, char* base, uint64_t bytes, int populate_advice)
    : path_(std::move(path)), base_(base), bytes_(bytes), populate_advice_(populate_advice) {}

PosixWindow::~PosixWindow() {
  {
    base::MutexLock lock(mutex_);
    stop_ = true;
    wake_.NotifyOne();
  }
  if (thread_.joinable()) thread_.join();
  AMETHYST_ASSERT(munmap(base_, bytes_) == 0);
}

Result<PosixWindow::Extent> PosixWindow::MoveTo(uint64_t offset) {
  AMETHYST_DCHECK(offset <= bytes_);
  base::MutexLock lock(mutex_);
  // EFAULT is how the kernel says that an access would have raised SIGBUS.
  if (error_number_ == EFAULT) return base::SystemError(EIO, fmt::format("map {} at {}", path_, populated_));
  writer_ = std::max(writer_, offset / kStepBytes * kStepBytes);
  wake_.NotifyOne();
  return Extent{.begin = std::min(writer_, populated_), .end = std::min(writer_ + kExposedBytes, populated_)};
}

int PosixWindow::Populate(uint64_t begin, uint64_t end) const {
  int failed;
  do {
    failed = madvise(base_ + begin, end - begin, populate_advice_);
  } while (failed != 0 && (errno == EINTR || errno == EAGAIN));
  return failed == 0 ? 0 : errno;
}

void PosixWindow::KeepAhead() {
  pthread_setname_np(pthread_self(), "amethyst-log");
  base::MutexLock lock(mutex_);
  while (!stop_) {
    const Extent behind{.begin = released_, .end = std::min(writer_, populated_)};
    const uint64_t begin = std::max(populated_, writer_);  // A large record may have passed us by.
    const Extent next{.begin = begin, .end = std::min({bytes_, begin + kStepBytes, writer_ + kAheadBytes})};
    const bool populate = error_number_ == 0 && next.begin < next.end;
    if (behind.begin == behind.end && !populate) {
      wake_.Wait(mutex_);
      continue;
    }
    lock.Unlock();
    if (behind.begin < behind.end) madvise(base_ + behind.begin, behind.end - behind.begin, MADV_DONTNEED);
    const int failed = populate ? Populate(next.begin, next.end) : 0;
    lock.Lock();
    released_ = behind.end;
    error_number_ = failed != 0 ? failed : error_number_;
    if (populate && failed == 0) populated_ = next.end;
  }
}

}  // namespace amethyst::io
