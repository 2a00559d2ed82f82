#include "io/posix_shared_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/error.h"
#include "base/pages.h"
#include "io/posix_descriptor.h"
#include "io/posix_window.h"

namespace amethyst::io {
namespace {

// Shared pages of the file. None of them is stored into before the system has made it ready to be, which tells of what
// would else end the process by SIGBUS.
class SharedPages {
 public:
  // Null where the system does not map.
  static std::unique_ptr<SharedPages> Map(const Descriptor& file, uint64_t bytes) {
    void* const base = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.number(), 0);
    if (base == MAP_FAILED) return nullptr;
    madvise(base, bytes, MADV_DONTFORK);  // A forked child has no right to write.
    return std::unique_ptr<SharedPages>(new SharedPages(static_cast<char*>(base), bytes));
  }
  ~SharedPages() { munmap(base_, bytes_); }
  SharedPages(const SharedPages&) = delete;
  SharedPages& operator=(const SharedPages&) = delete;

  [[nodiscard]] uint64_t* At(uint64_t offset) const { return reinterpret_cast<uint64_t*>(base_ + offset); }

  // Whether these bytes may be stored into: their blocks are the file's own, and the pages are there. Before Linux 5.14
  // it is never so.
  [[nodiscard]] bool MakeReady(const Descriptor& file, uint64_t begin, uint64_t end) {
    for (uint64_t page = begin / base::kPageBytes; page * base::kPageBytes < end; ++page) {
      if (!ready_[page]) ready_[page] = Allocate(file, page * base::kPageBytes) && Populate(page * base::kPageBytes);
      if (!ready_[page]) return false;
    }
    return true;
  }

 private:
  [[nodiscard]] static bool Allocate(const Descriptor& file, uint64_t offset) {
    int failed;
    do {
      failed = fallocate(file.number(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset), base::kPageBytes);
    } while (failed != 0 && errno == EINTR);
    return failed == 0;
  }
  [[nodiscard]] bool Populate(uint64_t offset) const {
    int failed;
    do {
      failed = madvise(base_ + offset, base::kPageBytes, MADV_POPULATE_WRITE);
    } while (failed != 0 && (errno == EINTR || errno == EAGAIN));
    return failed == 0;
  }

  SharedPages(char* base, uint64_t bytes)
      : base_(base), bytes_(bytes), ready_((bytes + base::kPageBytes - 1) / base::kPageBytes) {}

  char* const base_;
  const uint64_t bytes_;
  std::vector<bool> ready_;
};

class PosixSharedFile final : public SharedFile {
 public:
  PosixSharedFile(Descriptor file, uint64_t bytes, std::unique_ptr<SharedPages> pages)
      : file_(std::move(file)), bytes_(bytes), pages_(std::move(pages)) {}

  // The size is asked for each time: beyond the end of a file that somebody has cut off a store raises SIGBUS.
  Status Store(uint64_t offset, std::span<const uint64_t> words) override {
    AMETHYST_ASSERT(offset % sizeof(uint64_t) == 0 && offset + words.size_bytes() <= bytes_);
    AMETHYST_ASSIGN(const uint64_t size, file_.Size());
    if (size < bytes_) return base::SystemError(EIO, fmt::format("{}: cut off at {}", file_.path(), size));
    if (pages_ != nullptr && pages_->MakeReady(file_, offset, offset + words.size_bytes())) {
      uint64_t* to = pages_->At(offset);
      for (const uint64_t word : words) std::atomic_ref(*to++).store(word, std::memory_order_release);
      return {};
    }
    return file_.WriteAt(offset, {reinterpret_cast<const char*>(words.data()), words.size_bytes()});
  }

 private:
  const Descriptor file_;
  const uint64_t bytes_;
  const std::unique_ptr<SharedPages> pages_;  // Null where all stores are writes.
};

Status SetSize(const Descriptor& file, uint64_t bytes) {
  AMETHYST_TRY(file.CheckSize(bytes));
  int failed;
  do {
    failed = ftruncate(file.number(), static_cast<off_t>(bytes));
  } while (failed != 0 && errno == EINTR);
  if (failed != 0) return base::SystemError(errno, fmt::format("set {} to {} bytes", file.path(), bytes));
  return {};
}

Result<std::unique_ptr<SharedFile>> Prepare(Descriptor file, uint64_t size, uint64_t bytes) {
  if (size > bytes) return base::NotSupported("{}: of {} bytes, {} expected", file.path(), size, bytes);
  if (size < bytes) AMETHYST_TRY(SetSize(file, bytes));
  std::unique_ptr<SharedPages> pages;
  if (IsMappingSafe(file)) pages = SharedPages::Map(file, bytes);
  return std::make_unique<PosixSharedFile>(std::move(file), bytes, std::move(pages));
}

}  // namespace

Result<std::unique_ptr<SharedFile>> OpenPosixSharedFile(const PosixPath& path, uint64_t bytes) {
  AMETHYST_ASSIGN(Descriptor file, Descriptor::Open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK));
  struct stat status;
  if (fstat(file.number(), &status) != 0) return base::SystemError(errno, fmt::format("size of {}", path.text));
  if (!S_ISREG(status.st_mode)) return base::NotSupported("{}: no regular file", path.text);
  const bool is_new = status.st_size == 0;
  auto shared = Prepare(std::move(file), static_cast<uint64_t>(status.st_size), bytes);
  if (!shared && is_new) unlinkat(path.directory, path.name, 0);  // The error to report is the first one.
  return shared;
}

}  // namespace amethyst::io
