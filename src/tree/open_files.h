// Files that open on demand, under a limit of descriptors.
//
// Each read of such a file makes it the most recently used; a caller who needs one more descriptor than the limit
// allows closes the least recently used file that nobody is reading. Where the process runs out of descriptors, some
// idle files are closed and the open is tried once more. If every open file is being read, the limit is exceeded by as
// many threads, for as long. Thread safety: any thread at once; no I/O happens under the lock.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "amethyst/error.h"
#include "base/containment.h"
#include "base/error.h"
#include "base/mutex.h"
#include "io/environment.h"

namespace amethyst::tree {

class OpenFiles : public std::enable_shared_from_this<OpenFiles> {
 public:
  using FilePtr = std::shared_ptr<const io::RandomAccessFile>;

  // `missing_is_too_old`: a read of a file that is not there any more is kTooOld.
  OpenFiles(std::shared_ptr<io::Environment> environment, uint32_t limit, bool missing_is_too_old = false);

  // A file that takes a descriptor when it is read, and gives it back when asked to or at its end. It shares ownership
  // of this.
  [[nodiscard]] std::shared_ptr<io::RandomAccessFile> Handle(std::string path) AMETHYST_EXCLUDES(mutex_);

  // The open file behind handle `id`, the most recently used from now on.
  [[nodiscard]] Result<FilePtr> Acquire(uint64_t id, const std::string& path) AMETHYST_EXCLUDES(mutex_);
  void Release(uint64_t id) AMETHYST_EXCLUDES(mutex_);

  // What `call`, which opens some file, returns; tried once more after closing some idle files if descriptors run out.
  template <typename Call>
  [[nodiscard]] auto WithDescriptor(Call call) AMETHYST_EXCLUDES(mutex_) {
    auto result = base::Contained(call);
    if (!result && base::IsOutOfDescriptors(result.error())) {
      GiveWay();
      result = base::Contained(call);
    }
    return result;
  }

  // Closes idle ones beyond it.
  void SetLimit(uint32_t limit) AMETHYST_EXCLUDES(mutex_);
  // Closes some idle files, for others who need descriptors.
  void GiveWay() AMETHYST_EXCLUDES(mutex_) { CloseIdle(kClosedAtOnce); }
  // Descriptors held now.
  [[nodiscard]] uint64_t count() const AMETHYST_EXCLUDES(mutex_);
  // Closes all of them (those in the middle of a read after it). Later reads fail with kClosed.
  void Close() AMETHYST_EXCLUDES(mutex_);

 private:
  struct Held {
    uint64_t id;
    FilePtr file;
  };
  using HeldList = std::list<Held>;

  // Moves up to `most` idle files out of the list, least recently used first; the caller lets them go without the lock.
  [[nodiscard]] HeldList TakeIdle(size_t most) AMETHYST_REQUIRES(mutex_);
  void CloseIdle(size_t most) AMETHYST_EXCLUDES(mutex_);

  // The log or another thread may take the first ones.
  static constexpr size_t kClosedAtOnce = 16;

  const bool missing_is_too_old_;
  mutable base::Mutex mutex_{base::LockRank::kOpenFiles};
  uint32_t limit_ AMETHYST_GUARDED_BY(mutex_);
  std::shared_ptr<io::Environment> environment_ AMETHYST_GUARDED_BY(mutex_);  // Until Close.
  HeldList held_ AMETHYST_GUARDED_BY(mutex_);                                 // Most recently used first.
  std::unordered_map<uint64_t, HeldList::iterator> places_ AMETHYST_GUARDED_BY(mutex_);
  uint64_t opening_ AMETHYST_GUARDED_BY(mutex_) = 0;  // Opens in progress: they count against the limit.
  uint64_t last_id_ AMETHYST_GUARDED_BY(mutex_) = 0;
  bool closed_ AMETHYST_GUARDED_BY(mutex_) = false;
};

}  // namespace amethyst::tree
