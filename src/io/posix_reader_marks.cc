#include "io/posix_reader_marks.h"

#include <fcntl.h>

#include <cerrno>
#include <set>
#include <utility>

#include "base/assert.h"
#include "base/error.h"
#include "base/fork.h"
#include "base/mutex.h"
#include "io/posix_descriptor.h"

namespace amethyst::io {
namespace {

struct flock LockOf(short type, uint64_t begin, uint64_t bytes) {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(begin);
  lock.l_len = static_cast<off_t>(bytes);
  return lock;
}

class PosixReaderMarks final : public ReaderMarks {
 public:
  explicit PosixReaderMarks(Descriptor file) : file_(std::move(file)) {}

  Status Hold(uint64_t place) override {
    AMETHYST_ASSERT(place < kPlaceMax);
    base::MutexLock lock(mutex_);
    const auto held = held_.insert(place);  // Before the lock is there: it must be known to be let go of.
    if (held_.count(place) > 1) return {};
    struct flock mark = LockOf(F_RDLCK, place, 1);
    if (fcntl(file_.number(), F_OFD_SETLK, &mark) == 0) return {};
    const int failed = errno;
    held_.erase(held);
    return base::SystemError(failed, "lock a byte of " + file_.path());
  }

  void LetGo(uint64_t place) noexcept override {
    base::MutexLock lock(mutex_);
    const auto held = held_.find(place);
    AMETHYST_ASSERT(held != held_.end());
    held_.erase(held);
    // What a forked child lets go of would be the parent's, whose open file it shares.
    if (held_.contains(place) || base::ForkGeneration() != generation_) return;
    struct flock mark = LockOf(F_UNLCK, place, 1);
    static_cast<void>(fcntl(file_.number(), F_OFD_SETLK, &mark));
  }

  bool AreHeld(uint64_t begin, uint64_t end) override {
    AMETHYST_ASSERT(begin < end && end <= kPlaceMax);
    struct flock mark = LockOf(F_WRLCK, begin, end - begin);
    // Where a file cannot be locked at all, nobody holds a mark in it.
    return fcntl(file_.number(), F_OFD_GETLK, &mark) == 0 && mark.l_type != F_UNLCK;
  }

 private:
  const Descriptor file_;
  const uint32_t generation_ = base::ForkGeneration();
  base::Mutex mutex_{base::LockRank::kReaderMarks};
  std::multiset<uint64_t> held_ AMETHYST_GUARDED_BY(mutex_);
};

}  // namespace

Result<std::unique_ptr<ReaderMarks>> OpenPosixReaderMarks(const PosixPath& path) {
  AMETHYST_TRY(CheckPath(path.text));
  Result<Descriptor> found = Descriptor::Open(path, O_RDONLY);  // Without the right to make one.
  if (found) return std::make_unique<PosixReaderMarks>(*std::move(found));
  AMETHYST_ASSIGN(Descriptor made, Descriptor::Open(path, O_RDONLY | O_CREAT));
  return std::make_unique<PosixReaderMarks>(std::move(made));
}

}  // namespace amethyst::io
